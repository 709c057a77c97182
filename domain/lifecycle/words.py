"""The words of a case's life: where it stands, what can happen to it, what the clock does."""

from enum import StrEnum


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


# Why a worker may say "not mine" (services/locale: reason.<code>)
HAND_BACK_REASONS = ("not_my_grid", "not_my_kind", "no_authority", "double", "nothing_there")


# Why others are needed
OTHERS_REASONS = ("department", "property", "two_people", "expert")


COLLECTED = frozenset({State.COLLECTED})


FINISHED = frozenset({State.DONE})


CLOSED = frozenset({State.CLOSED})


WORKING = frozenset({State.TAKEN, State.IN_HAND})


LOSABLE = UNTAKEN | WORKING
