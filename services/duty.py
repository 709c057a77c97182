"""The working calendar of a district, who is on duty, and when somebody may be written to."""

from collections.abc import Hashable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from domain.duty import next_reach
from domain.policy import Policy
from domain.worktime import Calendar, is_work_time, next_work_time
from models import CalendarDay, Leave, Person, Shift, WorkShift
from models.known import PLACES, STAFF, known
from models.statement import Prepared
from services import territory
from services.equipment import policy


def calendar(session: Session, district: str) -> Calendar:
    """The district's working calendar: its own zone, hours and days, else the deployment's.

    The same object until the district's calendar changes, so that what is derived from it is kept.
    """
    numbers = policy(session)
    usual = (numbers.work_from, numbers.lunch_from, numbers.lunch_until, numbers.work_until)
    key = ("calendar", district, numbers.zone, *usual)
    return known(session, PLACES, key, lambda: _calendar(session, district, numbers))


def _calendar(session: Session, district: str, numbers: Policy) -> Calendar:
    row = territory.find_division(session, district, district)
    hours = session.exec(select(WorkShift).where(WorkShift.district == district))
    shifts = tuple(sorted((each.opens, each.closes) for each in hours))
    days = list(session.exec(select(CalendarDay).where(CalendarDay.district == district)))

    def those(*, official: bool, works: bool) -> frozenset[date]:
        return frozenset(
            each.day for each in days if (each.official, each.works) == (official, works)
        )

    return Calendar(
        zone=(row and row.zone) or numbers.zone,
        shifts=shifts or _usual(numbers),
        holidays=those(official=True, works=False),
        makeup_days=those(official=True, works=True),
        days_off=those(official=False, works=False),
        days_on=those(official=False, works=True),
    )


def _usual(numbers: Policy) -> tuple[tuple[time, time], ...]:
    """The deployment's morning and afternoon."""
    return (numbers.work_from, numbers.lunch_from), (numbers.lunch_until, numbers.work_until)


def zone(session: Session, district: str) -> ZoneInfo:
    """The district's time zone."""
    return ZoneInfo(calendar(session, district).zone)


def local_at(session: Session, district: str, now: datetime, days: int, clock: time) -> datetime:
    """`clock` on the day `days` after today, as people there read it."""
    here = zone(session, district)
    day = now.astimezone(here).date() + timedelta(days=days)
    return datetime.combine(day, clock, here)


def next_work(session: Session, district: str, instant: datetime) -> datetime:
    """The first working moment from `instant` on."""
    return next_work_time(calendar(session, district), instant)


def is_work(session: Session, district: str, now: datetime) -> bool:
    """Whether it is working time there."""
    return is_work_time(calendar(session, district), now)


# before and after these local hours a resident's phone makes no sound for us
MORNING, EVENING = time(8), time(21)


def is_night(session: Session, district: str, now: datetime) -> bool:
    """Whether residents there are told things without a sound."""
    return not MORNING <= now.astimezone(zone(session, district)).time() < EVENING


Span = tuple[UUID, datetime, datetime]
_DAY = timedelta(days=1)


def _around(now: datetime) -> tuple[datetime, datetime]:
    """The UTC day of `now` with a day on either side: what is remembered together."""
    day = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return day - _DAY, day + 2 * _DAY


def _in_between(table: Any, *of: Any) -> Prepared:
    """Shifts or leave (person, start, end), first begun first."""
    query = select(table.person, table.start, table.end).where(
        table.district == bindparam("in_district"),
        table.start < bindparam("until"),
        table.end > bindparam("since"),
        *of,
    )
    return Prepared(lambda _: query.order_by(table.start, table.id))


_SHIFTS_IN = _in_between(Shift, col(Shift.unit) == bindparam("of"))
_SHIFTS_OF = _in_between(Shift, col(Shift.person) == bindparam("of"))
_LEAVE = _in_between(Leave)


def _spans(
    session: Session, which: Prepared, district: str, now: datetime, of: Hashable = None
) -> list[Span]:
    """What there is of them around `now`, in a unit or of a person."""
    since, until = _around(now)
    asked = {"in_district": district, "since": since, "until": until, "of": of}
    key = (which, district, since, of)
    return known(session, STAFF, key, lambda: which.all(session, asked))


def _running(spans: Iterable[Span], now: datetime) -> list[Span]:
    return [span for span in spans if span[1] <= now < span[2]]


def on_shift(session: Session, district: str, unit: str, now: datetime) -> list[UUID]:
    """Who has duty in the unit now, first begun first."""
    spans = _running(_spans(session, _SHIFTS_IN, district, now, unit), now)
    return list(dict.fromkeys(person for person, _, _ in spans))


def has_roster(session: Session, district: str, unit: str, now: datetime) -> bool:
    """Whether the unit keeps a roster around now (a day back or ahead)."""
    spans = _spans(session, _SHIFTS_IN, district, now, unit)
    return any(start < now + _DAY and end > now - _DAY for _, start, end in spans)


def away(session: Session, district: str, people: Iterable[UUID], now: datetime) -> set[UUID]:
    """Those of the people who are on leave now."""
    gone = _running(_spans(session, _LEAVE, district, now), now)
    return {person for person, _, _ in gone} & set(people)


def is_on_shift(session: Session, person: Person, now: datetime) -> bool:
    """Whether the person has duty anywhere now."""
    return bool(_running(_spans(session, _SHIFTS_OF, person.district, now, person.id), now))


def routine_at(session: Session, person: Person, now: datetime) -> datetime | None:
    """When a routine message may reach somebody who works here; None: at once.

    Lunch, night, holidays and leave bring none, unless they are on a shift.
    """
    leave_ends = _leave_ends(session, person, now)
    if leave_ends is None and is_on_shift(session, person, now):
        return None
    wanted = leave_ends or now
    reach = next_reach(calendar(session, person.district), wanted)
    return reach if reach > now else None


def _leave_ends(session: Session, person: Person, now: datetime) -> datetime | None:
    spans = _running(_spans(session, _LEAVE, person.district, now), now)
    return max((end for who, _, end in spans if who == person.id), default=None)


def end_leave(session: Session, person: Person, now: datetime) -> None:
    """They are back: whatever leave is running ends now."""
    query = select(Leave).where(
        Leave.district == person.district,
        Leave.person == person.id,
        col(Leave.start) <= now,
        col(Leave.end) > now,
    )
    for row in session.exec(query):
        row.end = now
        session.add(row)
