"""A desk urges, reports upwards, and passes a word on, while others have the case."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.lifecycle import LISTENERS, Verb
from domain.refused import Refused
from models import Case, Person
from services import caselist, handling, notices, phrases, routing
from services.access import case_of
from services.cards import look_at, owner_name

LISTENER_OF = {each[0]: each for each in LISTENERS}


def urge(
    session: Session, person: Person, key: UUID | None, version: int | None, now: datetime
) -> str:
    """*Urge*: who has the case hears of it. Returns their name. Raises Refused."""
    case = handling.do(session, person, key, Verb.URGE, now, version=version)
    return owner_name(look_at(session, case, person.language, now))


def supervise(
    session: Session, person: Person, key: UUID | None, version: int | None, now: datetime
) -> str:
    """*Report upwards*: the desk above watches it from now on. Returns its unit. Raises Refused."""
    case = case_of(session, person.district, key)
    above = routing.unit_above(session, case, caselist.units_of(session, person))
    facts = {"unit": above} if above else {}
    handling.do(
        session, person, key, Verb.SUPERVISE, now, version=version, above=above, facts=facts
    )
    return above or ""


def tell(
    session: Session,
    person: Person,
    key: UUID | None,
    version: int | None,
    said: tuple[str, UUID | None],
    now: datetime,
) -> Case:
    """Say a phrase: `said` is to whom (LISTENERS) and which.

    Raises Refused `phrase_gone`, `nobody_to_ask`, `nobody_has_it` and what the table refuses.
    """
    to, phrase = said
    words = phrases.own(session, person, phrase).text
    case = handling.do(
        session, person, key, Verb.TELL, now,
        version=version, personal={"text": words}, listener=to, facts={"to": to},
    )  # fmt: skip
    stamp = str(now.timestamp())
    if to == "owner" and case.owner is not None:
        notices.tell_staff(session, case, case.owner, "work.desk_says", now, stamp, words=words)
    elif not notices.tell_reporter(session, case, "told.desk_says", now, stamp, words=words):
        raise Refused("nobody_to_ask")
    return case
