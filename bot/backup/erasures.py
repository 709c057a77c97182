"""Who had themselves deleted stays deleted: a list beside the backups, replayed at each restore.

A line names a district and a person's key, which outside of a database means nobody. The list is
written by every backup and, while the service runs, within a minute of an erasure.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlmodel import Session, col, select

from bot.backup.tape import sync_folder
from models import Audit, Division, Person, Role
from models.database import Database
from services import privacy

FILE = "linli-erasures.jsonl"
# a commit may come a little later than the time it carries
OVERLAP = timedelta(minutes=5)

EVERY = timedelta(minutes=1)

log = structlog.get_logger("bot.backup")

Erased = tuple[str, UUID]


def all_of(session: Session) -> list[Erased]:
    """Everybody who has been deleted in this database."""
    query = select(Person.district, Person.id).where(col(Person.deleted_at).is_not(None))
    return [(district, person) for district, person in session.exec(query)]


def since(session: Session, moment: datetime) -> list[Erased]:
    """Those deleted from then on, found by the index of the audit."""
    districts = select(Division.district).where(Division.level == "district")
    query = select(Audit.district, Audit.object).where(
        col(Audit.district).in_(districts), Audit.at >= moment, Audit.act == "person.delete"
    )
    return [(district, UUID(person)) for district, person in session.exec(query)]


class Noting:
    """The running service's part: it adds to the list what was erased since it last looked."""

    def __init__(self, database: Database, now: Callable[[], datetime], folder: Path) -> None:
        self._database = database
        self._now = now
        self._folder = folder
        self._since: datetime | None = None

    async def look(self) -> None:
        """All of them at first, then the new ones."""
        now, last = self._now(), self._since
        found = await self._database.read(
            all_of if last is None else lambda session: since(session, last - OVERLAP)
        )
        try:
            await asyncio.to_thread(note, self._folder, found)
        except OSError as error:
            log.error("erasures_not_noted", reason=error.strerror, folder=str(self._folder))
            return
        self._since = now


def note(folder: Path, erased: Iterable[Erased]) -> int:
    """Add to the list what it doesn't have yet, durably; how many."""
    path = folder / FILE
    new = sorted(set(erased) - set(listed(path)))
    lines = "".join(f"{json.dumps({'district': d, 'person': str(p)})}\n" for d, p in new)
    if not lines and path.exists():
        return 0
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(lines)
        target.flush()
        os.fsync(target.fileno())
    sync_folder(folder)
    return len(new)


def listed(path: Path) -> list[Erased]:
    """What a list holds; nothing if it isn't there. A line cut short by a crash is passed over."""
    if not path.exists():
        return []
    found = [_read(line) for line in path.read_text(encoding="ascii").splitlines()]
    return [each for each in found if each is not None]


def _read(line: str) -> Erased | None:
    try:
        given = json.loads(line)
        return str(given["district"]), UUID(given["person"])
    except (ValueError, KeyError, TypeError):
        return None


def replay(session: Session, erased: Iterable[Erased], now: datetime) -> int:
    """Delete again who is back, with whatever role they had; how many."""
    back = [
        person
        for key in set(erased)
        if (person := session.get(Person, key)) is not None and person.deleted_at is None
    ]
    for person in back:
        roles = (col(Role.district) == person.district, col(Role.person) == person.id)
        session.execute(delete(Role).where(*roles))
        privacy.delete(session, person, now)
    return len(back)
