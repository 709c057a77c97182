"""What a unit reads on its card: what endangers it, and what was reported; never by whom."""

import pytest
from sqlmodel import Session

from services.buttons import data
from tests.handlers.test_whistle import CABLES, URBAN, blow, last, risen_case, task_of, town
from tests.people import DISTRICT, Street

GAS = "8号楼1单元602家里煤气味很大"
SIGNED = "3号楼好多人从窗户拉线充电，我是王阿姨，电话13812345678，联系人：张伟"


def called(session: Session, text: str) -> Street:
    """The report has gone up, and urban management is called for it."""
    street = town(session)
    risen_case(street, text)
    blow(street, "钱站长", "城管中队", words="到现场看看", due="4 个工作时")
    return street


def test_a_unit_and_the_worker_read_the_number_and_the_first_steps_in_danger(
    session: Session,
) -> None:
    street = called(session, GAS)
    for name in ("李强", "城管小韩"):
        (place,) = [n for n, line in enumerate(last(street, name).splitlines()) if "📍" in line]
        number, steps, *_ = last(street, name).splitlines()[place + 1 :]
        assert "119" in number or "燃气" in number, name
        assert "别开关电器" in steps, name


def test_nobody_is_alarmed_by_what_is_no_danger(session: Session) -> None:
    street = called(session, CABLES)
    for name in ("李强", "城管小韩"):
        assert "有危险先打" not in " ".join(street.texts(name)), name


def test_a_unit_reads_what_was_reported_and_not_by_whom(session: Session) -> None:
    street = called(session, SIGNED)
    card = last(street, "城管小韩")
    assert "💬 3号楼好多人从窗户拉线充电" in card
    for secret in ("王阿姨", "13812345678", "张伟"):
        assert secret not in card
    assert "张伟" in " ".join(street.texts("李强"))  # whose own people read all of it


def test_a_unit_reads_no_word_of_a_private_matter(session: Session) -> None:
    street = called(session, CABLES)
    assert CABLES in last(street, "城管小韩")
    case = street.case()
    street.press_data("王阿姨", data("hush", DISTRICT, case.id, case.version))
    assert street.case().private
    assert CABLES not in last(street, "城管小韩")
    street.press_data("城管小韩", data("t_open", DISTRICT, task_of(street, URBAN).id), private=True)
    assert "到现场看看" in last(street, "城管小韩")
    assert CABLES not in last(street, "城管小韩")


def test_what_a_deleted_person_said_leaves_the_units_card(session: Session) -> None:
    street = called(session, CABLES)
    assert CABLES in last(street, "城管小韩")
    street.press_data("王阿姨", data("forget", DISTRICT), private=True)
    assert CABLES not in " ".join(street.texts("城管小韩"))


@pytest.mark.parametrize("name", ["王阿姨", "李强"])
def test_a_unit_reads_where_it_is_as_soon_as_that_is_put_right(session: Session, name: str) -> None:
    """Whoever puts it right: the card that stands says so."""
    street = called(session, CABLES)
    case = street.case()
    private = name == "李强"
    street.press_data(name, data("kind", DISTRICT, case.id, case.version, "PS06"), private=private)
    assert street.case().kind == "PS06"
    assert "电动车进楼" in last(street, "城管小韩")
