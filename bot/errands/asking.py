"""How a command has its errand done: by the running service if there is one, else by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.engine import make_url
from sqlmodel import Session

from bot.assembly import opened
from bot.cannot import Cannot, InUse
from bot.config import Settings
from bot.errands.errand import Errand, Undone, When, carry_out
from bot.errands.hatch import TOO_LONG
from bot.errands.wire import MOST_BYTES, Reply, Request, socket_of
from domain.refused import Refused
from models import new_id
from models.database import Job
from models.sqlite import path_of

G = TypeVar("G")
A = TypeVar("A")
# runs a job in one transaction, here
Directly = Callable[[Job[Any]], Awaitable[Any]]

# a service that starts has the file before it listens; one that ends listens no more
PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.1
ANSWER_SECONDS = 60.0


async def ask(
    settings: Settings,
    errand: Errand[G, A],
    given: Callable[[], G],
    directly: Directly | None = None,
    do: Callable[[Session, When], A] | None = None,
) -> A:
    """The errand's answer, once it is durable. Raises Refused, and Cannot with what to do.

    A service that ends before it has answered may have done it or not: whoever does it next finds
    that out by the request's key. `directly`, `do`: how it is done without a service, if not in one
    unit of work on what is `given`.
    """
    url = settings.database.url
    lite = make_url(url).get_backend_name() == "sqlite"
    key = new_id() if lite else None
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        if key is not None and (reply := await _handed_in(path_of(url), errand, key, given)):
            return _understood(errand, reply)
        try:
            return await _by_itself(settings, errand, key, given, directly, do)
        except InUse:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(PAUSE_SECONDS)


async def _by_itself(
    settings: Settings,
    errand: Errand[G, A],
    key: UUID | None,
    given: Callable[[], G],
    directly: Directly | None,
    do: Callable[[Session, When], A] | None,
) -> A:
    now = datetime.now(UTC)
    when = When(now, now)
    own = errand if do is None else _with(errand, do)

    def job(session: Session) -> A:
        return carry_out(session, own, key, given() if do is None else None, when)

    try:
        if directly is not None:
            found: A = await directly(job)
            return found
        async with opened(settings) as database:
            return await database.write(job)
    except Undone as trial:
        answer: A = trial.answer
        return answer


def _with(errand: Errand[Any, A], do: Callable[[Session, When], A]) -> Errand[Any, A]:
    return Errand(errand.name, errand.given, errand.answer, lambda s, _, w: do(s, w), errand.keeps)


async def _handed_in(
    file: Path, errand: Errand[G, A], key: UUID, given: Callable[[], G]
) -> Reply | None:
    """The service's reply; None: there is none, or it ended before it replied."""
    place = socket_of(file)
    if not _is_ours(place, file) or not await _listens(place):
        return None
    request = Request(key, errand.name, msgspec.Raw(msgspec.json.encode(given())))
    asked = msgspec.json.encode(request)
    if len(asked) > MOST_BYTES:
        raise Cannot(TOO_LONG)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            said = await _exchanged(place, asked)
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise Cannot(
                "The running service doesn't answer: see `linli doctor` before you try again."
            ) from None
        return None
    try:
        return msgspec.json.decode(said, type=Reply)
    except msgspec.DecodeError:
        return None


def _is_ours(place: Path, file: Path) -> bool:
    """Whether who owns the database listens there, and nobody else."""
    try:
        return place.is_socket() and place.stat().st_uid == file.stat().st_uid
    except OSError:
        return False


async def _listens(place: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(place))
    except OSError:
        return False
    writer.close()
    return True


async def _exchanged(place: Path, asked: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(place))
    try:
        writer.write(asked)
        writer.write_eof()
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()


def _understood(errand: Errand[Any, A], reply: Reply) -> A:
    if reply.refused is not None:
        raise Refused(reply.refused, **reply.facts)
    if reply.cannot is not None:
        raise Cannot(reply.cannot)
    found: A = msgspec.json.decode(reply.answer, type=errand.answer)
    return found
