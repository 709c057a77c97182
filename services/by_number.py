"""A case by what it is called: its whole number, or the end of it, as people say it aloud."""

import re
from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from domain.case_number import WIDTH, parse_case_number
from domain.lifecycle import ENDED
from domain.refused import Refused
from models import Case, Person
from services import caselist, reporting, territory
from services.access import case_by_number, may_read, roles_of
from services.cards import look_at
from services.outbox import Message
from services.summary import is_hidden
from services.summary_message import case_line, in_rows, open_button
from services.texts import say

# what may stand around a number: 第8号, #8, no. 8
_AROUND = re.compile(r"^(?:第|#|№|no\.?)?\s*([\d-]+)\s*(?:号|號|件)?$", re.IGNORECASE)
MOST_SHOWN = 8
# of somebody's own matters the newest
MOST_OWN = 200


def meant(session: Session, person: Person, said: str, now: datetime) -> list[Case]:
    """The cases that a number may mean to somebody who may read them, never none.

    The end of a number (`8`, `2611-008`) is looked for where the person works and among their own
    matters: in the newest month that has it, and in earlier ones among what is still open. Raises
    Refused `case_unknown`.
    """
    whole = parse_case_number(said)
    end = _AROUND.match(said.strip().translate(WIDTH))
    if whole is not None or end is None:
        return [case_by_number(session, person, str(whole) if whole else said)]
    found = {each.id: each for each in _called(session, person, end[1], now)}
    if not found:
        raise Refused("case_unknown", number=said)
    newest = max(map(_month, found.values()))
    asked = (each for each in found.values() if _month(each) == newest or each.state not in ENDED)
    return sorted(asked, key=lambda each: (-int(_month(each)), each.number))


def _called(session: Session, person: Person, end: str, now: datetime) -> Iterator[Case]:
    """Whatever ends so and is theirs to read."""
    month, _, count = end.rpartition("-")
    if not count.isdigit():
        return
    own = (
        each
        for each in reporting.mine(session, person, MOST_OWN)
        if int(each.number.split("-")[2]) == int(count) and month in ("", _month(each))
    )
    yield from (each for each in own if may_read(session, person, each))
    areas = {territory.area_of(each.unit) for each in roles_of(session, person)}
    numbers = caselist.numbers_for(session, person.district, sorted(areas), end, now)
    for at in range(0, len(numbers), caselist.PARAMETERS):
        some = numbers[at : at + caselist.PARAMETERS]
        query = select(Case).where(Case.district == person.district, col(Case.number).in_(some))
        yield from (each for each in session.exec(query) if may_read(session, person, each))


def _month(case: Case) -> str:
    """Year and month of its number, as four digits."""
    return case.number.split("-")[1]


def which(session: Session, found: list[Case], said: str, person: Person, now: datetime) -> Message:
    """Several are meant: a line and a button for each; of what no list may hold, its number."""
    shown = found[:MOST_SHOWN]
    lines = [say("case.which", person.language, words=said)]
    for case in shown:
        hidden = is_hidden(case.reach, case.kind)
        look = look_at(session, case, person.language, now)
        lines.append(case.number if hidden else case_line(look))
    if len(found) > MOST_SHOWN:
        lines.append(say("case.which_more", person.language, n=len(found) - MOST_SHOWN))
    return Message("\n".join(lines), in_rows([open_button(each) for each in shown], 2))
