"""Who somebody is to a case. Every permission comes from here.

Division codes nest by prefix (6, 9, 12, 15 digits), so "at or below" is a prefix test.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class RoleName(StrEnum):
    """DOMAIN's people; a resident has none of these."""

    WORKER = "worker"
    LEADER = "leader"
    SUPERVISOR = "supervisor"
    DEPARTMENT = "department"
    VERIFIER = "verifier"
    VOLUNTEER = "volunteer"
    ADMIN = "admin"


class Standing(StrEnum):
    """What an actor is to one case."""

    REPORTER = "reporter"
    VOICE = "voice"
    OTHER_SIDE = "other_side"
    OWNER = "owner"
    TEAM = "team"
    UNIT = "unit"
    DESK = "desk"
    MEMBER = "member"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class RoleIn:
    """A role in a unit: a division code, or a department's code."""

    role: RoleName
    unit: str


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Who acts. `person` None is the clock. `voice`: one of those whose matter the case is.

    `tasked`: works in a unit that has a task in the case. `other_side`: the other party of a
    quarrel, who joined it as such.
    """

    person: UUID | None
    roles: tuple[RoleIn, ...] = ()
    voice: bool = False
    tasked: bool = False
    other_side: bool = False


CLOCK = ActorFacts(None)


@dataclass(frozen=True, slots=True)
class CasePlace:
    """The part of a case that decides who may touch it.

    `named`: one named person and nobody else; `offered` are those it was offered to.
    """

    grid: str
    owner: UUID | None
    reporter: UUID | None
    named: bool
    offered: frozenset[UUID]


def within(unit: str, grid: str) -> bool:
    """Whether `grid` is `unit` or lies below it."""
    return grid.startswith(unit)


def is_desk(roles: Iterable[RoleIn], grid: str) -> bool:
    """A supervisor of a unit above the grid."""
    return any(r.role is RoleName.SUPERVISOR and within(r.unit, grid) for r in roles)


# digits of the unit whose desk is a circle's: community, street, district
DESK_DIGITS = {"micro": 12, "small": 9, "big": 6}


def is_desk_of_circle(roles: Iterable[RoleIn], grid: str, circle: str) -> bool:
    """A supervisor of the circle that has the matter, or of one above it."""
    above = (r for r in roles if len(r.unit) <= DESK_DIGITS[circle])
    return is_desk(above, grid)


def is_desk_of(roles: Iterable[RoleIn], unit: str) -> bool:
    """A supervisor of just this unit."""
    return any(r.role is RoleName.SUPERVISOR and r.unit == unit for r in roles)


def is_team(roles: Iterable[RoleIn], grid: str) -> bool:
    """A worker or leader of the grid or of a unit above it."""
    people = (RoleName.WORKER, RoleName.LEADER)
    return any(r.role in people and within(r.unit, grid) for r in roles)


def highest_unit(roles: Iterable[RoleIn], grid: str) -> str | None:
    """The highest unit at or above the grid in which somebody has a role; None if in none."""
    units = [r.unit for r in roles if within(r.unit, grid)]
    return min(units, key=len, default=None)


def is_above(roles: Iterable[RoleIn], unit: str) -> bool:
    """A supervisor of a unit that lies above `unit`, and isn't `unit` itself."""
    return any(
        r.role is RoleName.SUPERVISOR and r.unit != unit and within(r.unit, unit) for r in roles
    )


def supervises(roles: Iterable[RoleIn], unit: str) -> bool:
    """Whether somebody runs the desk of `unit` or one above it."""
    return any(r.role is RoleName.SUPERVISOR and within(r.unit, unit) for r in roles)


# whose role makes somebody a unit's own: it speaks for them when they hand a case back
_HANDS = (RoleName.WORKER, RoleName.LEADER, RoleName.DEPARTMENT, RoleName.SUPERVISOR)


def unit_of(roles: Iterable[RoleIn], grid: str) -> str | None:
    """The unit for which somebody has a case of `grid` in hand: their smallest above the grid,
    else (it was sent to them from elsewhere) their smallest. None: they work nowhere.
    """
    units = sorted((r.unit for r in roles if r.role in _HANDS), key=lambda unit: -len(_area(unit)))
    return next((unit for unit in units if within(_area(unit), grid)), next(iter(units), None))


def desks_above(units: Iterable[str]) -> tuple[str, ...]:
    """The desks that are above every one of the units, the nearest first.

    A unit isn't above itself; a department (`area:name`) lies below the desk of its area.
    """
    codes = [unit if unit == _area(unit) else f"{_area(unit)}." for unit in units]
    return tuple(
        codes[0][:length]
        for length in DESK_LENGTHS
        if codes and all(len(c) > length and c[:length] == codes[0][:length] for c in codes)
    )


# community, street, district: the lengths of the codes of units that have a desk
DESK_LENGTHS = (12, 9, 6)


def _area(unit: str) -> str:
    return unit.partition(":")[0]


def administers(roles: Iterable[RoleIn], unit: str) -> bool:
    """May invite, revoke and bind in `unit`: an admin or supervisor there or above."""
    people = (RoleName.ADMIN, RoleName.SUPERVISOR)
    return any(r.role in people and within(r.unit, unit) for r in roles)


def standings(actor: ActorFacts, place: CasePlace) -> frozenset[Standing]:
    """Everything the actor is to the case; MEMBER (anybody in the group) always, unless clock.

    Who has lost every role owns nothing any more, whatever the case still says.
    A matter for one named person has no team and no desk besides those it was offered to.
    """
    if actor.person is None:
        return frozenset({Standing.CLOCK})
    found = {Standing.MEMBER}
    if actor.person == place.owner and actor.roles:
        found.add(Standing.OWNER)
    if actor.person == place.reporter:
        found.add(Standing.REPORTER)
    if actor.voice:
        found.add(Standing.VOICE)
    if actor.tasked and not place.named:
        found.add(Standing.UNIT)
    if actor.other_side:
        found.add(Standing.OTHER_SIDE)
    return frozenset(found | _official(actor, place))


def _official(actor: ActorFacts, place: CasePlace) -> set[Standing]:
    if place.named:
        return {Standing.TEAM} if actor.person in place.offered and actor.roles else set()
    found = set()
    if is_team(actor.roles, place.grid):
        found.add(Standing.TEAM)
    if is_desk(actor.roles, place.grid):
        found.add(Standing.DESK)
    return found
