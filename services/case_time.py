"""A case's time on its cards: promises that moved, requests, suspension, stages, appeals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.lifecycle import (
    APPEAL_REASONS,
    EXTENSION_REASONS,
    HANDLED,
    MOST_EXTENSIONS,
    SUSPENSION_REASONS,
    USUAL_LIMIT,
    Appeal,
    State,
    WaitsFor,
    counts_late,
    handler_due,
    is_suspended,
    limit_unit,
    may_appeal,
)
from domain.roles import Standing, is_above
from models import Case, Person
from services.access import roles_of
from services.cases import facts_of
from services.outbox import Button, Rows
from services.texts import plain

if TYPE_CHECKING:
    from services.cards import Look

# days for which the desk may suspend a case, a button each
SUSPEND_DAYS = (30, 90, 180, 365)


def reason(code: str | None, language: str) -> str:
    """A reason of the lists in the reader's words."""
    return plain(f"reason.{code}", language) if code else ""


def amount(case: Case, n: int, language: str) -> str:
    """So much of the unit of the case's limit."""
    return plain(f"amount.{limit_unit(facts_of(case))}", language, n=n)


# --- lines ---


def suspended_line(look: Look) -> str | None:
    """Until when it is suspended, and why: everybody may know."""
    case = look.case
    if not is_suspended(facts_of(case)) or case.suspended_until is None:
        return None
    until = look.when(case.suspended_until)
    return look.say("state.suspended", until=until, reason=reason(case.moved_reason, look.language))


def first_promise(look: Look) -> str | None:
    """The promise first given, where another has taken its place, with the reason."""
    case = look.case
    if case.first_due_at is None:
        return None
    first = look.when(case.first_due_at)
    return look.say(
        "card.first_promise", first=first, reason=reason(case.moved_reason, look.language)
    )


def staff_lines(look: Look, held: frozenset[Standing]) -> tuple[str | None, ...]:
    """What those who handle it see besides: their own deadline, requests, stages, appeals."""
    return (
        _own_deadline(look),
        _not_scored(look),
        _asked(look),
        _appealed(look),
        _stages(look, held),
    )


def _own_deadline(look: Look) -> str | None:
    if look.case.handle_by is None or look.state not in HANDLED:
        return None
    return look.say("card.own_deadline", when=look.when(handler_due(facts_of(look.case))))


def _not_scored(look: Look) -> str | None:
    """Late by the promise, and not by whoever handles it: how long it waited for others."""
    case = look.case
    if case.overdue_at is None or not case.waited_seconds:
        return None
    if counts_late(facts_of(case), look.now):
        return None
    hours = round(case.waited_seconds / 3600, 1)
    return look.say("card.not_scored", hours=f"{hours:g}")


def _asked(look: Look) -> str | None:
    case = look.case
    if case.extension_asked is None:
        return None
    asked = amount(case, case.extension_asked, look.language)
    why = reason(case.extension_reason, look.language)
    return look.say("card.time_asked", amount=asked, reason=why)


def _appealed(look: Look) -> str | None:
    case = look.case
    if case.appeal is None:
        return None
    return look.say(f"card.appeal_{case.appeal}", reason=reason(case.appeal_reason, look.language))


def _stages(look: Look, held: frozenset[Standing]) -> str | None:
    """Which stages ran over, for the desk; several times, so often."""
    late = look.case.stages_late
    if not late or Standing.DESK not in held:
        return None
    counted = {stage: late.count(stage) for stage in dict.fromkeys(late)}
    named = (
        plain(f"stage.{stage}", look.language) + (f" ×{n}" if n > 1 else "")
        for stage, n in counted.items()
    )
    return look.say("card.stages_late", stages=" · ".join(named))


# --- buttons ---


def decisions(look: Look, person: Person) -> Rows:
    """What waits for this supervisor's word."""
    case, rows = look.case, []
    if case.extension_asked is not None and _decides(look, person, case.extension_unit):
        rows.append(_pair(look, "grant_time", "refuse_time"))
    if case.appeal == Appeal.ASKED and _decides(look, person, case.appeal_unit):
        rows.append(_pair(look, "exempt", "uphold"))
    return tuple(rows)


def _pair(look: Look, yes: str, no: str) -> tuple[Button, ...]:
    return look.button(yes, f"btn.{yes}", style="success"), look.button(no, f"btn.{no}")


def _decides(look: Look, person: Person, unit: str | None) -> bool:
    case = look.case
    own = person.id in (case.owner, case.done_by)
    above = unit or case.owner_unit
    return case.reach != "named" and not own and is_above(roles_of(look.session, person), above)


def owner_rows(look: Look, held: frozenset[Standing]) -> Rows:
    """More time, an appeal: what its owner may ask for."""
    case, row = look.case, []
    if look.state in HANDLED and _may_ask(look):
        row.append(look.button("menu", "btn.more_time", "time"))
    if _may_appeal(case, held):
        row.append(look.button("menu", "btn.appeal", "appeal"))
    return (tuple(row),) if row else ()


def _may_ask(look: Look) -> bool:
    case, facts = look.case, facts_of(look.case)
    free = case.extension_asked is None and case.extensions < MOST_EXTENSIONS
    in_time = look.now < handler_due(facts)
    return free and in_time and not is_suspended(facts) and case.reach != "named"


def _may_appeal(case: Case, held: frozenset[Standing]) -> bool:
    grounds = may_appeal(case.overdue_at is not None, case.hand_backs, case.reopenings)
    return Standing.OWNER in held and grounds and case.appeal is None and case.reach != "named"


def desk_rows(look: Look, held: frozenset[Standing]) -> Rows:
    """Suspend, or take up again what is suspended."""
    case = look.case
    if Standing.DESK not in held or look.state not in HANDLED:
        return ()
    if is_suspended(facts_of(case)):
        return ((look.button("take_up", "btn.take_up", style="primary"),),)
    if case.suspensions or case.urgency == "now" or case.waits_for == WaitsFor.TASK:
        return ()
    return ((look.button("menu", "btn.suspend", "hang"),),)


def appeal_row(look: Look, held: frozenset[Standing]) -> Rows:
    """An appeal after it was done or closed."""
    if look.state not in (State.DONE, State.CLOSED) or not _may_appeal(look.case, held):
        return ()
    return ((look.button("menu", "btn.appeal", "appeal"),),)


def menu_rows(look: Look, menu: str) -> Rows | None:
    """The pages of this part: `time` (how much), `time.2` (why), `hang` (why), `hang.budget`
    (how long), `appeal` (why). None: no page of ours."""
    name, _, chosen = menu.partition(".")
    if name == "appeal":
        return _reasons(look, "appeal", APPEAL_REASONS)
    if name == "time" and not chosen:
        return tuple((_amount_button(look, n),) for n in _amounts(look.case))
    if name == "time":
        return _reasons(look, "ask_time", EXTENSION_REASONS, f"{chosen}.")
    if name == "hang" and not chosen:
        return _reasons(look, "menu", SUSPENSION_REASONS, "hang.")
    if name == "hang":
        return tuple(
            (look.button("suspend", f"btn.suspend_{days}", f"{chosen}.{days}"),)
            for days in SUSPEND_DAYS
        )
    return None


def _reasons(look: Look, verb: str, reasons: tuple[str, ...], before: str = "") -> Rows:
    return tuple((look.button(verb, f"reason.{each}", before + each),) for each in reasons)


def _amounts(case: Case) -> list[int]:
    """One, half of the limit, all of it: at most the original limit."""
    limit = case.limit_value or USUAL_LIMIT
    return sorted({1, (limit + 1) // 2, limit})


def _amount_button(look: Look, n: int) -> Button:
    made = look.button("menu", "btn.more_time", f"time.{n}")
    return Button(amount(look.case, n, look.language), made.data)
