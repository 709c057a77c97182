"""A circle answers for its own time alone, on its limit's clock."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from domain.lifecycle import CaseFacts, State, Verb
from domain.roles import CLOCK
from tests.domain.test_circles import DESKS, HANDS, NOW, WORKER, case, do

HOUR = timedelta(hours=1)
# the street has had it since this morning, until noon Thursday: 10:00 in Beijing is NOW
ENDS = NOW + timedelta(days=1)


def street_case(state: State = State.TAKEN, **columns: object) -> CaseFacts:
    mine = {"circle": "small", "circle_since": NOW, "circle_due_at": ENDS, "evidence": "none"}
    return case(state, **mine | {"reporter": None} | columns)


def over(facts: CaseFacts) -> tuple[int, int, int]:
    return facts.over_micro, facts.over_small, facts.over_big


def done(facts: CaseFacts, now: datetime) -> CaseFacts:
    return do(facts, Verb.DONE, HANDS, now).case


def test_what_is_done_in_the_circle_s_time_counts_nothing() -> None:
    assert over(done(street_case(), ENDS)) == (0, 0, 0)


def test_the_length_is_kept_for_the_circle_that_had_it() -> None:
    change = do(street_case(), Verb.DONE, HANDS, ENDS + 2 * HOUR)
    assert over(change.case) == (0, 2 * 3600, 0)
    assert dict(change.facts) == {"over": 7200, "circle": "small", "work": True}


@pytest.mark.parametrize(
    ("unit", "hours"),
    # from Thursday 10:00 to Friday 10:00 with work from 8 to 18 less two hours at noon, or whole
    [("work_hours", 8), ("work_days", 8), ("wall_hours", 24), ("calendar_days", 24)],
)
def test_it_is_measured_on_the_clock_that_the_limit_uses(unit: str, hours: int) -> None:
    facts = done(street_case(limit_unit=unit), ENDS + 24 * HOUR)
    assert facts.over_small == hours * 3600


def test_a_circle_that_hands_it_on_late_keeps_its_own_and_the_next_begins_anew() -> None:
    risen = do(street_case(), Verb.RISE, DESKS["small"], ENDS + HOUR, reason="needs_land").case
    assert over(risen) == (0, 3600, 0)
    taken = replace(risen, state=State.TAKEN, owner=WORKER)
    assert over(done(taken, ENDS + 2 * HOUR)) == (0, 3600, 0)


def test_what_the_clock_takes_away_when_its_time_is_up_was_not_over_it() -> None:
    risen = do(street_case(), Verb.RISE, CLOCK, ENDS + timedelta(seconds=40)).case
    assert over(risen) == (0, 0, 0)


def test_the_reporter_s_time_is_not_the_circle_s() -> None:
    asked = do(street_case(reporter=uuid4()), Verb.ASK, HANDS, ENDS + HOUR).case
    assert over(asked) == (0, 3600, 0)
    back = do(asked, Verb.RESUME, HANDS, ENDS + 4 * HOUR).case
    assert over(done(back, ENDS + 6 * HOUR)) == (0, 3 * 3600, 0)


def test_a_unit_s_time_is_not_the_circle_s() -> None:
    called = do(
        street_case(State.FILED, owner=None), Verb.WHISTLE, DESKS["small"], NOW + HOUR,
        lead="u", at=ENDS,
    ).case  # fmt: skip
    ended = do(called, Verb.TASKS_ENDED, DESKS["small"], ENDS + 4 * HOUR).case
    assert over(ended) == (0, 0, 0)
    taken = replace(ended, state=State.TAKEN, owner=WORKER)
    assert over(done(taken, ENDS + 6 * HOUR)) == (0, 2 * 3600, 0)


def test_what_was_over_before_the_whistle_stays() -> None:
    called = do(
        street_case(State.FILED, owner=None), Verb.WHISTLE, DESKS["small"], ENDS + HOUR,
        lead="u", at=ENDS + 24 * HOUR,
    ).case  # fmt: skip
    assert over(called) == (0, 3600, 0)


def test_the_time_between_done_and_reopened_is_not_the_circle_s() -> None:
    first = done(street_case(verify="onsite"), ENDS + HOUR)
    again = do(
        replace(first, state=State.CHECKING), Verb.CHECK_FAILED, DESKS["small"], ENDS + 5 * HOUR
    ).case
    taken = replace(again, state=State.TAKEN, owner=WORKER)
    assert over(done(taken, ENDS + 6 * HOUR)) == (0, 2 * 3600, 0)


def test_the_first_circle_has_its_days_of_grace() -> None:
    ends = NOW + timedelta(days=1, hours=4)
    facts = case(evidence="none", reporter=None)
    assert over(done(facts, ends)) == (0, 0, 0)
    assert over(done(facts, ends + HOUR)) == (3600, 0, 0)


def test_a_named_matter_has_no_circle_to_blame() -> None:
    facts = do(
        street_case(reach="named", passed=(str(WORKER),)), Verb.DONE, HANDS, ENDS + HOUR
    ).case
    assert over(facts) == (0, 0, 0)
