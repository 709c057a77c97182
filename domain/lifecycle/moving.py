"""To another colleague or another grid, while everything else goes on as it was."""

from domain.lifecycle.effects import accept_at
from domain.lifecycle.facts import CLOCK, DESK, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import needs_next
from domain.lifecycle.words import CLOSED, COLLECTED, HANDLED, OPEN, UNTAKEN, Timer, Verb


def _hand_over(moment: Moment) -> tuple[Sets, Timers]:
    """The next has it as the last had it; what wasn't taken yet gets a new time to take it."""
    case, following = moment.case, moment.given.next_owner
    passed = tuple(dict.fromkeys([*case.passed, str(following)]))
    sets: Sets = {"owner": following, "passed": passed}
    if case.state in HANDLED:
        sets["taken_by"] = following
    if case.state in UNTAKEN:
        return sets, {Timer.ACCEPT: accept_at(moment, case)}
    return sets, {}


def _move(moment: Moment) -> tuple[Sets, Timers]:
    """Grid and community change; who had it keeps it, and the desk above is the new grid's."""
    sets: Sets = dict(moment.given.kind)
    if moment.given.next_unit is not None:
        sets["owner_unit"] = moment.given.next_unit
    owner = moment.case.owner
    return sets | {"passed": (str(owner),) if owner is not None else ()}, {}


RULES: tuple[Rule, ...] = (
    # closed ones too: their revisits are the next one's
    Rule(
        Verb.HAND_OVER,
        (OPEN - COLLECTED) | CLOSED,
        None,
        DESK | CLOCK,
        (needs_next,),
        _hand_over,
    ),
    Rule(Verb.MOVE, OPEN - COLLECTED, None, DESK | CLOCK, effect=_move),
)
