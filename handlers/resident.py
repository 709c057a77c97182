"""What residents do: report, look, correct, withdraw, say whether it is settled."""

from dataclasses import replace
from html import escape
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.lifecycle import UNTAKEN, State, Verb, WaitsFor
from domain.refused import Refused
from handlers.reply import (
    answer,
    ask,
    asked,
    button,
    forget,
    packed,
    person_chat,
    remember,
    reply,
    unpacked,
)
from handlers.turn import Answer, Press, Said, Turn
from models import Asked, Case, Group, Person, Voice
from services import (
    alarms,
    attachments,
    handling,
    leaving,
    notices,
    people,
    reporting,
    routing,
    territory,
    unsaying,
)
from services.access import case_of, is_staff, locked_case, locked_together, may_read
from services.buttons import Pressed, data, key22
from services.cards import ANSWERS, HIDE, NAMES, OTHER, case_payload
from services.cases import goes_on_as
from services.equipment import policy
from services.hiding import is_unnamed
from services.outbox import Address, Button, Message, Priority, Rows
from services.texts import plain, say

# --- reporting in a group ---


def group_report(turn: Turn, said: Said, person: Person, group: Group) -> None:
    """`/report` in a group: with words or a photo it opens a case, alone it asks for them."""
    if said.reply_to is not None and not said.reply_to.ours:
        return report_for_writer(turn, said, person, group)
    if not (said.text or said.files or said.location):
        return ask_in_group(turn, said, person, group)
    return open_in_group(turn, said, person, group)


def ask_in_group(turn: Turn, event: Said | Press, person: Person, group: Group) -> None:
    """Opens the person's reply box, and offers to go on in private instead."""
    remember(turn, event, "report", district=group.district)
    link = _link(turn, f"g-{group.district}-{key22(group.id)}")
    name = f'<a href="tg://user?id={event.sender.address}">{plain_name(event)}</a>'
    text = name + " " + say("report.ask", person.language, link=link)
    placeholder = plain("report.placeholder", person.language)
    reply_to = event.message if isinstance(event, Said) else None
    answer(turn, event.at, Message(text, ask=placeholder, reply_to=reply_to))


def _link(turn: Turn, payload: str) -> str:
    return f"https://t.me/{turn.bot_username}?start={payload}"


def plain_name(event: Said | Press) -> str:
    """The sender's name, safe to stand in HTML."""
    return escape(event.sender.name)


def open_in_group(
    turn: Turn, said: Said, person: Person, group: Group, apart: bool = False
) -> None:
    """A message in the group becomes a case, or a voice in one."""
    found = _grid(turn, group, said.location)
    told = reporting.Report(
        text=said.text,
        bot=said.at.bot,
        platform=said.at.platform,
        chat=said.at.chat,
        message=said.message,
        files=said.files,
        location=said.location,
        beside=found.beside,
    )
    opened = reporting.report(turn.session, person, found.grid, group, told, turn.now, apart=apart)
    forget(turn, said)
    _remember_album(turn, said, opened.case, "report")
    if opened.joined:
        unsaying.wrote(turn.session, opened.case, said.at, said.message, person)
        _say_joined(turn, said, person.language, opened.case)
    _offer_to_unsay(turn, person, opened.case, said.text)


def _grid(turn: Turn, group: Group, location: tuple[float, float] | None) -> territory.Found:
    """Where a shared location lies, if that is one of ours; else the group's own grid."""
    if location is not None:
        found = territory.grid_at(turn.session, group.district, *location, turn.now, group.grid)
        if found is not None:
            return found
    return territory.Found(group.grid)


def _say_joined(turn: Turn, said: Said, language: str, case: Case) -> None:
    separate = data("apart", case.district, case.id)
    buttons = ((button(language, "btn.apart", separate),),)
    reply(turn, said, language, "report.joined", buttons, number=case.number, voices=case.voices)
    remember(turn, said, "apart", district=case.district, case=case.id, **packed(said))


def _offer_to_unsay(turn: Turn, person: Person, case: Case, text: str) -> None:
    """A private matter goes on in private: the group's card is neutral and never says the kind,
    and its writer may have the message deleted; so may who wrote down a number of somebody's."""
    if case.private:
        if case.reporter == person.id:
            notices.show_reporter(turn.session, case, turn.now)
        if unsaying.is_somebodys(case):
            return unsaying.offer(turn.session, person, case, turn.now, "private")
    reading = reporting.read_report(turn.session, case.district, text) if text else None
    if reading and any(kind in unsaying.DETAILS for _, _, kind in reading.personal):
        unsaying.offer(turn.session, person, case, turn.now, "details")
    return None


def _remember_album(turn: Turn, said: Said, case: Case, role: str) -> None:
    """The other pictures of an album follow as messages of their own: they belong to the case."""
    if said.album is not None:
        remember(
            turn, said, "album", district=case.district, case=case.id, album=said.album, role=role
        )


def album_goes_on(turn: Turn, said: Said, person: Person, row: Asked) -> bool:
    """Whether the message is a further picture of the album that was just handled."""
    if row.what != "album" or said.album is None or row.data.get("album") != said.album:
        return False
    case = case_of(turn.session, person.district, row.case)
    for file in said.files:
        attachments.add(turn.session, case, file, row.data["role"], person.id, turn.now)
    if not said.private:
        unsaying.wrote(turn.session, case, said.at, said.message, person)
    notices.show_files(turn.session, case, said.files, turn.now)
    return True


def report_for_writer(turn: Turn, said: Said, person: Person, group: Group) -> None:
    """`/report` as a reply: who replies is the reporter, the writer may join with a tap."""
    quoted = said.reply_to
    assert quoted is not None
    text = " ".join(part for part in (quoted.text, said.text) if part)
    files = (*quoted.files, *said.files)
    told = reporting.Report(
        text=text,
        bot=said.at.bot,
        platform=said.at.platform,
        chat=said.at.chat,
        message=quoted.message,
        files=files,
    )
    opened = reporting.report(turn.session, person, group.grid, group, told, turn.now)
    _note_writers(turn, said, person, opened.case)
    if opened.joined:
        whole = replace(said, text=text, files=files)
        _say_joined(turn, whole, person.language, opened.case)
    _offer_to_unsay(turn, person, opened.case, text)


def _note_writers(turn: Turn, said: Said, person: Person, case: Case) -> None:
    """Only who wrote a message may have it deleted: not who pointed at it."""
    quoted = said.reply_to
    assert quoted is not None
    writer = quoted.sender
    theirs = writer is not None and writer.address == said.sender.address
    if not theirs:
        found = people.person_by_address(
            turn.session, said.at.platform, writer.address if writer else "", said.at.bot
        )
        known = next((each for each in found if each.district == case.district), None)
        unsaying.wrote(turn.session, case, said.at, quoted.message, known)
    elif quoted.message != case.source_message:
        unsaying.wrote(turn.session, case, said.at, quoted.message, person)
    if said.message != quoted.message:  # a tap is no message
        unsaying.wrote(turn.session, case, said.at, said.message, person)


def addressed(turn: Turn, said: Said, person: Person, group: Group) -> None:
    """A mention or a reply to the bot: a report if it reads like one, else asked once, kindly."""
    row = asked(turn, said)
    if row is not None and row.what == "report":
        return open_in_group(turn, said, person, group)
    if not said.forwarded and (_shows_something(said) or reads_like_report(turn, person, said)):
        return open_in_group(turn, said, person, group)
    return _ask_whether(turn, said, person.language, person.district)


def _shows_something(said: Said) -> bool:
    return bool(said.files or said.location)


def reads_like_report(turn: Turn, person: Person, said: Said) -> bool:
    """Whether words that nobody asked for are to be filed without a question; of those that read
    too little like a report we ask first."""
    if not said.text:
        return False
    reading = reporting.read_report(turn.session, person.district, said.text)
    enough = policy(turn.session).reports_from(said.at.chat)
    if reading.report >= enough or reading.urgency == "now":
        return True
    return reporting.is_cry(turn.session, person.district, said.text)


def _ask_whether(turn: Turn, said: Said, language: str, district: str) -> None:
    if not (said.text or _shows_something(said)):
        return reply(turn, said, language, "report.empty")
    remember(turn, said, "whether", district=district, **packed(said))
    yes = button(language, "btn.file_it", data("file_it", district), "primary")
    text = say(_whether(said), language) + numbers(turn, said.text, district, language)
    return answer(turn, said.at, Message(text, ((yes,),), reply_to=said.message))


def numbers(turn: Turn, text: str, district: str, language: str) -> str:
    """Those for danger, below a question about words that may be despair or violence."""
    if not (text and reporting.may_be_cry(turn.session, district, text)):
        return ""
    return "\n" + say("card.private_danger", language)


def _whether(said: Said) -> str:
    return "report.whether_forwarded" if said.forwarded else "report.whether"


def edited(turn: Turn, said: Said, person: Person) -> None:
    """An edited message updates its case while nobody has taken it."""
    case = reporting.by_message(turn.session, said.at.bot, said.at.chat, said.message)
    if case is None or case.reporter != person.id or not said.text or said.text == case.text:
        return None
    if case.state not in UNTAKEN and _is_new_cry(turn, said, person, case):
        return _open_apart(turn, said, person)
    held = locked_together(turn.session, case.district, case.id)
    return reporting.edit(turn.session, person, held, said.text, turn.now)


def _is_new_cry(turn: Turn, said: Said, person: Person, case: Case) -> bool:
    """Whether what was said of some other matter is despair or violence at home: that is nothing
    for whoever has the other matter."""
    if not said.text or case.reach == "named" or is_staff(turn.session, person):
        return False
    return reporting.is_cry(turn.session, person.district, said.text)


def _open_apart(turn: Turn, said: Said, person: Person) -> None:
    group = territory.group_of(turn.session, said.at.bot, said.at.chat, said.at.platform)
    if group is None:
        open_in_private(turn, said, person)
    else:
        open_in_group(turn, said, person, group)


# --- reporting in private ---


def private_report(turn: Turn, said: Said, person: Person) -> None:
    """`/report` in private: asks for words if there are none."""
    if said.text or said.files or said.location:
        return open_in_private(turn, said, person)
    return ask_in_private(turn, said, person)


def ask_in_private(turn: Turn, event: Said | Press, person: Person) -> None:
    """What is it? With a tap they may say beforehand that the worker isn't to read their name."""
    remember(turn, event, "report", district=person.district)
    _show_question(turn, event, person)


def _show_question(
    turn: Turn, event: Said | Press, person: Person, *, hidden: bool = False, edit: bool = False
) -> None:
    row = asked(turn, event)
    assert row is not None
    key, rows = "report.ask_private", _veil_row(person, hidden)
    if row.what == "where":
        key, rows = "report.which_group", (*_home_rows(turn, event, person), *rows)
    if row.what == "whether":
        yes = button(person.language, "btn.file_it", data("file_it", person.district), "primary")
        key, rows = str(row.data["asks"]), ((yes,), *rows)
    text = say(key, person.language) + numbers(
        turn, row.data.get("text", ""), person.district, person.language
    )
    ask(turn, event, person, Message(text, rows), again=edit)


def _veil_row(person: Person, hidden: bool) -> Rows:
    label = "btn.veil_off" if hidden else "btn.veil_on"
    return ((button(person.language, label, data("veil", person.district)),),)


def veil(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Don't show my name to the worker*, before the report; another tap takes it back."""
    row = asked(turn, press)
    if row is None or row.what not in ("report", "where", "whether") or not press.private:
        raise Refused("asked_too_long_ago")
    hidden = not row.data.get("hide_name")
    row.data = dict(row.data) | {"hide_name": hidden}
    turn.session.add(row)
    _show_question(turn, press, person, hidden=hidden, edit=True)
    return Answer(plain("fix.veiled" if hidden else "fix.unveiled", person.language))


def _veiled(turn: Turn, event: Said | Press) -> bool:
    row = asked(turn, event)
    return row is not None and bool(row.data.get("hide_name"))


def open_in_private(turn: Turn, said: Said, person: Person) -> None:
    """Words to the bot alone become a case of the person's own grid."""
    group = territory.group(turn.session, person.district, person.home_group)
    found = _grid(turn, group, said.location) if group else _nearest(turn, said, person)
    if found is None:
        return _ask_where(turn, said, person)
    told = reporting.Report(
        text=said.text,
        bot=said.at.bot,
        platform=said.at.platform,
        chat=said.at.chat,
        message=said.message,
        files=said.files,
        location=said.location,
        source="private",
        hide_name=_veiled(turn, said),
        beside=found.beside,
    )
    opened = reporting.report(turn.session, person, found.grid, group, told, turn.now)
    forget(turn, said)
    _remember_album(turn, said, opened.case, "report")
    if opened.joined:
        key = "report.joined_private"
        reply(turn, said, person.language, key, number=opened.case.number)
    return notices.show_reporter(turn.session, opened.case, turn.now, afresh=True)


def _nearest(turn: Turn, said: Said, person: Person) -> territory.Found | None:
    """Where despair or violence at home is filed if we don't know where they live: who hears of it
    is of the district, and is told that we don't. None for all else, which can wait for a tap."""
    if not (said.text and reporting.is_cry(turn.session, person.district, said.text)):
        return None
    first = turn.session.exec(_homes(person.district, said.at.bot)).first()
    return territory.Found(first.grid) if first is not None else None


def _ask_where(turn: Turn, said: Said, person: Person) -> None:
    """We don't know yet where they live: one tap on the group of their building."""
    danger = reporting.help_first(turn.session, person.district, said.text, person.language)
    if danger is not None:  # what saves a life comes before any question
        answer(turn, said.at, Message(danger), priority=Priority.URGENT)
    if not _home_rows(turn, said, person):
        return reply(turn, said, person.language, "report.no_groups")
    hidden = _veiled(turn, said)
    told = packed(said) | {"hide_name": hidden}
    remember(turn, said, "where", district=person.district, **told)
    return _show_question(turn, said, person, hidden=hidden)


def _home_rows(turn: Turn, event: Said | Press, person: Person) -> Rows:
    """The groups of buildings, a tap each."""
    groups = turn.session.exec(_homes(person.district, event.at.bot).limit(12))
    return tuple(
        (button_of(group.title or group.place, data("home", group.district, group.id)),)
        for group in groups
    )


def _homes(district: str, bot: str) -> SelectOfScalar[Group]:
    query = select(Group).where(
        Group.district == district, Group.bot == bot, col(Group.ended_at).is_(None)
    )
    return query.order_by(col(Group.title))


def button_of(label: str, what: str) -> Button:
    """A button whose label is a name."""
    return Button(label[:40], what)


def private_words(turn: Turn, said: Said, person: Person) -> None:
    """Words in private without a command: a report if they read like one, else asked kindly."""
    if not said.forwarded and (_shows_something(said) or reads_like_report(turn, person, said)):
        return open_in_private(turn, said, person)
    if not (said.text or _shows_something(said)):
        return reply(turn, said, person.language, "report.empty")
    asks = _whether(said)
    remember(turn, said, "whether", district=person.district, asks=asks, **packed(said))
    return _show_question(turn, said, person)


def file_it(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """ "Yes, file it" under a text that we weren't sure about."""
    row = asked(turn, press)
    if row is None or row.what != "whether":
        raise Refused("asked_too_long_ago")
    said = unpacked(row, press)
    group = territory.group_of(turn.session, press.at.bot, press.at.chat, press.at.platform)
    if group is None:
        open_in_private(turn, said, person)
    else:
        open_in_group(turn, said, person, group)
    return Answer()


def home(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The group of the person's building, chosen from the list."""
    group = territory.group(turn.session, person.district, pressed.case)
    if group is None:
        raise Refused("group_gone")
    person.home_group = group.id
    row = asked(turn, press)
    if row is not None and row.what == "where":
        open_in_private(turn, unpacked(row, press), person)
    return Answer()


def apart(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """ "Not the same matter": a case of its own after all."""
    row = asked(turn, press)
    if row is None or row.what != "apart" or row.case != pressed.case:
        raise Refused("asked_too_long_ago")
    joined = locked_together(turn.session, person.district, row.case)
    leaving.leave(turn.session, person, joined, turn.now)
    group = territory.group_of(turn.session, press.at.bot, press.at.chat, press.at.platform)
    if group is not None:
        open_in_group(turn, unpacked(row, press), person, group, apart=True)
    return Answer()


# --- the card in the group ---


def press_report(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Report* on the pinned card."""
    group = territory.group_of(turn.session, press.at.bot, press.at.chat, press.at.platform)
    if group is None:
        ask_in_private(turn, press, person)
    else:
        ask_in_group(turn, press, person, group)
    return Answer(plain("report.write_now", person.language))


def press_mine(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*My reports* on the pinned card: shown to the presser alone."""
    cases = reporting.mine(turn.session, person, 5)
    if not cases:
        return Answer(plain("mine.none", person.language), alert=True)
    if person.reachable:
        show_mine(turn, person_chat(press), person)
        return Answer(plain("mine.sent", person.language))
    lines = [_mine_line(turn, case, person.language) for case in cases]
    return Answer("\n".join(lines)[:200], alert=True)


def mine(turn: Turn, said: Said, person: Person) -> None:
    """`/mine`: in private, also when asked for in the group."""
    if person.reachable:
        return show_mine(turn, person_chat(said), person)
    link = _link(turn, "mine")
    return reply(turn, said, person.language, "mine.in_private", link=link)


def show_mine(turn: Turn, at: Address, person: Person) -> None:
    """The person's own matters with a button for each."""
    cases = reporting.mine(turn.session, person)
    language = person.language
    if not cases:
        return answer(turn, at, Message(say("mine.none", language)))
    lines = [_mine_line(turn, case, language) for case in cases]
    text = say("mine.head", language) + "\n" + "\n".join(lines)
    rows = tuple(
        (button_of(case.number, data("open", case.district, case.id)),)
        for case in cases
        if case.reporter == person.id
    )
    return answer(turn, at, Message(text, rows))


def _mine_line(turn: Turn, case: Case, language: str) -> str:
    number = case.number
    if case.state != State.WITHDRAWN:  # what was taken back goes on as nothing of theirs
        case = goes_on_as(turn.session, case)
    if case.number != number:
        number += f" → {case.number}"
    waits = case.waits_for if case.state == State.WAITING else None
    keys = {str(WaitsFor.SUSPENDED): "suspended", str(WaitsFor.TASK): "waiting_task"}
    key = keys.get(waits or "")
    state = plain(f"mine.{key or case.state}", language)
    return plain("mine.line", language, number=number, state=state)


def who(turn: Turn, said: Said, person: Person) -> None:
    """`/who`: my worker, who is on duty now, what they may do."""
    group = territory.group_of(turn.session, said.at.bot, said.at.chat, said.at.platform)
    group = group or territory.group(turn.session, person.district, person.home_group)
    if group is None:
        return reply(turn, said, person.language, "report.no_group_yet")
    reply_to = None if said.private else said.message
    text = who_text(turn, group, person.language)
    return answer(turn, said.at, Message(text, reply_to=reply_to))


def press_who(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Who is on duty* on the pinned card."""
    group = territory.group_of(turn.session, press.at.bot, press.at.chat, press.at.platform)
    if group is None:
        raise Refused("group_gone")
    return Answer(who_text(turn, group, person.language, short=True)[:200], alert=True)


def who_text(turn: Turn, group: Group, language: str, short: bool = False) -> str:
    """The team of a grid, who is on duty first."""
    team = routing.on_duty_now(turn.session, group.district, group.grid, turn.now)
    names = {name: plain(f"role.{role}", language) for name, role in team.everybody}
    comma = plain("people.listed", language)
    members = (plain("who.member", language, name=n, role=r) for n, r in names.items())
    everybody = comma.join(members) or "—"
    now = comma.join(team.now) or plain("who.nobody_now", language)
    key = "who.short" if short else "who.long"
    talk = plain if short else say
    return talk(key, language, now=now, team=everybody)


# --- one's own case ---


def show_case(turn: Turn, said: Said, person: Person, case: Case) -> None:
    """A deep link or `/case`: the reporter's card, or the staff's."""
    if case.reporter == person.id:
        notices.show_reporter(turn.session, case, turn.now, afresh=True)
        if case.state == "done":
            notices.ask_reporter(turn.session, case, turn.now, afresh=True)
        return
    notices.show_staff(turn.session, case, person, turn.now, afresh=True)


def join(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Me too*."""
    case = _going_on(turn, person, pressed.case)
    if case.private:
        raise Refused("not_yours")
    if case.reporter == person.id or _has_voice(turn, case, person):
        return Answer(plain("join.already", person.language, number=case.number))
    reporting.join(turn.session, person, case, turn.now)
    return Answer(plain("join.done", person.language, number=case.number))


def _going_on(turn: Turn, person: Person, key: UUID | None) -> Case:
    """The case that goes on for a merged one, held and no other; the same for any other."""
    into = goes_on_as(turn.session, case_of(turn.session, person.district, key))
    return locked_case(turn.session, into.district, into.id)


def _has_voice(turn: Turn, case: Case, person: Person) -> bool:
    return turn.session.get(Voice, (case.district, case.id, person.id)) is not None


def _own(turn: Turn, person: Person, pressed: Pressed) -> Case:
    """The pressed case, held with all that are one matter with it, for they hear of it or come
    apart. A button from before the last change says so."""
    case = locked_together(turn.session, person.district, pressed.case)
    if pressed.version is not None and pressed.version != case.version:
        raise handling.stale(turn.session, case, person)
    return case


def _show_menu(turn: Turn, press: Press, case: Case, menu: str) -> None:
    if press.private:
        notices.show_reporter(turn.session, case, turn.now, menu)
    else:
        notices.show_group(turn.session, case, turn.now, menu)


def fix(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Correct*: the reporter's buttons on the same card."""
    case = _own(turn, person, pressed)
    if case.reporter != person.id and not _may_correct(turn, person, case):
        raise Refused("not_yours")
    _show_menu(turn, press, case, pressed.arg)
    return Answer()


def _may_correct(turn: Turn, person: Person, case: Case) -> bool:
    return is_staff(turn.session, person) and may_read(turn.session, person, case)


def set_kind(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Another kind in one tap."""
    case = _own(turn, person, pressed)
    reporting.correct_kind(turn.session, person, case, pressed.arg, turn.now)
    return Answer(plain("fix.done", person.language))


def set_condition(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Which filing condition it is: the deadline follows."""
    case = _own(turn, person, pressed)
    if not pressed.arg.isdecimal():
        raise Refused("kind_unknown")
    index = int(pressed.arg)
    reporting.correct_kind(turn.session, person, case, case.kind, turn.now, condition=index)
    return Answer(plain("fix.done", person.language))


def danger(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Is it urgent? Yes or no, as late and as often as they like."""
    case = locked_together(turn.session, person.district, pressed.case)
    became = alarms.answer(turn.session, person, case, pressed.arg == "yes", turn.now)
    return Answer(plain(f"danger.{became}", person.language), alert=became != "already")


def admit(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """ "It does belong here": the reporter's word opens it."""
    case = _own(turn, person, pressed)
    reporting.correct_kind(turn.session, person, case, OTHER, turn.now)
    return Answer(plain("fix.done", person.language))


def ask_place(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Asks where it is; who isn't to be named is asked in private."""
    case = _own(turn, person, pressed)
    if _is_for_private(press, person, case):
        return Answer(url=_link(turn, case_payload(case)))
    remember(turn, press, "place", district=case.district, case=case.id)
    reply(turn, press, person.language, "fix.ask_place", ask="fix.place_placeholder")
    return Answer()


def _is_for_private(press: Press, person: Person, case: Case) -> bool:
    """Whether the reporter's words belong into the private chat, for what they are or whose."""
    own = case.reporter == person.id and not press.private
    return own and (case.private or is_unnamed(case))


def place_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The place as the person now says it."""
    case = locked_case(turn.session, person.district, row.case)
    if _is_new_cry(turn, said, person, case):
        return _open_apart(turn, said, person)
    reporting.correct_place(turn.session, person, case, said.text, turn.now)
    forget(turn, said)
    return reply(turn, said, person.language, "fix.place_noted", number=case.number)


def hide_name(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Who reads the name: the group, who handles it, both or neither; any tap can be taken back.

    A button from before there was a choice opens the choices.
    """
    case = _own(turn, person, pressed)
    if pressed.arg not in HIDE:
        _show_menu(turn, press, case, NAMES)
        return Answer()
    name, group = HIDE[pressed.arg]
    reporting.hide(turn.session, person, case, turn.now, hide_name=name, hide_group=group)
    return Answer(plain(f"fix.name_{pressed.arg}", person.language), alert=True)


def hush(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Out of the group from now on (what stood there was seen there, and that is said), or back."""
    case = _own(turn, person, pressed)
    private = pressed.arg != "back"
    reporting.set_private(turn.session, person, case, private, turn.now)
    notices.show_reporter(turn.session, case, turn.now)
    key = "fix.made_private" if private else "fix.made_public"
    return Answer(plain(key, person.language), alert=True)


def unsay(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Delete what I wrote in the group*: by its writer alone, however old the button is."""
    case = locked_case(turn.session, person.district, pressed.case)
    unsaying.unsay(turn.session, person, case, turn.now)
    return Answer(plain("unsay.going_short", person.language), alert=True)


def withdraw(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """One tap takes it back."""
    case = _own(turn, person, pressed)
    came = leaving.withdraw(turn.session, person, case, turn.now)
    into = goes_on_as(turn.session, case).number
    return Answer(plain(f"fix.{came}", person.language, number=case.number, into=into))


def settle(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Settled*."""
    handling.do(turn.session, person, pressed.case, Verb.SETTLE, turn.now, version=pressed.version)
    return Answer(plain("ask.thanks_short", person.language))


def refuse(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Not settled*: the same case, the same number, the running promise."""
    handling.do(turn.session, person, pressed.case, Verb.REFUSE, turn.now, version=pressed.version)
    return Answer(plain("ask.reopened", person.language), alert=True)


def rate(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """One to five stars, shown to nobody by name."""
    stars = int(pressed.arg) if pressed.arg.isdecimal() else None
    handling.do(
        turn.session,
        person,
        pressed.case,
        Verb.RATE,
        turn.now,
        version=pressed.version,
        stars=stars,
    )
    return Answer(plain("ask.stars_noted", person.language))


def ask_more(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Add*: further words and photos; who isn't to be named says them in private."""
    case = _own(turn, person, pressed)
    if _is_for_private(press, person, case):
        return Answer(url=_link(turn, case_payload(case)))
    remember(turn, press, "add", district=case.district, case=case.id, of=pressed.arg)
    reply(turn, press, person.language, "report.ask_more", ask="report.more_placeholder")
    return Answer()


def more_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """Words or photos that belong to a case of one's own."""
    if not (said.text or said.files):
        raise Refused("empty_report")
    case = _going_on(turn, person, row.case)
    if _is_new_cry(turn, said, person, case):
        return _open_apart(turn, said, person)
    reporting.add_words(turn.session, person, case, said.text, said.files, turn.now)
    if not said.private:
        unsaying.wrote(turn.session, case, said.at, said.message, person)
    forget(turn, said)
    _remember_album(turn, said, case, "report")
    notices.show_files(turn.session, case, said.files, turn.now)
    notices.pass_words(turn.session, case, person, said.text, turn.now)
    if row.data.get("of") == notices.TIMES:
        notices.put_away(turn.session, case, turn.now, notices.TIMES)
    return reply(turn, said, person.language, "report.more_noted", number=case.number)


def preset_answer(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A preset answer to the worker's question, read in the worker's own language."""
    case = locked_case(turn.session, person.district, pressed.case)
    if not any(pressed.arg in phrases for phrases in ANSWERS.values()):
        raise Refused("stale", number=case.number)
    handling.do(
        turn.session,
        person,
        case.id,
        Verb.ANSWER,
        turn.now,
        facts={"answer": pressed.arg},
    )
    notices.pass_answer(turn.session, case, pressed.arg, turn.now)
    return Answer(plain("report.answer_sent", person.language))


def appoint(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """One of the proposed times."""
    case = _own(turn, person, pressed)
    at = handling.proposed(turn.session, case, pressed.arg)
    handling.do(turn.session, person, case.id, Verb.APPOINT, turn.now, at=at)
    notices.tell_appointment(turn.session, case, turn.now)
    return Answer(plain("slot.chosen", person.language))
