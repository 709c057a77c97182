"""Inbox and outbox in periods: nothing twice across them, cheap to end, never in the way."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import Session, select

import models.inbox
from models import Inbox, Outbox, inbox, outgoing, partitions
from models.database import Database
from models.inbox import Arrived
from models.migrate import config_for
from models.postgres import address
from tests.conftest import BACKENDS

pytestmark = pytest.mark.parametrize("database_url", BACKENDS[1:], indirect=True)
NOW = datetime.now(UTC)
UPDATE = Arrived(1, "7", {"update_id": 1})


def key_of(at: datetime) -> UUID:
    """A time-ordered key of that moment."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | uuid4().int & (1 << 80) - 1)


def store(session: Session, *updates: Arrived) -> None:
    inbox.store(session, "777", updates, NOW, NOW)


def stored(session: Session) -> list[int]:
    return list(session.exec(select(Inbox.update_id)))


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of the tables' owner, committing each statement."""
    engine = create_async_engine(address(database_url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def rows(owner: AsyncConnection, statement: str, **values: Any) -> list[Any]:
    return [each[0] for each in await owner.execute(text(statement), values)]


async def periods(owner: AsyncConnection, table: str) -> list[str]:
    return await rows(
        owner,
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:t) "
        "ORDER BY 1",
        t=table,
    )


async def period(owner: AsyncConnection, table: str, ago: int) -> str:
    """A period of some days ago, made as it was then; its name."""
    days, once = {"inbox": (10, "update_id"), "outbox": (30, "dedupe")}[table]
    at = NOW - timedelta(days=ago)
    before = await periods(owner, table)
    await owner.execute(
        text("SELECT linli_make_period(:t, :d, :o, :at)"),
        {"t": table, "d": days, "o": once, "at": at},
    )
    made = set(await periods(owner, table)) - set(before)
    return made.pop()


async def add(
    database: Database,
    ago: int,
    state: str,
    update_id: int = 1,
    received_at: datetime | None = None,
) -> None:
    at = NOW - timedelta(days=ago)
    row = Inbox(
        bot="777", id=key_of(at), update_id=update_id, lane="7", received_at=received_at or at,
        payload={}, state=state,
    )  # fmt: skip
    await database.write(lambda session: session.add(row))


async def test_an_update_of_the_period_before_is_not_stored_again(
    database: Database, owner: AsyncConnection
):
    """Nobody sends one again after two days, so it came just before midnight."""
    await period(owner, "inbox", 10)
    await add(database, 10, "done", received_at=NOW - timedelta(hours=1))
    await database.write(lambda session: store(session, UPDATE, UPDATE), queue=True)
    await database.write(
        lambda session: store(session, UPDATE, Arrived(2, "7", {"update_id": 2})), queue=True
    )
    assert sorted(await database.read(stored)) == [1, 2]


async def test_two_processes_that_store_one_update_on_both_sides_of_midnight_keep_it_once(
    database: Database, owner: AsyncConnection, monkeypatch: pytest.MonkeyPatch
):
    await period(owner, "inbox", 10)
    engine = create_async_engine(address(database.url))
    async with engine.connect() as first:
        monkeypatch.setattr(models.inbox, "new_id", lambda: key_of(NOW - timedelta(days=10)))
        await first.run_sync(lambda connection: store(Session(connection), UPDATE))
        monkeypatch.undo()
        second = asyncio.create_task(
            database.write(lambda session: store(session, UPDATE), queue=True)
        )
        await asyncio.sleep(0.2)
        assert not second.done()
        await first.commit()
        await second
    await engine.dispose()
    assert await database.read(stored) == [1]


async def test_a_period_goes_before_its_first_row_is_too_old_unless_something_waits(
    database: Database, owner: AsyncConnection
):
    names = {ago: await period(owner, "inbox", ago) for ago in (60, 40, 10)}
    await add(database, 60, "done", 1)
    await add(database, 40, "failed", 2)
    await add(database, 10, "done", 3)
    assert await database.write(lambda session: partitions.turn(session, 30, 90)) == 1
    assert set(names.values()) & set(await periods(owner, "inbox")) == {names[40], names[10]}
    assert sorted(await database.read(stored)) == [2, 3]


async def test_the_next_two_periods_are_always_there_and_turning_again_does_nothing(
    database: Database, owner: AsyncConnection
):
    for table, days in (("inbox", 10), ("outbox", 30)):
        ahead = NOW + timedelta(days=2 * days)
        high = [name for name in await periods(owner, table) if name[-8:].isdigit()]
        assert max(high)[-8:] > (ahead - timedelta(days=days)).strftime("%Y%m%d")
    both = await asyncio.gather(
        *(database.write(lambda session: partitions.turn(session, 30, 90)) for _ in range(2))
    )
    assert both == [0, 0]


async def test_a_row_that_no_period_is_there_for_is_kept_all_the_same(
    database: Database, owner: AsyncConnection
):
    await add(database, 3000, "new")
    assert await rows(owner, "SELECT update_id FROM inbox_other") == [1]
    assert await database.write(lambda session: partitions.turn(session, 30, 90)) == 0


async def test_claiming_reads_what_waits_and_not_what_is_kept(
    database: Database, owner: AsyncConnection
):
    filled = [await period(owner, "inbox", 10), await period(owner, "outbox", 30)]
    for ago in (0, 10):
        await owner.execute(text(DONE), {"ago": ago})
        await owner.execute(text(SENT), {"ago": 3 * ago})
    await owner.execute(text("ANALYZE inbox, outbox"))
    await database.write(lambda session: store(session, UPDATE), queue=True)
    plans: list[str] = []

    def look(session: Session) -> None:
        for query in (
            inbox.OLDEST.build(session).params(of_bot="777", lanes=["7"]),
            outgoing.PRESSING.build(session).params(of_bot="777", now=NOW, wall=NOW, busy=["8"]),
        ):
            words = query.compile(
                dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
            )
            plans.append("\n".join(session.execute(text(f"EXPLAIN {words}")).scalars()))

    await database.read(look)
    for plan, kept in zip(plans, filled, strict=True):
        assert f"Seq Scan on {kept}" not in plan, plan
        assert "_new" in plan or "_bot_lane_id" in plan or "_bot_priority_id" in plan, plan
    began = time.monotonic()
    for _ in range(20):
        found = await database.read(lambda session: inbox.oldest(session, "777", ["7"]))
        assert [len(each) for each in found.values()] == [1]
    assert time.monotonic() - began < 1.0


async def test_queues_are_cleaned_after_hundreds_of_dead_rows_and_not_after_a_fifth(
    owner: AsyncConnection, database: Database
):
    found = await owner.execute(
        text("SELECT relname, reloptions::text FROM pg_class WHERE reloptions IS NOT NULL")
    )
    settings = {name: options for name, options in found}
    for queue in ("lane", "lease", "budget", "unsealed"):
        assert "autovacuum_vacuum_scale_factor=0," in settings[queue]
    for parted in ("inbox", "outbox"):
        made = [name for name in await periods(owner, parted) if not name.endswith("_once")]
        assert all("autovacuum_vacuum_scale_factor=0.01" in settings[name] for name in made)


DONE = """
INSERT INTO inbox (bot, id, update_id, lane, received_at, payload, state, tries)
SELECT '777', linli_first_id(now() - :ago * interval '1 day' + n * interval '1 ms'), n + 10
    + 100000 * :ago, '7', now(), '{}', 'done', 0 FROM generate_series(1, 10000) n
"""
SENT = """
INSERT INTO outbox (bot, id, platform, chat, act, priority, payload, made_at, state, tries)
SELECT '777', linli_first_id(now() - :ago * interval '1 day' + n * interval '1 ms'),
    'telegram', n % 100, 'send', 2, '{}', now(), 'sent', 1 FROM generate_series(1, 10000) n
"""


async def test_what_was_there_before_partitions_is_kept_and_can_be_taken_back(
    database: Database, owner: AsyncConnection
):
    def go(connection: Connection, way: Any, to: str) -> None:
        way(config_for(connection), to)

    await owner.run_sync(go, command.downgrade, "0002")
    assert await periods(owner, "inbox") == []
    await database.write(lambda session: store(session, UPDATE), queue=True)
    row = Outbox(bot="777", chat="7", made_at=NOW, dedupe="once")
    await database.write(lambda session: session.add(row))
    await owner.run_sync(go, command.upgrade, "0003")
    assert {name[:13] for name in await periods(owner, "inbox")} >= {"inbox_before_", "inbox_other"}
    await database.write(
        lambda session: store(session, UPDATE, Arrived(2, "7", {"update_id": 2})), queue=True
    )
    assert sorted(await database.read(stored)) == [1, 2]
    await owner.run_sync(go, command.downgrade, "0002")
    assert sorted(await database.read(stored)) == [1, 2]
    await owner.run_sync(go, command.upgrade, "head")
