"""The floor of free space: below it nothing new is accepted, so that what was accepted gets done.

Telegram keeps what isn't confirmed for 24 hours; a full disk keeps nothing.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from bot.clock import steady
from models.database import Unavailable

MEGABYTE = 1024 * 1024
LOOK_SECONDS = 1.0


class Floor:
    """Free space on the disk of `path`, at least `megabytes` (0: whatever there is)."""

    def __init__(
        self,
        path: Path,
        megabytes: int,
        monotonic: Callable[[], float] = steady,
    ) -> None:
        self._path = path
        self._bytes = megabytes * MEGABYTE
        self._monotonic = monotonic
        self._looked_at = -LOOK_SECONDS
        self._free = self._bytes

    def check(self) -> None:
        """Raises Unavailable if there is too little room; looks once a second."""
        now = self._monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at, self._free = now, free_bytes(self._path)
        if self._free < self._bytes:
            raise Unavailable("too little free disk space")


def free_bytes(path: Path) -> int:
    """What is free where `path` is, or will be once it is made."""
    there = path.absolute()
    while not os.path.lexists(there):
        there = there.parent
    return shutil.disk_usage(there).free
