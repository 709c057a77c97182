"""A watchman for a thread's jobs: one that runs too long is ended with TooLong."""

import ctypes
import threading
import time
from collections.abc import Callable
from types import TracebackType

from models.database import TooLong

LOOK_SECONDS = 0.25


class Watch:
    """`with watch:` around a job in the watched thread.

    A database call is ended by `interrupt`, Python code by an exception raised in its thread.
    """

    def __init__(self, seconds: float, interrupt: Callable[[], None]) -> None:
        self._seconds = seconds
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._since: float | None = None
        self._overran = False
        self._thread_id = 0
        self._busy = threading.Event()
        self._ended = False

    def start(self) -> None:
        """Watch the thread that calls this."""
        self._thread_id = threading.get_ident()
        threading.Thread(target=self._main, name="job-watch", daemon=True).start()

    def stop(self) -> None:
        self._ended = True
        self._busy.set()

    def __enter__(self) -> None:
        self._overran = False
        self._since = time.monotonic()
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
                elif time.monotonic() - self._since > self._seconds and not self._overran:
                    self._end()

    def _end(self) -> None:
        self._overran = True
        self._interrupt()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread_id), ctypes.py_object(TooLong)
        )
