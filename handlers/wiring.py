"""One event, one function: which words and which buttons lead where.

A reader follows one line from here to the service that does it. What is refused is said in the
person's language and changes nothing; everything else that goes wrong is the dispatcher's.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from domain.refused import Refused
from handlers import (
    admin,
    causes,
    desk,
    desk_list,
    everyone,
    grids,
    listening,
    merging,
    notes,
    resident,
    roster,
    timing,
    unit,
    whistle,
    worker,
)
from handlers.reply import answer, asked, forget, person_chat, reply, strip
from handlers.turn import Answer, Event, Membership, Migrated, Overheard, Press, Said, Turn
from handlers.updates import Me
from models import Asked, Group, Person, StrangeGroup
from models.append import savepoint
from services import binding, handling, people, territory, unsaying
from services.access import is_staff
from services.buttons import Pressed, parse
from services.listening import BUTTON, SWITCH
from services.outbox import Message
from services.texts import language_of, plain, say

# commands and buttons for which the door looks up first whether who used them administers the group
NEEDS_GROUP_ADMIN = frozenset({"bind", "unbind", "start", "grouplanguage", SWITCH})

# what a group's administrator may also say in the group's own name
FOR_GROUP_ADMINS = frozenset({"unbind", "grouplanguage", SWITCH})

SaidBy = Callable[[Turn, Said, Person], None]
PressedBy = Callable[[Turn, Press, Person, Pressed], Answer | None]
AskedOf = Callable[[Turn, Said, Person, Asked], None]

# what may be said by whom is for the service to decide; these only lead there
_COMMANDS: dict[str, SaidBy] = {
    "help": everyone.greet,
    "language": everyone.language,
    "privacy": everyone.show_privacy,
    "mydata": everyone.mydata,
    "delete": everyone.delete,
    "withdraw": everyone.withdraw,
    "mine": resident.mine,
    "who": resident.who,
    "list": worker.my_list,
    "away": worker.away,
    "shifts": roster.shifts,
    "grids": grids.changes,
    "note": notes.note,
    "case": desk_list.case,
    "cases": desk_list.cases,
    "phrases": desk_list.my_phrases,
    "day": desk.day,
    "numbers": desk.numbers,
    "undelivered": desk.undelivered,
    "people": admin.people_list,
    "code": admin.code,
    "unbind": everyone.unbind,
    "grouplanguage": everyone.group_language,
    SWITCH: listening.explain,
}
# these name flats, people, codes or private matters: a group must not read the answer
_FOR_ONE = frozenset(
    {
        "withdraw",
        "list",
        "away",
        "shifts",
        "grids",
        "note",
        "case",
        "cases",
        "phrases",
        "day",
        "numbers",
        "undelivered",
        "people",
        "code",
    }
)
# every word after a slash that is ours; in a group others' bots' commands are none of our business
COMMANDS = frozenset(_COMMANDS) | {"start", "report", "bind"}

PRESSES: dict[str, PressedBy] = {
    "report": resident.press_report,
    "mine": resident.press_mine,
    "who": resident.press_who,
    "file_it": resident.file_it,
    "home": resident.home,
    "apart": resident.apart,
    "join": resident.join,
    "alike": merging.alike,
    "danger": resident.danger,
    "fix": resident.fix,
    "kind": resident.set_kind,
    "cond": resident.set_condition,
    "admit": resident.admit,
    "place": resident.ask_place,
    "name": resident.hide_name,
    "hush": resident.hush,
    "veil": resident.veil,
    "unsay": resident.unsay,
    "withdraw": resident.withdraw,
    "settle": resident.settle,
    "refuse": resident.refuse,
    "rate": resident.rate,
    "add": resident.ask_more,
    "answer": resident.preset_answer,
    "appoint": resident.appoint,
    "take": worker.take,
    "arrive": worker.arrive,
    "resume": worker.resume,
    "done": worker.done,
    "note": worker.note,
    "publish": worker.publish,
    "menu": worker.menu,
    "hand_back": worker.hand_back,
    "call_others": worker.call_others,
    "later": worker.later,
    "ask": worker.ask,
    "slots": worker.slots,
    "ring": worker.ring,
    "engaged": worker.engaged,
    "photos": worker.photos,
    "side": worker.other_side,
    "open": worker.open_case,
    "revisit_fine": worker.revisit_fine,
    "revisit_again": worker.revisit_again,
    "photo_of": worker.photo_of,
    "role": worker.role,
    "photo_new": worker.photo_new,
    "behalf": worker.behalf,
    "ingrid": worker.in_grid,
    "away": worker.set_away,
    "shift": roster.choose_colleague,
    "swapwith": roster.choose_return,
    "cover": roster.cover,
    "swap": roster.swap,
    "swapyes": roster.agree,
    "swapno": roster.decline,
    "fill": roster.fill,
    "calloff": grids.call_off,
    "noteend": notes.end,
    "movecase": grids.place_case,
    "movegroup": grids.place_group,
    "ask_time": timing.ask_time,
    "grant_time": timing.grant_time,
    "refuse_time": timing.refuse_time,
    "suspend": timing.suspend,
    "take_up": timing.take_up,
    "appeal": timing.appeal,
    "exempt": timing.exempt,
    "uphold": timing.uphold,
    "assign": desk.assign,
    "assign_name": desk.ask_name,
    "rise": desk.rise,
    "whistle": whistle.start,
    "wl": whistle.pick_lead,
    "wa": whistle.pick_assist,
    "wb": whistle.back,
    "wp": whistle.page,
    "ww": whistle.go_on,
    "wt": whistle.preset,
    "wd": whistle.pick_due,
    "wo": whistle.own,
    "ws": whistle.send,
    "wx": whistle.cancel,
    "t_open": unit.open_task,
    "t_menu": unit.menu,
    "t_accept": unit.accept,
    "t_not": unit.not_ours,
    "t_done": unit.done,
    "t_time": unit.ask_time,
    "t_grant": unit.grant,
    "t_deny": unit.deny,
    "t_note": unit.ask_note,
    "t_ref": unit.ask_reference,
    "t_ring": unit.ring,
    "t_off": unit.call_off,
    "t_give": unit.give,
    "descend": desk.descend,
    "check": desk.check,
    "check_failed": desk.check_failed,
    "decide": desk.decide,
    "void": desk.void,
    "force": desk.force,
    "cases": desk.cases_behind,
    "day": desk.day_of,
    "overview": desk_list.overview,
    "filter": desk_list.page,
    "found": desk_list.found,
    "urge": desk_list.urge,
    "supervise": desk_list.supervise,
    "whois": desk_list.whois,
    "tell": desk_list.tell,
    "merge": merging.propose,
    "same_number": merging.ask_number,
    "merge_swap": merging.swap,
    "merge_yes": merging.confirm,
    "unmerge": merging.unmerge,
    "split": merging.split,
    "cause_all": causes.kinds,
    "cause_kind": causes.of_kind,
    "cause_found": causes.of_search,
    "cause_new": causes.of_case,
    "cause_yes": causes.confirm,
    "under": causes.under,
    "not_under": causes.leave,
    "cause": causes.show,
    "cause_cases": causes.cases,
    "cause_more": causes.more,
    "cause_tell": causes.ask_words,
    "cause_over": causes.ask_words,
    "cause_go": causes.go,
    "urgeall": desk_list.urge_all,
    "whoall": desk_list.whom,
    "toall": desk_list.assign_all,
    "doall": desk_list.do_all,
    "phrases": desk_list.phrases_of,
    "newphrase": desk_list.new_phrase,
    "unphrase": desk_list.remove_phrase,
    "behind": desk.numbers_behind,
    "again": desk.send_again,
    "letbe": desk.let_be,
    "retry": admin.retry,
    "people": admin.people_page,
    "person": admin.person_card,
    "invite": admin.invite,
    "revoke": admin.revoke,
    "handto": admin.hand_to,
    "backto": admin.choose_backup,
    "backset": admin.set_backup,
    "handsee": admin.hand_preview,
    "handgo": admin.hand_over,
    "lang": everyone.set_language,
    "forget": everyone.forget_me,
    SWITCH: listening.switch,
    BUTTON: listening.file,
}

# presses that answer a question: its buttons go with the answer, so that nobody gives it twice
ANSWERS = frozenset(
    {
        "file_it",
        "home",
        "apart",
        "lang",
        "withdraw",
        "publish",
        "photo_of",
        "photo_new",
        "ingrid",
        "away",
        "swapwith",
        "swap",
        "cover",
        "swapyes",
        "swapno",
        "fill",
        "movecase",
        "assign",
        "t_grant",
        "t_deny",
        "backset",
        "handgo",
        "forget",
        SWITCH,
    }
)

# what the next words answer, by what was asked
ASKED: dict[str, AskedOf] = {
    "place": resident.place_told,
    "add": resident.more_told,
    "evidence": worker.evidence,
    "instructions": desk.instructions,
    "force": desk.forced,
    whistle.WHAT: whistle.words,
    "task_done": unit.done_told,
    "task_note": unit.note_told,
    "task_reference": unit.reference_told,
    "assign_name": desk.name_told,
    "phrase": desk_list.phrase_told,
    "same_number": merging.number_told,
    causes.CAUSE: causes.named,
    "cause_words": causes.words_told,
}


def handle(session: Session, event: Event, me: Me, now: datetime) -> list[Answer]:
    """One event in its open transaction. What a press shows at once is returned."""
    turn = Turn(session, now, me.username)
    if isinstance(event, Migrated):
        binding.migrate(session, event.at, event.new_chat, now)
    elif isinstance(event, Membership):
        _membership(turn, event)
    elif isinstance(event, Overheard):
        listening.heard(turn, event)
    else:
        _talk(turn, event)
    return turn.answers


def _talk(turn: Turn, event: Said | Press) -> None:
    try:
        with savepoint(turn.session, late=True):
            if isinstance(event, Press):
                _press(turn, event)
            else:
                _said(turn, event)
    except Refused as refused:
        _say_refused(turn, event, refused)


def _say_refused(turn: Turn, event: Said | Press, refused: Refused) -> None:
    """What happened and what to do, to the person alone where that is possible."""
    turn.answers.clear()
    language = _language(turn, event)
    key = f"refused.{refused.code}"
    if isinstance(event, Press):
        turn.answers.append(Answer(plain(key, language, **refused.facts)[:200], alert=True))
        return
    reply_to = None if event.private else event.message
    answer(turn, event.at, Message(say(key, language, **refused.facts), reply_to=reply_to))


def _language(turn: Turn, event: Said | Press) -> str:
    found = people.person_by_address(
        turn.session, event.at.platform, event.sender.address, event.at.bot
    )
    return found[0].language if found else language_of(event.sender.language)


# --- who is in the room ---


def _membership(turn: Turn, event: Membership) -> None:
    if event.private:
        return _reachability(turn, event)
    if not event.present:
        return binding.bot_removed(turn.session, event.at, turn.now)
    group = territory.group_of(turn.session, event.at.bot, event.at.chat, event.at.platform)
    if group is None:
        language = language_of(event.sender.language)
        binding.strange_group(turn.session, event.at, turn.now, language, event.may_delete)
    else:
        unsaying.allow(turn.session, group, event.may_delete)
    return None


def _reachability(turn: Turn, event: Membership) -> None:
    """Somebody blocked the bot, or let it in again. Another of our bots may still write to them."""
    for person in people.person_by_address(
        turn.session, event.at.platform, event.sender.address, event.at.bot
    ):
        if event.present:
            people.mark_reachable(turn.session, person, event.at.bot)
            continue
        if person.bot not in (None, event.at.bot):
            continue
        people.mark_unreachable(turn.session, person)
        if is_staff(turn.session, person):
            handling.unreachable(turn.session, person.id, person.district, turn.now)


# --- words ---


def _said(turn: Turn, said: Said) -> None:
    if said.sender.is_bot and not said.sender.anonymous_admin:
        return
    if said.private:
        _said_in_private(turn, said)
    else:
        _said_in_group(turn, said)


def _said_in_group(turn: Turn, said: Said) -> None:
    group = territory.group_of(turn.session, said.at.bot, said.at.chat, said.at.platform)
    if said.command in ("bind", "start") and said.text:
        return everyone.bind(turn, said)
    if group is None:
        return _strange(turn, said)
    said = replace(said, at=binding.address_of(group))  # said before the group moved, perhaps
    person = _resident(turn, said, group)
    if said.sender.anonymous_admin and said.command not in FOR_GROUP_ADMINS:
        # everybody who hides behind the group's name shares one account: nobody could confirm
        raise Refused("write_as_yourself")
    if said.edited:
        return resident.edited(turn, said, person)
    row = asked(turn, said)
    if row is not None and resident.album_goes_on(turn, said, person, row):
        return None
    if said.command == "report":
        return resident.group_report(turn, said, person, group)
    if said.command is not None:
        return _command(turn, said, person)
    if row is not None and row.what in ASKED:
        return ASKED[row.what](turn, said, person, row)
    return resident.addressed(turn, said, person, group)


def _strange(turn: Turn, said: Said) -> None:
    """Nobody has bound this group: said once, nothing stored but when to leave."""
    known = turn.session.get(StrangeGroup, (said.at.bot, said.at.platform, said.at.chat))
    if known is None:
        language = language_of(said.sender.language)
        binding.strange_group(turn.session, said.at, turn.now, language)


def _resident(turn: Turn, event: Said | Press, group: Group) -> Person:
    return people.resident(
        turn.session,
        group.district,
        person_chat(event),
        event.sender.name,
        event.sender.language,
        turn.now,
        home=group.id,
    )


def _command(turn: Turn, said: Said, person: Person) -> None:
    command = _COMMANDS.get(said.command or "")
    if command is None:
        return everyone.greet(turn, said, person)
    if said.command in _FOR_ONE and not said.private:
        return _alone(turn, said, person, command)
    return command(turn, said, person)


def _alone(turn: Turn, said: Said, person: Person, command: SaidBy) -> None:
    """What only the asker may read is answered in private, wherever it was asked for."""
    if not person.reachable:
        return reply(turn, said, person.language, "privacy.in_private")
    return command(turn, replace(said, at=person_chat(said), private=True), person)


def _said_in_private(turn: Turn, said: Said) -> None:
    if said.command == "start" and said.text.startswith("e-"):
        return everyone.enrol(turn, said, said.text.strip())
    if said.command == "start" and said.text:
        made = everyone.settle_in(turn, said, said.text.strip(), said.sender.language)
        if made is not None:
            return everyone.start_private(turn, said, said.text.strip(), made)
    person = _known(turn, said)
    if person is None:
        return _stranger(turn, said)
    people.mark_reachable(turn.session, person, said.at.bot)
    return _known_person_said(turn, said, person)


def _known_person_said(turn: Turn, said: Said, person: Person) -> None:
    if said.edited:
        return resident.edited(turn, said, person)
    row = asked(turn, said)
    if row is not None and resident.album_goes_on(turn, said, person, row):
        return None
    if said.phone is not None:
        return everyone.phone(turn, said, person)
    if said.command == "start":
        return everyone.start_private(turn, said, said.text.strip(), person)
    if said.command == "report":
        return _report(turn, said, person)
    if said.command is not None:
        forget(turn, said)
        return _command(turn, said, person)
    if row is not None and row.what in ASKED:
        return ASKED[row.what](turn, said, person, row)
    if row is not None and row.what == "report":
        return _report(turn, said, person)
    if is_staff(turn.session, person):
        return _staff_words(turn, said, person)
    return resident.private_words(turn, said, person)


def _staff_words(turn: Turn, said: Said, person: Person) -> None:
    """A photo that belongs to something in hand, a report, or just a word to the bot."""
    if worker.loose_files(turn, said, person):
        return None
    if said.files or said.location or resident.reads_like_report(turn, person, said):
        return worker.staff_report(turn, said, person)
    return everyone.greet(turn, said, person)


def _report(turn: Turn, said: Said, person: Person) -> None:
    """Who works here reports what they saw or were told; everybody else their own matter."""
    if is_staff(turn.session, person):
        return worker.staff_report(turn, said, person)
    return resident.private_report(turn, said, person)


def _known(turn: Turn, event: Said | Press) -> Person | None:
    """The person behind the account: who works here first, else where they were last seen."""
    found = people.person_by_address(
        turn.session, event.at.platform, event.sender.address, event.at.bot
    )
    staff = [each for each in found if is_staff(turn.session, each)]
    return next(iter(staff or found), None)


def _stranger(turn: Turn, said: Said) -> None:
    """Somebody we know nothing of: with one district there is only one place to belong to."""
    district = territory.only_district(turn.session, said.at.bot)
    if district is None:
        return everyone.greet(turn, said, None)
    person = people.resident(
        turn.session, district, said.at, said.sender.name, said.sender.language, turn.now
    )
    people.mark_reachable(turn.session, person, said.at.bot)
    return _known_person_said(turn, said, person)


# --- buttons ---


def _press(turn: Turn, press: Press) -> None:
    pressed = parse(press.data)
    person = _presser(turn, press, pressed)
    if pressed is None or person is None or pressed.verb not in PRESSES:
        raise Refused("button_unknown")
    found = PRESSES[pressed.verb](turn, press, person, pressed)
    if pressed.verb in ANSWERS:
        strip(turn, press)
    if found is not None:
        turn.answers.append(found)


def _presser(turn: Turn, press: Press, pressed: Pressed | None) -> Person | None:
    """The person of the button's district; in a group, anybody there is a resident of it."""
    group = territory.group_of(turn.session, press.at.bot, press.at.chat, press.at.platform)
    if group is not None:
        return _resident(turn, press, group)
    if pressed is not None and pressed.district:
        return people.person_of(turn.session, pressed.district, person_chat(press))
    return _known(turn, press)
