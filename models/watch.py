"""A watchman for a thread's jobs: one that runs too long is ended with TooLong."""

import asyncio
import ctypes
import math
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from sqlmodel import Session

from models.database import Job, TooLong

T = TypeVar("T")

LOOK_SECONDS = 0.25
# a job may wait this much longer than it may work: on a busy machine a third of a second of
# work takes three, and a good report must not be undone for that (nobody waits over 5 s, P6)
WAIT_FACTOR = 2.25


class Watch:
    """`with watch:` around a job in the watched thread. `seconds`: of its processor time.

    A database call is ended by `interrupt`, Python code by an exception raised in its thread.
    """

    def __init__(self, seconds: float, interrupt: Callable[[], None]) -> None:
        self._seconds = seconds
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._since: float | None = None
        self._worked = 0.0
        self._clock = 0
        self._overran = False
        self._thread_id = 0
        self._busy = threading.Event()
        self._ended = False

    def start(self) -> None:
        """Watch the thread that calls this."""
        self._thread_id = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread_id)
        threading.Thread(target=self._main, name="job-watch", daemon=True).start()

    def stop(self) -> None:
        self._ended = True
        self._busy.set()

    def __enter__(self) -> None:
        self._overran = False
        self._worked = time.thread_time()
        self._since = time.monotonic()
        if not self._busy.is_set():
            self._busy.set()

    def __exit__(
        self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._since = None
        # the watchman's exception, if it is still on its way, arrives at one of these calls
        if self._overran:
            time.sleep(0)
            if kind is not TooLong:
                raise TooLong

    def _main(self) -> None:
        while not self._ended:
            self._busy.wait()
            time.sleep(LOOK_SECONDS)
            with self._lock:
                if self._since is None:
                    self._busy.clear()
                elif self._too_long(self._since) and not self._overran:
                    self._end()

    def _too_long(self, since: float) -> bool:
        worked = time.clock_gettime(self._clock) - self._worked
        waited = time.monotonic() - since
        return worked > self._seconds or waited > self._seconds * WAIT_FACTOR

    def _end(self) -> None:
        self._overran = True
        self._interrupt()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread_id), ctypes.py_object(TooLong)
        )


class LoopWatch:
    """A watchman for units of work that run on an event loop, as PostgreSQL's do.

    One that keeps the loop from turning for `seconds` is ended with TooLong; waiting for the
    server doesn't count, which has limits of its own. Asks nothing while no unit runs.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_id = 0
        self._running = 0
        self._busy = threading.Event()
        self._turned = threading.Event()
        self._ended = False

    def guard(self, job: Job[T]) -> Job[T]:
        """The same unit of work, watched; as it is if it may run for ever (`seconds` infinite)."""
        if self._seconds == math.inf:
            return job

        def unit(session: Session) -> T:
            self._begin()
            try:
                return job(session)
            finally:
                self._running -= 1

        return unit

    def stop(self) -> None:
        self._ended = True
        self._busy.set()
        self._turned.set()

    def _begin(self) -> None:
        self._running += 1
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread_id = threading.get_ident()
            threading.Thread(target=self._main, name="loop-watch", daemon=True).start()
        self._busy.set()

    def _main(self) -> None:
        while self._busy.wait() and not self._ended:
            try:
                self._await_turn()
            except RuntimeError:  # the loop is closed
                return
            time.sleep(LOOK_SECONDS)

    def _await_turn(self) -> None:
        assert self._loop is not None
        self._turned.clear()
        self._loop.call_soon_threadsafe(self._turn)
        while not self._turned.wait(self._seconds):
            if self._in_a_unit():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread_id), ctypes.py_object(TooLong)
                )

    def _turn(self) -> None:
        if not self._running:
            self._busy.clear()
        self._turned.set()

    def _in_a_unit(self) -> bool:
        """Whether what the loop's thread does just now is a unit of work, and nothing else."""
        frame = sys._current_frames().get(self._thread_id)
        while frame is not None:
            if frame.f_code is _UNIT:
                return True
            frame = frame.f_back
        return False


# the code of a guarded unit: on a stack it means that one is running there
_UNIT = LoopWatch(0.0).guard(lambda _session: None).__code__
