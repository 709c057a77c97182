"""A district's own calendar: days off and on with their names, and its hours of work."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import Session, delete, select

from domain.worktime import Calendar
from models import CalendarDay, WorkShift
from services import territory
from services.imports.cells import Cells
from services.imports.outcome import Outcome

# what a day may be: (announced by the State Council, worked)
DAYS = {
    "off": (False, False),
    "on": (False, True),
    "holiday": (True, False),
    "makeup": (True, True),
}
# a date further away than this is a slip of the pen
YEARS_BACK, YEARS_AHEAD = 1, 10

Day = tuple[date, bool]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a row says of a day."""

    works: bool
    name: str


def bring_days(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Columns district, date, work (off, on, holiday, makeup), name.

    For each district and year in it the file is the whole list: other days of that year are
    ordinary again. Deadlines that were promised before stay as they are.
    """
    lists: dict[str, dict[Day, _Entry]] = defaultdict(dict)
    for cells in rows:
        _read_day(session, cells, now, lists)
    if not outcome.failed:
        for district, entries in lists.items():
            _write_days(session, district, entries, outcome)
        session.flush()


def _district(session: Session, cells: Cells) -> str:
    """The district's code, which must be known."""
    code = cells.needed("district")
    row = territory.find_division(session, code, code) if code else None
    if code and (row is None or row.level != "district"):
        cells.wrong("district", "unknown_unit")
    return code


def _read_day(
    session: Session, cells: Cells, now: datetime, lists: dict[str, dict[Day, _Entry]]
) -> None:
    district, name = _district(session, cells), cells.needed("name")
    work = cells.choice("work", tuple(DAYS))
    day = cells.day("date") if cells.needed("date") else None
    if day is not None:
        _check_range(cells, day, now.year)
    if cells.bad or day is None:
        return
    official, works = DAYS[work]
    before = lists[district].get((day, official))
    if before is not None:
        cells.wrong("date", "doubled" if before.works is works else "off_and_on")
    lists[district][(day, official)] = _Entry(works, name)


def _check_range(cells: Cells, day: date, year: int) -> None:
    first, last = year - YEARS_BACK, year + YEARS_AHEAD
    if not first <= day.year <= last:
        cells.wrong("date", "day_too_far", first=first, last=last)


def _write_days(
    session: Session, district: str, entries: dict[Day, _Entry], outcome: Outcome
) -> None:
    years = {day.year for day, _ in entries}
    query = select(CalendarDay).where(CalendarDay.district == district)
    known = {(row.day, row.official): row for row in session.exec(query) if row.day.year in years}
    for key, entry in entries.items():
        _bring_day(session, district, key, entry, known.get(key), outcome)
    for day, official in known.keys() - entries.keys():
        # by a statement: what is remembered is found anew after it
        gone = delete(CalendarDay).where(CalendarDay.district == district)  # type: ignore[arg-type]
        session.exec(gone.where(CalendarDay.day == day, CalendarDay.official == official))  # type: ignore[arg-type]
        outcome.ended += 1


def _bring_day(
    session: Session,
    district: str,
    key: Day,
    entry: _Entry,
    row: CalendarDay | None,
    outcome: Outcome,
) -> None:
    if row is None:
        day, official = key
        row = CalendarDay(
            district=district, day=day, official=official, works=entry.works, name=entry.name
        )
        outcome.added += 1
    elif (row.works, row.name) == (entry.works, entry.name):
        outcome.unchanged += 1
        return
    else:
        row.works, row.name = entry.works, entry.name
        outcome.changed += 1
    session.add(row)


def bring_hours(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Columns district, opens, closes: the stretches of every working day, local time.

    A district in the file has the hours that the file gives, no others.
    """
    lists: dict[str, dict[time, time]] = defaultdict(dict)
    for cells in rows:
        _read_hours(session, cells, lists)
    if not outcome.failed:
        for district, hours in lists.items():
            _write_hours(session, district, hours, outcome)
        session.flush()


def _read_hours(session: Session, cells: Cells, lists: dict[str, dict[time, time]]) -> None:
    district = _district(session, cells)
    opens, closes = _clock(cells, "opens"), _clock(cells, "closes")
    if cells.bad or opens is None or closes is None:
        return
    hours = lists[district]
    if opens in hours:
        cells.wrong("opens", "doubled")
    elif not _fits(hours | {opens: closes}):
        cells.wrong("opens", "hours_overlap")
    else:
        hours[opens] = closes


def _clock(cells: Cells, column: str) -> time | None:
    """A time of day such as 08:00; 24:00 is midnight."""
    text = cells.needed(column)
    hour, _, rest = text.partition(":")
    padded = f"{hour:0>2}:{rest}"
    try:
        return time(0) if padded == "24:00" else time.fromisoformat(padded)
    except ValueError:
        if text:
            cells.wrong(column, "not_a_clock")
        return None


def _fits(hours: dict[time, time]) -> bool:
    """Whether the stretches lie apart, none empty."""
    try:
        Calendar(shifts=tuple(sorted(hours.items())))
    except ValueError:
        return False
    return True


def _write_hours(
    session: Session, district: str, hours: dict[time, time], outcome: Outcome
) -> None:
    rows = session.exec(select(WorkShift).where(WorkShift.district == district))
    known = {row.opens: row for row in rows}
    for opens, closes in hours.items():
        row = known.get(opens)
        if row is None:
            session.add(WorkShift(district=district, opens=opens, closes=closes))
            outcome.added += 1
        elif row.closes != closes:
            row.closes = closes
            session.add(row)
            outcome.changed += 1
        else:
            outcome.unchanged += 1
    for opens in known.keys() - hours.keys():
        gone = delete(WorkShift).where(WorkShift.district == district)  # type: ignore[arg-type]
        session.exec(gone.where(WorkShift.opens == opens))  # type: ignore[arg-type]
        outcome.ended += 1
