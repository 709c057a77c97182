"""HTTP/1.1 as bare as it goes: the measuring process shares two cores with what it measures."""

import asyncio
import re
from collections.abc import Callable

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"

Answer = Callable[[bytes, bytes], bytes]
Done = Callable[[int], None]


def response(body: bytes) -> bytes:
    """A good answer with JSON in it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


class _Reader(asyncio.Protocol):
    """Cuts a stream into heads and bodies; both sides always send a Content-Length."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(HEAD_END)) >= 0:
            found = LENGTH.search(self._buffer, 0, end)
            body = end + len(HEAD_END)
            until = body + (int(found[1]) if found else 0)
            if len(self._buffer) < until:
                return
            head, content = bytes(self._buffer[:end]), bytes(self._buffer[body:until])
            del self._buffer[:until]
            self.took(head, content)

    def took(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError


class Serving(_Reader):
    """One connection to us. `answer`: (head, body) → the whole response."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def took(self, head: bytes, body: bytes) -> None:
        assert self.transport is not None
        self.transport.write(self._answer(head, body))


class Calling(_Reader):
    """One connection of ours, with one request at a time on it."""

    def __init__(self) -> None:
        super().__init__()
        self._done: Done | None = None

    def call(self, request: bytes, done: Done) -> None:
        """Send a whole request; `done` gets the status, 0 for a lost connection."""
        self._done = done
        assert self.transport is not None
        self.transport.write(request)

    def took(self, head: bytes, body: bytes) -> None:
        self._finish(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(0)

    @property
    def open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def _finish(self, status: int) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(status)


async def serve(answer: Answer) -> tuple[asyncio.Server, int]:
    """Listen on any free port of this machine."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Serving(answer), "127.0.0.1", 0, backlog=1024)
    return server, int(server.sockets[0].getsockname()[1])


async def connect(port: int) -> Calling:
    """A connection to a port of this machine."""
    _, protocol = await asyncio.get_running_loop().create_connection(Calling, "127.0.0.1", port)
    return protocol
