"""What the auditor found becomes rows: opened, kept, told to the administrators once, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models import Division, Finding, Person
from models.territory import TRIAL_DISTRICT
from services import duty, routing
from services.auditing import KNOWN_ONCE_TOLD, MANY, Found
from services.notices import private_chat
from services.outbox import About, Message, put
from services.texts import say

# what is gone by then is told to nobody
TELL_AFTER = timedelta(seconds=60)
# a process that has not renewed its own findings for this long has ended
FORGET = timedelta(minutes=5)
RENEW = timedelta(minutes=1)
KEEP = timedelta(days=90)
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Open:
    """A finding that has not ended, as the auditor needs it."""

    id: UUID
    district: str
    code: str
    source: str
    refs: tuple[str, ...]
    count: int
    seen_at: datetime
    told_at: datetime | None
    told_count: int
    since: datetime

    def known(self, count: int) -> bool:
        """Somebody was told, and there are no more of them since."""
        return (
            self.code in KNOWN_ONCE_TOLD and self.told_at is not None and (count <= self.told_count)
        )

    def to_write(self, found: Sequence[Found], wall: datetime) -> bool:
        """Whether there is anything to write down."""
        same = tuple(sorted(each.ref for each in found)[:MANY]) == self.refs
        to_tell = self.told_at is None and wall - self.since >= TELL_AFTER
        stale = bool(self.source) and wall - self.seen_at >= RENEW
        return not same or len(found) != self.count or to_tell or stale

    def has_ended(self, here: str, wall: datetime) -> bool:
        """Whether this process may end it, now that it found no such thing."""
        return self.source in ("", here) or wall - self.seen_at >= FORGET


def unended(session: Session) -> list[Open]:
    """Every finding that has not ended, of all processes."""
    query = select(Finding).where(col(Finding.ended_at).is_(None))
    return [_open(row) for row in session.exec(query)]


def _open(row: Finding) -> Open:
    return Open(
        row.id,
        row.district,
        row.code,
        row.source,
        tuple(row.refs),
        row.count,
        row.seen_at,
        row.told_at,
        row.told_count,
        row.since,
    )


def note(
    session: Session,
    district: str,
    code: str,
    source: str,
    found: Sequence[Found],
    now: datetime,
    wall: datetime,
) -> Open:
    """What is wrong now; a district's administrators are told once it has lasted."""
    row = _row(session, district, code, source, wall)
    row.refs = sorted(each.ref for each in found)[:MANY]
    row.count, row.seen_at = len(found), wall
    row.told_count = min(row.told_count, row.count)
    session.add(row)
    session.flush()
    if district and _to_tell(row, wall) and tell(session, district, _open(row), now):
        _mark_told(row, wall)
    return _open(row)


def _to_tell(row: Finding, wall: datetime) -> bool:
    """Not yet, or of what lasts until it is dealt with there is more."""
    more = row.code in KNOWN_ONCE_TOLD and row.count > row.told_count
    return wall - row.since >= TELL_AFTER and (row.told_at is None or more)


def _mark_told(row: Finding, wall: datetime) -> None:
    row.told_at, row.told_count = wall, row.count


def told(session: Session, found: Open, wall: datetime) -> None:
    """The deployment's finding was told in its districts."""
    row = _row(session, found.district, found.code, found.source, wall)
    _mark_told(row, wall)
    session.add(row)


def tell(session: Session, district: str, found: Open, now: datetime) -> int:
    """Queue the sentence to each administrator of a district, in their language; how many."""
    count = 0
    for key in routing.last_resort(session, district):
        person = session.get(Person, (district, key))
        to = private_chat(person, "")
        if person is None or to is None:
            continue
        about = About(
            district=district,
            person=key,
            dedupe=f"finding:{found.id}:{found.count}:{key}",
            not_before=duty.routine_at(session, person, now),
        )
        put(session, to, Message(sentence(found, person.language)), now, about)
        count += 1
    return count


def sentence(found: Open, language: str) -> str:
    """What is wrong, how often, and where to look it up; nothing about anybody."""
    refs = ", ".join(found.refs[:SHOWN])
    more = "…" if len(found.refs) > SHOWN else ""
    first = say(f"alarm.{found.code}", language, n=found.count)
    return f"{first}\n" + say("alarm.see", language, code=found.code, refs=refs + more)


def districts(session: Session) -> list[str]:
    """The districts whose administrators hear of what concerns the whole deployment."""
    query = select(Division.district).where(
        Division.level == "district", Division.district != TRIAL_DISTRICT
    )
    return sorted(session.exec(query))


def _row(session: Session, district: str, code: str, source: str, wall: datetime) -> Finding:
    """The open finding, held until the commit."""
    query = select(Finding).where(
        Finding.district == district,
        Finding.code == code,
        Finding.source == source,
        col(Finding.ended_at).is_(None),
    )
    row = session.exec(query.with_for_update()).first()
    return row or Finding(district=district, code=code, source=source, since=wall, seen_at=wall)


def end(session: Session, found: Open, wall: datetime) -> None:
    """It is well again; what ended long ago is forgotten."""
    row = _row(session, found.district, found.code, found.source, wall)
    row.ended_at = wall
    session.add(row)
    session.flush()
    old = (col(Finding.district) == found.district, col(Finding.ended_at) < wall - KEEP)
    session.execute(delete(Finding).where(*old).execution_options(synchronize_session=False))
