"""What rows tell: backlog, failures, people, places; on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from bot.doctor import storage
from bot.doctor.finding import Mark
from bot.doctor.work import newest, vault, work
from models import Due, Finding, Inbox, Lane, Outbox, Person, Role, Shift
from models.backlog import Reach, reach
from models.queue import Budget
from services.vault import Vault
from tests.people import BOT, COMMUNITY, DISTRICT, GRID, WEDNESDAY, peopled

LONG_AGO = WEDNESDAY - timedelta(hours=1)


def marks(session: Session) -> dict[str, Mark]:
    return {each.about: each.mark for each in work(session, WEDNESDAY)}


def waiting_update(session: Session, state: str = "new") -> None:
    session.add(Inbox(bot=BOT.bot, update_id=1, lane="1", received_at=LONG_AGO, payload={},
                      state=state, error="KeyError"))  # fmt: skip
    session.add(Lane(bot=BOT.bot, lane="1", since=LONG_AGO))


def message(session: Session, state: str = "pending") -> None:
    session.add(Outbox(bot=BOT.bot, chat="1", made_at=LONG_AGO, state=state, error="BadRequest"))


def held_back(session: Session) -> None:
    tomorrow = WEDNESDAY + timedelta(days=1)
    session.add(Outbox(bot=BOT.bot, chat="1", made_at=LONG_AGO, not_before=tomorrow))


def overdue(session: Session) -> None:
    session.add(Due(district=DISTRICT, key="k", name="n", at=LONG_AGO))


def halted(session: Session) -> None:
    session.add(Budget(bot=BOT.bot, chat="", until=WEDNESDAY + timedelta(seconds=9)))


def found(session: Session) -> None:
    session.add(Finding(district=DISTRICT, code="due_late", since=LONG_AGO, seen_at=LONG_AGO))


def blocked(session: Session) -> None:
    session.execute(update(Person).where(col(Person.name) == "李强").values(reachable=False))


def never_enrolled(session: Session) -> None:
    session.execute(update(Person).where(col(Person.name) == "赵敏").values(address=None))


def test_people_are_counted_once_however_many_roles_they_have(session: Session):
    street = peopled(session)
    never_enrolled(session)
    blocked(session)
    key = street.key("李强")
    session.add(Role(district=DISTRICT, person=key, role="leader", unit=GRID, since=LONG_AGO))
    session.flush()
    assert reach(session) == Reach(people=8, new=1, lost=1)


def no_worker(session: Session) -> None:
    session.execute(delete(Role).where(col(Role.unit) == GRID))


def no_desk(session: Session) -> None:
    session.execute(delete(Role).where(col(Role.role) == "supervisor"))


def empty_shift(session: Session) -> None:
    person = session.exec(select(Person.id).where(Person.name == "李强")).one()
    start = WEDNESDAY + timedelta(hours=2)
    session.add(Shift(district=DISTRICT, person=person, unit=GRID, start=start,
                      end=start + timedelta(hours=2)))  # fmt: skip


def test_a_peopled_street_is_well(session: Session):
    peopled(session)
    session.flush()
    assert set(marks(session).values()) == {Mark.GOOD}


@pytest.mark.parametrize(
    ("trouble", "about", "mark"),
    [
        (waiting_update, "inbox", Mark.BAD),
        (lambda s: waiting_update(s, "failed"), "failed updates", Mark.BAD),
        (message, "outbox", Mark.BAD),
        (held_back, "outbox", Mark.GOOD),
        (lambda s: message(s, "dead"), "dead letters", Mark.MIND),
        (halted, "rates", Mark.MIND),
        (overdue, "reminders", Mark.BAD),
        (found, "examination", Mark.BAD),
        (blocked, "people", Mark.MIND),
        (no_worker, "grids", Mark.MIND),
        (no_desk, "desks", Mark.BAD),
        (empty_shift, "shifts", Mark.MIND),
    ],
)
def test_each_trouble_is_said(
    session: Session, trouble: Callable[[Session], Any], about: str, mark: Mark
):
    peopled(session)
    trouble(session)
    session.flush()
    found = marks(session)
    assert found.pop(about) is mark
    assert set(found.values()) <= {Mark.GOOD, Mark.MIND}


def test_the_newest_row_is_the_last_update(session: Session):
    peopled(session)
    assert newest(session) is None
    waiting_update(session)
    session.flush()
    assert newest(session) == LONG_AGO


def test_a_key_that_does_not_open_what_is_sealed_is_said():
    key, other = Vault(Vault.new_key()), Vault(Vault.new_key())
    assert vault(key, [key.seal("1")]).mark is Mark.GOOD
    assert vault(other, [key.seal("1")]).mark is Mark.BAD
    assert vault(None, [key.seal("1")]).mark is Mark.BAD
    assert vault(None, []).mark is Mark.MIND


def test_tables_of_another_release_are_said(session: Session):
    assert storage.migrations(session).mark is Mark.GOOD
    session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in storage.migrations(session).said
    session.connection().exec_driver_sql("DELETE FROM alembic_version")
    assert "linli migrate" in storage.migrations(session).cure


def test_a_server_that_may_lose_commits_and_a_role_that_may_not_write_are_said(session: Session):
    if session.get_bind().dialect.name == "sqlite":
        return
    found = {each.about: each for each in storage.postgres(session, 10)}
    # the tests' server runs without fsync
    assert found["durability"].mark is Mark.BAD
    assert found["rights"].mark is Mark.GOOD
    assert found["role"].mark is Mark.MIND
    session.connection().exec_driver_sql("CREATE ROLE reader_of_tests")
    session.connection().exec_driver_sql("SET ROLE reader_of_tests")
    found = {each.about: each for each in storage.postgres(session, 10)}
    assert found["rights"].mark is Mark.BAD
    assert COMMUNITY not in found["rights"].said
