"""Models and migrations say the same on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

import models
from models.migrate import FOLDER, Newer, is_current, migrate
from models.postgres import address


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, models.metadata))


async def on(url: str, work):
    if url.startswith("sqlite"):
        with create_engine(url).connect() as connection:
            return work(connection)
    engine = create_async_engine(address(url))
    async with engine.begin() as connection:
        answer = await connection.run_sync(work)
    await engine.dispose()
    return answer


async def test_the_migrated_tables_are_those_of_the_models(database_url: str):
    assert await on(database_url, differences) == []


async def test_migrating_again_changes_nothing(database_url: str):
    assert await is_current(database_url)
    await migrate(database_url)
    assert await is_current(database_url)


async def test_a_database_of_a_newer_release_is_refused(database_url: str):
    def newer(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()

    await on(database_url, newer)
    with pytest.raises(Newer):
        await migrate(database_url)


def test_migrations_import_none_of_our_code():
    for path in Path(FOLDER, "versions").glob("*.py"):
        lines = path.read_text().splitlines()
        imports = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
        assert imports <= {
            "collections.abc",
            "typing",
            "sqlalchemy",
            "alembic",
            "sqlalchemy.dialects",
        }
