"""Bringing a database to this release's tables, through Alembic."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from models.database import Unavailable
from models.roles import grant
from models.server import MIGRATING, Server
from models.sqlite import hold, path_of, writing_engine

if TYPE_CHECKING:  # it takes a quarter of the start, and a start seldom migrates
    from alembic.config import Config

Work = Callable[[Connection], bool]

FOLDER = Path(__file__).with_name("migrations")


class Newer(Exception):
    """The database was made by a later release than this one."""


async def migrate(url: str, role: str | None = None, to: str = "head") -> None:
    """Create or upgrade the tables; on PostgreSQL, `role` (the service's own, if it is another
    than the one of `url`) gets what it needs of them.

    Raises NoSuchRole, Newer if this release doesn't know the database, Taken if it is a file in
    use, Unavailable if a server doesn't let us in.
    """
    await _connected(url, partial(_upgrade, to=to), MIGRATING)
    if role is not None:
        await _connected(url, partial(_grant, role=role), MIGRATING)


def migrate_file(url: str) -> None:
    """The same for an SQLite file, at once."""
    _on_sqlite(url, _upgrade)


def migrate_within(connection: Connection) -> None:
    """The same inside of a transaction that the caller ends."""
    if not _is_current(connection):
        _bring_up(connection, "head")


def knows(revision: str) -> bool:
    """Whether this release has made, or can upgrade, tables of this revision."""
    return revision in revisions()


def revisions() -> list[str]:
    """The revisions of this release, oldest first: the files' numbers (a test compares)."""
    return sorted(each.name[:4] for each in (FOLDER / "versions").glob("[0-9]*.py"))


async def is_current(url: str, server: Server | None = None) -> bool:
    """Whether the tables are this release's. Raises Newer as `migrate` does."""
    return await _connected(url, _is_current, server)


def config_for(connection: Connection) -> "Config":
    """Alembic's configuration for an open connection (also for drafting a migration)."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def _grant(connection: Connection, role: str) -> bool:
    grant(connection, role)
    return True


def _upgrade(connection: Connection, to: str = "head") -> bool:
    if _is_current(connection):
        return False
    _bring_up(connection, to)
    connection.commit()
    return True


def _bring_up(connection: Connection, to: str) -> None:
    from alembic import command

    command.upgrade(config_for(connection), to)


def _is_current(connection: Connection) -> bool:
    found, known = _revision(connection), revisions()
    if found is not None and found not in known:
        raise Newer(found)
    return found == known[-1]


def _revision(connection: Connection) -> str | None:
    """The revision of the tables, None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
    found: str | None = rows.scalar_one_or_none()
    return found


async def _connected(url: str, work: Work, server: Server | None = None) -> bool:
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return await asyncio.to_thread(_on_sqlite, url, work)
    if backend != "postgresql":
        raise ValueError(f"{backend} databases are not supported: use sqlite:/// or postgresql://")
    return await _on_postgres(url, work, server)


async def _on_postgres(url: str, work: Work, server: Server | None) -> bool:
    from models.postgres import LOCKED, REFUSED, engine_of  # a service on SQLite needs no driver

    engine = engine_of(url, server)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    except (OSError, OperationalError, *REFUSED) as error:
        raise Unavailable(type(error).__name__) from None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCKED:
            raise Unavailable("a table is in use for long: try again") from None
        raise
    finally:
        await engine.dispose()


def _on_sqlite(url: str, work: Work) -> bool:
    # a running service must not have its tables changed under it
    with hold(path_of(url)), writing_engine(url).connect() as connection:
        return work(connection)
