"""Telegram's rates as a budget of our own, so that a 429 is the exception.

About 30 messages a second per bot, one a second per chat with short bursts, 20 a minute per
group. The true limits are dynamic: a 429 is the truth, and models/outgoing keeps it.
"""

import time
from collections import deque
from collections.abc import Callable

BOT_RATE = 30.0
CHAT_RATE = 1.0
CHAT_BURST = 3.0
GROUP_COUNT = 20
GROUP_SECONDS = 60.0
# chats remembered; those at rest have their full allowance anyway
MANY = 2_000


class Bucket:
    """`burst` at once, `rate` a second on average."""

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self._rate, self._burst, self._level, self._at = rate, burst, burst, at

    def wait(self, at: float) -> float:
        """Seconds until one more may go."""
        self._level = min(self._burst, self._level + (at - self._at) * self._rate)
        self._at = at
        return max(0.0, (1.0 - self._level) / self._rate)

    def spend(self) -> None:
        self._level -= 1.0

    def room(self, at: float) -> int:
        """How many may go at once."""
        self.wait(at)
        return max(0, int(self._level))


class Chat:
    """What one chat may still get."""

    def __init__(self, group: bool, at: float) -> None:
        self._bucket = Bucket(CHAT_RATE, CHAT_BURST, at)
        self._sent: deque[float] | None = deque(maxlen=GROUP_COUNT) if group else None

    def wait(self, at: float) -> float:
        waits = self._bucket.wait(at)
        if self._sent is not None and len(self._sent) == GROUP_COUNT:
            waits = max(waits, self._sent[0] + GROUP_SECONDS - at)
        return waits

    def spend(self, at: float) -> None:
        self._bucket.spend()
        if self._sent is not None:
            self._sent.append(at)


class Pace:
    """One bot's budget. `limited` False: no budget at all (a server of one's own)."""

    def __init__(self, limited: bool, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limited = limited
        self._monotonic = monotonic
        self._bot = Bucket(BOT_RATE, BOT_RATE, monotonic())
        self._chats: dict[str, Chat] = {}

    def room(self, most: int) -> int:
        """How many messages may go at this moment, at most `most`."""
        return min(most, self._bot.room(self._monotonic())) if self._limited else most

    def resting(self) -> dict[str, float]:
        """The chats that must wait, and for how many seconds."""
        now = self._monotonic()
        waits = {chat: budget.wait(now) for chat, budget in self._chats.items()}
        if len(waits) > MANY:
            self._chats = {chat: self._chats[chat] for chat, wait in waits.items() if wait > 0}
        return {chat: wait for chat, wait in waits.items() if wait > 0}

    def spend(self, chat: str) -> None:
        """One message is going to `chat`."""
        if not self._limited:
            return
        now = self._monotonic()
        if chat not in self._chats:
            self._chats[chat] = Chat(chat.startswith("-"), now)
        self._chats[chat].spend(now)
        self._bot.spend()
