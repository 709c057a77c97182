"""The life of a case: one table of what may happen, one function that decides.

`decide` is the only way a case changes, from chat, clock and web alike. A rule names the
states it starts from, the state it leads to (None: it stays), who may use it, what must be
true, and what it sets. docs/lifecycle.md lists the table; a test keeps the two equal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.policy import Policy
from domain.refused import Refused
from domain.roles import ActorFacts, CasePlace, Standing, standings
from domain.worktime import Calendar, Deadline, add_work, next_work_time


class State(StrEnum):
    """Where a case stands."""

    COLLECTED = "collected"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    IN_HAND = "in_hand"
    WAITING = "waiting"
    DONE = "done"
    REOPENED = "reopened"
    CLOSED = "closed"
    NOT_ADMITTED = "not_admitted"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


class Closing(StrEnum):
    """How a closed case was closed; never mixed in one number.

    settled: the reporter said so · unconfirmed: nobody answered · checked: somebody else looked
    · entrusted: the named person's word in a matter where the reporter isn't asked by a message.
    """

    SETTLED = "settled"
    UNCONFIRMED = "unconfirmed"
    CHECKED = "checked"
    ENTRUSTED = "entrusted"


class Verb(StrEnum):
    """What can happen to a case."""

    FILE = "file"
    NOT_ADMIT = "not_admit"
    TAKE = "take"
    ARRIVE = "arrive"
    ASK = "ask"
    ANSWER = "answer"
    RESUME = "resume"
    HAND_BACK = "hand_back"
    CALL_OTHERS = "call_others"
    ASSIGN = "assign"
    PASS_ON = "pass_on"  # noqa: S105 - no password
    LATER = "later"
    ENGAGED = "engaged"
    PROPOSE = "propose"
    APPOINT = "appoint"
    ADD = "add"
    DONE = "done"
    SETTLE = "settle"
    REFUSE = "refuse"
    RATE = "rate"
    NUDGE = "nudge"
    SILENCE = "silence"
    ASK_DESK = "ask_desk"
    CHECK = "check"
    CHECK_FAILED = "check_failed"
    WITHDRAW = "withdraw"
    JOIN = "join"
    CORRECT_KIND = "correct_kind"
    CORRECT_PLACE = "correct_place"
    SET_PRIVACY = "set_privacy"
    EDIT = "edit"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REMIND = "remind"
    REVISIT_DUE = "revisit_due"
    REVISIT_FINE = "revisit_fine"
    REVISIT_AGAIN = "revisit_again"
    ARCHIVE = "archive"


class Timer(StrEnum):
    """What the clock will do to a case by itself; each is one due row."""

    ACCEPT = "accept"
    SOON = "soon"
    OVERDUE = "overdue"
    REMIND = "remind"
    NUDGE = "nudge"
    SILENCE = "silence"
    DESK = "desk"
    REVISIT = "revisit"
    ARCHIVE = "archive"


class Colour(StrEnum):
    """green in time · yellow little time left · red overdue, or danger nobody has taken."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


OPEN = frozenset(
    {
        State.COLLECTED,
        State.DISPATCHED,
        State.TAKEN,
        State.IN_HAND,
        State.WAITING,
        State.DONE,
        State.REOPENED,
    }
)
ENDED = frozenset(State) - OPEN
UNTAKEN = frozenset({State.DISPATCHED, State.REOPENED})
HANDLED = frozenset({State.TAKEN, State.IN_HAND, State.WAITING})
BEFORE_DONE = UNTAKEN | HANDLED

# how much longer the steps are once the whole line has been asked about a danger
ALL_ASKED_TIMES = 3

# Why a worker may say "not mine" (services/locale: reason.<code>)
HAND_BACK_REASONS = ("not_my_grid", "not_my_kind", "no_authority", "double", "nothing_there")
# Why others are needed
OTHERS_REASONS = ("department", "property", "two_people", "expert")


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What `decide` knows of a case: the columns of the same names (models/cases)."""

    state: State
    grid: str
    community: str
    owner_unit: str
    opened_at: datetime
    due_at: datetime
    version: int = 1
    closing: str | None = None
    kind: str = "LS99"
    kind_p: float = 0.0
    condition: int | None = None
    not_admitted: str | None = None
    urgency: str = "normal"
    reach: str = "owner"
    evidence: str = "note"
    verify: str = "reporter"
    circle: str = "micro"
    private: bool = False
    hide_name: bool = False
    owner: UUID | None = None
    reporter: UUID | None = None
    filed_by: UUID | None = None
    passed: tuple[str, ...] = ()
    limit_value: int | None = None
    limit_unit: str | None = None
    due_provisional: bool = False
    warn_at: datetime | None = None
    taken_at: datetime | None = None
    taken_by: UUID | None = None
    arrived_at: datetime | None = None
    waiting_since: datetime | None = None
    appointment_at: datetime | None = None
    done_at: datetime | None = None
    done_by: UUID | None = None
    closed_at: datetime | None = None
    archived_at: datetime | None = None
    overdue_at: datetime | None = None
    stars: int | None = None
    voices: int = 1
    reopenings: int = 0
    hand_backs: int = 0
    revisits_done: int = 0

    def place(self) -> CasePlace:
        """The part that decides who may touch it."""
        offered = frozenset(UUID(each) for each in self.passed)
        return CasePlace(self.grid, self.owner, self.reporter, self.reach == "named", offered)


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a verb. Only what the verb needs is read.

    `team`: everybody who is told at once besides `next_owner` (what is urgent now).
    `evidence`: kinds of evidence that are there (photo, note, voice). `nobody`: the reporter
    can't be asked over the platform. `revisit_days`: days after closing, in order.
    """

    calendar: Calendar = field(default_factory=Calendar)
    policy: Policy = field(default_factory=Policy)
    next_owner: UUID | None = None
    next_unit: str | None = None
    team: tuple[UUID, ...] = ()
    reason: str | None = None
    evidence: frozenset[str] = frozenset()
    stars: int | None = None
    at: datetime | None = None
    slots: tuple[datetime, ...] = ()
    kind: Mapping[str, Any] = field(default_factory=dict)
    deadline: Deadline | None = None
    revisit_days: tuple[int, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb does. `sets`: columns. `timers`: due instants by name, None drops one.

    `facts` go into the history; nothing in them is personal.
    """

    verb: Verb
    standing: Standing
    before: State
    case: CaseFacts
    sets: Mapping[str, Any]
    timers: Mapping[Timer, datetime | None]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """A verb at work: everything a guard or an effect may look at."""

    case: CaseFacts
    actor: ActorFacts
    given: Given
    now: datetime


Guard = Callable[[Moment], None]
Sets = dict[str, Any]
Timers = dict[Timer, datetime | None]
Effect = Callable[[Moment], tuple[Sets, Timers]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    verb: Verb
    frm: frozenset[State]
    to: State | None
    by: frozenset[Standing]
    guards: tuple[Guard, ...] = ()
    effect: Effect = lambda moment: ({}, {})


# --- what must be true ---


def needs_reason(*reasons: str) -> Guard:
    """A reason from the list."""

    def guard(moment: Moment) -> None:
        """A reason from the list."""
        if moment.given.reason not in reasons:
            raise Refused("reason_missing")

    return guard


def needs_evidence(moment: Moment) -> None:
    """A photo where the kind asks for one; any of photo, note, voice where it asks for a note.

    The cure for 策略性结案: nothing is closed on paper only.
    """
    wanted, there = moment.case.evidence, moment.given.evidence
    if wanted == "photo" and "photo" not in there:
        raise Refused("photo_missing")
    if wanted == "note" and not there:
        raise Refused("note_missing")


def needs_somebody_to_ask(moment: Moment) -> None:
    """Without a reporter on the platform there is nobody to ask."""
    if moment.case.reporter is None:
        raise Refused("nobody_to_ask")


def needs_stars(moment: Moment) -> None:
    """One to five, once, and never in a matter for one named person."""
    if moment.case.reach == "named" or moment.given.stars not in (1, 2, 3, 4, 5):
        raise Refused("stars_wrong")
    if moment.case.stars is not None:
        raise Refused("rated_already")
    if moment.case.closing != Closing.SETTLED:
        raise Refused("stars_wrong")


def needs_another_person(moment: Moment) -> None:
    """Who handled or filed a case can't verify or confirm it (监督和处置相分离)."""
    if moment.actor.person in (moment.case.done_by, moment.case.filed_by):
        raise Refused("own_work")


def needs_time(moment: Moment) -> None:
    """A moment that is still to come."""
    if moment.given.at is None or moment.given.at <= moment.now:
        raise Refused("time_past")


def needs_future_slots(moment: Moment) -> None:
    """One to three proposals that are still to come."""
    slots = moment.given.slots
    if not 1 <= len(slots) <= 3 or any(slot <= moment.now for slot in slots):
        raise Refused("time_past")


def needs_silence_allowed(moment: Moment) -> None:
    """Urgent, on-site-checked and private matters never close by silence."""
    if never_by_silence(moment.case):
        raise Refused("not_by_silence")


def needs_recent(moment: Moment) -> None:
    """A closed case reopens for some weeks; after that a new report is the honest thing."""
    closed = moment.case.closed_at
    if closed and moment.now - closed > timedelta(days=moment.given.policy.reopen_days):
        raise Refused("too_late_to_reopen")


def needs_no_other_voice(moment: Moment) -> None:
    """A matter that others joined isn't one person's to withdraw."""
    if moment.case.voices > 1:
        raise Refused("others_joined")


def never_by_silence(case: CaseFacts) -> bool:
    """Whether only a person's word may close this case."""
    return case.urgency == "now" or case.verify == "onsite" or case.private or case.reach == "named"


# --- what follows ---


def _accept_at(moment: Moment, case: CaseFacts) -> datetime:
    """When the next in line is asked: wall minutes if urgent, else minutes of duty time.

    Once everybody was asked: in danger all are, in longer steps; else the desk each working day.
    """
    policy = moment.given.policy
    if case.urgency == "now" or case.reach == "named":
        minutes = policy.accept_urgent_minutes * (ALL_ASKED_TIMES if case.owner is None else 1)
        return moment.now + timedelta(minutes=minutes)
    if case.owner is None:
        return add_work(moment.given.calendar, moment.now, 1, "work_days").at
    hours = policy.accept_minutes / 60
    return add_work(moment.given.calendar, moment.now, hours, "work_hours").at


def warn_at(opened_at: datetime, due_at: datetime, policy: Policy) -> datetime:
    """When the colour turns yellow: `warn_share` of the limit is left."""
    return due_at - (due_at - opened_at) * policy.warn_share


def _promise(moment: Moment, opened_at: datetime) -> tuple[Sets, Timers]:
    deadline = moment.given.deadline
    if deadline is None:
        return {}, {}
    warn = warn_at(opened_at, deadline.at, moment.given.policy)
    sets = {"due_at": deadline.at, "due_provisional": deadline.provisional, "warn_at": warn}
    return sets, _promise_timers(moment, warn, deadline.at)


def _promise_timers(moment: Moment, warn: datetime | None, due: datetime) -> Timers:
    soon = warn if warn and moment.now < warn else None
    return {Timer.SOON: soon, Timer.OVERDUE: max(due, moment.now)}


def _file(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = _promise(moment, moment.now)
    sets |= dict(moment.given.kind) | _offer(moment) | {"opened_at": moment.now}
    filed = replace(moment.case, **sets)
    return sets, timers | {Timer.ACCEPT: _accept_at(moment, filed)}


def _offer(moment: Moment) -> Sets:
    given = moment.given
    told = [given.next_owner, *given.team] if given.next_owner else given.team
    passed = tuple(dict.fromkeys([*moment.case.passed, *map(str, told)]))
    unit = given.next_unit or moment.case.owner_unit
    return {"owner": given.next_owner, "owner_unit": unit, "passed": passed}


def _not_admit(moment: Moment) -> tuple[Sets, Timers]:
    closed = {"closed_at": moment.now, "owner": None}
    return dict(moment.given.kind) | closed, {Timer.ARCHIVE: _archive_at(moment)} | _without(
        Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.REMIND
    )


def _archive_at(moment: Moment) -> datetime:
    return moment.now + timedelta(days=moment.given.policy.keep_closed_days)


def _without(*timers: Timer) -> Timers:
    return dict.fromkeys(timers)


def _take(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = {"owner": moment.actor.person, "taken_by": moment.actor.person}
    if moment.case.taken_at is None:
        sets["taken_at"] = moment.now
    return sets, _without(Timer.ACCEPT)


def _arrive(moment: Moment) -> tuple[Sets, Timers]:
    return {"arrived_at": moment.now, "waiting_since": None}, _without(Timer.REMIND)


def _ask(moment: Moment) -> tuple[Sets, Timers]:
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    return {"waiting_since": moment.now}, {Timer.REMIND: again}


def _resume(moment: Moment) -> tuple[Sets, Timers]:
    return {"waiting_since": None}, _without(Timer.REMIND)


def _dispatch(moment: Moment) -> tuple[Sets, Timers]:
    """To somebody else, who hasn't taken it yet."""
    sets = _offer(moment) | {"waiting_since": None}
    offered = replace(moment.case, **sets)
    return sets, {Timer.ACCEPT: _accept_at(moment, offered), Timer.REMIND: None}


def _hand_back(moment: Moment) -> tuple[Sets, Timers]:
    sets, timers = _dispatch(moment)
    return sets | {"hand_backs": moment.case.hand_backs + 1}, timers


def _later(moment: Moment) -> tuple[Sets, Timers]:
    return {}, {Timer.REMIND: moment.given.at}


def _appoint(moment: Moment) -> tuple[Sets, Timers]:
    assert moment.given.at is not None  # needs_time
    before = max(moment.given.at - timedelta(hours=1), moment.now)
    return {"appointment_at": moment.given.at}, {Timer.REMIND: before}


def _done(moment: Moment) -> tuple[Sets, Timers]:
    sets: Sets = {
        "done_at": moment.now,
        "done_by": moment.actor.person,
        "waiting_since": None,
        "appointment_at": None,
    }
    timers = _without(Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.REMIND)
    days = moment.given.policy.nudge_days
    wait = _reach(moment, moment.now + timedelta(days=days))
    if moment.case.reporter not in (None, moment.actor.person):  # nobody confirms their own work
        return sets, timers | {Timer.NUDGE: wait}
    first = _reach(moment, moment.now) if never_by_silence(moment.case) else wait
    return sets, timers | {Timer.DESK: first}


def _reach(moment: Moment, instant: datetime) -> datetime:
    """The first working moment from `instant` on: routine words wait for the day."""
    return next_work_time(moment.given.calendar, instant)


def _entrusted(moment: Moment) -> tuple[Sets, Timers]:
    sets, _ = _done(moment)
    more, timers = _closed(moment, Closing.ENTRUSTED)
    return sets | more, timers


def _closed(moment: Moment, closing: Closing) -> tuple[Sets, Timers]:
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = _archive_at(moment)
    timers[Timer.REVISIT] = _revisit_at(moment, moment.now, 0)
    return {"closing": closing, "closed_at": moment.now, "revisits_done": 0}, timers


def _revisit_at(moment: Moment, closed_at: datetime, done: int) -> datetime | None:
    days = moment.given.revisit_days
    if done >= len(days):
        return None
    zone = ZoneInfo(moment.given.calendar.zone)
    day = closed_at.astimezone(zone).date() + timedelta(days=days[done])
    morning = datetime.combine(day, time(9), zone)
    return next_work_time(moment.given.calendar, max(morning, moment.now))


def _settle(moment: Moment) -> tuple[Sets, Timers]:
    return _closed(moment, Closing.SETTLED)


def _check(moment: Moment) -> tuple[Sets, Timers]:
    return _closed(moment, Closing.CHECKED)


def _silence(moment: Moment) -> tuple[Sets, Timers]:
    return _closed(moment, Closing.UNCONFIRMED)


def _reopen(moment: Moment) -> tuple[Sets, Timers]:
    """The same number and the running promise; to the same hands as before.

    `next_unit` is given when those hands are gone: then it goes to who is next.
    """
    case = moment.case
    hands = _offer(moment) if moment.given.next_unit else {"owner": case.done_by or case.owner}
    sets = _reset(case) | hands
    timers: Timers = dict.fromkeys(Timer)
    again = replace(case, **sets)
    timers |= _promise_timers(moment, case.warn_at, case.due_at)
    return sets, timers | {Timer.ACCEPT: _accept_at(moment, again)}


def _reset(case: CaseFacts) -> Sets:
    return {
        "reopenings": case.reopenings + 1,
        "closing": None,
        "closed_at": None,
        "done_at": None,
        "done_by": None,
        "stars": None,
        "arrived_at": None,
    }


def _nudge(moment: Moment) -> tuple[Sets, Timers]:
    later = moment.now + timedelta(days=moment.given.policy.silence_days)
    then = Timer.DESK if never_by_silence(moment.case) else Timer.SILENCE
    return {}, {Timer.NUDGE: None, then: _reach(moment, later)}


def _ask_desk(moment: Moment) -> tuple[Sets, Timers]:
    """The desk is asked to look or to ring, and again each week until it did.

    A matter that may close by silence does so a day later.
    """
    if never_by_silence(moment.case):
        return {}, {Timer.DESK: _reach(moment, moment.now + timedelta(days=7))}
    later = moment.now + timedelta(days=moment.given.policy.silence_days)
    return {}, {Timer.DESK: None, Timer.SILENCE: _reach(moment, later)}


def _withdraw(moment: Moment) -> tuple[Sets, Timers]:
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = _archive_at(moment)
    return {"closed_at": moment.now}, timers


def _join(moment: Moment) -> tuple[Sets, Timers]:
    return {"voices": moment.case.voices + 1}, {}


def _correct_kind(moment: Moment) -> tuple[Sets, Timers]:
    """Another kind or condition, another limit: counted from the opening, not from now."""
    sets, timers = _promise(moment, moment.case.opened_at)
    sets |= dict(moment.given.kind)
    if moment.case.state not in UNTAKEN:
        return sets, timers
    corrected = replace(moment.case, **sets)
    return sets, timers | {Timer.ACCEPT: _accept_at(moment, corrected)}


def _given_sets(moment: Moment) -> tuple[Sets, Timers]:
    return dict(moment.given.kind), {}


def _overdue(moment: Moment) -> tuple[Sets, Timers]:
    again = moment.now + timedelta(hours=moment.given.policy.overdue_again_hours)
    sets: Sets = {} if moment.case.overdue_at else {"overdue_at": moment.now}
    return sets, {Timer.SOON: None, Timer.OVERDUE: _reach(moment, again)}


def _due_soon(moment: Moment) -> tuple[Sets, Timers]:
    return {}, _without(Timer.SOON)


def _remind(moment: Moment) -> tuple[Sets, Timers]:
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    waiting = moment.case.state is State.WAITING
    return {}, {Timer.REMIND: again if waiting else None}


def _revisit_due(moment: Moment) -> tuple[Sets, Timers]:
    """Asked again the next working day until somebody notes what they found."""
    again = add_work(moment.given.calendar, moment.now, 1, "work_days").at
    return {}, {Timer.REVISIT: again}


def _revisit_fine(moment: Moment) -> tuple[Sets, Timers]:
    done = moment.case.revisits_done + 1
    closed_at = moment.case.closed_at or moment.now
    return {"revisits_done": done}, {Timer.REVISIT: _revisit_at(moment, closed_at, done)}


def _archive(moment: Moment) -> tuple[Sets, Timers]:
    return {"archived_at": moment.now}, dict.fromkeys(Timer)


# --- the table ---

_REPORTER = frozenset({Standing.REPORTER})
_OWNER = frozenset({Standing.OWNER})
_DESK = frozenset({Standing.DESK})
_CLOCK = frozenset({Standing.CLOCK})
_TAKERS = frozenset({Standing.OWNER, Standing.TEAM, Standing.DESK})
_HANDS = frozenset({Standing.OWNER, Standing.DESK})
_SPEAKERS = frozenset({Standing.REPORTER, Standing.VOICE, Standing.OWNER, Standing.TEAM})
_CORRECTORS = frozenset({Standing.REPORTER, Standing.OWNER, Standing.TEAM, Standing.DESK})
_ANYBODY = frozenset({Standing.MEMBER})

_COLLECTED = frozenset({State.COLLECTED})
_DONE = frozenset({State.DONE})
_CLOSED = frozenset({State.CLOSED})
_WORKING = frozenset({State.TAKEN, State.IN_HAND})
_LOSABLE = UNTAKEN | _WORKING

RULES: tuple[Rule, ...] = (
    Rule(Verb.FILE, _COLLECTED, State.DISPATCHED, _ANYBODY, effect=_file),
    # a wrong guess that it doesn't belong here is put right by the reporter in a tap
    Rule(Verb.FILE, frozenset({State.NOT_ADMITTED}), State.DISPATCHED, _REPORTER, effect=_file),
    Rule(Verb.NOT_ADMIT, _COLLECTED, State.NOT_ADMITTED, _ANYBODY, effect=_not_admit),
    Rule(Verb.TAKE, UNTAKEN, State.TAKEN, _TAKERS, effect=_take),
    Rule(
        Verb.ARRIVE, frozenset({State.TAKEN, State.WAITING}), State.IN_HAND, _OWNER, effect=_arrive
    ),
    Rule(Verb.ASK, _WORKING, State.WAITING, _OWNER, (needs_somebody_to_ask,), _ask),
    Rule(Verb.ANSWER, frozenset({State.WAITING}), State.TAKEN, _REPORTER, effect=_resume),
    Rule(Verb.RESUME, frozenset({State.WAITING}), State.TAKEN, _OWNER, effect=_resume),
    Rule(
        Verb.HAND_BACK,
        _LOSABLE,
        State.DISPATCHED,
        _OWNER,
        (needs_reason(*HAND_BACK_REASONS),),
        _hand_back,
    ),
    Rule(
        Verb.CALL_OTHERS,
        HANDLED,
        State.DISPATCHED,
        _OWNER,
        (needs_reason(*OTHERS_REASONS),),
        _dispatch,
    ),
    Rule(Verb.ASSIGN, BEFORE_DONE, State.DISPATCHED, _DESK, effect=_dispatch),
    Rule(Verb.PASS_ON, UNTAKEN, None, _CLOCK, effect=_dispatch),
    # who had it can't be reached any more or has lost the role: somebody else must take it
    Rule(Verb.PASS_ON, HANDLED, State.DISPATCHED, _CLOCK, effect=_dispatch),
    Rule(Verb.LATER, UNTAKEN | HANDLED, None, _OWNER, (needs_time,), _later),
    Rule(Verb.ENGAGED, BEFORE_DONE, None, _TAKERS),
    Rule(Verb.PROPOSE, _WORKING, None, _OWNER, (needs_somebody_to_ask, needs_future_slots)),
    Rule(Verb.APPOINT, HANDLED, None, _REPORTER, (needs_time,), _appoint),
    Rule(Verb.ADD, OPEN - _COLLECTED, None, _SPEAKERS),
    Rule(Verb.DONE, HANDLED, State.DONE, _OWNER, (needs_evidence,), _done),
    Rule(Verb.SETTLE, _DONE, State.CLOSED, _REPORTER, (needs_another_person,), _settle),
    Rule(Verb.REFUSE, _DONE | _CLOSED, State.REOPENED, _REPORTER, (needs_recent,), _reopen),
    Rule(
        Verb.RATE,
        _CLOSED,
        None,
        _REPORTER,
        (needs_another_person, needs_stars),
        lambda moment: ({"stars": moment.given.stars}, {}),
    ),
    Rule(Verb.NUDGE, _DONE, None, _CLOCK, effect=_nudge),
    Rule(Verb.SILENCE, _DONE, State.CLOSED, _CLOCK, (needs_silence_allowed,), _silence),
    Rule(Verb.ASK_DESK, _DONE, None, _CLOCK, effect=_ask_desk),
    Rule(Verb.CHECK, _DONE, State.CLOSED, _DESK, (needs_another_person,), _check),
    Rule(Verb.CHECK_FAILED, _DONE, State.REOPENED, _DESK, (needs_another_person,), _reopen),
    Rule(
        Verb.WITHDRAW,
        OPEN - _COLLECTED,
        State.WITHDRAWN,
        _REPORTER,
        (needs_no_other_voice,),
        _withdraw,
    ),
    Rule(Verb.JOIN, OPEN - _COLLECTED, None, _ANYBODY, effect=_join),
    Rule(Verb.CORRECT_KIND, BEFORE_DONE, None, _CORRECTORS, effect=_correct_kind),
    Rule(Verb.CORRECT_PLACE, BEFORE_DONE, None, _CORRECTORS, effect=_given_sets),
    Rule(Verb.SET_PRIVACY, OPEN - _COLLECTED, None, _REPORTER, effect=_given_sets),
    # an edited message changes its case while nobody has taken it
    Rule(Verb.EDIT, frozenset({State.DISPATCHED}), None, _REPORTER, effect=_correct_kind),
    Rule(Verb.DUE_SOON, BEFORE_DONE, None, _CLOCK, effect=_due_soon),
    Rule(Verb.OVERDUE, BEFORE_DONE, None, _CLOCK, effect=_overdue),
    Rule(Verb.REMIND, BEFORE_DONE, None, _CLOCK, effect=_remind),
    Rule(Verb.REVISIT_DUE, _CLOSED, None, _CLOCK, effect=_revisit_due),
    Rule(Verb.REVISIT_FINE, _CLOSED, None, _TAKERS, effect=_revisit_fine),
    Rule(Verb.REVISIT_AGAIN, _CLOSED, State.REOPENED, _TAKERS, effect=_reopen),
    Rule(Verb.ARCHIVE, ENDED - {State.ARCHIVED}, State.ARCHIVED, _CLOCK, effect=_archive),
)

# done in a matter for one named person closes it: nobody else may be asked about it
NAMED_DONE = Rule(Verb.DONE, HANDLED, State.CLOSED, _OWNER, (needs_evidence,), _entrusted)

_BY_VERB: dict[tuple[Verb, State], Rule] = {
    (rule.verb, state): rule for rule in RULES for state in rule.frm
}
_COLUMNS = frozenset(each.name for each in fields(CaseFacts))


def rule_for(case: CaseFacts, verb: Verb) -> Rule | None:
    """The line of the table that `verb` follows in the case's state, or None."""
    if verb is Verb.DONE and case.reach == "named" and case.state in HANDLED:
        return NAMED_DONE
    return _BY_VERB.get((verb, case.state))


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
    for guard in rule.guards:
        guard(moment)
    return _changed(moment, rule, min(held, key=list(Standing).index))


def _changed(moment: Moment, rule: Rule, standing: Standing) -> Change:
    sets, timers = rule.effect(moment)
    state = rule.to or moment.case.state
    if moment.case.arrived_at and rule.verb in (Verb.ANSWER, Verb.RESUME):
        state = State.IN_HAND
    known = {name: value for name, value in sets.items() if name in _COLUMNS}
    # a button is old once the state has moved on; a voice more or a reminder ages nothing
    version = moment.case.version + (state is not moment.case.state)
    after = replace(moment.case, **known | {"state": state, "version": version})
    facts = dict(moment.given.facts)
    if moment.given.reason:
        facts["reason"] = moment.given.reason
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
    if case.state in ENDED or case.state is State.DONE:
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
        "Made from the table in `domain/lifecycle.py` by `python -m domain.lifecycle`; a test",
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
        *(_row(rule) for rule in (*RULES, NAMED_DONE)),
        "",
    ]
    return "\n".join(lines)


def _arrows() -> list[str]:
    return [
        f"    {state} --> {rule.to}: {rule.verb}"
        for rule in RULES
        if rule.to is not None
        for state in State
        if state in rule.frm
    ]


def _row(rule: Rule) -> str:
    states = ", ".join(state for state in State if state in rule.frm)
    people = ", ".join(each for each in Standing if each in rule.by)
    needs = "; ".join(" ".join((guard.__doc__ or "").split()) for guard in rule.guards)
    named = " (a matter for one named person)" if rule is NAMED_DONE else ""
    return f"| {rule.verb}{named} | {states} | {rule.to or 'stays'} | {people} | {needs or '–'} |"


if __name__ == "__main__":
    print(page(), end="")
