"""The edges of days, lines and numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from models import Leave, Person, Role
from services.clock import sweep
from services.due import next_at
from tests.people import GROUP_CHAT, Street, peopled

LAMP = "3号楼2单元楼道灯坏了"
GAS = "8号楼1单元602家里煤气味很大"


def nobody_works(street: Street) -> None:
    for role in street.session.exec(select(Role)):
        role.revoked_at = street.now
    street.session.flush()


@pytest.mark.parametrize("text", [LAMP, GAS, "我老公又打我了，救命"])
def test_a_case_opens_and_keeps_a_next_moment_where_nobody_works(
    session: Session, text: str
) -> None:
    street = peopled(session)
    nobody_works(street)
    street.say("王阿姨", text, command="report")
    for _ in range(5):
        assert street.case().state == "dispatched"
        assert street.case().next_at is not None
        street.now = max(next_at(session) or street.now, street.now)
        sweep(session, street.now)
        session.flush()
    assert street.case().number in " ".join(street.texts(GROUP_CHAT))


def test_a_number_counts_in_the_month_of_the_place_not_of_the_server(session: Session) -> None:
    street = peopled(session)
    street.now = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    street.say("王阿姨", "1号楼楼道灯坏了", command="report")
    street.now += timedelta(minutes=1)  # midnight in Beijing
    street.say("陈叔", "2号楼楼道灯坏了", command="report")
    assert sorted(case.number for case in street.cases()) == ["KL1-2611-001", "KL1-2612-001"]


def test_a_clock_that_jumps_back_gives_no_number_twice_and_fires_nothing(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "1号楼楼道灯坏了", command="report")
    street.now -= timedelta(hours=2)
    assert sweep(session, street.now) == 0
    street.say("王阿姨", "2号楼楼道灯坏了", command="report")
    assert len({case.number for case in street.cases()}) == 2


def test_a_named_person_on_leave_is_not_rung_and_somebody_is(session: Session) -> None:
    street = peopled(session)
    session.add(
        Leave(
            district=street.group.district, person=street.key("吴医生"),
            start=street.now - timedelta(days=1), end=street.now + timedelta(days=1),
        )
    )  # fmt: skip
    session.flush()
    street.say("王阿姨", "我老公又打我了，救命", command="report")
    owner = street.case().owner
    assert owner is not None
    assert owner != street.key("吴医生")
    told = [name for name, person in street.staff.items() if street.texts(name)]
    assert told == [session.exec(select(Person.name).where(Person.id == owner)).one()]
