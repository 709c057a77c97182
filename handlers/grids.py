"""Grids that change: what is planned, and what the desk decides with a tap."""

from domain.refused import Refused
from domain.roles import RoleName
from handlers.reply import answer, button
from handlers.turn import Answer, Press, Said, Turn
from models import Person
from services import regrid
from services.access import roles_of
from services.buttons import Pressed, data
from services.outbox import Message
from services.texts import plain, say

MOST = 12


def changes(turn: Turn, said: Said, person: Person) -> None:
    """`/grids`: what will be split, merged or ended, what moves where, and a button to call off."""
    able = (RoleName.ADMIN, RoleName.SUPERVISOR)
    if not any(role.role in able for role in roles_of(turn.session, person)):
        raise Refused("not_yours_to_administer")
    found = regrid.planned(turn.session, person, turn.now)[:MOST]
    if not found:
        return answer(turn, said.at, Message(say("regrid.none", person.language)))
    lines = [say("regrid.planned", person.language)]
    for each in found:
        key = "regrid.line" if each.successors else "regrid.line_ends"
        lines.append(say(key, person.language, **regrid.preview(turn.session, each).facts()))
    rows = tuple(
        (
            button(
                person.language,
                "btn.call_off",
                data("calloff", person.district, arg=each.code),
                "danger",
                name=each.name,
            ),
        )
        for each in found
    )
    return answer(turn, said.at, Message("\n".join(lines), rows))


def call_off(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The grid goes on after all."""
    row = regrid.call_off(turn.session, person, pressed.arg, turn.now)
    return Answer(plain("regrid.called_off", person.language, name=row.name), alert=True)


def place_case(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Which grid a case belongs to."""
    to = regrid.place_case(turn.session, person, pressed.case, pressed.arg, turn.now)
    return Answer(plain("regrid.placed", person.language, name=to.name))


def place_group(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Which grid a group belongs to."""
    to = regrid.place_group(turn.session, person, pressed.case, pressed.arg, turn.now)
    return Answer(plain("regrid.placed", person.language, name=to.name))
