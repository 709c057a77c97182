"""An SQLite file: one consistent copy of it, checked; and put back in one step.

`VACUUM INTO` reads one state while the service writes on. A stepwise copy never ends under load,
and copying the file misses its write-ahead log.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import NullPool, create_engine
from sqlmodel import Session

from bot.backup import erasures
from bot.backup.tape import sync_folder
from bot.cannot import Cannot
from bot.cures import sqlite_cure
from models.database import Taken
from models.reading import open_file
from models.sqlite import hold

BESIDE = ("-wal", "-shm")


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """A copy of the database as it is now, beside it, gone when the block ends.

    Beside it, because only there is its plain text as safe as in the database itself.
    """
    copy = path.with_name(f"{path.name}.copying")
    try:
        lock = hold(copy)
    except Taken:
        raise Cannot("A backup is being taken already: wait until it is done.") from None
    with closing(lock):
        try:
            # of one that was killed there may be half a copy
            os.truncate(copy, 0)
            _copy(path, copy)
            yield copy
        finally:
            copy.unlink(missing_ok=True)
            Path(f"{copy}.lock").unlink(missing_ok=True)


def _copy(path: Path, copy: Path) -> None:
    try:
        with closing(open_file(path)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        if cure := sqlite_cure(error):
            raise Cannot(f"{path} {cure}") from None
        raise


def counts(path: Path) -> dict[str, int]:
    """How many rows each table has. Raises Cannot if the file is not sound."""
    with closing(open_file(path)) as raw:
        try:
            unsound = raw.execute("PRAGMA integrity_check(1)").fetchone()[0]
            unbound = raw.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            unsound, unbound = str(error), None
        if unsound != "ok" or unbound is not None:
            raise Cannot(
                f"{path} is damaged ({unsound if unsound != 'ok' else 'rows without their case'}): "
                "keep the file, and restore the newest backup."
            )
        return {
            table: raw.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - ours
            for table in _tables(raw)
        }


def revision(path: Path) -> str | None:
    """Which release's tables these are; None without any."""
    with closing(open_file(path)) as raw, suppress(sqlite3.OperationalError):
        found = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else None
    return None


def erased(path: Path) -> list[erasures.Erased]:
    """Everybody who has been deleted in it."""
    engine = create_engine("sqlite://", creator=lambda: open_file(path), poolclass=NullPool)
    with Session(engine) as session:
        return erasures.all_of(session)


def is_empty(path: Path) -> bool:
    """Whether nothing would be lost if the file went."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with closing(open_file(path)) as raw:
        return not any(
            raw.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()  # noqa: S608 - ours
            for table in _tables(raw)
        )


def _tables(raw: sqlite3.Connection) -> list[str]:
    found = raw.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name <> 'alembic_version' ORDER BY name"
    )
    return [name for (name,) in found]


def swap(staged: Path, path: Path, now: datetime) -> Path | None:
    """Put `staged` in the place of `path`, durably. Answers where the old file went, if anywhere.

    The caller holds the lock. At no moment is there no file: whoever starts then would begin
    with an empty one.
    """
    _flush(staged)
    before = None
    if path.exists() and path.stat().st_size > 0:
        before = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}")
        _set_aside(path, before)
    for ending in BESIDE:
        Path(f"{path}{ending}").unlink(missing_ok=True)
    os.replace(staged, path)
    sync_folder(path.parent)
    return before


def _set_aside(path: Path, before: Path) -> None:
    """The old file under a second name, with the log that belongs to it if it still has one."""
    with suppress(sqlite3.DatabaseError):  # a damaged one is kept as it is
        _flush(path)
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{before}{ending}")
    os.link(path, before)


def _flush(path: Path) -> None:
    """All of it in the one file, and on the disk."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.execute("PRAGMA journal_mode = DELETE")
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
