"""What grid workers, leaders and desks do with a case: three taps and a photo."""

from datetime import datetime, time
from typing import Any

from domain.lifecycle import HAND_BACK_REASONS, State, Verb
from domain.refused import Refused
from handlers.reply import answer, asked, button, forget, remember, reply
from handlers.reply import ask as put_question
from handlers.resident import numbers
from handlers.turn import Answer, File, Press, Said, Turn
from models import Asked, Attachment, Case, Leave, Person
from models.append import savepoint
from services import (
    attachments,
    contacts,
    duty,
    handling,
    notices,
    patrol,
    publishing,
    reporting,
    roster,
    worklist,
)
from services import other_side as sides
from services.access import case_of, is_staff, locked_case, may_handle, may_read
from services.buttons import Pressed, data, key22, parse
from services.cards import NOTES, QUESTIONS
from services.desk_card import STORY
from services.outbox import Button, Message, Rows
from services.texts import plain, say

# how a report made for somebody without Telegram came in; the filer can't confirm it
BEHALF = ("seen", "door", "phone", "walk_in", "12345")
# seen on the round and settled at once
SPOT = "spot"


def step(
    turn: Turn, press: Press, person: Person, pressed: Pressed, verb: Verb, **given: Any
) -> Case:
    """A verb on the pressed case."""
    return handling.do(
        turn.session, person, pressed.case, verb, turn.now, version=pressed.version, **given
    )


def take(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Take*: first come, first served; the others read who has it."""
    step(turn, press, person, pressed, Verb.TAKE)
    return Answer(plain("work.taken", person.language))


def arrive(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Arrived*."""
    step(turn, press, person, pressed, Verb.ARRIVE)
    return Answer(plain("work.arrived", person.language))


def resume(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The answer came another way."""
    step(turn, press, person, pressed, Verb.RESUME)
    return Answer()


def done(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Done*: closes with the evidence that is there, or asks for what is missing."""
    try:
        with savepoint(turn.session, late=True):
            case = step(turn, press, person, pressed, Verb.DONE)
    except Refused as refused:
        if refused.code not in ("photo_missing", "note_missing"):
            raise
        return _ask_evidence(turn, press, person, pressed, refused.code)
    offer_publishing(turn, press, person, case)
    return Answer(plain("work.done", person.language))


def _ask_evidence(
    turn: Turn, press: Press, person: Person, pressed: Pressed, missing: str
) -> Answer:
    remember(turn, press, "evidence", district=person.district, case=pressed.case, missing=missing)
    if missing == "photo_missing":
        key, hint = "work.send_photo", "work.send_photo_hint"
        reply(turn, press, person.language, key, ask=hint)
        return Answer(plain("work.send_photo_short", person.language))
    case = case_of(turn.session, person.district, pressed.case)
    rows = tuple(
        (button(person.language, f"note.{each}", data("note", case.district, case.id, None, each)),)
        for each in NOTES
    )
    put_question(turn, press, person, Message(say("work.send_note", person.language), rows))
    return Answer(plain("work.send_note_short", person.language))


def evidence(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The photo, voice note or words that *done* was waiting for."""
    case = locked_case(turn.session, person.district, row.case)
    for file in said.files:
        attachments.add(turn.session, case, file, "after", person.id, turn.now)
    if said.text and not said.files:
        reporting.add_words(turn.session, person, case, said.text, (), turn.now)
    if row.data.get("missing") == "photo_missing" and not _has_photo(said):
        return reply(turn, said, person.language, "work.send_photo", ask="work.send_photo_hint")
    forget(turn, said)
    handling.do(turn.session, person, case.id, Verb.DONE, turn.now)
    if said.album is not None:
        remember(
            turn,
            said,
            "album",
            district=case.district,
            case=case.id,
            album=said.album,
            role="after",
        )
    offer_publishing(turn, said, person, case)
    return None


def _has_photo(said: Said) -> bool:
    return any(file.kind == "photo" for file in said.files)


def offer_publishing(turn: Turn, event: Said | Press, person: Person, case: Case) -> None:
    """The group may see photos if who answers for them says that no face or plate is in them."""
    photos = publishing.photos_of(turn.session, person, case)
    own = [each for each in photos if each.by == person.id]
    roles = _role_rows(person, case, own[-1]) if own else ()
    if not photos or not publishing.is_public(turn.session, case):
        return reply(turn, event, person.language, "work.done_thanks", roles, number=case.number)
    others = [each for each in photos if each.by != person.id]
    notices.send_files(turn.session, case, person, others, turn.now, at_once=True)  # to look first
    publish_data = data("publish", case.district, case.id)
    rows = ((button(person.language, "btn.publish", publish_data),), *roles)
    return reply(turn, event, person.language, "work.done_publish", rows, number=case.number)


def _role_rows(person: Person, case: Case, photo: Attachment) -> Rows:
    """What the newest photo shows, a tap each; untouched it shows how it looks now."""
    made = [
        button(
            person.language,
            f"photo.{role}",
            data("role", case.district, case.id, None, f"{index}{key22(photo.id)}"),
        )
        for index, role in enumerate(attachments.ROLES)
    ]
    return (tuple(made),)


def role(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Near*, *far*, *before*, *after*: what a photo shows."""
    case = locked_case(turn.session, person.district, pressed.case)
    found = parse(f"x~~{pressed.arg[1:]}")
    photo = attachments.one(turn.session, case, found.case if found else None)
    if photo.by != person.id or not may_handle(turn.session, person, case):
        raise Refused("not_yours")
    index = pressed.arg[:1]
    name = attachments.ROLES[int(index)] if index in ("0", "1", "2", "3") else ""
    attachments.set_role(turn.session, case, photo, name)
    shows = plain(f"photo.{name}", person.language)
    return Answer(plain("work.photo_role", person.language, shows=shows))


def publish(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*No face, no plate: show it in the group*."""
    case = case_of(turn.session, person.district, pressed.case)
    count = publishing.publish(turn.session, person, case, turn.now)
    return Answer(plain("work.published", person.language, n=count))


def note(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A preset note: what was done, without typing."""
    case = locked_case(turn.session, person.district, pressed.case)
    if pressed.arg not in NOTES:
        raise Refused("stale", number=case.number)
    words = plain(f"note.{pressed.arg}", person.language)
    reporting.add_words(turn.session, person, case, words, (), turn.now)
    handling.do(turn.session, person, case.id, Verb.DONE, turn.now)
    forget(turn, press)
    return Answer(plain("work.done", person.language))


def menu(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*More* and its pages, on the same card."""
    case = _held(turn, person, pressed)
    notices.show_staff(turn.session, case, person, turn.now, pressed.arg)
    return Answer()


def _held(turn: Turn, person: Person, pressed: Pressed) -> Case:
    case = locked_case(turn.session, person.district, pressed.case)
    if not may_handle(turn.session, person, case):
        raise Refused("not_yours")
    if pressed.version is not None and pressed.version != case.version:
        raise handling.stale(turn.session, case, person)
    return case


def hand_back(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Not mine*, with its reason; the next in line is asked."""
    if pressed.arg not in HAND_BACK_REASONS:
        raise Refused("reason_missing")
    step(turn, press, person, pressed, Verb.HAND_BACK, reason=pressed.arg)
    return Answer(plain("work.handed_back", person.language))


def call_others(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Needs others*: the desk has it now."""
    step(turn, press, person, pressed, Verb.CALL_OTHERS, reason=pressed.arg)
    return Answer(plain("work.called_others", person.language))


def later(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Later*: in an hour, this evening, tomorrow morning."""
    at = handling.later_at(turn.session, person.district, pressed.arg, turn.now)
    step(turn, press, person, pressed, Verb.LATER, at=at, facts={"choice": pressed.arg})
    return Answer(plain("work.later_noted", person.language))


def ask(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A preset question, put in the reporter's own language."""
    if pressed.arg not in QUESTIONS:
        raise Refused("stale", number="")
    case = step(turn, press, person, pressed, Verb.ASK, facts={"question": pressed.arg})
    notices.put_question(turn.session, case, pressed.arg, turn.now)
    return Answer(plain("work.asked", person.language))


def slots(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Three proposals for a visit."""
    times = handling.slots(turn.session, person.district, pressed.arg, turn.now)
    facts = {"slots": [at.isoformat() for at in times]}
    case = step(turn, press, person, pressed, Verb.PROPOSE, slots=times, facts=facts)
    notices.propose(turn.session, case, times, turn.now)
    return Answer(plain("work.asked", person.language))


def ring(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The number behind a line of the contact sheet; that somebody looked is kept."""
    case = _held(turn, person, pressed)
    line = _contact(turn, case, pressed.arg)
    phone = contacts.reveal(turn.session, person, line, turn.now)
    return Answer(f"{line.name} {phone}", alert=True)


def engaged(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Engaged → next*: the whole team sees it."""
    line = _contact(turn, _held(turn, person, pressed), pressed.arg)
    step(turn, press, person, pressed, Verb.ENGAGED, facts={"name": line.name})
    return Answer(plain("work.engaged_noted", person.language))


def _contact(turn: Turn, case: Case, index: str) -> contacts.Line:
    lines = contacts.sheet(turn.session, case.district, case.grid, case.kind)
    if not index.isdecimal() or int(index) >= len(lines):
        raise Refused("contact_unknown")
    return lines[int(index)]


def photos(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The photos and voice notes of a case, once more."""
    case = _held(turn, person, pressed)
    files = attachments.of(turn.session, case)
    if not files:
        return Answer(plain("work.no_photos", person.language))
    notices.send_files(turn.session, case, person, files, turn.now, at_once=True)
    return Answer()


def other_side(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A link for the other side of a quarrel, to be handed over by whoever handles it."""
    url = sides.invitation(turn.session, person, pressed.case)
    if url is None:
        raise Refused("button_unknown")
    reply(turn, press, person.language, "work.other_side", link=url)
    return Answer()


def open_case(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A case from a list or a reminder, as a card of its own."""
    case = case_of(turn.session, person.district, pressed.case)
    if not may_read(turn.session, person, case):
        raise Refused("case_unknown")
    show(turn, person, case)
    return Answer()


def show(turn: Turn, person: Person, case: Case, *, story: bool = False) -> None:
    """The reporter's card to the reporter, the staff's to who handles it, be it the reporter.

    `story`: the staff's with the whole history.
    """
    if case.reporter == person.id and case.owner != person.id:
        notices.show_reporter(turn.session, case, turn.now, afresh=True)
        if case.state == State.DONE:
            notices.ask_reporter(turn.session, case, turn.now, afresh=True)
    else:
        menu = STORY if story else ""
        notices.show_staff(turn.session, case, person, turn.now, menu, afresh=True, at_once=True)


def revisit_fine(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Fine*."""
    step(turn, press, person, pressed, Verb.REVISIT_FINE)
    return Answer(plain("work.revisit_noted", person.language))


def revisit_again(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Again*: reopens the same case."""
    step(turn, press, person, pressed, Verb.REVISIT_AGAIN)
    return Answer(plain("work.reopened", person.language))


def my_list(turn: Turn, said: Said, person: Person) -> None:
    """`/list`: what is mine, the most urgent first."""
    if not is_staff(turn.session, person):
        raise Refused("staff_only")
    message = worklist.worklist(turn.session, person, turn.now)
    answer(turn, said.at, message or Message(say("work.nothing", person.language)))


# --- a photo out of the blue ---


def loose_files(turn: Turn, said: Said, person: Person) -> bool:
    """A photo without a word, from somebody with cases in hand: which one is it of?

    Returns whether that was asked.
    """
    cases = handling.in_hand(turn.session, person)[:3]
    if not cases or not said.files or said.text:
        return False
    files = [_packed(file) for file in said.files]
    remember(turn, said, "loose", district=person.district, files=files)
    rows = tuple((Button(case.number, data("photo_of", case.district, case.id)),) for case in cases)
    new = button(person.language, "btn.new_report", data("photo_new", person.district))
    question = Message(say("work.which_case", person.language), (*rows, (new,)))
    put_question(turn, said, person, question)
    return True


def _loose(turn: Turn, press: Press) -> list[File]:
    row = asked(turn, press)
    if row is None or row.what != "loose":
        raise Refused("asked_too_long_ago")
    return [File(**each) for each in row.data["files"]]


def photo_of(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The photo shows how a case looks now."""
    files = _loose(turn, press)
    case = locked_case(turn.session, person.district, pressed.case)
    if case.owner != person.id:
        raise Refused("not_yours")
    for file in files:
        attachments.add(turn.session, case, file, "after", person.id, turn.now)
    forget(turn, press)
    show(turn, person, case)
    newest = attachments.of(turn.session, case, "after")[-1:]
    if newest and newest[0].kind == "photo":
        rows = _role_rows(person, case, newest[0])
        reply(turn, press, person.language, "work.photo_shows", rows, number=case.number)
    return Answer(plain("work.photo_kept", person.language, number=case.number))


def photo_new(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The photo is something new that was seen."""
    said = Said(
        at=press.at,
        message=press.message,
        sender=press.sender,
        private=True,
        files=tuple(_loose(turn, press)),
    )
    staff_report(turn, said, person)
    return Answer()


# --- reporting for somebody without Telegram, or what was seen on the round ---


def staff_report(turn: Turn, said: Said, person: Person) -> None:
    """A worker's words in private: how did it come in? Then a case opens."""
    if not (said.text or said.files or said.location):
        remember(turn, said, "report", district=person.district)
        return reply(turn, said, person.language, "report.ask_private", ask="report.placeholder")
    files = [_packed(file) for file in said.files]
    location = list(said.location) if said.location else None
    remember(
        turn,
        said,
        "behalf",
        district=person.district,
        text=said.text,
        files=files,
        message=said.message,
        location=location,
    )
    rows = tuple(
        (button(person.language, f"source.{each}", data("behalf", person.district, arg=each)),)
        for each in (SPOT, *BEHALF)
    )
    text = say("work.how_came", person.language)
    text += numbers(turn, said.text, person.district, person.language)
    return put_question(turn, said, person, Message(text, rows))


def _packed(file: Any) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ("kind", "file_id", "unique_id", "mime", "size")}


def behalf(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """How it came in; with several grids, which one, then the case opens."""
    row = _pending(turn, press)
    if pressed.arg not in (SPOT, *BEHALF):
        raise Refused("asked_too_long_ago")
    grids = handling.grids_of(turn.session, person, turn.now)
    if len(grids) == 1:
        return _open_behalf(turn, press, person, row, pressed.arg, grids[0][0])
    if not grids:
        raise Refused("no_grid")
    rows = tuple(
        (_grid_button(name, person.district, f"{pressed.arg}:{code}"),) for code, name in grids[:24]
    )
    question = Message(say("work.which_grid", person.language), rows)
    put_question(turn, press, person, question, again=True)
    return Answer()


def _grid_button(name: str, district: str, arg: str) -> Button:
    return Button(name, data("ingrid", district, arg=arg))


def in_grid(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The grid chosen for a report on somebody's behalf."""
    source, _, grid = pressed.arg.partition(":")
    grids = dict(handling.grids_of(turn.session, person, turn.now))
    if grid not in grids or source not in (SPOT, *BEHALF):
        raise Refused("not_yours")
    return _open_behalf(turn, press, person, _pending(turn, press), source, grid)


def _pending(turn: Turn, press: Press) -> Asked:
    row = asked(turn, press)
    if row is None or row.what != "behalf":
        raise Refused("asked_too_long_ago")
    return row


def _open_behalf(
    turn: Turn, press: Press, person: Person, row: Asked, source: str, grid: str
) -> Answer:
    place = row.data.get("location")
    told = reporting.Report(
        text=str(row.data["text"]),
        bot=press.at.bot,
        platform=press.at.platform,
        chat=press.at.chat,
        message=row.data.get("message"),
        files=[File(**each) for each in row.data["files"]],
        location=(place[0], place[1]) if place else None,
        source="seen" if source == SPOT else source,
    )
    if source == SPOT:
        return _settled_at_once(turn, press, person, grid, told)
    opened = reporting.report(turn.session, person, grid, None, told, turn.now, behalf=True)
    forget(turn, press)
    notices.show_staff(turn.session, opened.case, person, turn.now, afresh=True, at_once=True)
    return Answer(plain("work.filed", person.language, number=opened.case.number))


def _settled_at_once(
    turn: Turn, press: Press, person: Person, grid: str, told: reporting.Report
) -> Answer:
    """*Settled on the spot*: filed and closed as such, unless it is drawn for a check."""
    case = patrol.settle_on_the_spot(turn.session, person, grid, told, turn.now)
    forget(turn, press)
    notices.show_staff(turn.session, case, person, turn.now, at_once=True)
    key = "work.spot_checked" if case.state == State.CHECKING else "work.spot_closed"
    return Answer(plain(key, person.language, number=case.number))


# --- leave ---


def away(turn: Turn, said: Said, person: Person) -> None:
    """`/away`: today, tomorrow too, a week, or back again."""
    if not is_staff(turn.session, person):
        raise Refused("staff_only")
    rows = tuple(
        (button(person.language, f"away.{each}", data("away", person.district, arg=each)),)
        for each in ("today", "tomorrow", "week", "back")
    )
    reply(turn, said, person.language, "away.ask", rows)


AWAY_DAYS = {"today": 1, "tomorrow": 2, "week": 7}


def set_away(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Leave until midnight of the last day; *back* ends it now."""
    if not is_staff(turn.session, person):
        raise Refused("staff_only")
    duty.end_leave(turn.session, person, turn.now)
    if pressed.arg == "back":
        return Answer(plain("away.back_noted", person.language))
    if pressed.arg not in AWAY_DAYS:
        raise Refused("time_past")
    end = duty.local_at(turn.session, person.district, turn.now, AWAY_DAYS[pressed.arg], time(0))
    turn.session.add(_leave(person, turn.now, end))
    turn.session.flush()
    roster.on_leave(turn.session, person, end, turn.now)
    return Answer(plain("away.noted", person.language), alert=True)


def _leave(person: Person, start: datetime, end: datetime) -> Leave:
    return Leave(district=person.district, person=person.id, start=start, end=end)
