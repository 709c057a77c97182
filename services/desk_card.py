"""The desk's own buttons on a case's card: urge, report upwards, say a phrase, look closer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.lifecycle import BEFORE_DONE, ENDED, LISTENERS, State
from domain.roles import Standing, is_desk_of
from models import Person
from services import attachments, buttons, phrases
from services.access import roles_of
from services.outbox import Button, Rows

if TYPE_CHECKING:
    from services.cards import Look

# pages of the card: `desk`, and a page of phrases for each who may be told
DESK = "desk"
TELL = {f"tell_{each}": each for each in LISTENERS}
STORY = "story"


def desk_rows(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    """Below the case's next steps, for its desk."""
    if Standing.DESK not in held or look.state in (State.COLLECTED, *ENDED):
        return ()
    urge = look.button("urge", "btn.urge")
    first = (urge,) if _can_urge(look, person) else ()
    more = look.button("menu", "btn.desk", DESK)
    telling = tuple(
        look.button("menu", f"btn.tell_{each}", f"tell_{each}")
        for each in LISTENERS
        if getattr(look.case, each) not in (None, person.id)
    )
    return ((*first, more), telling) if telling else ((*first, more),)


def _can_urge(look: Look, person: Person) -> bool:
    """Whether somebody else has it; the hour in between is said when it is pressed."""
    case = look.case
    if look.state not in BEFORE_DONE or case.owner == person.id:
        return False
    return case.owner is not None or not is_desk_of(roles_of(look.session, person), case.owner_unit)


def desk_page(look: Look, person: Person, held: frozenset[Standing], menu: str) -> Rows:
    """A page of the card that only the desk has."""
    back = (look.button("menu", "btn.back", ""),)
    if Standing.DESK not in held:
        return (back,)
    if menu == DESK:
        reporter = (look.button("whois", "btn.whois"),) if look.case.reporter else ()
        return (
            (look.button("supervise", "btn.supervise"), look.button("menu", "btn.story", STORY)),
            (*reporter, look.button("photos", "btn.photos")),
            back,
        )
    return (*_phrase_rows(look, person, TELL[menu]), back)


def _phrase_rows(look: Look, person: Person, to: str) -> Rows:
    """A phrase a row; a tap says it."""
    case = look.case
    found = phrases.for_case(look.session, person, case)
    rows = tuple(
        (
            Button(
                phrases.shown(each.text),
                buttons.data(
                    "tell", case.district, case.id, case.version, to[0] + buttons.key22(each.id)
                ),
            ),
        )
        for each in found
    )
    return (*rows, (look.button("phrases", "btn.phrases"),))


def story_rows(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    """Below a case's story: its files, and for the desk who reported it."""
    files = len(attachments.of(look.session, look.case))
    row: tuple[Button, ...] = ()
    if files:
        row = (look.button_with("photos", "btn.files", n=files),)
    if Standing.DESK in held and look.case.reporter is not None:
        row = (*row, look.button("whois", "btn.whois"))
    return (row,) if row else ()
