"""How the other side of a quarrel joins: by a link that whoever handles it hands over, once."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.lifecycle import Verb, is_quarrel
from domain.refused import Refused
from models import Case, Person, Voice
from models.cases import OTHER_SIDE
from services import buttons, handling
from services.access import locked_case, may_handle
from services.cases import facts_of
from services.equipment import link

# what a link's payload begins with; behind it district, case and the code
PAYLOAD = "o"
CODE_BYTES = 16
KEY_LETTERS = 22


def invitation(session: Session, person: Person, key: UUID | None) -> str | None:
    """A link by which the other side joins, once; the one before is void.

    None for a bot without a name. Raises Refused `not_yours`, `no_quarrel`.
    """
    case = locked_case(session, person.district, key)
    if not may_handle(session, person, case):
        raise Refused("not_yours")
    if not is_quarrel(facts_of(case)):
        raise Refused("no_quarrel")
    code = secrets.token_urlsafe(CODE_BYTES)
    case.side_code = _digest(code)
    session.add(case)
    payload = f"{PAYLOAD}-{case.district}-{buttons.key22(case.id)}{code}"
    return link(session, case.bot, payload)


def join(session: Session, person: Person, rest: str, now: datetime) -> Case:
    """Somebody comes by the link. Raises Refused `side_code_old`, `own_side`, `wrong_state`."""
    found = buttons.parse(f"x~~{rest[:KEY_LETTERS]}")
    case = locked_case(session, person.district, found.case if found else None)
    code = _digest(rest[KEY_LETTERS:])
    if case.side_code is None or not secrets.compare_digest(case.side_code, code):
        raise Refused("side_code_old")
    handling.do(session, person, case.id, Verb.OTHER_SIDE, now)
    case.side_code = None
    voice = Voice(district=case.district, case=case.id, person=person.id, part=OTHER_SIDE, at=now)
    session.add_all((case, voice))
    session.flush()
    return case


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
