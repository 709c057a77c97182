"""What Telegram has told us to leave alone (429): obeyed by every call of a bot, in every process.

A 429 is about its chat; two chats within a second mean the whole bot.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session
from telegram.error import RetryAfter

from bot import counters
from bot.clock import Clock, steady
from models import outgoing
from models.database import Database, Unavailable
from models.outgoing import WHOLE_BOT

SAME_MOMENT_SECONDS = 1.0

log = structlog.get_logger("bot.halts")


class Halts:
    """One bot's halts: remembered here, kept in the database for the other processes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot: str,
        monotonic: Callable[[], float] = steady,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot = bot
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._told_at: dict[str, float] = {}

    async def told(self, chat: str, error: RetryAfter) -> None:
        """A call about `chat` was answered with 429."""
        counters.HALTED.inc()
        seconds = seconds_of(error)
        whole = self._is_whole(chat)
        key = WHOLE_BOT if whole else chat
        log.info("halted", whole_bot=whole, seconds=seconds)
        self._note(key, seconds)
        until = self._clock.wall() + min(timedelta(seconds=seconds), outgoing.MOST_HALT)
        try:
            await self._database.write(self._keep(key, until), queue=True)
        except Unavailable as problem:
            log.warning("database_unavailable", at_work="halt", reason=str(problem))

    def _is_whole(self, chat: str) -> bool:
        now = self._monotonic()
        recent = {c: at for c, at in self._told_at.items() if now - at < SAME_MOMENT_SECONDS}
        self._told_at = recent | {chat: now}
        return len(self._told_at) > 1

    def _note(self, chat: str, seconds: float) -> None:
        now = self._monotonic()
        self._until = {each: at for each, at in self._until.items() if at > now}
        self._until[chat] = max(self._until.get(chat, 0.0), now + seconds)

    def _keep(self, chat: str, until: datetime) -> Callable[[Session], None]:
        return lambda session: outgoing.halt(session, self._bot, chat, until)

    def learn(self, until: datetime | None) -> None:
        """Another process was told to leave the whole bot alone until then."""
        if until is not None:
            self._note(WHOLE_BOT, (until - self._clock.wall()).total_seconds())

    def seconds(self, chat: str) -> float:
        """How long calls about a chat must still wait."""
        until = max(self._until.get(chat, 0.0), self._until.get(WHOLE_BOT, 0.0))
        return max(0.0, until - self._monotonic())

    async def rest(self, chat: str, most: float) -> bool:
        """Wait as long as we were told to; False, at once, if that is more than `most` seconds."""
        seconds = self.seconds(chat)
        if seconds > most:
            return False
        await asyncio.sleep(seconds)
        return True


def seconds_of(error: RetryAfter) -> float:
    """How long a 429 tells us to wait."""
    given = error.retry_after
    return given.total_seconds() if isinstance(given, timedelta) else float(given)
