"""Who reported a case: the desk may know, by a tap of its own that leaves a trace."""

from datetime import datetime

from sqlmodel import Session

from domain.refused import Refused
from domain.roles import Standing
from models import Audit, Case, Person
from services import people
from services.access import standings_of
from services.equipment import equipment
from services.texts import plain

ACT = "reporter_revealed"


def reveal(session: Session, person: Person, case: Case, now: datetime) -> str:
    """The reporter's name, and the number they offered if they did. That the desk looked is kept.

    Raises Refused `not_yours` for all but the case's desk, `nobody_to_ask` if there is nobody.
    """
    if Standing.DESK not in standings_of(session, person, case):
        raise Refused("not_yours")
    reporter = people.seen(session, case.district, case.reporter)
    if reporter is None:
        raise Refused("nobody_to_ask")
    session.add(
        Audit(
            district=case.district,
            at=now,
            actor=person.id,
            act=ACT,
            object=f"case:{case.number}",
            facts={"phone": reporter.phone is not None},
        )
    )
    vault = equipment(session).vault
    phone = vault.open(reporter.phone) if reporter.phone and vault is not None else None
    key = "desk.reporter_phone" if phone else "desk.reporter"
    return plain(key, person.language, name=reporter.name, phone=phone)[:200]
