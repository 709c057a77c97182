"""A case's row and the facts that the rules know; the one place where a change is written."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.lifecycle import CaseFacts, Change, State, Timer
from domain.roles import ActorFacts
from models import Case, CaseEvent, Due
from services import due

_COLUMNS = tuple(each.name for each in fields(CaseFacts))


def facts_of(case: Case) -> CaseFacts:
    """The row as the rules see it."""
    values: dict[str, Any] = {name: getattr(case, name) for name in _COLUMNS}
    return CaseFacts(**values | {"state": State(case.state), "passed": tuple(case.passed)})


def write(
    session: Session,
    case: Case,
    change: Change,
    actor: ActorFacts,
    now: datetime,
    personal: dict[str, Any] | None = None,
) -> None:
    """The change becomes columns, one event and due rows."""
    for name, value in change.sets.items():
        setattr(case, name, list(value) if name == "passed" else _plain(value))
    session.add(case)
    session.flush()
    session.add(_event(session, case, change, actor.person, now, personal or {}))
    _set_timers(session, case, change)
    session.flush()
    case.next_at = _next_moment(session, case)
    session.add(case)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, State) else value


def _event(
    session: Session,
    case: Case,
    change: Change,
    person: UUID | None,
    now: datetime,
    personal: dict[str, Any],
) -> CaseEvent:
    return CaseEvent(
        district=case.district,
        case=case.id,
        seq=_last_seq(session, case) + 1,
        at=now,
        verb=str(change.verb),
        actor=person,
        standing=str(change.standing),
        before=str(change.before),
        after=case.state,
        facts=dict(change.facts),
        personal=personal,
    )


def _last_seq(session: Session, case: Case) -> int:
    query = select(func.max(CaseEvent.seq)).where(
        CaseEvent.district == case.district, CaseEvent.case == case.id
    )
    return session.exec(query).one() or 0


def timer_key(case: Case, timer: str) -> str:
    """The due row's key of a case's timer."""
    return f"case:{case.id}:{timer}"


def _set_timers(session: Session, case: Case, change: Change) -> None:
    for timer, at in change.timers.items():
        key = timer_key(case, timer)
        if at is None:
            due.drop(session, case.district, key, str(change.verb))
        else:
            urgent = case.urgency == "now" and timer in (Timer.ACCEPT, Timer.OVERDUE)
            due.plan(session, case.district, key, f"case.{timer}", at, case=case.id, urgent=urgent)


def _next_moment(session: Session, case: Case) -> datetime | None:
    query = (
        select(Due.at)
        .where(Due.district == case.district, Due.case == case.id, Due.state == "pending")
        .order_by(col(Due.at))
    )
    return session.exec(query).first()


def events_of(session: Session, case: Case) -> list[CaseEvent]:
    """The case's history, oldest first."""
    query = (
        select(CaseEvent)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .order_by(col(CaseEvent.seq))
    )
    return list(session.exec(query))
