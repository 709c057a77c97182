"""Is it this one? What a new report may be one more voice of, or what it says isn't settled.

The case is filed at once, whatever is found: its card asks the reporter, and a tap decides.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, State, why_not_one
from domain.reading import Reading
from domain.reading.same import LIKELY, Trace, building_of, likeness, packed, trace_of, unpacked
from models import Case
from models.statement import Prepared
from services.cases import facts_of, goes_on_as
from services.equipment import policy

# the newest of a place that are compared
COMPARED = 20
# a spot has its like in the next grid as well: what lies there must be surer
LIKELY_NEXT_DOOR = 0.85
_RANK = {"normal": 0, "soon": 1, "now": 2}
# called settled; the same again reopens it
_SETTLED = frozenset({State.DONE, State.CLOSED})
_LIVING = BEFORE_DONE | _SETTLED | {State.MERGED}

# nothing but strings, which no driver has to convert
_READ = ("number", "grid", "state", "trace")
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
    trace = trace_of(case.text, reading, case.opened_at.timestamp() / 60, here)
    if look:
        case.alike = _earlier(session, case, trace, now)
    case.near, case.trace = _near(case, trace), packed(trace)


def follow(case: Case, *, placed: bool = False) -> None:
    """It is of another kind or grid than was thought; `placed`: or in another place."""
    if case.near is None:
        return
    trace = unpacked(case.trace)
    if not trace.kinds or trace.kinds[0][0] != case.kind:
        trace = replace(trace, kinds=((case.kind, 1.0),))
    if placed:
        trace = replace(trace, building=building_of(case.place_building or ""))
    case.near, case.trace = _near(case, trace), packed(trace)


def _near(case: Case, trace: Trace) -> str:
    """Where it is looked for: each grid has buildings of its own; "" is out of doors."""
    return f"{case.grid[12:]}:{trace.building}" if trace.building else ""


def forget(case: Case) -> None:
    """It is compared with nothing from now on."""
    case.near, case.trace, case.alike = None, "", None


def _earlier(session: Session, case: Case, new: Trace, now: datetime) -> UUID | None:
    """The likeliest case that the new one may be, of those that it may become one with."""
    of = {
        "in_district": case.district,
        "in_community": case.community,
        "at": _near(case, new),
        "since": now - timedelta(days=policy(session).reopen_days),
    }
    found = []
    for number, grid, state, kept in _NEAR.all(session, of):
        p = likeness(new, unpacked(kept)) if state in _LIVING else 0.0
        if p >= (LIKELY if grid == case.grid else LIKELY_NEXT_DOOR):
            found.append((p, number))
    found.sort(key=lambda each: -each[0])
    others = (_by_number(session, case.district, number) for _, number in found)
    return next((other.id for other in others if _may_be_one(session, case, other, now)), None)


def _by_number(session: Session, district: str, number: str) -> Case:
    return session.exec(select(Case).where(Case.district == district, Case.number == number)).one()


def _may_be_one(session: Session, case: Case, found: Case, now: datetime) -> bool:
    """Never asked: whether what is urgent goes on as something calmer; about what is private."""
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


def is_likely(one: Case, other: Case) -> bool:
    """Whether the reporter of the later of two public cases would be asked about the earlier."""
    if one.near is None or other.near is None or one.grid != other.grid:
        return False
    old, new = sorted((one, other), key=lambda case: case.opened_at)
    return likeness(unpacked(new.trace), unpacked(old.trace)) >= LIKELY
