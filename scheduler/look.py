"""When the service looks for what is due: every second, earlier if something is due earlier.

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
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin to look; needs a running loop."""
        self.every(LOOK, EVERY, self._look)
        self._scheduler.start()
        self._keeper = asyncio.create_task(self._keep_up())

    def stop(self) -> None:
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
        now = self._now()
        at = await self._database.read(due.next_at)
        if at is None:
            return
        if at <= now:
            await self.look_now()
        elif at - now < EVERY:
            self._scheduler.modify_job(LOOK, next_run_time=datetime.now(UTC) + (at - now))

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
        """A clock that is set back must not stop the work until it has caught up with itself."""
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                if job.next_run_time - now > job.trigger.interval:
                    job.modify(next_run_time=now)

    def _patience(self, name: str) -> float:
        job = self._scheduler.get_job(name)
        period = job.trigger.interval.total_seconds() if job else 0.0
        return STALE_SECONDS + 2 * float(period)
