"""The table of what may happen, and the one function that decides."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from domain.lifecycle import (
    alarm,
    causing,
    checking,
    circles,
    closing,
    handling,
    merging,
    moving,
    opening,
    overseeing,
    reminding,
    returning,
    timing,
    whistling,
)
from domain.lifecycle.facts import CaseFacts, Change, Given, Moment, Rule
from domain.lifecycle.handling import NAMED_DONE, is_named
from domain.lifecycle.opening import AT_DESK
from domain.lifecycle.words import ENDED, UNTAKEN, Colour, State, Verb
from domain.refused import Refused
from domain.roles import ActorFacts, Standing, standings

Condition = Callable[[Moment], bool]

RULES: tuple[Rule, ...] = (
    *opening.RULES,
    *handling.RULES,
    *returning.RULES,
    *checking.RULES,
    *closing.RULES,
    *circles.RULES,
    *whistling.RULES,
    *reminding.RULES,
    *timing.RULES,
    *moving.RULES,
    *overseeing.RULES,
    *merging.RULES,
    *causing.RULES,
    *alarm.RULES,
)


# what a larger circle's desk dispatches
TO_DESK = (*AT_DESK, *merging.AT_DESK)


# a step that leads elsewhere in some moments: the first line that holds is followed
SPECIAL: tuple[tuple[Condition, Rule], ...] = (
    (is_named, NAMED_DONE),
    (checking.check_first, checking.CHECK_FIRST),
    (checking.check_first, checking.TASKS_CHECKED),
    (checking.check_first, causing.OVER_CHECKED),
    (checking.check_spot, checking.SPOT_CHECKED),
    (checking.nobody_to_ask, checking.LOOKED),
    (closing.another_side, closing.ONE_SIDE),
)


_SPECIAL: dict[tuple[Verb, State], list[tuple[Condition, Rule]]] = defaultdict(list)
for _when, _rule in SPECIAL:
    for _state in _rule.frm:
        _SPECIAL[_rule.verb, _state].append((_when, _rule))


_BY_VERB: dict[tuple[Verb, State], Rule] = {
    (rule.verb, state): rule for rule in RULES for state in rule.frm
}


_RANK = {standing: rank for rank, standing in enumerate(Standing)}


_AT_DESK: dict[tuple[Verb, State], Rule] = {
    (rule.verb, state): rule for rule in TO_DESK for state in rule.frm
}


def rule_for(case: CaseFacts, verb: Verb) -> Rule | None:
    """The line of the table that `verb` follows in the case's state, or None.

    Where it leads in this moment is for `decide` (SPECIAL); who may use it is the same.
    """
    if (verb, case.state) in _AT_DESK and circles.starts_at_desk(
        case.circle, case.urgency, case.reach
    ):
        return _AT_DESK[verb, case.state]
    return _BY_VERB.get((verb, case.state))


def _followed(rule: Rule, moment: Moment) -> Rule:
    for when, special in _SPECIAL.get((rule.verb, moment.case.state), ()):
        if when(moment):
            return special
    return rule


def decide(case: CaseFacts, verb: Verb, actor: ActorFacts, given: Given, now: datetime) -> Change:
    """What `verb` by `actor` does to `case` at `now`, or why it can't.

    Raises Refused: `wrong_state` (facts: state, verb), `not_yours`, or the guard's own code.
    """
    rule = rule_for(case, verb)
    if rule is None:
        raise Refused("wrong_state", state=case.state, verb=verb)
    held = standings(actor, case.place()) & rule.by
    if not held:
        raise Refused("not_yours")
    moment = Moment(case, actor, given, now)
    rule = _followed(rule, moment)
    for guard in rule.guards:
        guard(moment)
    return _changed(moment, rule, min(held, key=_RANK.__getitem__))


def _changed(moment: Moment, rule: Rule, standing: Standing) -> Change:
    sets, timers = rule.effect(moment)
    state = sets.pop("state", None) or rule.to or moment.case.state
    if moment.case.arrived_at and rule.verb in (Verb.ANSWER, Verb.RESUME):
        state = State.IN_HAND
    # a button is old once the state has moved on; a voice more or a reminder ages nothing
    moved = sets.get("circle", moment.case.circle) != moment.case.circle
    moved = moved and moment.case.state is not State.COLLECTED
    version = moment.case.version + (moved or state is not moment.case.state)
    after = moment.case.changed(sets | {"state": state, "version": version})
    facts = dict(moment.given.facts)
    if moment.given.reason:
        facts["reason"] = moment.given.reason
    facts |= checking.drawing(moment, rule.verb)
    over, told = circles.counted(moment, after)
    if over:
        sets, after, facts = sets | over, after.changed(over), facts | told
    if after.due_at != moment.case.due_at and moment.case.state is not State.COLLECTED:
        facts |= {"due_from": moment.case.due_at.isoformat(), "due_to": after.due_at.isoformat()}
    return Change(
        rule.verb,
        standing,
        moment.case.state,
        after,
        sets | {"state": state, "version": version},
        timers,
        facts,
    )


def allowed(case: CaseFacts, actor: ActorFacts) -> frozenset[Verb]:
    """The verbs that the table gives the actor now (guards not looked at): for the buttons."""
    held = standings(actor, case.place())
    return frozenset(
        verb for verb in Verb if (rule := rule_for(case, verb)) is not None and rule.by & held
    )


def colour(case: CaseFacts, now: datetime) -> Colour:
    """The colour people see."""
    if case.state in ENDED or case.state in (State.CHECKING, State.DONE):
        return Colour.GREEN
    if now >= case.due_at or (case.urgency == "now" and case.state in UNTAKEN):
        return Colour.RED
    if case.warn_at is not None and now >= case.warn_at:
        return Colour.YELLOW
    return Colour.GREEN


def page() -> str:
    """docs/lifecycle.md: the table, drawn and listed. `python -m domain.lifecycle` prints it."""
    lines = [
        "# The life of a case",
        "",
        "Made from the table in `domain/lifecycle/` by `python -m domain.lifecycle`; a test",
        "keeps the two equal. A step that is not here is refused and changes nothing.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> collected",
        *_arrows(),
        "```",
        "",
        "| step | from | to | by | needs |",
        "|---|---|---|---|---|",
        *(_row(rule) for rule in RULES),
        *(_row(rule, "a kind for street or district") for rule in TO_DESK),
        *(_row(rule, _said(when)) for when, rule in SPECIAL),
        "",
    ]
    return "\n".join(lines)


def _arrows() -> list[str]:
    return [
        f"    {state} --> {rule.to}: {rule.verb}"
        for rule in (*RULES, *TO_DESK, *(special for _, special in SPECIAL))
        if rule.to is not None
        for state in State
        if state in rule.frm
    ]


def _row(rule: Rule, when: str = "") -> str:
    states = ", ".join(state for state in State if state in rule.frm)
    people = ", ".join(each for each in Standing if each in rule.by)
    needs = "; ".join(" ".join((guard.__doc__ or "").split()) for guard in rule.guards)
    only = f" ({when})" if when else ""
    return f"| {rule.verb}{only} | {states} | {rule.to or 'stays'} | {people} | {needs or '–'} |"


def _said(when: Condition) -> str:
    """A condition as its first line says it."""
    return (when.__doc__ or "").splitlines()[0].rstrip(".").lower()
