"""PostgreSQL: every table by COPY in one REPEATABLE READ transaction, and back in one transaction.

No `pg_dump`: it must be as new as the server and isn't there where only Python is, and a restore
could not erase what had been erased since in the same transaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import PostgresError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from bot.backup.tape import TABLE, Damaged, Hashing, Tape
from bot.cannot import Cannot
from models.postgres import engine_of

PIECE = 8 * 1024 * 1024
BLOCK = 256 * 1024
NOT_OURS = "alembic_version"


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[AsyncConnection]:
    """One transaction without a limit on its time."""
    engine = engine_of(url).execution_options(**options)
    try:
        async with engine.begin() as connection:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                await connection.execute(text(f"SET LOCAL {limit} = 0"))
            yield connection
    finally:
        await engine.dispose()


async def tables(connection: AsyncConnection) -> dict[str, list[str]]:
    """Each table with its columns, those that others refer to first; partitions are their
    table's."""
    found = await connection.execute(
        text(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relnamespace = to_regnamespace(current_schema())::oid "
            "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> :other "
            "AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' "
            "ORDER BY c.relname, a.attnum"
        ),
        {"other": NOT_OURS},
    )
    columns: dict[str, list[str]] = {}
    for table, column in found:
        columns.setdefault(table, []).append(column)
    known = [table.name for table in SQLModel.metadata.sorted_tables if table.name in columns]
    return {name: columns[name] for name in dict.fromkeys([*known, *columns])}


async def revision(connection: AsyncConnection) -> str | None:
    """Which release's tables these are; None without any."""
    there = await connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not there.scalar_one():
        return None
    found = await connection.execute(text("SELECT version_num FROM alembic_version"))
    return found.scalar_one_or_none()


async def put(connection: AsyncConnection, tape: Tape) -> dict[str, int]:
    """Every row onto the tape, in pieces; how many of each table."""
    return {
        table: await _put_table(connection, tape, table, columns)
        for table, columns in (await tables(connection)).items()
    }


async def _put_table(
    connection: AsyncConnection, tape: Tape, table: str, columns: list[str]
) -> int:
    pieces, rows, waiting = 0, 0, bytearray()

    def flush() -> None:
        nonlocal pieces
        if waiting:
            pieces += 1
            tape.put(f"tables/{table}/{pieces:06}", bytes(waiting))
            waiting.clear()

    async def take(block: bytes) -> None:
        nonlocal rows
        rows += block.count(b"\n")
        waiting.extend(block)
        if len(waiting) >= PIECE:
            flush()

    query = f'SELECT {_listed(columns)} FROM "{table}"'  # noqa: S608 - names from the catalogue
    await (await _driver(connection)).copy_from_query(query, output=take)
    flush()
    return rows


@asynccontextmanager
async def emptied(connection: AsyncConnection) -> AsyncIterator[None]:
    """Every table is empty, and in the block no trigger makes rows of the rows that come back."""
    names = list(await tables(connection))
    listed = _listed(names)
    try:
        await connection.execute(text(f"TRUNCATE {listed} CASCADE"))
        await _triggers(connection, names, "DISABLE")
    except ProgrammingError:
        raise Cannot(
            "The role of database.url may not empty the tables: restore with the role that "
            "`linli migrate` runs with."
        ) from None
    yield
    await _triggers(connection, names, "ENABLE")


async def _triggers(connection: AsyncConnection, names: list[str], what: str) -> None:
    for name in names:
        await connection.execute(text(f'ALTER TABLE "{name}" {what} TRIGGER USER'))


async def fill(
    connection: AsyncConnection, columns: dict[str, list[str]], name: str, content: Hashing
) -> None:
    """One piece of a table back into it."""
    table = TABLE.fullmatch(name)
    assert table is not None
    here = columns[table[1]]
    driver = await _driver(connection)
    try:
        await driver.copy_to_table(table[1], source=_blocks(content), columns=here)
    except PostgresError as error:
        raise Damaged(f"{table[1]}: {type(error).__name__}") from None


async def _blocks(content: Hashing) -> AsyncIterator[bytes]:
    for block in iter(lambda: content.read(BLOCK), b""):
        yield block


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """How many rows each table has."""
    return {table: await _count(connection, table) for table in await tables(connection)}


async def _count(connection: AsyncConnection, table: str) -> int:
    found = await connection.execute(text(f'SELECT count(*) FROM "{table}"'))  # noqa: S608
    return int(found.scalar_one())


async def filled(connection: AsyncConnection) -> str | None:
    """The first table that has a row, or None."""
    for table in await tables(connection):
        found = await connection.execute(text(f'SELECT 1 FROM "{table}" LIMIT 1'))  # noqa: S608
        if found.first() is not None:
            return table
    return None


async def is_served(connection: AsyncConnection) -> bool:
    """Whether a process of the service lives on it."""
    found = await connection.execute(
        text("SELECT 1 FROM lease WHERE name LIKE 'alive %' AND until > now() LIMIT 1")
    )
    return found.first() is not None


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
