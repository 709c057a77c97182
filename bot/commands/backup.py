"""`linli backup [DIR]` and `linli restore FILE`."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot.backup.restore import Restored, restore
from bot.backup.take import Taken, take
from bot.backup.tape import Damaged, Key, WrongKey, key_of
from bot.cannot import Cannot
from bot.config import Settings, load
from bot.doctor.finding import size

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore_command)


def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="where to write; empty: backup.folder")
    ] = None,
    keep: Annotated[int | None, typer.Option(help="backups that stay; empty: backup.keep")] = None,
    files: Annotated[bool, typer.Option(help="photos and voice notes too")] = True,
) -> None:
    """Write a sealed backup of everything while the service runs, and read it back."""
    settings = load()
    where = folder or settings.backup.folder
    if where is None:
        raise Cannot("Say where the backup goes: `linli backup DIR`, or set backup.folder.")
    key = _key(settings)
    kept = settings.backup.keep if keep is None else keep
    typer.echo(_taken(_run(take(settings, where, key, kept, files))))


def restore_command(
    file: Annotated[Path, typer.Argument(help="a backup that `linli backup` made")],
    replace: Annotated[
        bool, typer.Option("--replace", help="also if the database is not empty")
    ] = False,
    without_erasures: Annotated[
        bool, typer.Option("--without-erasures", help="also if the list of erasures is lost")
    ] = False,
) -> None:
    """Put a backup in the place of the database; checked before anything is replaced."""
    settings = load()
    if not file.is_file():
        raise Cannot(f"{file} is not a file: name a backup.")
    done = _run(restore(settings, file, _key(settings), replace, without_erasures), file)
    typer.echo(_restored(done))


def _key(settings: Settings) -> Key:
    text = settings.backup.key.get_secret_value()
    if not text:
        raise Cannot(
            "backup.key is missing: make one with `linli key --backup`, and keep a copy of it "
            "outside of this machine."
        )
    try:
        return key_of(text)
    except WrongKey:
        raise Cannot("backup.key is no key: make one with `linli key --backup`.") from None


def _run(work: Coroutine[Any, Any, T], file: Path | None = None) -> T:
    """The result. What can go wrong is a sentence."""
    try:
        return asyncio.run(work)
    except WrongKey:
        raise Cannot(
            f"{file} was sealed for another key: set backup.key to the one it was made with."
        ) from None
    except Damaged as error:
        raise Cannot(f"{file or 'The backup'} is damaged ({error}): take an older one.") from None
    except OSError as error:
        where = error.filename or "The disk"
        raise Cannot(f"{where}: {error.strerror}; make room or give the right to write.") from None


def _taken(done: Taken) -> str:
    checked = "sealed and read back" if done.checked else "sealed (this key can't read it back)"
    return (
        f"{done.path}: {size(done.path.stat().st_size)}, {checked}; {done.tables} tables with "
        f"{done.rows:,} rows at {done.revision}, {done.photos:,} files; {done.dropped} old deleted"
    )


def _restored(done: Restored) -> str:
    before = f"; the old file is {done.before}, delete it when all is well" if done.before else ""
    return (
        f"Restored what was there at {done.made_at}: {done.tables} tables with {done.rows:,} rows, "
        f"{done.photos:,} files; integrity, counts and history are as they were; {done.erased} "
        f"people who had themselves deleted since are deleted again{before}."
    )
