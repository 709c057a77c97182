"""Units of work on PostgreSQL for tests that are no coroutines.

The driver is asynchronous, so they run as the service's own do: inside SQLAlchemy's bridge (a
greenlet on an event loop). One connection serves them all; each is undone.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util import greenlet_spawn
from sqlmodel import Session

from models.postgres import address


@dataclass(frozen=True)
class OnLoop:
    """An engine and the loop that it lives on."""

    loop: asyncio.AbstractEventLoop
    engine: AsyncEngine

    @contextmanager
    def unit(self, info: dict[str, Any]) -> Iterator[Session]:
        """An open unit of work; nothing of it is kept."""
        opened = AsyncSession(
            self.engine, sync_session_class=Session, expire_on_commit=False, info=info
        )
        yield opened.sync_session  # type: ignore[misc]
        self.loop.run_until_complete(opened.close())

    def run(self, work: Callable[[], None]) -> None:
        """Run a plain function that uses such a unit."""
        self.loop.run_until_complete(greenlet_spawn(work))


@contextmanager
def open_units(url: str) -> Iterator[OnLoop]:
    """A database for one unit of work after the other."""
    loop = asyncio.new_event_loop()
    engine = create_async_engine(address(url), pool_size=1)
    event.listen(engine.sync_engine, "commit", refuse)
    yield OnLoop(loop, engine)
    loop.run_until_complete(engine.dispose())
    loop.close()


def refuse(_connection: Connection) -> None:
    """Whoever commits would leave traces for the tests that follow."""
    raise AssertionError("a unit of work never commits: its caller does")
