"""`linli restore`: all of a backup is opened and checked before anything is replaced."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Session

from bot.assembly import equipment_of, explained
from bot.backup import erasures, photos, postgres, sqlite
from bot.backup.take import FORMAT, owners_url
from bot.backup.tape import (
    CONTENTS,
    DATABASE,
    HEAD,
    TABLE,
    Damaged,
    Hashing,
    Key,
    opening,
)
from bot.cannot import Cannot
from bot.config import Settings
from models.migrate import knows, migrate, migrate_file, migrate_within
from models.sqlite import hold, path_of, writing_engine
from services import verifying

T = TypeVar("T")

BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `erased`: people who were deleted once more. `before`: the old file."""

    rows: int
    tables: int
    photos: int
    made_at: str
    erased: int
    before: Path | None = None


class Head(msgspec.Struct):
    """What a backup says of itself at its beginning."""

    format: int = 0
    kind: str = ""
    revision: str = ""
    made_at: str = ""
    columns: dict[str, list[str]] = {}


class Said(msgspec.Struct):
    """What it says at its end: rows by table, and the hash of everything by name."""

    tables: dict[str, int] = {}
    sha256: dict[str, str] = {}


class Content:
    """What was read of a tape so far, held against what it says of itself at the end."""

    def __init__(self) -> None:
        self.head = Head()
        self.found: dict[str, str] = {}
        self.said = Said()

    def begin(self, members: Iterator[tuple[str, Hashing]], kind: str) -> None:
        """The head comes first. Raises Cannot for a backup that can't be restored here."""
        name, content = next(members, (None, None))
        if name != HEAD or content is None:
            raise Damaged("it has no head")
        self.head = _decoded(content, Head)
        self.found[name] = content.digest()
        if self.head.format != FORMAT or not knows(self.head.revision):
            raise Cannot("The backup was made by a newer release of Linli: use that one.")
        if self.head.kind != kind:
            raise Cannot(
                f"The backup is of {self.head.kind} and database.url names {kind}: correct it."
            )

    def check(self, rows: dict[str, int]) -> None:
        """Every byte and every row is there. Raises Damaged."""
        if self.said.sha256 != self.found:
            raise Damaged("it doesn't hold what it says")
        if {name: count for name, count in rows.items() if count} != {
            name: count for name, count in self.said.tables.items() if count
        }:
            raise Damaged("rows are missing")


def _decoded(content: Hashing, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(content.read(), type=shape)
    except msgspec.MsgspecError:
        raise Damaged("it says nothing that can be read") from None


async def restore(
    settings: Settings, path: Path, key: Key, replace: bool, without_erasures: bool
) -> Restored:
    """Put a backup in the place of the database. Raises Cannot, Damaged, WrongKey, OSError."""
    known = _known_erasures(path, settings.backup.folder, without_erasures)
    # below the folder itself: in a container nothing beside it can be written
    staged = settings.files.folder / ".restoring"
    shutil.rmtree(staged, ignore_errors=True)
    try:
        if make_url(settings.database.url).get_backend_name() == "sqlite":
            return _to_sqlite(settings, path, key, replace, known, staged)
        return await _to_postgres(settings, path, key, replace, known, staged)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _known_erasures(
    path: Path, folder: Path | None, without_erasures: bool
) -> list[erasures.Erased]:
    """Who had themselves deleted, from the lists beside the file and in backup.folder."""
    lists = {each / erasures.FILE for each in (path.parent, folder) if each is not None}
    found = [each for each in sorted(lists) if each.is_file()]
    if not found and not without_erasures:
        raise Cannot(
            f"{path.parent / erasures.FILE} is missing: it lists who had themselves deleted since "
            "the backup; lay it beside the file, or say --without-erasures and they are back."
        )
    return [each for file in found for each in erasures.listed(file)]


# --- SQLite ---


def _to_sqlite(
    settings: Settings,
    path: Path,
    key: Key,
    replace: bool,
    known: list[erasures.Erased],
    photos_staged: Path,
) -> Restored:
    target, now = path_of(settings.database.url), datetime.now(UTC)
    with explained(settings.database.url):
        lock = hold(target)
    with closing(lock):
        known = known + _old_erasures(target, replace)
        staged = target.with_name(f"{target.name}.restoring")
        try:
            content = _stage(path, key, staged, photos_staged)
            erased = _again(settings, staged, known, now)
            count = photos.move_in(photos_staged, settings.files.folder)
            before = sqlite.swap(staged, target, now)
        finally:
            for ending in ("", ".lock", *sqlite.BESIDE):
                Path(f"{staged}{ending}").unlink(missing_ok=True)
    return _restored(content, count, erased, before)


def _old_erasures(target: Path, replace: bool) -> list[erasures.Erased]:
    """Who was deleted in the file that goes, if it can still be read."""
    unreadable = False
    try:
        if sqlite.is_empty(target):
            return []
        if replace:
            return sqlite.erased(target)
    except Exception:  # a damaged file is often why there is a restore
        unreadable = True
    if unreadable and replace:
        return []
    raise Cannot(
        f"{target} is not empty: say --replace to put the backup in its place (the old file is "
        "kept beside it)."
    )


def _stage(path: Path, key: Key, staged: Path, photos_staged: Path) -> Content:
    """Everything onto the disk beside its place, and sound."""
    content = Content()
    with opening(path, key) as members:
        for name, body in _after_head(content, members, "sqlite"):
            if name == DATABASE:
                _write(staged, body)
            else:
                photos.stage(name, body, photos_staged)
            content.found[name] = body.digest()
    if DATABASE not in content.found:
        raise Damaged("it holds no database")
    try:
        content.check(sqlite.counts(staged))
    except Cannot:
        raise Damaged("its database is not sound") from None
    if sqlite.revision(staged) != content.head.revision:
        raise Damaged("its tables are of another release than it says")
    return content


def _after_head(
    content: Content, members: Iterator[tuple[str, Hashing]], kind: str
) -> Iterator[tuple[str, Hashing]]:
    """Rows and photos; head and contents are kept for the check."""
    content.begin(members, kind)
    for name, body in members:
        if name == CONTENTS:
            content.said = _decoded(body, Said)
        else:
            yield name, body


def _write(path: Path, body: Hashing) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as target:
        shutil.copyfileobj(body, target, BLOCK)


def _again(
    settings: Settings, staged: Path, known: Iterable[erasures.Erased], now: datetime
) -> int:
    """Bring the staged file to this release, and delete again who had been deleted."""
    url = f"sqlite:///{staged}"
    migrate_file(url)
    with (
        writing_engine(url).begin() as connection,
        _unit(connection, settings) as session,
    ):
        return _erase(session, known, now)


# --- PostgreSQL ---


async def _to_postgres(
    settings: Settings,
    path: Path,
    key: Key,
    replace: bool,
    known: list[erasures.Erased],
    photos_staged: Path,
) -> Restored:
    url, now = owners_url(settings), datetime.now(UTC)
    with explained(url):
        role = make_url(settings.database.url).username
        served_by = role if url != settings.database.url else None
        await _prepared(url, path, key)
        async with postgres.connected(url) as connection:
            known = known + await _may_go(connection, replace)
            async with postgres.emptied(connection):
                content = await _filled(connection, path, key, photos_staged)
            content.check(await postgres.counts(connection))
            await connection.run_sync(migrate_within)
            erased = await connection.run_sync(lambda it: _erase(_unit(it, settings), known, now))
            count = photos.move_in(photos_staged, settings.files.folder)
        await migrate(url, served_by)
    return _restored(content, count, erased)


async def _prepared(url: str, path: Path, key: Key) -> None:
    """Tables of the backup's release, made if there are none. Raises Cannot for others."""
    content = Content()
    with suppress(_Enough), opening(path, key) as members:
        content.begin(members, "postgresql")
        raise _Enough
    async with postgres.connected(url) as connection:
        found = await postgres.revision(connection)
    wanted = content.head.revision
    if found is None:
        await migrate(url, to=wanted)
    elif found != wanted:
        raise Cannot(
            f"The database has other tables ({found}) than the backup ({wanted}): make a new, "
            "empty database and name it in database.url."
        )


class _Enough(Exception):
    """The head is all that was wanted."""


async def _may_go(connection: AsyncConnection, replace: bool) -> list[erasures.Erased]:
    """Who has been deleted in what goes. Raises Cannot if it may not go."""
    if await postgres.is_served(connection):
        raise Cannot("The database is in use by a running Linli: stop every process of it first.")
    if await postgres.filled(connection) is not None and not replace:
        raise Cannot(
            "The database is not empty: say --replace to put the backup in its place, or restore "
            "into a new one."
        )
    return await connection.run_sync(lambda it: erasures.all_of(Session(it)))


async def _filled(
    connection: AsyncConnection, path: Path, key: Key, photos_staged: Path
) -> Content:
    content = Content()
    with opening(path, key) as members:
        for name, body in _after_head(content, members, "postgresql"):
            if found := TABLE.fullmatch(name):
                if found[1] not in content.head.columns:
                    raise Damaged("it holds a table that it doesn't name")
                await postgres.fill(connection, content.head.columns, name, body)
            else:
                photos.stage(name, body, photos_staged)
            content.found[name] = body.digest()
    return content


def _unit(connection: Connection, settings: Settings) -> Session:
    """A session in the connection's own transaction."""
    return Session(
        connection,
        join_transaction_mode="create_savepoint",
        expire_on_commit=False,
        info={"equipment": equipment_of(settings)},
    )


def _erase(session: Session, known: Iterable[erasures.Erased], now: datetime) -> int:
    """Delete again who had been deleted; then history must still be as it was sealed."""
    count = erasures.replay(session, known, now)
    session.commit()
    for district in verifying.districts(session):
        found = verifying.verify(session, district, {})
        if isinstance(found, verifying.Broken):
            raise Cannot(
                f"The history of {district} in the backup is not as it was sealed ({found.what}): "
                "take an older backup, and see history_broken in docs/alarms.md."
            )
    return count


def _restored(content: Content, count: int, erased: int, before: Path | None = None) -> Restored:
    rows = content.said.tables
    return Restored(sum(rows.values()), len(rows), count, content.head.made_at, erased, before)
