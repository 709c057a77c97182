"""Telegram's rates as a budget of our own, so that a 429 is the exception.

About 30 messages a second per bot, one a second per chat with short bursts, 20 a minute per
group. The true limits are dynamic: a 429 is the truth, and models/outgoing keeps it. What was
spent is written down with what was sent, so that a restart or another process doesn't begin anew.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from bot.clock import steady
from models.outgoing import WHOLE_BOT, Spent

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
        self._rate, self._burst, self.level, self.at = rate, burst, burst, at

    def wait(self, at: float) -> float:
        """Seconds until one more may go."""
        self.level = min(self._burst, self.level + (at - self.at) * self._rate)
        self.at = at
        return max(0.0, (1.0 - self.level) / self._rate)

    def spend(self) -> None:
        self.level -= 1.0

    def room(self, at: float) -> int:
        """How many may go at once."""
        self.wait(at)
        return max(0, int(self.level))


class Chat:
    """What one chat may still get."""

    def __init__(self, group: bool, at: float, sent: Iterable[float] = ()) -> None:
        self.bucket = Bucket(CHAT_RATE, CHAT_BURST, at)
        self.sent: deque[float] | None = deque(sent, maxlen=GROUP_COUNT) if group else None

    def wait(self, at: float) -> float:
        waits = self.bucket.wait(at)
        if self.sent is not None and len(self.sent) == GROUP_COUNT:
            waits = max(waits, self.sent[0] + GROUP_SECONDS - at)
        return waits

    def spend(self, at: float) -> None:
        self.bucket.spend()
        if self.sent is not None:
            self.sent.append(at)


class Pace:
    """One bot's budget. `limited` False: no budget at all (a server of one's own)."""

    def __init__(self, limited: bool, monotonic: Callable[[], float] = steady) -> None:
        self.limited = limited
        self._monotonic = monotonic
        self._bot = Bucket(BOT_RATE, BOT_RATE, monotonic())
        self._chats: dict[str, Chat] = {}
        self._unwritten: set[str] = set()

    def room(self, most: int) -> int:
        """How many messages may go at this moment, at most `most`."""
        return min(most, self._bot.room(self._monotonic())) if self.limited else most

    def resting(self) -> dict[str, float]:
        """The chats that must wait, and for how many seconds."""
        now = self._monotonic()
        waits = {chat: budget.wait(now) for chat, budget in self._chats.items()}
        if len(waits) > MANY:
            self._chats = {chat: self._chats[chat] for chat, wait in waits.items() if wait > 0}
        return {chat: wait for chat, wait in waits.items() if wait > 0}

    def spend(self, chat: str) -> None:
        """One message is going to `chat`."""
        if not self.limited:
            return
        now = self._monotonic()
        if chat not in self._chats:
            self._chats[chat] = Chat(_is_group(chat), now)
        self._chats[chat].spend(now)
        self._bot.spend()
        self._unwritten.add(chat)

    def unwritten(self, wall: datetime) -> list[Spent]:
        """What was spent since the last `written`, as it stands at `wall` (real time)."""
        past = wall.timestamp() - self._monotonic()
        found = []
        for name in sorted(self._unwritten):
            chat = self._chats.get(name)
            if chat is not None:
                sent = [each + past for each in chat.sent or ()]
                found.append(_spent(name, chat.bucket, sent, past))
        if found:
            found.append(_spent(WHOLE_BOT, self._bot, [], past))
        return found

    def written(self, spent: Sequence[Spent]) -> None:
        """`spent` is in the database now."""
        self._unwritten -= {each.chat for each in spent}

    def learn(self, spent: Sequence[Spent], wall: datetime) -> None:
        """What this bot, from here or elsewhere, had spent until `wall`."""
        now = self._monotonic()
        past = wall.timestamp() - now
        for each in spent:
            at = min(now, each.at.timestamp() - past)
            if each.chat == WHOLE_BOT:
                self._bot.level, self._bot.at = each.level, at
                continue
            # never later than now, whatever became of the clock since
            sent = (min(now, moment - past) for moment in each.sent)
            chat = Chat(_is_group(each.chat), at, sent)
            chat.bucket.level = each.level
            self._chats[each.chat] = chat


# a budget older than this is full again
FULL_AFTER = timedelta(seconds=GROUP_SECONDS)


def _spent(chat: str, bucket: Bucket, sent: list[float], past: float) -> Spent:
    return Spent(chat, bucket.level, datetime.fromtimestamp(bucket.at + past, UTC), sent)


def _is_group(chat: str) -> bool:
    return chat.startswith("-")
