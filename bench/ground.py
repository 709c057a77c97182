"""Where rounds take place: a peopled database, copied afresh for each, and what lies in the way."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import town
from bench.load import SECRET
from bench.process import Running, run, running
from bench.reports import Writer, phrases
from bench.standin import TOKEN, StandIn
from domain.catalogue import Catalogue
from domain.reading import Lexicon
from models.database import open_database
from services import catalogue
from services.vault import Vault


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program to measure: `python -m module arguments`; `path`: of its webhook."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    path: str = "/telegram/webhook"


OWN = Contestant("linli", "bot.cli", ("run",))


@dataclass
class Ground:
    """A folder for everything, the stand-in, and a writer of reports."""

    folder: Path
    standin: StandIn
    writer: Writer
    key: str
    rounds: int = 0

    def place(self, name: str) -> Path:
        """A folder of its own for one round."""
        self.rounds += 1
        folder = self.folder / f"{self.rounds:03d}-{name}"
        folder.mkdir(parents=True)
        return folder

    def fresh(self, folder: Path, template: Path | None = None) -> str:
        """The address of a copy of the peopled database (or of `template`) in `folder`."""
        shutil.copyfile(template or self.folder / "town.db", folder / "linli.db")
        return f"sqlite:///{folder / 'linli.db'}"

    def settings(self, url: str, folder: Path, port: int = 0) -> dict[str, str]:
        """The environment of a contestant: everything on, Telegram's limits off."""
        return settings(self.folder, self.key) | {
            "LINLI_TELEGRAM__BASE_URL": self.standin.base_url,
            "LINLI_DATABASE__URL": url,
            "LINLI_FILES__FOLDER": str(folder / "files"),
            "LINLI_WEB__PORT": str(port),
        }

    @asynccontextmanager
    async def start(
        self, contestant: Contestant, url: str, folder: Path, port: int = 0, **more: str
    ) -> AsyncIterator[Running]:
        """A contestant on a database, until the block ends. `more`: of its environment."""
        env = self.settings(url, folder, port) | more
        self.standin.forget()
        log = folder / f"{contestant.name}-{port}.log"
        async with running(contestant.module, contestant.arguments, env, log) as found:
            yield found


def settings(folder: Path, key: str) -> dict[str, str]:
    """What every contestant is told."""
    return {
        "LINLI_CONFIG": str(folder / "config.toml"),
        "LINLI_TELEGRAM__TOKEN": TOKEN,
        "LINLI_TELEGRAM__LIMITS": "false",
        "LINLI_TELEGRAM__WEBHOOK_URL": "http://127.0.0.1:1/telegram/webhook",
        "LINLI_TELEGRAM__WEBHOOK_SECRET": SECRET,
        "LINLI_VAULT__KEY": key,
        "LINLI_LOG__LEVEL": "WARNING",
        # an installed service finds its bytecode, whatever this shell says about writing it
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder.absolute() / "bytecode"),
    }


async def prepare(folder: Path, standin: StandIn) -> Ground:
    """Make the town, in `folder`, which is emptied."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.toml").touch()
    key = Vault.new_key()
    url = f"sqlite:///{folder / 'town.db'}"
    await people(url, folder, key)
    with closing(sqlite3.connect(folder / "town.db")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    known, words = await _words(url)
    return Ground(folder, standin, Writer(phrases(known, words)), key)


async def people(url: str, folder: Path, key: str) -> None:
    """Tables and people in an empty database."""
    await run("bot.cli", ("migrate",), {**settings(folder, key), "LINLI_DATABASE__URL": url})
    await town.settle(url, key, datetime.now(UTC))


async def _words(url: str) -> tuple[Catalogue, Lexicon]:
    """As the service itself has them."""
    database = open_database(url)
    try:
        return await database.read(
            lambda session: (
                catalogue.catalogue(session, town.DISTRICT),
                catalogue.lexicon(session, town.DISTRICT),
            )
        )
    finally:
        await database.close()
