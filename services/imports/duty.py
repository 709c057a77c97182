"""Duty: who is on in a unit, from when until when. A row with the same beginning is corrected."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from sqlmodel import Session, col, select

from models import Shift
from services.imports.cells import Cells
from services.imports.outcome import Outcome
from services.imports.units import Refs, Units
from services.territory import district_of, zone

Post = tuple[UUID, str]


@dataclass(slots=True)
class _Stint:
    """A shift of the file or of the database; `row` 0 for the latter."""

    start: datetime
    end: datetime
    row: int


def bring_duty(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Columns person, unit, from, to; a time without offset is in the territory's zone."""
    posts: dict[str, dict[Post, list[_Stint]]] = defaultdict(lambda: defaultdict(list))
    reader = _Reader(session)
    for cells in rows:
        found = reader.read(cells)
        if found is not None:
            post, stint = found
            posts[district_of(post[1])][post].append(stint)
    for district, by_post in posts.items():
        known = _known(session, district, by_post)
        for post, stints in by_post.items():
            _check_overlaps(stints, known.get(post, {}), outcome)
        if not outcome.failed:
            _write(session, district, by_post, known, outcome)


class _Reader:
    """Reads rows; knows units, people and zones."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._units, self._refs = Units(session), Refs(session)
        self._zones: dict[str, tzinfo] = {}

    def read(self, cells: Cells) -> tuple[Post, _Stint] | None:
        unit, ref = self._units.check(cells), cells.needed("person")
        district = district_of(unit)
        person = self._refs.find(district, ref) if ref and unit else None
        if ref and unit and person is None:
            cells.wrong("person", "unknown_person")
        start = cells.instant("from", self._zone(district))
        end = cells.instant("to", self._zone(district))
        if start is not None and end is not None and end <= start:
            cells.wrong("to", "not_after")
        if cells.bad or person is None or start is None or end is None:
            return None
        return (person, unit), _Stint(start.astimezone(UTC), end.astimezone(UTC), cells.number)

    def _zone(self, district: str) -> tzinfo:
        if district not in self._zones:
            self._zones[district] = zone(self._session, district)
        return self._zones[district]


def _known(
    session: Session, district: str, by_post: dict[Post, list[_Stint]]
) -> dict[Post, dict[datetime, Shift]]:
    """Shifts of the district that may meet the file's, by post and beginning."""
    first = min(stint.start for stints in by_post.values() for stint in stints)
    query = select(Shift).where(Shift.district == district, col(Shift.end) >= first)
    found: dict[Post, dict[datetime, Shift]] = defaultdict(dict)
    for shift in session.exec(query):
        found[(shift.person, shift.unit)][shift.start] = shift
    return found


def _check_overlaps(stints: list[_Stint], known: dict[datetime, Shift], outcome: Outcome) -> None:
    """Nobody is twice on duty in one unit; what the file corrects doesn't count."""
    starts = {stint.start for stint in stints}
    kept = [_Stint(s.start, s.end, 0) for s in known.values() if s.start not in starts]
    ordered = sorted([*stints, *kept], key=lambda stint: (stint.start, stint.row))
    until = ordered[0]
    for stint in ordered[1:]:
        if stint.start < until.end:
            row = stint.row or until.row
            outcome.wrong(row, "from", "overlaps", other=_place(until, stint))
        until = max(until, stint, key=lambda each: each.end)


def _place(one: _Stint, other: _Stint) -> int:
    """The row that a problem is with; 0 for one that was imported before."""
    return one.row if other.row else 0


def _write(
    session: Session,
    district: str,
    by_post: dict[Post, list[_Stint]],
    known: dict[Post, dict[datetime, Shift]],
    outcome: Outcome,
) -> None:
    for (person, unit), stints in by_post.items():
        for stint in stints:
            shift = known.get((person, unit), {}).get(stint.start)
            if shift is None:
                outcome.added += 1
                shift = Shift(
                    district=district, person=person, unit=unit, start=stint.start, end=stint.end
                )
            elif shift.end != stint.end:
                outcome.changed += 1
                shift.end = stint.end
            else:
                outcome.unchanged += 1
            session.add(shift)
    session.flush()
