"""Whose turn it is: the worker on duty, else the backup, else the leader, else the desk.

A matter for one named person goes along the line of those people only. Who can't be reached,
is on leave or was asked already is skipped.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from domain.roles import RoleName
from models import Case, Person, Role
from models.known import STAFF, known
from models.statement import Prepared
from services import duty

# the skill of those who are rung for violence at home and despair (PO03, LS18)
NAMED_SKILL = "named"


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is asked next: a person, or the desk of `unit` when `person` is None."""

    person: UUID | None
    unit: str


def units_above(grid: str) -> list[str]:
    """Community, street and district of a grid, nearest first (codes nest by prefix)."""
    return [grid[:12], grid[:9], grid[:6]]


def next_turn(session: Session, case: Case, now: datetime) -> Turn:
    """The next who hasn't been asked yet; at the end of the line, the desk that can be reached."""
    asked = {UUID(each) for each in case.passed}
    for person in line(session, case, now):
        if person not in asked:
            return Turn(person, case.community)
    return Turn(None, desk_unit(session, case.district, case.grid))


def line(session: Session, case: Case, now: datetime) -> list[UUID]:
    """Everybody who may be asked about the case, in order, reachable and not on leave."""
    if case.reach == "named":
        return _named_line(session, case, now)
    workers = _holders(session, case.district, [case.grid], (RoleName.WORKER,))
    on_shift = set(duty.on_shift(session, case.district, case.grid, now))
    present = [each for each in workers if each in on_shift]
    rest = [each for each in workers if each not in on_shift]
    leaders = _holders(session, case.district, [case.grid, case.community], (RoleName.LEADER,))
    return _present(session, case.district, [*present, *rest, *leaders], now)


def team(session: Session, case: Case, now: datetime) -> list[UUID]:
    """The whole team of the case's grid, for what is urgent."""
    people = _holders(
        session,
        case.district,
        [case.grid, case.community],
        (RoleName.WORKER, RoleName.LEADER),
    )
    return _present(session, case.district, people, now)


def desk(session: Session, district: str, unit: str) -> list[UUID]:
    """The supervisors of a unit who can be reached."""
    people = _holders(session, district, [unit], (RoleName.SUPERVISOR,))
    return _reachable(session, district, people)


def last_resort(session: Session, district: str) -> list[UUID]:
    """The administrators: for a danger that nobody of team or desk can be told of."""
    people = _holders(session, district, [district], (RoleName.ADMIN,))
    return _reachable(session, district, people)


def desk_unit(session: Session, district: str, grid: str) -> str:
    """The nearest desk above the grid with somebody in it; the community's if none has."""
    units = units_above(grid)
    return next((unit for unit in units if desk(session, district, unit)), units[0])


def leaders(session: Session, case: Case) -> list[UUID]:
    """Who answers for the grid: its leaders, else its community's."""
    for unit in (case.grid, case.community):
        found = _reachable(
            session, case.district, _holders(session, case.district, [unit], (RoleName.LEADER,))
        )
        if found:
            return found
    return []


def _named_line(session: Session, case: Case, now: datetime) -> list[UUID]:
    """The named people of the community, then the street, then the district; duty first."""
    found: list[UUID] = []
    for unit in units_above(case.grid):
        people = [each for each in _in_unit(session, case.district, unit) if _is_named(each)]
        on_shift = set(duty.on_shift(session, case.district, unit, now))
        found += sorted((each.id for each in people), key=lambda each: each not in on_shift)
    line = _present(session, case.district, list(dict.fromkeys(found)), now)
    # nobody was named: the first supervisor above who can be reached stands in, and only they
    return line or desk(session, case.district, desk_unit(session, case.district, case.grid))[:1]


def _is_named(person: Person) -> bool:
    return NAMED_SKILL in person.skills


def _in_unit(session: Session, district: str, unit: str) -> list[Person]:
    query = (
        select(Person)
        .join(Role, (col(Role.district) == Person.district) & (col(Role.person) == Person.id))
        .where(Role.district == district, Role.unit == unit, col(Role.revoked_at).is_(None))
        .order_by(col(Role.since), col(Role.id))
    )
    return list(session.exec(query))


def _holders(
    session: Session, district: str, units: list[str], roles: tuple[RoleName, ...]
) -> list[UUID]:
    """People with one of the roles in one of the units: units in order, the oldest role first."""
    found: list[UUID] = []
    for unit in dict.fromkeys(units):
        found += (person for person, role in _roles_in(session, district, unit) if role in roles)
    return list(dict.fromkeys(found))


def _roles_in(session: Session, district: str, unit: str) -> list[tuple[UUID, str]]:
    """(person, role) of everybody in a unit, the oldest role first."""

    of = {"in_district": district, "in_unit": unit}
    return known(session, STAFF, ("roles in", district, unit), lambda: _ROLES_IN.all(session, of))


_ROLES_IN = Prepared(
    lambda _: (
        select(Role.person, Role.role)
        .where(
            Role.district == bindparam("in_district"),
            Role.unit == bindparam("in_unit"),
            col(Role.revoked_at).is_(None),
        )
        .order_by(col(Role.since), col(Role.id))
    )
)


def _present(session: Session, district: str, people: list[UUID], now: datetime) -> list[UUID]:
    gone = duty.away(session, district, people, now)
    return [each for each in _reachable(session, district, people) if each not in gone]


def _reachable(session: Session, district: str, people: list[UUID]) -> list[UUID]:
    session.flush()  # somebody may just have become unreachable
    of = {"in_district": district}
    return [each for each in people if _REACHABLE.first(session, of | {"of_person": each})]


_REACHABLE = Prepared(
    lambda _: select(Person.reachable).where(
        Person.district == bindparam("in_district"), Person.id == bindparam("of_person")
    )
)


@dataclass(frozen=True, slots=True)
class Team:
    """Who answers for a grid: (name, role), and the names of those on duty now."""

    everybody: tuple[tuple[str, str], ...]
    now: tuple[str, ...]


def on_duty_now(session: Session, district: str, grid: str, now: datetime) -> Team:
    """The team of a grid as residents may know it, whether or not they use the platform."""
    found: list[tuple[UUID, str]] = []
    for role in (RoleName.WORKER, RoleName.LEADER):
        keys = _holders(session, district, [grid, grid[:12]], (role,))
        found += [(key, str(role)) for key in keys if key not in dict(found)]
    names = {key: _name(session, district, key) for key, _ in found}
    present = duty.on_shift(session, district, grid, now)
    if not duty.has_roster(session, district, grid, now) and duty.is_work(session, district, now):
        present = [key for key, role in found if role == RoleName.WORKER]
    gone = duty.away(session, district, present, now)
    on_now = tuple(names[key] for key in present if key in names and key not in gone)
    return Team(tuple((names[key], role) for key, role in found), on_now)


def _name(session: Session, district: str, key: UUID) -> str:
    row = session.get(Person, (district, key))
    return row.name if row else ""
