"""Three circles (三级循环): the grid and its community, the street, the district.

A matter starts in the smallest circle whose authority covers its kind, rises by its owner's word
or when the circle's own time has run out, and comes down with instructions. The promise to the
reporter goes on; a circle's time is counted from when the matter came into it.
"""

from datetime import datetime
from itertools import pairwise

from domain.catalogue import CIRCLES
from domain.lifecycle.effects import accept_clock, go_on, handler_due, limit_unit
from domain.lifecycle.facts import CLOCK, DESK, HANDS, CaseFacts, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import (
    needs_desk_of_circle,
    needs_reason,
    needs_running_clock,
    needs_to_be_shareable,
)
from domain.lifecycle.words import BEFORE_DONE, RISE_REASONS, State, Timer, Verb, WaitsFor
from domain.refused import Refused
from domain.worktime import add_work, work_between


def above(circle: str) -> str | None:
    """The next larger circle, or None."""
    return dict(pairwise(CIRCLES)).get(circle)


def below(circle: str) -> str | None:
    """The next smaller circle, or None."""
    return {larger: smaller for smaller, larger in pairwise(CIRCLES)}.get(circle)


def circle_after(circle: str, verb: Verb) -> str:
    """The circle that a step leads to; the same for steps that stay."""
    moves = {Verb.RISE: above, Verb.DESCEND: below}
    return (moves[verb](circle) if verb in moves else None) or circle


def starts_at_desk(circle: str, urgency: str, reach: str) -> bool:
    """Whether a larger circle's desk says first who handles it; danger never waits for a desk."""
    return circle != CIRCLES[0] and urgency != "now" and reach != "named"


def circle_ends(moment: Moment) -> datetime:
    """When the circle's own time runs out: some work days after its limit.

    In the first circle the limit is the handler's own deadline; who gets the matter later gets
    the filing condition's whole limit, so that nobody answers for the time that another had it.
    """
    case = moment.case
    return case.circle_due_at or _with_grace(moment, handler_due(case))


def _with_grace(moment: Moment, limit: datetime) -> datetime:
    days = moment.given.policy.circle_grace_days
    return add_work(moment.given.calendar, limit, days, "work_days").at


def wind(moment: Moment) -> Timers:
    """The circle's clock, for a matter that is late; it is said once in each circle.

    While the reporter's answer is awaited, no circle is blamed.
    """
    case = moment.case
    awaits_reporter = case.state is State.WAITING and case.waits_for != WaitsFor.TASK
    if awaits_reporter or case.reach == "named" or case.circle_overdue_at is not None:
        return {}
    return {Timer.CIRCLE: max(circle_ends(moment), moment.now)}


def needs_circle_above(moment: Moment) -> None:
    """A larger circle, with somebody at its desk."""
    if above(moment.case.circle) is None:
        raise Refused("circle_top")
    if not moment.given.next_unit:
        raise Refused("nobody_above")


def needs_circle_below(moment: Moment) -> None:
    """A smaller circle."""
    if below(moment.case.circle) is None:
        raise Refused("circle_bottom")


def needs_why(moment: Moment) -> None:
    """A reason from the list; none from the clock."""
    if moment.actor.person is not None:
        needs_reason(*RISE_REASONS)(moment)


def needs_instructions(moment: Moment) -> None:
    """Words to those below."""
    if not moment.given.words.strip():
        raise Refused("instructions_missing")


def overrun(moment: Moment) -> int:
    """Seconds, on the clock of its limit, by which the circle has exceeded its own time since
    that was last counted.

    Each circle answers for its own time alone: what the reporter, a unit or a suspension made it
    wait isn't counted, nor the time after it was done.
    """
    case = moment.case
    until = case.waiting_since or moment.now
    if case.reach == "named" or until <= (case.circle_due_at or handler_due(case)):
        return 0
    since = max(circle_ends(moment), case.circle_counted_at or case.opened_at)
    if until <= since:
        return 0
    worked = work_between(moment.given.calendar, since, until)
    return int((worked if on_work_clock(case) else until - since).total_seconds())


def on_work_clock(case: CaseFacts) -> bool:
    """Whether the case's limit counts work time; else it counts the hours on the wall."""
    return limit_unit(case).startswith("work_")


def counted(moment: Moment, after: CaseFacts) -> tuple[Sets, Sets]:
    """(columns, facts) of an overrun where a step takes the matter out of its circle's hands: to
    another circle, to done or ended, or into waiting for somebody.

    What the clock takes away had its time and no more: how late the clock came isn't the circle's.
    """
    case = moment.case
    if case.state not in BEFORE_DONE or moment.actor.person is None:
        return {}, {}
    waits = after.state is State.WAITING and case.state is not State.WAITING
    if after.state in BEFORE_DONE and after.circle == case.circle and not waits:
        return {}, {}
    seconds = overrun(moment)
    if not seconds:
        return {}, {}
    name = f"over_{case.circle}"
    facts = {"over": seconds, "circle": case.circle, "work": on_work_clock(case)}
    return {name: getattr(case, name) + seconds, "circle_counted_at": moment.now}, facts


def _move(moment: Moment, circle: str) -> tuple[Sets, Timers]:
    """To the desk of another circle, whose own clock starts."""
    limit = moment.case.due_at - moment.case.opened_at
    given = moment.given
    if moment.case.limit_value and moment.case.limit_unit:
        value, unit = moment.case.limit_value, moment.case.limit_unit
        whole = add_work(given.calendar, moment.now, value, unit).at  # type: ignore[arg-type]
    else:
        whole = moment.now + limit
    ends = _with_grace(moment, whole)
    sets: Sets = {
        "circle": circle,
        "circle_since": moment.now,
        "circle_due_at": ends,
        "circle_overdue_at": None,
        "owner": None,
        "owner_unit": given.next_unit or moment.case.owner_unit,
        "instructions": given.words.strip(),
        "extension_asked": None,
        "lead_unit": None,  # each circle names its own
    }
    sets = go_on(moment) | sets
    clock, timers = accept_clock(moment, moment.case.changed({"owner": None}))
    return sets | clock, timers | {Timer.REMIND: None, Timer.CIRCLE: ends}


def _rise(moment: Moment) -> tuple[Sets, Timers]:
    return _move(moment, above(moment.case.circle) or moment.case.circle)


def _descend(moment: Moment) -> tuple[Sets, Timers]:
    return _move(moment, below(moment.case.circle) or moment.case.circle)


def _late(moment: Moment) -> tuple[Sets, Timers]:
    return {"circle_overdue_at": moment.now}, {Timer.CIRCLE: None}


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.RISE,
        BEFORE_DONE,
        State.FILED,
        HANDS | CLOCK,
        (
            needs_running_clock,
            needs_circle_above,
            needs_to_be_shareable,
            needs_desk_of_circle,
            needs_why,
        ),
        _rise,
    ),
    Rule(
        Verb.DESCEND,
        BEFORE_DONE,
        State.FILED,
        DESK,
        (needs_running_clock, needs_circle_below, needs_desk_of_circle, needs_instructions),
        _descend,
    ),
    # the largest circle has nobody above it: that it ran late is kept and said
    Rule(Verb.CIRCLE_LATE, BEFORE_DONE, None, CLOCK, effect=_late),
)
