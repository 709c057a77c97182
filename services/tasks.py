"""Whistle (吹哨): a desk calls units, and each unit's task goes its own way under the case.

A unit that nobody of can be reached on the platform is a unit all the same: somebody at the desk
sees to its task, is reminded of it, and writes down who said what and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from domain.lifecycle import ENDED, State, Verb, WaitsFor
from domain.refused import Refused
from domain.roles import ActorFacts
from domain.tasks import (
    OPEN_TASK,
    By,
    TaskChange,
    TaskGiven,
    TaskState,
    TaskTimer,
    TaskVerb,
    decide_task,
)
from domain.worktime import add_work
from models import Audit, Case, Due, Person, Task, Unit
from services import due, duty, task_notices
from services.access import is_circle_desk, locked_case, roles_of
from services.cases import note_event
from services.equipment import policy, vault
from services.handling import change_case, evidence, open_tasks, stale
from services.units import (
    bound_to,
    has_ended,
    keeper_of,
    open_lead,
    open_of,
    staff_of,
    standing_in,
    task_facts,
    tasks_of,
    unit_by_id,
    unit_has_ended,
    unit_name,
    unit_of,
    was_of,
)


@dataclass(frozen=True, slots=True)
class Order:
    """What one unit is called for. `unit` is the row's id."""

    unit: UUID
    part: str
    words: str
    due_at: datetime


def task_of(session: Session, person: Person, key: UUID | None, now: datetime) -> tuple[Case, Task]:
    """A task and its case, both held until this unit of work ends, for who has a part in it.

    Raises Refused `task_unknown`, also when it exists and isn't theirs to see, and
    `your_unit_ended` for who was of a unit that is no more.
    """
    found = session.get(Task, (person.district, key)) if key else None
    if found is None:
        raise Refused("task_unknown")
    case = locked_case(session, person.district, found.case)
    session.refresh(found)
    if standing_in(session, person, found, case, now) is None:
        if was_of(session, person, found):
            raise Refused("your_unit_ended", name=unit_name(session, found))
        raise Refused("task_unknown")
    return case, found


def call(
    session: Session,
    person: Person,
    key: UUID | None,
    orders: Sequence[Order],
    now: datetime,
    version: int | None = None,
) -> Case:
    """Blow the whistle: one task for each order.

    Raises Refused `lead_missing`, `unit_unknown`, `unit_ended`, `unit_gone`, `unit_called`,
    `words_missing`, and whatever the case's own table refuses with.
    """
    case = locked_case(session, person.district, key)
    if version is not None and version != case.version:
        raise stale(session, case, person)
    units = {each.unit: unit_by_id(session, case.district, each.unit, now) for each in orders}
    _check_orders(session, case, orders, units)
    leads = [units[each.unit].code for each in orders if each.part == "lead"]
    actor = ActorFacts(person.id, roles_of(session, person))
    change_case(
        session,
        case,
        Verb.WHISTLE,
        actor,
        now,
        lead=leads[0] if leads else None,
        at=max(each.due_at for each in orders),
        facts={"units": [units[each.unit].code for each in orders]},
    )
    for order in orders:
        _call_one(session, person, case, order, units[order.unit], now)
    task_notices.refresh_desk(session, case, now)
    return case


def _check_orders(
    session: Session, case: Case, orders: Sequence[Order], units: dict[UUID, Unit]
) -> None:
    leads = sum(each.part == "lead" for each in orders) + (open_lead(session, case) is not None)
    if not orders or leads != 1:
        raise Refused("lead_missing")
    for order in orders:
        _check_not_at_it(session, case, units[order.unit])
        if not order.words.strip():
            raise Refused("words_missing")
    if len({each.unit for each in orders}) != len(orders):
        raise Refused("unit_called", name=units[orders[0].unit].name)


def _check_not_at_it(session: Session, case: Case, unit: Unit) -> None:
    at_it = {each.unit for each in tasks_of(session, case) if each.state in set(OPEN_TASK)}
    if unit.code in at_it:
        raise Refused("unit_called", name=unit.name)


def _call_one(
    session: Session, person: Person, case: Case, order: Order, unit: Unit, now: datetime
) -> None:
    task = Task(
        district=case.district,
        case=case.id,
        unit=unit.code,
        part=order.part,
        state=str(TaskState.CALLED),
        circle=case.circle,
        words=order.words.strip(),
        keeper=person.id,
        called_by=person.id,
        called_at=now,
        first_due_at=order.due_at,
        due_at=order.due_at,
    )
    session.add(task)
    session.flush()
    facts = {"part": task.part, "due": task.due_at.isoformat()}
    _change(session, case, task, TaskVerb.CALL, By.DESK, person, now, {"text": task.words}, facts)


def give(
    session: Session,
    person: Person,
    key: UUID | None,
    unit: UUID | None,
    now: datetime,
    version: int | None = None,
) -> Unit:
    """The task of a unit that is no more goes to another, with its part, words and deadline.

    A deadline that is over becomes the next working day. Raises Refused `not_yours`,
    `unit_goes_on`, `task_moved_on`, `unit_unknown`, `unit_ended`, `unit_gone`, `unit_called`.
    """
    case, task = task_of(session, person, key, now)
    if version is not None and version != task.version:
        raise Refused("task_moved_on")
    if standing_in(session, person, task, case, now) is not By.DESK:
        raise Refused("not_yours")
    if not unit_has_ended(session, task, now):
        raise Refused("unit_goes_on")
    heir = unit_by_id(session, case.district, unit, now)
    _check_not_at_it(session, case, heir)
    facts = {"to": heir.code}
    _change(session, case, task, TaskVerb.CALL_OFF, By.DESK, person, now, {}, facts)
    if case.waits_for == WaitsFor.TASK and task.part == "lead" and case.lead_unit == task.unit:
        actor = ActorFacts(person.id, roles_of(session, person))
        change_case(session, case, Verb.NEW_LEAD, actor, now, lead=heir.code)
    _call_one(session, person, case, _same_order(session, task, heir, now), heir, now)
    task_notices.refresh_desk(session, case, now)
    return heir


def _same_order(session: Session, task: Task, heir: Unit, now: datetime) -> Order:
    tomorrow = add_work(duty.calendar(session, task.district), now, 1, "work_days").at
    due_at = task.due_at if task.due_at > now else tomorrow
    return Order(heir.id, task.part, task.words, due_at)


def do(
    session: Session,
    person: Person,
    key: UUID | None,
    verb: TaskVerb,
    now: datetime,
    *,
    version: int | None = None,
    personal: dict[str, Any] | None = None,
    **given: Any,
) -> tuple[Case, Task]:
    """`verb` by `person` to a task: of its unit, or of the desk, which says what the unit said.

    `version`: the one the pressed button carried. Raises Refused.
    """
    case, task = task_of(session, person, key, now)
    if version is not None and version != task.version:
        raise Refused("task_moved_on")
    by = standing_in(session, person, task, case, now)
    facts = {"recorded": True} if by is By.DESK else {}
    _change(session, case, task, verb, by, person, now, personal or {}, facts, **given)
    if task.state not in set(OPEN_TASK):
        _when_none_is_open(session, case, task, person, by, now)
    return case, task


def _change(
    session: Session,
    case: Case,
    task: Task,
    verb: TaskVerb,
    by: By | None,
    person: Person | None,
    now: datetime,
    personal: dict[str, Any],
    facts: dict[str, Any],
    **given: Any,
) -> TaskChange:
    """Decide, write, tell."""
    known: dict[str, Any] = {
        "calendar": duty.calendar(session, case.district),
        "policy": policy(session),
        "answers": bool(staff_of(session, task.district, task.unit, now)),
    }
    if verb is TaskVerb.DONE:
        lead = task.part == "lead"
        known["wanted"] = case.evidence if lead and case.evidence == "photo" else "note"
        known["evidence"] = evidence(session, case) if lead else frozenset()
        said = frozenset({"note"}) if personal.get("text") else frozenset()
        given["evidence"] = known["evidence"] | said | given.get("evidence", frozenset())
    change = decide_task(task_facts(task), verb, by, TaskGiven(**known | given), now)
    _write(session, case, task, change, person, now, personal, facts | _told(given))
    task_notices.tell(session, case, task, change, now)
    return change


def _told(given: dict[str, Any]) -> dict[str, Any]:
    """What of a verb's facts goes into the history."""
    found = {name: given[name] for name in ("reason",) if given.get(name)}
    if given.get("until"):
        found["until"] = given["until"].isoformat()
    return found


def _write(
    session: Session,
    case: Case,
    task: Task,
    change: TaskChange,
    person: Person | None,
    now: datetime,
    personal: dict[str, Any],
    facts: dict[str, Any],
) -> None:
    for name, value in change.sets.items():
        setattr(task, name, str(value) if isinstance(value, TaskState) else value)
    session.add(task)
    for timer, at in change.timers.items():
        key = f"task:{task.id}:{timer}"
        if at is None:
            due.drop(session, task.district, key, str(change.verb))
        else:
            due.plan(session, task.district, key, f"task.{timer}", at, subject=str(task.id))
    actor = person.id if person else None
    facts = {"task": str(task.id), "unit": task.unit} | facts
    note_event(session, case, f"task_{change.verb}", actor, str(change.by), now, facts, personal)


def _when_none_is_open(
    session: Session, case: Case, task: Task, person: Person, by: By | None, now: datetime
) -> None:
    """The last unit has answered: the case is done if the lead says so, else its desk goes on."""
    waits = case.state == State.WAITING and case.waits_for == WaitsFor.TASK
    if not waits or open_tasks(session, case):
        return
    actor = ActorFacts(person.id, roles_of(session, person), tasked=by is By.UNIT)
    lead = open_lead(session, case)
    if lead is not None and lead.state == TaskState.DONE:
        try:
            change_case(session, case, Verb.TASKS_DONE, actor, now)
        except Refused as refused:
            if refused.code not in ("photo_missing", "note_missing"):
                raise
        else:
            return
    change_case(session, case, Verb.TASKS_ENDED, actor, now)
    task_notices.tell_ended(session, case, task, now)


def note(
    session: Session, person: Person, key: UUID | None, words: str, now: datetime
) -> tuple[Case, Task]:
    """Who said what, kept with the time it was written down. Raises Refused `words_missing`."""
    who, said = _who_said(words)
    if not said:
        raise Refused("words_missing")
    personal = {"who": who, "text": said}
    return do(session, person, key, TaskVerb.NOTE, now, personal=personal)


def _who_said(words: str) -> tuple[str, str]:
    """`消防张工：明天来` → who and what; without a colon, who is left empty."""
    for colon in ("：", ":"):
        who, found, said = words.partition(colon)
        if found and 0 < len(who.strip()) <= MOST_WHO:
            return who.strip(), said.strip()
    return "", words.strip()


MOST_WHO = 20
LONGEST_REFERENCE = 40


def set_reference(
    session: Session, person: Person, key: UUID | None, text: str, now: datetime
) -> tuple[Case, Task]:
    """The unit's own number for it. Raises Refused `words_missing`."""
    reference = text.strip()[:LONGEST_REFERENCE]
    if not reference:
        raise Refused("words_missing")
    case, task = do(session, person, key, TaskVerb.NOTE, now, personal={"reference": reference})
    task.reference = reference
    session.add(task)
    task_notices.refresh(session, case, task, now)
    return case, task


def reveal_phone(session: Session, person: Person, key: UUID | None, now: datetime) -> str:
    """The unit's number, for the desk; that somebody looked is kept. Raises Refused `no_phone`."""
    case, task = task_of(session, person, key, now)
    unit = unit_of(session, task.district, task.unit)
    if not is_circle_desk(session, person, case) or unit is None or not unit.phone:
        raise Refused("no_phone")
    session.add(
        Audit(
            district=task.district,
            at=now,
            actor=person.id,
            act="phone_revealed",
            object=f"unit:{unit.code}",
        )
    )
    return vault(session).open(unit.phone)


# --- by the clock (services/clock registers them) ---


def fire_end(session: Session, row: Due, now: datetime) -> None:
    """The case has ended: whatever units are still at is called off, and they hear of it."""
    case = locked_case(session, row.district, UUID(row.subject or ""))
    if case.state not in set(map(str, ENDED)):
        raise Refused("moved_on")
    for task in tasks_of(session, case):
        if task.state in set(OPEN_TASK):
            _change(session, case, task, TaskVerb.CALL_OFF, By.CLOCK, None, now, {}, {})


def fire_unit_end(session: Session, row: Due, now: datetime) -> None:
    """A unit is no more: who answers for its tasks hears which are left.

    Each keeps its deadline, somebody at the desk and its colour. Raises Refused `moved_on` if it
    goes on after all.
    """
    unit = unit_of(session, row.district, row.subject or "")
    if unit is None or not has_ended(session, unit, now):
        raise Refused("moved_on")
    left: list[tuple[Case, Task]] = []
    for task in open_of(session, unit):
        case = locked_case(session, row.district, task.case)
        session.refresh(task)
        if task.state in set(OPEN_TASK):
            keeper = keeper_of(session, task, case)
            task.keeper = keeper.id if keeper is not None else task.keeper
            _change(session, case, task, TaskVerb.UNIT_ENDED, By.CLOCK, None, now, {}, {})
            left.append((case, task))
    task_notices.tell_unit_ended(session, unit, left, bound_to(session, unit), now)


def fire(session: Session, row: Due, now: datetime) -> None:
    """A task's own timer. Raises Refused `moved_on` if it has ended."""
    found = session.get(Task, (row.district, UUID(row.subject or "")))
    if found is None:
        raise Refused("moved_on")
    case = locked_case(session, row.district, found.case)
    session.refresh(found)
    verb = TaskVerb(str(TaskTimer(row.name.removeprefix("task."))))
    if found.state not in set(OPEN_TASK):
        raise Refused("moved_on")
    keeper = keeper_of(session, found, case)
    if keeper is not None:
        found.keeper = keeper.id
    _change(session, case, found, verb, By.CLOCK, None, now, {}, {})
