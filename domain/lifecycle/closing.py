"""Who says that it is settled, what follows when nobody does, and what comes after closing."""

from datetime import timedelta
from uuid import UUID

from domain.lifecycle.effects import (
    closed,
    reach,
    reopen,
    revisit_at,
    rework,
    stage_clock,
    stage_ends,
)
from domain.lifecycle.facts import (
    ASKED,
    CLOCK,
    CONCERNED,
    DESK,
    REPORTER,
    TAKERS,
    Moment,
    Rule,
    Sets,
    Timers,
)
from domain.lifecycle.guards import (
    needs_another_person,
    needs_recent,
    needs_silence_allowed,
    needs_stars,
    never_by_silence,
)
from domain.lifecycle.words import CLOSED, ENDED, FINISHED, Closing, State, Timer, Verb
from domain.worktime import add_work


def _settle(moment: Moment) -> tuple[Sets, Timers]:
    return closed(moment, Closing.SETTLED)


def another_side(moment: Moment) -> bool:
    """When another side of a quarrel hasn't said so yet."""
    return bool(moment.given.sides - _agreed(moment))


def _agreed(moment: Moment) -> frozenset[UUID]:
    said = {UUID(each) for each in moment.case.agreed}
    return frozenset(said | {moment.actor.person} if moment.actor.person else said)


def _agree(moment: Moment) -> tuple[Sets, Timers]:
    """One side's word is kept and told to nobody; the other is still to say."""
    return {"agreed": tuple(sorted(str(each) for each in _agreed(moment)))}, {}


def _check(moment: Moment) -> tuple[Sets, Timers]:
    return closed(moment, Closing.CHECKED)


def _silence(moment: Moment) -> tuple[Sets, Timers]:
    return closed(moment, Closing.UNCONFIRMED)


def _nudge(moment: Moment) -> tuple[Sets, Timers]:
    later = moment.now + timedelta(days=moment.given.policy.silence_days)
    then = Timer.DESK if never_by_silence(moment.case) else Timer.SILENCE
    return {}, {Timer.NUDGE: None, then: reach(moment, later)}


def _ask_desk(moment: Moment) -> tuple[Sets, Timers]:
    """The desk is asked to look or to ring: within its stage's minutes, and again each week.

    A matter that may close by silence does so a day later.
    """
    check = stage_ends(moment, moment.given.policy.stage_check_minutes)
    if never_by_silence(moment.case):
        return stage_clock(moment), {Timer.DESK: check}
    later = moment.now + timedelta(days=moment.given.policy.silence_days)
    return stage_clock(moment), {Timer.DESK: check, Timer.SILENCE: reach(moment, later)}


def _revisit_due(moment: Moment) -> tuple[Sets, Timers]:
    """Asked again the next working day until somebody notes what they found."""
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    return {}, {Timer.REVISIT: again}


def _revisit_fine(moment: Moment) -> tuple[Sets, Timers]:
    done = moment.case.revisits_done + 1
    closed_at = moment.case.closed_at or moment.now
    return {"revisits_done": done}, {Timer.REVISIT: revisit_at(moment, closed_at, done)}


def _archive(moment: Moment) -> tuple[Sets, Timers]:
    return {"archived_at": moment.now}, dict.fromkeys(Timer)


RULES: tuple[Rule, ...] = (
    Rule(Verb.SETTLE, FINISHED, State.CLOSED, ASKED, (needs_another_person,), _settle),
    Rule(Verb.REFUSE, FINISHED | CLOSED, State.REOPENED, CONCERNED, (needs_recent,), rework),
    Rule(
        Verb.RATE,
        CLOSED,
        None,
        REPORTER,
        (needs_another_person, needs_stars),
        lambda moment: ({"stars": moment.given.stars}, {}),
    ),
    Rule(Verb.NUDGE, FINISHED, None, CLOCK, effect=_nudge),
    Rule(Verb.SILENCE, FINISHED, State.CLOSED, CLOCK, (needs_silence_allowed,), _silence),
    Rule(Verb.ASK_DESK, FINISHED, None, CLOCK, effect=_ask_desk),
    Rule(Verb.CHECK, FINISHED, State.CLOSED, DESK, (needs_another_person,), _check),
    Rule(Verb.CHECK_FAILED, FINISHED, State.REOPENED, DESK, (needs_another_person,), rework),
    Rule(Verb.REVISIT_DUE, CLOSED, None, CLOCK, effect=_revisit_due),
    Rule(Verb.REVISIT_FINE, CLOSED, None, TAKERS, effect=_revisit_fine),
    Rule(Verb.REVISIT_AGAIN, CLOSED, State.REOPENED, TAKERS, effect=reopen),
    Rule(Verb.ARCHIVE, ENDED - {State.ARCHIVED}, State.ARCHIVED, CLOCK, effect=_archive),
)


# in a quarrel it closes when each side has said so
ONE_SIDE = Rule(Verb.SETTLE, FINISHED, None, ASKED, (needs_another_person,), _agree)
