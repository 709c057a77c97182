"""A unit's task under a case: its states, who may do what, and the one function that decides.

A circle's desk calls units (吹哨); each gets a task with its own words and deadline. For a unit
that isn't on the platform, the desk says what the unit said. Every step is an event of the case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.lifecycle.effects import warn_at
from domain.lifecycle.words import Colour
from domain.policy import Policy
from domain.refused import Refused
from domain.worktime import Calendar, add_work, next_work_time


class TaskState(StrEnum):
    """Where a task stands."""

    CALLED = "called"
    ACCEPTED = "accepted"
    DONE = "done"
    NOT_OURS = "not_ours"
    CALLED_OFF = "called_off"


class TaskVerb(StrEnum):
    """What can happen to a task."""

    CALL = "call"
    ACCEPT = "accept"
    NOT_OURS = "not_ours"
    DONE = "done"
    ASK_TIME = "ask_time"
    GRANT = "grant"
    DENY = "deny"
    NOTE = "note"
    CALL_OFF = "call_off"
    WARN = "warn"
    OVERDUE = "overdue"
    REMIND = "remind"
    UNIT_ENDED = "unit_ended"


class TaskTimer(StrEnum):
    """What the clock will do to a task by itself; each is one due row."""

    WARN = "warn"
    OVERDUE = "overdue"
    REMIND = "remind"


class By(StrEnum):
    """Who acts: somebody of the unit, the desk that called it (or one above), the clock."""

    UNIT = "unit"
    DESK = "desk"
    CLOCK = "clock"


OPEN_TASK = frozenset({TaskState.CALLED, TaskState.ACCEPTED})
PARTS = ("lead", "assist")
# Why a unit may say "not ours" (services/locale: reason.<code>)
TASK_REASONS = ("not_our_duty", "not_our_area", "other_unit", "no_means")
# as for a case: more time is given at most twice, each time at most the first limit
MOST_EXTENSIONS = 2


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What `decide_task` knows of a task: the columns of the same names (models/tasks)."""

    state: TaskState
    unit: str
    part: str
    called_at: datetime
    first_due_at: datetime
    due_at: datetime
    version: int = 1
    warn_at: datetime | None = None
    accepted_at: datetime | None = None
    done_at: datetime | None = None
    overdue_at: datetime | None = None
    asked_until: datetime | None = None
    extensions: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TaskGiven:
    """What comes with a verb.

    `until`: the deadline that is asked for. `wanted`, `evidence`: what *done* needs (photo, note
    or none) and what is there. `answers`: somebody of the unit can be reached on the platform.
    """

    calendar: Calendar = field(default_factory=Calendar)
    policy: Policy = field(default_factory=Policy)
    reason: str | None = None
    until: datetime | None = None
    wanted: str = "note"
    evidence: frozenset[str] = frozenset()
    answers: bool = True


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What a verb does. `timers`: due instants by name, None drops one."""

    verb: TaskVerb
    by: By
    task: TaskFacts
    sets: Mapping[str, Any]
    timers: Mapping[TaskTimer, datetime | None]


@dataclass(frozen=True, slots=True)
class _Moment:
    task: TaskFacts
    by: By
    given: TaskGiven
    now: datetime


Sets = dict[str, Any]
Timers = dict[TaskTimer, datetime | None]


@dataclass(frozen=True, slots=True)
class TaskRule:
    """One line of the table; `to` None: it stays."""

    verb: TaskVerb
    frm: frozenset[TaskState]
    to: TaskState | None
    by: frozenset[By]
    guard: Callable[[_Moment], None] = lambda moment: None
    effect: Callable[[_Moment], tuple[Sets, Timers]] = lambda moment: ({}, {})


def _needs_reason(moment: _Moment) -> None:
    if moment.given.reason not in TASK_REASONS:
        raise Refused("reason_missing")


def _needs_evidence(moment: _Moment) -> None:
    wanted, there = moment.given.wanted, moment.given.evidence
    if wanted == "photo" and "photo" not in there:
        raise Refused("photo_missing")
    if wanted == "note" and not there:
        raise Refused("note_missing")


def _needs_time_to_ask(moment: _Moment) -> None:
    """Before the deadline, for later than it, at most twice, each at most the first limit."""
    task, until = moment.task, moment.given.until
    if moment.now >= task.due_at:
        raise Refused("task_time_late")
    if task.extensions >= MOST_EXTENSIONS:
        raise Refused("task_time_twice")
    if until is None or until <= task.due_at:
        raise Refused("time_past")
    if until - task.due_at > task.first_due_at - task.called_at:
        raise Refused("task_time_long")


def _needs_asked(moment: _Moment) -> None:
    if moment.task.asked_until is None:
        raise Refused("task_time_unasked")


def _clocks(moment: _Moment, warn: datetime, due_at: datetime) -> Timers:
    soon = warn if warn > moment.now else None
    return {TaskTimer.WARN: soon, TaskTimer.OVERDUE: max(due_at, moment.now)}


def _next_morning(moment: _Moment) -> datetime:
    return add_work(moment.given.calendar, moment.now, 1, "work_days").at


def _call(moment: _Moment) -> tuple[Sets, Timers]:
    task = moment.task
    if task.due_at <= moment.now:
        raise Refused("time_past")
    warn = warn_at(task.called_at, task.due_at, moment.given.policy)
    remind: Timers = {TaskTimer.REMIND: _next_morning(moment)}
    return {"warn_at": warn}, _clocks(moment, warn, task.due_at) | remind


def _accept(moment: _Moment) -> tuple[Sets, Timers]:
    """The desk goes on being reminded of a unit that it must ring."""
    again = None if moment.given.answers else _next_morning(moment)
    return {"accepted_at": moment.now}, {TaskTimer.REMIND: again}


def _end(moment: _Moment) -> tuple[Sets, Timers]:
    return {"asked_until": None}, dict.fromkeys(TaskTimer)


def _not_ours(moment: _Moment) -> tuple[Sets, Timers]:
    sets, timers = _end(moment)
    return sets | {"reason": moment.given.reason}, timers


def _done(moment: _Moment) -> tuple[Sets, Timers]:
    sets, timers = _end(moment)
    return sets | {"done_at": moment.now}, timers


def _ask_time(moment: _Moment) -> tuple[Sets, Timers]:
    return {"asked_until": moment.given.until}, {}


def _grant(moment: _Moment) -> tuple[Sets, Timers]:
    task = moment.task
    assert task.asked_until is not None  # _needs_asked
    warn = warn_at(task.called_at, task.asked_until, moment.given.policy)
    sets = {
        "due_at": task.asked_until,
        "warn_at": warn,
        "asked_until": None,
        "extensions": task.extensions + 1,
    }
    return sets, _clocks(moment, warn, task.asked_until)


def _overdue(moment: _Moment) -> tuple[Sets, Timers]:
    hours = moment.given.policy.overdue_again_hours
    again = next_work_time(moment.given.calendar, moment.now + timedelta(hours=hours))
    sets: Sets = {} if moment.task.overdue_at else {"overdue_at": moment.now}
    return sets, {TaskTimer.WARN: None, TaskTimer.OVERDUE: again}


def _remind(moment: _Moment) -> tuple[Sets, Timers]:
    """Each working day, until the unit has answered; until the end for one that must be rung."""
    waits = moment.task.state is TaskState.CALLED or not moment.given.answers
    return {}, {TaskTimer.REMIND: _next_morning(moment) if waits else None}


def _unit_ended(moment: _Moment) -> tuple[Sets, Timers]:
    """Deadline, colour and keeper stay; the desk is reminded until it has given the task on."""
    return {}, {TaskTimer.REMIND: _next_morning(moment)}


ANSWERERS = frozenset({By.UNIT, By.DESK})
DESK = frozenset({By.DESK})
CLOCK = frozenset({By.CLOCK})
CALLED = frozenset({TaskState.CALLED})

TASK_RULES: tuple[TaskRule, ...] = (
    TaskRule(TaskVerb.CALL, CALLED, None, DESK, effect=_call),
    TaskRule(TaskVerb.ACCEPT, CALLED, TaskState.ACCEPTED, ANSWERERS, effect=_accept),
    TaskRule(TaskVerb.NOT_OURS, OPEN_TASK, TaskState.NOT_OURS, ANSWERERS, _needs_reason, _not_ours),
    TaskRule(TaskVerb.DONE, OPEN_TASK, TaskState.DONE, ANSWERERS, _needs_evidence, _done),
    TaskRule(TaskVerb.ASK_TIME, OPEN_TASK, None, ANSWERERS, _needs_time_to_ask, _ask_time),
    TaskRule(TaskVerb.GRANT, OPEN_TASK, None, DESK, _needs_asked, _grant),
    TaskRule(
        TaskVerb.DENY,
        OPEN_TASK,
        None,
        DESK,
        _needs_asked,
        lambda moment: ({"asked_until": None}, {}),
    ),
    TaskRule(TaskVerb.NOTE, OPEN_TASK, None, ANSWERERS),
    # by the clock: the case has ended another way
    TaskRule(TaskVerb.CALL_OFF, OPEN_TASK, TaskState.CALLED_OFF, DESK | CLOCK, effect=_end),
    TaskRule(
        TaskVerb.WARN, OPEN_TASK, None, CLOCK, effect=lambda moment: ({}, {TaskTimer.WARN: None})
    ),
    TaskRule(TaskVerb.OVERDUE, OPEN_TASK, None, CLOCK, effect=_overdue),
    TaskRule(TaskVerb.REMIND, OPEN_TASK, None, CLOCK, effect=_remind),
    TaskRule(TaskVerb.UNIT_ENDED, OPEN_TASK, None, CLOCK, effect=_unit_ended),
)
_BY_VERB = {(rule.verb, state): rule for rule in TASK_RULES for state in rule.frm}
_COLUMNS = frozenset(each.name for each in fields(TaskFacts))


def decide_task(
    task: TaskFacts, verb: TaskVerb, by: By | None, given: TaskGiven, now: datetime
) -> TaskChange:
    """What `verb` does to `task` at `now`, or why it can't; `by` None: who has no part in it.

    Raises Refused: `task_moved_on` (facts: state, verb), `not_yours`, or the guard's own code.
    """
    rule = _BY_VERB.get((verb, task.state))
    if rule is None:
        raise Refused("task_moved_on", state=task.state, verb=verb)
    if by is None or by not in rule.by:
        raise Refused("not_yours")
    moment = _Moment(task, by, given, now)
    rule.guard(moment)
    sets, timers = rule.effect(moment)
    state = rule.to or task.state
    version = task.version + (state is not task.state)
    sets |= {"state": state, "version": version}
    after = replace(task, **{name: value for name, value in sets.items() if name in _COLUMNS})
    return TaskChange(verb, by, after, sets, timers)


def task_colour(task: TaskFacts, now: datetime) -> Colour:
    """The colour people see: by the task's own deadline; green once it has ended."""
    if task.state not in OPEN_TASK:
        return Colour.GREEN
    if now >= task.due_at:
        return Colour.RED
    if task.warn_at is not None and now >= task.warn_at:
        return Colour.YELLOW
    return Colour.GREEN
