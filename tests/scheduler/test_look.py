"""The clock: what is due is fired within a second, once, whatever was slept through."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest
from sqlmodel import Session, col, select

import scheduler.look
from models import Due
from models.database import Database, Unavailable
from scheduler.look import Look

DISTRICT = "320106"


class Watch:
    """A clock that a test can move, and a sweep that notes what it fired and how late."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.fired: list[str] = []
        self.late: list[timedelta] = []
        self.swept = 0
        self.broken: Exception | None = None

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def sweep(self, session: Session, now: datetime, limit: int) -> int:
        if self.broken:
            raise self.broken
        query = select(Due).where(Due.state == "pending", col(Due.at) <= now)
        rows = session.exec(query.order_by(col(Due.at)).limit(limit)).all()
        for row in rows:
            row.state = "fired"
            session.add(row)
        self.fired += [row.key for row in rows]
        self.late += [self.now() - row.at for row in rows]
        return len(rows)

    def done(self) -> None:
        self.swept += 1


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def look(database: Database, watch: Watch) -> AsyncIterator[Look]:
    made = Look(database, watch.now, watch.sweep, watch.done)
    made.start()
    yield made
    made.stop()


async def plan(database: Database, watch: Watch, *seconds: float) -> None:
    now = watch.now()

    def job(session: Session) -> None:
        for n, each in enumerate(seconds):
            at = now + timedelta(seconds=each)
            session.add(Due(district=DISTRICT, key=f"{each}/{n}", name="x", at=at))

    await database.write(job)


async def fired(watch: Watch, count: int, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while len(watch.fired) < count:
            await asyncio.sleep(0.01)


async def test_what_is_due_is_fired_within_a_second(database: Database, look: Look, watch: Watch):
    await plan(database, watch, 0.4, 1.3, 1.7)
    await fired(watch, 3)
    assert all(timedelta() <= late < timedelta(seconds=1.2) for late in watch.late)
    assert watch.fired == ["0.4/0", "1.3/1", "1.7/2"]


async def test_a_second_in_which_nothing_happens_asks_nothing_of_a_database_that_is_ours_alone(
    database: Database, look: Look, watch: Watch, monkeypatch: pytest.MonkeyPatch
):
    await plan(database, watch, 3_600)
    await asyncio.sleep(2.2)
    asked: list[float] = []
    read = database.read

    async def counted(job: Any) -> Any:
        asked.append(time.monotonic())
        return await read(job)

    monkeypatch.setattr(database, "read", counted)
    await asyncio.sleep(3.2)
    # where other processes may plan something, each second
    assert len(asked) <= 1 if database.alone else len(asked) >= 3


async def test_what_is_planned_after_a_rest_is_fired_within_a_second(
    database: Database, look: Look, watch: Watch
):
    await plan(database, watch, 3_600)
    await asyncio.sleep(2.2)
    await plan(database, watch, 0.3, 1.4)
    await fired(watch, 2)
    assert all(timedelta() <= late < timedelta(seconds=1.2) for late in watch.late)


async def test_a_clock_that_is_set_on_fires_within_a_second_what_has_become_due(
    database: Database, look: Look, watch: Watch
):
    await plan(database, watch, 3_600)
    await asyncio.sleep(2.2)
    watch.offset = timedelta(hours=1)
    await fired(watch, 1, seconds=1.5)


async def test_after_a_long_sleep_all_that_is_overdue_is_fired_at_once(
    database: Database, look: Look, watch: Watch
):
    await plan(database, watch, *range(3_600, 3_820))
    watch.offset = timedelta(days=2)
    assert await look.look_now() == 220
    assert len(set(watch.fired)) == 220
    assert watch.swept == 1


async def test_nothing_fires_before_its_time(database: Database, look: Look, watch: Watch):
    await plan(database, watch, 3_600)
    assert await look.look_now() == 0
    assert watch.swept == 0


@pytest.mark.parametrize("error", [Unavailable("down"), KeyError("a bug")])
async def test_a_sweep_that_fails_is_tried_again(
    database: Database, look: Look, watch: Watch, error: Exception
):
    watch.broken = error
    await plan(database, watch, 0)
    await asyncio.sleep(1.2)
    watch.broken = None
    await fired(watch, 1)


async def test_being_stopped_in_the_middle_is_no_error(
    database: Database, watch: Watch, caplog: pytest.LogCaptureFixture
):
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(60)

    look = Look(database, watch.now, watch.sweep, watch.done)
    look.every("long", timedelta(seconds=1), work)
    look.start()
    async with asyncio.timeout(10):
        await begun.wait()
    look.stop()
    await asyncio.sleep(0.1)
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


async def test_work_that_does_not_end_is_noticed(look: Look, monkeypatch: pytest.MonkeyPatch):
    assert look.stale() == []
    look.every("stuck", timedelta(seconds=1), asyncio.Event().wait)  # type: ignore[arg-type]
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert "stuck" in look.stale()


async def test_a_clock_set_back_does_not_stop_the_looking(
    look: Look, database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
):
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) - timedelta(hours=1)

    for module in (apscheduler.schedulers.base, apscheduler.triggers.interval, scheduler.look):
        monkeypatch.setattr(module, "datetime", Earlier)
    watch.offset = -timedelta(hours=1)
    await plan(database, watch, 0.2)
    async with asyncio.timeout(8):
        while not watch.fired:
            await asyncio.sleep(0.05)
