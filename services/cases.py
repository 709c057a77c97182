"""A case's row and the facts that the rules know; the one place where a change is written."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.lifecycle import CaseFacts, Change, State, Timer
from domain.roles import ActorFacts
from models import Case, CaseEvent, Due, Voice
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
    case.next_at = _set_timers(session, case, change)
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


def _set_timers(session: Session, case: Case, change: Change) -> datetime | None:
    """The change's timers become due rows; returns the earliest that the case has now."""
    rows = due.of_case(session, case.district, case.id)
    for timer, at in change.timers.items():
        key = timer_key(case, timer)
        row = rows.get(key)
        if at is None:
            due.drop_row(session, row, str(change.verb))
            continue
        urgent = case.urgency == "now" and timer in (Timer.ACCEPT, Timer.OVERDUE)
        row = row or Due(district=case.district, key=key, name="", at=at, case=case.id)
        due.set_row(session, row, f"case.{timer}", at, urgent)
        rows[key] = row
    return min((row.at for row in rows.values() if row.state == "pending"), default=None)


def drop_voice(session: Session, case: Case, person: UUID) -> None:
    """Somebody's voice leaves the case; the oldest of the others speaks for it if they did."""
    own = session.get(Voice, (case.district, case.id, person))
    if own is not None:
        session.delete(own)
        session.flush()
        case.voices = max(case.voices - 1, 0)
    if case.reporter in (person, None):
        _let_next_speak(session, case)
    session.add(case)


def _let_next_speak(session: Session, case: Case) -> None:
    query = (
        select(Voice)
        .where(Voice.district == case.district, Voice.case == case.id)
        .order_by(col(Voice.at))
    )
    following = session.exec(query).first()
    case.reporter = following.person if following else None
    if following is not None:
        following.part = "reporter"
        session.add(following)


def events_of(session: Session, case: Case) -> list[CaseEvent]:
    """The case's history, oldest first."""
    query = (
        select(CaseEvent)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .order_by(col(CaseEvent.seq))
    )
    return list(session.exec(query))
