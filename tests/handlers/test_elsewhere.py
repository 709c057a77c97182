"""A desk gives a case to somebody of another unit: specialists, then who has least in hand."""

import pytest
from sqlmodel import Session

from services import elsewhere
from services.buttons import data, key22
from tests.people import (
    ADDRESSES,
    DISTRICT,
    NEXT_GRID,
    STREET,
    Street,
    peopled,
)

LAMP = "3号楼2单元楼道灯坏了"
FAR_GRID, FAR_COMMUNITY = "110101001002001", "110101001002"
ADDRESSES |= {"电工老马": "401", "远处小丁": "402", "电工大刘": "403"}


def filed(session: Session) -> Street:
    """A lamp is out; the neighbouring grid has 郑工, another community 小丁."""
    street = peopled(session)
    street.hire("远处小丁", "worker", FAR_GRID, "402")
    session.flush()
    street.say("王阿姨", LAMP, command="report")
    return street


def choose(street: Street, desk: str) -> list[str]:
    """Opens the page of those from elsewhere; its labels."""
    street.say(desk, street.case().number, private=True, command="case")
    street.press(desk, "派给…", private=True)
    street.press(desk, "别处的人 ›", private=True)
    return street.labels(ADDRESSES[desk])


def names(street: Street, desk: str, name: str = "") -> list[str]:
    found = elsewhere.people(street.session, street.staff[desk], street.case(), street.now, name)
    return [each.person.name for each in found]


def test_a_community_s_desk_gives_a_case_to_the_worker_of_another_of_its_grids(
    session: Session,
) -> None:
    street = filed(session)
    labels = choose(street, "孙主任")
    assert "郑工 · 快乐二网格" in labels
    assert not any("远处小丁" in label for label in labels)
    street.press("孙主任", "郑工", private=True)
    case = street.case()
    assert (case.state, case.owner) == ("dispatched", street.key("郑工"))
    street.press("郑工", "接单", private=True)
    assert street.case().state == "taken"


def test_a_street_s_desk_reaches_all_of_its_communities(session: Session) -> None:
    assert "远处小丁" in names(filed(session), "钱站长")


def test_a_specialist_comes_first_and_one_of_the_street_serves_every_community(
    session: Session,
) -> None:
    street = filed(session)
    kind = street.case().kind
    street.hire("电工老马", "worker", STREET, "401")
    street.staff["电工老马"].skills = [kind]
    street.hire("电工大刘", "worker", STREET, "403")  # of the street too, and no specialist of this
    session.flush()
    assert names(street, "孙主任") == ["电工老马", "郑工"]
    assert "电工老马 · 快乐街道 · 对口" in choose(street, "孙主任")


def test_of_equals_who_has_least_in_hand_comes_first(session: Session) -> None:
    street = filed(session)
    street.hire("电工大刘", "worker", NEXT_GRID, "403")
    session.flush()
    case = street.case()
    case.owner = street.key("电工大刘")
    session.flush()
    street.say("王阿姨", "4号楼下水道堵了", command="report")
    assert names(street, "孙主任") == ["郑工", "电工大刘"]


def test_who_is_on_leave_or_can_t_be_reached_is_not_offered(session: Session) -> None:
    street = filed(session)
    street.staff["郑工"].reachable = False
    session.flush()
    assert names(street, "孙主任") == []
    answer = street.press_data("孙主任", _give(street, "郑工"), private=True)
    assert answer is not None
    assert street.case().owner == street.key("李强")


def test_where_there_are_many_a_name_finds_one(session: Session) -> None:
    street = filed(session)
    for number in range(elsewhere.SHOWN + 1):
        street.hire(f"帮手{number}", "worker", NEXT_GRID, str(500 + number))
    session.flush()
    choose(street, "孙主任")
    street.press("孙主任", "🔍 按名字找", private=True)
    street.say("孙主任", "没有这个人", private=True)
    assert "附近没有叫“没有这个人”" in " ".join(street.texts("孙主任"))
    street.say("孙主任", "手7", private=True)
    street.press("孙主任", "帮手7 · 快乐二网格", private=True)
    assert street.case().owner == street.key("帮手7")


@pytest.mark.parametrize("name", ["李强", "郑工", "王阿姨"])
def test_who_is_no_desk_gives_a_case_to_nobody(session: Session, name: str) -> None:
    street = filed(session)
    street.press_data(name, _give(street, "郑工"), private=True)
    assert street.case().owner == street.key("李强")


def test_a_desk_gives_no_case_to_another_community_s_worker(session: Session) -> None:
    street = filed(session)
    street.press_data("孙主任", _give(street, "远处小丁"), private=True)
    assert street.case().owner == street.key("李强")


def test_a_named_matter_goes_to_nobody_from_elsewhere(session: Session) -> None:
    street = filed(session)
    street.case().reach = "named"
    assert names(street, "钱站长") == []


def _give(street: Street, name: str) -> str:
    case = street.case()
    return data("assign", DISTRICT, case.id, case.version, key22(street.key(name)))
