"""From somebody's hands to the next: taking, asking, handing back, doing."""

from datetime import timedelta

from domain.lifecycle.effects import (
    closed,
    dispatch,
    done_sets,
    go_on,
    handled,
    is_suspended,
    no_stage,
    offer,
    without,
)
from domain.lifecycle.facts import CLOCK, OWNER, REPORTER, TAKERS, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_dispatching,
    needs_evidence,
    needs_future_slots,
    needs_no_open_task,
    needs_reason,
    needs_reporter_awaited,
    needs_running_clock,
    needs_somebody_to_ask,
    needs_time,
)
from domain.lifecycle.returning import needs_no_receiver
from domain.lifecycle.words import (
    BEFORE_DONE,
    HANDLED,
    OTHERS_REASONS,
    UNTAKEN,
    WAITS,
    WORKING,
    Closing,
    State,
    Timer,
    Verb,
    WaitsFor,
)
from domain.worktime import add_work


def _take(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = {
        "owner": moment.actor.person,
        "taken_by": moment.actor.person,
        "returned_to": None,
    }
    if moment.case.taken_at is None:
        sets["taken_at"] = moment.now
    return sets | no_stage(), without(Timer.ACCEPT)


def _arrive(moment: Moment) -> tuple[Sets, Timers]:
    return go_on(moment) | {"arrived_at": moment.now}, without(Timer.REMIND)


def _ask(moment: Moment) -> tuple[Sets, Timers]:
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    sets: Sets = {"waiting_since": moment.now, "waits_for": WaitsFor.REPORTER}
    return sets, {Timer.REMIND: again, Timer.CIRCLE: None}


def _resume(moment: Moment) -> tuple[Sets, Timers]:
    return go_on(moment), without(Timer.REMIND)


def _later(moment: Moment) -> tuple[Sets, Timers]:
    return {}, {Timer.REMIND: moment.given.at}


def _appoint(moment: Moment) -> tuple[Sets, Timers]:
    assert moment.given.at is not None  # needs_time
    before = max(moment.given.at - timedelta(hours=1), moment.now)
    return {"appointment_at": moment.given.at}, {Timer.REMIND: before}


def _entrusted(moment: Moment) -> tuple[Sets, Timers]:
    sets, _ = handled(moment)
    more, timers = closed(moment, Closing.ENTRUSTED)
    return sets | more, timers


def _lost(moment: Moment) -> tuple[Sets, Timers]:
    """Who had it can't be reached any more. What is suspended stays so, in other hands."""
    if is_suspended(moment.case):
        return offer(moment) | {"state": State.WAITING}, {}
    return dispatch(moment)


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.TAKE,
        UNTAKEN,
        State.TAKEN,
        TAKERS,
        (needs_dispatching, needs_no_receiver),
        _take,
    ),
    Rule(
        Verb.ARRIVE,
        frozenset({State.TAKEN, State.WAITING}),
        State.IN_HAND,
        OWNER,
        (needs_running_clock,),
        _arrive,
    ),
    Rule(Verb.ASK, WORKING, State.WAITING, OWNER, (needs_somebody_to_ask,), _ask),
    Rule(
        Verb.ANSWER,
        WAITS,
        State.TAKEN,
        REPORTER,
        (needs_running_clock, needs_reporter_awaited),
        _resume,
    ),
    Rule(Verb.RESUME, WAITS, State.TAKEN, OWNER, (needs_running_clock,), _resume),
    Rule(
        Verb.CALL_OTHERS,
        HANDLED,
        State.DISPATCHED,
        OWNER,
        (needs_running_clock, needs_reason(*OTHERS_REASONS)),
        dispatch,
    ),
    Rule(Verb.PASS_ON, UNTAKEN, None, CLOCK, effect=dispatch),
    # who had it can't be reached any more or has lost the role: somebody else must take it
    Rule(Verb.PASS_ON, HANDLED, State.DISPATCHED, CLOCK, effect=_lost),
    Rule(Verb.LATER, UNTAKEN | HANDLED, None, OWNER, (needs_time,), _later),
    Rule(Verb.ENGAGED, BEFORE_DONE, None, TAKERS),
    Rule(Verb.PROPOSE, WORKING, None, OWNER, (needs_somebody_to_ask, needs_future_slots)),
    Rule(Verb.APPOINT, HANDLED, None, REPORTER, (needs_time,), _appoint),
    Rule(Verb.DONE, HANDLED, State.DONE, OWNER, (needs_no_open_task, needs_evidence), done_sets),
)


def is_named(moment: Moment) -> bool:
    """A matter for one named person."""
    return moment.case.reach == "named"


# done in a matter for one named person closes it: nobody else may be asked about it
NAMED_DONE = Rule(Verb.DONE, HANDLED, State.CLOSED, OWNER, (needs_evidence,), _entrusted)
