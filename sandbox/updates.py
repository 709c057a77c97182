"""A bot's queue of updates, with the offset rules of the real server."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

DAY = 86_400  # seconds an update lives
CALLBACK_LIFE = 150  # seconds a press lives
LEEWAY = 10  # an offset further than this beyond the last update is not believed
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass
class Update:
    """One update: its JSON, made once, and the webhook queue that it belongs to."""

    id: int
    kind: str
    body: str
    lane: tuple[str, int]  # what the webhook keeps in order: ("chat", id) or ("callback", user)
    chat: int | None
    expires: float  # Unix seconds of the sandbox's clock


@dataclass
class Queue:
    """Updates of one bot. Ids grow by one from a random start."""

    allowed: set[str] | None = None  # None: the default, all but three kinds
    pending: OrderedDict[int, Update] = field(default_factory=OrderedDict)
    next_id: int = field(default_factory=lambda: 10**8 + secrets.randbelow(8 * 10**8))
    waiter: asyncio.Future[None] | None = None  # the getUpdates call that waits

    def wants(self, kind: str) -> bool:
        """Whether the bot asked for this kind of update."""
        return kind not in NOT_BY_DEFAULT if self.allowed is None else kind in self.allowed

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Remembers `allowed_updates`: None changes nothing, an empty list restores the default."""
        if kinds is not None:
            self.allowed = {kind.lower() for kind in kinds} or None

    def push(
        self, kind: str, payload: dict[str, Any], lane: tuple[str, int], now: float
    ) -> Update | None:
        """Adds an update unless the bot doesn't want its kind."""
        if not self.wants(kind):
            return None
        body = json.dumps({"update_id": self.next_id, kind: payload}, ensure_ascii=False)
        life = CALLBACK_LIFE if kind == "callback_query" else DAY
        update = Update(self.next_id, kind, body, lane, _chat_of(payload), now + life)
        self.pending[update.id] = update
        self.next_id += 1
        if self.waiter and not self.waiter.done():
            self.waiter.set_result(None)
        return update

    def confirm(self, offset: int) -> None:
        """Applies an offset: forgets what is before it; a negative one keeps the last -offset."""
        if offset < 0:
            self._keep_last(-offset)
        elif 0 < offset <= self.next_id + LEEWAY:
            while self.pending and next(iter(self.pending)) < offset:
                self.pending.popitem(last=False)

    def _keep_last(self, count: int) -> None:
        while len(self.pending) > count:
            self.pending.popitem(last=False)

    def first(self, limit: int, now: float) -> list[Update]:
        """The oldest `limit` updates that are still alive at `now`."""
        self.expire(now)
        return [update for update, _ in zip(self.pending.values(), range(limit), strict=False)]

    def expire(self, now: float) -> None:
        """Forgets what is too old: a day, a press 150 s."""
        for update in [u for u in self.pending.values() if u.expires <= now]:
            del self.pending[update.id]

    def end_waiting(self, error: Exception) -> None:
        """Ends the waiting getUpdates call, if there is one, with `error`."""
        if self.waiter and not self.waiter.done():
            self.waiter.set_exception(error)

    async def wait(self, seconds: float) -> None:
        """Returns at the next update or after `seconds`; raises if the call is ended by another."""
        self.waiter = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.waiter, seconds)

    def forget(self, update_id: int) -> None:
        """Drops one update, as a webhook does that has delivered it."""
        self.pending.pop(update_id, None)

    def clear(self) -> None:
        """Drops all of them."""
        self.pending.clear()


def _chat_of(payload: dict[str, Any]) -> int | None:
    holder = payload.get("message", payload) if "chat" not in payload else payload
    chat = holder.get("chat") if isinstance(holder, dict) else None
    return chat["id"] if chat else None
