"""The desk's own buttons on a case's card: urge, report upwards, say a phrase, look closer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.lifecycle import BEFORE_DONE, ENDED, LISTENERS, LOOK_REASONS, State
from domain.roles import Standing, is_desk_of
from models import Case, Person
from services import attachments, buttons, elsewhere, likeness, phrases, territory
from services.access import roles_of
from services.cases import goes_on_as, merged_into
from services.open_causes import over
from services.outbox import Button, Rows
from services.texts import plain

if TYPE_CHECKING:
    from services.cards import Look

MOST_VOICES, MOST_MERGED = 12, 6
# pages of the card: `desk`, `whois` (why the desk looks), and of phrases for each who may be told
DESK = "desk"
TELL = {f"tell_{each}": each for each in LISTENERS}
STORY = "story"
WHOIS = "whois"
# which other case may be the same matter; who joined
SAME, VOICES = "same", "voices"
# under which cause it is
CAUSES = "causes"
# who of other units may be given it
ELSEWHERE = "elsewhere"
DESK_PAGES = (DESK, WHOIS, SAME, VOICES, CAUSES, ELSEWHERE, *TELL)


def desk_rows(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    """Below the case's next steps, for its desk."""
    if Standing.DESK not in held:
        return ()
    if look.state is State.MERGED:
        into = goes_on_as(look.session, look.case)
        return ((_open_button(into), look.button("unmerge", "btn.unmerge")),)
    if look.state in (State.COLLECTED, *ENDED):
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
            *_matter_rows(look),
            back,
        )
    if menu == SAME:
        return (*_same_rows(look), back)
    if menu == CAUSES:
        return (*_cause_rows(look), back)
    if menu == ELSEWHERE:
        found = elsewhere.people(look.session, person, look.case, look.now)
        by_name = ((look.button("assign_name", "btn.assign_name"),),)
        return (*near_rows(look, found), *(by_name if len(found) > elsewhere.SHOWN else ()), back)
    if menu == VOICES:
        return (*_voice_rows(look), back)
    if menu == WHOIS:
        whys = tuple((look.button("whois", f"reason.{each}", each),) for each in LOOK_REASONS)
        return (*whys, back)
    return (*_phrase_rows(look, person, TELL[menu]), back)


def near_rows(look: Look, found: Sequence[elsewhere.Near]) -> Rows:
    """The first of those whom the desk may give it to, with their units; a tap gives it."""
    case = look.case
    rows = []
    for each in found[: elsewhere.SHOWN]:
        unit = territory.name(look.session, case.district, each.unit, look.language)
        key = "btn.near_skilled" if each.skilled else "btn.near"
        label = plain(key, look.language, name=each.person.name, unit=unit)
        arg = buttons.key22(each.person.id)
        data = buttons.data("assign", case.district, case.id, case.version, arg)
        rows.append((Button(label[:60], data),))
    return tuple(rows)


def _matter_rows(look: Look) -> Rows:
    """Same matter as another, who joined, and what was merged into it."""
    case = look.case
    if look.state not in BEFORE_DONE or case.reach == "named":
        return ()
    joined = likeness.own_voices(look.session, case) if case.voices > 1 else []
    first = (
        look.button("menu", "btn.same", SAME),
        look.button("not_under", "btn.not_under")
        if case.cause is not None
        else look.button("menu", "btn.one_cause", CAUSES),
    )
    more = (look.button("menu", "btn.voices", VOICES),) if joined else ()
    merged = merged_into(look.session, case) if case.absorbed else []
    return ((*first, *more), *((_open_button(each),) for each in merged[:MOST_MERGED]))


def _cause_rows(look: Look) -> Rows:
    """The open causes of the area, those of the kind first, and a new one."""
    case = look.case
    found = over(look.session, case.district, case.grid)
    found.sort(key=lambda each: each.kind != case.kind)
    rows = tuple(
        (
            Button(
                f"⚡ {each.name}"[:60],
                buttons.data("under", case.district, case.id, case.version, buttons.key22(each.id)),
            ),
        )
        for each in found[:MOST_MERGED]
    )
    return (*rows, (look.button("cause_new", "btn.cause_new"),))


def _open_button(case: Case) -> Button:
    return Button(f"🔗 {case.number}", buttons.data("open", case.district, case.id))


def _same_rows(look: Look) -> Rows:
    """The likely ones, and a number typed."""
    found = likeness.likely(look.session, look.case)
    rows = tuple((_merge_button(look, each),) for each in found)
    return (*rows, (look.button("same_number", "btn.same_number"),))


def _merge_button(look: Look, other: Case) -> Button:
    case = look.case
    kind = look.catalogue.name(other.kind, look.language)
    label = " · ".join(part for part in (other.number, other.place_building, kind) if part)
    arg = buttons.key22(other.id)
    return Button(label[:60], buttons.data("merge", case.district, case.id, case.version, arg))


def _voice_rows(look: Look) -> Rows:
    """Each who joined, without a name: a tap gives them a case of their own."""
    case = look.case
    made = []
    for number, voice in enumerate(likeness.own_voices(look.session, case)[:MOST_VOICES], 2):
        label = plain("merge.voice", look.language, number=number, when=look.when(voice.at))
        arg = buttons.key22(voice.person)
        data = buttons.data("split", case.district, case.id, case.version, arg)
        made.append((Button(label, data),))
    return tuple(made)


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


def story_rows(look: Look, person: Person, held: frozenset[Standing], above: Rows) -> Rows:
    """Below a case's story: its files unless a button `above` shows them, and who reported it."""
    files = len(attachments.of(look.session, look.case))
    row: tuple[Button, ...] = ()
    photos = look.button_with("photos", "btn.files", n=files)
    if files and photos.data not in {each.data for buttons_ in above for each in buttons_}:
        row = (photos,)
    if Standing.DESK in held and look.case.reporter is not None:
        row = (*row, look.button("whois", "btn.whois"))
    return (row,) if row else ()
