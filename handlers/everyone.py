"""What anybody may do: start, help, language, and everything about their own data."""

from domain.lifecycle import ENDED
from domain.refused import Refused
from handlers import resident
from handlers.reply import answer, button, forget, person_chat, reply
from handlers.turn import Answer, Press, Said, Turn
from models import Asked, Person
from services import (
    binding,
    enrolment,
    leaving,
    notices,
    other_side,
    people,
    privacy,
    reporting,
    task_notices,
    territory,
)
from services.access import case_of, is_staff, locked_together
from services.buttons import Pressed, data, parse
from services.cases import goes_on_as
from services.outbox import Message
from services.texts import LANGUAGES, language_of, plain, say


def greet(turn: Turn, said: Said, person: Person | None) -> None:
    """`/start` and `/help`: what this is, in four lines, by who asks."""
    language = person.language if person else language_of(said.sender.language)
    staff = person is not None and is_staff(turn.session, person)
    key = "help.staff" if staff else "help.resident"
    if person is None:
        key = "help.stranger"
    reply(turn, said, language, key)


def enrol(turn: Turn, said: Said, code: str) -> None:
    """A deep link with an invitation."""
    by = said.at
    found = enrolment.enrol(turn.session, code, by, turn.now)
    language = language_of(said.sender.language)
    if isinstance(found, Refused):
        return answer(turn, said.at, Message(say(f"refused.{found.code}", language, **found.facts)))
    roles = enrolment.roles_in_words(turn.session, found, found.language)
    reply(turn, said, found.language, "people.welcome", name=found.name, roles=roles)
    return None


def settle_in(turn: Turn, said: Said, payload: str, tag: str | None) -> Person | None:
    """A deep link from a group (`g-`) or to one's own case (`c-`): the person it makes."""
    kind, district, key = [*payload.split("-", 2), "", ""][:3]
    found = parse(f"x~~{key}")
    if kind == other_side.PAYLOAD and territory.level_of(district) == "district":
        return people.resident(turn.session, district, said.at, said.sender.name, tag, turn.now)
    if kind not in ("g", "c") or found is None or found.case is None:
        return None
    if kind == "g":
        group = territory.group(turn.session, district, found.case)
        if group is None:
            return None
        person = people.resident(turn.session, district, said.at, said.sender.name, tag, turn.now)
        person.home_group = group.id
        return person
    return people.person_of(turn.session, district, said.at)


def start_private(turn: Turn, said: Said, payload: str, person: Person) -> None:
    """What the link was for: a report in private, one's own case, one's list."""
    people.mark_reachable(turn.session, person, said.at.bot)
    kind, _, rest = payload.partition("-")
    if kind == "g":
        return resident.ask_in_private(turn, said, person)
    if kind == "c":
        found = parse(f"x~~{rest.partition('-')[2]}")
        case = case_of(turn.session, person.district, found.case if found else None)
        if case.reporter != person.id:
            raise Refused("case_unknown")
        return resident.show_case(turn, said, person, case)
    if kind == other_side.PAYLOAD:
        joined = other_side.join(turn.session, person, rest.partition("-")[2], turn.now)
        return reply(turn, said, person.language, "told.other_side", number=joined.number)
    if kind == "mine":
        return resident.show_mine(turn, said.at, person)
    return greet(turn, said, person)


def language(turn: Turn, said: Said, person: Person) -> None:
    """`/language`: three buttons."""
    rows = tuple(
        (button(each, "language.own", data("lang", person.district, arg=each)),)
        for each in LANGUAGES
    )
    reply(turn, said, person.language, "language.choose", rows)


def set_language(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The person's language; in a group, its administrator's choice is `/grouplanguage`."""
    people.set_language(turn.session, person, pressed.arg)
    return Answer(plain("language.set", pressed.arg))


def show_privacy(turn: Turn, said: Said, person: Person) -> None:
    """`/privacy`."""
    answer(turn, said.at, privacy.notice(turn.session, person.language))


def mydata(turn: Turn, said: Said, person: Person) -> None:
    """`/mydata`: everything that is stored about the sender, in private only."""
    if not said.private:
        return reply(turn, said, person.language, "privacy.in_private")
    for message in privacy.mydata(turn.session, person, turn.now):
        # everything about somebody, asked for a thousand times, would fill a disk
        once = f"mydata:{person.id}:{turn.now:%y%m%d%H}" if message.document else None
        answer(turn, said.at, message, dedupe=once)
    return None


def delete(turn: Turn, said: Said, person: Person) -> None:
    """`/delete`: asks first."""
    if not said.private:
        return reply(turn, said, person.language, "privacy.in_private")
    yes = button(person.language, "btn.delete_all", data("forget", person.district), "danger")
    return reply(turn, said, person.language, "privacy.delete_ask", ((yes,),))


def forget_me(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Delete everything about me*: done at once."""
    text = plain("privacy.deleted_short", person.language)
    mine = reporting.mine(turn.session, person, 200)
    going_on = {each.id: each for each in (goes_on_as(turn.session, case) for case in mine)}
    privacy.delete(turn.session, person, turn.now)
    for case in (each for each in going_on.values() if each.state not in ENDED):
        # their name and words leave the cards that others hold
        notices.refresh(turn.session, case, turn.now)
        task_notices.refresh_units(turn.session, case, turn.now)
    return Answer(text, alert=True)


def withdraw(turn: Turn, said: Said, person: Person) -> None:
    """`/withdraw` [number]: takes that report back; without a number it asks which, also of one,
    for the command is a link in the privacy notice, and a tap to see what it does takes nothing.
    """
    mine = reporting.mine(turn.session, person)
    own = [case for case in mine if leaving.may_withdraw(turn.session, person, case)]
    wanted = said.text.strip().upper()
    chosen = [case for case in own if case.number == wanted] if wanted else own
    if wanted and chosen:
        case = locked_together(turn.session, person.district, chosen[0].id)
        came = leaving.withdraw(turn.session, person, case, turn.now)
        into = goes_on_as(turn.session, case).number
        return reply(turn, said, person.language, f"fix.{came}", number=case.number, into=into)
    if not chosen:
        return reply(turn, said, person.language, "withdraw.none")
    rows = tuple(
        (resident.button_of(case.number, data("withdraw", case.district, case.id)),)
        for case in chosen
    )
    return reply(turn, said, person.language, "withdraw.which", rows)


def phone(turn: Turn, said: Said, person: Person) -> None:
    """A number that the person offers by their own button: kept sealed, shown masked."""
    if said.phone is None:
        return
    masked = people.set_phone(turn.session, person, said.phone)
    reply(turn, said, person.language, "privacy.phone_kept", phone=masked)


# --- groups ---


def bind(turn: Turn, said: Said) -> None:
    """`/bind CODE`, or the group link: by the group's own administrator."""
    by = person_chat(said)
    admin = bool(said.group_admin or said.sender.anonymous_admin)
    code = said.text.strip()
    tongue = language_of(said.sender.language)
    found = binding.bind(
        turn.session, said.at, said.title, code, by, turn.now, group_admin=admin, language=tongue
    )
    if isinstance(found, Refused):
        answer(turn, said.at, Message(say(f"refused.{found.code}", tongue, **found.facts)))


def unbind(turn: Turn, said: Said, person: Person) -> None:
    """`/unbind` in a group, by its administrator."""
    group = territory.group_of(turn.session, said.at.bot, said.at.chat, said.at.platform)
    if group is None or not (said.group_admin or said.sender.anonymous_admin):
        raise Refused("not_group_admin")
    binding.unbind(turn.session, None, group, turn.now)


def group_language(turn: Turn, said: Said, person: Person) -> None:
    """`/grouplanguage zh-Hant`, by the group's administrator."""
    group = territory.group_of(turn.session, said.at.bot, said.at.chat, said.at.platform)
    if group is None or not (said.group_admin or said.sender.anonymous_admin):
        raise Refused("not_group_admin")
    binding.choose_language(turn.session, group, said.text.strip() or "zh-Hans", turn.now)


def asked_again(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """Words came where a button was expected: the question stands, said once more kindly."""
    forget(turn, said)
    resident.private_words(turn, said, person)
