"""More time, no time, and whose time: extension, suspension, stage clocks, appeal.

The promise that the reporter was first given is never lost: `first_due_at` keeps it when a
granted extension or a suspension gives a new one.
"""

from dataclasses import replace
from datetime import timedelta

from domain.lifecycle.effects import (
    accept_at,
    accept_clock,
    go_on,
    handler_due,
    is_suspended,
    limit_unit,
    promise_timers,
    shifted,
    stage_of,
    taken_up,
    warn_at,
    without,
)
from domain.lifecycle.facts import CLOCK, DESK, OWNER, CaseFacts, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_desk_of_circle,
    needs_reason,
    needs_running_clock,
    needs_time,
    never_by_silence,
)
from domain.lifecycle.words import (
    APPEAL_REASONS,
    BEFORE_DONE,
    CLOSED,
    EXTENSION_REASONS,
    FINISHED,
    HANDLED,
    SUSPENSION_REASONS,
    UNTAKEN,
    WAITS,
    Appeal,
    Stage,
    State,
    Timer,
    Verb,
    WaitsFor,
)
from domain.refused import Refused
from domain.roles import highest_unit, is_above
from domain.worktime import add_work

# DOMAIN.md: extension at most twice, suspension once and at most a year
MOST_EXTENSIONS = 2
MOST_SUSPENDED = timedelta(days=365)
# work days of a limit that no filing condition gave
USUAL_LIMIT = 5
DISTRICT_DIGITS = 6

# --- extension (延期) ---


def needs_no_asking(moment: Moment) -> None:
    """One request at a time."""
    if moment.case.extension_asked is not None:
        raise Refused("time_asked_already")


def needs_time_left(moment: Moment) -> None:
    """Before the handler's deadline, at most twice, each at most the original limit."""
    if moment.now >= handler_due(moment.case):
        raise Refused("time_asked_late")
    if moment.case.extensions >= MOST_EXTENSIONS:
        raise Refused("time_granted_twice")
    most = moment.case.limit_value or USUAL_LIMIT
    if not 1 <= (moment.given.amount or 0) <= most:
        raise Refused("time_too_long")


def needs_desk_above(moment: Moment) -> None:
    """Somebody above who can decide: not in a matter for one named person."""
    if moment.case.reach == "named" or len(_own_unit(moment)) <= DISTRICT_DIGITS:
        raise Refused("nobody_above")


def _own_unit(moment: Moment) -> str:
    """The highest unit in which the actor has anything to say about the case."""
    return highest_unit(moment.actor.roles, moment.case.grid) or moment.case.owner_unit


def needs_request(moment: Moment) -> None:
    """A request that is open, decided by a supervisor above the unit that asks, not by itself."""
    if moment.case.extension_asked is None:
        raise Refused("nothing_asked")
    _check_above(moment, moment.case.extension_unit)


def _check_above(moment: Moment, unit: str | None) -> None:
    own = moment.actor.person in (moment.case.owner, moment.case.done_by)
    if own or not is_above(moment.actor.roles, unit or moment.case.owner_unit):
        raise Refused("not_above")


def _ask_time(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = {
        "extension_asked": moment.given.amount,
        "extension_reason": moment.given.reason,
        "extension_unit": _own_unit(moment),
    }
    return sets, {}


def _grant_time(moment: Moment) -> tuple[Sets, Timers]:
    """Counted on from the deadlines as they are, whenever it was granted."""
    case, calendar = moment.case, moment.given.calendar
    amount, unit = case.extension_asked or 0, limit_unit(case)
    due = add_work(calendar, case.due_at, amount, unit)
    warn = warn_at(case.opened_at, due.at, moment.given.policy)
    sets: Sets = {
        "due_at": due.at,
        "due_provisional": due.provisional,
        "warn_at": warn,
        "first_due_at": case.first_due_at or case.due_at,
        "moved_reason": case.extension_reason,
        "extensions": case.extensions + 1,
        "extension_asked": None,
    }
    for name in ("handle_by", "circle_due_at"):
        instant = getattr(case, name)
        if instant is not None:
            sets[name] = add_work(calendar, instant, amount, unit).at
    timers = promise_timers(moment, warn, due.at)
    return sets, timers | _circle_timer(moment, case.changed(sets))


def _circle_timer(moment: Moment, case: CaseFacts) -> Timers:
    """The clock of a circle that the case rose or came down to, where it now ends."""
    if case.circle_due_at is None or case.circle_overdue_at is not None:
        return {}
    return {Timer.CIRCLE: max(case.circle_due_at, moment.now)}


def _refuse_time(moment: Moment) -> tuple[Sets, Timers]:
    return {"extension_asked": None}, {}


# --- suspension (挂账) ---


def needs_no_units_at_it(moment: Moment) -> None:
    """Not while units are at work on it."""
    if moment.case.waits_for == WaitsFor.TASK:
        raise Refused("suspend_units_at_it")


def needs_first_suspension(moment: Moment) -> None:
    """Once, at most a year, never what endangers somebody or is for one named person."""
    case, at = moment.case, moment.given.at
    if case.suspensions:
        raise Refused("suspended_once")
    if at is not None and at > moment.now + MOST_SUSPENDED:
        raise Refused("suspended_too_long")
    if case.urgency == "now" or case.reach == "named":
        raise Refused("not_to_suspend")


def _suspend(moment: Moment) -> tuple[Sets, Timers]:
    """What is left of every deadline is left when it is taken up again."""
    until = moment.given.at
    assert until is not None  # needs_time
    gone_on = go_on(moment)
    here = replace(moment, case=moment.case.changed(gone_on))
    sets = gone_on | shifted(here, moment.now, until)
    sets |= {
        "waits_for": WaitsFor.SUSPENDED,
        "waiting_since": moment.now,
        "suspended_until": until,
        "suspensions": moment.case.suspensions + 1,
        "moved_reason": moment.given.reason,
        "extension_asked": None,
    }
    timers = without(Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.CIRCLE, Timer.REMIND)
    return sets, timers | {Timer.TAKE_UP: until}


def needs_suspension(moment: Moment) -> None:
    """Only what is suspended."""
    if not is_suspended(moment.case):
        raise Refused("not_suspended")


def _take_up(moment: Moment) -> tuple[Sets, Timers]:
    """Back to the same hands; if those are gone, it is offered to who is next."""
    sets = taken_up(moment)
    case = moment.case.changed(sets)
    timers = promise_timers(moment, case.warn_at, case.due_at) | {Timer.TAKE_UP: None}
    timers |= _circle_timer(moment, case)
    if case.owner is not None and case.owner == case.taken_by:
        return sets | {"state": State.IN_HAND if case.arrived_at else State.TAKEN}, timers
    clock, accept = accept_clock(moment, case)
    return sets | clock | {"state": State.DISPATCHED}, timers | accept


# --- stage clocks ---


def needs_running_stage(moment: Moment) -> None:
    """A stage whose clock runs and hasn't run out yet."""
    if stage_of(moment.case) is None:
        raise Refused("moved_on")


def _stage_late(moment: Moment) -> tuple[Sets, Timers]:
    """A fact of the stage, apart from the promise; what was to follow follows as planned."""
    case, stage = moment.case, stage_of(moment.case)
    assert case.stage_since is not None  # needs_running_stage
    sets: Sets = {"stage_late_at": moment.now, "stages_late": (*case.stages_late, stage)}
    if stage is not Stage.CHECK:
        begun = replace(moment, now=case.stage_since)
        return sets, {Timer.ACCEPT: max(accept_at(begun, case), moment.now)}
    again = case.stage_since + timedelta(days=7) if never_by_silence(case) else None
    return sets, {Timer.DESK: again}


# --- appeal (申诉) ---


def needs_ground(moment: Moment) -> None:
    """Once, and only what is overdue, was handed back or came back."""
    case = moment.case
    if case.appeal is not None:
        raise Refused("appealed_already")
    if not may_appeal(case.overdue_at is not None, case.hand_backs, case.reopenings):
        raise Refused("nothing_to_appeal")


def may_appeal(overdue: bool, hand_backs: int, reopenings: int) -> bool:
    """Whether there is anything that a score could hold against somebody."""
    return overdue or hand_backs > 0 or reopenings > 0


def _appeal(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = {
        "appeal": Appeal.ASKED,
        "appeal_reason": moment.given.reason,
        "appeal_unit": _own_unit(moment),
    }
    return sets, {}


def needs_appeal(moment: Moment) -> None:
    """An appeal that is open, decided by a supervisor above the unit that appeals."""
    if moment.case.appeal != Appeal.ASKED:
        raise Refused("nothing_asked")
    _check_above(moment, moment.case.appeal_unit)


def _decided(appeal: Appeal) -> Sets:
    return {"appeal": appeal}


APPEALABLE = BEFORE_DONE | FINISHED | CLOSED

RULES: tuple[Rule, ...] = (
    Rule(
        Verb.ASK_TIME,
        HANDLED,
        None,
        OWNER,
        (
            needs_running_clock,
            needs_desk_above,
            needs_no_asking,
            needs_time_left,
            needs_reason(*EXTENSION_REASONS),
        ),
        _ask_time,
    ),
    Rule(Verb.GRANT_TIME, HANDLED, None, DESK, (needs_request,), _grant_time),
    Rule(Verb.REFUSE_TIME, HANDLED, None, DESK, (needs_request,), _refuse_time),
    Rule(
        Verb.SUSPEND,
        HANDLED,
        State.WAITING,
        DESK,
        (
            needs_running_clock,
            needs_desk_of_circle,
            needs_no_units_at_it,
            needs_reason(*SUSPENSION_REASONS),
            needs_time,
            needs_first_suspension,
        ),
        _suspend,
    ),
    Rule(
        Verb.TAKE_UP,
        WAITS,
        State.TAKEN,
        DESK | CLOCK,
        (needs_suspension, needs_desk_of_circle),
        _take_up,
    ),
    Rule(Verb.STAGE_LATE, UNTAKEN | FINISHED, None, CLOCK, (needs_running_stage,), _stage_late),
    Rule(
        Verb.APPEAL,
        APPEALABLE,
        None,
        OWNER,
        (needs_desk_above, needs_ground, needs_reason(*APPEAL_REASONS)),
        _appeal,
    ),
    Rule(
        Verb.EXEMPT,
        APPEALABLE,
        None,
        DESK,
        (needs_appeal,),
        lambda moment: (_decided(Appeal.EXEMPT), {}),
    ),
    Rule(
        Verb.UPHOLD,
        APPEALABLE,
        None,
        DESK,
        (needs_appeal,),
        lambda moment: (_decided(Appeal.UPHELD), {}),
    ),
)
