"""What the clock says by itself while somebody has the case."""

from datetime import timedelta

from domain.lifecycle.circles import wind
from domain.lifecycle.effects import is_suspended, reach, without
from domain.lifecycle.facts import CLOCK, Moment, Rule, Sets, Timers
from domain.lifecycle.words import BEFORE_DONE, State, Timer, Verb
from domain.worktime import add_work


def _overdue(moment: Moment) -> tuple[Sets, Timers]:
    again = moment.now + timedelta(hours=moment.given.policy.overdue_again_hours)
    sets: Sets = {} if moment.case.overdue_at else {"overdue_at": moment.now}
    return sets, {Timer.SOON: None, Timer.OVERDUE: reach(moment, again)} | wind(moment)


def _due_soon(moment: Moment) -> tuple[Sets, Timers]:
    return {}, without(Timer.SOON)


def _remind(moment: Moment) -> tuple[Sets, Timers]:
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    waiting = moment.case.state is State.WAITING and not is_suspended(moment.case)
    return {}, {Timer.REMIND: again if waiting else None}


RULES: tuple[Rule, ...] = (
    Rule(Verb.DUE_SOON, BEFORE_DONE, None, CLOCK, effect=_due_soon),
    Rule(Verb.OVERDUE, BEFORE_DONE, None, CLOCK, effect=_overdue),
    Rule(Verb.REMIND, BEFORE_DONE, None, CLOCK, effect=_remind),
)
