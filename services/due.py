"""What will happen by itself: rows with an instant, planned once per key."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from models import Due, StrangeGroup


def plan(
    session: Session,
    district: str,
    key: str,
    name: str,
    at: datetime,
    *,
    case: UUID | None = None,
    subject: str | None = None,
    urgent: bool = False,
    data: dict[str, Any] | None = None,
) -> None:
    """The thing `key` happens at `at`; planned again, it moves there."""
    row = _row(session, district, key) or Due(district=district, key=key, name=name, at=at)
    row.case, row.subject, row.data = case, subject, data or {}
    set_row(row, name, at, urgent)
    session.add(row)
    session.flush()


def set_row(row: Due, name: str, at: datetime, urgent: bool) -> None:
    """The row is pending from now on, whatever became of it before."""
    row.name, row.at, row.urgent = name, at, urgent
    row.state, row.trace, row.fired_at = "pending", None, None


def drop(session: Session, district: str, key: str, trace: str) -> None:
    """The thing won't happen; `trace` says why."""
    drop_row(session, _row(session, district, key), trace)


def drop_row(session: Session, row: Due | None, trace: str) -> None:
    """The same for a row at hand; one that isn't pending stays as it is."""
    if row is not None and row.state == "pending":
        row.state, row.trace = "dropped", trace
        session.add(row)


def is_known(session: Session, district: str, key: str) -> bool:
    """Whether the thing `key` was ever planned, whatever became of it."""
    return _row(session, district, key) is not None


def of_case(session: Session, district: str, case: UUID) -> dict[str, Due]:
    """Every due row that a case has or had, by key."""
    query = select(Due).where(Due.district == district, Due.case == case)
    return {row.key: row for row in session.exec(query)}


def _row(session: Session, district: str, key: str) -> Due | None:
    query = select(Due).where(Due.district == district, Due.key == key)
    return session.exec(query).first()


def next_at(session: Session) -> datetime | None:
    """The earliest instant at which anything is due."""
    due = select(Due.at).where(Due.state == "pending").order_by(col(Due.at)).limit(1)
    leave = select(StrangeGroup.leave_at).order_by(col(StrangeGroup.leave_at)).limit(1)
    found = [session.exec(due).first(), session.exec(leave).first()]
    return min((each for each in found if each is not None), default=None)
