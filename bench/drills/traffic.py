"""Reports at a steady rate, brought as Telegram brings them: again until they are confirmed.

Each on a connection of its own, so that a process that goes away loses only what it was at; a
chat's next report waits for the one before.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from bench.load import SECRET
from bench.reports import Report
from bench.wire import connect

RETRY_SECONDS = 0.25
ANSWER_SECONDS = 30.0

_REQUEST = (
    b"POST /telegram/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"X-Telegram-Bot-Api-Secret-Token: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
)


class Writes(Protocol):
    """Whoever makes up the next reports."""

    def write(self, count: int) -> list[Report]:
        """So many new ones."""
        ...


@dataclass
class Kept:
    """What became of the reports. `due`, `confirmed`: by message, in monotonic seconds."""

    due: dict[int, float] = field(default_factory=dict)
    confirmed: dict[int, float] = field(default_factory=dict)
    again: int = 0

    def longest_gap(self, since: float) -> tuple[float, float]:
        """(seconds without a confirmation, when that ended), the longest after `since`."""
        moments = sorted([since, *(each for each in self.confirmed.values() if each > since)])
        return max(((after - before, after) for before, after in pairwise(moments)), default=(0, 0))


class Traffic:
    """`ports`: asked afresh for each try, so that what has moved is found."""

    def __init__(self, ports: Callable[[], Sequence[int]]) -> None:
        self._ports = ports
        self._turn = 0
        self._chats: dict[int, asyncio.Lock] = {}
        self.kept = Kept()

    async def until(self, over: Callable[[], bool], writer: Writes, rate: float) -> Kept:
        """`rate` reports a second until `over`, and then until each is confirmed."""
        start, number, tasks = time.monotonic(), 0, []
        while not over():
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            (report,) = writer.write(1)
            self.kept.due[report.message] = due
            tasks.append(asyncio.create_task(self._bring(report)))
            number += 1
        await asyncio.gather(*tasks)
        return self.kept

    async def _bring(self, report: Report) -> None:
        async with self._chats.setdefault(report.chat, asyncio.Lock()):
            while await self._post(report.body) != 200:
                self.kept.again += 1
                await asyncio.sleep(RETRY_SECONDS)
            self.kept.confirmed[report.message] = time.monotonic()

    async def _post(self, body: bytes) -> int:
        """The status, 0 without one."""
        ports = self._ports()
        self._turn += 1
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def done(status: int) -> None:
            if not answered.done():
                answered.set_result(status)

        calling = None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                calling = await connect(ports[self._turn % len(ports)])
                calling.call(_REQUEST % (SECRET.encode(), len(body)) + body, done)
                return await answered
        except OSError:
            return 0
        finally:
            if calling is not None:
                calling.close()
