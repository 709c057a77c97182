"""Danger that a reporter's words alone told of: the urgent way begins at once, one question asks.

Nobody waits for the answer. *No* withdraws the urgency and nothing else; *yes*, however late,
brings it back. Who handles the case may have called it urgent: then it stays so.
"""

from domain.lifecycle.facts import REPORTER, CaseFacts, Moment, Rule, Sets, Timers
from domain.lifecycle.guards import needs_to_be_shareable
from domain.lifecycle.opening import reclassified
from domain.lifecycle.words import BEFORE_DONE, Alarm, State, Verb
from domain.refused import Refused
from domain.roles import Standing

_RANK = {"normal": 0, "soon": 1, "now": 2}
# what a reading says of its reason where the kind is urgent, not the words
_BY_KIND = ("", "kind", "condition")


def words_alone(urgency: str, reason: str) -> bool:
    """Whether a danger word or the sound of a text raised the alarm (domain/reading: Reading)."""
    return urgency == "now" and reason not in _BY_KIND


def is_asked(case: CaseFacts) -> bool:
    """Whether the reporter's answer would count: nobody else has spoken for it meanwhile."""
    alone = case.voices <= 1 and not case.absorbed
    return case.alarm == Alarm.ASKED and alone and case.reach != "named"


def after_word(alarm: str | None, told: str, words: str, *, staff: bool) -> tuple[str, str | None]:
    """Urgency and alarm once somebody named the kind or condition, which is as urgent as `told`.

    `words`: how urgent the reporter's words alone are, unless they have answered since.
    """
    if told == "now":
        kept = Alarm.CONFIRMED if alarm == Alarm.CONFIRMED else None
        return "now", Alarm.STAFF if staff else kept
    answered = {Alarm.ASKED: "now", Alarm.CONFIRMED: "now", Alarm.CALMED: "normal"}
    floor = answered.get(Alarm(alarm), words) if alarm else words
    return max(told, floor, key=_RANK.__getitem__), None if alarm == Alarm.STAFF else alarm


def after_edit(alarm: str | None, *, told: bool, same: bool) -> str | None:
    """The alarm once the words are others. `told`: they tell of danger; `same`: of none that they
    didn't tell of before."""
    if alarm in (Alarm.CONFIRMED, Alarm.STAFF):
        return alarm
    if alarm == Alarm.CALMED and not (told and not same):
        return alarm
    return Alarm.ASKED if told else None


def needs_question(moment: Moment) -> None:
    """The question is open and nobody else has joined: neither a worker's word nor another
    resident's is one reporter's to withdraw."""
    if not is_asked(moment.case):
        raise Refused("danger_stands")


def _confirmed(moment: Moment) -> tuple[Sets, Timers]:
    """Urgent already: that is said. Called off before: urgent again, by the urgent limit."""
    again = moment.case.urgency != "now"
    sets, timers = reclassified(moment) if again else ({}, {})
    return sets | {"urgency": "now", "alarm": Alarm.CONFIRMED}, timers


def _calmed(moment: Moment) -> tuple[Sets, Timers]:
    """The calmer limit, counted from the opening. Whoever was alarmed wasn't asked in turn: who
    has it keeps it, and the others may be asked once more."""
    case = moment.case
    sets, timers = reclassified(moment)
    sets["alarm"] = Alarm.CALMED
    if case.state is State.DISPATCHED and case.owner is not None:
        sets["passed"] = (str(case.owner),)
    due = sets.get("due_at")
    if due is not None and due > moment.now:
        sets["overdue_at"] = None  # late by a limit that it never had
    return sets, timers


# a voice may confirm what the reporter of its own merged case wrote
HEARD = REPORTER | {Standing.VOICE}


RULES: tuple[Rule, ...] = (
    Rule(Verb.DANGER, BEFORE_DONE, None, HEARD, (needs_to_be_shareable,), _confirmed),
    Rule(Verb.NO_DANGER, BEFORE_DONE, None, REPORTER, (needs_question,), _calmed),
)
