"""The causes that aren't over: remembered, so that a plain report costs no look at them."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from domain.roles import within
from models import Case, Cause
from models.known import CAUSES, known


@dataclass(frozen=True, slots=True)
class Known:
    """An open cause, as it is remembered."""

    id: UUID
    unit: str
    name: str
    kind: str


def open_causes(session: Session, district: str) -> tuple[Known, ...]:
    """The district's causes that aren't over, the newest first."""

    def find() -> tuple[Known, ...]:
        query = select(Cause).where(Cause.district == district, col(Cause.ended_at).is_(None))
        rows = session.exec(query.order_by(col(Cause.made_at).desc(), col(Cause.id)))
        return tuple(Known(each.id, each.unit, each.name, each.kind) for each in rows)

    return known(session, CAUSES, ("open", district), find)


def is_over(session: Session, district: str, key: UUID | None) -> bool:
    """Whether it is a cause that has ended, or that is no more."""
    return key is not None and all(each.id != key for each in open_causes(session, district))


def in_reach(session: Session, district: str, unit: str) -> list[Known]:
    """Those whose desk is the unit's own or below it."""
    return [each for each in open_causes(session, district) if within(unit, each.unit)]


def over(session: Session, district: str, grid: str) -> list[Known]:
    """Those whose area holds the grid: its cases may go under them."""
    return [each for each in open_causes(session, district) if within(each.unit, grid)]


def that_fit(session: Session, case: Case) -> list[Known]:
    """Open causes of the case's kind that have reached its grid already."""
    found = [
        each
        for each in open_causes(session, case.district)
        if each.kind == case.kind and within(each.unit, case.grid)
    ]
    return [each for each in found if _is_in(session, case, each.id)]


def _is_in(session: Session, case: Case, cause: UUID) -> bool:
    query = select(Case.id).where(
        Case.district == case.district, Case.cause == cause, Case.grid == case.grid
    )
    return session.exec(query.limit(1)).first() is not None
