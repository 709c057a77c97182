"""Is it urgent? The reporter's answer: confirmed, withdrawn, or urgent after all.

The urgent way began with the report. An answer may come late, twice, or not at all.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, Alarm, State, Verb, starts_at_desk
from domain.refused import Refused
from models import Case, CaseEvent, Person
from services import handling
from services.access import actor_of
from services.cases import goes_on_as
from services.catalogue import catalogue
from services.reporting import calmer, promise


def answer(session: Session, person: Person, own: Case, danger: bool, now: datetime) -> str:
    """What became of it: confirmed, again, calmed or already. `own` is held with all that are one
    matter with it; of a merged case the one that goes on is meant.

    Raises Refused `not_yours`; `danger_stands` if others spoke for it as well; `danger_over` or
    `stale` if it has ended.
    """
    if own.reporter != person.id:
        raise Refused("not_yours")
    case = goes_on_as(session, own)
    if case.state not in BEFORE_DONE:
        raise Refused("danger_over" if danger else "stale", number=case.number)
    if case.reach == "named":  # it became one since: nothing of it changes, and nothing is told
        return "already"
    if danger:
        return _alarm(session, person, case, now)
    if case is not own:  # others speak in it as well
        raise Refused("danger_stands")
    return _calm(session, person, case, now)


def _alarm(session: Session, person: Person, case: Case, now: datetime) -> str:
    if case.urgency == "now" and case.alarm != Alarm.ASKED:
        return "already"
    again = case.urgency != "now"
    sets = {"urgency": "now"}
    facts = {"again": True} if again else {}
    _change(session, person, case, Verb.DANGER, sets, facts, now)
    # a larger circle's desk was to send somebody: now whoever is near goes at once
    if again and case.state == State.FILED and case.circle_since is None:
        handling.by_clock(session, case, Verb.REFILE, now)
    return "again" if again else "confirmed"


def _calm(session: Session, person: Person, case: Case, now: datetime) -> str:
    if case.alarm == Alarm.CALMED:
        return "already"
    sets = calmer(catalogue(session, case.district), case.kind, case.condition)
    _change(session, person, case, Verb.NO_DANGER, sets, {}, now)
    # what needs a larger circle's authority goes to its desk, as if it had never been urgent
    at_desk = starts_at_desk(case.circle, case.urgency, case.reach)
    if at_desk and case.state == State.DISPATCHED and not _was_sent(session, case):
        handling.by_clock(session, case, Verb.REFILE, now)
    return "calmed"


def _was_sent(session: Session, case: Case) -> bool:
    """Whether somebody decided whose it is."""
    query = select(CaseEvent.id).where(
        CaseEvent.district == case.district,
        CaseEvent.case == case.id,
        col(CaseEvent.verb).in_([str(each) for each in _SENDING]),
    )
    return session.exec(query.limit(1)).first() is not None


_SENDING = (Verb.ASSIGN, Verb.ARBITRATE, Verb.RISE, Verb.DESCEND, Verb.HAND_BACK)


def _change(
    session: Session,
    person: Person,
    case: Case,
    verb: Verb,
    sets: dict[str, Any],
    facts: dict[str, Any],
    now: datetime,
) -> None:
    """The limit follows the urgency, counted from the opening."""
    found = catalogue(session, case.district)
    condition = sets.get("condition", case.condition)
    deadline = None
    if sets["urgency"] != case.urgency:
        deadline = promise(
            session, case, found, case.kind, condition, case.opened_at, sets["urgency"]
        )
    actor = actor_of(session, person, case)
    facts = facts | {"urgency": sets["urgency"]}
    handling.change_case(
        session, case, verb, actor, now, None, kind=sets, deadline=deadline, facts=facts
    )
