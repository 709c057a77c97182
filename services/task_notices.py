"""Who hears what of a task: its unit in its own chat, and the desk that called it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from domain.tasks import By, TaskChange, TaskState, TaskVerb
from models import Case, Person, Task, Unit
from services import attachments, duty, notices, routing
from services.cards import look_at
from services.outbox import About, Button, Message, Priority, put
from services.summary_message import case_line, open_button
from services.task_cards import give_row, left_line, task_card, time_row
from services.task_lines import task_data
from services.texts import plain, say
from services.units import keeper_of, staff_of, tasks_of, unit_has_ended, unit_name, unit_of


def card_name(task: Task) -> str:
    """The name of a task's card in a chat."""
    return f"t:{task.id}"


def show(
    session: Session,
    case: Case,
    task: Task,
    person: Person,
    now: datetime,
    menu: str = "",
    *,
    afresh: bool = False,
    at_once: bool = False,
) -> None:
    """The task's card to one person; `afresh`: as a new message. `at_once`: they asked for it."""
    to = notices.private_chat(person, case.bot)
    if to is None:
        return
    if afresh:
        notices.retire(session, to, card_name(task), now)
    free = at_once or menu or not afresh or case.urgency == "now"
    wait = None if free else duty.routine_at(session, person, now)
    message = task_card(look_at(session, case, person.language, now), task, person, menu)
    about = _about(case, person, wait, card=card_name(task))
    put(session, to, message, now, about)


def refresh(session: Session, case: Case, task: Task, now: datetime) -> None:
    """The task's cards that stand somewhere, and the case's, as they stand now."""
    _refresh_one(session, case, task, now)
    notices.refresh(session, case, now)


def refresh_units(session: Session, case: Case, now: datetime) -> None:
    """The cards of all of the case's tasks: what they say of the case itself has changed."""
    for task in tasks_of(session, case):
        _refresh_one(session, case, task, now)


def _refresh_one(session: Session, case: Case, task: Task, now: datetime) -> None:
    people = [*staff_of(session, task.district, task.unit, now), *_desk(session, case, task)]
    for person in people:
        to = notices.private_chat(person, case.bot)
        if to is not None and notices.has_card(session, to, card_name(task)):
            show(session, case, task, person, now)


def refresh_desk(session: Session, case: Case, now: datetime) -> None:
    """The case's own cards, once all of its units are called."""
    notices.refresh(session, case, now)


def _desk(session: Session, case: Case, task: Task) -> list[Person]:
    """The people of the desk that called it, its keeper first."""
    unit = routing.circle_desk(session, case, task.circle)
    keeper = keeper_of(session, task, case)
    found = [keeper] if keeper is not None else []
    for key in routing.desk(session, case.district, unit):
        person = session.get(Person, (case.district, key))
        if person is not None and person not in found:
            found.append(person)
    return found


def _about(case: Case, person: Person, wait: datetime | None, *, card: str | None = None) -> About:
    return About(
        priority=Priority.URGENT if case.urgency == "now" else Priority.NOTICE,
        district=case.district,
        case=case.id,
        person=person.id,
        not_before=wait,
        card=card,
    )


def _say(
    session: Session,
    case: Case,
    task: Task,
    person: Person,
    sentence: str,
    now: datetime,
    **facts: Any,
) -> None:
    """A sentence about the task, with what it asks for and a button that opens it."""
    to = notices.private_chat(person, case.bot)
    if to is None:
        return
    look = look_at(session, case, person.language, now)
    known = {
        "number": case.number,
        "unit": unit_name(session, task),
        "when": look.when(facts.pop("at", task.due_at)),
        "reason": plain(f"reason.{task.reason}", person.language) if task.reason else "",
    }
    opens = Button(plain("btn.open", person.language), task_data("t_open", task))
    wait = None if case.urgency == "now" else duty.routine_at(session, person, now)
    asks = (time_row(look, task),) if sentence == _TIME_ASKED else ()
    message = Message(say(sentence, person.language, **known | facts), (*asks, (opens,)))
    put(session, to, message, now, _about(case, person, wait))


def tell(session: Session, case: Case, task: Task, change: TaskChange, now: datetime) -> None:
    """Everybody who must hear of it does: the unit its calls, the desk its answers."""
    if change.verb is TaskVerb.CALL:
        return _called(session, case, task, now)
    refresh(session, case, task, now)
    unit, desk = staff_of(session, task.district, task.unit, now), _desk(session, case, task)[:1]
    for_unit = _TO_UNIT.get(change.verb)
    for_desk = _TO_DESK.get(change.verb)
    if change.verb is TaskVerb.REMIND:
        rung = task.state != TaskState.CALLED
        for_desk = "task.told_remind_rung" if rung else "task.told_remind"
        if unit_has_ended(session, task, now):
            for_desk = "task.told_remind_ended"
    at = task.asked_until if change.verb is TaskVerb.ASK_TIME else task.due_at
    for person in unit if for_unit and change.by is not By.UNIT else ():
        _say(session, case, task, person, for_unit or "", now, at=at)
    # what the desk wrote down itself it needn't be told
    for person in desk if for_desk and change.by is not By.DESK else ():
        _say(session, case, task, person, for_desk or "", now, at=at)
    return None


_TO_UNIT = {
    TaskVerb.GRANT: "task.told_granted",
    TaskVerb.DENY: "task.told_denied",
    TaskVerb.CALL_OFF: "task.told_off",
    TaskVerb.WARN: "task.told_warn",
    TaskVerb.OVERDUE: "task.told_overdue",
}
_TIME_ASKED = "task.told_time"
_TO_DESK = {
    TaskVerb.ACCEPT: "task.told_accept",
    TaskVerb.NOT_OURS: "task.told_not_ours",
    TaskVerb.DONE: "task.told_done",
    TaskVerb.ASK_TIME: _TIME_ASKED,
    TaskVerb.WARN: "task.told_warn",
    TaskVerb.OVERDUE: "task.told_overdue",
}


def _called(session: Session, case: Case, task: Task, now: datetime) -> None:
    """The unit's people get the card and the photos; where nobody is here, the desk gets it."""
    people = staff_of(session, task.district, task.unit, now)
    files = attachments.of(session, case, "report")
    for person in people:
        show(session, case, task, person, now, afresh=True)
        notices.send_files(session, case, person, files, now)
    for keeper in () if people else _desk(session, case, task)[:1]:
        show(session, case, task, keeper, now, afresh=True, at_once=True)


def tell_ended(session: Session, case: Case, task: Task, now: datetime) -> None:
    """Every unit has answered and the case isn't done: its desk must go on."""
    for key in routing.desk(session, case.district, case.owner_unit):
        person = session.get(Person, (case.district, key))
        if person is not None:
            _say(session, case, task, person, "task.told_ended", now)


# tasks in one notice: a button or two for each still fit a small screen
LEFT_A_NOTICE = 6
Left = tuple[Case, Task | None]


def tell_unit_ended(
    session: Session,
    unit: Unit,
    left: Sequence[tuple[Case, Task]],
    bound: Sequence[Case],
    now: datetime,
) -> None:
    """Who answers for a unit's tasks hears which are left, each with a tap that gives it on.

    `bound`: cases that a supervisor's word gave to the unit; the desk of that word hears of them.
    """
    ears: dict[UUID, list[Left]] = defaultdict(list)
    for case, task in left:
        if task.keeper is not None:
            ears[task.keeper].append((case, task))
    for case in bound:
        for key in routing.desk(session, case.district, case.arbiter or case.owner_unit):
            ears[key].append((case, None))
    for key, found in ears.items():
        person = session.get(Person, (unit.district, key))
        if person is None:
            continue
        for first in range(0, len(found), LEFT_A_NOTICE):
            _tell_left(session, unit, person, found[first : first + LEFT_A_NOTICE], now)


def _tell_left(
    session: Session, unit: Unit, person: Person, left: Sequence[Left], now: datetime
) -> None:
    to = notices.private_chat(person, left[0][0].bot)
    if to is None:
        return
    heir = unit_of(session, unit.district, unit.successor or "")
    known: dict[str, Any] = {"unit": unit.name, "n": len(left), "heir": heir.name if heir else ""}
    head = "task.unit_ended_heir" if heir else "task.unit_ended_alone"
    lines, rows = [say(head, person.language, **known)], []
    for case, task in left:
        look = look_at(session, case, person.language, now)
        lines.append(case_line(look) if task is None else left_line(look, task))
        rows.append((open_button(case),) if task is None else give_row(look, task))
    urgent = any(case.urgency == "now" for case, _ in left)
    about = About(
        priority=Priority.URGENT if urgent else Priority.NOTICE,
        district=unit.district,
        person=person.id,
        not_before=None if urgent else duty.routine_at(session, person, now),
    )
    put(session, to, Message("\n".join(lines), tuple(rows)), now, about)
