"""When the service looks for what is due: every second, earlier if something is due earlier.

Where no other process can plan anything, the earliest instant is remembered until something is
written here, so that a second in which nothing happens costs no question to the database.

APScheduler keeps nothing but the moments of looking (memory store): what is due is rows, so a
restart, a jump of the clock or a long sleep of the machine loses nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlmodel import Session

from models import crash
from models.database import Database, Unavailable
from services import due

Sweep = Callable[[Session, datetime, int], int]

# fired in one transaction: some 40 ms each on two slow cores, so far below the 2 s for a job
BATCH = 10
EVERY = timedelta(seconds=1)
# where what was found last holds until something is written here, as a safety net
ALONE_EVERY = timedelta(seconds=10)
BODY_SECONDS = 30.0
LOOK = "look"
# a tick that has not finished for this long means that the clock stands still
STALE_SECONDS = 30.0

log = structlog.get_logger("scheduler")


class Look:
    """The sweep and the service's other regular work.

    `now` is the service's time, `swept` is called after something was fired.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        sweep: Sweep,
        swept: Callable[[], None],
    ) -> None:
        self._database = database
        self._now = now
        self._sweep = sweep
        self._swept = swept
        self._one_at_a_time = asyncio.Lock()
        self._finished: dict[str, float] = {}
        # the earliest instant, and after how many writes it was found
        self._at: datetime | None = None
        self._seen = -1
        self._keeper: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin to look; needs a running loop."""
        self.every(LOOK, ALONE_EVERY if self._database.alone else EVERY, self._look)
        self._scheduler.start()
        self._keeper = asyncio.create_task(self._keep_up())

    def stop(self) -> None:
        """Also if it never began, because something before it could not."""
        if self._keeper is not None:
            self._keeper.cancel()
            self._scheduler.shutdown(wait=False)

    def every(self, name: str, period: timedelta, body: Callable[[], Awaitable[None]]) -> None:
        """Run `body` once a period, each time within BODY_SECONDS, and watch that it ends."""
        self._finished[name] = time.monotonic()
        trigger = IntervalTrigger(seconds=int(period.total_seconds()), timezone=UTC)
        self._scheduler.add_job(self._guarded, trigger, args=[name, body], id=name)

    def stale(self) -> list[str]:
        """The names of regular work that has not finished for too long."""
        now = time.monotonic()
        return [name for name, at in self._finished.items() if now - at > self._patience(name)]

    async def look_now(self) -> int:
        """Fire all that is due at this moment; how many rows."""
        fired = 0
        async with self._one_at_a_time:
            while batch := await self._batch():
                fired += batch
                if batch < BATCH:
                    break
        if fired:
            self._swept()
        return fired

    async def _batch(self) -> int:
        now = self._now()
        fired = await self._database.write(lambda session: self._sweep(session, now, BATCH))
        if fired:
            crash.point("sweep.committed")
        return fired

    async def _look(self) -> None:
        writes = self._database.writes  # of before the question: what comes after it counts
        self._at, now = await self._database.read(due.next_at), self._now()
        self._seen = writes
        if self._at is not None and self._at <= now:
            await self.look_now()
        else:
            self._look_when_due(now)

    def _look_when_due(self, now: datetime) -> None:
        if self._at is not None and self._at - now < EVERY:
            self._look_in(max(timedelta(), self._at - now))

    def _look_in(self, wait: timedelta) -> None:
        self._scheduler.modify_job(LOOK, next_run_time=datetime.now(UTC) + wait)

    async def _guarded(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await body()
            self._finished[name] = time.monotonic()
        except asyncio.CancelledError:
            log.info("tick_stopped", tick=name)  # the service ends; its unit of work is undone
        except Unavailable as error:
            log.warning("database_unavailable", at_work=name, reason=str(error))
        except Exception as error:
            log.error("tick_failed", tick=name, exc_info=error)

    async def _keep_up(self) -> None:
        """Look at once when something may have been planned, and at the instant that is known.

        A clock that is set back must not stop the work until it has caught up with itself.
        """
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            if self._database.alone and self._database.writes != self._seen:
                self._look_in(timedelta())
            elif self._database.alone:
                self._look_when_due(self._now())
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                if job.next_run_time - now > job.trigger.interval:
                    job.modify(next_run_time=now)

    def _patience(self, name: str) -> float:
        job = self._scheduler.get_job(name)
        period = job.trigger.interval.total_seconds() if job else 0.0
        return STALE_SECONDS + 2 * float(period)
