"""A unit's task: what its table allows, its clocks, and that it always has a date and a colour."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.refused import Refused
from domain.tasks import (
    OPEN_TASK,
    TASK_REASONS,
    TASK_RULES,
    By,
    TaskChange,
    TaskFacts,
    TaskGiven,
    TaskState,
    TaskTimer,
    TaskVerb,
    decide_task,
    task_colour,
)

# a Wednesday, ten in the morning in Beijing
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def task(state: TaskState = TaskState.CALLED, **columns: object) -> TaskFacts:
    facts = TaskFacts(state, "110101001:fire", "assist", NOW, NOW + 4 * DAY, NOW + 4 * DAY)
    return replace(facts, **columns)  # type: ignore[arg-type]


def do(facts: TaskFacts, verb: TaskVerb, by: By, now: datetime = NOW, **more: object) -> TaskChange:
    everything = {
        "reason": TASK_REASONS[0],
        "until": facts.due_at + DAY,
        "evidence": frozenset({"note"}),
    }
    return decide_task(facts, verb, by, TaskGiven(**everything | more), now)  # type: ignore[arg-type]


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("verb", list(TaskVerb))
@pytest.mark.parametrize("state", list(TaskState))
def test_it_refuses_every_step_that_is_not_in_the_table(
    state: TaskState, verb: TaskVerb, by: By
) -> None:
    rules = [rule for rule in TASK_RULES if rule.verb is verb and state in rule.frm]
    facts = task(state, asked_until=NOW + 5 * DAY)
    if any(by in rule.by for rule in rules):
        do(facts, verb, by)
        return
    with pytest.raises(Refused) as refused:
        do(facts, verb, by)
    assert refused.value.code == ("not_yours" if rules else "task_moved_on")


def test_who_has_no_part_in_it_may_do_nothing() -> None:
    with pytest.raises(Refused, match="not_yours"):
        decide_task(task(), TaskVerb.ACCEPT, None, TaskGiven(), NOW)


@pytest.mark.parametrize("reason", [None, "busy", "not_my_grid"])
def test_not_ours_needs_a_reason_from_the_list(reason: str | None) -> None:
    with pytest.raises(Refused, match="reason_missing"):
        do(task(), TaskVerb.NOT_OURS, By.UNIT, reason=reason)


@pytest.mark.parametrize(
    ("wanted", "there", "code"),
    [("note", set(), "note_missing"), ("photo", {"note"}, "photo_missing")],
)
def test_done_needs_its_evidence(wanted: str, there: set[str], code: str) -> None:
    with pytest.raises(Refused, match=code):
        do(task(), TaskVerb.DONE, By.UNIT, wanted=wanted, evidence=frozenset(there))


@pytest.mark.parametrize(
    ("columns", "more", "code"),
    [
        ({}, {"now": NOW + 5 * DAY}, "task_time_late"),
        ({"extensions": 2}, {}, "task_time_twice"),
        ({}, {"until": NOW + 4 * DAY}, "time_past"),
        ({}, {"until": NOW + 9 * DAY}, "task_time_long"),
    ],
)
def test_more_time_is_asked_before_the_deadline_twice_at_most_and_never_for_longer(
    columns: dict[str, object], more: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        do(task(**columns), TaskVerb.ASK_TIME, By.UNIT, **more)


def test_a_refused_extension_counts_for_nothing_and_a_granted_one_moves_the_deadline() -> None:
    asked = do(task(), TaskVerb.ASK_TIME, By.UNIT).task
    assert asked.due_at == NOW + 4 * DAY
    denied = do(asked, TaskVerb.DENY, By.DESK).task
    assert (denied.extensions, denied.due_at) == (0, NOW + 4 * DAY)
    granted = do(asked, TaskVerb.GRANT, By.DESK)
    assert (granted.task.extensions, granted.task.due_at) == (1, NOW + 5 * DAY)
    assert granted.timers[TaskTimer.OVERDUE] == NOW + 5 * DAY
    assert granted.task.first_due_at == NOW + 4 * DAY


def test_the_desk_is_reminded_each_day_of_a_unit_that_must_be_rung() -> None:
    called = do(task(), TaskVerb.CALL, By.DESK)
    assert called.timers[TaskTimer.REMIND] == NOW + DAY
    silent = do(task(TaskState.ACCEPTED), TaskVerb.REMIND, By.CLOCK, answers=False)
    assert silent.timers[TaskTimer.REMIND] == NOW + DAY
    here = do(task(TaskState.ACCEPTED), TaskVerb.REMIND, By.CLOCK, answers=True)
    assert here.timers[TaskTimer.REMIND] is None


def test_the_colours_follow_the_tasks_own_deadline() -> None:
    facts = do(task(), TaskVerb.CALL, By.DESK).task
    days = {"green": 2, "yellow": 3, "red": 4}
    assert {task_colour(facts, NOW + n * DAY) for n in days.values()} == set(days)
    assert task_colour(replace(facts, state=TaskState.DONE), NOW + 9 * DAY) == "green"


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(list(TaskVerb)), st.sampled_from(list(By)), st.integers(1, 60)),
        max_size=30,
    )
)
def test_every_open_task_keeps_a_date_a_colour_and_a_next_moment(
    steps: list[tuple[TaskVerb, By, int]],
) -> None:
    now = NOW
    called = do(task(), TaskVerb.CALL, By.DESK)
    facts, timers = called.task, dict(called.timers)
    for verb, by, hours in steps:
        now += timedelta(hours=hours)
        try:
            change = do(facts, verb, by, now)
        except Refused:
            continue
        facts = change.task
        timers |= change.timers
        assert task_colour(facts, now)
        assert facts.due_at >= facts.first_due_at
        pending = [at for at in timers.values() if at is not None]
        assert bool(pending) == (facts.state in OPEN_TASK)
