"""What a desk does with its list: read it, search it, urge or give many, keep its phrases."""

from uuid import UUID

from domain.refused import Refused
from handlers.reply import answer, asked, forget, remember, reply
from handlers.turn import Answer, Press, Said, Turn
from handlers.worker import show
from models import Asked, Person, new_id
from services import (
    by_number,
    caselist,
    identity,
    notices,
    overseeing,
    phrases,
    territory,
    together,
)
from services.access import case_of
from services.buttons import Pressed, parse
from services.caselist_message import found_message, list_message, overview_message
from services.desk_card import WHOIS
from services.outbox import Address, Message
from services.texts import plain

# the desk's list is one message that changes in place
LIST = "cases"


def _put(turn: Turn, at: Address, person: Person, message: Message) -> None:
    answer(turn, at, message, card=LIST, person=person)


def cases(turn: Turn, said: Said, person: Person) -> None:
    """`/cases`: the overview; `/cases WORDS`: search."""
    units = caselist.units_of(turn.session, person)
    notices.retire(turn.session, said.at, LIST, turn.now)
    if not said.text.strip():
        return _overview(turn, said.at, person, units[0])
    first = caselist.search(turn.session, person.district, units, said.text, turn.now)
    message = found_message(turn.session, person.district, first, person.language, turn.now)
    return _put(turn, said.at, person, message)


def found(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Another page of a search, in its place."""
    page, _, words = pressed.arg.partition(":")
    if not (page.isascii() and page.isdigit() and len(page) <= 3 and words.strip()):
        raise Refused("filter_unknown")
    units = caselist.units_of(turn.session, person)
    again = caselist.search(turn.session, person.district, units, words, turn.now, int(page))
    message = found_message(turn.session, person.district, again, person.language, turn.now)
    _put(turn, press.at, person, message)
    return Answer()


def overview(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Back to the overview, or to that of another unit."""
    unit = pressed.arg
    if not unit.isdecimal() or territory.level_of(unit) is None:
        raise Refused("filter_unknown")
    caselist.check_desk(turn.session, person, unit)
    _overview(turn, press.at, person, unit)
    return Answer()


def _overview(turn: Turn, at: Address, person: Person, unit: str) -> None:
    session, district = turn.session, person.district
    others = [each for each in caselist.units_of(session, person) if each != unit]
    found = caselist.overview(session, district, unit, turn.now)
    _put(turn, at, person, overview_message(session, district, found, others, person.language))


def page(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A filter's cases, ten to a page."""
    unit, which, number = caselist.asked(pressed.arg)
    caselist.check_desk(turn.session, person, unit)
    found = caselist.listed(turn.session, person.district, unit, which, number, turn.now)
    message = list_message(turn.session, person.district, found, person.language, turn.now)
    _put(turn, press.at, person, message)
    return Answer()


def case(turn: Turn, said: Said, person: Person) -> None:
    """`/case KL8-2611-001`, or `/case 1`: with its whole story for those who handle it."""
    found = by_number.meant(turn.session, person, said.text.strip(), turn.now)
    if len(found) == 1:
        return show(turn, person, found[0], story=True)
    message = by_number.which(turn.session, found, said.text.strip(), person, turn.now)
    return answer(turn, said.at, message)


# --- one case ---


def urge(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Urge*."""
    name = overseeing.urge(turn.session, person, pressed.case, pressed.version, turn.now)
    return Answer(plain("desk.urged", person.language, name=name))


def supervise(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Report upwards*."""
    unit = overseeing.supervise(turn.session, person, pressed.case, pressed.version, turn.now)
    name = territory.name(turn.session, person.district, unit, person.language)
    return Answer(plain("desk.supervised", person.language, unit=name))


def whois(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Who reported it*: the look is kept; who isn't to be named is looked at with a reason."""
    found = case_of(turn.session, person.district, pressed.case)
    why = pressed.arg or None
    try:
        return Answer(identity.reveal(turn.session, person, found, turn.now, why), alert=True)
    except Refused as refused:
        if refused.code != "reason_missing" or why is not None:
            raise
    notices.show_staff(turn.session, found, person, turn.now, WHOIS)
    return Answer(plain("desk.why_look", person.language))


def tell(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A phrase to who has the case, or to its reporter."""
    to = overseeing.LISTENER_OF.get(pressed.arg[:1])
    if to is None:
        raise Refused("button_unknown")
    said = (to, _key(pressed.arg[1:]))
    overseeing.tell(turn.session, person, pressed.case, pressed.version, said, turn.now)
    return Answer(plain(f"desk.told_{to}", person.language))


def _key(text: str) -> UUID | None:
    found = parse(f"x~~{text}")
    return found.case if found else None


# --- many cases ---


def urge_all(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Urge all*: first what that would mean."""
    unit, which, _ = caselist.asked(pressed.arg)
    plan = together.to_urge(turn.session, person, unit, which, turn.now)
    return _preview(turn, press, person, plan)


def whom(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Assign all to …*: to whom?"""
    unit, which, _ = caselist.asked(pressed.arg)
    found = together.candidates(turn.session, person, unit, which, turn.now)
    message = together.choice_message(person.district, found, unit, which, person.language)
    _put(turn, press.at, person, message)
    return Answer()


def assign_all(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """To this one: first what that would mean."""
    unit, which, _ = caselist.asked(pressed.arg)
    key = (person.district, pressed.case)
    target = turn.session.get(Person, key) if pressed.case is not None else None
    if target is None or not target.reachable:
        raise Refused("person_gone")
    plan = together.to_assign(turn.session, person, unit, which, target, turn.now)
    return _preview(turn, press, person, plan)


def _preview(turn: Turn, press: Press, person: Person, plan: together.Plan) -> Answer:
    token = new_id()
    data = plan.data() | {"token": str(token)}
    remember(turn, press, "together", district=person.district, **data)
    message = together.preview(turn.session, person.district, plan, token, person.language)
    _put(turn, press.at, person, message)
    return Answer()


def do_all(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Yes*: just what was previewed, once."""
    row = asked(turn, press)
    if row is None or row.what != "together" or row.data["token"] != str(pressed.case):
        raise Refused("preview_gone")
    plan = together.plan_of(row.data)
    forget(turn, press)
    outcome = together.carry_out(turn.session, person, plan, turn.now)
    message = together.outcome_message(
        turn.session, person.district, plan, outcome, person.language
    )
    _put(turn, press.at, person, message)
    return Answer()


# --- phrases ---


def my_phrases(turn: Turn, said: Said, person: Person) -> None:
    """`/phrases`: what the desk says daily."""
    _phrases(turn, said.at, person, "")


def phrases_of(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The same from a button; of one unit where somebody sits at several desks."""
    _phrases(turn, press.at, person, pressed.arg)
    return Answer()


def _phrases(turn: Turn, at: Address, person: Person, unit: str) -> None:
    units = caselist.units_of(turn.session, person)
    if not unit and len(units) > 1:
        return answer(turn, at, phrases.choose_unit(turn.session, person, units))
    shown = unit or units[0]
    caselist.check_desk(turn.session, person, shown)
    return answer(turn, at, phrases.list_message(turn.session, person, shown))


def new_phrase(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*One more*: the next words are it."""
    caselist.check_desk(turn.session, person, pressed.arg)
    remember(turn, press, "phrase", district=person.district, unit=pressed.arg)
    reply(turn, press, person.language, "phrases.ask", ask="phrases.ask_hint", most=phrases.LONGEST)
    return Answer()


def phrase_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The words of a new phrase."""
    unit = str(row.data["unit"])
    phrases.add(turn.session, person, unit, said.text, turn.now)
    forget(turn, said)
    _phrases(turn, said.at, person, unit)


def remove_phrase(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Not any more*."""
    unit = phrases.remove(turn.session, person, pressed.case)
    _phrases(turn, press.at, person, unit)
    return Answer(plain("phrases.removed", person.language))
