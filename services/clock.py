"""What is due happens: each row read again before it acts, and dropped with a trace if its
matter has moved on. Any replica may sweep; a row is held by the one that does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, UNTAKEN, Stage, State, Timer, Verb, stage_of
from domain.refused import Refused
from domain.tasks import TaskTimer
from models import Case, Due, crash
from models.append import savepoint
from services import (
    binding,
    cause_notices,
    causes,
    daily,
    handover,
    listening,
    privacy,
    regrid,
    retention,
    roster,
    swaps,
    tasks,
    units,
)
from services.access import locked_case
from services.cases import facts_of
from services.handling import REGRID_CASE, TASKS_END, by_clock, may_rise

Firing = Callable[[Session, Due, datetime], None]
AN_HOUR = timedelta(hours=1)
_FIRINGS: dict[str, Firing] = {}


def register(name: str, firing: Firing) -> None:
    """`firing` is what happens when a row of this name is due."""
    _FIRINGS[name] = firing


def begin(session: Session, now: datetime) -> None:
    """Plan what happens every day; called when the service starts and after an import."""
    daily.begin(session, now)


def sweep(session: Session, now: datetime, limit: int = 200) -> int:
    """Fire at most `limit` due rows, urgent ones first, then the oldest; returns how many.

    A row that fails is pushed an hour on and says so, so that it never stops the rest. One that
    another of the batch has dropped or moved meanwhile is left to its new instant.
    """
    query = (
        select(Due)
        .where(Due.state == "pending", col(Due.at) <= now)
        .order_by(col(Due.urgent).desc(), col(Due.at), col(Due.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.exec(query))
    for row in rows:
        if row.state == "pending" and row.at <= now:
            _fire(session, row, now)
            crash.point("sweep.fired")
    return len(rows) + binding.leave_due(session, now, limit)


def _fire(session: Session, row: Due, now: datetime) -> None:
    row.state, row.fired_at = "fired", now
    session.add(row)
    session.flush()
    try:
        with savepoint(session):
            _FIRINGS[row.name](session, row, now)
    except Refused as refused:
        row.state, row.trace = "dropped", refused.code
    except Exception as error:
        if _met_another(error):  # nothing is wrong with the row: the unit of work runs again
            raise
        # one bad row never stops the rest; the desk of the engineers sees it
        row.state, row.fired_at = "pending", None
        row.at, row.trace = now + AN_HOUR, f"failed: {type(error).__name__}"
    session.add(row)


def _met_another(error: Exception) -> bool:
    """Whether another replica changed the same rows meanwhile (PostgreSQL's own codes)."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in ("40001", "40P01")


def _case_timer(session: Session, row: Due, now: datetime) -> None:
    case = locked_case(session, row.district, row.case)
    timer = Timer(row.name.removeprefix("case."))
    verb, stage = _VERBS[timer][0], _late_stage(case, timer)
    if verb is Verb.RISE and not may_rise(session, case):
        verb = Verb.CIRCLE_LATE
    if stage is not None:
        late = by_clock(session, case, Verb.STAGE_LATE, now, facts={"stage": str(stage)})
        following = late.timers[timer]
        if following is None or following > now:
            return
    by_clock(session, case, verb, now)


_VERBS = {
    Timer.ACCEPT: (Verb.PASS_ON, UNTAKEN),
    Timer.SOON: (Verb.DUE_SOON, BEFORE_DONE),
    Timer.OVERDUE: (Verb.OVERDUE, BEFORE_DONE),
    Timer.CIRCLE: (Verb.RISE, BEFORE_DONE),
    Timer.REMIND: (Verb.REMIND, BEFORE_DONE),
    Timer.CHECK: (Verb.CHECK_DUE, frozenset({State.CHECKING})),
    Timer.NUDGE: (Verb.NUDGE, frozenset({State.DONE})),
    Timer.SILENCE: (Verb.SILENCE, frozenset({State.DONE})),
    Timer.DESK: (Verb.ASK_DESK, frozenset({State.DONE})),
    Timer.TAKE_UP: (Verb.TAKE_UP, frozenset({State.WAITING})),
    Timer.REVISIT: (Verb.REVISIT_DUE, frozenset({State.CLOSED})),
}


def _late_stage(case: Case, timer: Timer) -> Stage | None:
    """The stage whose own clock has run out, which comes before what the timer is for.

    Raises Refused `moved_on` if the timer means nothing to the case any more.
    """
    if case.state not in _VERBS[timer][1]:
        raise Refused("moved_on")
    return stage_of(facts_of(case)) if timer in (Timer.ACCEPT, Timer.DESK) else None


for _timer in Timer:
    register(f"case.{_timer}", _case_timer)
register(f"case.{Timer.ARCHIVE}", retention.fire_archive)
for _task_timer in TaskTimer:
    register(f"task.{_task_timer}", tasks.fire)
register(TASKS_END, tasks.fire_end)
register(units.UNIT_END, tasks.fire_unit_end)
register(retention.PURGE, retention.fire_purge)
register(privacy.FORGET, privacy.forget)
register(roster.GAPS, roster.fire_gaps)
register(roster.GAP, roster.fire_gap)
register(swaps.EXPIRES, swaps.expire)
register(handover.HANDOVER, handover.fire)
register(regrid.REGRID, regrid.fire)
register(REGRID_CASE, regrid.fire_case)
register(causes.JOIN, causes.fire_join)
register(causes.TELL, cause_notices.fire_tell)
register(causes.OVER, cause_notices.fire_over)
register(listening.AWAY, listening.fire_away)
register(daily.MORNING, daily.fire_morning)
register(daily.EVENING, daily.fire_evening)
