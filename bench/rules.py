"""What the rules themselves cost: a decision without calendars, a deadline ten years ahead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from timeit import repeat
from uuid import UUID

from bench.figures import Figure
from domain.lifecycle import CaseFacts, Given, State, Verb, decide
from domain.roles import ActorFacts, RoleIn, RoleName
from domain.worktime import Calendar, add_work, carried

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
GRID, WORKER = "110101001001001", UUID(int=1)
# work hours of ten years of eight hours a day
TEN_YEARS = 20_000
ROUNDS, TIMES = 7, 2_000


def figures() -> list[Figure]:
    """Microseconds each, the best of some rounds: what else the machine does only adds."""
    how = f"best of {ROUNDS} rounds of {TIMES:,}"
    return [
        Figure("rules", "a decision without calendars", _decision(), "µs", how, 50),
        Figure("rules", "a deadline ten years ahead", _deadline(), "µs", how, 100),
        Figure("rules", "a deadline that stood still ten years", _carried(), "µs", how, 100),
    ]


def _decision() -> float:
    """A worker takes a case, the step that happens most."""
    case = CaseFacts(
        state=State.DISPATCHED,
        grid=GRID,
        community=GRID[:12],
        owner_unit=GRID[:12],
        opened_at=NOW,
        due_at=NOW + timedelta(days=1),
        owner=WORKER,
    )
    taken = replace(case, state=State.TAKEN)
    actor, given = ActorFacts(WORKER, (RoleIn(RoleName.WORKER, GRID),)), Given()

    def both() -> None:
        decide(case, Verb.TAKE, actor, given, NOW)
        decide(taken, Verb.ARRIVE, actor, given, NOW)

    return _micros(both) / 2


def _deadline() -> float:
    calendar = Calendar()
    return _micros(lambda: add_work(calendar, NOW, TEN_YEARS, "work_hours"))


def _carried() -> float:
    calendar, later = Calendar(), NOW + timedelta(days=3_652)
    due = add_work(calendar, NOW, 40, "work_hours").at
    return _micros(lambda: carried(calendar, due, NOW, later, "work_hours"))


def _micros(do: Callable[[], object]) -> float:
    do()  # years are laid out once
    return min(repeat(do, number=TIMES, repeat=ROUNDS)) / TIMES * 1e6
