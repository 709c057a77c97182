"""Whose turn it is: the team on duty, else its backups, else the leader, else the desk.

Those who are equally near are asked by skill (a specialist of the kind first), then by what they
have in hand already (services/load), then as they came. An exclusive grid answers for itself: its
own people, then the desk. A matter for one named person goes along the line of those people only.
Who can't be reached, is on leave or was asked already is skipped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from domain.catalogue import CIRCLES
from domain.lifecycle import State, starts_at_desk
from domain.roles import DESK_DIGITS, RoleName
from models import Case, Person, Role
from models.known import STAFF, known
from models.statement import Prepared
from services import duty, load, territory
from services.catalogue import catalogue
from services.people import see

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


def first_turn(session: Session, case: Case, now: datetime) -> Turn:
    """Whose turn it is when a case begins: by the circle whose authority covers it."""
    if starts_at_desk(case.circle, case.urgency, case.reach):
        return Turn(None, circle_desk(session, case, case.circle))
    return _along_the_line(session, case, set(), now)


def next_turn(session: Session, case: Case, now: datetime) -> Turn:
    """The next who hasn't been asked yet; at the end of the line, the desk that can be reached.

    What a desk has yet to dispatch, or has called units for, stays with that desk.
    """
    if case.state == State.FILED or case.waits_for == "task":
        return Turn(None, circle_desk(session, case, case.circle))
    return _along_the_line(session, case, {UUID(each) for each in case.passed}, now)


def _along_the_line(session: Session, case: Case, asked: set[UUID], now: datetime) -> Turn:
    for near in _tiers(session, case, now):
        left = {key: skills for key, skills in near.items() if key not in asked}
        if left:
            return Turn(_in_order(session, case, left)[0], case.community)
    return Turn(None, circle_desk(session, case, case.circle))


def line(session: Session, case: Case, now: datetime) -> list[UUID]:
    """Everybody who may be asked about the case, in order, reachable and not on leave."""
    found: list[UUID] = []
    for near in _tiers(session, case, now):
        found += _in_order(session, case, near)
    return list(dict.fromkeys(found))


# people who can be asked, by key, with their skills
Hands = Mapping[UUID, Sequence[str]]


def _tiers(session: Session, case: Case, now: datetime) -> Iterator[Hands]:
    """Those who may be asked, the nearest together and first."""
    if case.reach == "named":
        yield from ({key: ()} for key in _named_line(session, case, now))
        return
    workers = _own_workers(session, case)
    stands_in = {person: backup for person, backup in workers if backup is not None}
    keys = list(dict.fromkeys(person for person, _ in workers))
    on = _expected(session, case, keys, set(stands_in.values()), now)
    here = _present(session, case.district, on, now)
    gone = [stands_in[key] for key in on if key not in here and key in stands_in]
    yield here | _present(session, case.district, gone, now)
    yield _present(session, case.district, list(stands_in.values()), now)
    yield _present(session, case.district, keys, now)
    for unit in _answering(session, case):
        leaders = _holders(session, case.district, [unit], (RoleName.LEADER,))
        yield _present(session, case.district, leaders, now)


def _expected(
    session: Session, case: Case, workers: list[UUID], backups: set[UUID], now: datetime
) -> list[UUID]:
    """Who should be there now: by the roster; where none is kept, all but those who stand in."""
    on_shift = set(duty.on_shift(session, case.district, case.grid, now))
    if on_shift or duty.has_roster(session, case.district, case.grid, now):
        return [each for each in workers if each in on_shift]
    return [each for each in workers if each not in backups] or workers


def _own_workers(session: Session, case: Case) -> list[tuple[UUID, UUID | None]]:
    """(worker, who stands in for them) of the grid; in an exclusive one its departments too."""
    found = [
        (person, backup)
        for person, role, backup in _roles_in(session, case.district, case.grid)
        if role == RoleName.WORKER
    ]
    if is_exclusive(session, case.district, case.grid):
        found += _departments_of(session, case.district, case.grid)
    return found


def is_exclusive(session: Session, district: str, grid: str) -> bool:
    """Whether the grid is a mall, a campus or the like, which answers for itself."""
    row = territory.find_division(session, district, grid)
    return row is not None and row.kind == "exclusive"


def _departments_of(session: Session, district: str, grid: str) -> list[tuple[UUID, UUID | None]]:
    """The people of the departments that serve this grid alone (`grid:department`)."""

    def find() -> list[tuple[UUID, UUID | None]]:
        query = (
            select(Role.person, Role.backup)
            .where(Role.district == district, Role.role == str(RoleName.DEPARTMENT))
            .where(col(Role.unit).startswith(grid + territory.DEPARTMENT))
            .where(col(Role.revoked_at).is_(None))
            .order_by(col(Role.since), col(Role.id))
        )
        return [(person, backup) for person, backup in session.exec(query)]

    return known(session, STAFF, ("departments of", district, grid), find)


def _answering(session: Session, case: Case) -> list[str]:
    """The units whose leaders answer for the grid, nearest first."""
    if is_exclusive(session, case.district, case.grid):
        return [case.grid]
    return [case.grid, case.community]


def _in_order(session: Session, case: Case, near: Hands) -> list[UUID]:
    """Of those who are equally near: specialists of the kind, then who has the least in hand."""
    if len(near) < 2:
        return list(near)
    wanted = skills_for(session, case)
    skilled = [key for key, skills in near.items() if wanted & set(skills)]
    others = [key for key in near if key not in skilled]
    return [
        *_least_loaded(session, case.district, skilled),
        *_least_loaded(session, case.district, others),
    ]


def _least_loaded(session: Session, district: str, people: list[UUID]) -> list[UUID]:
    if len(people) < 2:
        return people
    weights = load.of(session, district, people)
    return sorted(people, key=lambda key: weights.get(key, 0))


def skills_for(session: Session, case: Case) -> set[str]:
    """What makes somebody a specialist of the case's kind: the kind's code, class or lead."""
    kind = catalogue(session, case.district).kinds.get(case.kind)
    return {kind.code, kind.kind_class, kind.lead} if kind is not None else set()


def on_duty_of(session: Session, district: str, grid: str, now: datetime) -> list[UUID]:
    """Who of the grid's workers is on duty and can be reached; without a roster all of them."""
    workers = _holders(session, district, [grid], (RoleName.WORKER,))
    on_shift = set(duty.on_shift(session, district, grid, now))
    on = [each for each in workers if each in on_shift] or workers
    return list(_present(session, district, on, now))


def team(session: Session, case: Case, now: datetime) -> list[UUID]:
    """The whole team of the case's grid, for what is urgent."""
    leading = _holders(
        session, case.district, _answering(session, case), (RoleName.WORKER, RoleName.LEADER)
    )
    workers = [person for person, _ in _own_workers(session, case)]
    return list(_present(session, case.district, [*workers, *leading], now))


def desk(session: Session, district: str, unit: str) -> list[UUID]:
    """The supervisors of a unit who can be reached."""
    people = _holders(session, district, [unit], (RoleName.SUPERVISOR,))
    return list(_reachable(session, district, people))


def desk_above(session: Session, district: str, unit: str) -> list[UUID]:
    """The nearest desk above `unit`, not its own, with somebody in it; empty if there is none."""
    higher = [each for each in units_above(unit) if len(each) < len(unit)]
    desks = (desk(session, district, each) for each in higher)
    return next((people for people in desks if people), [])


def present_in(
    session: Session, district: str, unit: str, roles: tuple[RoleName, ...], now: datetime
) -> list[UUID]:
    """People with one of the roles in a unit who can be reached and aren't on leave."""
    return list(_present(session, district, _holders(session, district, [unit], roles), now))


def last_resort(session: Session, district: str) -> list[UUID]:
    """The administrators: for a danger that nobody of team or desk can be told of."""
    people = _holders(session, district, [district], (RoleName.ADMIN,))
    return list(_reachable(session, district, people))


def desk_unit(session: Session, district: str, grid: str) -> str:
    """The nearest desk above the grid with somebody in it; the community's if none has."""
    units = units_above(grid)
    return next((unit for unit in units if desk(session, district, unit)), units[0])


def circle_desk(session: Session, case: Case, circle: str) -> str:
    """The circle's desk, or the nearest above with somebody in it; the circle's own if none has."""
    found = manned(session, case.district, case.grid, circle)
    return found or case.grid[: DESK_DIGITS[circle]]


def manned(session: Session, district: str, grid: str, circle: str) -> str | None:
    """The nearest desk of the circle or above with somebody in it, or None."""
    units = (unit for unit in units_above(grid) if len(unit) <= DESK_DIGITS[circle])
    return next((unit for unit in units if desk(session, district, unit)), None)


def circle_for(session: Session, district: str, grid: str, circle: str) -> str:
    """The circle in which a matter starts: its kind's, or the largest that anybody works in.

    Where nobody sits at a larger desk, those who are there begin.
    """
    up_to = reversed(CIRCLES[: CIRCLES.index(circle) + 1])
    return next((c for c in up_to if manned(session, district, grid, c)), CIRCLES[0])


def unit_above(session: Session, case: Case, units: list[str]) -> str | None:
    """The nearest desk with somebody in it above the widest of `units` that has the case."""
    own = min((len(each) for each in units if case.grid.startswith(each)), default=0)
    above = (unit for unit in units_above(case.grid) if len(unit) < own)
    return next((unit for unit in above if desk(session, case.district, unit)), None)


def leaders(session: Session, case: Case) -> list[UUID]:
    """Who answers for the grid: its leaders, else its community's."""
    for unit in (case.grid, case.community):
        found = _reachable(
            session, case.district, _holders(session, case.district, [unit], (RoleName.LEADER,))
        )
        if found:
            return list(found)
    return []


def _named_line(session: Session, case: Case, now: datetime) -> list[UUID]:
    """The named people of the community, then the street, then the district; duty first."""
    found: list[UUID] = []
    for unit in units_above(case.grid):
        people = [each for each in _in_unit(session, case.district, unit) if _is_named(each)]
        on_shift = set(duty.on_shift(session, case.district, unit, now))
        found += sorted((each.id for each in people), key=lambda each: each not in on_shift)
    line = list(_present(session, case.district, found, now))
    if line:
        return line
    # nobody was named: the first supervisor above who can be reached stands in, and only they;
    # where nobody sits at a desk, an administrator, so that it isn't nobody
    above = desk(session, case.district, desk_unit(session, case.district, case.grid))
    return above[:1] or last_resort(session, case.district)[:1]


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
        found += (person for person, role, _ in _roles_in(session, district, unit) if role in roles)
    return list(dict.fromkeys(found))


def _roles_in(session: Session, district: str, unit: str) -> list[tuple[UUID, str, UUID | None]]:
    """(person, role, who stands in) of everybody in a unit, the oldest role first."""

    of = {"in_district": district, "in_unit": unit}
    return known(session, STAFF, ("roles in", district, unit), lambda: _ROLES_IN.all(session, of))


_ROLES_IN = Prepared(
    lambda _: (
        select(Role.person, Role.role, Role.backup)
        .where(
            Role.district == bindparam("in_district"),
            Role.unit == bindparam("in_unit"),
            col(Role.revoked_at).is_(None),
        )
        .order_by(col(Role.since), col(Role.id))
    )
)


def _present(
    session: Session, district: str, people: Sequence[UUID], now: datetime
) -> dict[UUID, Sequence[str]]:
    """Those who can be reached and aren't on leave, with their skills."""
    gone = duty.away(session, district, people, now)
    return _reachable(session, district, [each for each in people if each not in gone])


def _reachable(
    session: Session, district: str, people: Sequence[UUID]
) -> dict[UUID, Sequence[str]]:
    keys = list(dict.fromkeys(people))
    found = zip(keys, see(session, district, keys), strict=True)
    return {key: each.skills or () for key, each in found if each and each.reachable}


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
