"""PostgreSQL: the same synchronous units of work, run through asyncpg.

Nothing here needs a session: no advisory lock, no temporary table, no setting made by a
statement. So a pooler in transaction mode may stand in front (decision 19).
"""

import asyncio
import math
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Session

from models.database import Job, TooLong, Unavailable, told_apart
from models.measures import COMMITTING
from models.server import Server
from models.watch import LoopWatch

T = TypeVar("T")

# updates that may share a unit of work
TOGETHER = 16
TRIES = 10
# the longest pause between two of them
PAUSE_SECONDS = 0.3
CONNECT_SECONDS = 5.0
# what a unit may compute at a stretch, during which nothing else of the process goes on
JOB_SECONDS = 5.0
CLOSE_SECONDS = 5.0
# statements a connection keeps prepared: all there are (a report alone has some 60 kinds)
STATEMENTS = 500
# serialization failure, deadlock, a unique key that another transaction has just taken, and a
# lock that another one holds for longer than we wait
LOCKED = "55P03"
_AGAIN = {"40001", "40P01", "23505", LOCKED}
# statement_timeout
_CANCELLED = "57014"
# a server that was the primary and is no longer
_READ_ONLY = "25006"
# connection trouble, no room, shutting down
_DOWN = ("08", "53", "57P", "58", _READ_ONLY, LOCKED)
# seconds of silence, seconds between questions, questions, and milliseconds until what was
# sent must be acknowledged: a machine that is gone is noticed within half a minute
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}
# what asyncpg raises while it connects comes as it is
REFUSED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_TROUBLE = (DBAPIError, OSError, PoolTimeout, *REFUSED)


@dataclass(slots=True)
class _Commit:
    """Whether a unit of work has asked for its commit: lost after that, its fate is unknown."""

    asked: bool = False


class PostgresDatabase:
    """A server that several processes may share (models.database.Database)."""

    alone = False

    def __init__(self, url: str, info: dict[str, Any], server: Server | None = None) -> None:
        server = server or Server()
        self.url = url
        self._info = info
        self._seconds = server.seconds
        # what may take minutes (Server.seconds None) may also compute for minutes
        self._watch = LoopWatch(math.inf if server.seconds is None else JOB_SECONDS)
        self.writes = 0
        # what must not wait behind handlers (storing, claiming, settling) has connections of its
        # own, and handlers have few: they compute in one thread, and more at once are only slower
        half, quarter = server.pool // 2, server.pool // 4
        self._queue = engine_of(url, server, server.pool - half, server.pool - quarter)
        # a unit that computes from what it read must see nobody else's change half-way
        exact = engine_of(url, server, half, quarter)
        self._exact = exact.execution_options(isolation_level="REPEATABLE READ")

    @property
    def together(self) -> int:
        """More would hardly save round trips, and the first would wait longer for the last."""
        return TOGETHER

    @property
    def pressed(self) -> bool:
        """Never: what Telegram waits for has connections of its own."""
        return False

    async def write(self, job: Job[T], *, queue: bool = False, awaited: bool = False) -> T:
        engine = self._queue if queue else self._exact
        job = self._watch.guard(job)
        for attempt in range(TRIES):
            commit = _Commit()
            try:
                with told_apart(queue):
                    async with asyncio.timeout(self._seconds):
                        return await self._unit(engine, job, commit)
            except _TROUBLE as error:
                with told_apart(queue):
                    await self._judge(error, repeat=attempt < TRIES - 1, unknown=commit.asked)
            finally:
                self.writes += 1
            # apart, so that two that met don't meet again
            await asyncio.sleep(min(PAUSE_SECONDS, 0.01 * 2**attempt) * random.uniform(0.2, 1))  # noqa: S311 - no secret
        raise AssertionError("the last try answers or raises")

    async def read(self, job: Job[T]) -> T:
        for last in (False, True):
            try:
                async with asyncio.timeout(self._seconds), self._session(self._queue) as session:
                    return await session.run_sync(job)  # type: ignore[arg-type]
            except _TROUBLE as error:
                await self._judge(error, repeat=not last, unknown=False)
        raise AssertionError("the last try answers or raises")

    async def close(self) -> None:
        self._watch.stop()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._exact.dispose()
                await self._queue.dispose()
        except OSError:
            # a server that doesn't answer gets no goodbye
            await self._forget()

    async def _forget(self) -> None:
        """Let go of every connection without a word; the next unit looks for the server anew."""
        await self._exact.dispose(close=False)
        await self._queue.dispose(close=False)

    async def _unit(self, engine: AsyncEngine, job: Job[T], commit: _Commit) -> T:
        async with self._session(engine) as session:
            answer: T = await session.run_sync(job)  # type: ignore[arg-type]
            commit.asked = True
            with COMMITTING.time():
                await session.commit()
            return answer

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(
            engine, sync_session_class=Session, expire_on_commit=False, info=dict(self._info)
        ) as session:
            yield session

    async def _judge(self, error: Exception, repeat: bool, unknown: bool) -> None:
        """Returns if it is right to run the unit again; else raises Unavailable or the error.

        The server has answered (a conflict): nothing of it was kept, so again. The connection
        was lost before the commit was asked for: the same. After that nobody knows, and
        only the caller can tell whether it was done.
        """
        state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
        if state in _AGAIN and repeat:
            return
        if state == _READ_ONLY:
            # every connection of the pool leads there: look for the primary anew
            await self._forget()
        lost = state == _READ_ONLY or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        )
        if lost and repeat and not unknown:
            return
        if state == _CANCELLED:
            raise TooLong from None
        silent = isinstance(error, (OperationalError, *REFUSED)) and not state
        down = isinstance(error, (OSError, PoolTimeout)) or state.startswith(_DOWN)
        if down or lost or silent:
            raise Unavailable(type(error).__name__) from None
        raise error


def engine_of(
    url: str, server: Server | None = None, kept: int | None = None, more: int | None = None
) -> AsyncEngine:
    """An engine for a postgresql:// address; statements' values never appear in errors.

    `kept`, `more`: connections, if not as many as the server says.
    """
    server = server or Server()
    engine = create_async_engine(
        address(url),
        pool_size=kept or server.pool,
        max_overflow=server.pool if more is None else more,
        pool_timeout=10,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=(_POOLED if server.pooled else _direct(server)) | _CONNECTING,
    )
    event.listen(engine.sync_engine, "connect", _keep_alive)
    return engine


def _direct(server: Server) -> dict[str, Any]:
    return {
        "server_settings": dict(server.session),
        "timeout": CONNECT_SECONDS,
        "prepared_statement_cache_size": STATEMENTS,
    }


# nothing kept in a session that the next transaction may not get
_POOLED: dict[str, Any] = {
    "timeout": CONNECT_SECONDS,
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}


async def connect(host: Any = None, port: Any = None, **given: Any) -> asyncpg.Connection:
    """A connection; with several hosts, to the first of them that is the primary.

    asyncpg can choose too, but gives up at a pooler that has nobody behind it, and believes a
    pooler that says what its server was when the pooler first asked.
    """
    if not isinstance(host, (list, tuple)):
        return await asyncpg.connect(host=host, port=port, **given)
    refused: Exception = OSError("no host is the primary")
    for one, at in zip(host, port, strict=True):
        try:
            connection = await asyncpg.connect(host=one, port=at, **given)
            if await _is_primary(connection):
                return connection
        except (OSError, *REFUSED) as error:
            refused = error
    raise refused


async def _is_primary(connection: asyncpg.Connection) -> bool:
    try:
        if not await connection.fetchval("SELECT pg_is_in_recovery()", timeout=CONNECT_SECONDS):
            return True
    except BaseException:
        connection.terminate()
        raise
    connection.terminate()
    return False


_CONNECTING = {"async_creator_fn": connect}


def options(url: str) -> dict[str, Any]:
    """What `connect` takes for a postgresql:// address, which may name several hosts."""
    found = address(url)
    _, given = found.get_dialect()().create_connect_args(found)
    return dict(given)


def address(url: str) -> URL:
    """The address as asyncpg takes it."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def _keep_alive(raw: Any, _record: Any) -> None:
    """Notice a machine that is gone; asyncpg leaves that to whoever opened the socket."""
    found = raw.driver_connection._transport.get_extra_info("socket")
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
