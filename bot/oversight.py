"""What watches over the service: sealing, self-examination and the heart, by the clock."""

from collections.abc import Callable, Sequence

from bot import trial
from bot.clock import Clock
from bot.config import Settings
from bot.heart import Heart
from bot.line import Line
from bot.trial import Trial
from models.database import Database
from scheduler import audit
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
        self._settings = settings
        self._database = database
        self.trial: Trial | None = None

    def start(self, line: Line, holder: str) -> None:
        """Begin to watch; the look must run. `line` is the bot that trials go through."""
        self._look.every(audit.NAME, audit.EVERY, self.auditor.work)
        if self._settings.trial.on:
            self.trial = Trial(
                self._database,
                self._clock,
                line.me,
                holder,
                line.receive.take,
                self._settings.trial.within_seconds,
            )
            self._look.every(trial.NAME, trial.EVERY, self.trial.work)

    def _own(self) -> list[Found]:
        still = [*self._look.stale(), *self._stuck()]
        late = [self.trial.late] if self.trial is not None and self.trial.late else []
        found = [Found("tick_unfinished", "", name) for name in still]
        return found + [Found("trial_slow", "", step) for step in late]

    async def _beat(self) -> None:
        await self.heart.beat(self._clock.wall())
