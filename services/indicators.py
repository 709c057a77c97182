"""The field's indicators for a period: counts, the rates made of them, and the cases behind each.

docs/indicators.md defines every number. The cases of a period are those that came in during it;
where they stand now is counted. Forced, unconfirmed, merged, rework and satisfaction are numbers
of their own and part of no other. A matter for one named person is in none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import case as when
from sqlmodel import Session, col, select

from domain.catalogue import CIRCLES
from domain.lifecycle import Closing, State
from models import Case
from services import returning, territory
from services.summary import seen

_STATE: Any = col(Case.state)
_CLOSING: Any = col(Case.closing)
_ADMITTED = col(Case.not_admitted).is_(None)
# after some months a case is archived: how it ended is still in its columns
_CLOSED = or_(
    str(State.CLOSED) == _STATE, and_(str(State.ARCHIVED) == _STATE, _CLOSING.is_not(None))
)
_FORCED = and_(_CLOSED, str(Closing.FORCED) == _CLOSING)
_VOIDED = and_(col(Case.end_reason).is_not(None), _CLOSING.is_(None))
# whatever happened to it before, another case counts for it
_MERGED = col(Case.merged_into).is_not(None)
_HANDLED = or_(
    _CLOSED,
    _STATE.in_([str(State.CHECKING), str(State.DONE)]),
    col(Case.done_at).is_not(None),
    col(Case.reopenings) > 0,
)
_WITHDRAWN = or_(
    str(State.WITHDRAWN) == _STATE,
    and_(str(State.ARCHIVED) == _STATE, _CLOSING.is_(None), col(Case.end_reason).is_(None)),
)
_DUE = and_(_ADMITTED, _HANDLED, ~_VOIDED, ~_WITHDRAWN, ~_MERGED)
_DONE = and_(_CLOSED, ~_FORCED)
_IN_TIME = or_(
    col(Case.appeal) == "exempt",
    col(Case.done_at) <= func.coalesce(col(Case.handle_by), col(Case.due_at)),
)
_ASKED = and_(col(Case.asked_at).is_not(None), ~_MERGED)


def _ended(closing: Closing) -> ColumnElement[bool]:
    return and_(_CLOSED, str(closing) == _CLOSING)


# its circle's limit counts work time (domain/lifecycle/effects: limit_unit)
_WORK = func.coalesce(col(Case.limit_unit), "work_days").in_(["work_hours", "work_days"])
_OVER: Mapping[str, Any] = {each: getattr(Case, f"over_{each}") for each in CIRCLES}
_SCORED = and_(_ADMITTED, func.coalesce(col(Case.appeal), "") != "exempt")


# what each count counts, of the cases that came in during the period
COUNTS: Mapping[str, ColumnElement[bool]] = {
    "reported": _STATE.is_not(None),
    "filed": _ADMITTED,
    "due": _DUE,
    "closed": and_(_DUE, _DONE),
    "on_time": and_(_DUE, _DONE, _IN_TIME),
    "reworked": and_(_DUE, col(Case.reworks) > 0),
    "extended": and_(_ADMITTED, col(Case.extensions) > 0),
    "handed_back": and_(_ADMITTED, col(Case.hand_backs) > 0),
    "asked": _ASKED,
    "confirmed": and_(_ASKED, _ended(Closing.SETTLED)),
    "rated": col(Case.stars).is_not(None),
    "unconfirmed": _ended(Closing.UNCONFIRMED),
    "forced": _FORCED,
    "on_the_spot": _ended(Closing.ON_THE_SPOT),
    "checked": col(Case.checked_at).is_not(None),
    "voided": _VOIDED,
    "merged": _MERGED,
    **{f"over_{each}": and_(_SCORED, seconds > 0) for each, seconds in _OVER.items()},
}

# rate: (numerator, denominator), both of COUNTS
RATES: Mapping[str, tuple[str, str]] = {
    "filing": ("filed", "reported"),
    "closing": ("closed", "due"),
    "on_time": ("on_time", "due"),
    "rework": ("reworked", "due"),
    "extension": ("extended", "filed"),
    "hand_back": ("handed_back", "filed"),
    "confirmed": ("confirmed", "asked"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """The cases of `unit` that came in from local midnight of `first` to that of `until`."""

    district: str
    unit: str
    first: date
    until: date

    def between(self, session: Session) -> tuple[datetime, datetime]:
        """The two midnights, in the district's own time."""
        zone = territory.zone(session, self.district)
        return datetime.combine(self.first, time(), zone), datetime.combine(
            self.until, time(), zone
        )


@dataclass(frozen=True, slots=True)
class Indicators:
    """A period's numbers. `satisfaction`: mean stars of `counts["rated"]`, None without any.

    `overruns`: by circle the seconds over its own time, (work time, hours on the wall).
    """

    period: Period
    counts: Mapping[str, int]
    satisfaction: float | None
    bounces: Mapping[str, int]
    overruns: Mapping[str, tuple[int, int]]

    def rate(self, name: str) -> float | None:
        """From 0 to 1; None where there is nothing to divide by."""
        numerator, denominator = RATES[name]
        below = self.counts[denominator]
        return self.counts[numerator] / below if below else None


def indicators(session: Session, period: Period) -> Indicators:
    """Every number of a period, in one pass over its cases."""
    columns: list[Any] = [func.count(when((each, 1))) for each in COUNTS.values()]
    over = [
        func.sum(when((and_(_SCORED, clock), each), else_=0))
        for each in _OVER.values()
        for clock in (_WORK, ~_WORK)
    ]
    query = select(*columns, *over, func.avg(col(Case.stars)))  # type: ignore[call-overload]
    row = session.execute(query.where(*_of(session, period))).one()
    mean, sums = row[-1], [int(each or 0) for each in row[len(COUNTS) : -1]]
    since, until = period.between(session)
    return Indicators(
        period,
        dict(zip(COUNTS, row[: len(COUNTS)], strict=True)),
        None if mean is None else float(mean),
        returning.bounces(session, period.district, since, until, period.unit),
        dict(zip(_OVER, zip(sums[::2], sums[1::2], strict=True), strict=True)),
    )


def cases_behind(session: Session, period: Period, name: str) -> list[Case]:
    """Exactly the cases that the count `name` counts, in the order in which they came in."""
    query = select(Case).where(*_of(session, period), COUNTS[name])
    return list(session.exec(query.order_by(col(Case.opened_at), col(Case.id))))


def _of(session: Session, period: Period) -> tuple[Any, ...]:
    since, until = period.between(session)
    return (
        col(Case.district) == period.district,
        col(Case.opened_at) >= since,
        col(Case.opened_at) < until,
        *seen(period.unit),
    )
