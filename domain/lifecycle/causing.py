"""Several cases under one cause (a power cut in ten buildings): each stays a case of its own, with
its owner, promise and next moment, and all are called done by one word.
"""

from domain.lifecycle.checking import done_and_checked
from domain.lifecycle.effects import done_sets
from domain.lifecycle.facts import DESK, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_desk_of_circle,
    needs_evidence,
    needs_no_open_task,
    needs_to_be_shareable,
)
from domain.lifecycle.words import BEFORE_DONE, COLLECTED, OPEN, State, Verb
from domain.refused import Refused


def needs_other_cause(moment: Moment) -> None:
    """A cause that it isn't under already."""
    if moment.given.other_key is None:
        raise Refused("cause_gone")
    if moment.case.cause == moment.given.other_key:
        raise Refused("cause_already")


def needs_cause(moment: Moment) -> None:
    """It is under a cause."""
    if moment.case.cause is None:
        raise Refused("no_cause")


def _share(moment: Moment) -> tuple[Sets, Timers]:
    return {"cause": moment.given.other_key}, {}


def _leave(moment: Moment) -> tuple[Sets, Timers]:
    return {"cause": None}, {}


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.SHARE_CAUSE,
        BEFORE_DONE,
        None,
        DESK,
        (needs_to_be_shareable, needs_other_cause),
        _share,
    ),
    Rule(Verb.LEAVE_CAUSE, OPEN - COLLECTED, None, DESK, (needs_cause,), _leave),
    # the desk's one word; each reporter is asked in their own case
    Rule(
        Verb.CAUSE_OVER,
        BEFORE_DONE,
        State.DONE,
        DESK,
        (needs_cause, needs_desk_of_circle, needs_no_open_task, needs_evidence),
        done_sets,
    ),
)


# where somebody looks on the spot first, they do so here as well
OVER_CHECKED = Rule(
    Verb.CAUSE_OVER,
    BEFORE_DONE,
    State.CHECKING,
    DESK,
    (needs_cause, needs_desk_of_circle, needs_no_open_task, needs_evidence),
    done_and_checked,
)
