"""When history is sealed: every second, whatever was committed since."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from models import crash
from models.database import Database
from services import sealing

NAME = "seal"
EVERY = timedelta(seconds=1)
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
        """One tick: seal, and once a day tell the log where the chains stand."""
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
