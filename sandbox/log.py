"""What happened in a chat, numbered, and the record of every Bot API call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

CALLS_KEPT = 200_000


class EventLog:
    """Numbered events of one chat (of one user, for private chats); readers can wait for more."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def seq(self) -> int:
        """The number of the last event; 0 if there is none."""
        return len(self.events)

    def add(self, event: Json) -> Json:
        """Numbers the event and wakes who waits."""
        numbered = {"seq": self.seq + 1, **event}
        self.events.append(numbered)
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        return numbered

    def after(self, seq: int) -> list[Json]:
        """Events with a number above `seq`."""
        return self.events[max(seq, 0) :]

    async def wait(self, timeout: float) -> None:
        """Returns at the next event, or after `timeout` seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)


class CallLog:
    """Every Bot API call received, in order; the last 200,000 are kept."""

    def __init__(self) -> None:
        self.calls: deque[Json] = deque(maxlen=CALLS_KEPT)
        self.count = 0

    def add(self, **call: Any) -> Json:
        """Numbers the call from 1; its status is filled in when it is answered."""
        self.count += 1
        entry = {"n": self.count, **call}
        self.calls.append(entry)
        return entry

    def after(self, n: int) -> list[Json]:
        """Calls with a number above `n`."""
        skip = max(n - (self.count - len(self.calls)), 0)
        return [call for index, call in enumerate(self.calls) if index >= skip]


Listener = Callable[[Json], None]
