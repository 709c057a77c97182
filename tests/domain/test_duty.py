"""Who is on duty, and when the service keeps quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.duty import Leave, Shift, gaps, next_reach, on_duty, quiet
from domain.worktime import Calendar

LI, WANG = UUID(int=1), UUID(int=2)
GRID = "110101001001001"
CALENDAR = Calendar()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 9, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


MORNING = Shift(LI, GRID, at(8), at(12))
MIDDAY = Shift(WANG, GRID, at(11), at(15))


def test_overlapping_shifts_put_both_on_duty_the_earlier_one_first():
    assert on_duty([MIDDAY, MORNING], at(11, 30)) == (LI, WANG)


def test_a_gap_has_nobody_on_duty_and_the_closing_minute_belongs_to_the_gap():
    assert on_duty([MORNING], at(12)) == ()
    assert on_duty([MORNING], at(8)) == (LI,)
    assert gaps([MORNING, MIDDAY], at(7), at(18)) == ((at(7), at(8)), (at(15), at(18)))


def test_who_is_on_leave_is_not_on_duty():
    leave = [Leave(LI, at(9), at(10))]
    assert on_duty([MORNING], at(9, 30), leave) == ()
    assert on_duty([MORNING], at(10), leave) == (LI,)
    assert gaps([MORNING], at(8), at(12), leave) == ((at(9), at(10)),)


def test_a_person_with_two_shifts_is_named_once():
    assert on_duty([MORNING, Shift(LI, GRID, at(10), at(18))], at(11)) == (LI,)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-09 10:00", False),
        ("2026-03-09 13:00", True),  # lunch
        ("2026-03-09 18:00", False),  # the supervisor's day goes out at closing
        ("2026-03-09 18:05", True),
        ("2026-03-09 23:00", True),
        ("2026-02-17 10:00", True),  # Spring Festival
        ("2026-02-14 10:00", False),  # a make-up Saturday
    ],
)
def test_lunch_night_and_holidays_are_quiet(moment, expected):
    instant = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert quiet(CALENDAR, instant) is expected


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_the_next_reach_is_never_quiet_and_never_in_the_past(instant):
    reach = next_reach(CALENDAR, instant)
    assert reach >= instant
    assert not quiet(CALENDAR, reach)
    assert next_reach(CALENDAR, reach) == reach
    if reach > instant:
        assert quiet(CALENDAR, reach - timedelta(microseconds=1))
