"""A wire to PostgreSQL that behaves like a pooler in transaction mode, and can be cut.

Each client has two connections behind it and gets the other one after every transaction, so that
whatever was left in a session is missed at once; startup parameters that pgbouncer refuses are
refused. An answer can be lost, all clients dropped, everything frozen.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url

# what pgbouncer keeps track of itself; anything else it refuses
TRACKED = {
    "user", "database", "client_encoding", "datestyle", "timezone",
    "standard_conforming_strings", "application_name",
}  # fmt: skip
SSL_REQUEST = 80877103
CANCEL_REQUEST = 80877102
STARTING = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


@dataclass
class Wire:
    """`lose`: what goes next, with its connection: a "statement", a "commit" on its way there or
    the "answer" to one. `starting`: nobody is let in yet."""

    url: str
    server: str
    lose: str | None = None
    starting: bool = False
    commits: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    clients: set[asyncio.StreamWriter] = field(default_factory=set)

    def drop(self) -> None:
        """Every client loses its connection, as in a restart."""
        for each in list(self.clients):
            each.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.add(writer)
        try:
            await _Client(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.clients.discard(writer)
            writer.transport.abort()

    async def relay(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        await self.open.wait()
        writer.write(message)
        await writer.drain()


class _Client:
    def __init__(
        self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.wire, self.reader, self.writer = wire, reader, writer
        self.behind: list[asyncio.StreamWriter] = []

    async def run(self) -> None:
        startup = await self._startup()
        if startup is None:
            return
        if self.wire.starting:
            self.writer.write(b"E" + struct.pack("!I", 4 + len(STARTING)) + STARTING)
            await self.writer.drain()
            return
        tasks: list[asyncio.Task[None]] = []
        try:
            for number in range(2):
                upstream, out = await asyncio.open_unix_connection(self.wire.server)
                out.write(startup)
                self.behind.append(out)
                await self._welcome(upstream, quiet=number == 0)
                tasks.append(asyncio.create_task(self._answers(upstream)))
            tasks.append(asyncio.create_task(self._questions()))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for out in self.behind:
                out.transport.abort()

    async def _startup(self) -> bytes | None:
        while True:
            head = await self.reader.readexactly(8)
            length, code = struct.unpack("!II", head)
            body = await self.reader.readexactly(length - 8)
            if code == SSL_REQUEST:
                self.writer.write(b"N")
                continue
            if code == CANCEL_REQUEST:
                return None
            names = set(filter(None, body.decode().split("\0")[::2]))
            assert names <= TRACKED, f"pgbouncer refuses {names - TRACKED}"
            return head + body

    async def _welcome(self, upstream: asyncio.StreamReader, quiet: bool) -> None:
        kind = b""
        while kind != b"Z":
            kind, body = await _message(upstream)
            if not quiet:
                await self.wire.relay(self.writer, kind + body)

    async def _questions(self) -> None:
        while True:
            kind, body = await _message(self.reader)
            commit = kind == b"Q" and body[4:].startswith(b"COMMIT")
            what = "commit" if commit else {b"P": "statement"}.get(kind)
            if what and what == self.wire.lose:
                self.wire.lose = None
                return
            await self.wire.relay(self.behind[0], kind + body)

    async def _answers(self, upstream: asyncio.StreamReader) -> None:
        while True:
            kind, body = await _message(upstream)
            if kind == b"C" and body[4:].startswith(b"COMMIT"):
                self.wire.commits += 1
                if self.wire.lose == "answer":
                    self.wire.lose = None
                    return
            if kind == b"Z" and body[4:] == b"I":
                self.behind.reverse()
            await self.wire.relay(self.writer, kind + body)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    head = await reader.readexactly(4)
    return kind, head + await reader.readexactly(struct.unpack("!I", head)[0] - 4)


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[Wire]:
    """A wire to the server behind a unix-socket address; `.url` is the wire's own."""
    found = make_url(url)
    wire = Wire("", f"{found.query['host']}/.s.PGSQL.5432")
    wire.open.set()
    listening = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    here = found.set(host="127.0.0.1", port=port, query={})
    wire.url = here.render_as_string(hide_password=False)
    try:
        yield wire
    finally:
        wire.open.set()
        listening.close()
        wire.drop()
