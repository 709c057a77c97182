"""Every button there is, pressed with the right key by the wrong people: nothing happens.

One function decides who may do what (`domain.lifecycle.decide`, by the standing that
`services.access` finds); this goes through all of the doors that lead there.
"""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, func, select

from handlers.wiring import PRESSES
from models import Case, CaseEvent, Person, Role
from services.buttons import data, key22
from services.handling import hand_over
from tests.handlers.test_attack_hands import delivered, revoke
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled, photo

pytestmark = pytest.mark.parametrize("session", ["sqlite"], indirect=True)

WORDS = "8号楼1单元602家里煤气味很大，我是王秘密"
SECRETS = (WORDS, "王阿姨", "602", "60001234", "13800001111")
# who has nothing to do with the case: a neighbour, a worker next door, one who worked here once,
# and the desk's colleague for what is private, who may see nothing else of the grid
WRONG = ("陈叔", "郑工", "李强")
# what anybody may do: the case gains a voice and tells no more than its card; one deletes oneself
FOR_ALL = {"join", "forget"}
ARGS = ("0", "LS02", "today", "seen", "more", "evening", "not_mine")


def snapshot(session: Session, case: Case) -> tuple[object, ...]:
    session.flush()
    session.refresh(case)
    events = session.exec(select(func.count()).where(CaseEvent.case == case.id)).one()
    roles = session.exec(select(func.count()).where(Role.revoked_at.is_(None))).one()  # type: ignore[union-attr]
    return (*case.model_dump().values(), events, roles)


def presses(street: Street, verb: str, case: Case) -> Iterator[str]:
    """The button with every sort of argument, once without its version, and for another person."""
    for arg in ARGS:
        yield data(verb, DISTRICT, case.id, case.version, arg)
    yield data(verb, DISTRICT, case.id)
    yield data(verb, DISTRICT, street.key("赵敏"))
    if verb == "assign":
        yield data(verb, DISTRICT, case.id, case.version, key22(street.key("郑工")))


def gas(session: Session, state: str) -> tuple[Street, Case]:
    """A case with everything to steal, and 李强 revoked after it was his."""
    street = peopled(session)
    street.say("王阿姨", WORDS, command="report", files=(photo(),))
    street.say("陈叔", "你好", private=True)
    if state != "dispatched":
        street.press("赵敏", "接单", private=True)
    if state in ("checking", "done"):
        street.press("赵敏", "办好了", private=True)
        street.say("赵敏", private=True, files=(photo("after"),))
    if state == "done":
        street.press("周姐", "已核查：办好了", private=True)
    revoke(street, "李强")
    hand_over(session, session.get_one(Person, (DISTRICT, street.key("李强"))), street.now)
    delivered(street)
    return street, street.case()


@pytest.mark.parametrize("state", ["dispatched", "taken", "checking", "done"])
def test_no_button_does_or_tells_anything_for_the_wrong_person(
    session: Session, state: str
) -> None:
    street, case = gas(session, state)
    assert case.state == state
    for verb in sorted(set(PRESSES) - FOR_ALL):
        before = snapshot(session, case)
        for name in WRONG:
            shown = seen_after(street, name, list(presses(street, verb, case)))
            assert not [each for each in SECRETS if each in shown], (verb, name, shown)
        assert snapshot(session, case) == before, verb


def seen_after(street: Street, name: str, buttons: list[str]) -> str:
    """Everything that presses brought before the presser's eyes, and before the group's."""
    chats = (ADDRESSES[name], GROUP_CHAT)
    known = {row.id for chat in chats for row in street.rows(chat)}
    answers = [street.press_data(name, each, private=True) for each in buttons]
    new = [row for chat in chats for row in street.rows(chat) if row.id not in known]
    return f"{[each.text for each in answers if each]} {[row.payload for row in new]}"
