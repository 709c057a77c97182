"""A look at a database that another process may be serving: no lock, and nothing is changed."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session

from models.database import Database, Job, open_database
from models.server import Server
from models.sqlite import BUSY_MILLISECONDS, path_of

T = TypeVar("T")


class Missing(Exception):
    """There is no such file. Arguments: its path."""


class SqliteReading:
    """A file, read by one connection at a time while whoever serves it goes on writing."""

    def __init__(self, url: str, info: dict[str, Any]) -> None:
        """Raises Missing."""
        self.path = path_of(url)
        if not self.path.is_file():
            raise Missing(str(self.path))
        self._info = info
        self._engine = create_engine(
            "sqlite://", creator=self._open, poolclass=NullPool, hide_parameters=True
        )
        event.listen(self._engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))

    async def read(self, job: Job[T]) -> T:
        """What `job` finds in one consistent state of the file."""
        return cast(T, await asyncio.to_thread(self._read, job))

    def _read(self, job: Job[Any]) -> Any:
        with (
            self._engine.connect() as connection,
            Session(connection, expire_on_commit=False, info=dict(self._info)) as session,
        ):
            return job(session)

    def _open(self) -> sqlite3.Connection:
        return open_file(self.path)

    async def close(self) -> None:
        self._engine.dispose()


def open_file(path: Path) -> sqlite3.Connection:
    """A connection that can't write, without transactions of the driver's own."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    if _at_rest(path):
        # nobody serves it, and on a read-only disk SQLite could not even make its log
        address += "&immutable=1"
    raw = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    return raw


def _at_rest(path: Path) -> bool:
    """Whether the file lies where we can't write and nobody has it open."""
    shared = Path(f"{path}-shm")
    return not os.access(path.parent, os.W_OK, effective_ids=True) and not shared.exists()


def open_reading(
    url: str, equipment: Any = None, server: Server | None = None
) -> "SqliteReading | Database":
    """Something to read from, whoever else uses the database. `server`: how to reach PostgreSQL.

    Raises Missing (no such file) and ValueError for other databases.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteReading(url, {} if equipment is None else {"equipment": equipment})
    return open_database(url, equipment, server)
