"""The day's rhythm: the worker's list in the morning, the supervisor's day in the evening.

One due row per district and occasion; each plans its next when it fires. Days off have neither.
"""

from datetime import datetime, time

from sqlmodel import Session, col, select

from domain.roles import RoleName
from domain.worktime import is_workday
from models import Division, Due, Person, Role
from models.territory import TRIAL_DISTRICT
from services import due, duty, retention, roster, summary, summary_message, worklist
from services.equipment import policy
from services.notices import private_chat
from services.outbox import About, Message, Priority, put

MORNING, EVENING = "morning", "evening"
# more days off in a row than any calendar has
LONGEST_BREAK = 30


def begin(session: Session, now: datetime) -> None:
    """Plan what every district of the deployment does each day; planned already, nothing moves."""
    query = select(Division.district).where(
        Division.level == "district", Division.district != TRIAL_DISTRICT
    )
    for district in list(session.exec(query)):
        for name in (MORNING, EVENING):
            if not _is_planned(session, district, name):
                _plan(session, district, name, now)
        if not _is_planned(session, district, retention.PURGE):
            retention.plan_purge(session, district, now)
        if not _is_planned(session, district, roster.GAPS):
            roster.plan(session, district, now)


def _is_planned(session: Session, district: str, key: str) -> bool:
    query = select(Due.id).where(Due.district == district, Due.key == key, Due.state == "pending")
    return session.exec(query).first() is not None


def _plan(session: Session, district: str, name: str, now: datetime) -> None:
    due.plan(session, district, name, name, _next(session, district, name, now))


def _next(session: Session, district: str, name: str, now: datetime) -> datetime:
    clock: time = getattr(policy(session), name)
    calendar = duty.calendar(session, district)
    for days in range(LONGEST_BREAK):
        at = duty.local_at(session, district, now, days, clock)
        if at > now and is_workday(calendar, at.date()):
            return at
    return duty.local_at(session, district, now, 1, clock)


def fire_morning(session: Session, row: Due, now: datetime) -> None:
    """Everybody who handles cases gets their list, if there is anything on it."""
    _plan(session, row.district, MORNING, now)
    today = _day_key(session, row.district, now)
    for person in _holders(session, row.district, (RoleName.WORKER, RoleName.LEADER), now):
        message = worklist.worklist(session, person, now)
        if message is not None:
            _send(session, person, message, now, f"{MORNING}:{today}:{person.id}")


def fire_evening(session: Session, row: Due, now: datetime) -> None:
    """Every supervisor reads the day of their widest unit in one message with one picture."""
    _plan(session, row.district, EVENING, now)
    today = _day_key(session, row.district, now)
    on = now.astimezone(duty.zone(session, row.district)).date()
    days: dict[str, summary.Day] = {}
    for person in _holders(session, row.district, (RoleName.SUPERVISOR,), now):
        for unit in summary.units_of(session, person)[:1]:
            if unit not in days:
                days[unit] = summary.day(session, row.district, unit, on, now)
            message = summary_message.day_message(days[unit], person.language)
            _send(session, person, message, now, f"{EVENING}:{today}:{unit}:{person.id}")


def _day_key(session: Session, district: str, now: datetime) -> str:
    return now.astimezone(duty.zone(session, district)).strftime("%y%m%d")


def _holders(
    session: Session, district: str, roles: tuple[RoleName, ...], now: datetime
) -> list[Person]:
    """Who has one of the roles, can be reached and isn't on leave."""
    held = (
        select(Role.person)
        .where(Role.district == district, col(Role.revoked_at).is_(None))
        .where(col(Role.role).in_([str(role) for role in roles]))
    )
    query = (
        select(Person)
        .where(Person.district == district, col(Person.reachable).is_(True))
        .where(col(Person.id).in_(held))
        .order_by(col(Person.id))
    )
    found = list(session.exec(query))
    away = duty.away(session, district, [each.id for each in found], now)
    return [each for each in found if each.id not in away]


def _send(session: Session, person: Person, message: Message, now: datetime, dedupe: str) -> None:
    to = private_chat(person, person.bot or "")
    if to is None:
        return
    about = About(
        priority=Priority.DIGEST,
        district=person.district,
        person=person.id,
        dedupe=dedupe,
        not_before=duty.routine_at(session, person, now),  # it may have come late
    )
    put(session, to, message, now, about)
