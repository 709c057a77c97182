"""What PostgreSQL does to us: lost answers, restarts, hangs, a pooler between."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session

import models.postgres
from models.database import Database, TooLong, Unavailable
from models.postgres import PostgresDatabase, address
from models.server import UNIT_SECONDS, Server
from tests.conftest import BACKENDS
from tests.models.test_database import add_lane, count_up, lanes
from tests.models.wire import Wire, wired

pytestmark = pytest.mark.parametrize("database_url", BACKENDS[1:], indirect=True)


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with wired(database_url) as wire:
        yield wire


@pytest.fixture
async def pooled(wire: Wire) -> AsyncIterator[Database]:
    """The database as it is reached through pgbouncer in transaction mode."""
    database = PostgresDatabase(wire.url, {}, Server(pool=4, pooled=True))
    yield database
    wire.open.set()
    await database.close()


async def test_no_unit_of_work_needs_the_session_of_the_one_before(pooled: Database):
    numbers = await asyncio.gather(*(pooled.write(count_up) for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    await asyncio.gather(*(pooled.write(add_lane(f"{n}")) for n in range(9)))
    assert len(await pooled.read(lanes)) == 9


async def test_a_connection_lost_before_the_commit_costs_nothing(wire: Wire, pooled: Database):
    await pooled.read(lanes)
    wire.lose = "statement"
    assert await pooled.write(add_lane("a")) == "a"
    assert wire.commits == 1
    assert await pooled.read(lanes) == ["a"]


@pytest.mark.parametrize(("lost", "kept"), [("commit", 0), ("answer", 1)])
async def test_a_commit_that_nobody_knows_of_is_not_repeated_but_told(
    wire: Wire, pooled: Database, lost: str, kept: int
):
    wire.lose = lost
    with pytest.raises(Unavailable):
        await pooled.write(count_up)
    assert wire.commits == kept
    assert await pooled.write(count_up) == kept + 1


async def test_the_next_unit_of_work_after_a_restart_finds_the_server(wire: Wire, pooled: Database):
    await asyncio.gather(*(pooled.write(add_lane(f"{n}")) for n in range(4)))
    wire.drop()
    await asyncio.gather(*(pooled.write(add_lane(f"after {n}")) for n in range(4)))
    assert len(await pooled.read(lanes)) == 8


async def test_a_server_that_hangs_is_told_as_unavailable_while_the_loop_runs_on(
    wire: Wire, pooled: Database, monkeypatch: pytest.MonkeyPatch
):
    await pooled.write(add_lane("before"))
    monkeypatch.setattr(pooled, "_seconds", 0.5)
    wire.open.clear()
    began = time.monotonic()
    answers = await asyncio.gather(
        pooled.write(add_lane("a")), pooled.read(lanes), return_exceptions=True
    )
    assert [type(each) for each in answers] == [Unavailable, Unavailable]
    assert time.monotonic() - began < 5
    wire.open.set()
    monkeypatch.undo()
    assert await pooled.write(add_lane("b")) == "b"


async def test_storing_does_not_wait_behind_handlers(database_url: str):
    database = PostgresDatabase(database_url, {}, Server(pool=4))
    await database.write(add_lane("a"), queue=True)
    handlers = [asyncio.create_task(database.write(sleep)) for _ in range(9)]
    await asyncio.sleep(0.1)
    await database.write(add_lane("b"), queue=True)
    assert not any(each.done() for each in handlers)
    await asyncio.gather(*handlers)
    await database.close()


def sleep(session: Session) -> None:
    session.execute(text("SELECT pg_sleep(1)"))


async def test_a_server_that_is_starting_is_waited_for(wire: Wire, pooled: Database):
    wire.starting = True
    for work in (pooled.write(add_lane("a")), pooled.read(lanes)):
        with pytest.raises(Unavailable):
            await work
    wire.starting = False
    assert await pooled.write(add_lane("a")) == "a"


async def test_of_several_hosts_the_one_that_serves_is_found(
    wire: Wire, database_url: str, unused_port: int
):
    found = make_url(wire.url)
    hosts = {"host": (f"127.0.0.1:{unused_port}", f"{found.host}:{found.port}")}
    url = found.set(host=None, port=None, query=hosts).render_as_string(hide_password=False)
    database = PostgresDatabase(url, {}, Server(pooled=True))
    assert await database.write(add_lane("a")) == "a"
    await database.close()


async def test_a_primary_that_became_a_standby_is_left_and_found_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(models.postgres, "TRIES", 3)
    name = make_url(database_url).database
    setting = f'ALTER DATABASE "{name}" SET default_transaction_read_only ='
    database = PostgresDatabase(database_url, {})
    await database.write(add_lane("before"))
    engine = create_async_engine(address(database_url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as owner:
        await owner.execute(text(f"{setting} on"))
        for pid in await owner.execute(text(OTHERS)):
            await owner.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid[0]})
        with pytest.raises(Unavailable):
            await database.write(add_lane("meanwhile"))
        await owner.execute(text("SET default_transaction_read_only = off"))
        await owner.execute(text(f"{setting} off"))
    assert await database.write(add_lane("after")) == "after"
    await engine.dispose()
    await database.close()


OTHERS = (
    "SELECT pid FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_a_statement_that_runs_too_long_is_the_jobs_own_fault(database_url: str):
    database = PostgresDatabase(database_url, {})

    def slow(session: Session) -> None:
        session.connection().exec_driver_sql("SET LOCAL statement_timeout = '50ms'")
        session.connection().exec_driver_sql("SELECT pg_sleep(5)")

    with pytest.raises(TooLong):
        await database.write(slow)
    await database.close()


async def test_no_session_may_wait_for_ever(database_url: str):
    database = PostgresDatabase(database_url, {})

    def settings(session: Session) -> dict[str, str]:
        run = session.connection().exec_driver_sql
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        return {name: str(run(f"SHOW {name}").scalar()) for name in names}

    assert await database.read(settings) == {
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "15s",
    }
    await database.close()
    assert UNIT_SECONDS > 10
