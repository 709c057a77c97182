"""How a case begins, is put right, is joined, is taken back."""

from domain.lifecycle.effects import (
    accept_clock,
    archive_at,
    given_sets,
    is_suspended,
    offer,
    promise,
    without,
)
from domain.lifecycle.facts import (
    ANYBODY,
    CORRECTORS,
    REPORTER,
    SPEAKERS,
    Moment,
    Rule,
    Sets,
    Timers,
)
from domain.lifecycle.guards import needs_no_other_voice
from domain.lifecycle.words import BEFORE_DONE, COLLECTED, OPEN, UNTAKEN, State, Timer, Verb


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


def _withdraw(moment: Moment) -> tuple[Sets, Timers]:
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = archive_at(moment)
    return {"closed_at": moment.now, "waits_for": None, "extension_asked": None}, timers


def _join(moment: Moment) -> tuple[Sets, Timers]:
    return {"voices": moment.case.voices + 1}, {}


def _correct_kind(moment: Moment) -> tuple[Sets, Timers]:
    """Another kind or condition, another limit: counted from the opening, not from now.

    Once more time was granted or it was suspended, the deadline that people were told stays.
    """
    case = moment.case
    told = case.first_due_at is not None or is_suspended(case)
    sets, timers = ({}, {}) if told else promise(moment, case.opened_at)
    if case.handle_by and "due_at" in sets:
        sets["handle_by"] = max(case.handle_by, sets["due_at"])
    sets |= dict(moment.given.kind)
    if case.state not in UNTAKEN:
        return sets, timers
    clock, accept = accept_clock(moment, case.changed(sets))
    return sets | clock, timers | accept


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
        _withdraw,
    ),
    Rule(Verb.JOIN, OPEN - COLLECTED, None, ANYBODY, effect=_join),
    Rule(Verb.CORRECT_KIND, BEFORE_DONE, None, CORRECTORS, effect=_correct_kind),
    Rule(Verb.CORRECT_PLACE, BEFORE_DONE, None, CORRECTORS, effect=given_sets),
    Rule(Verb.SET_PRIVACY, OPEN - COLLECTED, None, REPORTER, effect=given_sets),
    # an edited message changes its case while nobody has taken it
    Rule(Verb.EDIT, frozenset({State.DISPATCHED}), None, REPORTER, effect=_correct_kind),
)
