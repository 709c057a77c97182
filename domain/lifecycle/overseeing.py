"""What a desk does while others have the case: urge, report upwards, pass a word on."""

from datetime import timedelta

from domain.lifecycle.facts import DESK, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import needs_running_clock
from domain.lifecycle.words import BEFORE_DONE, COLLECTED, LISTENERS, OPEN, Verb
from domain.refused import Refused
from domain.roles import is_desk_of

# a case is urged at most once in this time, by whoever it is
URGED_AGAIN = timedelta(hours=1)


def needs_another_to_urge(moment: Moment) -> None:
    """Somebody else has it: a person, or another desk."""
    case, actor = moment.case, moment.actor
    at_own_desk = case.owner is None and is_desk_of(actor.roles, case.owner_unit)
    if at_own_desk or case.owner == actor.person:
        raise Refused("urge_yourself")


def needs_an_hour_since(moment: Moment) -> None:
    """An hour since it was last urged."""
    if moment.case.urged_at is None:
        return
    left = moment.case.urged_at + URGED_AGAIN - moment.now
    if left > timedelta(0):
        raise Refused("urged_lately", n=-(-int(left.total_seconds()) // 60))


def needs_desk_above(moment: Moment) -> None:
    """A desk above that has not had it reported yet."""
    above, known = moment.given.above, moment.case.supervised_unit
    if above is None:
        raise Refused("no_desk_above")
    if known is not None and len(known) <= len(above):
        raise Refused("supervised_already")


def needs_listener(moment: Moment) -> None:
    """Somebody to hear it: the reporter on the platform, or a person who has the case."""
    to = moment.given.listener
    if to not in LISTENERS:
        raise Refused("button_unknown")
    if to == "reporter" and moment.case.reporter is None:
        raise Refused("nobody_to_ask")
    if to == "owner" and moment.case.owner is None:
        raise Refused("nobody_has_it")


def _urge(moment: Moment) -> tuple[Sets, Timers]:
    return {"urged": moment.case.urged + 1, "urged_at": moment.now}, {}


def _supervise(moment: Moment) -> tuple[Sets, Timers]:
    return {"supervised_unit": moment.given.above}, {}


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.URGE,
        BEFORE_DONE,
        None,
        DESK,
        (needs_another_to_urge, needs_running_clock, needs_an_hour_since),
        _urge,
    ),
    Rule(Verb.SUPERVISE, OPEN - COLLECTED, None, DESK, (needs_desk_above,), _supervise),
    Rule(Verb.TELL, OPEN - COLLECTED, None, DESK, (needs_listener,)),
)
