"""The sides of a quarrel: each is asked, and neither is told what the other said."""

from uuid import UUID

from sqlmodel import Session, col, select

from domain.lifecycle import is_quarrel
from models import Case, Person, Voice
from models.cases import OTHER_SIDE
from services.cases import facts_of


def others(session: Session, case: Case) -> list[Person]:
    """The people of the other side, the one who joined first before the others."""
    if not is_quarrel(facts_of(case)):
        return []
    query = (
        select(Person)
        .join(Voice, (col(Voice.district) == Person.district) & (col(Voice.person) == Person.id))
        .where(Voice.district == case.district, Voice.case == case.id, Voice.part == OTHER_SIDE)
        .order_by(col(Voice.at), col(Voice.person))
    )
    return list(session.exec(query))


def asked(session: Session, case: Case) -> frozenset[UUID]:
    """Everybody whose word it takes to settle a quarrel with another side; empty without one."""
    found = {each.id for each in others(session, case)}
    return frozenset(found | {case.reporter} if found and case.reporter else found)
