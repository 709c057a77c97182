"""What watches over the service: sealing, self-examination and the heart, by the clock."""

from collections.abc import Callable, Sequence

from bot.clock import Clock
from bot.config import Settings
from bot.heart import Heart
from models.database import Database
from scheduler import audit, seal
from scheduler.audit import Auditor
from scheduler.look import Look
from scheduler.seal import Sealer
from services.auditing import Found


class Oversight:
    """`stuck` names the parts of this process that stand still; `wrote`: something was queued."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        look: Look,
        stuck: Callable[[], Sequence[str]],
        wrote: Callable[[], None],
    ) -> None:
        self._look = look
        self._stuck = stuck
        self.heart = Heart(settings.heart.file, settings.heart.url.get_secret_value())
        self.sealer = Sealer(database, clock.wall)
        self.auditor = Auditor(database, clock.now, clock.wall, self._own, self._beat, wrote)
        self._clock = clock

    def start(self) -> None:
        """Begin to watch; the look must run."""
        self._look.every(seal.NAME, seal.EVERY, self.sealer.work)
        self._look.every(audit.NAME, audit.EVERY, self.auditor.work)

    def _own(self) -> list[Found]:
        return [
            Found("tick_unfinished", "", name) for name in [*self._look.stale(), *self._stuck()]
        ]

    async def _beat(self) -> None:
        await self.heart.beat(self._clock.wall())
