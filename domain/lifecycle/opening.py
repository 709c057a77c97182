"""How a case begins, is put right, is joined, is taken back."""

from dataclasses import replace

from domain.lifecycle.effects import (
    accept_clock,
    archive_at,
    dispatch,
    given_sets,
    is_suspended,
    offer,
    promise,
    taken_back,
    without,
)
from domain.lifecycle.facts import (
    ANYBODY,
    CLOCK,
    CORRECTORS,
    REPORTER,
    SPEAKERS,
    Moment,
    Rule,
    Sets,
    Timers,
)
from domain.lifecycle.guards import needs_no_other_voice
from domain.lifecycle.words import BEFORE_DONE, CLOSED, COLLECTED, OPEN, UNTAKEN, State, Timer, Verb


def _file(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = promise(moment, moment.now)
    sets |= dict(moment.given.kind) | offer(moment) | {"opened_at": moment.now}
    clock, accept = accept_clock(moment, moment.case.changed(sets))
    return sets | clock, timers | accept


def _not_admit(moment: Moment) -> tuple[Sets, Timers]:
    closed = {"closed_at": moment.now, "owner": None}
    return dict(moment.given.kind) | closed, {Timer.ARCHIVE: archive_at(moment)} | without(
        Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.REMIND
    )


def _join(moment: Moment) -> tuple[Sets, Timers]:
    return {"voices": moment.case.voices + 1}, {}


def reclassified(moment: Moment) -> tuple[Sets, Timers]:
    """Another kind or condition, another limit: counted from the opening, not from now.

    Once more time was granted or it was suspended, the deadline that people were told stays.
    """
    case = moment.case
    told = case.first_due_at is not None or is_suspended(case)
    sets, timers = ({}, {}) if told else promise(moment, case.opened_at)
    if case.handle_by and "due_at" in sets:
        sets["handle_by"] = max(case.handle_by, sets["due_at"])
    sets |= dict(moment.given.kind)
    if case.state not in UNTAKEN or case.circle_since is not None:
        sets.pop("circle", None)  # where it is by now was somebody's decision
    if case.state not in UNTAKEN:
        return sets, timers
    clock, accept = accept_clock(moment, case.changed(sets))
    return sets | clock, timers | accept


def _file_at_desk(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = _file(replace(moment, given=replace(moment.given, next_owner=None, team=())))
    return sets, timers


def _refile(moment: Moment) -> tuple[Sets, Timers]:
    """From the beginning of another line; who was asked before may be asked again."""
    case = moment.case.changed({"owner": None, "passed": ()})
    return dispatch(replace(moment, case=case))


def _refile_at_desk(moment: Moment) -> tuple[Sets, Timers]:
    return _refile(replace(moment, given=replace(moment.given, next_owner=None, team=())))


# while there is somebody whose name is or isn't shown
NAMEABLE = (OPEN - COLLECTED) | CLOSED | {State.MERGED}
FRESH = frozenset({State.FILED, State.DISPATCHED})


# what needs a larger circle's authority: that circle's desk says who handles it
AT_DESK = (
    Rule(Verb.FILE, COLLECTED, State.FILED, ANYBODY, effect=_file_at_desk),
    Rule(Verb.FILE, frozenset({State.NOT_ADMITTED}), State.FILED, REPORTER, effect=_file_at_desk),
    Rule(Verb.REFILE, UNTAKEN, State.FILED, CLOCK, effect=_refile_at_desk),
)


RULES: tuple[Rule, ...] = (
    Rule(Verb.FILE, COLLECTED, State.DISPATCHED, ANYBODY, effect=_file),
    # a wrong guess that it doesn't belong here is put right by the reporter in a tap
    Rule(Verb.FILE, frozenset({State.NOT_ADMITTED}), State.DISPATCHED, REPORTER, effect=_file),
    Rule(Verb.NOT_ADMIT, COLLECTED, State.NOT_ADMITTED, ANYBODY, effect=_not_admit),
    Rule(Verb.ADD, OPEN - COLLECTED, None, SPEAKERS),
    Rule(
        Verb.WITHDRAW,
        OPEN - COLLECTED,
        State.WITHDRAWN,
        REPORTER,
        (needs_no_other_voice,),
        taken_back,
    ),
    Rule(Verb.JOIN, OPEN - COLLECTED, None, ANYBODY, effect=_join),
    Rule(Verb.CORRECT_KIND, BEFORE_DONE, None, CORRECTORS, effect=reclassified),
    Rule(Verb.CORRECT_PLACE, BEFORE_DONE, None, CORRECTORS, effect=given_sets),
    Rule(
        Verb.SET_PRIVACY,
        OPEN - COLLECTED | CLOSED | {State.MERGED},
        None,
        REPORTER,
        effect=given_sets,
    ),
    # the kind turned out to be another circle's
    Rule(Verb.REFILE, UNTAKEN, State.DISPATCHED, CLOCK, effect=_refile),
    # an edited message changes its case while nobody has taken it
    Rule(Verb.EDIT, FRESH, None, REPORTER, effect=reclassified),
)
