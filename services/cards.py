"""What a case looks like: to the group, to those who handle it, and to who reported it.

The group sees the building at most, never a flat, a name, stars or what a private matter is.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from sqlmodel import Session

from domain.catalogue import Catalogue, Language
from domain.lifecycle import (
    BEFORE_DONE,
    ENDED,
    FORCE_REASONS,
    HAND_BACK_REASONS,
    OTHERS_REASONS,
    RISE_REASONS,
    UNTAKEN,
    VOID_REASONS,
    Closing,
    Colour,
    State,
    above,
    below,
    colour,
    disputed,
    hands_of,
    is_quarrel,
    is_suspended,
)
from domain.roles import RoleName, Standing, supervises
from models import Case, Cause, Person
from services import (
    alike,
    buttons,
    case_time,
    danger_card,
    duty,
    hiding,
    people,
    place_notes,
    quarrels,
    returning,
    routing,
    task_lines,
    territory,
)
from services.access import is_circle_desk, roles_of, standings_of
from services.cases import facts_of, goes_on_as, merged_into
from services.catalogue import catalogue
from services.contacts import sheet
from services.desk_card import DESK_PAGES, ELSEWHERE, STORY, desk_page, desk_rows, story_rows
from services.equipment import link, policy
from services.hiding import is_unnamed
from services.outbox import Button, Message, Rows
from services.story import story
from services.texts import plain, say
from services.when import moment

DOT = {Colour.GREEN: "🟢", Colour.YELLOW: "🟡", Colour.RED: "🔴"}
# the kind of what nobody could name yet: private until somebody can
OTHER = "LS99"
LINES_OF_CONTACTS = 5
# characters of the reporter's words on a card, and where the history stands below them
CARD_WORDS, STORY_WORDS = 600, 160
# of each case that was merged into one, and of how many of them
MERGED_WORDS, LINES_OF_MERGED = 40, 8


@dataclass(frozen=True, slots=True)
class Look:
    """Through whose eyes a case is looked at."""

    session: Session
    case: Case
    language: Language
    now: datetime

    @property
    def state(self) -> State:
        return State(self.case.state)

    @property
    def zone(self) -> str:
        return duty.calendar(self.session, self.case.district).zone

    @property
    def catalogue(self) -> Catalogue:
        return catalogue(self.session, self.case.district)

    def when(self, instant: datetime) -> str:
        return moment(instant, self.now, self.zone, self.language)

    @property
    def sure(self) -> bool:
        """Whether the kind is told as known; else as a guess, with the next two as buttons."""
        sure_from = policy(self.session).kinds_from(self.case.source_chat)
        return self.case.kind_p >= sure_from or not self.case.alternatives

    def say(self, key: str, **facts: Any) -> str:
        return say(key, self.language, **facts)

    def button(self, verb: str, label: str, arg: str = "", style: str | None = None) -> Button:
        data = buttons.data(verb, self.case.district, self.case.id, self.case.version, arg)
        return Button(plain(label, self.language), data, style=style)

    def button_with(self, verb: str, label: str, **facts: Any) -> Button:
        """A button whose label says facts."""
        data = buttons.data(verb, self.case.district, self.case.id, self.case.version)
        return Button(plain(label, self.language, **facts), data)


def look_at(session: Session, case: Case, language: str, now: datetime) -> Look:
    """The case through the eyes of a reader of `language` (one of services.texts.LANGUAGES)."""
    return Look(session, case, cast(Language, language), now)


# --- lines ---


def kind_name(look: Look) -> str:
    """The kind in the reader's language; a matter not admitted by its own name."""
    code = look.case.not_admitted or look.case.kind
    return look.catalogue.name(code, look.language)


def public_place(look: Look) -> str:
    """The building at most, else what the group is about."""
    found = look.case.place_building or look.case.place_landmark
    if found:
        return found
    group = territory.find_group(look.session, look.case.district, look.case.group)
    return (group and group.place) or grid_name(look.session, look.case)


def full_place(look: Look) -> str:
    """Everything that is known of the place, for those who go there."""
    case = look.case
    parts = (
        case.place_building,
        case.place_unit,
        case.place_floor,
        case.place_room,
        case.place_landmark,
    )
    said = " ".join(part for part in parts if part)
    if not said and case.source == "private" and case.group is None:
        return look.say("card.place_unknown")  # it couldn't wait until they said where they live
    return said or public_place(look)


def grid_name(session: Session, case: Case) -> str:
    """The grid's name."""
    row = territory.find_division(session, case.district, case.grid)
    return row.name if row else case.grid


def owner_name(look: Look) -> str:
    """Who has the case: a person's name, or the desk's."""
    owner = people.seen(look.session, look.case.district, look.case.owner)
    if owner is not None:
        return owner.name
    unit = territory.find_division(look.session, look.case.district, look.case.owner_unit)
    return look.say("card.desk", unit=unit.name if unit else "")


def status(look: Look, *, public: bool = False) -> str:
    """One line: where it stands and who has it. `public`: everybody in a group reads it."""
    case, state = look.case, look.state
    if state is State.MERGED:
        into = _goes_on(look)
        said = look.say("state.merged", number=into.case.number)
        return said if _is_shut(into, public) else _lines(said, status(into))
    if state is State.CLOSED or state is State.VOIDED:
        key = "state.voided" if state is State.VOIDED else f"closing.{case.closing}"
        return look.say(key, reason=end_reason(look))
    if state is State.NOT_ADMITTED:
        return look.say("state.not_admitted")
    suspended = case_time.suspended_line(look)
    if suspended is not None:
        return suspended
    if state in UNTAKEN and case.reach == "named":
        return look.say("state.named_yet")
    if state in UNTAKEN and case.urgency == "now":
        return look.say("state.nobody_yet")
    ended = _ended_cause(look)
    if state is State.DONE and ended is not None:
        return look.say("state.done_cause", name=ended.name)
    if state is State.WAITING and case.waits_for == "task":
        return look.say("state.waiting_task", owner=owner_name(look))
    return look.say(f"state.{state}", owner=owner_name(look))


def _goes_on(look: Look) -> Look:
    """The look at the case that goes on for a merged one; the same for any other."""
    return look_at(look.session, goes_on_as(look.session, look.case), look.language, look.now)


def _is_shut(into: Look, public: bool) -> bool:
    """Whether the case that goes on has become nobody's business who looks at a merged one."""
    return into.case.reach == "named" or (public and into.case.private)


def end_reason(look: Look) -> str:
    """Why it was forced or voided, in the reader's words; empty for other endings."""
    reason = look.case.end_reason
    return plain(f"reason.{reason}", look.language) if reason else ""


def due_line(look: Look, *, public: bool = False) -> str | None:
    """The promise, and that it is late if it is; the first one, if another took its place. None
    once it is done. `public`: as in `status`."""
    if look.state is State.MERGED:
        into = _goes_on(look)
        return None if _is_shut(into, public) else due_line(into)
    if look.state not in BEFORE_DONE:
        return None
    late = look.now >= look.case.due_at
    key = "card.due_late" if late else "card.due"
    if look.case.due_provisional and not late:
        key = "card.due_provisional"
    now = look.say(key, when=look.when(look.case.due_at))
    return _lines(now, case_time.first_promise(look))


def head(look: Look) -> str:
    """Dot, number and kind."""
    dot = DOT[colour(facts_of(look.case), look.now)]
    key = "card.head" if look.sure or look.state not in UNTAKEN else "card.head_guess"
    return look.say(key, dot=dot, number=look.case.number, kind=kind_name(look))


def _lines(*lines: str | None) -> str:
    return "\n".join(line for line in lines if line)


def emergency(look: Look) -> str | None:
    """The number to ring first and what to do before anybody comes, for what is urgent now."""
    if look.case.urgency != "now" and look.case.reach == "owner":
        return None
    return first_help(look.catalogue, look.case.kind, look.language)


def danger(look: Look) -> str | None:
    """The same for who goes there, until it is done."""
    if look.case.urgency != "now" or look.state not in BEFORE_DONE:
        return None
    return emergency(look)


def first_help(found: Catalogue, code: str, language: Language) -> str | None:
    """A kind's numbers and first steps; None if it has neither."""
    kind = found.kinds.get(code)
    if kind is None:
        return None
    numbers = plain("people.listed", language).join(
        _number(each, language) for each in kind.emergency_number
    )
    steps = kind.first_steps(language)
    lines = (
        say("card.call_first", language, numbers=numbers) if numbers else None,
        say("card.first_steps", language, steps=steps) if steps else None,
    )
    return _lines(*lines) or None


def _for_a_foreigner(look: Look) -> str | None:
    """In danger: the first steps in the reporter's own tongue, if the card speaks another, and a
    Chinese sentence to show to people nearby."""
    case = look.case
    if case.language != "en" or case.urgency != "now" or look.state not in UNTAKEN:
        return None
    theirs = look_at(look.session, case, case.language, look.now)
    kind = look.catalogue.name(case.kind, "zh-Hans")
    sentence = plain("told.help_me", "zh-Hans", kind=kind, place=public_place(look))
    return _lines(
        emergency(theirs) if look.language != case.language else None,
        theirs.say("told.show_nearby", sentence=sentence),
    )


def _number(code: str, language: Language) -> str:
    return code if code.isdigit() else plain(f"service.{code}", language)


# --- the group's card ---


def group_card(look: Look, menu: str = "") -> Message:
    """What everybody in the group sees."""
    if look.case.private:
        return _private_card(look)
    if look.state is State.NOT_ADMITTED:
        return Message(_not_admitted_text(look), _not_admitted_buttons(look))
    text = _lines(
        head(look),
        look.say("card.place", place=public_place(look)),
        status(look, public=True),
        due_line(look, public=True),
        look.say("card.voices", n=look.case.voices) if look.case.voices > 1 else None,
        _cause_line(look),
        _alike_question(look) or _condition_question(look),
        emergency(look) if look.state in UNTAKEN else None,
        _for_a_foreigner(look),
    )
    return Message(text, _group_buttons(look, menu))


def _alike_question(look: Look) -> str | None:
    """Is it this one? Its number and kind are said and nothing that anybody wrote."""
    other = alike.asked_about(look.session, look.case)
    if other is None:
        return None
    key = "card.alike_settled" if alike.is_settled(other) else "card.alike"
    name = kind_name(replace(look, case=other))
    return look.say(key, number=other.number, kind=name)


def _alike_rows(look: Look) -> Rows:
    other = alike.asked_about(look.session, look.case)
    if other is None:
        return ()
    yes = "btn.alike_again" if alike.is_settled(other) else "btn.alike_yes"
    return ((look.button("alike", yes, "yes"), look.button("alike", "btn.alike_no", "no")),)


def _private_card(look: Look) -> Message:
    """Not even where it stands is shown: only the way into the private chat, and for who wrote it
    the way to take it back. The numbers for danger stand on each, urgent or not: who has no private
    chat reads them nowhere else, and on some cards only they would tell. They say which is whose
    and raise no alarm, for most of these matters are wages and noise. Not shown is the case's
    number, if it would lead from a case to who isn't to be named.
    """
    case = look.case
    group = territory.find_group(look.session, case.district, case.group)
    may = group is None or group.may_delete is not False
    deletable = case.source == "group" and case.unsaid_at is None and case.reporter is not None
    key = "card.private_unnamed" if is_unnamed(case) else "card.private"
    text = _lines(
        look.say(key, number=case.number),
        look.say("card.private_danger"),
        look.say("card.unsay_yourself") if deletable and not may else None,
    )
    unsay = ((look.button("unsay", "btn.unsay"),),) if deletable and may else ()
    return Message(text, (*to_private(look), *unsay))


def to_private(look: Look) -> Rows:
    """The way to one's own case in the private chat."""
    url = link(look.session, look.case.bot, case_payload(look.case))
    return ((Button(plain("btn.go_private", look.language), url=url),),) if url else ()


def case_payload(case: Case) -> str:
    """The start payload that opens one's own case in private."""
    return f"c-{case.district}-{buttons.key22(case.id)}"


def _not_admitted_text(look: Look) -> str:
    matter = look.catalogue.matters.get(look.case.not_admitted or "")
    where = matter.where_to_go(look.language) if matter else ""
    return _lines(
        look.say("card.head_plain", number=look.case.number, kind=kind_name(look)),
        look.say("card.not_admitted", where=where),
    )


def _not_admitted_buttons(look: Look) -> Rows:
    return ((look.button("admit", "btn.admit"),),)


def _condition_question(look: Look) -> str | None:
    return look.say("card.which_condition") if _asks_condition(look) else None


def _asks_condition(look: Look) -> bool:
    """Several filing conditions whose limits differ, and none told yet."""
    conditions = look.catalogue.conditions(look.case.kind)
    limits = {(each.limit_value, each.limit_unit) for each in conditions}
    calm = look.case.urgency != "now"  # in danger nobody is asked to classify it
    return calm and look.case.condition is None and len(limits) > 1 and look.state in UNTAKEN


def _group_buttons(look: Look, menu: str) -> Rows:
    if look.state is State.MERGED:  # more voices are welcome: they join the one that goes on
        into = _goes_on(look)
        welcome = into.state in BEFORE_DONE and not _is_shut(into, public=True)
        return ((into.button("join", "btn.join"),),) if welcome else ()
    if look.state not in BEFORE_DONE:
        return ()
    if menu:
        return correction_buttons(look, menu)
    joined = look.button("join", "btn.join")
    return (*_first_rows(look), (joined, look.button("fix", "btn.fix", "main")))


def _first_rows(look: Look) -> Rows:
    """One question at a time: whether it is an earlier matter comes before what kind it is."""
    return _alike_rows(look) or _guess_rows(look)


def _guess_rows(look: Look) -> Rows:
    """What the kind may be instead, or which condition it is: one tap each."""
    if look.state not in UNTAKEN:
        return ()
    if not look.sure:
        return tuple((kind_button(look, code),) for code in _shown(look)[:2])
    return condition_rows(look) if _asks_condition(look) else ()


def _shown(look: Look) -> list[str]:
    """The other guesses, of a case that the group sees without those for one named person: a
    button that says despair is a word about somebody."""
    if look.case.private:
        return look.case.alternatives
    kinds = ((code, look.catalogue.kinds.get(code)) for code in look.case.alternatives)
    return [code for code, kind in kinds if kind is None or kind.reach != "named"]


def condition_rows(look: Look) -> Rows:
    """One button for each filing condition."""
    conditions = look.catalogue.conditions(look.case.kind)
    return tuple(
        (_said_button(look, "cond", each.text(look.language)[:60], str(index)),)
        for index, each in enumerate(conditions)
    )


def kind_button(look: Look, code: str) -> Button:
    """Corrects the kind to this one."""
    return _said_button(look, "kind", look.catalogue.name(code, look.language), code)


def _said_button(look: Look, verb: str, label: str, arg: str) -> Button:
    data = buttons.data(verb, look.case.district, look.case.id, look.case.version, arg)
    return Button(label, data)


def correction_buttons(look: Look, menu: str) -> Rows:
    """Kind, place, name, withdrawing: what the reporter may put right.

    `menu`: main, classes, or a class of kinds (PO, PS, …).
    """
    back = (look.button("fix", "btn.back", ""),)
    if menu == "main":
        return (
            (look.button("fix", "btn.kind", "classes"), look.button("place", "btn.place")),
            (look.button("fix", "btn.my_name", NAMES), *_hush(look)),
            (look.button("withdraw", "btn.withdraw", style="danger"), *back),
        )
    if menu == NAMES:
        return (*_name_rows(look), back)
    if menu == "classes":
        return (*class_rows(look, "fix"), back)
    return (*kind_rows(look, menu), back)


# the page on which a reporter chooses who reads their name
NAMES = "names"
# what a button of that page asks for: (hidden from who handles it, hidden in the group)
HIDE = {"g": (False, True), "w": (True, False), "b": (True, True), "n": (False, False)}


def _name_rows(look: Look) -> Rows:
    """The four choices, the one that holds ticked."""
    now = (look.case.hide_name, look.case.hide_group)
    return tuple(
        (
            _said_button(
                look,
                "name",
                ("✓ " if chosen == now else "") + plain(f"btn.name_{each}", look.language),
                each,
            ),
        )
        for each, chosen in HIDE.items()
    )


def _hush(look: Look) -> tuple[Button, ...]:
    """Out of the group, or back into it where that is the reporter's to say."""
    if not look.case.private:
        return (look.button("hush", "btn.make_private"),)
    return (look.button("hush", "btn.make_public", "back"),) if may_return(look) else ()


def may_return(look: Look) -> bool:
    """Whether the group may see it again: it began there, and its kind is nobody's own."""
    case = look.case
    kind = look.catalogue.kinds.get(case.kind)
    here = case.source == "group" and case.group is not None and case.reach != "named"
    return here and kind is not None and (kind.privacy == "public" or kind.code == OTHER)


def class_rows(look: Look, verb: str) -> Rows:
    """The six classes, two in a row."""
    classes = list(dict.fromkeys(kind.kind_class for kind in look.catalogue.kinds.values()))
    made = [look.button(verb, f"class.{each}", each) for each in classes]
    return tuple(tuple(made[i : i + 2]) for i in range(0, len(made), 2))


def kind_rows(look: Look, kind_class: str) -> Rows:
    """The kinds of one class, two in a row."""
    codes = [k.code for k in look.catalogue.kinds.values() if k.kind_class == kind_class]
    made = [kind_button(look, code) for code in codes]
    return tuple(tuple(made[i : i + 2]) for i in range(0, len(made), 2))


# --- the reporter's own card ---


def reporter_card(look: Look, menu: str = "") -> Message:
    """The same matter to the person who reported it, in private: their own words stand in it."""
    if look.state is State.NOT_ADMITTED:
        return Message(_not_admitted_text(look), _not_admitted_buttons(look))
    asked = danger_card.question(look)  # below whom to call, just above its buttons
    text = _lines(
        head(look),
        look.say("card.place", place=full_place(look)),
        look.say("card.words", words=short(look.case.text)) if look.case.text else None,
        status(look),
        due_line(look),
        look.say("card.appointment", when=look.when(look.case.appointment_at))
        if look.case.appointment_at
        else None,
        _cause_line(look),
        None if asked else _alike_question(look) or _condition_question(look),
        danger_card.answered(look),
        emergency(look) if look.state in UNTAKEN else None,
        _for_a_foreigner(look),
        asked,
    )
    return Message(text, _reporter_buttons(look, menu))


def _reporter_buttons(look: Look, menu: str) -> Rows:
    name = look.button("fix", "btn.my_name", NAMES)
    if menu == NAMES and look.state in (*BEFORE_DONE, *NAME_LATER):
        return correction_buttons(look, menu)
    if look.state is State.MERGED:
        into = _goes_on(look)
        ended = into.state is State.CLOSED and not _is_shut(into, public=False)
        again = (into.button("refuse", "btn.again"),) if ended else ()
        return ((*again, name),)
    if look.state is State.CLOSED and look.case.reach != "named":
        return ((look.button("refuse", "btn.again"), name),)
    if look.state in NAME_LATER:
        return ((name,),)
    if look.state not in BEFORE_DONE:
        return ()
    if menu:
        return correction_buttons(look, menu)
    return (
        *(danger_card.rows(look) or _first_rows(look)),
        *danger_card.after_all(look),
        (look.button("add", "btn.add"), look.button("fix", "btn.fix", "main")),
        (name,),
    )


# what may be said about one's name once there is nothing else to put right
NAME_LATER = (State.CHECKING, State.DONE, State.CLOSED, State.MERGED)


def short(words: str, most: int = CARD_WORDS) -> str:
    """A resident's words as far as a card holds them."""
    return words if len(words) <= most else words[: most - 1] + "…"


# --- the card of those who handle it ---


def staff_card(look: Look, person: Person, menu: str = "") -> Message:
    """The case with its next step as a button, for a worker, leader or desk.

    `menu`: a page of its buttons; `story`: the case with its whole history.
    """
    case, held = look.case, standings_of(look.session, person, look.case)
    most = STORY_WORDS if menu == STORY else CARD_WORDS
    words = hiding.words(look.session, case, case.text)
    text = _lines(
        head(look),
        look.say("card.place_grid", place=full_place(look), grid=grid_name(look.session, case)),
        danger(look),
        danger_card.said(look),
        _foreign_line(look),
        look.say("card.words", words=short(words, most)) if words else look.say("card.no_words"),
        _reporter_line(look, held),
        look.say("card.instructions", words=case.instructions) if case.instructions else None,
        status(look),
        due_line(look),
        _circle_line(look),
        *task_lines.lines(look),
        look.say("card.appointment", when=look.when(case.appointment_at))
        if case.appointment_at
        else None,
        look.say("card.voices", n=case.voices) if case.voices > 1 else None,
        decision_line(look),
        _returns_line(look, person),
        *_overseen(look),
        _merged_line(look),
        _cause_line(look),
        _closing_condition(look),
        *(look.say("card.note", words=each) for each in place_notes.on_card(look.session, case)),
        *case_time.staff_lines(look, held),
        _contacts(look) if case.urgency == "now" and case.reach != "named" else None,
    )
    if menu == STORY:
        told = "\n\n".join((text, story(look)))
        rows = _staff_buttons(look, person, held, "")
        return Message(told, rows + story_rows(look, person, held, rows))
    return Message(text, _staff_buttons(look, person, held, menu))


def _circle_line(look: Look) -> str | None:
    """Which circle has it, since when and by when, once it has left the one it began in."""
    case = look.case
    if look.state not in BEFORE_DONE or case.circle_since is None or case.circle_due_at is None:
        return None
    key = "card.circle_late" if look.now >= case.circle_due_at else "card.circle"
    return look.say(
        key,
        circle=plain(f"circle.{case.circle}", look.language),
        since=look.when(case.circle_since),
        when=look.when(case.circle_due_at),
    )


def decision_line(look: Look) -> str | None:
    """A supervisor's word on whose it is, or that it is awaited."""
    case = look.case
    if case.arbiter is None or case.reach == "named":
        return None
    name = partial(territory.name, look.session, case.district, language=look.language)
    if case.bound_unit is None or case.bound_at is None:
        return look.say("card.to_decide", n=case.hand_backs, unit=name(case.arbiter))
    decider = people.seen(look.session, case.district, case.bound_by)
    return look.say(
        "card.decided",
        name=decider.name if decider else "",
        when=look.when(case.bound_at),
        unit=name(case.bound_unit),
    )


def _returns_line(look: Look, person: Person) -> str | None:
    """For the desk: who handed it back and why, and how often each unit did lately."""
    case = look.case
    if not case.hand_backs or Standing.DESK not in standings_of(look.session, person, case):
        return None
    since = look.now - returning.LOOK_BACK
    often = returning.bounces(look.session, case.district, since, look.now)
    lines = (
        look.say(
            "card.returned",
            n=often.get(each.unit, 1),
            unit=territory.name(look.session, case.district, each.unit, look.language),
            reason=plain(f"reason.{each.reason}", look.language),
        )
        for each in returning.returns(look.session, case)
    )
    return _lines(*lines)


def _cause_line(look: Look) -> str | None:
    """What it has in common with others, while it is worked on."""
    if look.case.cause is None or look.state not in BEFORE_DONE:
        return None
    cause = look.session.get(Cause, (look.case.district, look.case.cause))
    return look.say("card.cause", name=cause.name) if cause and cause.name else None


def _ended_cause(look: Look) -> Cause | None:
    """Its cause, if the case was called done because that is gone."""
    case = look.case
    cause = look.session.get(Cause, (case.district, case.cause)) if case.cause else None
    if cause is None or cause.ended_by is None:
        return None
    return cause if case.done_by == cause.ended_by and case.done_by != case.taken_by else None


def _merged_line(look: Look) -> str | None:
    """The numbers of what was merged into it, and what was said there."""
    if not look.case.absorbed:
        return None
    found = merged_into(look.session, look.case)
    said = (hiding.words(look.session, each, each.text) for each in found)
    words = (short(" ".join(each.split()), MERGED_WORDS) for each in said)
    lines = (
        look.say("card.absorbed", number=each.number, words=said or "—")
        for each, said in zip(found, words, strict=True)
    )
    return _lines(*list(lines)[:LINES_OF_MERGED])


def _overseen(look: Look) -> tuple[str, ...]:
    """How often it was urged, and that a desk above watches it."""
    case = look.case
    lines = []
    if case.supervised_unit is not None:
        unit = territory.name(look.session, case.district, case.supervised_unit, look.language)
        lines.append(look.say("card.supervised", unit=unit))
    if case.urged_at is not None and look.state in BEFORE_DONE:
        lines.append(look.say("card.urged", n=case.urged, when=look.when(case.urged_at)))
    return tuple(lines)


def _foreign_line(look: Look) -> str | None:
    """A report in another tongue: kind and urgency stand above the original in the reader's own."""
    same = look.case.language == look.language or not look.case.text
    if same or look.case.hide_name:  # whose tongue it is may tell who it is
        return None
    return look.say(
        "card.foreign",
        tongue=plain(f"tongue.{look.case.language}", look.language),
        urgency=plain(f"urgency.{look.case.urgency}", look.language),
    )


def _reporter_line(look: Look, held: frozenset[Standing]) -> str:
    """Who reported it. The desk, whose look leaves a trace (services/identity), reads it there."""
    case = look.case
    if case.reporter is None:
        return look.say(f"card.from_{case.source}")
    if Standing.DESK in held and Standing.TEAM not in held:
        return look.say("card.from_desk")
    if case.hide_name:
        return look.say("card.from_hidden")
    reporter = people.seen(look.session, case.district, case.reporter)
    return look.say("card.from", name=reporter.name if reporter else "")


def _closing_condition(look: Look) -> str | None:
    """What counts as settled, once it is in somebody's hands."""
    if look.state in UNTAKEN or look.state not in BEFORE_DONE or look.case.condition is None:
        return None
    conditions = look.catalogue.conditions(look.case.kind)
    if look.case.condition >= len(conditions):
        return None
    closing = conditions[look.case.condition].closing(look.language)
    return look.say("card.settled_when", closing=closing)


def _contacts(look: Look) -> str | None:
    lines = sheet(look.session, look.case.district, look.case.grid, look.case.kind)
    if not lines:
        return None
    shown = [look.say("card.contact", name=each.name, phone=each.masked) for each in lines]
    return _lines(look.say("card.contacts"), *shown[:LINES_OF_CONTACTS])


def _staff_buttons(look: Look, person: Person, held: frozenset[Standing], menu: str) -> Rows:
    """What waits for a word, the next steps and *more*; nothing for who may do nothing."""
    if menu in DESK_PAGES:
        return desk_page(look, person, held, menu)
    if menu:
        return _menus(look, person, held, menu)
    rows = (*case_time.decisions(look, person), *_next_steps(look, person, held))
    return (*rows, *case_time.appeal_row(look, held), *desk_rows(look, person, held))


def _next_steps(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    if look.state in UNTAKEN:
        return _untaken_buttons(look, person, held)
    if look.state in (State.CHECKING, State.DONE):
        return _check_buttons(look, person, held)
    if look.state is State.CLOSED:
        return _revisit_buttons(look, held)
    return _owner_buttons(look, person, held)


def _untaken_buttons(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    if not held & {Standing.OWNER, Standing.TEAM, Standing.DESK}:
        return ()
    if look.state is State.FILED and not is_circle_desk(look.session, person, look.case):
        return ()
    rows: list[tuple[Button, ...]] = []
    if not _only_dispatches(look, person):
        rows.append((look.button("take", "btn.take", style="primary"),))
    if look.case.urgency == "now" and look.case.reach != "named":
        rows += _contact_rows(look)
    if Standing.OWNER in held:
        rows.append(
            (look.button("menu", "btn.not_mine", "back"), look.button("menu", "btn.more", "more"))
        )
    elif Standing.DESK in held:
        rows += _desk_rows(look, person)
    return tuple(rows)


def _only_dispatches(look: Look, person: Person) -> bool:
    """Whether it was handed back to the reader's own desk, which may give it to somebody only."""
    case = look.case
    if case.returned_to is None or case.urgency == "now" or case.reach == "named":
        return False
    return supervises(roles_of(look.session, person), case.returned_to)


def _desk_rows(look: Look, person: Person) -> Rows:
    """What a desk may do with what it has not taken itself: send, call, up, down, end it."""
    end = look.button("menu", "btn.end", "end")
    if not is_circle_desk(look.session, person, look.case):
        return ((end,),)
    give = "btn.decide" if disputed(facts_of(look.case)) else "btn.assign"
    moves = (
        look.button("menu", "btn.rise", "rise") if _may_rise(look) else None,
        look.button("descend", "btn.descend") if below(look.case.circle) else None,
    )
    first = (look.button("menu", give, "assign"), look.button("whistle", "btn.whistle"))
    last = tuple(m for m in moves if m)
    # two to a row: what a phone shows whole
    return (first, (*last, end)) if len(last) < 2 else (first, last, (end,))


def _may_rise(look: Look) -> bool:
    case, larger = look.case, above(look.case.circle)
    return bool(larger and routing.manned(look.session, case.district, case.grid, larger))


def _contact_rows(look: Look) -> list[tuple[Button, ...]]:
    """One tap shows the number, one says "engaged → next" to the whole team."""
    lines = sheet(look.session, look.case.district, look.case.grid, look.case.kind)
    return [
        (
            _said_button(look, "ring", plain("btn.ring", look.language, name=each.name), str(i)),
            look.button("engaged", "btn.engaged", str(i)),
        )
        for i, each in enumerate(lines[:LINES_OF_CONTACTS])
    ]


def _owner_buttons(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    if Standing.OWNER not in held:
        return _desk_buttons(look, person, held)
    if look.state not in BEFORE_DONE:
        return ()
    done = look.button("done", "btn.done", style="success")
    first = {
        State.TAKEN: (look.button("arrive", "btn.arrive", style="primary"), done),
        State.WAITING: (look.button("resume", "btn.resume"), done),
    }.get(look.state, (done,))
    if is_suspended(facts_of(look.case)):
        first = (done,)
    return (first, (look.button("menu", "btn.more", "more"),))


def _desk_buttons(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    if Standing.DESK not in held or look.state not in BEFORE_DONE:
        return ()
    suspended = is_suspended(facts_of(look.case))
    steps = () if suspended else _desk_rows(look, person)
    steps = (*task_lines.desk_rows(look, person), *steps)
    return (*steps, *case_time.desk_rows(look, held))


def _check_buttons(look: Look, person: Person, held: frozenset[Standing]) -> Rows:
    """Who may look: the desk; before the reporter is asked, whoever of the team was asked to.
    Never who handled or filed it."""
    may = {Standing.DESK}
    if look.state is State.CHECKING:
        may |= {Standing.OWNER, Standing.TEAM}
    rows: list[tuple[Button, ...]] = []
    if held & may and person.id not in hands_of(facts_of(look.case)):
        fine = look.button("check", "btn.check", style="success")
        rows += [(fine, look.button("check_failed", "btn.check_failed"))]
        rows += [(look.button("photos", "btn.photos"),)]
    if Standing.DESK in held:
        rows.append((look.button("menu", "btn.end", "end"),))
    return tuple(rows)


def _revisit_buttons(look: Look, held: frozenset[Standing]) -> Rows:
    if not held & {Standing.OWNER, Standing.TEAM, Standing.DESK}:
        return ()
    kind = look.catalogue.kinds.get(look.case.kind)
    if kind is None or look.case.revisits_done >= len(kind.revisit_days):
        return ()
    return (
        (
            look.button("revisit_fine", "btn.fine", style="success"),
            look.button("revisit_again", "btn.flared_up"),
        ),
    )


def _menus(look: Look, person: Person, held: frozenset[Standing], menu: str) -> Rows:
    back = (look.button("menu", "btn.back", ""),)
    of_time = case_time.menu_rows(look, menu)
    if of_time is not None:
        return (*of_time, back)
    made: dict[str, Rows] = {
        "more": (
            *_more(look),
            *case_time.owner_rows(look, held),
            *case_time.desk_rows(look, held),
        ),
        "back": _reasons(look, "hand_back", HAND_BACK_REASONS),
        "others": _reasons(look, "call_others", OTHERS_REASONS),
        "rise": _reasons(look, "rise", RISE_REASONS),
        "later": tuple(
            (look.button("later", f"btn.later_{each}", each),)
            for each in ("hour", "evening", "morning")
        ),
        "ask": _phrases(look, "ask", QUESTIONS),
        "slots": _slot_choice(look),
        "classes": class_rows(look, "menu"),
        "assign": _assign_rows(look, person),
        "end": _end_rows(look),
        "force": _reasons(look, "force", FORCE_REASONS),
        "void": _reasons(look, "void", VOID_REASONS),
        "contacts": tuple(_contact_rows(look)),
        "notes": _phrases(look, "note", NOTES),
    }
    return (*(made[menu] if menu in made else kind_rows(look, menu)), back)


# preset phrases, so that nobody has to type (services/locale: ask.*, note.*)
QUESTIONS = ("where", "photo", "when_home", "still", "details")
# which preset answers fit which question
ANSWERS = {
    "where": (),
    "photo": (),
    "when_home": ("daytime", "evening", "weekend"),
    "still": ("yes", "no"),
    "details": (),
}
NOTES = ("fixed", "talked", "property", "informed", "delivered")


def _more(look: Look) -> Rows:
    able = look.state in (State.TAKEN, State.IN_HAND) and look.case.reporter is not None
    asking = (look.button("menu", "btn.ask", "ask"), look.button("menu", "btn.appoint", "slots"))
    taken = look.state not in UNTAKEN and look.case.reach != "named"  # there are no others
    others = (look.button("menu", "btn.others", "others"),) if taken else ()
    rise = (look.button("menu", "btn.rise", "rise"),)
    two = is_quarrel(facts_of(look.case)) and look.case.reach != "named"
    return (
        *((asking,) if able and look.case.reach != "named" else ()),
        *(((look.button("side", "btn.other_side"),),) if two else ()),
        (look.button("menu", "btn.not_mine", "back"), *others),
        *((rise,) if taken and _may_rise(look) else ()),
        (look.button("menu", "btn.later", "later"), look.button("menu", "btn.kind", "classes")),
        (look.button("menu", "btn.contacts", "contacts"), look.button("photos", "btn.photos")),
        (look.button("menu", "btn.story", STORY),),
    )


def _reasons(look: Look, verb: str, reasons: tuple[str, ...]) -> Rows:
    return tuple((look.button(verb, f"reason.{each}", each),) for each in reasons)


def _phrases(look: Look, verb: str, phrases: tuple[str, ...]) -> Rows:
    return tuple((look.button(verb, f"{verb}.{each}", each),) for each in phrases)


def _slot_choice(look: Look) -> Rows:
    """Which three proposals to send: today, tomorrow, or the weekend; each holds an evening."""
    return tuple(
        (look.button("slots", f"btn.slots_{each}", each),)
        for each in ("soon", "tomorrow", "weekend")
    )


def _assign_rows(look: Look, person: Person) -> Rows:
    """The team, present ones first, without the desk itself."""
    people = routing.line(look.session, look.case, look.now)[:8]
    found = [look.session.get(Person, (look.case.district, each)) for each in people]
    verb = "decide" if look.case.arbiter is not None else "assign"
    if verb == "decide" and not supervises(roles_of(look.session, person), look.case.arbiter or ""):
        verb = "assign"
    rows = tuple(
        (_said_button(look, verb, each.name, _ref22(each.id)),)
        for each in found
        if each is not None and each.id != look.case.owner
    )
    if verb == "decide":
        return (*rows, *_unit_rows(look))
    others = look.case.reach != "named"
    return (*rows, *(((look.button("menu", "btn.elsewhere", ELSEWHERE),),) if others else ()))


MOST_UNITS = 12


def _unit_rows(look: Look) -> Rows:
    """The units that an arbiter may name; one with too long a code for a button is left out."""
    made = []
    for unit in returning.units_for(look.session, look.case, look.now)[:MOST_UNITS]:
        label = territory.name(look.session, look.case.district, unit, look.language)
        try:
            made.append((_said_button(look, "decide", label, unit),))
        except ValueError:
            continue
    return tuple(made)


def _end_rows(look: Look) -> Rows:
    force = look.button("menu", "btn.force", "force", "danger")
    return ((look.button("menu", "btn.void", "void", "danger"),), (force,))


def _ref22(key: UUID) -> str:
    return buttons.key22(key)


def is_worker(session: Session, person: Person) -> bool:
    """Whether the person handles cases."""
    handlers = (RoleName.WORKER, RoleName.LEADER, RoleName.SUPERVISOR, RoleName.DEPARTMENT)
    return any(each.role in handlers for each in roles_of(session, person))


# --- the question when it is done ---


def question(look: Look, mention: str = "") -> Message:
    """Settled? And then, with the stars, how it was."""
    case = look.case
    if quarrels.others(look.session, case) and _is_quiet(look, case.reporter):
        return Message(mention + look.say(_quiet(look, case.reporter), number=case.number))
    if look.state is State.DONE:
        yes = look.button("settle", "btn.settled", style="success")
        no = look.button("refuse", "btn.not_settled")
        ended = _ended_cause(look)
        key = "ask.settled" if ended is None else "ask.settled_cause"
        name = ended.name if ended is not None else ""
        text = look.say(key, number=case.number, kind=_shown_kind(look), name=name)
        return Message(mention + text, ((yes, no),))
    if case.closing == Closing.SETTLED and case.stars is None and case.reach != "named":
        stars = tuple(_said_button(look, "rate", "★" * each, str(each)) for each in range(1, 6))
        text = look.say("ask.stars", number=case.number)
        return Message(mention + text, (stars[:3], stars[3:]))
    key = _ENDED_BY.get(case.closing or "", "ask.again_noted")
    return Message(mention + look.say(key, number=case.number))


def side_question(look: Look, person: Person) -> Message:
    """The question to the other side of a quarrel: nothing of what the reporter said or when."""
    if look.state is not State.DONE or _is_quiet(look, person.id):
        return Message(look.say(_quiet(look, person.id), number=look.case.number))
    yes = look.button("settle", "btn.settled", style="success")
    no = look.button("refuse", "btn.not_settled")
    return Message(look.say("ask.side_settled", number=look.case.number), ((yes, no),))


def _is_quiet(look: Look, key: UUID | None) -> bool:
    """Whether nothing is asked of this side now and nothing said about the other's word."""
    if look.state is State.DONE:
        return str(key) in look.case.agreed
    return look.state is not State.CLOSED


def _quiet(look: Look, key: UUID | None) -> str:
    if look.state in ENDED:
        return "told.side_ended"
    return "ask.side_noted" if str(key) in look.case.agreed else "ask.side_going_on"


_ENDED_BY: dict[str, str] = {
    Closing.FORCED: "ask.closed_by_force",
    Closing.SETTLED: "ask.thanks",
    Closing.UNCONFIRMED: "ask.closed_by_silence",
    Closing.CHECKED: "ask.closed_by_check",
}


def _shown_kind(look: Look) -> str:
    return plain("card.private_kind", look.language) if look.case.private else kind_name(look)
