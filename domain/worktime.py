"""Working time: what a limit in hours or days means on the calendar of a territory.

Work time is 08–12 and 14–18 by default; weekends and public holidays are out, make-up workdays
are in. Instants are aware datetimes and answers are in UTC; shifts are local times of the zone.

Each year is laid out once as a table of its shifts with running totals, so that a deadline costs
two binary searches and one step a year, however far away it is. The tables are a pure function
of the calendar and the year, which is why caching them changes nothing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar

Unit = Literal["wall_hours", "work_hours", "work_days", "calendar_days"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000  # microseconds
DAY_SECONDS = 86_400
MAX_YEARS = 100  # a limit further away than this is a mistake in a catalogue
TOO_FAR = "a limit beyond a hundred years"
DEFAULT_SHIFTS = ((time(8), time(12)), (time(14), time(18)))


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a territory works.

    `shifts` are local (opening, closing) times in order, a closing of 00:00 means midnight.
    `holidays` and `makeup_days` are officially announced days that the library does not know
    yet: a year that has any counts as published. `days_off` and `days_on` are the territory's
    own and win over everything. `national` asks the library of Chinese public holidays; without
    it only `weekend` (0 is Monday) and the dates given here count.
    """

    zone: str = "Asia/Shanghai"
    shifts: tuple[tuple[time, time], ...] = DEFAULT_SHIFTS
    holidays: frozenset[date] = frozenset()
    makeup_days: frozenset[date] = frozenset()
    days_off: frozenset[date] = frozenset()
    days_on: frozenset[date] = frozenset()
    national: bool = True
    weekend: frozenset[int] = frozenset({5, 6})

    def __post_init__(self) -> None:
        """Refuse shifts that are empty, overlap or run backwards, and days both off and on."""
        ZoneInfo(self.zone)
        edges = [second for shift in _seconds(self) for second in shift]
        if not edges or edges != sorted(set(edges)):
            # 08–12 and 12–18 is one shift, 08–18: touching ones are refused as well.
            raise ValueError("shifts must be in order, apart and not empty")
        if self.days_off & self.days_on or self.holidays & self.makeup_days:
            raise ValueError("a day cannot be both off and on")
        if len(self.weekend) > 6:
            raise ValueError("a week needs a working day")


@dataclass(frozen=True, slots=True)
class Deadline:
    """`at` in UTC; `provisional` when it rests on a year whose holidays are not published."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class _Year:
    """One local year: its shifts in microseconds since 1970 and the work done before each."""

    starts: array[int]
    ends: array[int]
    before: array[int]
    total: int
    days: array[int]  # ordinals of the working days
    provisional: bool


def is_workday(calendar: Calendar, day: date) -> bool:
    """Whether this local date is worked. Unpublished years count weekends only."""
    if day in calendar.days_on or day in calendar.days_off:
        return day in calendar.days_on
    if day in calendar.makeup_days or day in calendar.holidays:
        return day in calendar.makeup_days
    known = _national_workdays(day.year) if calendar.national else None
    return day.weekday() not in calendar.weekend if known is None else day in known


def is_published(calendar: Calendar, year: int) -> bool:
    """Whether the year's holidays are known, from the library or from the calendar itself."""
    announced = calendar.holidays | calendar.makeup_days
    known = not calendar.national or _national_workdays(year) is not None
    return known or any(day.year == year for day in announced)


def is_work_time(calendar: Calendar, instant: datetime) -> bool:
    """Whether somebody works now. The opening minute is in, the closing minute is out."""
    table, at = _locate(calendar, instant)
    index = bisect_right(table.starts, at) - 1
    return index >= 0 and at < table.ends[index]


def next_work_time(calendar: Calendar, instant: datetime) -> datetime:
    """The instant itself if it is in work time, else the next opening (UTC)."""
    year, at = _local_year(calendar, instant), _micros(instant)
    for following in range(year, year + MAX_YEARS):
        table = _year(calendar, following)
        index = bisect_right(table.ends, at)
        if index < len(table.ends):
            return _instant(max(at, table.starts[index]))
    raise ValueError("no work time within a hundred years")


def work_between(calendar: Calendar, a: datetime, b: datetime) -> timedelta:
    """Work time from a to b; negative when b is before a."""
    if b < a:
        return -work_between(calendar, b, a)
    first, last = _local_year(calendar, a), _local_year(calendar, b)
    whole = sum(_year(calendar, year).total for year in range(first, last))
    done = _worked(_year(calendar, last), _micros(b)) - _worked(_year(calendar, first), _micros(a))
    return timedelta(microseconds=whole + done)


def add_work(calendar: Calendar, start: datetime, amount: float, unit: Unit) -> Deadline:
    """The deadline that lies `amount` of `unit` after `start`; 0 is `start` itself.

    wall_hours: hours on the clock, at night and on holidays too.
    work_hours: hours of work time; a limit may end on the minute of closing.
    work_days: a start outside work time first moves to the next opening; then the same local
    time of day on the n-th working day after it. So Friday 17:50 + 1 is Monday 17:50, and
    Friday 18:00 (closed) or Saturday + 1 is Tuesday 08:00.
    calendar_days: the same local time of day n days later, whatever day that is.
    Raises ValueError for a negative amount, a part of a day, an unknown unit, a naive start or
    a deadline more than a hundred years away.
    """
    if unit not in _ADDERS:
        raise ValueError(f"unknown unit {unit!r}")
    if amount < 0 or (unit.endswith("_days") and amount != int(amount)):
        raise ValueError(f"{amount!r} {unit} cannot be added")
    _micros(start)
    at = _ADDERS[unit](calendar, start, amount) if amount else start.astimezone(UTC)
    return Deadline(at, unit.startswith("work_") and _rests_on_guesses(calendar, start, at))


def carried(
    calendar: Calendar, due: datetime, since: datetime, until: datetime, unit: Unit
) -> Deadline:
    """The deadline that has as much left at `until` as `due` has at `since`.

    Measured in the unit's own time: work time for work hours and work days, the clock's for wall
    hours, the local clock's for calendar days. So a limit can stand still and go on, and going
    back by the same way gives the first deadline again. What is late at `since` stays as it is.
    """
    if due <= since:
        return Deadline(due, provisional=False)
    if unit == "wall_hours":
        return Deadline(due - since + until, provisional=False)
    if unit == "calendar_days":
        zone = ZoneInfo(calendar.zone)
        left = _naive(due, zone) - _naive(since, zone)
        local = (_naive(until, zone) + left).replace(tzinfo=zone)
        return Deadline(local.astimezone(UTC), provisional=False)
    left = work_between(calendar, since, due)
    at = _after_work(calendar, until, left // MICROSECOND)
    return Deadline(at, _rests_on_guesses(calendar, until, at))


def _naive(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _add_wall_hours(_: Calendar, start: datetime, amount: float) -> datetime:
    if amount > MAX_YEARS * 366 * 24:
        raise ValueError(TOO_FAR)
    return _instant(_micros(start) + round(amount * HOUR))


def _add_work_hours(calendar: Calendar, start: datetime, amount: float) -> datetime:
    return _after_work(calendar, start, round(amount * HOUR))


def _after_work(calendar: Calendar, start: datetime, micros: int) -> datetime:
    """The earliest instant by which so many microseconds of work time have passed."""
    year = _local_year(calendar, start)
    target = _worked(_year(calendar, year), _micros(start)) + micros
    for following in range(year, year + MAX_YEARS):
        table = _year(calendar, following)
        if target <= table.total:
            index = bisect_left(table.before, target) - 1
            return _instant(table.starts[index] + target - table.before[index])
        target -= table.total
    raise ValueError(TOO_FAR)


def _add_work_days(calendar: Calendar, start: datetime, amount: float) -> datetime:
    zone = ZoneInfo(calendar.zone)
    begin = next_work_time(calendar, start).astimezone(zone)
    day = _workday_after(calendar, begin.date(), int(amount))
    # Moved on if the clocks leave out this time of day on that day.
    return next_work_time(calendar, datetime.combine(day, begin.time(), zone))


def _add_calendar_days(calendar: Calendar, start: datetime, amount: float) -> datetime:
    if amount > MAX_YEARS * 366:
        raise ValueError(TOO_FAR)
    local = start.astimezone(ZoneInfo(calendar.zone))
    return (local + timedelta(days=amount)).astimezone(UTC)


_ADDERS: dict[str, Callable[[Calendar, datetime, float], datetime]] = {
    "wall_hours": _add_wall_hours,
    "work_hours": _add_work_hours,
    "work_days": _add_work_days,
    "calendar_days": _add_calendar_days,
}


def _workday_after(calendar: Calendar, day: date, n: int) -> date:
    target = bisect_right(_year(calendar, day.year).days, day.toordinal()) + n
    for year in range(day.year, day.year + MAX_YEARS):
        days = _year(calendar, year).days
        if target <= len(days):
            return date.fromordinal(days[target - 1])
        target -= len(days)
    raise ValueError(TOO_FAR)


def _rests_on_guesses(calendar: Calendar, start: datetime, at: datetime) -> bool:
    years = range(_local_year(calendar, start), _local_year(calendar, at) + 1)
    return any(_year(calendar, year).provisional for year in years)


def _locate(calendar: Calendar, instant: datetime) -> tuple[_Year, int]:
    return _year(calendar, _local_year(calendar, instant)), _micros(instant)


def _local_year(calendar: Calendar, instant: datetime) -> int:
    return instant.astimezone(ZoneInfo(calendar.zone)).year


def _micros(instant: datetime) -> int:
    if instant.utcoffset() is None:
        raise ValueError("a naive datetime says nothing about when")
    return (instant - EPOCH) // MICROSECOND


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _worked(table: _Year, at: int) -> int:
    index = bisect_right(table.starts, at) - 1
    if index < 0:
        return 0
    return table.before[index] + min(at, table.ends[index]) - table.starts[index]


@lru_cache(maxsize=512)
def _year(calendar: Calendar, year: int) -> _Year:
    """About 17 KB and a millisecond; 512 of them serve 170 calendars over three years."""
    first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
    days = [n for n in range(first, after) if is_workday(calendar, date.fromordinal(n))]
    starts, ends, before, total = array("q"), array("q"), array("q"), 0
    for start, end in _spans(calendar, days):
        starts.append(start)
        ends.append(end)
        before.append(total)
        total += end - start
    provisional = not is_published(calendar, year)
    return _Year(starts, ends, before, total, array("q", days), provisional)


def _spans(calendar: Calendar, days: list[int]) -> list[tuple[int, int]]:
    """Shifts of these days in real time, so that a day of clock change has its real length."""
    zone, shifts = ZoneInfo(calendar.zone), _seconds(calendar)
    spans: list[tuple[int, int]] = []
    latest = -(1 << 62)
    for day in days:
        for opening, closing in shifts:
            start = max(latest, _local(zone, day, opening))
            latest = max(start, _local(zone, day, closing))
            spans.append((start, latest))
    return spans


def _local(zone: ZoneInfo, day: int, second: int) -> int:
    naive = datetime.fromordinal(day) + timedelta(seconds=second)
    return _micros(naive.replace(tzinfo=zone))


def _seconds(calendar: Calendar) -> list[tuple[int, int]]:
    return [
        (_second_of_day(opening), _second_of_day(closing) or DAY_SECONDS)
        for opening, closing in calendar.shifts
    ]


def _second_of_day(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


@lru_cache(maxsize=256)
def _national_workdays(year: int) -> frozenset[date] | None:
    """The year's working days as published; None while the library does not know the year."""
    first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
    days = map(date.fromordinal, range(first, after))
    try:
        return frozenset(day for day in days if chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
