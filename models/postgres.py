"""PostgreSQL: the same synchronous units of work, run through asyncpg."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Session

from models.database import Job, Unavailable

T = TypeVar("T")

TRIES = 6
POOL = 10
# serialization failure, deadlock, and a unique key that another transaction has just taken
_AGAIN = {"40001", "40P01", "23505"}
# connection trouble, no room, shutting down
_DOWN = ("08", "53", "57P", "58")
_SERVER = {
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
    "timezone": "UTC",
}


class PostgresDatabase:
    """A server that several processes may share (models.database.Database)."""

    alone = False

    def __init__(self, url: str, info: dict[str, Any]) -> None:
        self.url = url
        self._info = info
        self._engine = engine_of(url)
        # a unit that computes from what it read must see nobody else's change half-way
        self._exact = self._engine.execution_options(isolation_level="REPEATABLE READ")

    async def write(self, job: Job[T], *, queue: bool = False) -> T:
        engine = self._engine if queue else self._exact
        for attempt in range(TRIES):
            try:
                async with self._session(engine) as session, session.begin():
                    return await session.run_sync(job)  # type: ignore[arg-type]
            except (DBAPIError, OSError, PoolTimeout) as error:
                _judge(error, last=attempt == TRIES - 1)
            # apart, so that two that met don't meet again
            await asyncio.sleep(random.uniform(0.002, 0.01) * 2**attempt)  # noqa: S311 - no secret
        raise AssertionError("the last try answers or raises")

    async def read(self, job: Job[T]) -> T:
        try:
            async with self._session(self._engine) as session:
                return await session.run_sync(job)  # type: ignore[arg-type]
        except (DBAPIError, OSError, PoolTimeout) as error:
            _judge(error, last=True)
            raise

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(
            engine, sync_session_class=Session, expire_on_commit=False, info=dict(self._info)
        ) as session:
            yield session


def engine_of(url: str) -> AsyncEngine:
    """An engine for a postgresql:// address; statements' values never appear in errors."""
    return create_async_engine(
        address(url),
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={"server_settings": _SERVER, "timeout": 10},
    )


def address(url: str) -> URL:
    """The address as asyncpg takes it."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def _judge(error: Exception, last: bool) -> None:
    """Returns if it is worth another try; else raises Unavailable or the error itself."""
    state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if state in _AGAIN and not last:
        return
    down = isinstance(error, (OSError, PoolTimeout)) or state.startswith(_DOWN)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if down or lost or (isinstance(error, OperationalError) and not state):
        raise Unavailable(type(error).__name__) from None
    raise error
