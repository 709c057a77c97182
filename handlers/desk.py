"""What supervisors do: read the day, open what is behind a number, assign, check."""

from datetime import date
from uuid import UUID

from sqlmodel import col, select

from domain.lifecycle import FORCE_REASONS, State, Verb, below
from domain.refused import Refused
from domain.roles import Standing
from handlers.reply import answer, forget, remember, reply
from handlers.turn import Answer, Press, Said, Turn
from handlers.worker import step
from models import Asked, Person
from services import (
    access,
    duty,
    elsewhere,
    ending,
    handling,
    indicators,
    indicators_message,
    returning,
    routing,
    summary,
    summary_message,
    territory,
    trouble,
    units,
)
from services.access import case_of, locked_case, standings_of
from services.buttons import Pressed, key22, parse
from services.cards import look_at
from services.desk_card import near_rows
from services.texts import plain


def day(turn: Turn, said: Said, person: Person) -> None:
    """`/day`, at any hour; with a date as YYMMDD an earlier one."""
    units = summary.units_of(turn.session, person)
    if not units:
        raise Refused("day_not_yours")
    here = turn.now.astimezone(duty.zone(turn.session, person.district)).date()
    on = summary.date_of(said.text) or here
    numbers = summary.day(turn.session, person.district, units[0], on, turn.now)
    answer(turn, said.at, summary_message.day_message(numbers, person.language))


def day_of(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A grid's own day, from the day of what is above it."""
    asked = summary.day_asked(pressed.arg)
    if asked is None:
        raise Refused("case_unknown")
    on, unit = asked
    summary.check_reader(turn.session, person, unit)
    numbers = summary.day(turn.session, person.district, unit, on, turn.now)
    answer(turn, press.at, summary_message.day_message(numbers, person.language))
    return Answer()


def cases_behind(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The cases that a number counted."""
    behind = summary.behind_of(pressed.arg)
    if behind is None:
        raise Refused("case_unknown")
    summary.check_reader(turn.session, person, behind.unit)
    found = summary.cases_behind(turn.session, person.district, behind, turn.now)
    message = summary_message.cases_message(turn.session, found, behind, person.language, turn.now)
    answer(turn, press.at, message)
    return Answer()


def numbers(turn: Turn, said: Said, person: Person) -> None:
    """`/numbers`: the month's indicators; with a month as YYMM an earlier one's."""
    units = summary.units_of(turn.session, person)
    if not units:
        raise Refused("day_not_yours")
    period = indicators_message.month_asked(said.text, units[0], _today(turn, person))
    found = indicators.indicators(turn.session, period)
    answer(turn, said.at, indicators_message.numbers_message(turn.session, found, person.language))


def numbers_behind(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The cases that an indicator counts."""
    asked = indicators_message.asked_of(pressed.arg, _today(turn, person))
    if asked is None or asked[1].district != person.district:
        raise Refused("case_unknown")
    name, period, page = asked
    summary.check_reader(turn.session, person, period.unit)
    found = indicators.cases_behind(turn.session, period, name)
    message = indicators_message.list_message(
        turn.session, found, name, period, page, person.language, turn.now
    )
    answer(turn, press.at, message)
    return Answer()


def _today(turn: Turn, person: Person) -> date:
    return turn.now.astimezone(duty.zone(turn.session, person.district)).date()


def assign(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The desk gives the case to somebody of the team or nearby; a button may be forged or old."""
    target = _by_key(turn, person, pressed.arg)
    case = locked_case(turn.session, person.district, pressed.case)
    near = target.id in routing.line(turn.session, case, turn.now)
    if not near and not elsewhere.is_near(turn.session, person, case, target.id, turn.now):
        raise Refused("person_gone")
    facts = {"to": str(target.id)}
    step(turn, press, person, pressed, Verb.ASSIGN, next_owner=target.id, facts=facts)
    return Answer(plain("desk.assigned", person.language, name=target.name))


def ask_name(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*By name*: the next words are a part of it."""
    case = case_of(turn.session, person.district, pressed.case)
    if Standing.DESK not in standings_of(turn.session, person, case):
        raise Refused("not_yours")
    remember(turn, press, "assign_name", district=case.district, case=case.id)
    reply(turn, press, person.language, "desk.ask_name", ask="desk.ask_name_hint")
    return Answer()


def name_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """Who of other units is called so: a tap gives them the case."""
    case = case_of(turn.session, person.district, row.case)
    name = said.text.strip()
    found = elsewhere.people(turn.session, person, case, turn.now, name) if name else []
    if not found:
        raise Refused("nobody_called_so", name=name)
    forget(turn, said)
    rows = near_rows(look_at(turn.session, case, person.language, turn.now), found)
    reply(turn, said, person.language, "desk.assign_found", rows, number=case.number)


def decide(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A supervisor's word on a case that was handed back twice: it binds a unit or a person."""
    case = locked_case(turn.session, person.district, pressed.case)
    units.check_goes_on(turn.session, person.district, pressed.arg, turn.now)
    if pressed.arg in returning.units_for(turn.session, case, turn.now):
        whom = returning.turn_of(turn.session, case, pressed.arg, turn.now)
        given = {"next_owner": whom.person, "next_unit": whom.unit, "unit": pressed.arg}
        name = territory.name(turn.session, person.district, pressed.arg, person.language)
    else:
        target = _by_key(turn, person, pressed.arg)
        if target.id not in routing.line(turn.session, case, turn.now):
            raise Refused("person_gone")
        given, name = {"next_owner": target.id}, target.name
    step(turn, press, person, pressed, Verb.ARBITRATE, **given)
    return Answer(plain("desk.decided", person.language, name=name))


def void(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Void*, with its reason, which the reporter reads."""
    step(turn, press, person, pressed, Verb.VOID, reason=pressed.arg)
    return Answer(plain("desk.voided", person.language))


def force(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*End it unsettled*: the reason is chosen, the words are asked for."""
    if pressed.arg not in FORCE_REASONS:
        raise Refused("reason_missing")
    case = case_of(turn.session, person.district, pressed.case)
    if Standing.DESK not in standings_of(turn.session, person, case):
        raise Refused("not_yours")
    remember(turn, press, "force", district=case.district, case=case.id, reason=pressed.arg)
    reply(turn, press, person.language, "desk.say_why", ask="desk.say_why_hint", number=case.number)
    return Answer()


def forced(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The words to the reporter with which a supervisor ends a case."""
    if not said.text.strip():
        raise Refused("why_missing")
    forget(turn, said)
    reason = str(row.data["reason"])
    case = ending.force(turn.session, person, row.case, reason, said.text.strip(), turn.now)
    reply(turn, said, person.language, "desk.forced", number=case.number)


def _by_key(turn: Turn, person: Person, arg: str) -> Person:
    found = parse(f"x~~{arg}")
    key: UUID | None = found.case if found else None
    query = select(Person).where(
        Person.district == person.district, Person.id == key, col(Person.reachable).is_(True)
    )
    row = turn.session.exec(query).first()
    if row is None or key22(row.id) != arg:
        raise Refused("person_gone")
    return row


def check(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Checked: it is settled*; never by who handled it."""
    case = step(turn, press, person, pressed, Verb.CHECK)
    asks = case.state == State.DONE
    return Answer(plain("desk.checked_ask" if asks else "desk.checked", person.language))


def check_failed(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Checked: it isn't*: reopens to the same hands."""
    step(turn, press, person, pressed, Verb.CHECK_FAILED)
    return Answer(plain("desk.sent_back", person.language))


def rise(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Send up*, with its reason: the next larger circle's desk has it now."""
    step(turn, press, person, pressed, Verb.RISE, reason=pressed.arg)
    return Answer(plain("desk.rise_noted", person.language))


def descend(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Send down*: what should those below do? Their answer is this person's next words."""
    case = access.case_of(turn.session, person.district, pressed.case)
    if not access.is_circle_desk(turn.session, person, case):
        raise Refused("not_yours")
    if below(case.circle) is None:
        raise Refused("circle_bottom")
    remember(turn, press, "instructions", district=person.district, case=case.id)
    reply(turn, press, person.language, "desk.instruct", ask="desk.instruct_hint")
    return Answer()


def instructions(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The words to those below; the smaller circle's desk has it now."""
    given = said.text.strip()
    case = handling.do(turn.session, person, row.case, Verb.DESCEND, turn.now, words=given)
    forget(turn, said)
    reply(turn, said, person.language, "desk.descended", number=case.number)


def undelivered(turn: Turn, said: Said, person: Person) -> None:
    """`/undelivered`: the messages that never arrived, and what can be done."""
    answer(turn, said.at, trouble.undelivered(turn.session, person))


def send_again(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A message that never arrived is tried once more; the notice says by whom."""
    trouble.send_again(turn.session, person, pressed.arg, _row(pressed), turn.now)
    return Answer()


def let_be(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A message that never arrived isn't needed any more."""
    trouble.let_be(turn.session, person, pressed.arg, _row(pressed), turn.now)
    return Answer()


def _row(pressed: Pressed) -> UUID:
    if pressed.case is None:
        raise Refused("dead_gone")
    return pressed.case
