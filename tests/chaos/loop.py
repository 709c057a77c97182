"""An event loop whose time is a number: nothing sleeps, the next timer simply is now.

Everything that asks for the time (`time.monotonic`, APScheduler's and our `datetime.now`) is told
the loop's. Threads and processes would make a run depend on the machine: there are none.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch

import apscheduler.schedulers.base
import apscheduler.triggers.interval
from uuid_utils.compat import UUID

import models.columns
import scheduler.look
from bot.clock import Clock

START = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, ten in the morning in Beijing
# which life of the service a task belongs to: what is killed with it
LIFE: ContextVar[int] = ContextVar("life", default=0)


class Instant(selectors.SelectSelector):
    """Waits by moving the time on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits and nothing will ever happen")
        self.now += timeout
        return []


class Loop(asyncio.SelectorEventLoop):
    """Virtual time; remembers which tasks belong to which life of the service."""

    def __init__(self) -> None:
        self._instant = Instant()
        super().__init__(self._instant)
        self.lives: dict[int, set[asyncio.Task[Any]]] = {}
        self.set_task_factory(self._make)

    def time(self) -> float:
        return self._instant.now

    def _make(self, loop: Any, coroutine: Any, **more: Any) -> "asyncio.Task[Any]":
        task = asyncio.Task(coroutine, loop=loop, **more)
        mates = self.lives.setdefault(LIFE.get(), set())
        mates.add(task)
        task.add_done_callback(mates.discard)
        return task

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Here and now."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def subprocess_exec(self, *_: Any, **__: Any) -> Any:
        """No process can be started; the service must live with that too."""
        raise OSError("no processes here")


class SimulatedClock(Clock):
    """`skew`: how far the machine's clock is off; a correction of it is a jump."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop
        self.skew = timedelta()

    def true(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def wall(self) -> datetime:
        return self.true() + self.skew


class Keys:
    """Time-ordered keys as the real ones are: they never go back while a process lives."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._last = 0

    def restart(self) -> None:
        """A new process knows nothing of the keys before it."""
        self._last = 0

    def __call__(self) -> UUID:
        milliseconds = int(self._clock.wall().timestamp() * 1000)
        self._last = max(self._last + 1, milliseconds << 74)
        high, low = self._last >> 62, self._last & (1 << 62) - 1
        head = (high >> 12 << 16) | 0x7000 | high & 0xFFF
        return UUID(int=head << 64 | 0b10 << 62 | low)


@contextmanager
def told(loop: Loop, clock: SimulatedClock, keys: Keys) -> Iterator[None]:
    """Inside the block everybody is told the loop's time."""

    class Told(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.wall().astimezone(tz or UTC)

    with (
        patch.object(time, "monotonic", loop.time),
        patch.object(apscheduler.schedulers.base, "datetime", Told),
        patch.object(apscheduler.triggers.interval, "datetime", Told),
        patch.object(scheduler.look, "datetime", Told),
        patch.object(models.columns, "uuid7", keys),
    ):
        yield
