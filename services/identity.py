"""Who reported a case: the desk may know, by a tap of its own that leaves a trace.

Where the reporter would rather not be named the desk says why it looks. Who was looked at reads
who did, when and why (`looks`, in /mydata).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.lifecycle import LOOK_REASONS
from domain.refused import Refused
from domain.roles import Standing
from models import Audit, Case, Person
from services import people
from services.access import standings_of
from services.equipment import equipment
from services.hiding import is_unnamed
from services.texts import plain

ACT = "reporter_revealed"


def reveal(
    session: Session, person: Person, case: Case, now: datetime, reason: str | None = None
) -> str:
    """The reporter's name, and the number they offered if they did. That the desk looked is kept.

    `reason`: one of LOOK_REASONS, needed where the reporter isn't to be named. Raises Refused
    `not_yours` for all but the case's desk, `nobody_to_ask` if there is nobody, `reason_missing`.
    """
    if Standing.DESK not in standings_of(session, person, case):
        raise Refused("not_yours")
    reporter = people.seen(session, case.district, case.reporter)
    if reporter is None:
        raise Refused("nobody_to_ask")
    if (reason or is_unnamed(case)) and reason not in LOOK_REASONS:
        raise Refused("reason_missing")
    facts = {"phone": reporter.phone is not None, "person": str(reporter.id)}
    session.add(
        Audit(
            district=case.district,
            at=now,
            actor=person.id,
            act=ACT,
            object=f"case:{case.number}",
            facts=facts | ({"reason": reason} if reason else {}),
        )
    )
    vault = equipment(session).vault
    phone = vault.open(reporter.phone) if reporter.phone and vault is not None else None
    key = "desk.reporter_phone" if phone else "desk.reporter"
    return plain(key, person.language, name=reporter.name, phone=phone)[:200]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody at the desk looked at who reported a case. `reason` None: none was asked for."""

    number: str
    at: datetime
    by: UUID | None
    reason: str | None


def looks(session: Session, person: Person, cases: list[Case]) -> list[Look]:
    """Who looked at the person's name, the newest first; `cases`: all that they had a part in."""
    objects = [f"case:{case.number}" for case in cases]
    query = select(Audit).where(
        Audit.district == person.district, Audit.act == ACT, col(Audit.object).in_(objects)
    )
    return [
        Look(row.object.partition(":")[2], row.at, row.actor, row.facts.get("reason"))
        for row in session.exec(query.order_by(col(Audit.at).desc()))
        # a case may have had another reporter then; older traces don't say whom they were about
        if row.facts.get("person", str(person.id)) == str(person.id)
    ]
