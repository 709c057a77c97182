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
    row.name, row.at, row.case, row.subject = name, at, case, subject
    row.urgent, row.data = urgent, data or {}
    row.state, row.trace, row.fired_at = "pending", None, None
    session.add(row)
    session.flush()


def drop(session: Session, district: str, key: str, trace: str) -> None:
    """The thing won't happen; `trace` says why."""
    row = _row(session, district, key)
    if row is not None and row.state == "pending":
        row.state, row.trace = "dropped", trace
        session.add(row)
        session.flush()


def _row(session: Session, district: str, key: str) -> Due | None:
    query = select(Due).where(Due.district == district, Due.key == key)
    return session.exec(query).first()


def next_at(session: Session) -> datetime | None:
    """The earliest instant at which anything is due."""
    due = select(Due.at).where(Due.state == "pending").order_by(col(Due.at)).limit(1)
    leave = select(StrangeGroup.leave_at).order_by(col(StrangeGroup.leave_at)).limit(1)
    found = [session.exec(due).first(), session.exec(leave).first()]
    return min((each for each in found if each is not None), default=None)
