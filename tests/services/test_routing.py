"""Whose turn it is: duty, backup, leader, desk; skill; exclusive grids; the weight in hand."""

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from sqlmodel import Session, select

from domain import load as weights
from models import Case, Division, Leave, Person, Role, Shift
from services import load, routing
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, GRID, NEXT_GRID, Street, peopled

LAMP = "3号楼2单元楼道灯坏了"


def case_of(street: Street, text: str = LAMP, number: int = 0) -> Case:
    street.say("王阿姨", f"{number or ''}{text}", command="report")
    return street.case()


def names(street: Street, case: Case) -> list[str]:
    by_key = {person.id: name for name, person in street.staff.items()}
    return [by_key[key] for key in routing.line(street.session, case, street.now)]


def on_shift(street: Street, *people: str, unit: str = GRID) -> None:
    for name in people:
        start, end = street.now - timedelta(hours=1), street.now + timedelta(hours=5)
        street.session.add(
            Shift(district=DISTRICT, person=street.key(name), unit=unit, start=start, end=end)
        )
    street.session.flush()


def away(street: Street, name: str) -> None:
    start, end = street.now - timedelta(hours=1), street.now + timedelta(hours=5)
    street.session.add(Leave(district=DISTRICT, person=street.key(name), start=start, end=end))
    street.session.flush()


def backed_by(street: Street, name: str, backup: str) -> None:
    query = select(Role).where(Role.person == street.key(name))
    row = street.session.exec(query).one()
    row.backup = street.key(backup)
    street.session.add(row)
    street.session.flush()


def skilled(street: Street, name: str, *skills: str) -> None:
    street.staff[name].skills = list(skills)
    street.session.add(street.staff[name])
    street.session.flush()


def test_the_team_on_duty_is_asked_first_then_the_others_then_leader(session: Session) -> None:
    street = peopled(session)
    on_shift(street, "赵敏")
    assert names(street, case_of(street)) == ["赵敏", "李强", "周姐"]


def test_who_stands_in_takes_the_place_of_who_is_on_leave(session: Session) -> None:
    street = peopled(session)
    on_shift(street, "李强")
    backed_by(street, "李强", "郑工")
    away(street, "李强")
    assert names(street, case_of(street)) == ["郑工", "赵敏", "周姐"]


def test_off_their_shift_the_backup_comes_before_them(session: Session) -> None:
    street = peopled(session)
    on_shift(street, "李强", unit=NEXT_GRID)  # elsewhere: the grid itself keeps a roster
    start = street.now + timedelta(hours=6)
    row = Shift(
        district=DISTRICT, person=street.key("李强"), unit=GRID, start=start, end=start
        + timedelta(hours=4),
    )  # fmt: skip
    session.add(row)
    session.flush()
    backed_by(street, "李强", "赵敏")
    assert names(street, case_of(street)) == ["赵敏", "李强", "周姐"]


def test_a_backup_who_is_away_too_is_skipped(session: Session) -> None:
    street = peopled(session)
    backed_by(street, "李强", "郑工")
    away(street, "李强")
    away(street, "郑工")
    assert names(street, case_of(street)) == ["赵敏", "周姐"]


@pytest.mark.parametrize("skill", ["property_manager", "LS02", "LS"])
def test_a_specialist_of_the_kind_comes_first_among_those_on_duty(
    session: Session, skill: str
) -> None:
    street = peopled(session)
    skilled(street, "赵敏", skill)
    on_shift(street, "李强", "赵敏")
    case = case_of(street)
    assert case.kind == "LS02"
    assert names(street, case) == ["赵敏", "李强", "周姐"]


def test_a_skill_for_other_kinds_changes_nothing(session: Session) -> None:
    street = peopled(session)
    skilled(street, "赵敏", "utility_gas", "PS01")
    on_shift(street, "李强", "赵敏")
    assert case_of(street).owner == street.key("李强")


def test_an_exclusive_grid_answers_for_itself(session: Session) -> None:
    street = peopled(session)
    row = session.get_one(Division, (DISTRICT, GRID))
    row.kind = "exclusive"
    session.add(row)
    street.hire("商场值班", "department", f"{GRID}:property_manager", "301")
    street.hire("社区长", "leader", COMMUNITY, "302")
    session.flush()
    found = names(street, case_of(street))
    assert "商场值班" in found
    assert "社区长" not in found


def test_who_has_less_in_hand_is_asked_first(session: Session) -> None:
    street = peopled(session)
    on_shift(street, "李强", "赵敏")
    owners = [case_of(street, number=number).owner for number in range(1, 5)]
    assert owners == [street.key("李强"), street.key("赵敏")] * 2


def test_what_is_heavy_counts_for_more_than_one(session: Session) -> None:
    street = peopled(session)
    on_shift(street, "李强", "赵敏")
    first = case_of(street, number=1)
    first.urgency, first.circle = "now", "big"
    session.add(first)
    session.flush()
    assert [case_of(street, number=n).owner for n in (2, 3)] == [street.key("赵敏")] * 2


def test_the_database_weighs_as_the_rules_do(session: Session) -> None:
    street = peopled(session)
    case = case_of(street)
    limits = [(None, None), *product((1, 8, 9, 24, 25), weights.SHORT_LIMITS)]
    for urgency, circle, (value, unit) in product(
        ("normal", "soon", "now"), ("micro", "small", "big"), limits
    ):
        case.urgency, case.circle = urgency, circle
        case.limit_value, case.limit_unit = value, unit
        session.add(case)
        session.flush()
        owner = case.owner or UUID(int=0)
        found = load.of(session, DISTRICT, [owner, street.key("赵敏")])
        assert found == {owner: weights.weight(urgency, circle, value, unit)}


def test_what_is_done_weighs_nothing(session: Session) -> None:
    street = peopled(session)
    case = case_of(street)
    owner = case.owner or UUID(int=0)
    case.state = "done"
    session.add(case)
    assert load.of(session, DISTRICT, [owner]) == {}


def test_many_are_weighed_in_few_questions(session: Session) -> None:
    street = peopled(session)
    owner = case_of(street).owner or UUID(int=0)
    others = [UUID(int=each) for each in range(9)]
    assert set(load.of(session, DISTRICT, [*others, owner])) == {owner}


def test_who_lost_the_role_is_skipped_at_once_and_the_desk_hears(session: Session) -> None:
    street = peopled(session)
    case = case_of(street)
    assert case.owner == street.key("李强")
    street.say("冯管理", private=True, command="people")
    street.press("冯管理", "李强", private=True)
    street.press("冯管理", "撤销", private=True)
    assert street.case().owner == street.key("赵敏")
    assert any("李强" in text for text in street.texts("孙主任"))


def test_the_desk_hears_of_a_worker_who_blocked_the_bot_with_nothing_in_hand(
    session: Session,
) -> None:
    from handlers.turn import Membership
    from handlers.wiring import handle
    from services.outbox import Address
    from tests.people import BOT

    street = peopled(session)
    at = Address(BOT.bot, ADDRESSES["赵敏"])
    gone = Membership(at=at, sender=street.sender("赵敏"), private=True, present=False)
    handle(session, gone, BOT, street.now)
    assert any("赵敏" in text for text in street.texts("孙主任"))
    assert session.get_one(Person, (DISTRICT, street.key("赵敏"))).reachable is False
