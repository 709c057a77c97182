"""From somebody's hands to the next: taking, asking, handing back, doing."""

from datetime import timedelta

from domain.lifecycle.effects import closed, dispatch, reach, without
from domain.lifecycle.facts import CLOCK, DESK, OWNER, REPORTER, TAKERS, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_evidence,
    needs_future_slots,
    needs_reason,
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
    WORKING,
    Closing,
    State,
    Timer,
    Verb,
)
from domain.worktime import add_work


def _take(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = {"owner": moment.actor.person, "taken_by": moment.actor.person}
    if moment.case.taken_at is None:
        sets["taken_at"] = moment.now
    return sets, without(Timer.ACCEPT)


def _arrive(moment: Moment) -> tuple[Sets, Timers]:
    return {"arrived_at": moment.now, "waiting_since": None}, without(Timer.REMIND)


def _ask(moment: Moment) -> tuple[Sets, Timers]:
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    return {"waiting_since": moment.now}, {Timer.REMIND: again}


def _resume(moment: Moment) -> tuple[Sets, Timers]:
    return {"waiting_since": None}, without(Timer.REMIND)


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
    sets: Sets = {
        "done_at": moment.now,
        "done_by": moment.actor.person,
        "waiting_since": None,
        "appointment_at": None,
    }
    timers = without(Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.REMIND)
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


RULES: tuple[Rule, ...] = (
    Rule(Verb.TAKE, UNTAKEN, State.TAKEN, TAKERS, effect=_take),
    Rule(
        Verb.ARRIVE, frozenset({State.TAKEN, State.WAITING}), State.IN_HAND, OWNER, effect=_arrive
    ),
    Rule(Verb.ASK, WORKING, State.WAITING, OWNER, (needs_somebody_to_ask,), _ask),
    Rule(Verb.ANSWER, frozenset({State.WAITING}), State.TAKEN, REPORTER, effect=_resume),
    Rule(Verb.RESUME, frozenset({State.WAITING}), State.TAKEN, OWNER, effect=_resume),
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
        (needs_reason(*OTHERS_REASONS),),
        dispatch,
    ),
    Rule(Verb.ASSIGN, BEFORE_DONE, State.DISPATCHED, DESK, effect=dispatch),
    Rule(Verb.PASS_ON, UNTAKEN, None, CLOCK, effect=dispatch),
    # who had it can't be reached any more or has lost the role: somebody else must take it
    Rule(Verb.PASS_ON, HANDLED, State.DISPATCHED, CLOCK, effect=dispatch),
    Rule(Verb.LATER, UNTAKEN | HANDLED, None, OWNER, (needs_time,), _later),
    Rule(Verb.ENGAGED, BEFORE_DONE, None, TAKERS),
    Rule(Verb.PROPOSE, WORKING, None, OWNER, (needs_somebody_to_ask, needs_future_slots)),
    Rule(Verb.APPOINT, HANDLED, None, REPORTER, (needs_time,), _appoint),
    Rule(Verb.DONE, HANDLED, State.DONE, OWNER, (needs_evidence,), _done),
)


# done in a matter for one named person closes it: nobody else may be asked about it
NAMED_DONE = Rule(Verb.DONE, HANDLED, State.CLOSED, OWNER, (needs_evidence,), _entrusted)
