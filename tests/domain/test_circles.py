"""Up for want of authority or time, down with instructions; the promise goes on all the while."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.lifecycle import CaseFacts, Change, Given, State, Timer, Verb, decide
from domain.refused import Refused
from domain.roles import CLOCK, ActorFacts, RoleIn, RoleName
from domain.worktime import Deadline

GRID = "110101001001001"
COMMUNITY, STREET, DISTRICT = GRID[:12], GRID[:9], GRID[:6]
# a Wednesday, ten in the morning in Beijing
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
WORKER = uuid4()


def supervisor(unit: str) -> ActorFacts:
    return ActorFacts(uuid4(), (RoleIn(RoleName.SUPERVISOR, unit),))


HANDS = ActorFacts(WORKER, (RoleIn(RoleName.WORKER, GRID),))
DESKS = {"micro": supervisor(COMMUNITY), "small": supervisor(STREET), "big": supervisor(DISTRICT)}


def case(state: State = State.TAKEN, **columns: object) -> CaseFacts:
    facts = CaseFacts(
        state=state, grid=GRID, community=COMMUNITY, owner_unit=COMMUNITY, opened_at=NOW,
        due_at=NOW + timedelta(hours=4), owner=WORKER, limit_value=4, limit_unit="work_hours",
    )  # fmt: skip
    return replace(facts, **columns)  # type: ignore[arg-type]


def do(
    facts: CaseFacts, verb: Verb, actor: ActorFacts, now: datetime = NOW, **given: object
) -> Change:
    return decide(facts, verb, actor, Given(**{"next_unit": STREET} | given), now)  # type: ignore[arg-type]


@pytest.mark.parametrize(("circle", "up"), [("micro", "small"), ("small", "big")])
def test_it_rises_by_one_circle_to_a_desk_and_the_promise_stays(circle: str, up: str) -> None:
    facts = case(circle=circle)
    risen = do(facts, Verb.RISE, DESKS[circle], reason="needs_land", next_unit=STREET).case
    assert (risen.circle, risen.state, risen.owner) == (up, State.FILED, None)
    assert (risen.due_at, risen.opened_at) == (facts.due_at, facts.opened_at)
    assert risen.owner_unit == STREET


def test_the_owner_may_send_it_up_too() -> None:
    assert (
        do(case(), Verb.RISE, HANDS, reason="needs_money", next_unit=STREET).case.circle == "small"
    )


@pytest.mark.parametrize("reason", [None, "not_my_grid", ""])
def test_it_refuses_to_rise_without_a_reason_from_the_list(reason: str | None) -> None:
    with pytest.raises(Refused, match="reason_missing"):
        do(case(), Verb.RISE, HANDS, reason=reason)


def test_it_refuses_to_rise_above_the_district() -> None:
    with pytest.raises(Refused, match="circle_top"):
        do(case(circle="big"), Verb.RISE, DESKS["big"], reason="needs_land")


@pytest.mark.parametrize("verb", [Verb.RISE, Verb.DESCEND, Verb.WHISTLE, Verb.ASSIGN, Verb.TAKE])
def test_it_refuses_the_desk_below_what_a_larger_circle_has(verb: Verb) -> None:
    facts = case(State.FILED, circle="small", owner=None)
    with pytest.raises(Refused, match="desk_above"):
        do(facts, verb, DESKS["micro"], reason="needs_land", words="看着办", lead="x")


def test_it_refuses_to_rise_to_a_desk_where_nobody_sits() -> None:
    with pytest.raises(Refused, match="nobody_above"):
        do(case(), Verb.RISE, HANDS, reason="needs_land", next_unit="")


def test_a_matter_for_one_named_person_never_rises() -> None:
    named = case(reach="named", passed=(str(WORKER),))
    with pytest.raises(Refused, match="named_only"):
        do(named, Verb.RISE, HANDS, reason="needs_land")


def test_it_comes_down_with_instructions_and_not_without() -> None:
    facts = case(State.FILED, circle="small", owner=None)
    with pytest.raises(Refused, match="instructions_missing"):
        do(facts, Verb.DESCEND, DESKS["small"], words="  ")
    down = do(facts, Verb.DESCEND, DESKS["small"], words="每天看两次", next_unit=COMMUNITY)
    assert (down.case.circle, down.sets["instructions"]) == ("micro", "每天看两次")
    with pytest.raises(Refused, match="circle_bottom"):
        do(down.case, Verb.DESCEND, DESKS["small"], words="再下去")


def test_the_clock_raises_it_once_its_circle_has_had_its_own_time() -> None:
    late = do(case(), Verb.OVERDUE, CLOCK, NOW + timedelta(hours=8))
    # a work day after the limit, in which who is late may still finish
    assert late.timers[Timer.CIRCLE] == NOW + timedelta(days=1, hours=4)
    risen = do(late.case, Verb.RISE, CLOCK, NOW + timedelta(days=2), next_unit=STREET)
    assert risen.case.circle == "small"
    assert risen.case.due_at == NOW + timedelta(hours=4)


def test_each_circle_has_the_whole_limit_from_when_it_came_in() -> None:
    five_days = case(limit_value=5, limit_unit="work_days", due_at=NOW + timedelta(days=7))
    thursday = NOW + timedelta(days=8)
    risen = do(five_days, Verb.RISE, CLOCK, thursday, next_unit=STREET).case
    assert risen.circle_since == thursday
    # five work days from Thursday and one more, over one weekend
    assert risen.circle_due_at == thursday + timedelta(days=8)


def test_the_largest_circle_running_late_is_kept_and_said_once() -> None:
    top = case(circle="big", circle_since=NOW, circle_due_at=NOW + timedelta(days=1))
    late = do(top, Verb.CIRCLE_LATE, CLOCK, NOW + timedelta(days=1))
    assert late.case.circle_overdue_at == NOW + timedelta(days=1)
    again = do(late.case, Verb.OVERDUE, CLOCK, NOW + timedelta(days=2))
    assert Timer.CIRCLE not in again.timers


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"circle": "micro"}, State.DISPATCHED),
        ({"circle": "small"}, State.FILED),
        ({"circle": "big"}, State.FILED),
        # danger never waits for a desk, and a named matter has none
        ({"circle": "big", "urgency": "now"}, State.DISPATCHED),
        ({"circle": "small", "reach": "named"}, State.DISPATCHED),
    ],
)
def test_it_starts_in_the_circle_whose_authority_covers_it(
    columns: dict[str, object], state: State
) -> None:
    deadline = Deadline(NOW + timedelta(days=1), provisional=False)
    begun = case(State.COLLECTED, owner=None, reporter=WORKER, **columns)
    filed = do(begun, Verb.FILE, HANDS, next_owner=WORKER, next_unit=STREET, deadline=deadline)
    assert filed.case.state is state
    assert (filed.case.owner is None) == (state is State.FILED)


def test_a_button_of_the_circle_below_is_old_once_it_has_risen() -> None:
    facts = case(State.FILED, owner=None)
    risen = do(facts, Verb.RISE, DESKS["micro"], reason="needs_land", next_unit=STREET).case
    assert risen.version == facts.version + 1
