"""What a desk does when two cases are one matter, or were taken for one; what a reporter says."""

from uuid import UUID

from domain.refused import Refused
from domain.roles import Standing
from handlers.reply import answer, asked, forget, remember, reply
from handlers.turn import Answer, Press, Said, Turn
from models import Asked, Case, Person, new_id
from services import handling, merge_notices, merging, notices
from services.access import case_by_number, case_of, locked_case, standings_of
from services.buttons import Pressed, parse
from services.texts import plain

# the preview is one message that changes in place
MERGE = "merge"


def propose(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Same matter as* one that was offered: first what that would mean."""
    case = _own(turn, person, pressed)
    _begin(turn, press, person, case, case_of(turn.session, person.district, _key(pressed.arg)))
    return Answer()


def ask_number(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Another number*: the next words are it."""
    case = _own(turn, person, pressed)
    remember(turn, press, "same_number", district=case.district, case=case.id)
    reply(turn, press, person.language, "merge.ask", ask="merge.ask_hint", number=case.number)
    return Answer()


def number_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The number of the other case."""
    case = case_of(turn.session, person.district, row.case)
    other = case_by_number(turn.session, person, said.text.strip())
    _begin(turn, said, person, case, other)


def _own(turn: Turn, person: Person, pressed: Pressed) -> Case:
    """The case of the desk whose button was pressed, held."""
    case = locked_case(turn.session, person.district, pressed.case)
    if Standing.DESK not in standings_of(turn.session, person, case):
        raise Refused("not_yours")
    if pressed.version is not None and pressed.version != case.version:
        raise handling.stale(turn.session, case, person)
    return case


def _begin(turn: Turn, event: Said | Press, person: Person, case: Case, other: Case) -> None:
    found = merging.pair(turn.session, person, case, other, turn.now)
    notices.retire(turn.session, event.at, MERGE, turn.now)
    _preview(turn, event, person, found)


def _preview(turn: Turn, event: Said | Press, person: Person, found: merging.Pair) -> None:
    token = new_id()
    kept = found.data() | {"token": str(token)}
    remember(turn, event, MERGE, district=person.district, **kept)
    message = merge_notices.preview(
        turn.session, found.stays, found.goes, token, found.may_swap, turn.now, person.language
    )
    answer(turn, event.at, message, card=MERGE, person=person)


def swap(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Keep the other number*."""
    found = merging.pair_of(turn.session, person, _kept(turn, press, pressed).data)
    _preview(turn, press, person, merging.swapped(turn.session, person, found, turn.now))
    return Answer()


def confirm(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Yes*: just what was previewed, once."""
    found = merging.pair_of(turn.session, person, _kept(turn, press, pressed).data)
    forget(turn, press)
    merging.merge(turn.session, person, found, turn.now)
    message = merge_notices.merged_message(found.stays, found.goes, person.language)
    answer(turn, press.at, message, card=MERGE, person=person)
    return Answer()


def _kept(turn: Turn, press: Press, pressed: Pressed) -> Asked:
    row = asked(turn, press)
    if row is None or row.what != MERGE or row.data["token"] != str(pressed.case):
        raise Refused("preview_gone")
    return row


def unmerge(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Take apart again*."""
    gone, _ = merging.unmerge(turn.session, person, pressed.case, pressed.version, turn.now)
    notices.show_staff(turn.session, gone, person, turn.now, at_once=True)
    return Answer(plain("merge.apart", person.language, number=gone.number))


def split(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*A case of their own* for somebody who joined."""
    _own(turn, person, pressed)
    made = merging.split_off(turn.session, person, pressed.case, _key(pressed.arg), turn.now)
    return Answer(plain("merge.split", person.language, number=made.number), alert=True)


def _key(text: str) -> UUID | None:
    found = parse(f"x~~{text}")
    return found.case if found else None


def alike(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*That's the one* or *another matter*, by whoever reported it."""
    if pressed.arg == "no":
        merging.is_another(turn.session, person, pressed.case, turn.now)
        return Answer(plain("alike.another", person.language))
    kept = merging.is_this_one(turn.session, person, pressed.case, turn.now)
    return Answer(plain("alike.joined", person.language, number=kept.number), alert=True)
