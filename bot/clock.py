"""The service's time. A demonstration steps it; leases and limits run by real time."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """`now()` is what the domain is told; `wall()` is what leases and budgets run by."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return self.wall() + self._offset

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def shift(self, by: timedelta) -> None:
        """Move the service's time; going back is possible, but nothing un-happens."""
        self._offset += by

    def set(self, to: datetime) -> None:
        """From this moment the service's time runs on from `to` (aware)."""
        self._offset = to - self.wall()


def steady() -> float:
    """Seconds of a clock that nobody sets; asked anew each time, since a simulation has its own."""
    return time.monotonic()
