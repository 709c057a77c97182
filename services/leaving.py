"""Somebody takes back what they reported, or is none of what they had joined.

What went into another case leaves that one too: a voice that came through the one goes with it.
The cases are held with all that are one matter with them (services/access: locked_together).
"""

from datetime import datetime

from sqlmodel import Session

from domain.lifecycle import ENDED, State, Verb
from models import Case, Person, Voice
from services import notices
from services.access import actor_of, case_of
from services.cases import ask_nobody, drop_voice, facts_of, goes_on_as
from services.handling import change_case

# what came of it (services/locale: fix.<…>): it has ended; it goes on for those who joined it; it
# has ended, and the case that it had gone into goes on
WITHDRAWN, STEPPED_OUT, TAKEN_OUT = "withdrawn", "stepped_out", "taken_out"


def may_withdraw(session: Session, person: Person, case: Case) -> bool:
    """Whether it is theirs to take back: not over, nor, if it was merged, what it goes on as."""
    into = goes_on_as(session, case) if case.state == State.MERGED else case
    return case.reporter == person.id and into.state not in ENDED


def withdraw(session: Session, person: Person, case: Case, now: datetime) -> str:
    """The reporter takes it back in one tap; a matter that others joined goes on without them.

    Returns what came of it. Raises Refused.
    """
    merged = case.state == State.MERGED
    if case.reporter == person.id and case.voices > 1:
        _step_out(session, person, case, now)
        came = STEPPED_OUT
    else:
        other = facts_of(goes_on_as(session, case)) if merged else None
        actor = actor_of(session, person, case)
        change_case(session, case, Verb.WITHDRAW, actor, now, other=other)
        came = WITHDRAWN
    if not merged or _leave_above(session, person, case, now) or came == STEPPED_OUT:
        return came
    return WITHDRAWN if _is_hidden(case, goes_on_as(session, case)) else TAKEN_OUT


def leave(session: Session, person: Person, case: Case, now: datetime) -> None:
    """Somebody who joined is none of it after all."""
    own = session.get(Voice, (case.district, case.id, person.id))
    if own is None or own.part == "reporter":
        return
    session.delete(own)
    case.voices -= 1
    session.add(case)
    session.flush()
    notices.refresh(session, case, now)
    if case.merged_into is not None:
        _leave_above(session, person, case, now)


def _leave_above(session: Session, person: Person, case: Case, now: datetime) -> bool:
    """Out of the case that this one went into as well, unless they have a voice of their own in
    it; returns whether that has ended by it."""
    above = case_of(session, case.district, case.merged_into)
    through = session.get(Voice, (case.district, above.id, person.id))
    if through is None or through.via != case.id:
        return False
    if above.reporter == person.id:  # they had come to speak for it
        return withdraw(session, person, above, now) == WITHDRAWN
    leave(session, person, above, now)
    return False


def _is_hidden(case: Case, into: Case) -> bool:
    """Whether what it goes on as has become nobody's business who knows of this one."""
    return into.reach == "named" or (into.private and not case.private)


def _step_out(session: Session, person: Person, case: Case, now: datetime) -> None:
    """The oldest of those who joined speaks for the case from now on."""
    drop_voice(session, case, person.id)
    if case.reporter is None:
        ask_nobody(session, case, now)
    notices.refresh(session, case, now)
