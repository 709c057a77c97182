"""`linli backup`: take everything, seal it, read it back, let the oldest go."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlmodel import Session

from bot.backup import erasures, photos, postgres, sqlite
from bot.backup.tape import CONTENTS, DATABASE, HEAD, Damaged, Key, Tape, opening, sealing
from bot.cannot import Cannot
from bot.config import Settings
from models.sqlite import path_of

FORMAT = 1
NAME = re.compile(r"linli-\d{8}T\d{6}Z\.tar\.gz\.age")


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made. `checked`: it was opened again and compared."""

    path: Path
    rows: int
    tables: int
    photos: int
    revision: str
    checked: bool
    dropped: int


async def take(settings: Settings, folder: Path, key: Key, keep: int, with_files: bool) -> Taken:
    """A new backup in `folder`, of which the newest `keep` stay. Raises Cannot and OSError."""
    now = datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"linli-{now:%Y%m%dT%H%M%SZ}.tar.gz.age"
    if make_url(settings.database.url).get_backend_name() == "sqlite":
        contents = _from_sqlite(settings, path, key, now, with_files)
    else:
        contents = await _from_postgres(settings, path, key, now, with_files)
    if key.opens is not None:
        check(path, key)
    dropped = drop_old(folder, keep)
    rows = contents["tables"]
    return Taken(
        path, sum(rows.values()), len(rows), contents["files"], contents["revision"],
        key.opens is not None, dropped,
    )  # fmt: skip


def owners_url(settings: Settings) -> str:
    """PostgreSQL past any pooler, as the role that may do everything to the tables."""
    return settings.database.migration_url or settings.database.url


def _head(kind: str, revision: str | None, now: datetime, **more: Any) -> bytes:
    if revision is None:
        raise Cannot("The database has no tables yet: run `linli migrate` first.")
    head = {
        "format": FORMAT,
        "kind": kind,
        "release": version("linli"),
        "revision": revision,
        "made_at": now.isoformat(timespec="seconds"),
    }
    return json.dumps(head | more).encode()


def _from_sqlite(
    settings: Settings, path: Path, key: Key, now: datetime, with_files: bool
) -> dict[str, Any]:
    database = path_of(settings.database.url)
    if not database.is_file():
        raise Cannot(f"{database} is not there: correct database.url.")
    with sqlite.copied(database) as copy:
        rows, revision = sqlite.counts(copy), sqlite.revision(copy)
        with sealing(path, key) as tape:
            tape.put(HEAD, _head("sqlite", revision, now))
            tape.put_file(DATABASE, copy)
            contents = _finish(tape, settings, rows, revision, with_files)
        erasures.note(path.parent, sqlite.erased(copy))
    return contents


async def _from_postgres(
    settings: Settings, path: Path, key: Key, now: datetime, with_files: bool
) -> dict[str, Any]:
    exact = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    async with postgres.connected(owners_url(settings), **exact) as connection:
        revision = await postgres.revision(connection)
        columns = await postgres.tables(connection)
        erased = await connection.run_sync(lambda it: erasures.all_of(Session(it)))
        with sealing(path, key) as tape:
            tape.put(HEAD, _head("postgresql", revision, now, columns=columns))
            rows = await postgres.put(connection, tape)
            contents = _finish(tape, settings, rows, revision, with_files)
        erasures.note(path.parent, erased)
    return contents


def _finish(
    tape: Tape, settings: Settings, rows: dict[str, int], revision: str | None, with_files: bool
) -> dict[str, Any]:
    """The photos, and last what must be there."""
    count, size = photos.put(tape, settings.files.folder) if with_files else (0, 0)
    contents = {
        "tables": rows,
        "revision": revision,
        "files": count,
        "file_bytes": size,
        "sha256": dict(tape.digests),
    }
    tape.put(CONTENTS, json.dumps(contents).encode())
    return contents


def check(path: Path, key: Key) -> dict[str, Any]:
    """Open it and compare every byte with what was taken. Raises Damaged and WrongKey."""
    digests: dict[str, str] = {}
    contents: dict[str, Any] = {}
    with opening(path, key) as members:
        for name, content in members:
            if name == CONTENTS:
                contents = json.loads(content.read())
                continue
            while content.read(1024 * 1024):
                pass
            digests[name] = content.digest()
    if not contents or contents["sha256"] != digests:
        raise Damaged("it doesn't hold what was taken")
    return contents


def drop_old(folder: Path, keep: int) -> int:
    """Delete all but the newest `keep` backups; other files are left alone. How many."""
    old = backups(folder)[: -max(1, keep)]
    for path in old:
        path.unlink()
    return len(old)


def backups(folder: Path) -> list[Path]:
    """The backups that lie there, the oldest first."""
    return sorted(path for path in folder.glob("linli-*.age") if NAME.fullmatch(path.name))
