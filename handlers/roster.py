"""Duty in chat: my shifts, swapping one with a colleague, and the desk filling a gap."""

from domain.refused import Refused
from handlers.reply import answer, button, reply
from handlers.turn import Answer, Press, Said, Turn
from models import Person, Shift
from services import people, roster, swaps
from services.access import is_staff
from services.buttons import Pressed, data, key22, parse
from services.outbox import Button, Message
from services.texts import plain, say

# shifts that have a button of their own
MOST = 8


def shifts(turn: Turn, said: Said, person: Person) -> None:
    """`/shifts`: the next two weeks, and a button to swap each."""
    if not is_staff(turn.session, person):
        raise Refused("staff_only")
    found = roster.mine(turn.session, person, turn.now)
    if not found:
        return reply(turn, said, person.language, "roster.none")
    lines = [say("roster.mine", person.language, n=len(found))]
    lines += [_line(turn, person, each) for each in found]
    to_come = [each for each in found if each.start > turn.now][:MOST]
    rows = tuple((_swap_button(turn, person, each),) for each in to_come)
    return answer(turn, said.at, Message("\n".join(lines), rows))


def _line(turn: Turn, person: Person, shift: Shift) -> str:
    words = swaps.described(turn.session, shift, person.language, turn.now)
    key = "roster.line_now" if shift.start <= turn.now else "roster.line"
    return say(key, person.language, shift=words)


def _swap_button(turn: Turn, person: Person, shift: Shift) -> Button:
    span = (shift.start, shift.end)
    when = roster.when(turn.session, person.district, span, turn.now, person.language)
    return button(person.language, "btn.swap", data("shift", person.district, shift.id), when=when)


def choose_colleague(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Whom to ask to take the shift."""
    shift = swaps.own_shift(turn.session, person, pressed.case, turn.now)
    others = swaps.colleagues(turn.session, person, shift)
    if not others:
        raise Refused("nobody_to_swap")
    rows = tuple(
        (Button(each.name, data("swapwith", person.district, shift.id, arg=key22(each.id))),)
        for each in others
    )
    words = swaps.described(turn.session, shift, person.language, turn.now)
    reply(turn, press, person.language, "swap.with_whom", rows, shift=words)
    return Answer()


def choose_return(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Take it for me*, or one of the colleague's own shifts in return."""
    shift = swaps.own_shift(turn.session, person, pressed.case, turn.now)
    other = _colleague(turn, person, pressed.arg)
    take = data("cover", person.district, shift.id, arg=key22(other.id))
    rows = [(button(person.language, "btn.cover", take, "primary"),)]
    for each in swaps.offers(turn.session, other, turn.now):
        span = (each.start, each.end)
        when = roster.when(turn.session, person.district, span, turn.now, person.language)
        wanted = data("swap", person.district, shift.id, arg=key22(each.id))
        rows.append((button(person.language, "btn.in_return", wanted, when=when),))
    reply(turn, press, person.language, "swap.how", tuple(rows), name=other.name)
    return Answer()


def _colleague(turn: Turn, person: Person, arg: str) -> Person:
    found = parse(f"x~~{arg}")
    row = people.find(turn.session, person.district, found.case if found else None)
    if row is None:
        raise Refused("person_gone")
    return row


def cover(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The colleague is asked to take the shift."""
    shift = swaps.own_shift(turn.session, person, pressed.case, turn.now)
    other = _colleague(turn, person, pressed.arg)
    swaps.ask(turn.session, person, shift, other, None, turn.now)
    return Answer(plain("swap.sent", person.language, name=other.name), alert=True)


def swap(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The colleague is asked to exchange shifts."""
    shift = swaps.own_shift(turn.session, person, pressed.case, turn.now)
    found = parse(f"x~~{pressed.arg}")
    back = roster.shift_of(turn.session, person.district, found.case if found else None)
    other = people.person(turn.session, person.district, back.person)
    swaps.ask(turn.session, person, shift, other, back, turn.now)
    return Answer(plain("swap.sent", person.language, name=other.name), alert=True)


def agree(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Yes*: the shifts change hands."""
    swaps.agree(turn.session, person, pressed.case, turn.now)
    return Answer(plain("swap.done", person.language))


def decline(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*No*: everything stays as it was."""
    swaps.decline(turn.session, person, pressed.case, turn.now)
    return Answer(plain("swap.declined", person.language))


def fill(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The desk puts somebody into a gap."""
    filler = people.person(turn.session, person.district, pressed.case)
    found = parse(f"x~~{pressed.arg}")
    roster.fill(turn.session, person, found.case if found else None, filler, turn.now)
    return Answer(plain("roster.gap_filled", person.language, name=filler.name), alert=True)
