"""The same matter told twice: one case goes on for both, and comes apart again if it wasn't.

The case that is merged ends, neither closed nor voided; the one that stays keeps the stricter of
the two promises. `given.other` is the other case of the two.
"""

from dataclasses import replace

from domain.lifecycle.checking import is_quarrel
from domain.lifecycle.effects import (
    archive_at,
    dispatch,
    go_on,
    handler_due,
    is_suspended,
    no_stage,
    promise_timers,
    taken_back,
)
from domain.lifecycle.effects import warn_at as yellow_at
from domain.lifecycle.facts import CLOCK, DESK, REPORTER, CaseFacts, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import needs_desk_of_circle, needs_no_other_voice
from domain.lifecycle.words import BEFORE_DONE, ENDED, Appeal, State, Timer, Verb
from domain.refused import Refused
from domain.roles import Standing

_RANK = {"normal": 0, "soon": 1, "now": 2}
# the weakest first
_PROOF, _CHECK = ("none", "note", "photo"), ("reporter", "sample", "onsite")


def why_not_one(one: CaseFacts, other: CaseFacts) -> str | None:
    """Why two cases can never be one matter (a refusal's code); None if they can.

    The same in both directions. What was told in private stays among its own; in a quarrel each
    side is asked for itself; a matter for one named person has no desk.
    """
    if one.community != other.community:
        return "merge_far"
    if "named" in (one.reach, other.reach):
        return "merge_named"
    if one.private != other.private:
        return "merge_private"
    if is_quarrel(one) or is_quarrel(other):
        return "merge_quarrel"
    if is_suspended(one) or is_suspended(other):
        return "merge_suspended"
    return None


def stays(one: CaseFacts, other: CaseFacts) -> bool:
    """Whether `one` rather should stay: the more urgent, the larger circle's, the one that
    somebody has in hand, else the older."""
    return _weight(one) > _weight(other)


def _weight(case: CaseFacts) -> tuple[int, int, bool, float]:
    circle = ("micro", "small", "big").index(case.circle)
    return _RANK[case.urgency], circle, case.taken_by is not None, -case.opened_at.timestamp()


def needs_same_matter(moment: Moment) -> None:
    """Another open case of the community, as public as this one, and neither a quarrel."""
    other = moment.given.other
    if other is None or other.state not in BEFORE_DONE:
        raise Refused("merge_over")
    code = why_not_one(moment.case, other)
    if code is not None:
        raise Refused(code)


def needs_calmer(moment: Moment) -> None:
    """What endangers somebody never goes on as something calmer."""
    other = moment.given.other
    if other is not None and _RANK[moment.case.urgency] > _RANK[other.urgency]:
        raise Refused("merge_urgency")


def needs_no_unit_at_it(moment: Moment) -> None:
    """No unit is still at it: its task would lose its case."""
    if moment.given.open_tasks:
        raise Refused("merge_tasks_open", n=moment.given.open_tasks)


def needs_open_other(moment: Moment) -> None:
    """The case that it went into is still being worked on."""
    other = moment.given.other
    if other is None or other.state not in BEFORE_DONE:
        raise Refused("unmerge_over")


def needs_going_on(moment: Moment) -> None:
    """What it goes on as isn't over: there is something to take back."""
    other = moment.given.other
    if other is None or other.state in ENDED:
        state = other.state if other is not None else moment.case.state
        raise Refused("wrong_state", state=state, verb=Verb.WITHDRAW)


def needs_absorbed(moment: Moment) -> None:
    """Another case that went into it."""
    if not moment.case.absorbed:
        raise Refused("nothing_merged")


def _merge(moment: Moment) -> tuple[Sets, Timers]:
    """It keeps who had it, so that they can be told; nothing will happen to it by itself, and
    nobody decides what was asked for any more."""
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = archive_at(moment)
    ended: Sets = {
        "closed_at": moment.now,
        "merged_into": moment.given.other_key,
        "extension_asked": None,
    }
    if moment.case.appeal == Appeal.ASKED:
        ended["appeal"] = None
    return go_on(moment) | ended | no_stage(), timers


def _absorb(moment: Moment) -> tuple[Sets, Timers]:
    """`given.amount`: how many voices it gains. Of both promises the stricter one holds, and so
    it is with what must be shown and who looks."""
    case, other = moment.case, moment.given.other
    assert other is not None  # needs_same_matter
    late = [each.overdue_at for each in (case, other) if each.overdue_at is not None]
    sets: Sets = {
        "voices": case.voices + (moment.given.amount or 0),
        "absorbed": case.absorbed + 1,
        "cause": case.cause or other.cause,
        "evidence": max(case.evidence, other.evidence, key=_PROOF.index),
        "verify": max(case.verify, other.verify, key=_CHECK.index),
        "overdue_at": min(late, default=None),
    }
    due = min(case.due_at, other.due_at)
    own = min(handler_due(case), handler_due(other))
    sets["handle_by"] = own if own != due else None
    if due == case.due_at:
        return sets, {}
    warns = [each.warn_at for each in (case, other) if each.warn_at is not None]
    sets |= {"due_at": due, "due_provisional": other.due_provisional, "warn_at": min(warns)}
    return sets, promise_timers(moment, sets["warn_at"], due)


def _come_back(moment: Moment) -> tuple[Sets, Timers]:
    """Its own promise, from the beginning of its line; what was awaited isn't any more.

    `given.kind`: what else has ended meanwhile.
    """
    case = moment.case.changed({"owner": None, "passed": ()})
    sets, timers = dispatch(replace(moment, case=case))
    sets |= {"closed_at": None, "merged_into": None, "lead_unit": None, "arrived_at": None}
    sets |= {"circle_counted_at": moment.now, **moment.given.kind}
    again = promise_timers(moment, case.warn_at, case.due_at)
    return sets, timers | again | {Timer.ARCHIVE: None}


def _come_back_to_desk(moment: Moment) -> tuple[Sets, Timers]:
    return _come_back(replace(moment, given=replace(moment.given, next_owner=None, team=())))


def _release(moment: Moment) -> tuple[Sets, Timers]:
    """`given.amount`: how many voices it loses. `given.at`: the promise that it had before, if
    the other's was stricter and nothing has moved it since. `given.kind`: as it was before, what
    else had come with the other."""
    case, given = moment.case, moment.given
    sets: Sets = {
        "voices": max(case.voices - (given.amount or 0), 1),
        "absorbed": max(case.absorbed - 1, 0),
        **given.kind,
    }
    if given.at is None or is_suspended(case):
        return sets, {}
    warn = yellow_at(case.opened_at, given.at, given.policy)
    own = sets.get("handle_by", case.handle_by)
    sets |= {"due_at": given.at, "warn_at": warn}
    sets["handle_by"] = own if own and own > given.at else None
    if given.at > moment.now:
        sets["overdue_at"] = None
    return sets, promise_timers(moment, warn, given.at)


def needs_own_or_desk(moment: Moment) -> None:
    """A reporter's own, as long as nobody has joined; of the desks, that of the circle."""
    if moment.case.reporter != moment.actor.person or moment.case.voices > 1:
        needs_desk_of_circle(moment)


MERGED = frozenset({State.MERGED})


# a reporter may say that theirs is an earlier one: one more voice in it brings its case along
JOINERS = DESK | {Standing.VOICE}


RULES: tuple[Rule, ...] = (
    Rule(
        Verb.MERGE,
        BEFORE_DONE,
        State.MERGED,
        DESK | REPORTER,
        (needs_same_matter, needs_calmer, needs_no_unit_at_it, needs_own_or_desk),
        _merge,
    ),
    Rule(Verb.ABSORB, BEFORE_DONE, None, JOINERS, (needs_same_matter,), _absorb),
    # by the clock when the other has become what is never one with another
    Rule(Verb.UNMERGE, MERGED, State.DISPATCHED, DESK | CLOCK, (needs_open_other,), _come_back),
    # `given.other` is the last of its line; it goes on without them
    Rule(
        Verb.WITHDRAW,
        MERGED,
        State.WITHDRAWN,
        REPORTER,
        (needs_going_on, needs_no_other_voice),
        taken_back,
    ),
    Rule(Verb.RELEASE, BEFORE_DONE, None, DESK | CLOCK, (needs_absorbed,), _release),
)


# what needs a larger circle's authority comes back to that circle's desk
AT_DESK = (
    Rule(Verb.UNMERGE, MERGED, State.FILED, DESK | CLOCK, (needs_open_other,), _come_back_to_desk),
)
