"""Duty: who is on in a unit, from when until when. A row with the same beginning is corrected.

A row with `days` and `until` is a pattern: `work` repeats it on every working day (holidays out,
make-up workdays in), `daily` on every day. Split shifts are two rows. What the list leaves empty
is remarked on, a sentence each, and comes in all the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from uuid import UUID

from sqlmodel import Session, col, select

from domain.worktime import is_workday
from models import Shift
from services import duty, roster
from services.imports.cells import Cells
from services.imports.outcome import Outcome
from services.imports.units import Refs, Units
from services.territory import district_of, zone
from services.territory import name as territory_name

Post = tuple[UUID, str]
REPEATS = ("work", "daily")
# a pattern is laid over a good year at most; more is a slip of the pen
MOST_DAYS = 400
# how far from its beginning a list is looked through for gaps
LOOKED_THROUGH = timedelta(days=62)


@dataclass(slots=True)
class _Stint:
    """A shift of the file or of the database; `row` 0 for the latter."""

    start: datetime
    end: datetime
    row: int


def bring_duty(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Columns person, unit, from, to, days, until; a time without offset is in the territory's
    zone."""
    posts: dict[str, dict[Post, list[_Stint]]] = defaultdict(lambda: defaultdict(list))
    reader = _Reader(session, now)
    for cells in rows:
        for post, stint in reader.read(cells):
            posts[district_of(post[1])][post].append(stint)
    for district, by_post in posts.items():
        known = _known(session, district, by_post)
        for post, stints in by_post.items():
            _check_overlaps(stints, known.get(post, {}), outcome)
        if not outcome.failed:
            _write(session, district, by_post, known, outcome)
            _remark_gaps(session, district, by_post, now, outcome)


class _Reader:
    """Reads rows; knows units, people and zones."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._units, self._refs = Units(session, now), Refs(session)
        self._zones: dict[str, tzinfo] = {}

    def read(self, cells: Cells) -> list[tuple[Post, _Stint]]:
        """The shifts that a row means; none if it can't be used."""
        unit, ref = self._units.check(cells), cells.needed("person")
        district = district_of(unit)
        person = self._refs.find(district, ref) if ref and unit else None
        if ref and unit and person is None:
            cells.wrong("person", "unknown_person")
        start = cells.instant("from", self._zone(district))
        end = cells.instant("to", self._zone(district))
        if start is not None and end is not None and end <= start:
            cells.wrong("to", "not_after")
        days = self._days(cells, district, start.date() if start is not None else None)
        if cells.bad or person is None or start is None or end is None:
            return []
        return [
            ((person, unit), _Stint(_moved(start, by), _moved(end, by), cells.number))
            for by in days
        ]

    def _days(self, cells: Cells, district: str, first: date | None) -> list[int]:
        """How many days after the first one the row holds again; [0]: only then."""
        wanted = cells.choice("days", REPEATS, default="")
        if not wanted:
            return [0]
        until = cells.day("until") if cells.needed("until") else None
        if cells.bad or first is None or until is None:
            return []
        count = (until - first).days + 1
        if not 1 <= count <= MOST_DAYS:
            cells.wrong("until", "too_many_days", most=MOST_DAYS)
            return []
        calendar = duty.calendar(self._session, district)
        return [
            by
            for by in range(count)
            if wanted == "daily" or is_workday(calendar, first + timedelta(days=by))
        ]

    def _zone(self, district: str) -> tzinfo:
        if district not in self._zones:
            self._zones[district] = zone(self._session, district)
        return self._zones[district]


def _moved(local: datetime, days: int) -> datetime:
    """The same local time some days later."""
    return (local + timedelta(days=days)).astimezone(UTC)


def _remark_gaps(
    session: Session,
    district: str,
    by_post: dict[Post, list[_Stint]],
    now: datetime,
    outcome: Outcome,
) -> None:
    """One sentence for each stretch in which a unit of the list has nobody."""
    here = zone(session, district)
    for unit in sorted({unit for _, unit in by_post}):
        stints = [each for post, some in by_post.items() if post[1] == unit for each in some]
        since = max(now, min(each.start for each in stints))
        until = min(max(each.end for each in stints), since + LOOKED_THROUGH)
        for gap in roster.gaps(session, district, unit, since, until):
            start, end = gap.start.astimezone(here), gap.end.astimezone(here)
            name = territory_name(session, district, unit)
            outcome.remark("gap", unit=name, start=f"{start:%Y-%m-%d %H:%M}", end=f"{end:%H:%M}")


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
