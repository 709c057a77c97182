"""Telegram's sending limits, in real (monotonic) time.

About 30 messages a second per bot, one a second per chat with short bursts let through, 20 a
minute per group, edits included; more than 310 unsent messages in a chat cost a minute.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable

from sandbox.errors import too_many_requests

BOT_RATE = 30  # messages a second
CHAT_RATE = 1  # messages a second
CHAT_BURST = 3  # Telegram lets short bursts through without saying how long
GROUP_COUNT = 20  # messages in GROUP_WINDOW seconds
GROUP_WINDOW = 60.0
UNSENT = 310  # messages being sent in one chat at the same time
UNSENT_PENALTY = 60  # seconds
PAID_RATE = 1_000  # messages a second with allow_paid_broadcast


class Bucket:
    """A token bucket: `burst` at once, `rate` a second on average."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.level, self.at = rate, burst, float(burst), now

    def wait(self, cost: float, now: float) -> float:
        """Seconds until `cost` can be taken; 0 if it can be now. Takes nothing."""
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (min(cost, self.burst) - self.level) / self.rate)

    def take(self, cost: float) -> None:
        """Takes `cost`; `wait` must have said 0."""
        self.level -= cost


class Limits:
    """All of a sandbox's limits. `enforced` is on unless switched off."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self.enforced = True
        self.clear()

    def clear(self) -> None:
        """Forgets what was sent."""
        self.buckets: dict[tuple[object, ...], Bucket] = {}
        self.group: dict[tuple[int, int], deque[float]] = defaultdict(deque)
        self.unsent: dict[tuple[int, int], int] = defaultdict(int)

    def spend(self, bot: int, chat: int, count: int, paid: bool) -> None:
        """Counts `count` messages to a chat, or raises ApiError 429 and counts nothing."""
        if not self.enforced:
            return
        if self.unsent[(bot, chat)] > UNSENT:
            raise too_many_requests(UNSENT_PENALTY)
        now = self.monotonic()
        rate = PAID_RATE if paid else BOT_RATE
        buckets = [
            self._bucket((bot, rate), rate, rate, now),
            self._bucket((bot, "chat", chat), CHAT_RATE, CHAT_BURST, now),
        ]
        wait = max(bucket.wait(count, now) for bucket in buckets)
        wait = max(wait, self._group_wait(bot, chat, now))
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))
        for bucket in buckets:
            bucket.take(count)
        self._count_group(bot, chat, count, now)

    def _bucket(self, key: tuple[object, ...], rate: float, burst: float, now: float) -> Bucket:
        if key not in self.buckets:
            self.buckets[key] = Bucket(rate, burst, now)
        return self.buckets[key]

    def _group_wait(self, bot: int, chat: int, now: float) -> float:
        sent = self.group[(bot, chat)]
        while sent and sent[0] <= now - GROUP_WINDOW:
            sent.popleft()
        return sent[0] + GROUP_WINDOW - now if chat < 0 and len(sent) >= GROUP_COUNT else 0.0

    def _count_group(self, bot: int, chat: int, count: int, now: float) -> None:
        if chat < 0:
            self.group[(bot, chat)].extend([now] * count)
