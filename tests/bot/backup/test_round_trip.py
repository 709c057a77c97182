"""What was backed up comes back whole, on both databases, and the deleted stay deleted."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel, col, select

from bot.backup import erasures, take
from bot.backup.tape import Damaged, Key, WrongKey, key_of, opening, sealing
from bot.cannot import Cannot
from models import Attachment, Case, Due, Lane, Person, Role
from models.database import Database
from models.leases import beat
from models.migrate import is_current
from services import privacy
from tests.bot.backup.conftest import KEY, OLD_PERSON, Place, backend, store_photos
from tests.people import DISTRICT

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def everything(session: Session) -> dict[str, list[Row[Any]]]:
    """Every row of every table, in an order of its own."""
    return {
        table.name: list(session.execute(table.select().order_by(*table.primary_key.columns)))
        for table in SQLModel.metadata.sorted_tables
    }


async def rows_of(place: Place) -> dict[str, list[Row[Any]]]:
    database = place.database
    try:
        return await database.read(everything)
    finally:
        await database.close()


async def change(place: Place, job: Any) -> Any:
    database = place.database
    try:
        return await database.write(job)
    finally:
        await database.close()


def delete(session: Session) -> None:
    """王阿姨 has herself deleted."""
    person = session.exec(select(Person).where(Person.address == "201")).one()
    privacy.delete(session, person, NOW)


def paths(session: Session) -> list[str]:
    return [path for path in session.exec(select(Attachment.path)) if path]


async def test_all_rows_and_files_come_back_to_an_empty_machine(here: Place, there: Place):
    store_photos(here, await change(here, paths))
    taken = await here.take()
    restored = await there.restore(taken.path)
    assert await rows_of(there) == await rows_of(here)
    assert (restored.rows, restored.photos, restored.erased) == (taken.rows, 1, 0)
    (photo,) = await change(there, paths)
    assert (there.settings.files.folder / photo).read_bytes() == b"a picture"
    assert not (there.settings.files.folder / ".restoring").exists()


async def test_it_is_taken_while_the_service_writes(here: Place):
    database = here.database
    writing = asyncio.create_task(_write_on(database))
    try:
        taken = await here.take()
    finally:
        writing.cancel()
        await asyncio.wait([writing])
        await database.close()
    assert taken.checked
    take.check(taken.path, key_of(KEY))
    left = {each.name for each in here.backups.iterdir()} - {taken.path.name, erasures.FILE}
    assert left == set()
    assert not list(here.settings.files.folder.parent.glob("*copying*"))


async def _write_on(database: Database) -> None:
    for n in range(10_000):
        await database.write(_lane(f"{n}"))


def _lane(name: str) -> Any:
    return lambda session: session.add(Lane(bot="1", lane=name, since=NOW))


async def test_who_was_deleted_after_the_backup_is_deleted_again(here: Place, there: Place):
    taken = await here.take()

    await change(here, delete)
    found = await change(here, lambda session: erasures.since(session, NOW))
    assert erasures.note(here.backups, found) == 1
    assert erasures.note(here.backups, found) == 0
    restored = await there.restore(taken.path)
    assert restored.erased == 1
    assert await change(there, lambda session: _words_of(session, found[0])) == ("", None)
    names = await change(there, lambda session: list(session.exec(select(Due.name))))
    assert privacy.FORGET in names


def _words_of(session: Session, key: erasures.Erased) -> tuple[str, str | None]:
    person = session.get(Person, key)
    assert person is not None
    case = session.exec(select(Case)).one()
    return person.name + case.text, person.address


async def test_the_running_service_notes_who_was_deleted(here: Place):
    here.backups.mkdir()
    database = here.database
    noting = erasures.Noting(database, lambda: NOW, here.backups)
    await noting.look()
    assert (here.backups / erasures.FILE).read_text() == ""
    await database.write(delete)
    await noting.look()
    await database.close()
    assert len(erasures.listed(here.backups / erasures.FILE)) == 1


async def test_somebody_who_had_a_role_then_is_deleted_with_it(here: Place, there: Place):
    taken = await here.take()
    key = await change(here, lambda s: s.exec(select(Person).where(Person.name == "李强")).one().id)
    erasures.note(here.backups, [("110101", key)])
    assert (await there.restore(taken.path)).erased == 1
    held = select(Role).where(col(Role.person) == key)
    assert await change(there, lambda session: session.exec(held).first()) is None


async def test_what_is_replaced_also_says_who_was_deleted(here: Place):
    taken = await here.take()

    def delete(session: Session) -> None:
        privacy.delete(
            session, session.exec(select(Person).where(Person.address == "201")).one(), NOW
        )

    await change(here, delete)
    restored = await here.restore(taken.path, replace=True)
    assert restored.erased == 1
    if restored.before is not None:
        assert restored.before.exists()


async def test_a_crash_before_the_last_step_leaves_the_old_file_in_its_place(
    here: Place, monkeypatch: pytest.MonkeyPatch
):
    if backend(here) != "sqlite":
        return
    taken, before = await here.take(), await rows_of(here)
    path = Path(here.settings.database.url.removeprefix("sqlite:///"))
    replace = os.replace

    def crash(source: str | Path, target: str | Path) -> None:
        if Path(target) == path:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        await here.restore(taken.path, replace=True)
    assert await rows_of(here) == before


async def test_a_damaged_database_is_replaced_and_kept(here: Place):
    if backend(here) != "sqlite":
        return
    taken = await here.take()
    path = Path(here.settings.database.url.removeprefix("sqlite:///"))
    path.write_bytes(b"x" * 20_000)
    restored = await here.restore(taken.path, replace=True)
    assert restored.before is not None
    assert restored.before.read_bytes() == b"x" * 20_000
    assert (await rows_of(here))["case_file"]


async def test_without_the_list_of_the_deleted_nothing_is_restored(here: Place, there: Place):
    taken = await here.take()
    (here.backups / erasures.FILE).unlink()
    with pytest.raises(Cannot, match="had themselves deleted"):
        await there.restore(taken.path)
    assert (await there.restore(taken.path, without_erasures=True)).rows == taken.rows


async def test_a_database_with_rows_is_replaced_only_when_told(here: Place):
    taken = await here.take()
    before = await rows_of(here)
    with pytest.raises(Cannot, match="--replace"):
        await here.restore(taken.path)
    assert await rows_of(here) == before


async def test_a_database_in_use_is_never_replaced(here: Place):
    taken = await here.take()
    database = here.database
    await database.write(lambda session: beat(session, "777", "h", datetime.now(UTC)))
    before = await database.read(everything)
    with pytest.raises(Cannot, match="in use"):
        await here.restore(taken.path, replace=True)
    assert await database.read(everything) == before
    await database.close()


@pytest.mark.parametrize("how", ["short", "changed", "key"])
async def test_a_bad_file_is_refused_and_nothing_is_touched(here: Place, how: str):
    taken = await here.take()
    whole = taken.path.read_bytes()
    before = await rows_of(here)
    if how == "short":
        taken.path.write_bytes(whole[:-2000])
    if how == "changed":
        taken.path.write_bytes(whole[:-2000] + b"x" * 2000)
    with pytest.raises((Damaged, WrongKey)):
        await here.restore(taken.path, replace=True, key=Key.new() if how == "key" else KEY)
    assert await rows_of(here) == before
    if backend(here) == "sqlite":
        folder = Path(here.settings.database.url.removeprefix("sqlite:///")).parent
        assert not list(folder.glob("*.restoring*"))


def resealed(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The same backup with other content (None: left out), sealed as well as the real one."""
    with opening(path, key_of(KEY)) as members:
        held = [(name, change(name, content.read())) for name, content in members]
    with sealing(path, key_of(KEY)) as tape:
        for name, content in held:
            if content is not None:
                tape.put(name, content)


def one_row_less(name: str, content: bytes) -> bytes | None:
    """The last row of the people, or of their database's pages, is another one."""
    if name == "linli.db":
        return content.replace("王阿姨".encode(), "王大姨".encode())
    if name.startswith("tables/person/"):
        return content.rpartition(b"\n")[0].rpartition(b"\n")[0] + b"\n"
    return content


def no_contents(name: str, content: bytes) -> bytes | None:
    return None if name == "contents.json" else content


def nonsense(name: str, content: bytes) -> bytes | None:
    return b"[]" if name == "linli.json" else content


def nothing(_name: str, _content: bytes) -> bytes | None:
    return None


def rubbish(name: str, content: bytes) -> bytes | None:
    """Rows that no table takes, and a database that is none."""
    return b"\t\t\n" * 2000 if name.startswith("tables/") or name == "linli.db" else content


@pytest.mark.parametrize("change", [one_row_less, no_contents, nonsense, nothing, rubbish])
async def test_a_sealed_file_that_doesn_t_hold_what_it_says_is_refused(
    here: Place, there: Place, change: Callable[[str, bytes], bytes | None]
):
    taken = await here.take()
    resealed(taken.path, change)
    with pytest.raises(Damaged):
        await there.restore(taken.path)


async def test_restored_history_can_be_changed_no_more_than_before(here: Place, there: Place):
    await there.restore((await here.take()).path)
    for statement in ("DELETE FROM case_event", "UPDATE case_event SET verb = 'x'"):
        with pytest.raises(DBAPIError, match="append-only"):
            await change(there, lambda session, it=statement: session.execute(text(it)))


async def test_a_history_that_was_tampered_with_is_not_restored(here: Place, there: Place):
    triggers = "DROP TRIGGER case_event_fixed" + (
        "" if backend(here) == "sqlite" else " ON case_event"
    )

    def tamper(session: Session) -> None:
        session.execute(text(triggers))
        session.execute(text("UPDATE case_event SET verb = 'settle'"))

    await change(here, tamper)
    taken = await here.take()
    with pytest.raises(Cannot, match="not as it was sealed"):
        await there.restore(taken.path)


async def test_only_the_newest_stay(here: Place):
    here.backups.mkdir()
    for day in range(10, 15):
        (here.backups / f"linli-202610{day}T000000Z.tar.gz.age").touch()
    (here.backups / "mine.age").touch()
    taken = await here.take(keep=3)
    assert taken.dropped == 3
    assert [each.name[6:14] for each in take.backups(here.backups)][:2] == ["20261013", "20261014"]
    assert (here.backups / "mine.age").exists()


async def test_a_backup_of_an_older_release_comes_back_as_this_one(old: Place, there: Place):
    taken = await old.take()
    erasures.note(old.backups, [(DISTRICT, UUID(OLD_PERSON))])
    restored = await there.restore(taken.path)
    assert (restored.rows, restored.erased) == (1, 1)
    assert await is_current(there.settings.database.url)
    names = await change(there, lambda session: list(session.exec(select(Person.name))))
    assert names == [""]


async def test_a_key_that_only_seals_makes_backups_it_can_t_read(here: Place):
    taken = await here.take(key=str(key_of(KEY).seals))
    assert not taken.checked
    assert take.check(taken.path, key_of(KEY))["tables"]
