"""Honest closing: who looks before the reporter is asked, and endings that are counted apart.

An on-site check (核查) comes first by kind or by lot, and is somebody else's. What a patrol
settles on the spot is closed as such; what a supervisor ends (强制结案) or the desk voids (作废)
carries a reason from a list and is told to the reporter.
"""

from dataclasses import replace
from datetime import datetime

from domain.lifecycle.effects import archive_at, asking, closed, handled, rework
from domain.lifecycle.facts import (
    ANYBODY,
    CLOCK,
    DESK,
    OWNER,
    PATROL,
    TAKERS,
    TASKED,
    CaseFacts,
    Moment,
    Rule,
    Sets,
    Timers,
)
from domain.lifecycle.guards import (
    hands_of,
    needs_another_person,
    needs_evidence,
    needs_no_open_task,
    needs_reason,
)
from domain.lifecycle.whistling import needs_tasks_awaited
from domain.lifecycle.words import (
    BEFORE_DONE,
    BEING_CHECKED,
    COLLECTED,
    FINISHED,
    FORCE_REASONS,
    HANDLED,
    OPEN,
    UNTAKEN,
    VOID_REASONS,
    WAITS,
    Closing,
    State,
    Timer,
    Verb,
)
from domain.refused import Refused
from domain.worktime import add_work


def is_drawn(moment: Moment) -> bool:
    """Whether the lot fell on it: the draw is below the district's share."""
    return moment.given.draw < moment.given.policy.share_checked(moment.case.grid)


def check_first(moment: Moment) -> bool:
    """When somebody else looks on the spot first: by kind, or by lot where the kind is sampled."""
    case = moment.case
    return case.verify == "onsite" or (case.verify == "sample" and is_drawn(moment))


def check_spot(moment: Moment) -> bool:
    """When what was settled on the spot is looked at: by kind, by lot, or for want of a photo."""
    case = moment.case
    no_photo = case.evidence == "photo" and "photo" not in moment.given.evidence
    return case.verify == "onsite" or no_photo or is_drawn(moment)


def nobody_to_ask(moment: Moment) -> bool:
    """When nobody else can be asked whether it is settled."""
    case = moment.case
    return case.on_the_spot or case.reporter is None or case.reporter in hands_of(case)


def drawing(moment: Moment, verb: Verb) -> dict[str, float]:
    """What the history keeps of a draw: the number drawn and the share it was held against."""
    by_lot = verb in (Verb.DONE, Verb.CAUSE_OVER) and moment.case.verify == "sample"
    sampled = verb is Verb.ON_THE_SPOT or by_lot
    if not sampled or moment.case.reach == "named":
        return {}
    share = moment.given.policy.share_checked(moment.case.grid)
    return {"draw": round(moment.given.draw, 6), "share": share}


def _check_at(moment: Moment) -> datetime:
    """The next is asked after some minutes of duty time; the desk each working day."""
    calendar = moment.given.calendar
    if moment.given.checker is None:
        return add_work(calendar, moment.now, 1, "work_days").at
    minutes = moment.given.policy.stage_check_minutes
    return add_work(calendar, moment.now, minutes / 60, "work_hours").at


def _ask_checker(moment: Moment) -> tuple[Sets, Timers]:
    unit = moment.given.next_unit or moment.case.owner_unit
    sets: Sets = {"owner": moment.given.checker, "owner_unit": unit}
    return sets, {Timer.CHECK: _check_at(moment)}


def done_and_checked(moment: Moment) -> tuple[Sets, Timers]:
    """Somebody says that it is done; somebody else looks before anybody is asked."""
    sets, timers = handled(moment)
    asked, check = _ask_checker(moment)
    return sets | asked, timers | check


def _ask_reporter(moment: Moment) -> tuple[Sets, Timers]:
    looked = _seen(moment)
    seen = replace(moment, case=moment.case.changed(looked))
    sets, timers = asking(seen)
    return sets | looked, timers | {Timer.CHECK: None}


def _seen(moment: Moment) -> Sets:
    """Somebody else has looked; it is with who handled it again."""
    by = {"checked_at": moment.now, "checked_by": moment.actor.person}
    led = moment.case.lead_unit is not None  # units did it, and their desk has it
    return by | {"owner": None if led else moment.case.done_by}


def _looked(moment: Moment) -> tuple[Sets, Timers]:
    found = Closing.ON_THE_SPOT if moment.case.on_the_spot else Closing.CHECKED
    sets, timers = closed(moment, found)
    return sets | _seen(moment), timers


def needs_own_round(moment: Moment) -> None:
    """What the patrol saw and filed itself; no matter for one named person."""
    case = moment.case
    if case.filed_by != moment.actor.person or case.reporter or case.reach == "named":
        raise Refused("not_on_the_spot")


def needs_photo_or_words(moment: Moment) -> None:
    """A photo or words: what was found and what was done."""
    if not moment.given.evidence:
        raise Refused("note_missing")


def _spot_sets(moment: Moment) -> Sets:
    taken = moment.case.taken_at or moment.now
    return {"on_the_spot": True, "taken_at": taken, "taken_by": moment.actor.person}


def _on_the_spot(moment: Moment) -> tuple[Sets, Timers]:
    sets, _ = handled(moment)
    more, timers = closed(moment, Closing.ON_THE_SPOT)
    return sets | more | _spot_sets(moment) | {"owner": moment.actor.person}, timers


def _spot_checked(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = done_and_checked(moment)
    return sets | _spot_sets(moment), timers


def needs_words(moment: Moment) -> None:
    """Words besides the reason: the reporter reads them."""
    if not moment.given.words.strip():
        raise Refused("why_missing")


def _force(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = closed(moment, Closing.FORCED)
    return sets | {"end_reason": moment.given.reason}, timers


def _void(moment: Moment) -> tuple[Sets, Timers]:
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = archive_at(moment)
    return {"closed_at": moment.now, "end_reason": moment.given.reason}, timers


def needs_quarrel(moment: Moment) -> None:
    """A quarrel, and somebody who isn't in it already and doesn't handle it."""
    case, person = moment.case, moment.actor.person
    if not is_quarrel(case):
        raise Refused("no_quarrel")
    if person in (case.reporter, case.owner, *hands_of(case)) or moment.actor.voice:
        raise Refused("own_side")


def is_quarrel(case: CaseFacts) -> bool:
    """Whether two sides have a word in it, as its kind says (`sides` in the catalogue)."""
    return case.two_sides


RULES: tuple[Rule, ...] = (
    Rule(Verb.CHECK, BEING_CHECKED, State.DONE, TAKERS, (needs_another_person,), _ask_reporter),
    Rule(
        Verb.CHECK_FAILED,
        BEING_CHECKED,
        State.REOPENED,
        TAKERS,
        (needs_another_person,),
        rework,
    ),
    Rule(Verb.CHECK_DUE, BEING_CHECKED, None, CLOCK, effect=_ask_checker),
    Rule(
        Verb.ON_THE_SPOT,
        UNTAKEN,
        State.CLOSED,
        PATROL,
        (needs_own_round, needs_photo_or_words),
        _on_the_spot,
    ),
    Rule(
        Verb.FORCE,
        BEFORE_DONE | BEING_CHECKED | FINISHED,
        State.CLOSED,
        DESK,
        (needs_reason(*FORCE_REASONS), needs_words, needs_another_person),
        _force,
    ),
    Rule(Verb.VOID, OPEN - COLLECTED, State.VOIDED, DESK, (needs_reason(*VOID_REASONS),), _void),
    Rule(Verb.OTHER_SIDE, OPEN - COLLECTED, None, ANYBODY, (needs_quarrel,)),
)


# the same steps where they lead elsewhere; each says when
CHECK_FIRST = Rule(
    Verb.DONE,
    HANDLED,
    State.CHECKING,
    OWNER,
    (needs_no_open_task, needs_evidence),
    done_and_checked,
)
TASKS_CHECKED = Rule(
    Verb.TASKS_DONE,
    WAITS,
    State.CHECKING,
    TASKED,
    (needs_tasks_awaited, needs_no_open_task, needs_evidence),
    done_and_checked,
)
SPOT_CHECKED = Rule(
    Verb.ON_THE_SPOT,
    UNTAKEN,
    State.CHECKING,
    PATROL,
    (needs_own_round, needs_photo_or_words),
    _spot_checked,
)
LOOKED = Rule(Verb.CHECK, BEING_CHECKED, State.CLOSED, TAKERS, (needs_another_person,), _looked)
