"""The hatch at which the running service takes errands: a socket beside the database's file.

Only who may write the file may knock (mode 0600). On PostgreSQL there is none: commands write
by themselves.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import msgspec
import structlog

from bot.cannot import Cannot
from bot.clock import Clock
from bot.errands.errand import Errand, Undone, When, carry_out
from bot.errands.wire import MOST_BYTES, Reply, Request, socket_of
from domain.refused import Refused
from models import crash
from models.database import Database, TooLong, Unavailable
from models.sqlite import path_of

# a request comes whole and at once
READ_SECONDS = 30.0
PART = 1 << 20
# what was handed in is done in less
STOP_SECONDS = 5.0

TOO_LONG = (
    "This takes longer than the running service may be kept waiting: stop the service first, "
    "and do it then."
)
OTHER_RELEASE = (
    "The running service is of another release and doesn't know this: stop it first, or use the "
    "command of its release."
)

log = structlog.get_logger("bot.errands")


class Hatch:
    """`wake` is called when something was written."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.wake: Callable[[], None] = lambda: None
        self._database = database
        self._clock = clock
        self._guests: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Take errands until the block ends; those begun are finished."""
        if not self._database.alone:
            yield self
            return
        place = socket_of(path_of(self._database.url))
        server = await self._open(place)
        try:
            yield self
        finally:
            if server is not None:
                server.close()
                place.unlink(missing_ok=True)
            if self._guests:
                await asyncio.wait(self._guests, timeout=STOP_SECONDS)

    async def _open(self, place: Path) -> asyncio.Server | None:
        """None where there can be no socket: commands need the service stopped, as they say."""
        try:
            return await asyncio.start_unix_server(self._come, sock=_bound(place))
        except OSError as error:
            log.warning("commands_unheard", error=type(error).__name__)
            return None

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._guests.add(task)
        try:
            with suppress(ConnectionError, TimeoutError):
                if (asked := await _whole(reader)) is not None:
                    writer.write(msgspec.json.encode(await self._reply(asked)))
                    await writer.drain()
        finally:
            self._guests.discard(task)
            writer.close()

    async def _reply(self, asked: bytes) -> Reply:
        # what lists need takes memory and half a second, and most services never see one
        listed = await asyncio.to_thread(import_module, "bot.errands.listed")
        try:
            request = msgspec.json.decode(asked, type=Request)
            errand = listed.ALL[request.errand]
            given = msgspec.json.decode(request.given, type=errand.given)
        except (msgspec.DecodeError, KeyError):
            return Reply(cannot=OTHER_RELEASE)
        return await self._answer(errand, request, given)

    async def _answer(self, errand: Errand[Any, Any], request: Request, given: Any) -> Reply:
        when = When(self._clock.now(), self._clock.wall())
        try:
            answer = await self._database.write(
                lambda session: carry_out(session, errand, request.id, given, when)
            )
            crash.point("errand.committed")
            self.wake()
        except Undone as trial:
            answer = trial.answer
        except Refused as refused:
            return Reply(refused=refused.code, facts=refused.facts)
        except Cannot as cannot:
            return Reply(cannot=str(cannot))
        except TooLong:
            return Reply(cannot=TOO_LONG)
        except Unavailable as error:
            return Reply(cannot=f"The database can't work just now ({error}): try again.")
        except Exception as error:
            log.error("errand_failed", errand=errand.name, exc_info=error)
            return Reply(cannot="The service met a bug: its log has errand_failed; report it.")
        log.info("errand_done", errand=errand.name)
        return Reply(answer=msgspec.Raw(msgspec.json.encode(answer)))


def _bound(place: Path) -> socket.socket:
    """Nobody can connect before it is heard, so there is no moment with a wider mode."""
    if place.is_socket():  # of a service that was killed: this one holds the lock
        place.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(place))
        place.chmod(0o600)
    except BaseException:
        made.close()
        raise
    return made


async def _whole(reader: asyncio.StreamReader) -> bytes | None:
    """A request; None: it is nobody's who means it, or whoever asked has gone."""
    parts, size = [], 0
    async with asyncio.timeout(READ_SECONDS):
        while part := await reader.read(PART):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                return None
    return b"".join(parts) or None
