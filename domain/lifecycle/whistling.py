"""Whistle (吹哨): a circle's desk calls units; the case waits for their tasks.

The tasks have a life of their own (domain/tasks). Here is only what they do to their case.
"""

from domain.lifecycle.circles import circle_ends
from domain.lifecycle.effects import accept_clock, done_sets, go_on, no_stage
from domain.lifecycle.facts import DESK, TASKED, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_desk_of_circle,
    needs_evidence,
    needs_no_open_task,
    needs_running_clock,
    needs_to_be_shareable,
)
from domain.lifecycle.words import BEFORE_DONE, WAITS, State, Timer, Verb, WaitsFor
from domain.refused import Refused


def needs_lead(moment: Moment) -> None:
    """One unit that leads."""
    if not (moment.given.lead or moment.case.lead_unit):
        raise Refused("lead_missing")


def needs_tasks_awaited(moment: Moment) -> None:
    """The case waits for tasks."""
    if moment.case.waits_for != WaitsFor.TASK:
        raise Refused("moved_on")


def _whistle(moment: Moment) -> tuple[Sets, Timers]:
    """The desk has it while the units work; the circle's time reaches as far as its tasks do."""
    ends = circle_ends(moment)
    if moment.given.at is not None:
        ends = max(ends, moment.given.at)
    awaited = moment.case.waits_for == WaitsFor.TASK
    sets: Sets = {
        "owner": None,
        "owner_unit": moment.given.next_unit or moment.case.owner_unit,
        "waits_for": WaitsFor.TASK,
        "waiting_since": moment.case.waiting_since if awaited else moment.now,
        "lead_unit": moment.given.lead or moment.case.lead_unit,
        "circle_due_at": ends,
    }
    gone_on = {} if awaited else go_on(moment)
    return gone_on | sets | no_stage(), {Timer.ACCEPT: None, Timer.REMIND: None, Timer.CIRCLE: ends}


def _new_lead(moment: Moment) -> tuple[Sets, Timers]:
    return {"lead_unit": moment.given.lead or moment.case.lead_unit}, {}


def _ended(moment: Moment) -> tuple[Sets, Timers]:
    """Back to the desk: nobody is at work on it, and the lead has not said that it is done."""
    sets: Sets = {
        "owner": None,
        "owner_unit": moment.given.next_unit or moment.case.owner_unit,
        "lead_unit": None,
    }
    clock, timers = accept_clock(moment, moment.case.changed({"owner": None}))
    return go_on(moment) | sets | clock, timers


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.WHISTLE,
        BEFORE_DONE,
        State.WAITING,
        DESK,
        (needs_running_clock, needs_to_be_shareable, needs_desk_of_circle, needs_lead),
        _whistle,
    ),
    # the unit that led is no more, and the desk gave its task to another
    Rule(
        Verb.NEW_LEAD,
        WAITS,
        None,
        DESK,
        (needs_tasks_awaited, needs_desk_of_circle, needs_lead),
        _new_lead,
    ),
    Rule(
        Verb.TASKS_DONE,
        WAITS,
        State.DONE,
        TASKED,
        (needs_tasks_awaited, needs_no_open_task, needs_evidence),
        done_sets,
    ),
    Rule(
        Verb.TASKS_ENDED,
        WAITS,
        State.FILED,
        TASKED,
        (needs_tasks_awaited, needs_no_open_task),
        _ended,
    ),
)
