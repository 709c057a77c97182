"""The heart: beats after each examination that found nothing wrong, where others can watch it.

Whoever watches needs to know one thing: a beat that doesn't come means that somebody must look.
So nothing here may keep the service from working, and nothing but the beat leaves the house.
"""

import asyncio
import json
import os
import time
from datetime import datetime
from pathlib import Path

import aiohttp
import structlog
from prometheus_client import Gauge

# at most one call in so many seconds: watchers count minutes
CALL_SECONDS = 55.0
WAIT_SECONDS = 5.0

BEAT = Gauge("linli_heartbeat_seconds", "When the auditor last found all well (Unix time)")

log = structlog.get_logger("bot.heart")


class Heart:
    """`file`: touched at each beat, or None. `url`: called (GET) at most once a minute, or ""."""

    def __init__(self, file: Path | None, url: str) -> None:
        self._file = file
        self._url = url
        self._called_at = float("-inf")

    async def beat(self, wall: datetime) -> None:
        """All is well at this moment (real time)."""
        BEAT.set(wall.timestamp())
        if self._file is not None:
            await asyncio.to_thread(_write, self._file, wall)
        if self._url and time.monotonic() - self._called_at >= CALL_SECONDS:
            self._called_at = time.monotonic()
            await self._call()

    async def _call(self) -> None:
        limit = aiohttp.ClientTimeout(total=WAIT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as http,
                http.get(self._url, allow_redirects=False) as answer,
            ):
                if answer.status >= 300:
                    log.warning("heart_unheard", status=answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # its name only: its text would hold the address, which is a secret
            log.warning("heart_unheard", error=type(error).__name__)


def _write(file: Path, wall: datetime) -> None:
    """Whole or not at all; a full or read-only disk is said in the log and stops the beat."""
    try:
        draft = file.with_name(f"{file.name}.new")
        draft.write_text(json.dumps({"at": wall.isoformat(timespec="seconds"), "well": True}))
        os.replace(draft, file)
    except OSError as error:
        log.warning("heart_unwritten", error=type(error).__name__)
