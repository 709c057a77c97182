"""From somebody's hands to the next: taking, asking, handing back, doing."""

from datetime import timedelta

from domain.lifecycle.effects import (
    closed,
    dispatch,
    go_on,
    is_suspended,
    no_stage,
    offer,
    reach,
    without,
)
from domain.lifecycle.facts import CLOCK, DESK, OWNER, REPORTER, TAKERS, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_evidence,
    needs_future_slots,
    needs_reason,
    needs_running_clock,
    needs_somebody_to_ask,
    needs_time,
    never_by_silence,
)
from domain.lifecycle.words import (
    BEFORE_DONE,
    HAND_BACK_REASONS,
    HANDLED,
    LOSABLE,
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
    sets: Sets = {"owner": moment.actor.person, "taken_by": moment.actor.person}
    if moment.case.taken_at is None:
        sets["taken_at"] = moment.now
    return sets | no_stage(), without(Timer.ACCEPT)


def _arrive(moment: Moment) -> tuple[Sets, Timers]:
    return go_on(moment) | {"arrived_at": moment.now}, without(Timer.REMIND)


def _ask(moment: Moment) -> tuple[Sets, Timers]:
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    sets: Sets = {"waiting_since": moment.now, "waits_for": WaitsFor.REPORTER}
    return sets, {Timer.REMIND: again}


def _resume(moment: Moment) -> tuple[Sets, Timers]:
    return go_on(moment), without(Timer.REMIND)


def _hand_back(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = dispatch(moment)
    return sets | {"hand_backs": moment.case.hand_backs + 1}, timers


def _later(moment: Moment) -> tuple[Sets, Timers]:
    return {}, {Timer.REMIND: moment.given.at}


def _appoint(moment: Moment) -> tuple[Sets, Timers]:
    assert moment.given.at is not None  # needs_time
    before = max(moment.given.at - timedelta(hours=1), moment.now)
    return {"appointment_at": moment.given.at}, {Timer.REMIND: before}


def _done(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = go_on(moment) | {
        "done_at": moment.now,
        "done_by": moment.actor.person,
        "appointment_at": None,
        "extension_asked": None,
    }
    timers = without(Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.REMIND, Timer.TAKE_UP)
    days = moment.given.policy.nudge_days
    wait = reach(moment, moment.now + timedelta(days=days))
    if moment.case.reporter not in (None, moment.actor.person):  # nobody confirms their own work
        return sets, timers | {Timer.NUDGE: wait}
    first = reach(moment, moment.now) if never_by_silence(moment.case) else wait
    return sets, timers | {Timer.DESK: first}


def _entrusted(moment: Moment) -> tuple[Sets, Timers]:
    sets, _ = _done(moment)
    more, timers = closed(moment, Closing.ENTRUSTED)
    return sets | more, timers


def _lost(moment: Moment) -> tuple[Sets, Timers]:
    """Who had it can't be reached any more. What is suspended stays so, in other hands."""
    if is_suspended(moment.case):
        return offer(moment) | {"state": State.WAITING}, {}
    return dispatch(moment)


RULES: tuple[Rule, ...] = (
    Rule(Verb.TAKE, UNTAKEN, State.TAKEN, TAKERS, effect=_take),
    Rule(
        Verb.ARRIVE,
        frozenset({State.TAKEN, State.WAITING}),
        State.IN_HAND,
        OWNER,
        (needs_running_clock,),
        _arrive,
    ),
    Rule(Verb.ASK, WORKING, State.WAITING, OWNER, (needs_somebody_to_ask,), _ask),
    Rule(Verb.ANSWER, WAITS, State.TAKEN, REPORTER, (needs_running_clock,), _resume),
    Rule(Verb.RESUME, WAITS, State.TAKEN, OWNER, (needs_running_clock,), _resume),
    Rule(
        Verb.HAND_BACK,
        LOSABLE,
        State.DISPATCHED,
        OWNER,
        (needs_reason(*HAND_BACK_REASONS),),
        _hand_back,
    ),
    Rule(
        Verb.CALL_OTHERS,
        HANDLED,
        State.DISPATCHED,
        OWNER,
        (needs_running_clock, needs_reason(*OTHERS_REASONS)),
        dispatch,
    ),
    Rule(Verb.ASSIGN, BEFORE_DONE, State.DISPATCHED, DESK, (needs_running_clock,), dispatch),
    Rule(Verb.PASS_ON, UNTAKEN, None, CLOCK, effect=dispatch),
    # who had it can't be reached any more or has lost the role: somebody else must take it
    Rule(Verb.PASS_ON, HANDLED, State.DISPATCHED, CLOCK, effect=_lost),
    Rule(Verb.LATER, UNTAKEN | HANDLED, None, OWNER, (needs_time,), _later),
    Rule(Verb.ENGAGED, BEFORE_DONE, None, TAKERS),
    Rule(Verb.PROPOSE, WORKING, None, OWNER, (needs_somebody_to_ask, needs_future_slots)),
    Rule(Verb.APPOINT, HANDLED, None, REPORTER, (needs_time,), _appoint),
    Rule(Verb.DONE, HANDLED, State.DONE, OWNER, (needs_evidence,), _done),
)


# done in a matter for one named person closes it: nobody else may be asked about it
NAMED_DONE = Rule(Verb.DONE, HANDLED, State.CLOSED, OWNER, (needs_evidence,), _entrusted)
