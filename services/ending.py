"""What a supervisor ends unsettled (强制结案): a reason, and words that are read."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.lifecycle import Verb
from models import Case, Person
from services import handling, notices


def force(
    session: Session, person: Person, key: UUID | None, reason: str, words: str, now: datetime
) -> Case:
    """End the case `key`; `words` go to the reporter and into the history as personal.

    Raises Refused, among others `reason_missing`, `why_missing`, `own_work`.
    """
    case = handling.do(
        session,
        person,
        key,
        Verb.FORCE,
        now,
        personal={"words": words},
        reason=reason,
        words=words,
    )
    notices.tell_forced(session, case, words, now)
    return case
