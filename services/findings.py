"""What the auditor found becomes rows: opened, kept, told to the administrators once, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models import Finding, Person
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

    def known(self, found: Sequence[Found], wall: datetime) -> bool:
        """It has lasted, and there is none of which nobody was told."""
        known = self.code in KNOWN_ONCE_TOLD and wall - self.since >= TELL_AFTER
        return known and not self.must_be_told(found)

    def must_be_told(self, found: Sequence[Found]) -> bool:
        """Whether nobody was told yet, or of what lasts until it is dealt with there is more."""
        more = self.code in KNOWN_ONCE_TOLD and len(untold(found)) > self.told_count
        return bool(untold(found)) and (self.told_at is None or more)

    def to_tell(self, found: Sequence[Found], wall: datetime) -> bool:
        """Whether that is to be done now, since it has lasted."""
        return wall - self.since >= TELL_AFTER and self.must_be_told(found)

    def to_write(self, found: Sequence[Found], wall: datetime) -> bool:
        """Whether there is anything to write down."""
        same = tuple(sorted(each.ref for each in found)[:MANY]) == self.refs
        stale = bool(self.source) and wall - self.seen_at >= RENEW
        return not same or len(found) != self.count or self.to_tell(found, wall) or stale

    def has_ended(self, here: str, wall: datetime) -> bool:
        """Whether this process may end it, now that it found no such thing."""
        return self.source in ("", here) or wall - self.seen_at >= FORGET


def untold(found: Sequence[Found]) -> list[Found]:
    """What no notice of its own tells of."""
    return [each for each in found if not each.told]


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
    row.told_count = min(row.told_count, len(untold(found)))
    session.add(row)
    session.flush()
    to_tell = _open(row).to_tell(found, wall)
    if district and to_tell and tell(session, district, _open(row), found, now):
        _mark_told(row, found, wall)
    return _open(row)


def _mark_told(row: Finding, found: Sequence[Found], wall: datetime) -> None:
    row.told_at, row.told_count = wall, len(untold(found))


def told(session: Session, finding: Open, found: Sequence[Found], wall: datetime) -> None:
    """The deployment's finding was told in its districts."""
    row = _row(session, finding.district, finding.code, finding.source, wall)
    _mark_told(row, found, wall)
    session.add(row)


def tell(
    session: Session, district: str, finding: Open, found: Sequence[Found], now: datetime
) -> int:
    """Queue the sentence to each administrator of a district, in their language; how many.

    It tells of what no notice of its own tells of.
    """
    count, some = 0, untold(found)
    for key in routing.last_resort(session, district):
        person = session.get(Person, (district, key))
        to = private_chat(person, "")
        if person is None or to is None:
            continue
        # once since the last time, also if two processes find it at once
        since = finding.told_at.isoformat() if finding.told_at else ""
        about = About(
            district=district,
            person=key,
            dedupe=f"finding:{finding.id}:{since}:{key}",
            not_before=duty.routine_at(session, person, now),
        )
        put(session, to, Message(sentence(finding.code, some, person.language)), now, about)
        count += 1
    return count


def sentence(code: str, found: Sequence[Found], language: str) -> str:
    """What is wrong, how often, and where to look it up; nothing about anybody."""
    refs = ", ".join(sorted(each.ref for each in found)[:SHOWN])
    more = "…" if len(found) > SHOWN else ""
    first = say(f"alarm.{code}", language, n=len(found))
    return f"{first}\n" + say("alarm.see", language, code=code, refs=refs + more)


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
