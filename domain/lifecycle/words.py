"""The words of a case's life: where it stands, what can happen to it, what the clock does."""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    COLLECTED = "collected"
    FILED = "filed"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    IN_HAND = "in_hand"
    WAITING = "waiting"
    CHECKING = "checking"
    DONE = "done"
    REOPENED = "reopened"
    CLOSED = "closed"
    NOT_ADMITTED = "not_admitted"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    MERGED = "merged"
    ARCHIVED = "archived"


class Closing(StrEnum):
    """How a closed case was closed; never mixed in one number.

    settled: the reporter said so · unconfirmed: nobody answered · checked: somebody else looked
    · entrusted: the named person's word in a matter where the reporter isn't asked by a message
    · on_the_spot: a patrol saw it and settled it · forced: a supervisor ended it, with a reason.
    """

    SETTLED = "settled"
    UNCONFIRMED = "unconfirmed"
    CHECKED = "checked"
    ENTRUSTED = "entrusted"
    ON_THE_SPOT = "on_the_spot"
    FORCED = "forced"


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
    ARBITRATE = "arbitrate"
    PASS_ON = "pass_on"  # noqa: S105 - no password
    HAND_OVER = "hand_over"
    MOVE = "move"
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
    CHECK_DUE = "check_due"
    ON_THE_SPOT = "on_the_spot"
    FORCE = "force"
    VOID = "void"
    WITHDRAW = "withdraw"
    JOIN = "join"
    OTHER_SIDE = "other_side"
    CORRECT_KIND = "correct_kind"
    CORRECT_PLACE = "correct_place"
    SET_PRIVACY = "set_privacy"
    EDIT = "edit"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REMIND = "remind"
    REFILE = "refile"
    RISE = "rise"
    DESCEND = "descend"
    CIRCLE_LATE = "circle_late"
    WHISTLE = "whistle"
    NEW_LEAD = "new_lead"
    TASKS_DONE = "tasks_done"
    TASKS_ENDED = "tasks_ended"
    REVISIT_DUE = "revisit_due"
    REVISIT_FINE = "revisit_fine"
    REVISIT_AGAIN = "revisit_again"
    ARCHIVE = "archive"
    ASK_TIME = "ask_time"
    GRANT_TIME = "grant_time"
    REFUSE_TIME = "refuse_time"
    SUSPEND = "suspend"
    TAKE_UP = "take_up"
    STAGE_LATE = "stage_late"
    APPEAL = "appeal"
    EXEMPT = "exempt"
    UPHOLD = "uphold"
    URGE = "urge"
    SUPERVISE = "supervise"
    TELL = "tell"
    MERGE = "merge"
    ABSORB = "absorb"
    UNMERGE = "unmerge"
    RELEASE = "release"
    SHARE_CAUSE = "share_cause"
    LEAVE_CAUSE = "leave_cause"
    CAUSE_OVER = "cause_over"
    DANGER = "danger"
    NO_DANGER = "no_danger"


class Timer(StrEnum):
    """What the clock will do to a case by itself; each is one due row."""

    ACCEPT = "accept"
    SOON = "soon"
    OVERDUE = "overdue"
    CIRCLE = "circle"
    REMIND = "remind"
    CHECK = "check"
    NUDGE = "nudge"
    SILENCE = "silence"
    DESK = "desk"
    REVISIT = "revisit"
    ARCHIVE = "archive"
    TAKE_UP = "take_up"


class WaitsFor(StrEnum):
    """What a waiting case waits for."""

    REPORTER = "reporter"
    TASK = "task"
    SUSPENDED = "suspended"


class Stage(StrEnum):
    """A step that has a clock of its own, apart from the promise."""

    ACCEPT = "accept"
    DISPATCH = "dispatch"
    CHECK = "check"


class Appeal(StrEnum):
    """What became of an appeal."""

    ASKED = "asked"
    EXEMPT = "exempt"
    UPHELD = "upheld"


class Alarm(StrEnum):
    """Whose word an urgency is that the reporter's words alone began.

    asked: nobody's yet, the reporter is asked · confirmed, calmed: what the reporter said
    · staff: whoever handles it called it urgent, and no reporter's word takes that back.
    """

    ASKED = "asked"
    CONFIRMED = "confirmed"
    CALMED = "calmed"
    STAFF = "staff"


class Colour(StrEnum):
    """green in time · yellow little time left · red overdue, or danger nobody has taken."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


OPEN = frozenset(
    {
        State.COLLECTED,
        State.FILED,
        State.DISPATCHED,
        State.TAKEN,
        State.IN_HAND,
        State.WAITING,
        State.CHECKING,
        State.DONE,
        State.REOPENED,
    }
)


ENDED = frozenset(State) - OPEN


UNTAKEN = frozenset({State.FILED, State.DISPATCHED, State.REOPENED})


HANDLED = frozenset({State.TAKEN, State.IN_HAND, State.WAITING})


BEFORE_DONE = UNTAKEN | HANDLED


# Why a worker may say "not mine" (services/locale: reason.<code>)
HAND_BACK_REASONS = ("not_my_grid", "not_my_kind", "no_authority", "double", "nothing_there")


# Why more time is needed, why it can't be settled for long, why a fact shouldn't be scored
EXTENSION_REASONS = ("parts", "contractor", "access", "weather", "bigger")
SUSPENSION_REASONS = ("budget", "renovation", "season", "law", "land")
APPEAL_REASONS = ("waited_others", "wrong_limit", "no_control", "reporter_silent", "not_ours")
# Why it goes up to the next circle (services/locale: reason.<code>)
RISE_REASONS = ("beyond_us", "needs_money", "needs_land", "many_units", "wider_area")


# Why others are needed
OTHERS_REASONS = ("department", "property", "two_people", "expert")


# Why a supervisor may end a case that isn't settled (强制结案)
FORCE_REASONS = ("beyond_reach", "nobody_lets_in", "at_court", "no_contact", "settled_elsewhere")


# Why the desk may void one (作废)
VOID_REASONS = ("same_as_another", "nothing_found", "for_others", "a_trial", "asked_by_phone")


# Why a desk looks at who reported it although they would rather not be named
LOOK_REASONS = ("look_danger", "look_call", "look_other_way", "look_law")


# Whom a desk may pass a word on to
LISTENERS = ("owner", "reporter")


COLLECTED = frozenset({State.COLLECTED})


BEING_CHECKED = frozenset({State.CHECKING})


FINISHED = frozenset({State.DONE})


CLOSED = frozenset({State.CLOSED})


WAITS = frozenset({State.WAITING})


WORKING = frozenset({State.TAKEN, State.IN_HAND})


LOSABLE = UNTAKEN | WORKING
