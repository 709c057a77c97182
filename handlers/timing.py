"""What the buttons of time lead to: more time, suspension, appeal."""

from datetime import timedelta

from domain.lifecycle import Verb
from domain.refused import Refused
from domain.roles import highest_unit
from handlers.turn import Answer, Press, Turn
from handlers.worker import step
from models import Person
from services import routing
from services.access import case_of, roles_of
from services.buttons import Pressed
from services.texts import plain


def ask_time(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Ask for more time*: how much and why; the desk above decides."""
    amount, _, reason = pressed.arg.partition(".")
    _check_above(turn, person, pressed)
    asked = int(amount) if amount.isdecimal() else 0
    facts = {"amount": asked}
    step(turn, press, person, pressed, Verb.ASK_TIME, amount=asked, reason=reason, facts=facts)
    return Answer(plain("work.time_asked", person.language))


def _check_above(turn: Turn, person: Person, pressed: Pressed) -> None:
    """A request that nobody can decide isn't taken. Raises Refused `nobody_above`."""
    case = case_of(turn.session, person.district, pressed.case)
    unit = highest_unit(roles_of(turn.session, person), case.grid) or case.owner_unit
    if not routing.desk_above(turn.session, case.district, unit):
        raise Refused("nobody_above")


def grant_time(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Grant more time*."""
    step(turn, press, person, pressed, Verb.GRANT_TIME)
    return Answer(plain("desk.time_granted", person.language))


def refuse_time(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Don't grant*; it may be asked for again."""
    step(turn, press, person, pressed, Verb.REFUSE_TIME)
    return Answer(plain("desk.time_refused", person.language))


def suspend(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Suspend*: why and for how many days."""
    reason, _, days = pressed.arg.partition(".")
    wanted = int(days) if days.isdecimal() and len(days) < 5 else 0
    at = turn.now + timedelta(days=wanted)
    step(turn, press, person, pressed, Verb.SUSPEND, reason=reason, at=at, facts={"days": wanted})
    return Answer(plain("desk.suspended", person.language))


def take_up(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Take up again*, before it would by itself."""
    step(turn, press, person, pressed, Verb.TAKE_UP)
    return Answer(plain("desk.taken_up", person.language))


def appeal(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Appeal*: why it shouldn't be scored."""
    _check_above(turn, person, pressed)
    step(turn, press, person, pressed, Verb.APPEAL, reason=pressed.arg)
    return Answer(plain("work.appealed", person.language))


def exempt(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Exempt from scoring*; the facts stay."""
    step(turn, press, person, pressed, Verb.EXEMPT)
    return Answer(plain("desk.appeal_decided", person.language))


def uphold(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Keep as it is*."""
    step(turn, press, person, pressed, Verb.UPHOLD)
    return Answer(plain("desk.appeal_decided", person.language))
