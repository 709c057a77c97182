"""No kicking (踢皮球): a unit hands a case back once, the case goes back twice, then a word binds.

The first hand-back goes to the desk that dispatches; the second, by whatever unit, to the nearest
desk above both. In danger it goes to the next in line as well, and a matter for one named person
stays with its named people.
"""

from domain.lifecycle.effects import dispatch
from domain.lifecycle.facts import DESK, OWNER, CaseFacts, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import needs_desk_of_circle, needs_reason, needs_running_clock
from domain.lifecycle.words import BEFORE_DONE, HAND_BACK_REASONS, LOSABLE, State, Verb
from domain.refused import Refused
from domain.roles import supervises, unit_of


def is_kickable(case: CaseFacts) -> bool:
    """Whether the rules of this module hold: a named matter has no units and no desk."""
    return case.reach != "named"


def disputed(case: CaseFacts) -> bool:
    """Whether a supervisor's word is awaited."""
    return case.arbiter is not None and case.bound_unit is None


def needs_no_decision(moment: Moment) -> None:
    """No supervisor has decided whose it is."""
    case = moment.case
    if is_kickable(case) and case.bound_unit is not None:
        raise Refused(
            "bound_by_decision", unit=case.bound_unit, by=case.bound_by, when=case.bound_at
        )


def needs_first_of_unit(moment: Moment) -> None:
    """The unit hasn't handed it back before."""
    unit = unit_of(moment.actor.roles, moment.case.grid)
    if is_kickable(moment.case) and unit in moment.case.returned_by:
        raise Refused("handed_back_once", unit=unit)


def needs_no_receiver(moment: Moment) -> None:
    """Not the desk to which it was handed back: it dispatches and handles nothing itself.

    What endangers somebody now is taken by whoever can.
    """
    case = moment.case
    if case.returned_to is None or not is_kickable(case) or case.urgency == "now":
        return
    if supervises(moment.actor.roles, case.returned_to):
        raise Refused("only_dispatch")


def needs_another_owner(moment: Moment) -> None:
    """A desk doesn't give to itself what was handed back to it."""
    case, whom = moment.case, moment.given.next_owner
    if case.returned_to is not None and whom is not None and whom == moment.actor.person:
        raise Refused("only_dispatch")


def needs_undisputed(moment: Moment) -> None:
    """No other unit than the one that a supervisor above has named, once one was asked."""
    case = moment.case
    if case.arbiter is not None and (disputed(case) or moment.given.unit != case.bound_unit):
        raise Refused("arbiter_decides", unit=case.arbiter)


def needs_arbiter(moment: Moment) -> None:
    """The desk above the units concerned, or one above it; with a unit or a person named."""
    case = moment.case
    if case.arbiter is None:
        raise Refused("nothing_to_decide")
    if not supervises(moment.actor.roles, case.arbiter):
        raise Refused("arbiter_decides", unit=case.arbiter)
    if moment.given.unit is None:
        raise Refused("whom_to_bind")


def _hand_back(moment: Moment) -> tuple[Sets, Timers]:
    """`given.next_unit`: the desk it goes to. The second time that desk is the arbiter."""
    case = moment.case
    sets, timers = dispatch(moment)
    unit = unit_of(moment.actor.roles, case.grid)
    units = dict.fromkeys([*case.returned_by, *([unit] if unit else [])])
    sets |= {"hand_backs": case.hand_backs + 1, "returned_by": tuple(units)}
    if is_kickable(case) and sets["owner"] is None:
        sets["returned_to"] = sets["owner_unit"]
    if is_kickable(case) and case.hand_backs >= 1:
        sets["arbiter"] = sets["owner_unit"]
    return sets, timers


def _arbitrate(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = dispatch(moment)
    word: Sets = {
        "bound_unit": moment.given.unit,
        "bound_by": moment.actor.person,
        "bound_at": moment.now,
    }
    return sets | word, timers


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.HAND_BACK,
        LOSABLE,
        State.DISPATCHED,
        OWNER,
        (needs_reason(*HAND_BACK_REASONS), needs_no_decision, needs_first_of_unit),
        _hand_back,
    ),
    Rule(
        Verb.ASSIGN,
        BEFORE_DONE,
        State.DISPATCHED,
        DESK,
        (needs_running_clock, needs_desk_of_circle, needs_undisputed, needs_another_owner),
        dispatch,
    ),
    Rule(
        Verb.ARBITRATE,
        BEFORE_DONE,
        State.DISPATCHED,
        DESK,
        (needs_running_clock, needs_arbiter, needs_another_owner),
        _arbitrate,
    ),
)
