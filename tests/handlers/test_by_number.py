"""`/case 8`: a number as people say it aloud finds the one case that is meant, or shows which."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from models import Case
from tests.people import ADDRESSES, GRID, NEXT_GRID, Street, peopled

DESK = "孙主任"


def lamps(street: Street, *numbers: str, grid: str = GRID, **more: object) -> list[Case]:
    """Copies of 王阿姨's report under these numbers."""
    street.say("王阿姨", "8号楼楼道灯坏了", command="report")
    first = street.case()
    street.session.expunge(first)
    given = first.model_dump(exclude={"id", "number", "grid", "words_key"} | set(more))
    rows = [Case(**given | more, number=each, grid=grid) for each in numbers]
    street.session.add_all(rows)
    street.session.flush()
    return rows


def shown(street: Street, name: str, said: str) -> str:
    street.say(name, said, private=True, command="case")
    return street.texts(name)[-1]


@pytest.mark.parametrize(
    "said", ["8", "008", "８", "第8号", "#8", "2611-008", "2611-8", "kl1－2611－008"]
)
@pytest.mark.parametrize("name", ["李强", DESK])
def test_the_end_of_a_number_is_enough_where_only_one_is_meant(
    session: Session, name: str, said: str
) -> None:
    street = peopled(session)
    (case,) = lamps(street, "KL1-2611-008")
    text = shown(street, name, said)
    assert f"<b>{case.number}</b>" in text
    assert "楼道灯" in text


def test_a_desk_of_several_grids_reads_which_may_be_meant_and_taps_one(session: Session) -> None:
    street = peopled(session)
    lamps(street, "KL1-2611-008")
    lamps(street, "KL2-2611-008", grid=NEXT_GRID)
    text = shown(street, DESK, "8")
    assert "可能是下面几件" in text
    assert text.index("KL1-2611-008") < text.index("KL2-2611-008")
    street.press(DESK, "KL2-2611-008", private=True)
    assert "<b>KL2-2611-008</b>" in street.texts(DESK)[-1]
    # the worker of one of them has only one to mean
    assert "<b>KL1-2611-008</b>" in shown(street, "李强", "8")


def test_an_earlier_month_is_meant_as_well_while_its_case_is_open(session: Session) -> None:
    street = peopled(session)
    lamps(street, "KL1-2611-008", "KL1-2610-008")
    text = shown(street, "李强", "8")
    assert text.index("KL1-2611-008") < text.index("KL1-2610-008")


def test_what_has_ended_in_an_earlier_month_isnt_meant_where_there_is_a_newer(
    session: Session,
) -> None:
    street = peopled(session)
    lamps(street, "KL1-2611-008")
    lamps(
        street,
        "KL1-2610-008",
        state="closed",
        closing="settled",
        closed_at=street.now - timedelta(days=20),
    )
    assert "<b>KL1-2611-008</b>" in shown(street, "李强", "8")
    assert "<b>KL1-2610-008</b>" in shown(street, "李强", "2610-8")


@pytest.mark.parametrize("said", ["8", "9", "0", "-8", "99999999"])
@pytest.mark.parametrize("name", ["郑工", "陈叔", "冯管理"])
def test_nobody_finds_by_a_short_number_what_isnt_theirs_to_read(
    session: Session, name: str, said: str
) -> None:
    street = peopled(session)
    lamps(street, "KL1-2611-008")
    street.say("陈叔", "大家晚上吃什么")
    assert "没有这个编号" in shown(street, name, said)


def test_a_resident_finds_their_own_matter_so(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", private=True, command="start")
    street.say("王阿姨", "8号楼楼道灯坏了", command="report")
    assert "<b>KL1-2611-001</b>" in shown(street, "王阿姨", "1")


def test_where_too_many_are_meant_the_first_are_shown_and_how_to_say_it_better(
    session: Session,
) -> None:
    street = peopled(session)
    for month in ("2611", "2610", "2609", "2608", "2607", "2606"):
        lamps(street, f"KL1-{month}-008")
        lamps(street, f"KL2-{month}-008", grid=NEXT_GRID)
    text = shown(street, DESK, "8")
    assert "还有 4 件" in text
    assert len([each for each in street.labels(ADDRESSES[DESK]) if each.endswith("-008")]) == 8
