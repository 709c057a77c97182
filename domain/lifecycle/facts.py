"""What the rules know, what comes with a verb, what a verb does, and a line of the table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.lifecycle.words import State, Timer, Verb
from domain.policy import Policy
from domain.roles import ActorFacts, CasePlace, Standing
from domain.worktime import Calendar, Deadline


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
    alarm: str | None = None
    reach: str = "owner"
    evidence: str = "note"
    verify: str = "reporter"
    circle: str = "micro"
    private: bool = False
    two_sides: bool = False
    hide_name: bool = False
    hide_group: bool = False
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
    lead_unit: str | None = None
    circle_since: datetime | None = None
    circle_due_at: datetime | None = None
    circle_overdue_at: datetime | None = None
    circle_counted_at: datetime | None = None
    over_micro: int = 0
    over_small: int = 0
    over_big: int = 0
    stars: int | None = None
    voices: int = 1
    reopenings: int = 0
    hand_backs: int = 0
    revisits_done: int = 0
    urged: int = 0
    urged_at: datetime | None = None
    supervised_unit: str | None = None
    waits_for: str | None = None
    handle_by: datetime | None = None
    first_due_at: datetime | None = None
    waited_seconds: int = 0
    extensions: int = 0
    extension_asked: int | None = None
    extension_reason: str | None = None
    extension_unit: str | None = None
    suspensions: int = 0
    suspended_until: datetime | None = None
    moved_reason: str | None = None
    stage_since: datetime | None = None
    stage_late_at: datetime | None = None
    stages_late: tuple[str, ...] = ()
    appeal: str | None = None
    appeal_reason: str | None = None
    appeal_unit: str | None = None
    returned_by: tuple[str, ...] = ()
    returned_to: str | None = None
    arbiter: str | None = None
    bound_unit: str | None = None
    bound_by: UUID | None = None
    bound_at: datetime | None = None
    done_unit: str | None = None
    checked_at: datetime | None = None
    checked_by: UUID | None = None
    asked_at: datetime | None = None
    agreed: tuple[str, ...] = ()
    on_the_spot: bool = False
    reworks: int = 0
    end_reason: str | None = None
    merged_into: UUID | None = None
    absorbed: int = 0
    cause: UUID | None = None

    def changed(self, sets: Mapping[str, Any]) -> "CaseFacts":
        """The facts after `sets`; what is no fact of ours is left out.

        `dataclasses.replace` asks for each of some eighty fields by itself: four times as slow.
        """
        values = list(_VALUES(self))
        for name, value in sets.items():
            index = _INDEX.get(name)
            if index is not None:
                values[index] = value
        return facts_from(values)

    def place(self) -> CasePlace:
        """The part that decides who may touch it."""
        offered = frozenset(UUID(each) for each in self.passed)
        return CasePlace(self.grid, self.owner, self.reporter, self.reach == "named", offered)


# the names of the facts, in the order in which they are given
FACTS = tuple(each.name for each in fields(CaseFacts))
_VALUES = attrgetter(*FACTS)
_INDEX = {name: index for index, name in enumerate(FACTS)}
_PUT = tuple(getattr(CaseFacts, name).__set__ for name in FACTS)


def facts_from(values: Sequence[Any]) -> CaseFacts:
    """Facts from all their values in the order of FACTS.

    The constructor of a frozen class goes by way of `object.__setattr__`, which costs half a
    decision; a slot's own setter does the same.
    """
    made = object.__new__(CaseFacts)
    for put, value in zip(_PUT, values, strict=True):
        put(made, value)
    return made


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a verb. Only what the verb needs is read.

    `team`: everybody who is told at once besides `next_owner` (what is urgent now).
    `evidence`: kinds of evidence that are there (photo, note, voice). `nobody`: the reporter
    can't be asked over the platform. `amount`: of the limit's unit, for an extension.
    `revisit_days`: days after closing, in order. `words`: instructions, or why it ends. `lead`: the
    unit that leads. `open_tasks`: how many units are still at it. `unit`: whom a desk's word is
    for. `checker`: who is asked to look on the spot, None: the desk. `draw`: a number from [0, 1);
    below the district's share it is checked. `sides`: everybody whose word a quarrel needs.
    `above`: the desk that a case is reported to. `listener`: whom a desk tells something.
    `other`, `other_key`: the other of two cases that are one matter; the key may be a cause's.
    """

    calendar: Calendar = field(default_factory=Calendar)
    policy: Policy = field(default_factory=Policy)
    next_owner: UUID | None = None
    next_unit: str | None = None
    team: tuple[UUID, ...] = ()
    reason: str | None = None
    evidence: frozenset[str] = frozenset()
    stars: int | None = None
    unit: str | None = None
    checker: UUID | None = None
    draw: float = 1.0
    sides: frozenset[UUID] = frozenset()
    at: datetime | None = None
    amount: int | None = None
    slots: tuple[datetime, ...] = ()
    kind: Mapping[str, Any] = field(default_factory=dict)
    deadline: Deadline | None = None
    revisit_days: tuple[int, ...] = ()
    words: str = ""
    lead: str | None = None
    open_tasks: int = 0
    above: str | None = None
    listener: str | None = None
    other: CaseFacts | None = None
    other_key: UUID | None = None
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


# who may use a line


REPORTER = frozenset({Standing.REPORTER})


ASKED = frozenset({Standing.REPORTER, Standing.OTHER_SIDE})


# who may say that it isn't settled: everybody whose matter it is
CONCERNED = ASKED | {Standing.VOICE}


OWNER = frozenset({Standing.OWNER})


PATROL = frozenset({Standing.OWNER, Standing.TEAM})


DESK = frozenset({Standing.DESK})


CLOCK = frozenset({Standing.CLOCK})


TAKERS = frozenset({Standing.OWNER, Standing.TEAM, Standing.DESK})


TASKED = frozenset({Standing.UNIT, Standing.DESK})


HANDS = frozenset({Standing.OWNER, Standing.DESK})


SPEAKERS = frozenset({Standing.REPORTER, Standing.VOICE, Standing.OWNER, Standing.TEAM})


CORRECTORS = frozenset({Standing.REPORTER, Standing.OWNER, Standing.TEAM, Standing.DESK})


ANYBODY = frozenset({Standing.MEMBER})
