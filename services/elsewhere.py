"""Whom a desk may give a case to besides the grid's own line: people of other units nearby."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select

from domain.roles import RoleName, within
from models import Case, Person, Role
from services import duty, load, routing, territory
from services.access import roles_of

# who handles cases, as against who dispatches them
HANDLERS = (RoleName.WORKER, RoleName.LEADER, RoleName.DEPARTMENT)
STREET = 9
# buttons on one screen; more are found by name
SHOWN = 8
# of whom the load is asked; a name narrows it down
MOST = 200


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody of another unit. `skilled`: a specialist of the case's kind."""

    person: Person
    unit: str
    skilled: bool


def people(session: Session, desk: Person, case: Case, now: datetime, name: str = "") -> list[Near]:
    """Who can be asked now, specialists of the kind first, then by what they have in hand.

    A desk gives to the people below it, of the case's street at most, and to the specialists of
    that street's and community's own units. None in a matter for one named person, and none for
    who is no desk of the case. `name`: only those whose name holds it.
    """
    desks = [each.unit for each in roles_of(session, desk) if each.role is RoleName.SUPERVISOR]
    own = min((unit for unit in desks if within(unit, case.grid)), key=len, default=None)
    if own is None or case.reach == "named":
        return []
    found = _here(session, case, own, name)
    line = {*routing.line(session, case, now), case.owner, desk.id}
    away = duty.away(session, case.district, [each.person.id for each in found], now)
    able = [each for each in found if each.person.id not in line and each.person.id not in away]
    able.sort(key=lambda each: not each.skilled)
    weights = load.of(session, case.district, [each.person.id for each in able[:MOST]])
    return sorted(
        able[:MOST],
        key=lambda each: (not each.skilled, weights.get(each.person.id, 0), each.person.name),
    )


def _here(session: Session, case: Case, own: str, name: str) -> list[Near]:
    """Everybody with a handler's role whom the desk may ask, once each."""
    area, street = case.grid[: max(len(own), STREET)], case.grid[:STREET]
    unit: Any = col(Role.unit)
    query = (
        select(Person, Role.unit)
        .join(Role, (col(Role.district) == Person.district) & (col(Role.person) == Person.id))
        .where(Role.district == case.district, col(Role.revoked_at).is_(None))
        .where(col(Role.role).in_([str(each) for each in HANDLERS]))
        .where(or_(unit.startswith(area), unit == street, unit.startswith(f"{street}:")))
        .where(col(Person.reachable).is_(True), col(Person.name).icontains(name, autoescape=True))
        .order_by(col(Role.since), col(Role.id))
    )
    wanted = routing.skills_for(session, case)
    found: dict[UUID, Near] = {}
    for person, code in session.exec(query):
        skilled = bool(wanted & {*(person.skills or ()), territory.department_of(code)})
        below = code.startswith(area)
        if person.id not in found and (below or skilled):
            found[person.id] = Near(person, code, skilled)
    return list(found.values())


def is_near(session: Session, desk: Person, case: Case, key: UUID, now: datetime) -> bool:
    """Whether the desk may give the case to this person of another unit."""
    return any(each.person.id == key for each in people(session, desk, case, now))
