"""Models and migrations say the same on both databases."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

import models
import models.migrate
from models import partitions
from models.database import Unavailable
from models.migrate import FOLDER, Newer, config_for, is_current, migrate, revisions
from models.postgres import address
from models.server import MIGRATING
from models.sqlite import writing_engine
from tests.conftest import BACKENDS


def differences(connection: Connection) -> list[object]:
    opts: dict[str, Any] = {"compare_type": True}
    if connection.dialect.name == "postgresql":
        opts["include_object"] = of_the_models
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, models.metadata))


def of_the_models(_: object, name: str, kind: str, _reflected: bool, _other: object) -> bool:
    """Partitions are their table's, and what is there once is said in each of them."""
    if kind == "unique_constraint":
        return name not in partitions.ONCE.values()
    if kind == "table":
        return re.fullmatch(r"(inbox|outbox)_(other|(before_)?\d{8})", name) is None
    return True


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


@pytest.mark.parametrize("database_url", BACKENDS[1:], indirect=True)
async def test_a_table_in_use_is_told_and_not_waited_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    await on(database_url, lambda connection: command.downgrade(config_for(connection), "0002"))
    quick = dict(MIGRATING.session) | {"lock_timeout": "200"}
    monkeypatch.setattr(models.migrate, "MIGRATING", replace(MIGRATING, session=quick))
    engine = create_async_engine(address(database_url))
    async with engine.begin() as user:
        await user.execute(text("LOCK TABLE inbox IN ACCESS SHARE MODE"))
        with pytest.raises(Unavailable, match="in use"):
            await migrate(database_url)
    await engine.dispose()
    await migrate(database_url)
    assert await is_current(database_url)


def test_history_that_is_there_already_waits_for_its_seal_after_upgrading(tmp_path: Path):
    path = tmp_path / "old.db"
    with writing_engine(f"sqlite:///{path}").connect() as connection:
        command.upgrade(config_for(connection), "0001")
        row = "INSERT INTO audit (district, id, at, act, object, facts) VALUES "
        for n, district in enumerate(("110101", "000000")):
            values = f"('{district}', '{n:032}', '2026-11-20 10:00:00.000000', 'a', '', '{{}}')"
            connection.exec_driver_sql(row + values)
        command.upgrade(config_for(connection), "head")
        waiting = connection.exec_driver_sql("SELECT district, kind FROM unsealed").all()
    assert [tuple(each) for each in waiting] == [("110101", "audit")]


def test_the_files_numbers_are_the_revisions_in_their_order():
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    walked = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    assert revisions() == walked[::-1]
