"""Residents' messages, as Telegram's webhook brings them: at most 40 at a time, one per chat."""

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.reports import Report
from bench.wire import Calling, connect

CONNECTIONS = 40  # Telegram's own default, and what the service asks for
RETRY_SECONDS = 0.5
STALL_SECONDS = 30.0
SECRET = "bench-secret"

_REQUEST = (
    b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"X-Telegram-Bot-Api-Secret-Token: %s\r\nContent-Length: %d\r\n\r\n"
)


@dataclass
class Log:
    """When each report was due, and when it was confirmed (monotonic seconds, in order)."""

    due: "array[float]" = field(default_factory=lambda: array("d"))
    confirmed: "array[float]" = field(default_factory=lambda: array("d"))
    refused: int = 0

    def waits(self) -> list[float]:
        """Seconds from due to confirmed, of those that were."""
        pairs = zip(self.due, self.confirmed, strict=True)
        return [done - due for due, done in pairs if done]


class Load:
    """Posts reports over its connections. `path`: of the webhook."""

    def __init__(self, connections: Sequence[Calling], path: str) -> None:
        self._free = deque(connections)
        self._path = path.encode()
        self._queues: dict[int, deque[int]] = {}
        self._ready: deque[int] = deque()
        self._flying: set[int] = set()
        self._reports: Sequence[Report] = ()
        self._left = 0
        self._over: asyncio.Future[None] | None = None
        self.log = Log()

    async def all_at_once(self, reports: Sequence[Report]) -> Log:
        """As fast as they are confirmed."""
        self._begin(reports)
        now = time.monotonic()
        for number in range(len(reports)):
            self._release(number, now)
        self._go()
        await self._wait()
        return self.log

    async def at_rate(self, reports: Sequence[Report], rate: float) -> Log:
        """`rate` a second, whether or not the earlier ones are confirmed.

        A wait is counted from when the report was due, so that a stall shows in all it delays.
        """
        self._begin(reports)
        start = time.monotonic()
        number = 0
        while number < len(reports):
            now = time.monotonic()
            while number < len(reports) and start + number / rate <= now:
                self._release(number, start + number / rate)
                number += 1
            self._go()
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        await self._wait()
        return self.log

    def _begin(self, reports: Sequence[Report]) -> None:
        self.log = Log()
        self._reports, self._left = reports, len(reports)
        self._over = asyncio.get_running_loop().create_future()
        self.log.due.extend([0.0] * len(reports))
        self.log.confirmed.extend([0.0] * len(reports))

    async def _wait(self) -> None:
        """Until all are confirmed, or none is any more."""
        while self._left and self._over is not None:
            before = self._left
            await asyncio.wait({self._over}, timeout=STALL_SECONDS)
            if self._left == before:
                return

    def _release(self, number: int, due: float) -> None:
        self.log.due[number] = due
        chat = self._reports[number].chat
        queue = self._queues.setdefault(chat, deque())
        queue.append(number)
        if len(queue) == 1 and chat not in self._flying:
            self._ready.append(chat)

    def _go(self) -> None:
        while self._ready and self._free:
            self._post(self._free.popleft(), self._ready.popleft())

    def _post(self, connection: Calling, chat: int) -> None:
        number = self._queues[chat].popleft()
        self._flying.add(chat)
        body = self._reports[number].body
        request = _REQUEST % (self._path, SECRET.encode(), len(body)) + body
        connection.call(request, lambda status: self._answered(connection, chat, number, status))

    def _answered(self, connection: Calling, chat: int, number: int, status: int) -> None:
        self._flying.discard(chat)
        if connection.open:
            self._free.append(connection)
        if status == 200:
            self.log.confirmed[number] = time.monotonic()
            self._left -= 1
        else:
            self.log.refused += 1
            self._queues[chat].appendleft(number)
        if self._queues[chat]:
            self._again(chat, later=status != 200)
        if not self._left and self._over is not None and not self._over.done():
            self._over.set_result(None)
        self._go()

    def _again(self, chat: int, later: bool) -> None:
        if later:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._retry, chat)
        else:
            self._ready.append(chat)

    def _retry(self, chat: int) -> None:
        self._ready.append(chat)
        self._go()

    def close(self) -> None:
        for connection in self._free:
            connection.close()


async def loading(ports: Sequence[int], path: str) -> Load:
    """Connections to one process, or spread evenly over several."""
    connections = [await connect(ports[n % len(ports)]) for n in range(CONNECTIONS)]
    return Load(connections, path)
