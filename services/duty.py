"""The working calendar of a district, who is on duty, and when somebody may be written to."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from domain.duty import next_reach
from domain.policy import Policy
from domain.worktime import Calendar, is_work_time, next_work_time
from models import Division, Leave, Person, Shift
from services.equipment import policy


@lru_cache(maxsize=256)
def _calendar(zone: str, numbers: Policy) -> Calendar:
    morning = (numbers.work_from, numbers.lunch_from)
    afternoon = (numbers.lunch_until, numbers.work_until)
    return Calendar(zone=zone, shifts=(morning, afternoon))


def calendar(session: Session, district: str) -> Calendar:
    """The district's working calendar; its zone is the district's own or the deployment's."""
    row = session.get(Division, (district, district))
    numbers = policy(session)
    return _calendar((row and row.zone) or numbers.zone, numbers)


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


def on_shift(session: Session, district: str, unit: str, now: datetime) -> list[UUID]:
    """Who has duty in the unit now, first begun first."""
    query = (
        select(Shift.person)
        .where(Shift.district == district, Shift.unit == unit)
        .where(col(Shift.start) <= now, col(Shift.end) > now)
        .order_by(col(Shift.start), col(Shift.id))
    )
    return list(dict.fromkeys(session.exec(query)))


def has_roster(session: Session, district: str, unit: str, now: datetime) -> bool:
    """Whether the unit keeps a roster around now (a day back or ahead)."""
    day = timedelta(days=1)
    query = select(Shift.id).where(
        Shift.district == district,
        Shift.unit == unit,
        col(Shift.start) < now + day,
        col(Shift.end) > now - day,
    )
    return session.exec(query).first() is not None


def away(session: Session, district: str, people: Iterable[UUID], now: datetime) -> set[UUID]:
    """Those of the people who are on leave now."""
    query = select(Leave.person).where(
        Leave.district == district,
        col(Leave.person).in_(list(people)),
        col(Leave.start) <= now,
        col(Leave.end) > now,
    )
    return set(session.exec(query))


def is_on_shift(session: Session, person: Person, now: datetime) -> bool:
    """Whether the person has duty anywhere now."""
    query = select(Shift.id).where(
        Shift.district == person.district,
        Shift.person == person.id,
        col(Shift.start) <= now,
        col(Shift.end) > now,
    )
    return session.exec(query).first() is not None


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
    query = (
        select(Leave.end)
        .where(Leave.district == person.district, Leave.person == person.id)
        .where(col(Leave.start) <= now, col(Leave.end) > now)
        .order_by(col(Leave.end).desc())
    )
    return session.exec(query).first()


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
