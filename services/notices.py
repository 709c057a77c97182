"""Who must hear what: a change of a case becomes rows in the outbox.

Cards are edited in place; a sentence of its own is said only when somebody must act or asked to
be told. Routine words wait for the reader's working time; urgent ones don't.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import true
from sqlmodel import Session, col, select

from domain.lifecycle import (
    ENDED,
    HANDLED,
    UNTAKEN,
    Change,
    State,
    Verb,
    WaitsFor,
    handler_due,
    own_deadline,
)
from domain.refused import Refused
from domain.roles import Standing
from models import Case, CaseEvent, Group, Outbox, Person, Posted, Voice
from models.cases import OTHER_SIDE
from services import (
    attachments,
    buttons,
    case_time,
    duty,
    hiding,
    people,
    quarrels,
    returning,
    routing,
    territory,
)
from services.access import is_staff, may_handle
from services.cards import (
    ANSWERS,
    end_reason,
    group_card,
    kind_name,
    look_at,
    owner_name,
    public_place,
    question,
    reporter_card,
    side_question,
    staff_card,
)
from services.cases import all_within, begins, facts_of, merged_into, own_within
from services.hiding import is_unnamed
from services.outbox import About, Address, Button, Message, Priority, Rows, act, put, waiting_card
from services.texts import plain, say


def card_name(case: Case, part: str) -> str:
    """The name of a case's card: g the group's, s staff's, r the reporter's, q the question,
    e whether a message is to be deleted, a what the worker asks, p the times they propose."""
    return f"{part}:{case.id}"


# --- addresses ---


def private_chat(person: Person | None, bot: str) -> Address | None:
    """Where a person can be written to first; None if they never started the bot."""
    if person is None or not person.reachable or person.address is None:
        return None
    return Address(person.bot or bot, person.address, person.platform)


def group_of(session: Session, case: Case) -> Group | None:
    """The group the case was reported in, if it is still ours."""
    return territory.group(session, case.district, case.group)


def group_chat(session: Session, case: Case) -> Address | None:
    """The chat of the case's group."""
    group = group_of(session, case)
    return Address(group.bot, group.chat, group.platform) if group else None


def person_of(session: Session, case: Case, key: UUID | None) -> Person | None:
    """One of the case's people, only to be read."""
    return people.seen(session, case.district, key)


# --- cards ---


def show_group(session: Session, case: Case, now: datetime, menu: str = "") -> None:
    """The group's card as the case stands now."""
    group = group_of(session, case)
    if group is None or case.source_chat != group.chat or _is_out(session, case):
        return
    message = group_card(look_at(session, case, group.language, now), menu)
    reply = replace(message, reply_to=_answers(case, group.chat))
    about = _about(case, Priority.ANSWER, card=card_name(case, "g"), first=begins(session, case))
    put(session, Address(group.bot, group.chat, group.platform), reply, now, about)


def _is_out(session: Session, case: Case) -> bool:
    """Whether nothing of a private matter is left in the group: its writer took it out and goes
    on in private."""
    if not case.private or case.unsaid_at is None:
        return False
    return private_chat(person_of(session, case, case.reporter), case.bot) is not None


def _answers(case: Case, chat: str) -> str | None:
    """The reporter's message, which what we say in the group answers; none of whom nobody is to be
    reminded, nor where it wasn't written."""
    shown = case.unsaid_at is None and not is_unnamed(case) and case.source_chat == chat
    return case.source_message if shown else None


def show_staff(
    session: Session,
    case: Case,
    person: Person,
    now: datetime,
    menu: str = "",
    afresh: bool = False,
    at_once: bool = False,
) -> None:
    """A worker's or desk's card; `afresh`: as a new message, so that it is noticed.

    `at_once`: they asked for it themselves. A card that stands already changes at any hour: an
    edit makes no sound, and the next step must be there for who works at lunch or at night.
    """
    to = private_chat(person, case.bot)
    if to is None:
        return
    name = card_name(case, "s")
    first = begins(session, case)
    if afresh and not first:
        retire(session, to, name, now)
    message = staff_card(look_at(session, case, person.language, now), person, menu)
    urgent = case.urgency == "now" or case.reach == "named"
    free = urgent or at_once or menu or (not first and _stands(session, to, name))
    wait = None if free else duty.routine_at(session, person, now)
    priority = Priority.URGENT if urgent else Priority.NOTICE
    about = _about(case, priority, card=name, person=person.id, wait=wait, first=first)
    put(session, to, message, now, about)


def _stands(session: Session, to: Address, name: str) -> bool:
    """Whether the card has been delivered there."""
    return session.get(Posted, (to.bot, to.platform, to.chat, name)) is not None


def show_reporter(
    session: Session, case: Case, now: datetime, menu: str = "", afresh: bool = False
) -> None:
    """The reporter's own card in private, where they have one or chose to."""
    person = person_of(session, case, case.reporter)
    to = private_chat(person, case.bot)
    if person is None or to is None:
        return
    name = card_name(case, "r")
    if afresh:
        retire(session, to, name, now)
    message = reporter_card(look_at(session, case, person.language, now), menu)
    put(session, to, message, now, _about(case, Priority.ANSWER, card=name, person=person.id))


def retire(session: Session, to: Address, name: str, now: datetime) -> None:
    """The old message keeps its words and loses its buttons; the next one is new."""
    old = session.get(Posted, (to.bot, to.platform, to.chat, name))
    if old is None:
        return
    about = About(priority=Priority.NOTICE)
    act(session, to, "strip", {"message": old.message}, now, about)
    session.delete(old)
    session.flush()


def take_buttons(session: Session, to: Address, name: str, now: datetime) -> None:
    """As `retire`, and also of a question that was answered before it was sent."""
    waiting = waiting_card(session, to, name)
    if waiting is not None:
        waiting.payload = {key: each for key, each in waiting.payload.items() if key != "buttons"}
        session.add(waiting)
    retire(session, to, name, now)


def has_card(session: Session, to: Address, name: str) -> bool:
    """Whether the card stands in the chat or is on its way there."""
    if _stands(session, to, name):
        return True
    query = select(Outbox.id).where(
        Outbox.bot == to.bot,
        Outbox.chat == to.chat,
        Outbox.card == name,
        Outbox.state == "pending",
    )
    return session.exec(query).first() is not None


def _about(
    case: Case,
    priority: Priority,
    *,
    card: str | None = None,
    person: UUID | None = None,
    wait: datetime | None = None,
    dedupe: str | None = None,
    first: bool = False,
) -> About:
    return About(
        priority=priority,
        district=case.district,
        case=case.id,
        person=person,
        not_before=wait,
        card=card,
        dedupe=dedupe,
        first=first,
    )


def refresh(session: Session, case: Case, now: datetime) -> None:
    """Every card of the case that stands somewhere shows how it stands now.

    Whose matter it is no longer (the role is gone, or it is for one named person now) sees
    nothing of it any more.
    """
    show_group(session, case, now)
    for person in _staff(session, case):
        to = private_chat(person, case.bot)
        if to is None or not has_card(session, to, card_name(case, "s")):
            continue
        if _may_follow(session, person, case):
            show_staff(session, case, person, now)
        else:
            _blank(session, case, person, to, now)
    reporter = person_of(session, case, case.reporter)
    to = private_chat(reporter, case.bot) if case.reach != "named" else None
    if to is not None and has_card(session, to, card_name(case, "r")):
        show_reporter(session, case, now)
    if case.absorbed:
        for merged in merged_into(session, case):
            refresh(session, merged, now)  # its cards tell the story of the one that stayed


def _staff(session: Session, case: Case) -> list[Person]:
    """Everybody who was ever given a card of the case to handle."""
    given = select(Outbox.person).where(
        Outbox.district == case.district,
        Outbox.case == case.id,
        Outbox.card == card_name(case, "s"),
    )
    query = select(Person).where(Person.district == case.district, col(Person.id).in_(given))
    return list(session.exec(query.order_by(col(Person.id))))


def _may_follow(session: Session, person: Person, case: Case) -> bool:
    filed = case.filed_by == person.id and case.reach != "named" and is_staff(session, person)
    return filed or may_handle(session, person, case)


def _blank(session: Session, case: Case, person: Person, to: Address, now: datetime) -> None:
    """The card of somebody whose matter it isn't any more, and what still waits for them."""
    waiting = select(Outbox).where(
        Outbox.district == case.district,
        Outbox.case == case.id,
        Outbox.person == person.id,
        Outbox.state == "pending",
        col(Outbox.card).is_(None),
        col(Outbox.holder).is_(None),
    )
    for row in session.exec(waiting):
        row.state = "dropped"
        session.add(row)
    message = Message(say("card.passed_on", person.language, number=case.number))
    about = _about(case, Priority.ANSWER, card=card_name(case, "s"), person=person.id)
    put(session, to, message, now, about)


# --- telling ---


def tell_staff(
    session: Session,
    case: Case,
    key: UUID,
    sentence: str,
    now: datetime,
    stamp: str,
    at_once: bool = False,
    **facts: Any,
) -> None:
    """A sentence about a case to somebody who works here, with a button that opens it.

    `stamp` makes it once per case and occasion. `at_once`: they chose the time themselves.
    """
    person = person_of(session, case, key)
    to = private_chat(person, case.bot)
    if person is None or to is None:
        return
    look = look_at(session, case, person.language, now)
    about_case: dict[str, Any] = {
        "number": case.number,
        "kind": kind_name(look),
        "owner": owner_name(look),
    }
    text = say(sentence, person.language, **about_case | facts)
    urgent = case.urgency == "now" or case.reach == "named"
    wait = None if urgent or at_once else duty.routine_at(session, person, now)
    dedupe = f"{sentence}:{case.id}:{stamp}:{key}"
    priority = Priority.URGENT if urgent else Priority.NOTICE
    about = _about(case, priority, person=person.id, wait=wait, dedupe=dedupe)
    put(session, to, Message(text, ((look.button("open", "btn.open"),),)), now, about)


def tell_desk(
    session: Session, district: str, unit: str, sentence: str, now: datetime, **facts: Any
) -> None:
    """A sentence to the nearest desk above a unit."""
    for key in routing.desk(session, district, routing.desk_unit(session, district, unit)):
        person = session.get(Person, (district, key))
        to = private_chat(person, person.bot or "") if person else None
        if person is None or to is None:
            continue
        text = say(sentence, person.language, **facts)
        wait = duty.routine_at(session, person, now)
        about = About(district=district, person=key, not_before=wait)
        put(session, to, Message(text), now, about)


def tell_reporter(
    session: Session,
    case: Case,
    sentence: str,
    now: datetime,
    stamp: str,
    code: str | None = None,
    **facts: Any,
) -> bool:
    """A sentence to the reporter, in the group or in private as they chose.

    `code`: a reason that is put into the words of their language. Nothing for a matter of one
    named person: no screen may light up at home. Returns whether there is somebody to be
    told.
    """
    if case.reporter is None or case.reach == "named":
        return False
    person = person_of(session, case, case.reporter)
    found = _reporter_chat(session, case, person)
    if person is None or found is None:
        return False
    to, language, group = found
    if code is not None:
        facts["reason"] = plain(f"reason.{code}", language)
    text = say(sentence, language, number=case.number, **facts)
    message = Message(
        (_mention(case, person) if group else "") + text,
        reply_to=_answers(case, to.chat) if group else None,
        silent=duty.is_night(session, case.district, now),
    )
    dedupe = f"{sentence}:{case.id}:{stamp}"
    put(session, to, message, now, _about(case, Priority.ANSWER, dedupe=dedupe))
    return True


def ask_reporter(session: Session, case: Case, now: datetime, *, afresh: bool = False) -> None:
    """Settled? As a card of its own, so that the answer changes it in place."""
    if case.reporter is None or case.reach == "named":
        return
    person = person_of(session, case, case.reporter)
    found = _reporter_chat(session, case, person)
    if person is None or found is None:
        return
    to, language, group = found
    if afresh:
        retire(session, to, card_name(case, "q"), now)
    look = look_at(session, case, language, now)
    message = question(look, _mention(case, person) if group else "")
    message = replace(message, silent=duty.is_night(session, case.district, now))
    if group:
        message = replace(message, reply_to=_answers(case, to.chat))
    put(session, to, message, now, _about(case, Priority.ANSWER, card=card_name(case, "q")))


def ask_sides(session: Session, case: Case, now: datetime, *, afresh: bool = False) -> None:
    """The same question to the other side of a quarrel, each in their own private chat.

    Their card shows their own answer and never the reporter's, nor that there was one.
    """
    if case.reach == "named":
        return
    for person in quarrels.others(session, case):
        to = private_chat(person, case.bot)
        if to is None:
            continue
        name = card_name(case, "q")
        if afresh:
            retire(session, to, name, now)
        elif not has_card(session, to, name):
            continue
        message = side_question(look_at(session, case, person.language, now), person)
        message = replace(message, silent=duty.is_night(session, case.district, now))
        put(session, to, message, now, _about(case, Priority.ANSWER, card=name, person=person.id))


def thank_side(session: Session, case: Case, key: UUID | None, now: datetime) -> None:
    """Who of a quarrel's sides has just answered sees so on their own card, and nobody else."""
    if case.reporter != key:
        return ask_sides(session, case, now)
    return ask_reporter(session, case, now)


def language_in_group(group: Group, case: Case, person: Person | None) -> str:
    """Of what is said in the group to one person: theirs, unless a tongue would tell who they are
    whom nobody is to name."""
    return group.language if person is None or is_unnamed(case) else person.language


def _reporter_chat(
    session: Session, case: Case, person: Person | None
) -> tuple[Address, str, bool] | None:
    """Where the reporter is told things: (chat, their language, whether it is the group).

    Who isn't to be named is told in private, and in the group only if there is no other way.
    """
    private = private_chat(person, case.bot)
    group = group_of(session, case)
    open_here = case.channel == "group" and not is_unnamed(case)
    if group is not None and (open_here or private is None) and not case.private:
        to = Address(group.bot, group.chat, group.platform)
        return to, language_in_group(group, case, person), True
    if private is not None and person is not None:
        return private, person.language, False
    own = own_within(session, case, person.id) if person is not None and not case.private else None
    if own is None or own.reporter != case.reporter:
        return None
    return _reporter_chat(session, own, person)  # where they reported what went into this one


def _mention(case: Case, person: Person) -> str:
    """The reporter's name as a link that notifies them; nothing if they'd rather not be named."""
    if is_unnamed(case) or not person.address or not person.name:
        return ""
    return f'<a href="tg://user?id={escape(person.address)}">{escape(person.name)}</a> '


def tell_beside(session: Session, case: Case, grid: str, now: datetime) -> None:
    """A case at the edge of two grids went to another: this one's people on duty hear, and its
    desk, which can move it with a tap. Nothing of a private matter."""
    if case.private or case.reach == "named":
        return
    for key in routing.on_duty_of(session, case.district, grid, now):
        _tell_beside(session, case, key, grid, now, ())
    desk = routing.desk_unit(session, case.district, grid)
    for key in routing.desk(session, case.district, desk):
        name = territory.name(session, case.district, grid)
        move = buttons.data("movecase", case.district, case.id, arg=grid)
        _tell_beside(session, case, key, grid, now, ((Button(f"→ {name}", move),),))


def _tell_beside(
    session: Session, case: Case, key: UUID, grid: str, now: datetime, rows: Rows
) -> None:
    person = person_of(session, case, key)
    to = private_chat(person, case.bot)
    if person is None or to is None:
        return
    look = look_at(session, case, person.language, now)
    facts: dict[str, Any] = {
        "number": case.number,
        "kind": kind_name(look),
        "place": public_place(look),
        "grid": territory.name(session, case.district, grid, person.language),
        "other": territory.name(session, case.district, case.grid, person.language),
    }
    wait = None if case.urgency == "now" else duty.routine_at(session, person, now)
    dedupe = f"beside:{case.id}:{grid}:{key}"
    about = _about(case, Priority.NOTICE, person=key, wait=wait, dedupe=dedupe)
    put(session, to, Message(say("work.beside", person.language, **facts), rows), now, about)


# --- what each verb says ---

Told = Callable[[Session, Case, Change, datetime], None]


def tell(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Everybody who must hear of the change does, once."""
    if change.before is State.COLLECTED:
        show_group(session, case, now)  # a case that has just begun stands nowhere else yet
    else:
        refresh(session, case, now)
    _put_away(session, case, change, now)
    if change.verb in TOLD:
        TOLD[change.verb](session, case, change, now)
    if case.supervised_unit is not None:
        _tell_above(session, case, change, now)


def _stamp(case: Case) -> str:
    return str(case.version)


def offer(session: Session, case: Case, change: Change, now: datetime) -> None:
    """The next in line gets the card; an urgent matter goes to the whole team at once."""
    files = [] if begins(session, case) else attachments.of(session, case, "report")
    for key in _offered_to(session, case, now):
        person = person_of(session, case, key)
        if person is not None:
            show_staff(session, case, person, now, afresh=True)
            send_files(session, case, person, files, now)
            _send_location(session, case, person, now)


def _offered_to(session: Session, case: Case, now: datetime) -> list[UUID]:
    """The owner; the whole team for what is urgent; at the end of the line the desk as well."""
    found = [case.owner] if case.owner is not None else []
    if case.reach == "named":
        return found or [UUID(each) for each in case.passed]
    if case.reach == "team" and case.urgency == "now":
        found += routing.team(session, case, now)
    if case.owner is None:
        found += routing.desk(session, case.district, case.owner_unit)
    if not found and case.urgency == "now":
        found = routing.last_resort(session, case.district)
    return list(dict.fromkeys(found))


# --- photos and words that travel with a case ---


def show_files(
    session: Session, case: Case, files: Sequence[attachments.FileLike], now: datetime
) -> None:
    """Photos and voice notes that came in go to whoever has the case."""
    person = person_of(session, case, case.owner)
    if person is not None and files:
        send_files(session, case, person, files, now)


def send_files(
    session: Session,
    case: Case,
    person: Person,
    files: Sequence[attachments.FileLike],
    now: datetime,
    at_once: bool = False,
) -> None:
    """The files to one person, under the case's number; each file once.

    `at_once`: they asked to see them, as often as they like and at any hour.
    """
    to = private_chat(person, case.bot)
    if to is None or not files:
        return
    hidden = _hides_somebody(session, case)
    if hidden:
        files = [each for each in files if attachments.is_nameless(each)]
    messages: list[tuple[attachments.FileLike, Message]] = []
    for role, some in attachments.by_role(files).items():
        photos = [each for each in some if each.kind == "photo"]
        text = _caption(case, role, person.language)
        if photos:
            shown = tuple({"file_id": each.file_id} for each in photos)
            messages.append((photos[0], Message(text, photos=shown)))
        others = (each for each in some if each.kind != "photo")
        messages += [(each, _other(each, text, case, hidden)) for each in others]
    wait = None if at_once else _staff_wait(session, case, person, now)
    for file, message in messages:
        dedupe = None if at_once else f"files:{case.id}:{person.id}:{file.unique_id}"
        about = _about(case, Priority.NOTICE, person=person.id, wait=wait, dedupe=dedupe)
        put(session, to, message, now, about)


def _caption(case: Case, role: str, language: str) -> str:
    """Under photos: whose case, and what they show if that was said."""
    if role not in attachments.ROLES:
        return say("card.files", language, number=case.number)
    shows = plain(f"photo.{role}", language)
    return say("card.files_of", language, number=case.number, shows=shows)


def _send_location(session: Session, case: Case, person: Person, now: datetime) -> None:
    """The place on a map, if the reporter shared it; once."""
    to = private_chat(person, case.bot)
    if to is None or case.lat is None or case.lon is None:
        return
    wait = _staff_wait(session, case, person, now)
    dedupe = f"where:{case.id}:{person.id}"
    about = _about(case, Priority.NOTICE, person=person.id, wait=wait, dedupe=dedupe)
    put(session, to, Message("", location=(case.lat, case.lon)), now, about)


def _hides_somebody(session: Session, case: Case) -> bool:
    """Whether the case, or one that it goes on for, has a reporter who isn't to be named."""
    return case.hide_name or any(each.hide_name for each in all_within(session, case))


def _other(file: attachments.FileLike, text: str, case: Case, hidden: bool) -> Message:
    if file.kind == "voice":
        return Message(text, voice=file.file_id)
    if hidden:  # a document's own name may be somebody's
        path = str(getattr(file, "path", ""))
        return Message(text, document={"path": path, "name": case.number + PurePath(path).suffix})
    return Message(text, document={"file_id": file.file_id})


def _staff_wait(session: Session, case: Case, person: Person, now: datetime) -> datetime | None:
    urgent = case.urgency == "now" or case.reach == "named" or person.id == case.reporter
    return None if urgent else duty.routine_at(session, person, now)


def pass_words(session: Session, case: Case, person: Person, text: str, now: datetime) -> None:
    """What the reporter added goes to whoever has the case."""
    if case.owner is not None and case.owner != person.id and text:
        shown = hiding.words(session, case, text, person.id)
        tell_staff(session, case, case.owner, "work.added", now, str(now.timestamp()), words=shown)


def pass_answer(session: Session, case: Case, phrase: str, now: datetime) -> None:
    """A preset answer, in the worker's language."""
    worker = person_of(session, case, case.owner)
    if worker is None:
        return
    words = plain(f"answer.{phrase}", worker.language)
    tell_staff(session, case, worker.id, "work.added", now, str(now.timestamp()), words=words)


def put_question(session: Session, case: Case, phrase: str, now: datetime) -> None:
    """A preset question in the reporter's language, with preset answers.

    Raises Refused `nobody_to_ask` if there is no way to them.
    """
    person = person_of(session, case, case.reporter)
    found = _reporter_chat(session, case, person)
    if found is None or person is None:
        raise Refused("nobody_to_ask")
    to, language, group = found
    look = look_at(session, case, language, now)
    text = (_mention(case, person) if group else "") + look.say(
        "told.asked", number=case.number, question=plain(f"ask.{phrase}", language)
    )
    rows = tuple((look.button("answer", f"answer.{each}", each),) for each in ANSWERS[phrase])
    rows += ((look.button("add", "btn.answer_words"),),)
    message = Message(text, rows, reply_to=_answers(case, to.chat) if group else None)
    _ask(session, case, to, "a", message, now)


def propose(session: Session, case: Case, times: Sequence[datetime], now: datetime) -> None:
    """Three times for a visit, a button each. Raises Refused `nobody_to_ask`."""
    person = person_of(session, case, case.reporter)
    found = _reporter_chat(session, case, person)
    if found is None or person is None:
        raise Refused("nobody_to_ask")
    to, language, group = found
    look = look_at(session, case, language, now)
    text = (_mention(case, person) if group else "") + look.say("slot.propose", number=case.number)
    rows = tuple(
        (Button(look.when(at), look.button("appoint", "btn.back", str(index)).data),)
        for index, at in enumerate(times)
    )
    rows += ((look.button("add", "btn.answer_words", TIMES),),)  # none of them may suit
    message = Message(text, rows, reply_to=_answers(case, to.chat) if group else None)
    _ask(session, case, to, TIMES, message, now)


def _ask(
    session: Session, case: Case, to: Address, part: str, message: Message, now: datetime
) -> None:
    """A question with buttons, which an earlier one of the sort loses."""
    name = card_name(case, part)
    retire(session, to, name, now)
    put(session, to, message, now, _about(case, Priority.ANSWER, card=name))


# the part of the card with the times for a visit
TIMES = "p"


def put_away(session: Session, case: Case, now: datetime, *parts: str) -> None:
    """What the reporter was asked is answered: it keeps its words and loses its buttons, wherever
    it stands."""
    private = private_chat(person_of(session, case, case.reporter), case.bot)
    chats = [to for to in (private, group_chat(session, case)) if to is not None]
    for to in chats:
        for part in parts:
            take_buttons(session, to, card_name(case, part), now)


def _put_away(session: Session, case: Case, change: Change, now: datetime) -> None:
    """By a press, by words, or because nobody waits for it any more."""
    if change.before not in HANDLED:
        return
    over = case.state not in HANDLED
    if over or (change.before is State.WAITING and case.state != State.WAITING):
        put_away(session, case, now, "a")
    if over or change.verb is Verb.APPOINT:
        put_away(session, case, now, TIMES)


def ask_again(session: Session, case: Case, now: datetime) -> None:
    """What the reporter was last asked and hasn't answered, where they are told things now."""
    if case.state != State.WAITING or case.waits_for not in (None, WaitsFor.REPORTER):
        return
    query = select(CaseEvent.verb, CaseEvent.facts).where(
        CaseEvent.district == case.district,
        CaseEvent.case == case.id,
        col(CaseEvent.verb).in_((str(Verb.ASK), str(Verb.PROPOSE))),
    )
    last = session.exec(query.order_by(col(CaseEvent.seq).desc())).first()
    if last is None or private_chat(person_of(session, case, case.reporter), case.bot) is None:
        return
    verb, facts = last
    if verb == Verb.PROPOSE:
        propose(session, case, [datetime.fromisoformat(each) for each in facts["slots"]], now)
    elif "question" in facts:
        put_question(session, case, facts["question"], now)


def tell_appointment(session: Session, case: Case, now: datetime) -> None:
    """The time that was agreed, to the worker and in the reporter's chat."""
    if case.owner is None or case.appointment_at is None:
        return
    worker = person_of(session, case, case.owner)
    language = worker.language if worker else "zh-Hans"
    when = look_at(session, case, language, now).when(case.appointment_at)
    tell_staff(session, case, case.owner, "work.appointed", now, when, when=when)
    found = _reporter_chat(session, case, person_of(session, case, case.reporter))
    if found is not None:
        theirs = look_at(session, case, found[1], now).when(case.appointment_at)
        tell_reporter(session, case, "told.appointed", now, when, when=theirs)


def _taken(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.channel == "private" or case.private:
        worker = person_of(session, case, case.owner)
        tell_reporter(
            session, case, "told.taken", now, _stamp(case), name=worker.name if worker else ""
        )


def _arrived(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.channel == "private" or case.private:
        tell_reporter(session, case, "told.arrived", now, _stamp(case))


def _done(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.state == State.CHECKING:
        return _offer_check(session, case, change, now)
    if case.state == State.DONE and case.asked_at == now:
        ask_reporter(session, case, now, afresh=True)
    if case.state == State.DONE:
        ask_sides(session, case, now, afresh=True)
    return None


def _offer_check(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Who is asked to look gets the card with its photos; the desk if nobody else can be."""
    keys = [case.owner] if case.owner else routing.desk(session, case.district, case.owner_unit)
    for key in keys:
        person = person_of(session, case, key)
        if person is not None:
            show_staff(session, case, person, now, afresh=True)
            send_files(session, case, person, attachments.of(session, case), now)


def _checked(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Looked at: the reporter is asked now, or it is closed."""
    if case.state == State.CLOSED:
        return _closed(session, case, change, now)
    if case.done_by is not None:
        tell_staff(session, case, case.done_by, "work.checked", now, _stamp(case))
    return _done(session, case, change, now)


def _settled(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.state == State.CLOSED:
        _closed(session, case, change, now)


def _decided(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Who handed it back hears whose word binds whom; the card shows it to those who have it."""
    offer(session, case, change, now)
    for each in returning.returns(session, case):
        if each.by is None or each.by == case.owner:
            continue
        person = person_of(session, case, each.by)
        language = person.language if person else "zh-Hans"
        unit = territory.name(session, case.district, case.bound_unit or "", language)
        decider = person_of(session, case, case.bound_by)
        name = decider.name if decider else ""
        stamp = f"{_stamp(case)}:{now.timestamp()}"
        tell_staff(session, case, each.by, "work.decided", now, stamp, unit=unit, name=name)


def _voided(session: Session, case: Case, change: Change, now: datetime) -> None:
    tell_reporter(session, case, "told.voided", now, _stamp(case), code=case.end_reason)
    _tell_voices(session, case, now, "told.joined_voided")
    if case.owner is not None:
        tell_staff(session, case, case.owner, "work.voided", now, _stamp(case))


def tell_forced(session: Session, case: Case, words: str, now: datetime) -> None:
    """The reporter reads why a supervisor ended it, in the supervisor's own words."""
    code = case.end_reason
    tell_reporter(session, case, "told.forced", now, _stamp(case), code=code, words=words)
    for person in quarrels.others(session, case):
        to = private_chat(person, case.bot)
        if to is not None:
            text = say("told.side_ended", person.language, number=case.number)
            put(session, to, Message(text), now, _about(case, Priority.ANSWER, person=person.id))


def _forced(session: Session, case: Case, change: Change, now: datetime) -> None:
    """An open question loses its buttons; the reason itself comes with the words."""
    person = person_of(session, case, case.reporter)
    found = _reporter_chat(session, case, person)
    if found is not None and has_card(session, found[0], card_name(case, "q")):
        ask_reporter(session, case, now)
    ask_sides(session, case, now)
    _tell_voices(session, case, now, "told.joined_forced")
    key = case.done_by or case.owner
    if key is not None:
        tell_staff(session, case, key, "work.forced", now, _stamp(case))


def _answered(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.owner is not None and "answer" not in change.facts:  # a preset one is told in full
        tell_staff(session, case, case.owner, "work.answered", now, str(now.timestamp()))


def _nudged(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Who hasn't answered is asked once more; a side of a quarrel that has is left in peace."""
    agreed = {UUID(each) for each in case.agreed}
    if case.reporter not in agreed:
        ask_reporter(session, case, now, afresh=True)
    if not {each.id for each in quarrels.others(session, case)} <= agreed:
        ask_sides(session, case, now, afresh=True)


def _asked_again(session: Session, case: Case, change: Change, now: datetime) -> None:
    ask_reporter(session, case, now)


def _closed(session: Session, case: Case, change: Change, now: datetime) -> None:
    ask_reporter(session, case, now)
    ask_sides(session, case, now)
    _tell_voices(session, case, now)
    if change.verb is Verb.SETTLE and case.done_by is not None:
        tell_staff(session, case, case.done_by, "work.settled", now, _stamp(case))


def _tell_voices(
    session: Session, case: Case, now: datetime, sentence: str = "told.joined_closed", **facts: Any
) -> None:
    """Everybody whose matter it is besides the reporter hears, in private; who reported a case
    that was merged into this one where they reported it. The group's card tells the rest.

    At its end they may say that it isn't settled for them.
    """
    if case.reach == "named":
        return
    query = select(Voice).where(
        Voice.district == case.district,
        Voice.case == case.id,
        col(Voice.part) != OTHER_SIDE,
        col(Voice.person) != case.reporter if case.reporter else true(),
    )
    for voice in session.exec(query):
        person = person_of(session, case, voice.person)
        own = own_within(session, case, voice.person) if voice.via else None
        found = _voice_chat(session, own or case, person)
        if person is None or found is None:
            continue
        to, language, group = found
        look = look_at(session, case, language, now)
        said = facts | {"reason": end_reason(look)}
        number = f"{own.number} → {case.number}" if own is not None else case.number
        if own is not None and group and case.private:  # nothing of that one comes back there
            number = own.number
        text = (_mention(own, person) if own is not None and group else "") + look.say(
            sentence, number=number, **said
        )
        rows = ((look.button("refuse", "btn.not_settled"),),) if case.closing else ()
        message = Message(
            text,
            rows,
            reply_to=_answers(own, to.chat) if own is not None and group else None,
            silent=duty.is_night(session, case.district, now),
        )
        dedupe = f"joined:{case.id}:{case.version}:{person.id}"
        put(session, to, message, now, _about(case, Priority.NOTICE, dedupe=dedupe))


def _voice_chat(
    session: Session, case: Case, person: Person | None
) -> tuple[Address, str, bool] | None:
    """Where somebody is told: in private first, else the group if they reported in it."""
    private = private_chat(person, case.bot)
    if private is not None and person is not None:
        return private, person.language, False
    reported = person is not None and case.reporter == person.id
    return _reporter_chat(session, case, person) if reported else None


def _reopened(session: Session, case: Case, change: Change, now: datetime) -> None:
    if change.before is not State.CHECKING:  # else the reporter hasn't been asked yet
        ask_reporter(session, case, now)
        ask_sides(session, case, now)
    if change.before is State.CLOSED:  # they had heard of its end
        _tell_voices(session, case, now, "told.joined_reopened")
    offer(session, case, change, now)
    sentence = _WHO_SAID_NO.get(change.verb, "desk.reopened")
    if change.standing in _NOT_THE_REPORTER:
        sentence = _NOT_THE_REPORTER[change.standing]
    for key in routing.desk(session, case.district, case.community):
        if case.reach != "named":
            tell_staff(session, case, key, sentence, now, _stamp(case))


_NOT_THE_REPORTER = {
    Standing.OTHER_SIDE: "desk.side_refused",
    Standing.VOICE: "desk.voice_refused",
}
_WHO_SAID_NO = {
    Verb.CHECK_FAILED: "desk.check_failed",
    Verb.REVISIT_AGAIN: "desk.flared_up",
}


def _withdrawn(session: Session, case: Case, change: Change, now: datetime) -> None:
    merged = change.before is State.MERGED  # who had it then has it no more
    if case.owner is not None and not merged:
        tell_staff(session, case, case.owner, "work.withdrawn", now, _stamp(case))


def _due_soon(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.owner is not None:
        tell_staff(session, case, case.owner, "work.due_soon", now, _stamp(case))


def _overdue(session: Session, case: Case, change: Change, now: datetime) -> None:
    stamp = str(now.date())
    if case.owner is not None:
        own = own_deadline(duty.calendar(session, case.district), facts_of(case), now)
        sentence = "work.promise_passed" if own > now else "work.overdue"
        _tell_owner(session, case, sentence, now, stamp, own)
    if case.reach == "named":
        return
    above = [
        *routing.leaders(session, case),
        *routing.desk(session, case.district, case.owner_unit),
    ]
    for key in dict.fromkeys(above):
        if key != case.owner:
            tell_staff(session, case, key, "desk.overdue", now, stamp)


def _remind(session: Session, case: Case, change: Change, now: datetime) -> None:
    stamp = str(now.timestamp())
    waiting = case.state == State.WAITING and case.waits_for in (None, WaitsFor.REPORTER)
    if waiting:
        tell_reporter(session, case, "told.waiting_for_you", now, stamp)
    if case.owner is not None:
        chosen = not waiting  # "later", or the hour before an appointment
        sentence = "work.remind" if chosen else "work.waiting"
        tell_staff(session, case, case.owner, sentence, now, stamp, at_once=chosen)


def _ask_desk(session: Session, case: Case, change: Change, now: datetime) -> None:
    for key in routing.desk(session, case.district, case.owner_unit):
        person = person_of(session, case, key)
        if person is not None:
            show_staff(session, case, person, now, afresh=True)


def _revisit(session: Session, case: Case, change: Change, now: datetime) -> None:
    key = case.owner or case.done_by
    person = person_of(session, case, key)
    if person is None or private_chat(person, case.bot) is None:
        line = routing.line(session, case, now)
        person = person_of(session, case, line[0] if line else None)
    if person is not None:
        tell_staff(session, case, person.id, "work.revisit", now, str(now.date()))
        show_staff(session, case, person, now, afresh=True)


def _engaged(session: Session, case: Case, change: Change, now: datetime) -> None:
    """The team sees that a number was engaged, so that nobody else waits on it."""
    for key in _offered_to(session, case, now):
        tell_staff(
            session, case, key, "work.engaged", now, str(now.timestamp()), name=change.facts["name"]
        )


def _filed(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.channel == "private" or case.private or case.alarm is not None:
        show_reporter(session, case, now)  # in danger with a question, which the group doesn't read
    offer(session, case, change, now)


def _risen(session: Session, case: Case, change: Change, now: datetime) -> None:
    """The larger circle's desk gets it; the community reads that it went up."""
    offer(session, case, change, now)
    has_it = set(_offered_to(session, case, now))
    for key in routing.desk(session, case.district, case.community):
        person = person_of(session, case, key)
        if person is not None and key not in has_it:
            circle = plain(f"circle.{case.circle}", person.language)
            tell_staff(session, case, key, "desk.risen", now, _stamp(case), circle=circle)


def _circle_late(session: Session, case: Case, change: Change, now: datetime) -> None:
    for key in routing.desk(session, case.district, case.owner_unit):
        tell_staff(session, case, key, "desk.circle_late", now, _stamp(case))


def _corrected(session: Session, case: Case, change: Change, now: datetime) -> None:
    if case.state in UNTAKEN and change.facts.get("offer"):
        offer(session, case, change, now)


def _alarmed(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Urgent after all: whoever was to slow down hears, and while nobody has it, it is offered."""
    if "again" not in change.facts:  # it never was anything else
        return
    _drop_waiting(session, case, "work.not_urgent")
    for key in _following(session, case):
        tell_staff(session, case, key, "work.urgent_after_all", now, str(now.timestamp()))
    if case.state in UNTAKEN:
        offer(session, case, change, now)


def _following(session: Session, case: Case) -> list[UUID]:
    """Those whose matter it still is of all who were given its card."""
    return [each.id for each in _staff(session, case) if _may_follow(session, each, case)]


def _drop_waiting(session: Session, case: Case, sentence: str) -> None:
    """What was to be said of a case and isn't true any more before it went out."""
    waiting = select(Outbox).where(
        Outbox.district == case.district,
        Outbox.case == case.id,
        Outbox.state == "pending",
        col(Outbox.dedupe).startswith(sentence),
        col(Outbox.holder).is_(None),
    )
    for row in session.exec(waiting):
        row.state = "dropped"
        session.add(row)


def _calmed(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Whoever was alarmed may slow down, at whatever hour that was."""
    stamp = str(now.timestamp())
    for key in _following(session, case):
        sentence = "work.not_urgent_yours" if key == case.owner else "work.not_urgent"
        tell_staff(session, case, key, sentence, now, stamp, at_once=True)


# --- time: extension, suspension, appeal ---


def _tell_owner(
    session: Session, case: Case, sentence: str, now: datetime, stamp: str, when: datetime
) -> None:
    """A sentence with an instant in it to whoever has the case."""
    owner = person_of(session, case, case.owner)
    if owner is not None:
        said = look_at(session, case, owner.language, now).when(when)
        tell_staff(session, case, owner.id, sentence, now, stamp, when=said)


def _tell_promise(
    session: Session,
    case: Case,
    sentence: str,
    now: datetime,
    **instants: datetime | None,
) -> None:
    """A new promise to the reporter, as such: with the reason, and what was promised before."""
    found = _reporter_chat(session, case, person_of(session, case, case.reporter))
    if found is None:
        return
    language = found[1]
    look = look_at(session, case, language, now)
    facts = {name: look.when(at) for name, at in instants.items() if at is not None}
    why = case_time.reason(case.moved_reason, language)
    tell_reporter(session, case, sentence, now, str(now.timestamp()), reason=why, **facts)


def _ask_above(session: Session, case: Case, now: datetime, unit: str | None) -> None:
    """The nearest desk above gets the card with the two buttons."""
    for key in routing.desk_above(session, case.district, unit or case.owner_unit):
        person = person_of(session, case, key)
        if person is not None:
            show_staff(session, case, person, now, afresh=True)


def _time_asked(session: Session, case: Case, change: Change, now: datetime) -> None:
    _ask_above(session, case, now, case.extension_unit)


def _time_granted(session: Session, case: Case, change: Change, now: datetime) -> None:
    stamp = str(now.timestamp())
    _tell_owner(session, case, "work.time_granted", now, stamp, handler_due(change.case))
    _tell_promise(session, case, "told.new_promise", now, when=case.due_at, first=case.first_due_at)


def _time_refused(session: Session, case: Case, change: Change, now: datetime) -> None:
    due = handler_due(change.case)
    _tell_owner(session, case, "work.time_refused", now, str(now.timestamp()), due)


def _suspended(session: Session, case: Case, change: Change, now: datetime) -> None:
    until = case.suspended_until or now
    late = case.due_at <= now
    _tell_owner(session, case, "work.suspended", now, str(now.timestamp()), until)
    sentence = "told.suspended_late" if late else "told.suspended"
    _tell_promise(session, case, sentence, now, until=until, when=case.due_at)


def _taken_up(session: Session, case: Case, change: Change, now: datetime) -> None:
    late = case.due_at <= now
    sentence = "told.taken_up_late" if late else "told.taken_up"
    _tell_promise(session, case, sentence, now, when=case.due_at)
    if case.state in UNTAKEN:
        return offer(session, case, change, now)
    due = handler_due(change.case)
    return _tell_owner(session, case, "work.taken_up", now, str(now.timestamp()), due)


def _appealed(session: Session, case: Case, change: Change, now: datetime) -> None:
    _ask_above(session, case, now, case.appeal_unit)


def _appeal_decided(session: Session, case: Case, change: Change, now: datetime) -> None:
    sentence = "work.exempted" if change.verb is Verb.EXEMPT else "work.upheld"
    if case.owner is not None:
        tell_staff(session, case, case.owner, sentence, now, str(now.timestamp()))


# --- the desk: urging, reporting upwards ---


def _urged(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Who has it hears at once, in working hours unless it is urgent; of many at once they get
    one list (services/together)."""
    if change.facts.get("together") and case.urgency != "now":
        return
    has_it = [case.owner] if case.owner else routing.desk(session, case.district, case.owner_unit)
    for key in has_it:
        tell_staff(session, case, key, "work.urged", now, str(case.urged), times=case.urged)


def _assigned(session: Session, case: Case, change: Change, now: datetime) -> None:
    """As any offer; of many at once whoever gets them has one list (services/together)."""
    if not change.facts.get("together") or case.urgency == "now":
        offer(session, case, change, now)


def _supervised(session: Session, case: Case, change: Change, now: datetime) -> None:
    """The desk above gets the card, which says that it is to watch."""
    for key in routing.desk(session, case.district, case.supervised_unit or ""):
        person = person_of(session, case, key)
        if person is not None:
            show_staff(session, case, person, now, afresh=True)


def _tell_above(session: Session, case: Case, change: Change, now: datetime) -> None:
    """Each desk that it was reported to hears of its end, and that it began again."""
    ended = case.state in ENDED and change.before not in ENDED
    again = case.state == State.REOPENED and change.before is not State.REOPENED
    if not ended and not again:
        return
    query = select(CaseEvent.facts).where(
        CaseEvent.district == case.district,
        CaseEvent.case == case.id,
        CaseEvent.verb == str(Verb.SUPERVISE),
    )
    units = {str(facts["unit"]) for facts in session.exec(query)}
    told = {key for unit in sorted(units) for key in routing.desk(session, case.district, unit)}
    for key in sorted(told):
        sentence = "above.ended" if ended else "above.reopened"
        tell_staff(session, case, key, sentence, now, str(case.version))


TOLD: dict[Verb, Told] = {
    Verb.ASK_TIME: _time_asked,
    Verb.GRANT_TIME: _time_granted,
    Verb.REFUSE_TIME: _time_refused,
    Verb.SUSPEND: _suspended,
    Verb.TAKE_UP: _taken_up,
    Verb.APPEAL: _appealed,
    Verb.EXEMPT: _appeal_decided,
    Verb.UPHOLD: _appeal_decided,
    Verb.FILE: _filed,
    Verb.TAKE: _taken,
    Verb.ARRIVE: _arrived,
    Verb.ANSWER: _answered,
    Verb.HAND_BACK: offer,
    Verb.CALL_OTHERS: offer,
    Verb.ASSIGN: _assigned,
    Verb.REFILE: offer,
    Verb.RISE: _risen,
    Verb.DESCEND: offer,
    Verb.CIRCLE_LATE: _circle_late,
    Verb.TASKS_DONE: _done,
    Verb.TASKS_ENDED: offer,
    Verb.ARBITRATE: _decided,
    Verb.PASS_ON: offer,
    Verb.DONE: _done,
    Verb.SETTLE: _settled,
    Verb.RATE: _asked_again,
    Verb.SILENCE: _closed,
    Verb.CHECK: _checked,
    Verb.CHECK_DUE: _offer_check,
    Verb.ON_THE_SPOT: _done,
    Verb.FORCE: _forced,
    Verb.VOID: _voided,
    Verb.REFUSE: _reopened,
    Verb.CHECK_FAILED: _reopened,
    Verb.REVISIT_AGAIN: _reopened,
    Verb.NUDGE: _nudged,
    Verb.ASK_DESK: _ask_desk,
    Verb.WITHDRAW: _withdrawn,
    Verb.DUE_SOON: _due_soon,
    Verb.OVERDUE: _overdue,
    Verb.REMIND: _remind,
    Verb.REVISIT_DUE: _revisit,
    Verb.ENGAGED: _engaged,
    Verb.CORRECT_KIND: _corrected,
    Verb.EDIT: _corrected,
    Verb.UNMERGE: offer,
    Verb.CAUSE_OVER: _done,
    Verb.URGE: _urged,
    Verb.SUPERVISE: _supervised,
    Verb.DANGER: _alarmed,
    Verb.NO_DANGER: _calmed,
}
