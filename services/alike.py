"""Is it this one? What a new report may be one more voice of, or what it says isn't settled.

The case is filed at once, whatever is found: its card asks the reporter, and a tap decides.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col

from domain.lifecycle import BEFORE_DONE, State, why_not_one
from domain.reading import Reading
from domain.reading.same import LIKELY, Trace, building_of, likeness, packed, trace_of, unpacked
from models import Case
from models.statement import Prepared
from services.cases import facts_of, goes_on_as
from services.equipment import policy

# the newest of a place that are compared
COMPARED = 30
# a spot has its like in the next grid as well: what lies there must be surer
LIKELY_NEXT_DOOR = 0.85
# how sure a kept kind is, and each that the guess left out
_FIRST, _SECOND = 0.6, 0.1
_RANK = {"normal": 0, "soon": 1, "now": 2}
# called settled; the same again reopens it
_SETTLED = frozenset({State.DONE, State.CLOSED})
_LIVING = BEFORE_DONE | _SETTLED | {State.MERGED}

_READ = ("id", "grid", "state", "kind", "alternatives", "trace", "opened_at")
_NEAR = Prepared(
    lambda _: (
        columns(*(getattr(Case, name) for name in _READ))
        .where(col(Case.district) == bindparam("in_district"))
        .where(col(Case.community) == bindparam("in_community"), col(Case.near) == bindparam("at"))
        .where(col(Case.opened_at) > bindparam("since"))
        .order_by(col(Case.opened_at).desc())
        .limit(COMPARED)
    )
)


def note(session: Session, case: Case, reading: Reading, now: datetime, *, look: bool) -> None:
    """Keep what later reports are compared with and, if `look`, ask whether it is an earlier one.

    Nothing is kept or asked of what is private or for one named person.
    """
    if case.private or case.reach == "named" or not case.text:
        forget(case)
        return
    here = building_of(case.place_building or "")
    trace = trace_of(case.text, reading, _minutes(case.opened_at), here)
    if look:
        case.alike = _earlier(session, case, trace, now)
    case.near, case.trace = trace.building or "", packed(trace)


def move(case: Case) -> None:
    """It is in another place than was thought."""
    if case.near is not None:
        case.near = building_of(case.place_building or "") or ""


def forget(case: Case) -> None:
    """It is compared with nothing from now on."""
    case.near, case.trace, case.alike = None, "", None


def _minutes(instant: datetime) -> float:
    return instant.timestamp() / 60


def _earlier(session: Session, case: Case, new: Trace, now: datetime) -> UUID | None:
    """The likeliest case that the new one may be, of those that it may become one with."""
    since = now - timedelta(days=policy(session).reopen_days)
    of = {
        "in_district": case.district,
        "in_community": case.community,
        "at": new.building or "",
        "since": since,
    }
    found = []
    for row in _NEAR.all(session, of):
        least = _least(case, new, row)
        p = 0.0 if least is None else likeness(new, _trace(row, new.building))
        if least is not None and p >= least:
            found.append((p, row[0]))
    found.sort(key=lambda each: -each[0])
    return next((key for _, key in found if _may_be_one(session, case, key, now)), None)


def _least(case: Case, new: Trace, row: Any) -> float | None:
    """How likely it must be; None if it can't be: another grid has buildings of its own."""
    if row[2] not in _LIVING:
        return None
    if row[1] == case.grid:
        return LIKELY
    return None if new.building else LIKELY_NEXT_DOOR


def _trace(row: Any, building: str | None) -> Trace:
    kinds = ((row[3], _FIRST), *((code, _SECOND) for code in row[4]))
    return unpacked(row[5], kinds, building, _minutes(row[6]))


def _may_be_one(session: Session, case: Case, key: UUID, now: datetime) -> bool:
    """Never asked: whether what is urgent goes on as something calmer; about what is private."""
    found = session.get(Case, (case.district, key))
    if found is None:
        return False
    other = goes_on_as(session, found)
    calmer = _RANK[case.urgency] > _RANK[other.urgency]
    ended = other.closed_at or now
    recent = now - ended <= timedelta(days=policy(session).reopen_days)
    state_fits = other.state in BEFORE_DONE or (is_settled(other) and recent)
    return state_fits and not calmer and why_not_one(facts_of(case), facts_of(other)) is None


def is_settled(case: Case) -> bool:
    """It was called settled: the same again reopens it."""
    return case.state in _SETTLED


def asked_about(session: Session, case: Case) -> Case | None:
    """The case that the reporter is asked about, as it goes on; None if that is no question now."""
    if case.alike is None or case.voices > 1 or case.state not in BEFORE_DONE:
        return None
    found = session.get(Case, (case.district, case.alike))
    other = None if found is None else goes_on_as(session, found)
    if other is None or other.private or not (other.state in BEFORE_DONE or is_settled(other)):
        return None
    return other
