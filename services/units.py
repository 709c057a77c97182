"""Units outside of the line of grids, who of them can be reached, and the tasks they have."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain.refused import Refused
from domain.roles import RoleIn, RoleName, is_desk_of_circle
from domain.tasks import OPEN_TASK, By, TaskFacts, TaskState
from models import Case, CaseEvent, Person, Role, Task, Unit
from services import routing, territory
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


def unit_by_id(session: Session, district: str, key: UUID | None, now: datetime) -> Unit:
    """A unit that can be called. Raises Refused `unit_unknown`, `unit_ended`."""
    query = select(Unit).where(Unit.district == district, Unit.id == key)
    unit = session.exec(query).first()
    if unit is None:
        raise Refused("unit_unknown")
    if has_ended(session, unit, now):
        heir = unit_of(session, district, unit.successor or "")
        raise Refused("unit_ended", name=unit.name, next=heir.name if heir else "—")
    return unit


def unit_of(session: Session, district: str, code: str) -> Unit | None:
    """The unit of this code, ended ones too."""
    return session.get(Unit, (district, code)) if code else None


def unit_name(session: Session, task: Task) -> str:
    """What the task's unit is called, also once it has ended."""
    unit = unit_of(session, task.district, task.unit)
    return unit.name if unit else territory.name(session, task.district, task.unit)


def staff_of(session: Session, district: str, code: str) -> list[Person]:
    """The unit's people who can be reached on the platform; none of one that is only rung."""
    unit = unit_of(session, district, code)
    if unit is not None and unit.by == "phone":
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


def standing_in(session: Session, person: Person, task: Task, case: Case) -> By | None:
    """What the person is to the task: of its unit, of the desk that called it, or nothing."""
    if RoleIn(RoleName.DEPARTMENT, task.unit) in roles_of(session, person):
        return By.UNIT
    return By.DESK if _is_desk(session, person, task, case) else None


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
