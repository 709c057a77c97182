"""Units outside of the line of grids, who of them can be reached, and the tasks they have."""

from dataclasses import fields
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE
from domain.refused import Refused
from domain.roles import RoleIn, RoleName, is_desk_of_circle
from domain.tasks import OPEN_TASK, By, TaskFacts, TaskState
from models import Case, CaseEvent, Person, Role, Task, Unit
from models.cases import OPEN
from services import due, routing, territory
from services.access import roles_of
from services.catalogue import catalogue

_COLUMNS = tuple(each.name for each in fields(TaskFacts))

# --- units ---


def units_for(session: Session, case: Case, now: datetime) -> list[Unit]:
    """The units in use whose area holds the case, the kind's usual lead first, then by name.

    Departments that only have people so far are listed from now on.
    """
    _list_departments(session, case.district)
    query = select(Unit).where(Unit.district == case.district)
    here = [
        each
        for each in session.exec(query)
        if case.grid.startswith(territory.area_of(each.code)) and not has_ended(session, each, now)
    ]
    lead = catalogue(session, case.district).kind(case.kind).lead
    return sorted(here, key=lambda each: (territory.department_of(each.code) != lead, each.name))


def _list_departments(session: Session, district: str) -> None:
    listed = set(session.exec(select(Unit.code).where(Unit.district == district)))
    query = select(Role.unit).where(
        Role.district == district,
        Role.role == str(RoleName.DEPARTMENT),
        col(Role.revoked_at).is_(None),
    )
    for code in sorted(set(session.exec(query)) - listed):
        session.add(
            Unit(district=district, code=code, name=territory.name(session, district, code))
        )
    session.flush()


def has_ended(session: Session, unit: Unit, now: datetime) -> bool:
    """Whether the unit no longer exists."""
    today = now.astimezone(territory.zone(session, unit.district)).date()
    return unit.ends_on is not None and unit.ends_on <= today


def is_no_more(session: Session, district: str, code: str, now: datetime) -> bool:
    """Whether the unit of this code has ended; one that nobody has listed goes on."""
    unit = unit_of(session, district, code)
    return unit is not None and has_ended(session, unit, now)


def unit_by_id(session: Session, district: str, key: UUID | None, now: datetime) -> Unit:
    """A unit that can be called. Raises Refused `unit_unknown`, `unit_ended`, `unit_gone`."""
    query = select(Unit).where(Unit.district == district, Unit.id == key)
    unit = session.exec(query).first()
    if unit is None:
        raise Refused("unit_unknown")
    check_goes_on(session, district, unit.code, now)
    return unit


def check_goes_on(session: Session, district: str, code: str, now: datetime) -> None:
    """Raises Refused `unit_ended` with the unit's successor, or `unit_gone` if it has none."""
    unit = unit_of(session, district, code)
    if unit is None or not has_ended(session, unit, now):
        return
    heir = unit_of(session, district, unit.successor or "")
    if heir is None:
        raise Refused("unit_gone", name=unit.name)
    raise Refused("unit_ended", name=unit.name, next=heir.name)


def unit_of(session: Session, district: str, code: str) -> Unit | None:
    """The unit of this code, ended ones too."""
    return session.get(Unit, (district, code)) if code else None


def unit_name(session: Session, task: Task) -> str:
    """What the task's unit is called, also once it has ended."""
    unit = unit_of(session, task.district, task.unit)
    return unit.name if unit else territory.name(session, task.district, task.unit)


def staff_of(session: Session, district: str, code: str, now: datetime) -> list[Person]:
    """The unit's people who can be reached on the platform; none of one that is only rung, or
    that is no more.
    """
    unit = unit_of(session, district, code)
    if unit is not None and (unit.by == "phone" or has_ended(session, unit, now)):
        return []
    query = (
        select(Person)
        .join(Role, (col(Role.district) == Person.district) & (col(Role.person) == Person.id))
        .where(Role.district == district, Role.unit == code, col(Role.revoked_at).is_(None))
        .where(Role.role == str(RoleName.DEPARTMENT), col(Person.reachable).is_(True))
        .order_by(col(Role.since), col(Role.id))
    )
    return list(session.exec(query))


def keeper_of(session: Session, task: Task, case: Case) -> Person | None:
    """Who at the desk sees to the task: who called it, else somebody who is still there."""
    keeper = session.get(Person, (task.district, task.keeper)) if task.keeper else None
    if keeper is not None and keeper.reachable and _is_desk(session, keeper, task, case):
        return keeper
    unit = routing.circle_desk(session, case, task.circle)
    others = routing.desk(session, case.district, unit)
    return session.get(Person, (task.district, others[0])) if others else keeper


def _is_desk(session: Session, person: Person, task: Task, case: Case) -> bool:
    return is_desk_of_circle(roles_of(session, person), case.grid, task.circle)


# --- a unit that ends ---

# the name of the due row that tells the desks which tasks are left
UNIT_END = "unit.end"


def plan_end(session: Session, unit: Unit, now: datetime) -> None:
    """The desks hear of its end at the local midnight of `ends_on`; of none without a date."""
    key = f"{UNIT_END}:{unit.code}"
    if unit.ends_on is None:
        return due.drop(session, unit.district, key, "goes_on")
    midnight = datetime.combine(
        unit.ends_on, time(), territory.zone(session, unit.district)
    ).astimezone(UTC)
    return due.plan(session, unit.district, key, UNIT_END, max(midnight, now), subject=unit.code)


def open_of(session: Session, unit: Unit) -> list[Task]:
    """The unit's open tasks, the nearest deadline first."""
    query = select(Task).where(
        Task.district == unit.district,
        Task.unit == unit.code,
        col(Task.state).in_([str(each) for each in OPEN_TASK]),
    )
    return list(session.exec(query.order_by(col(Task.due_at), col(Task.id))))


def bound_to(session: Session, unit: Unit) -> list[Case]:
    """The open cases that a supervisor's word has given to the unit."""
    query = select(Case).where(
        Case.district == unit.district,
        text(OPEN),
        Case.bound_unit == unit.code,
        col(Case.state).in_([str(each) for each in BEFORE_DONE]),
    )
    return list(session.exec(query.order_by(col(Case.due_at), col(Case.id))))


def heir_for(session: Session, task: Task, case: Case, now: datetime) -> Unit | None:
    """The successor of a task's unit, if it can be given the task."""
    unit = unit_of(session, task.district, task.unit)
    heir = unit_of(session, task.district, unit.successor or "") if unit else None
    if heir is None or has_ended(session, heir, now):
        return None
    at_it = {each.unit for each in tasks_of(session, case) if each.state in set(OPEN_TASK)}
    return None if heir.code in at_it else heir


# --- tasks ---


def tasks_of(session: Session, case: Case) -> list[Task]:
    """The case's tasks, those that lead first, then as they were called."""
    query = (
        select(Task)
        .where(Task.district == case.district, Task.case == case.id)
        .order_by(col(Task.called_at), col(Task.part).desc(), col(Task.id))
    )
    return list(session.exec(query))


def task_facts(task: Task) -> TaskFacts:
    """The row as the rules see it."""
    values: dict[str, Any] = {name: getattr(task, name) for name in _COLUMNS}
    return TaskFacts(**values | {"state": TaskState(task.state)})


def standing_in(
    session: Session, person: Person, task: Task, case: Case, now: datetime
) -> By | None:
    """What the person is to the task: of its unit, of the desk that called it, or nothing.

    Nobody is of a unit that is no more.
    """
    if was_of(session, person, task) and not unit_has_ended(session, task, now):
        return By.UNIT
    return By.DESK if _is_desk(session, person, task, case) else None


def was_of(session: Session, person: Person, task: Task) -> bool:
    """Whether the person's role is in the task's unit, ended or not."""
    return RoleIn(RoleName.DEPARTMENT, task.unit) in roles_of(session, person)


def unit_has_ended(session: Session, task: Task, now: datetime) -> bool:
    """Whether the task's unit no longer exists."""
    return is_no_more(session, task.district, task.unit, now)


def open_lead(session: Session, case: Case) -> Task | None:
    """The unit that leads now: at it still, or done while others are at it."""
    if case.lead_unit is None:
        return None
    counts = {*map(str, OPEN_TASK), str(TaskState.DONE)}
    leads = [each for each in tasks_of(session, case) if each.part == "lead"]
    mine = [each for each in leads if each.unit == case.lead_unit and each.state in counts]
    return mine[-1] if mine else None


def notes_of(session: Session, task: Task, most: int = 3) -> list[tuple[datetime, str, str]]:
    """(when, who, what) that was written down last, oldest first."""
    query = (
        select(CaseEvent)
        .where(CaseEvent.district == task.district, CaseEvent.case == task.case)
        .where(col(CaseEvent.verb).in_(["task_note", "task_done"]))
        .order_by(col(CaseEvent.seq).desc())
    )
    own = (each for each in session.exec(query) if each.facts.get("task") == str(task.id))
    said = [
        (each.at, str(each.personal.get("who") or ""), str(each.personal["text"]))
        for each in own
        if each.personal.get("text")
    ]
    return said[:most][::-1]
