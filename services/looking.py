"""On-site checks: who may look at what somebody else has done, and the draw that decides."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.lifecycle import Verb, hands_of
from domain.roles import RoleName
from models import Case
from services import duty, routing, territory
from services.cases import facts_of
from services.equipment import equipment, policy


def draw(session: Session) -> float:
    """A number from [0, 1) of the deployment's own chance; 1.0, never drawn, without one."""
    return equipment(session).draw()


def checkers(session: Session, case: Case, hands: set[UUID], now: datetime) -> list[UUID]:
    """Who may be asked to look, in order: the community's verifiers, then who is on duty in it,
    then its other workers and leaders; never who handled, filed or reported it."""
    units = [case.community, case.grid]
    if not case.private:  # what is private doesn't leave its own grid and community
        units += (
            grid.code for grid in territory.grids(session, case.district, case.community, now)
        )
    verifiers = _in(session, case, units, (RoleName.VERIFIER,), now)
    others = _in(session, case, units, (RoleName.WORKER, RoleName.LEADER), now)
    on_shift = {each for unit in units for each in duty.on_shift(session, case.district, unit, now)}
    others.sort(key=lambda each: each not in on_shift)
    return [each for each in dict.fromkeys([*verifiers, *others]) if each not in hands]


def _in(
    session: Session, case: Case, units: list[str], roles: tuple[RoleName, ...], now: datetime
) -> list[UUID]:
    found: list[UUID] = []
    for unit in units:
        found += routing.present_in(session, case.district, unit, roles, now)
    return found


def given(
    session: Session, case: Case, verb: Verb, actor: UUID | None, now: datetime
) -> dict[str, object]:
    """The draw and the checker for a step that may lead to a check or goes on with one."""
    if case.reach == "named":
        return {}
    if verb is Verb.CHECK_DUE:
        return _checker(session, case, _after(session, case, now))
    drawn = draw(session)
    if case.verify == "reporter" and verb is not Verb.ON_THE_SPOT:
        return {"draw": drawn}
    certain = case.verify == "onsite" or verb is Verb.ON_THE_SPOT
    if not certain and drawn >= policy(session).share_checked(case.grid):
        return {"draw": drawn}
    hands = {each for each in (actor, case.reporter, *hands_of(facts_of(case))) if each}
    first = next(iter(checkers(session, case, hands, now)), None)
    return {"draw": drawn} | _checker(session, case, first)


def _checker(session: Session, case: Case, person: UUID | None) -> dict[str, object]:
    """`person` is asked; None: the desk."""
    return {
        "checker": person,
        "next_unit": routing.desk_unit(session, case.district, case.grid),
    }


def _after(session: Session, case: Case, now: datetime) -> UUID | None:
    """Who comes after the one who was asked last; None: the desk, once everybody was."""
    if case.owner is None:
        return None
    hands = {each for each in (case.reporter, *hands_of(facts_of(case))) if each}
    line = checkers(session, case, hands, now)
    if case.owner not in line:
        return next(iter(line), None)
    return next(iter(line[line.index(case.owner) + 1 :]), None)
