"""Hand-backs: where one goes, whose word binds, and how often each unit has kicked.

The rules are domain/lifecycle/returning; here are the people and the names.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from domain.lifecycle import Verb
from domain.refused import Refused
from domain.roles import ActorFacts, RoleName, desks_above, unit_of
from models import Case, CaseEvent, Person, Role
from services import duty, people, routing, territory
from services.routing import Turn
from services.units import is_no_more
from services.when import moment

# over how many days the desk sees a unit's bounces beside a case
LOOK_BACK = timedelta(days=30)


def handed_to(session: Session, case: Case, actor: ActorFacts, now: datetime) -> Turn:
    """Where a hand-back by `actor` goes.

    The first to the desk that dispatches (in danger to the next in line, as nothing may wait for
    a desk); the second to the nearest desk with somebody in it above all units concerned.
    """
    if case.reach == "named":
        return routing.next_turn(session, case, now)
    if case.hand_backs >= 1:
        unit = unit_of(actor.roles, case.grid)
        concerned = [*case.returned_by, *([unit] if unit else [])]
        return Turn(None, _arbiter(session, case, concerned))
    if case.urgency == "now":
        return routing.next_turn(session, case, now)
    return Turn(None, routing.circle_desk(session, case, case.circle))


def _arbiter(session: Session, case: Case, units: list[str]) -> str:
    above = desks_above(units) or (case.district,)
    return next((unit for unit in above if routing.desk(session, case.district, unit)), above[0])


def after_silence(session: Session, case: Case, now: datetime) -> Turn | None:
    """Who is asked when nobody took a case that was handed back; None: the line, as ever.

    It stays with the desk that has it, or with the unit that a supervisor's word binds.
    """
    if case.reach == "named" or (case.urgency == "now" and case.bound_unit is None):
        return None
    if case.bound_unit is not None and case.arbiter is not None:
        asked = {UUID(each) for each in case.passed}
        found = of_unit(session, case, case.bound_unit, now)
        fresh = next((each for each in found if each not in asked), None)
        return Turn(fresh, case.owner_unit if fresh else case.arbiter)
    return Turn(None, case.returned_to) if case.returned_to is not None else None


def reworked_by(session: Session, case: Case, now: datetime) -> Turn:
    """Who goes on with a reopened case whose hands are gone: the same unit, else the line."""
    same = next(iter(of_unit(session, case, case.done_unit, now)), None) if case.done_unit else None
    return Turn(same, case.community) if same else routing.next_turn(session, case, now)


def of_unit(session: Session, case: Case, unit: str, now: datetime) -> list[UUID]:
    """A unit's own people who can be asked now: on shift first, then the oldest role."""
    found = routing.present_in(
        session, case.district, unit, (RoleName.WORKER, RoleName.LEADER, RoleName.DEPARTMENT), now
    )
    on_shift = set(duty.on_shift(session, case.district, unit, now))
    return sorted(found, key=lambda each: each not in on_shift)


def turn_of(session: Session, case: Case, unit: str, now: datetime) -> Turn:
    """Whom a word for `unit` reaches: its first person, else its desk, else the one above."""
    found = next(iter(of_unit(session, case, unit, now)), None)
    area = territory.area_of(unit)
    return Turn(found, case.community if found else _desk_of(session, case.district, area))


def _desk_of(session: Session, district: str, area: str) -> str:
    units = [area[:length] for length in (12, 9, 6) if len(area) >= length]
    return next((unit for unit in units if routing.desk(session, district, unit)), units[-1])


def units_for(session: Session, case: Case, now: datetime) -> list[str]:
    """The units that an arbiter may name: what lies directly below its desk, then departments."""
    if case.arbiter is None:
        return []
    below = [each.code for each in territory.children(session, case.district, case.arbiter, now)]
    return [*below, *_departments(session, case, now)]


def _departments(session: Session, case: Case, now: datetime) -> list[str]:
    """The departments that serve the place and still exist."""
    query = select(Role.unit).where(
        Role.district == case.district,
        Role.role == str(RoleName.DEPARTMENT),
        col(Role.revoked_at).is_(None),
    )
    units = sorted(set(session.exec(query)))
    here = [unit for unit in units if case.grid.startswith(territory.area_of(unit))]
    return [unit for unit in here if not is_no_more(session, case.district, unit, now)]


# --- what is shown ---


@dataclass(frozen=True, slots=True)
class Returned:
    """One hand-back: the unit, its reason, who and when."""

    unit: str
    reason: str
    by: UUID | None
    at: datetime


def returns(session: Session, case: Case) -> list[Returned]:
    """Every hand-back of a case, from its history."""
    if not case.hand_backs:
        return []
    query = (
        select(CaseEvent)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .where(CaseEvent.verb == str(Verb.HAND_BACK))
        .order_by(col(CaseEvent.seq))
    )
    return [
        Returned(each.facts.get("unit", ""), each.facts.get("reason", ""), each.actor, each.at)
        for each in session.exec(query)
    ]


def bounces(
    session: Session, district: str, since: datetime, until: datetime, below: str = ""
) -> dict[str, int]:
    """How often each unit handed a case back from `since` to before `until`, most often first.

    Counted from the history. `below`: only units at or below this one.
    """
    query = select(CaseEvent.facts).where(
        CaseEvent.district == district,
        CaseEvent.verb == str(Verb.HAND_BACK),
        col(CaseEvent.at) >= since,
        col(CaseEvent.at) < until,
    )
    units = (facts.get("unit") or "" for facts in session.exec(query))
    counted = Counter(unit for unit in units if unit and unit.startswith(below))
    return dict(sorted(counted.items(), key=lambda line: (-line[1], line[0])))


def explained(session: Session, person: Person, refused: Refused, now: datetime) -> Refused:
    """The refusal with names instead of codes, in the words of the person's language."""
    facts = dict(refused.facts)
    if "unit" in facts:
        facts["unit"] = territory.name(
            session, person.district, facts["unit"] or "", person.language
        )
    if "by" in facts:
        decided = people.seen(session, person.district, facts.pop("by"))
        facts["name"] = decided.name if decided else ""
    if "when" in facts:
        zone = duty.calendar(session, person.district).zone
        facts["when"] = moment(facts["when"], now, zone, person.language)
    return Refused(refused.code, **facts)
