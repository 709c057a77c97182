"""When history is sealed: within a second of being committed."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from models import crash
from models.database import Database, Unavailable
from services import sealing

NAME = "seal"
PAUSE_SECONDS = 0.5
# another process may have ended between a commit and its seal
POLL_SECONDS = 2.0
ALONE_POLL_SECONDS = 30.0
BODY_SECONDS = 30.0
LAST_SECONDS = 2.0
# how often the heads are logged, so that a copy of them lies elsewhere
HEADS_EVERY = timedelta(days=1)

log = structlog.get_logger("scheduler.seal")


class Sealer:
    """Seals what waits. Any replica may; two never add to one chain at the same time.

    `wall` is real time: a seal says when it was made.
    """

    def __init__(self, database: Database, wall: Callable[[], datetime]) -> None:
        self._database = database
        self._wall = wall
        self._told_at: datetime | None = None
        self._poll_seconds = ALONE_POLL_SECONDS if database.alone else POLL_SECONDS
        self._seen = -1
        self.looked_at = time.monotonic()

    async def run(self) -> None:
        """Until cancelled; then what was committed last is sealed as well.

        It looks when this process has written something: an idle service costs nothing.
        """
        try:
            while True:
                await self._tick()
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self.seal()

    async def _tick(self) -> None:
        writes, now = self._database.writes, time.monotonic()
        if writes == self._seen and now - self.looked_at < self._poll_seconds:
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await self.work()
            self._seen, self.looked_at = writes, now
        except Unavailable as error:
            log.warning("database_unavailable", at_work=NAME, reason=str(error))
        except Exception as error:
            log.error("tick_failed", tick=NAME, exc_info=error)

    async def seal(self) -> int:
        """Seal all that waits at this moment; how many rows."""
        sealed = 0
        for district in await self._database.read(sealing.waiting):
            while batch := await self._batch(district):
                sealed += batch
                if batch < sealing.BATCH:
                    break
        return sealed

    async def work(self) -> None:
        """Seal, and once a day tell the log where the chains stand."""
        await self.seal()
        if self._told_at is None or self._wall() - self._told_at >= HEADS_EVERY:
            await self._tell_heads()
            self._told_at = self._wall()

    async def _batch(self, district: str) -> int:
        wall = self._wall()

        def job(session: Session) -> int:
            sealed = sealing.seal(session, district, wall)
            crash.point("seal.linked")
            return sealed

        sealed = await self._database.write(job, queue=True)
        if sealed:
            crash.point("seal.committed")
        return sealed

    async def _tell_heads(self) -> None:
        for district, position, head in await self._database.read(sealing.heads):
            log.info("chain_head", district=district, position=position, hash=head)
