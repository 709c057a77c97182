"""What somebody has in hand, by weight (domain/load)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
)
from sqlmodel import Session, col, select

from domain import load
from domain.lifecycle import BEFORE_DONE
from models import Case
from models.append import write_appended
from models.statement import Prepared

# people asked about in one question; the last one fills it up
TOGETHER = 4


def of(session: Session, district: str, people: Sequence[UUID]) -> dict[UUID, int]:
    """The weight of each one's open cases; who has none is left out."""
    write_appended(session)  # a case of this unit of work counts
    session.flush()
    found: dict[UUID, int] = {}
    for at in range(0, len(people), TOGETHER):
        some = [*people[at : at + TOGETHER]]
        some += [some[-1]] * (TOGETHER - len(some))
        of = {f"owner_{index}": each for index, each in enumerate(some)}
        rows = _WEIGHTS.all(session, of | {"in_district": district})
        found |= {owner: int(weight) for owner, weight in rows}
    return found


def _literal(value: str | int) -> ColumnElement[str]:
    """A constant that the statement holds itself, so that an index on it can be used."""
    return literal_column(f"'{value}'" if isinstance(value, str) else str(value))


def _weight() -> ColumnElement[int]:
    short = or_(
        *(
            and_(col(Case.limit_unit) == _literal(unit), col(Case.limit_value) <= _literal(most))
            for unit, most in load.SHORT_LIMITS.items()
        )
    )
    parts = (
        _by(col(Case.urgency), load.BY_URGENCY),
        _by(col(Case.circle), load.BY_CIRCLE),
        case((short, _literal(load.SHORT)), else_=_literal(0)),
    )
    return sum(parts, start=_literal(load.PLAIN))  # type: ignore[arg-type]


def _by(column: SQLColumnExpression[str], figures: dict[str, int]) -> ColumnElement[int]:
    found = [(column == _literal(word), _literal(more)) for word, more in figures.items()]
    return case(*found, else_=_literal(0))


def _owner(index: int) -> Any:
    return bindparam(f"owner_{index}", type_=Case.__table__.c.owner.type)  # type: ignore[attr-defined]


_WEIGHTS = Prepared(
    lambda _: (
        select(Case.owner, func.sum(_weight()))
        .where(Case.district == bindparam("in_district"))
        .where(col(Case.owner).in_([_owner(index) for index in range(TOGETHER)]))
        .where(col(Case.state).in_([_literal(str(state)) for state in sorted(BEFORE_DONE)]))
        .group_by(col(Case.owner))
    )
)
