"""Groups that listen: turned on and off by their administrator, asked about likely reports."""

from domain.refused import Refused
from handlers import resident
from handlers.reply import answer, reply
from handlers.turn import Answer, Overheard, Press, Said, Turn
from models import Group, Person
from services import listening, people, reporting, territory
from services.buttons import Pressed
from services.outbox import Message
from services.texts import language_of, plain, say


def explain(turn: Turn, said: Said, person: Person) -> None:
    """`/listen`: whether the group listens and what that means, with a button for the other way."""
    group = territory.group_of(turn.session, said.at.bot, said.at.chat, said.at.platform)
    if said.private or group is None:
        return reply(turn, said, person.language, "listen.in_group")
    if not said.group_admin:
        raise Refused("group_admins_only")
    language = group.language  # everybody here reads what it means
    key = "listen.explain" if group.listens_since is None else "listen.explain_on"
    rows = ((listening.button(group, language),),)
    return answer(turn, said.at, Message(say(key, language), rows, reply_to=said.message))


def switch(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Listen* and *Don't listen any more*, by the group's own administrator."""
    group = _group(turn, press)
    if not press.group_admin:
        raise Refused("group_admins_only")
    listens = pressed.arg == listening.ON
    listening.switch(turn.session, group, person, listens, turn.now)
    return Answer(plain("listen.now_on" if listens else "listen.now_off", person.language))


def heard(turn: Turn, event: Overheard) -> None:
    """A message that reads like a report: its writer is asked, and isn't made known to us by it."""
    group = territory.group_of(turn.session, event.at.bot, event.at.chat, event.at.platform)
    if group is None:
        return
    address = event.sender.address
    found = people.person_by_address(turn.session, event.at.platform, address, event.at.bot)
    writer = next((each for each in found if each.district == group.district), None)
    language = writer.language if writer else language_of(event.sender.language)
    listening.ask(turn.session, group, event.message, writer, event.heard, language, turn.now)


def file(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Open a case* below a message: as `/report` in reply to it, by whoever taps."""
    group = _group(turn, press)
    quoted = press.reply_to
    if quoted is None:
        raise Refused("message_gone")
    listening.put_away(
        turn.session, group.district, group.bot, group.chat, quoted.message, turn.now
    )
    case = reporting.by_message(turn.session, press.at.bot, press.at.chat, quoted.message)
    if case is not None:
        return Answer(plain("listen.filed_already", person.language), alert=True)
    said = Said(
        at=press.at,
        message=quoted.message,
        sender=press.sender,
        private=False,
        reply_to=quoted,
    )
    resident.report_for_writer(turn, said, person, group)
    return Answer(plain("listen.filed", person.language))


def _group(turn: Turn, press: Press) -> Group:
    group = territory.group_of(turn.session, press.at.bot, press.at.chat, press.at.platform)
    if group is None:
        raise Refused("group_gone")
    return group
