"""The door to the database: one unit of work is a plain function that takes a session.

`write` answers only after the commit is durable. A unit may be run more than once (another
one broke its transaction, or PostgreSQL asks for a repetition), so it touches nothing but
its session.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy.engine import make_url
from sqlmodel import Session

import models.kept  # noqa: F401 - rows stay read until their unit of work ends
from models.known import MEMORY
from models.server import Server

T = TypeVar("T")
Job = Callable[[Session], T]


class Unavailable(Exception):
    """The database can't work just now (disk full, server down): try again later."""


class Taken(Exception):
    """Another process has the SQLite file open for writing. Arguments: its path."""


class TooLong(Exception):
    """A unit of work ran longer than it may, and was undone."""


@contextmanager
def told_apart(queue: bool) -> Iterator[None]:
    """A unit of work that computes may hang by its own fault. One that only keeps a queue can't:
    if it took too long the database was too slow, and the same will go another time."""
    try:
        yield
    except TooLong:
        if queue:
            raise Unavailable("too slow") from None
        raise


class Database(Protocol):
    """Where units of work run. `alone`: no second process can be working on it.

    `writes`: how many units of work that may have changed something have ended here.
    """

    alone: bool
    url: str
    writes: int

    @property
    def together(self) -> int:
        """How many updates may share one unit of work."""
        ...

    @property
    def pressed(self) -> bool:
        """Whether Telegram waits for a commit that can't be made before the unit under way
        ends: then it should end soon. To be asked inside of a unit of work."""
        ...

    async def write(self, job: Job[T], *, queue: bool = False, awaited: bool = False) -> T:
        """Run `job` in one transaction and answer after the commit.

        `queue`: rows are claimed and not computed from, so reading what others have just
        committed is right. `awaited`: Telegram waits for the commit. Raises what the job
        raised, Unavailable, or (without `queue`) TooLong.
        After Unavailable it may have been committed all the same (decision 18): a job that
        is asked for again must find that out by itself.
        """
        ...

    async def read(self, job: Job[T]) -> T:
        """Run `job` where nothing can be changed."""
        ...

    async def close(self) -> None:
        """Finish what was begun, then let go of the database."""
        ...


def one_snapshot(session: Session) -> None:
    """All that this unit of work reads is of one moment; call it first."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite knows nothing else
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def open_database(url: str, equipment: Any = None, server: Server | None = None) -> Database:
    """`sqlite:///file` or `postgresql://…`. `equipment` goes to `Session.info["equipment"]`,
    `server` says how to reach a PostgreSQL server.

    Raises Taken (SQLite in use by another process) and ValueError for other databases.
    """
    backend = make_url(url).get_backend_name()
    info = {MEMORY: {}} if equipment is None else {MEMORY: {}, "equipment": equipment}
    if backend == "sqlite":
        from models.sqlite import SqliteDatabase

        return SqliteDatabase(url, info)
    if backend == "postgresql":
        from models.postgres import PostgresDatabase

        return PostgresDatabase(url, info, server)
    raise ValueError(f"{backend} databases are not supported: use sqlite:/// or postgresql://")
