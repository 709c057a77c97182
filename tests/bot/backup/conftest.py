"""A lived-in database, a place for its backups, and an empty one to come back to."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url
from sqlmodel import Session

from bot.backup.restore import Restored, restore
from bot.backup.take import Taken, take
from bot.backup.tape import Key, key_of
from bot.config import Settings, load
from models import Attachment
from models.database import Database, open_database
from models.migrate import migrate
from models.sqlite import writing_engine
from services import catalogue, sealing
from services.equipment import Equipment
from services.vault import Vault
from tests.conftest import BACKENDS, TEMPLATE, _admin, _named
from tests.people import DISTRICT, WEDNESDAY, peopled

KEY = Key.new()
VAULT = Vault.new_key()
OLD_PERSON = "019a00000000700080000000000000aa"


@dataclass
class Place:
    """Where a service has its things."""

    settings: Settings
    backups: Path

    @property
    def database(self) -> Database:
        return open_database(self.settings.database.url, Equipment(vault=Vault(VAULT)))

    async def take(self, keep: int = 9, key: str = KEY) -> Taken:
        return await take(self.settings, self.backups, key_of(key), keep, True)

    async def restore(
        self, path: Path, replace: bool = False, key: str = KEY, without_erasures: bool = False
    ) -> Restored:
        return await restore(self.settings, path, key_of(key), replace, without_erasures)


def place(url: str, folder: Path, backups: Path) -> Place:
    settings = load(
        database={"url": url},
        files={"folder": folder / "files"},
        vault={"key": VAULT},
        backup={"folder": backups},
    )
    return Place(settings, backups)


@pytest.fixture(params=BACKENDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The test runs once for each kind of database."""
    return str(request.param)


@pytest.fixture(scope="session")
def lived_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file in which somebody has lived, to be copied."""
    folder = tmp_path_factory.mktemp("lived")
    shutil.copy(sqlite_template, folder / "linli.db")
    asyncio.run(_live(place(f"sqlite:///{folder}/linli.db", folder, folder)))
    with closing(sqlite3.connect(folder / "linli.db")) as raw:
        # a copy of the file alone would miss its log
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "linli.db"


@pytest.fixture(scope="session")
def lived_server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database in which somebody has lived, to be copied."""
    folder = tmp_path_factory.mktemp("lived")
    asyncio.run(_admin(postgres, f"CREATE DATABASE lived TEMPLATE {TEMPLATE}"))
    asyncio.run(_live(place(_named(postgres, "lived"), folder, folder)))
    return "lived"


@pytest.fixture
def make(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str, bool], Place]]:
    """Makes machines, lived-in or with nothing on them; their backups are in one folder."""
    made: list[str] = []

    def one(name: str, lived: bool) -> Place:
        folder = tmp_path / name
        folder.mkdir()
        if kind == "sqlite":
            if lived:
                shutil.copy(request.getfixturevalue("lived_file"), folder / "linli.db")
            return place(f"sqlite:///{folder}/linli.db", folder, tmp_path / "backups")
        server = request.getfixturevalue("postgres")
        like = f" TEMPLATE {request.getfixturevalue('lived_server')}" if lived else ""
        made.append(f"test_{uuid4().hex}")
        asyncio.run(_admin(server, f"CREATE DATABASE {made[-1]}{like}"))
        return place(_named(server, made[-1]), folder, tmp_path / "backups")

    yield one
    for each in made:
        server = request.getfixturevalue("postgres")
        asyncio.run(_admin(server, f"DROP DATABASE {each} WITH (FORCE)"))


@pytest.fixture
def here(make: Callable[[str, bool], Place]) -> Place:
    """The service that is backed up."""
    return make("here", True)


@pytest.fixture
def there(make: Callable[[str, bool], Place]) -> Place:
    """Another machine."""
    return make("there", False)


@pytest.fixture
def old(make: Callable[[str, bool], Place]) -> Place:
    """One with the tables of the first release, and a person who was there then."""
    made = make("old", False)
    asyncio.run(_begin_old(made.settings.database.url))
    return made


async def _begin_old(url: str) -> None:
    await migrate(url, to="0001")
    person = (
        "INSERT INTO person (district, id, name, language, language_chosen, platform, reachable, "
        f"skills, made_at) VALUES ('{DISTRICT}', '{OLD_PERSON}', '李', 'en', false, 'telegram', "
        "true, '[]', '2026-11-01 00:00:00.000000')"
    )
    if url.startswith("sqlite"):
        with writing_engine(url).begin() as connection:
            connection.exec_driver_sql(person)
        return
    await _admin(url, person)


async def _live(made: Place) -> None:
    """The street of tests/people.py, a case with a photo, and its history sealed."""
    database = made.database
    try:
        # reading the catalogue for the first time takes its time, which a unit of work hasn't
        await database.read(lambda session: catalogue.lexicon(session, DISTRICT))
        await database.write(_report)
        await database.write(lambda session: sealing.seal(session, DISTRICT, WEDNESDAY))
    finally:
        await database.close()


def _report(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼\n灯坏了\t\\N", command="report")
    case = street.case()
    photo = Attachment(
        district=DISTRICT, case=case.id, kind="photo", bot="777", file_id="f", unique_id="u",
        at=WEDNESDAY,
    )  # fmt: skip
    photo.path = f"{DISTRICT}/{photo.id}.jpg"
    session.add(photo)
    session.flush()


def store_photos(made: Place, paths: list[str]) -> None:
    for each in paths:
        target = made.settings.files.folder / each
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"a picture")


def backend(made: Place) -> str:
    return make_url(made.settings.database.url).get_backend_name()
