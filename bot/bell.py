"""Replicas wake each other: a process that has stored work tells the others, outside of any
transaction and at most once in QUIET_SECONDS.

Nothing depends on it: what isn't heard is found by the next look, a second later. It has a
connection of its own, which looks for the server again whenever it is lost.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from models.postgres import REFUSED, connect, options

CHANNEL = "linli"
# a NOTIFY takes a lock of the whole database while it commits: in every transaction it would
# halve them
QUIET_SECONDS = 0.02
# a connection that says nothing for this long is asked whether it still is one
PROBE_SECONDS = 10.0
ANSWER_SECONDS = 5.0
AGAIN_SECONDS = 1.0
LAST_SECONDS = 1.0

log = structlog.get_logger("bot.bell")


class Bell:
    """One process's bell. `heard` is called with what another process rang, and for which bot."""

    def __init__(self, url: str, holder: str, heard: Callable[[str, str], None]) -> None:
        self._address = options(url)
        self._holder = holder
        self._heard = heard
        self._wanted: set[str] = set()
        self._telling = False
        self._rung = asyncio.Event()
        self.connected = False

    def ring(self, bot: str, what: str) -> None:
        """Tell the others, soon."""
        self._wanted.add(f"{bot}:{what}")
        self._rung.set()

    async def silent(self) -> None:
        """Until what was rung has been told, or for LAST_SECONDS: for who is about to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                while self.connected and (self._wanted or self._telling):
                    await asyncio.sleep(QUIET_SECONDS)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._connected()
            except (OSError, *REFUSED) as error:
                log.info("bell_lost", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _connected(self) -> None:
        # pgbouncer lets us in too, and then nothing is heard
        connection = await connect(
            **self._address,
            timeout=ANSWER_SECONDS,
            command_timeout=ANSWER_SECONDS,
            statement_cache_size=0,
        )
        try:
            connection.add_termination_listener(lambda _: self._rung.set())
            await connection.add_listener(CHANNEL, self._hear)
            self.connected = True
            while True:
                await self._tell(connection)
        finally:
            self.connected = False
            connection.terminate()

    async def _tell(self, connection: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PROBE_SECONDS):
                await self._rung.wait()
        self._rung.clear()
        wanted, self._wanted = self._wanted, set()
        if wanted:
            payload = f"{self._holder} {' '.join(sorted(wanted))}"
            self._telling = True
            try:
                await connection.fetchval("SELECT pg_notify($1, $2)", CHANNEL, payload)
            finally:
                self._telling = False
            await asyncio.sleep(QUIET_SECONDS)
        else:
            await connection.execute("SELECT 1")

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        holder, *rung = str(payload).split(" ")
        if holder != self._holder:
            for each in rung:
                self._heard(*each.split(":"))
