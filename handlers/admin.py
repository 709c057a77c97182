"""What administrators do: invite and revoke people, make codes that bind groups."""

from html import escape

from domain.refused import Refused
from domain.roles import RoleName
from handlers.reply import answer, button, reply
from handlers.turn import Answer, Press, Said, Turn
from models import Person
from services import binding, enrolment, handling, handover, people, territory, trouble
from services.access import is_staff, roles_of
from services.buttons import Pressed, data, key22, parse
from services.outbox import Button, Message
from services.texts import plain, say

PAGE = 10


def people_list(turn: Turn, said: Said, person: Person) -> None:
    """`/people`: those whom one may invite or revoke, a button each."""
    _show_people(turn, said, person, 0)


def people_page(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Another page of the list."""
    _show_people(turn, press, person, int(pressed.arg) if pressed.arg.isdecimal() else 0)
    return Answer()


def _show_people(turn: Turn, event: Said | Press, person: Person, page: int) -> None:
    found = [
        each
        for each in people.staff(turn.session, person.district)
        if enrolment.may_administer(turn.session, person, each) and each.id != person.id
    ]
    if not _administers_anything(turn, person):
        raise Refused("not_yours_to_administer")
    shown = found[page * PAGE : (page + 1) * PAGE]
    rows = tuple((_person_button(each),) for each in shown)
    more = data("people", person.district, arg=str(page + 1))
    if len(found) > (page + 1) * PAGE:
        rows += ((button(person.language, "btn.next_page", more),),)
    reply(turn, event, person.language, "admin.people", rows, count=len(found))


def _administers_anything(turn: Turn, person: Person) -> bool:
    able = (RoleName.ADMIN, RoleName.SUPERVISOR)
    return any(role.role in able for role in roles_of(turn.session, person))


def _person_button(person: Person) -> Button:
    mark = "✓ " if person.reachable else ""
    return Button(mark + person.name, data("person", person.district, person.id))


def person_card(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """One of them: their roles, and what one may do."""
    other = people.person(turn.session, person.district, pressed.case)
    if not enrolment.may_administer(turn.session, person, other):
        raise Refused("not_yours_to_administer")
    language = person.language
    rows = (
        (
            button(language, "btn.invite", data("invite", other.district, other.id), "primary"),
            button(language, "btn.revoke", data("revoke", other.district, other.id), "danger"),
        ),
        (
            button(language, "btn.hand_over", data("handto", other.district, other.id)),
            button(language, "btn.backup", data("backto", other.district, other.id)),
        ),
    )
    roles = enrolment.roles_in_words(turn.session, other, language)
    reply(turn, press, language, "admin.person", rows, name=other.name, roles=roles)
    return Answer()


def invite(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A fresh link with its QR picture; earlier ones stop working."""
    session = turn.session
    other = people.person(session, person.district, pressed.case)
    code = enrolment.invite(session, person, person.district, other.id, turn.now)
    message = enrolment.invitation(session, other, code, turn.bot_username, person.language)
    answer(turn, press.at, message)
    return Answer()


def revoke(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Every role ends now; what they had goes to the next in line."""
    other = people.person(turn.session, person.district, pressed.case)
    roles = roles_of(turn.session, other)
    enrolment.revoke_person(turn.session, person, person.district, other.id, turn.now)
    passed = handling.without_role(turn.session, other, roles[0].unit, turn.now)
    key = "admin.revoked"
    return Answer(plain(key, person.language, name=other.name, cases=passed), alert=True)


def retry(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """What failed three times is tried again."""
    count = trouble.retry(turn.session, person, pressed.arg, turn.now)
    return Answer(plain("trouble.retried", person.language, count=count), alert=True)


def code(turn: Turn, said: Said, person: Person) -> None:
    """`/code GRID PLACE`: a one-time link that binds a group; without words, which grid?"""
    parts = said.text.split(maxsplit=1)
    if not parts:
        grids = handling.grids_of(turn.session, person, turn.now)
        if not grids or not is_staff(turn.session, person):
            raise Refused("not_yours_to_administer")
        lines = "\n".join(
            f"<code>/code {code} 8号楼</code> {escape(name)}" for code, name in grids[:30]
        )
        return answer(
            turn, said.at, Message(say("admin.which_grid", person.language) + "\n" + lines)
        )
    place = parts[1] if len(parts) > 1 else ""
    made = binding.make_code(turn.session, person, parts[0], place, turn.now)
    url = binding.group_link(turn.bot_username, made)
    name = territory.name(turn.session, person.district, parts[0])
    return reply(
        turn, said, person.language, "admin.code", code=made, url=url, grid=name, place=place
    )


# --- handing over ---


def hand_to(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Who takes over from somebody who leaves."""
    leaver = people.person(turn.session, person.district, pressed.case)
    found = handover.candidates(turn.session, person, leaver)
    if not found:
        raise Refused("nobody_to_swap")
    rows = tuple(
        (Button(each.name, data("handsee", person.district, leaver.id, arg=key22(each.id))),)
        for each in found
    )
    reply(turn, press, person.language, "handover.to_whom", rows, name=leaver.name)
    return Answer()


def choose_backup(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Who stands in for somebody while they are away (A/B 岗)."""
    other = people.person(turn.session, person.district, pressed.case)
    found = handover.candidates(turn.session, person, other)
    rows = tuple(
        (Button(each.name, data("backset", person.district, other.id, arg=key22(each.id))),)
        for each in found
    )
    nobody = data("backset", person.district, other.id)
    rows += ((button(person.language, "btn.no_backup", nobody),),)
    reply(turn, press, person.language, "roster.who_backs", rows, name=other.name)
    return Answer()


def set_backup(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """This one, or nobody."""
    other = people.person(turn.session, person.district, pressed.case)
    found = parse(f"x~~{pressed.arg}")
    backup = None
    if pressed.arg:
        backup = people.person(turn.session, person.district, found.case if found else None)
    handover.set_backup(turn.session, person, other, backup, turn.now)
    return Answer(plain("roster.backup_set", person.language))


def hand_preview(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """What would move, before anything does."""
    leaver, following = _both(turn, person, pressed)
    handover.candidates(turn.session, person, leaver)  # still theirs to do
    facts = handover.held(turn.session, leaver, turn.now).facts()
    facts |= {"leaver": leaver.name, "next": following.name}
    go = data("handgo", person.district, leaver.id, arg=pressed.arg)
    rows = ((button(person.language, "btn.hand_over_now", go, "primary"),),)
    reply(turn, press, person.language, "handover.preview", rows, **facts)
    return Answer()


def hand_over(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Everything goes to the next."""
    leaver, following = _both(turn, person, pressed)
    handover.hand_over(turn.session, person, leaver, following, turn.now)
    words = plain("handover.begun", person.language, leaver=leaver.name, next=following.name)
    return Answer(words, alert=True)


def _both(turn: Turn, person: Person, pressed: Pressed) -> tuple[Person, Person]:
    found = parse(f"x~~{pressed.arg}")
    leaver = people.person(turn.session, person.district, pressed.case)
    key = found.case if found else None
    return leaver, people.person(turn.session, person.district, key)
