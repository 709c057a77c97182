"""Two things in the same second: on PostgreSQL they really are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from models import Case, Due, Group
from models.database import Database, open_database
from services import clock, due
from services.clock import begin, sweep
from services.equipment import Equipment
from services.vault import Vault
from tests.people import ADDRESSES, DISTRICT, WEDNESDAY, Street, peopled

LAMP = "3号楼2单元楼道灯坏了"
GAS = "8号楼1单元602家里煤气味很大"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The street of tests/people.py, committed."""
    opened = open_database(database_url, Equipment(vault=Vault(Vault.new_key())))
    await opened.write(lambda session: peopled(session) and None)
    yield opened
    await opened.close()


def street_in(session: Session) -> Street:
    group = session.exec(select(Group)).first()
    assert group is not None
    return Street(session, WEDNESDAY, group)


def says(name: str, text: str) -> Callable[[Session], None]:
    def job(session: Session) -> None:
        street_in(session).say(name, text, command="report")

    return job


async def all_at_once(database: Database, *jobs: Callable[[Session], None]) -> None:
    await asyncio.gather(*(database.write(job) for job in jobs))


async def test_the_first_reports_of_a_month_get_one_number_each(database: Database) -> None:
    jobs = [says(name, f"{n}号楼楼道灯坏了") for n, name in enumerate(("王阿姨", "陈叔", "Emily"))]
    await all_at_once(database, *jobs)
    numbers = await database.read(lambda session: sorted(session.exec(select(Case.number))))
    assert numbers == ["KL1-2611-001", "KL1-2611-002", "KL1-2611-003"]


async def test_every_voice_counts_when_several_join_at_once(database: Database) -> None:
    await database.write(says("李强", LAMP))
    await all_at_once(database, *(says(name, LAMP) for name in ("王阿姨", "陈叔", "Emily")))
    voices = await database.read(lambda session: list(session.exec(select(Case.voices))))
    assert voices == [4]


async def test_two_replicas_may_begin_at_once(database: Database) -> None:
    await all_at_once(database, *[lambda session: begin(session, WEDNESDAY)] * 4)
    keys = await database.read(lambda session: sorted(session.exec(select(Due.key))))
    assert len(keys) == len(set(keys)) == 4


async def test_one_of_two_takes_has_it_and_the_other_reads_who(database: Database) -> None:
    await database.write(says("王阿姨", GAS))
    data = await database.read(lambda session: street_in(session).button(ADDRESSES["李强"], "接单"))
    said: list[str] = []

    def takes(name: str) -> Callable[[Session], None]:
        def job(session: Session) -> None:
            answer = street_in(session).press_data(name, data, private=True)
            said.append(answer.text if answer else "")

        return job

    await all_at_once(database, takes("李强"), takes("赵敏"))
    assert sum("接单" in text and "已由" in text for text in said) == 1


class Met(Exception):
    """What PostgreSQL says when another transaction changed the same rows."""

    sqlstate = "40001"


@pytest.mark.parametrize(("error", "again"), [(Met(), True), (ValueError(), False)])
async def test_a_sweep_that_met_another_runs_again_and_a_bad_row_waits_an_hour(
    database: Database, error: Exception, again: bool
) -> None:
    def fires(session: Session, row: Due, now: datetime) -> None:
        raise DBAPIError("", {}, error)

    def job(session: Session) -> tuple[str, datetime, str | None]:
        due.plan(session, DISTRICT, "bad", "bad", WEDNESDAY)
        sweep(session, WEDNESDAY)
        row = session.exec(select(Due).where(Due.key == "bad")).one()
        return row.state, row.at, row.trace

    clock.register("bad", fires)
    if again:
        with pytest.raises(DBAPIError):
            await database.write(job)
    else:
        in_an_hour = WEDNESDAY + clock.AN_HOUR
        assert await database.write(job) == ("pending", in_an_hour, "failed: DBAPIError")
