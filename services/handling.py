"""A verb happens to a case: decided by the table, written, and told to whom it concerns."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.lifecycle import (
    BEFORE_DONE,
    ENDED,
    HANDLED,
    UNTAKEN,
    Change,
    Given,
    State,
    Verb,
    above,
    circle_after,
    decide,
)
from domain.refused import Refused
from domain.roles import CLOCK, ActorFacts, RoleIn, RoleName, unit_of, within
from domain.tasks import OPEN_TASK
from models import Attachment, Case, CaseEvent, Person, Task
from services import (
    due,
    duty,
    looking,
    notices,
    quarrels,
    returning,
    routing,
    task_notices,
    territory,
)
from services.access import actor_of, locked_case, may_read, roles_of
from services.cases import facts_of, write
from services.catalogue import catalogue
from services.equipment import policy
from services.routing import Turn


def do(
    session: Session,
    person: Person,
    key: UUID | None,
    verb: Verb,
    now: datetime,
    *,
    version: int | None = None,
    personal: dict[str, Any] | None = None,
    **given: Any,
) -> Case:
    """`verb` by `person` to the case `key`.

    `version`: the one the pressed button carried; an older one is refused with what happened
    since, unless it was their own last step: a quick finger outruns its card. Raises Refused.
    """
    case = locked_case(session, person.district, key)
    if version is not None and version != case.version and not _moved_it(session, case, person):
        raise stale(session, case, person)
    try:
        change_case(session, case, verb, actor_of(session, person, case), now, personal, **given)
    except Refused as refused:
        raise returning.explained(session, person, refused, now) from None
    return case


def _moved_it(session: Session, case: Case, person: Person) -> bool:
    """Whether the person's own step was the last that changed the case's state."""
    query = (
        select(CaseEvent.actor)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .where(col(CaseEvent.before) != col(CaseEvent.after))
        .order_by(col(CaseEvent.seq).desc())
    )
    return session.exec(query).first() == person.id


def stale(session: Session, case: Case, person: Person) -> Refused:
    """Why an old button does nothing: somebody has it, or it has moved on.

    Who has a private matter is told to nobody but its own people.
    """
    taker = session.get(Person, (case.district, case.taken_by)) if case.taken_by else None
    known = taker is not None and (not case.private or may_read(session, person, case))
    if case.state in (State.TAKEN, State.IN_HAND) and taker is not None and known:
        return Refused("taken_by", name=taker.name, number=case.number)
    return Refused("stale", number=case.number)


def change_case(
    session: Session,
    case: Case,
    verb: Verb,
    actor: ActorFacts,
    now: datetime,
    personal: dict[str, Any] | None = None,
    **given: Any,
) -> Change:
    """Decide, write, tell."""
    change = would(session, case, verb, actor, now, **given)
    write(session, case, change, actor, now, personal)
    notices.tell(session, case, change, now)
    if may_have_tasks(case):
        task_notices.refresh_units(session, case, now)
        if case.state in _ENDED:
            key = f"tasks:{case.id}"
            due.plan(session, case.district, key, TASKS_END, now, subject=str(case.id))
    if verb in _AGAIN and territory.has_ended(session, case.district, case.grid, now):
        key = f"{REGRID_CASE}:{case.id}"
        due.plan(session, case.district, key, REGRID_CASE, now, subject=str(case.id))
    return change


def would(
    session: Session, case: Case, verb: Verb, actor: ActorFacts, now: datetime, **given: Any
) -> Change:
    """What the step would do; nothing is changed yet. Raises Refused."""
    return decide(facts_of(case), verb, actor, _given(session, case, verb, actor, now, given), now)


def by_clock(session: Session, case: Case, verb: Verb, now: datetime, **given: Any) -> Change:
    """A verb of the clock's."""
    return change_case(session, case, verb, CLOCK, now, None, **given)


def pass_on(session: Session, case: Case, now: datetime) -> None:
    """Nobody took it in time: the next in line is asked; at its end the desk, again and again."""
    by_clock(session, case, Verb.PASS_ON, now)


def proposed(session: Session, case: Case, choice: str) -> datetime:
    """The `choice`-th (0, 1, 2) of the times last proposed. Raises Refused `time_past`."""
    query = (
        select(CaseEvent.facts)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .where(CaseEvent.verb == str(Verb.PROPOSE))
        .order_by(col(CaseEvent.seq).desc())
    )
    facts = session.exec(query).first() or {}
    times = facts.get("slots", [])
    if not choice.isdecimal() or int(choice) >= len(times):
        raise Refused("time_past")
    return datetime.fromisoformat(times[int(choice)])


def grids_of(session: Session, person: Person, now: datetime) -> list[tuple[str, str]]:
    """The grids that somebody works in, as (code, name): their own, or all below their unit."""
    found: dict[str, str] = {}
    for role in roles_of(session, person):
        for grid in territory.grids(session, person.district, territory.area_of(role.unit), now):
            found[grid.code] = grid.name
    return sorted(found.items())


def in_hand(session: Session, person: Person) -> list[Case]:
    """The cases that somebody has taken and not finished, the nearest deadline first."""
    query = (
        select(Case)
        .where(Case.district == person.district, Case.owner == person.id)
        .where(col(Case.state).in_([str(state) for state in HANDLED]))
        .order_by(col(Case.due_at))
    )
    return list(session.exec(query))


def hand_over(session: Session, person: Person, now: datetime, *, only_lost: bool = False) -> int:
    """Somebody has lost their roles or can't be reached: the next in line has it at once.

    A reminder nobody receives is not a reminder. `only_lost`: what they have no role for any
    more. Returns how many cases went on.
    """
    query = select(Case).where(
        Case.district == person.district,
        Case.owner == person.id,
        col(Case.state).in_([str(state) for state in (*BEFORE_DONE, State.CHECKING)]),
    )
    roles = roles_of(session, person) if only_lost else ()
    cases = [case for case in session.exec(query) if not _works_at(roles, case)]
    for case in cases:
        checked = case.state == State.CHECKING
        by_clock(session, case, Verb.CHECK_DUE if checked else Verb.PASS_ON, now)
    return len(cases)


def _works_at(roles: tuple[RoleIn, ...], case: Case) -> bool:
    return any(within(territory.area_of(role.unit), case.grid) for role in roles)


def unreachable(session: Session, key: UUID, district: str, now: datetime) -> None:
    """The person `key` has blocked the bot: what waits for them goes on, and the desk hears.

    Somebody without a role, or for whom nothing waited and nobody counts on, is no news.
    """
    person = session.get(Person, (district, key))
    if person is None or not (roles := roles_of(session, person)):
        return
    cases = hand_over(session, person, now)
    if not cases and not any(role.role in _COUNTED_ON for role in roles):
        return
    area = territory.area_of(roles[0].unit)
    sentence = "desk.unreachable" if cases else "desk.unreachable_only"
    notices.tell_desk(session, district, area, sentence, now, name=person.name)


def without_role(
    session: Session, person: Person, unit: str, now: datetime, *, told: bool = True
) -> int:
    """The person works in `unit` no longer: the cases that they may not touch any more go on.

    `told`: the desk above `unit` hears if any did. Returns how many.
    """
    cases = hand_over(session, person, now, only_lost=True)
    if cases and told:
        area = territory.area_of(unit)
        facts = {"name": person.name, "cases": cases}
        notices.tell_desk(session, person.district, area, "desk.role_lost", now, **facts)
    return cases


# who is missed at once when the bot can't reach them
_COUNTED_ON = (RoleName.WORKER, RoleName.LEADER)


EVENING = time(17)
# a unit's word that its part is done is evidence, as a worker's note is
TASK_DONE = "task_done"
# the name of the due row that calls off what units are still at once their case has ended
TASKS_END = "tasks.end"
_ENDED = frozenset(map(str, ENDED))
# the name of the due row by which a case that reopens leaves a grid that is no more
REGRID_CASE = "regrid.case"

_NEEDS_EVIDENCE = frozenset({Verb.DONE, Verb.TASKS_DONE, Verb.ON_THE_SPOT})
_NEEDS_NO_TASK = _NEEDS_EVIDENCE | {Verb.MERGE, Verb.CAUSE_OVER}
# what goes to somebody else and needs to know to whom
_ROUTED = frozenset({Verb.FILE, Verb.REFILE, Verb.PASS_ON, Verb.HAND_BACK, Verb.UNMERGE})
_LOOKED_AT = frozenset(
    {Verb.DONE, Verb.TASKS_DONE, Verb.ON_THE_SPOT, Verb.CHECK_DUE, Verb.CAUSE_OVER}
)
_TO_DESK = frozenset({Verb.CALL_OTHERS, Verb.RISE, Verb.DESCEND, Verb.WHISTLE, Verb.TASKS_ENDED})
_REOPENING = frozenset({Verb.REFUSE, Verb.CHECK_FAILED, Verb.REVISIT_AGAIN})
# what is open again, perhaps in a grid that has ended meanwhile
_AGAIN = _REOPENING | {Verb.UNMERGE}


def _given(
    session: Session,
    case: Case,
    verb: Verb,
    actor: ActorFacts,
    now: datetime,
    given: dict[str, Any],
) -> Given:
    known: dict[str, Any] = {
        "calendar": duty.calendar(session, case.district),
        "policy": policy(session),
        "evidence": evidence(session, case) if verb in _NEEDS_EVIDENCE else frozenset(),
        "revisit_days": _revisit_days(session, case),
    }
    if may_have_tasks(case) and verb in _NEEDS_NO_TASK:
        known["open_tasks"] = open_tasks(session, case)
    known |= _of_unit(session, case, verb, actor, given)
    if verb in _LOOKED_AT:
        known |= looking.given(session, case, verb, actor.person, now)
    if verb is Verb.SETTLE:
        known["sides"] = quarrels.asked(session, case)
    return Given(**known | given | _routed(session, case, verb, actor, now, given))


def _of_unit(
    session: Session, case: Case, verb: Verb, actor: ActorFacts, given: dict[str, Any]
) -> dict[str, Any]:
    """For which unit a desk's word is; which one hands back, for the history."""
    if verb is Verb.HAND_BACK:
        return {"facts": {"unit": unit_of(actor.roles, case.grid)}}
    whom = given.get("next_owner")
    if verb not in (Verb.ASSIGN, Verb.ARBITRATE) or whom is None:
        return {}
    person = session.get(Person, (case.district, whom))
    return {"unit": unit_of(roles_of(session, person), case.grid)} if person else {}


def _turn(session: Session, case: Case, verb: Verb, actor: ActorFacts, now: datetime) -> Turn:
    if verb in (Verb.FILE, Verb.REFILE, Verb.UNMERGE):
        return routing.first_turn(session, case, now)
    if verb is Verb.HAND_BACK:
        return returning.handed_to(session, case, actor, now)
    kept = returning.after_silence(session, case, now) if verb is Verb.PASS_ON else None
    return kept or routing.next_turn(session, case, now)


def may_rise(session: Session, case: Case) -> bool:
    """Whether there is a larger circle, and anybody at its desk or above."""
    larger = above(case.circle)
    return bool(larger and routing.manned(session, case.district, case.grid, larger))


def may_have_tasks(case: Case) -> bool:
    """Whether units may have been called; asked of the row, so that other cases cost no look."""
    return case.lead_unit is not None or case.circle_since is not None


def open_tasks(session: Session, case: Case) -> int:
    """How many units are still at it."""
    query = select(func.count()).where(
        Task.district == case.district,
        Task.case == case.id,
        col(Task.state).in_([str(each) for each in OPEN_TASK]),
    )
    return session.exec(query).one()


def _routed(
    session: Session,
    case: Case,
    verb: Verb,
    actor: ActorFacts,
    now: datetime,
    given: dict[str, Any],
) -> dict[str, Any]:
    """Who comes next, for a verb that sends the case on."""
    if verb in _ROUTED:
        turn = _turn(session, case, verb, actor, now)
        team = routing.team(session, case, now) if _to_all(given, case) else []
        return {"next_owner": turn.person, "next_unit": turn.unit, "team": tuple(team)}
    if verb in _TO_DESK:
        unit = routing.circle_desk(session, case, circle_after(case.circle, verb))
        if verb is Verb.RISE and not may_rise(session, case):
            unit = ""
        return {"next_owner": None, "next_unit": unit}
    if verb in _REOPENING and case.lead_unit is not None:  # units did it: their desk calls again
        return {"next_owner": None, "next_unit": routing.circle_desk(session, case, case.circle)}
    if verb in _REOPENING and _had_nobody(case):  # its cause was gone before anybody had it
        turn = routing.first_turn(session, case, now)
        return {"next_owner": turn.person, "next_unit": turn.unit}
    if verb in _REOPENING and not _is_there(session, case, _hands(case), now):
        turn = returning.reworked_by(session, case, now)
        return {"next_owner": turn.person, "next_unit": turn.unit}
    return {}


def _had_nobody(case: Case) -> bool:
    """Whether it was called done while it was in nobody's hands."""
    at_desk = case.owner is None and case.state != State.CHECKING
    return case.done_by is not None and (case.taken_by is None or at_desk)


def _hands(case: Case) -> UUID | None:
    """Who handled it; while it is checked its owner is who looks."""
    return case.done_by if case.state == State.CHECKING else case.owner or case.done_by


def _is_there(session: Session, case: Case, key: UUID | None, now: datetime) -> bool:
    """Whether somebody still works here, can be reached and isn't on leave."""
    person = session.get(Person, (case.district, key)) if key else None
    if person is None or not person.reachable or not roles_of(session, person):
        return False
    return not duty.away(session, case.district, [person.id], now)


def _to_all(given: dict[str, Any], case: Case) -> bool:
    """What is urgent now goes to the whole team at once, by the kind's reach."""
    kind = {"reach": case.reach, "urgency": case.urgency} | dict(given.get("kind", {}))
    return bool(kind["reach"] == "team" and kind["urgency"] == "now")


def _revisit_days(session: Session, case: Case) -> tuple[int, ...]:
    kind = catalogue(session, case.district).kinds.get(case.kind)
    return kind.revisit_days if kind else ()


def evidence(session: Session, case: Case) -> frozenset[str]:
    """Which kinds of evidence were given since the case was last opened or reopened."""
    since = _last_opened(session, case)
    query = select(Attachment.kind).where(
        Attachment.district == case.district,
        Attachment.case == case.id,
        Attachment.role == "after",
        col(Attachment.at) >= since,
    )
    found = set(session.exec(query))
    noted = select(CaseEvent.id).where(
        CaseEvent.district == case.district,
        CaseEvent.case == case.id,
        col(CaseEvent.verb).in_([str(Verb.ADD), TASK_DONE]),
        col(CaseEvent.at) >= since,
        col(CaseEvent.standing).in_(["owner", "team", "desk", "unit"]),
    )
    filed_at_once = case.source == "seen" and case.state in UNTAKEN and case.text
    if filed_at_once or session.exec(noted).first() is not None:
        found.add("note")
    return frozenset(found)


def _last_opened(session: Session, case: Case) -> datetime:
    query = (
        select(CaseEvent.at)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .where(col(CaseEvent.after) == str(State.REOPENED))
        .where(col(CaseEvent.before) != str(State.REOPENED))
        .order_by(col(CaseEvent.seq).desc())
    )
    return session.exec(query).first() or case.opened_at


def later_at(session: Session, district: str, choice: str, now: datetime) -> datetime:
    """`hour`: in an hour · `evening`: 17:00, before the day ends · `morning`: the next workday.

    An evening that is over becomes the next working day's. Raises Refused `time_past`.
    """
    if choice == "hour":
        return now + timedelta(hours=1)
    if choice not in ("evening", "morning"):
        raise Refused("time_past")
    days = 0 if choice == "evening" else 1
    clock = EVENING if choice == "evening" else policy(session).morning
    at = duty.local_at(session, district, now, days, clock)
    if at <= now:
        at = duty.local_at(session, district, now, 1, clock)
    return duty.next_work(session, district, at)


# proposals for a visit at home, as (days from today, local hour); each set holds an evening
SLOTS = {
    "soon": ((0, 19), (1, 10), (1, 19)),
    "tomorrow": ((1, 10), (1, 15), (1, 19)),
    "weekend": (),
}


def slots(session: Session, district: str, choice: str, now: datetime) -> tuple[datetime, ...]:
    """Three proposals that are still to come. Raises Refused `time_past` for another choice."""
    if choice not in SLOTS:
        raise Refused("time_past")
    today = now.astimezone(duty.zone(session, district))
    saturday = (5 - today.weekday()) % 7 or 7
    plan = SLOTS[choice] or ((saturday, 10), (saturday, 15), (saturday + 1, 19))
    found = (duty.local_at(session, district, now, days, time(hour)) for days, hour in plan)
    return tuple(each if each > now else each + timedelta(days=1) for each in found)
