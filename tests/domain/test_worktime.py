"""Deadlines by tables that a clerk can check against a wall calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from timeit import repeat
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.worktime import (
    Calendar,
    add_work,
    is_published,
    is_work_time,
    is_workday,
    next_work_time,
    work_between,
)

SHANGHAI = Calendar()
PLAIN = Calendar(national=False)
NINE_TO_FIVE = Calendar(national=False, shifts=((time(9), time(17)),))
EIGHT_TO_SIX = Calendar(national=False, shifts=((time(8), time(18)),))
TWELVE_HOURS = Calendar(national=False, shifts=((time(8), time(20)),))
NEVER_SHUT = Calendar(national=False, shifts=((time(0), time(0)),), weekend=frozenset())
BERLIN_NIGHTS = Calendar(
    zone="Europe/Berlin", national=False, shifts=((time(0), time(8)),), weekend=frozenset()
)


def local(text: str, calendar: Calendar = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone))


TABLE = [
    # The examples that cities publish with the standard.
    (NINE_TO_FIVE, "2026-03-06 16:30", 1, "work_hours", "2026-03-09 09:30"),  # Fri → Mon
    (EIGHT_TO_SIX, "2026-03-09 17:00", 4, "work_hours", "2026-03-10 11:00"),  # Mon → Tue
    (TWELVE_HOURS, "2026-03-09 10:00", 48, "work_hours", "2026-03-13 10:00"),  # Mon → Fri
    # Lunch is not work time; a limit may end on the minute of closing.
    (SHANGHAI, "2026-03-09 11:00", 2, "work_hours", "2026-03-09 15:00"),
    (SHANGHAI, "2026-03-09 12:30", 1, "work_hours", "2026-03-09 15:00"),
    (SHANGHAI, "2026-03-09 08:00", 4, "work_hours", "2026-03-09 12:00"),
    (SHANGHAI, "2026-03-06 16:00", 2, "work_hours", "2026-03-06 18:00"),
    (SHANGHAI, "2026-03-06 16:00", 2.5, "work_hours", "2026-03-09 08:30"),
    # Wall hours run through the night and the weekend.
    (SHANGHAI, "2026-03-06 23:30", 2, "wall_hours", "2026-03-07 01:30"),
    # Spring Festival 2025: 28 January – 4 February, Sunday 26 January is worked.
    (SHANGHAI, "2025-01-24 17:50", 2, "work_days", "2025-01-27 17:50"),  # Fri → (Sun) → Mon
    (SHANGHAI, "2025-01-24 17:50", 3, "work_days", "2025-02-05 17:50"),
    (SHANGHAI, "2025-01-24 17:00", 9, "work_hours", "2025-01-26 18:00"),
    (SHANGHAI, "2025-01-27 17:00", 2, "work_hours", "2025-02-05 09:00"),
    # Spring Festival 2026: 15 – 23 February, Saturdays 14 and 28 February are worked.
    (SHANGHAI, "2026-02-13 17:50", 2, "work_days", "2026-02-24 17:50"),
    (SHANGHAI, "2026-02-27 10:00", 1, "work_days", "2026-02-28 10:00"),
    # A start outside work time counts from the next opening.
    (SHANGHAI, "2026-03-06 18:00", 1, "work_days", "2026-03-10 08:00"),
    (SHANGHAI, "2026-03-07 10:00", 1, "work_days", "2026-03-10 08:00"),
    (SHANGHAI, "2026-03-09 12:30", 1, "work_days", "2026-03-10 14:00"),
    (SHANGHAI, "2026-03-09 03:00", 1, "work_days", "2026-03-10 08:00"),
    # Calendar days do not care; leap day and New Year.
    (PLAIN, "2028-02-28 10:00", 1, "calendar_days", "2028-02-29 10:00"),
    (PLAIN, "2028-02-28 10:00", 2, "work_days", "2028-03-01 10:00"),
    (PLAIN, "2027-02-26 10:00", 1, "work_days", "2027-03-01 10:00"),
    (PLAIN, "2027-12-31 17:00", 2, "work_hours", "2028-01-03 09:00"),
    (NEVER_SHUT, "2027-12-31 23:00", 2, "work_hours", "2028-01-01 01:00"),
]


@pytest.mark.parametrize(("calendar", "start", "amount", "unit", "expected"), TABLE)
def test_a_deadline_is_where_a_clerk_would_put_it(calendar, start, amount, unit, expected):
    at = add_work(calendar, local(start), amount, unit).at
    assert at == local(expected)
    assert at.tzinfo is UTC


def test_a_night_shift_of_clock_change_has_its_real_length():
    # Berlin, 28 March 2027: 02:00 becomes 03:00, so the shift 00–08 lasts seven hours.
    start = local("2027-03-28 00:00", BERLIN_NIGHTS)
    assert add_work(BERLIN_NIGHTS, start, 7, "work_hours").at == local(
        "2027-03-28 08:00", BERLIN_NIGHTS
    )
    # 31 October 2027: 03:00 becomes 02:00, nine hours.
    start = local("2027-10-31 00:00", BERLIN_NIGHTS)
    assert work_between(BERLIN_NIGHTS, start, start + timedelta(days=1)) == timedelta(hours=9)


def test_a_time_of_day_that_the_clocks_leave_out_moves_on():
    start = local("2027-03-27 02:30", BERLIN_NIGHTS)
    at = add_work(BERLIN_NIGHTS, start, 1, "work_days").at
    assert at.astimezone(ZoneInfo("Europe/Berlin")).hour == 3


def test_a_calendar_day_keeps_the_time_of_day_when_the_clocks_change():
    start = local("2027-03-27 20:00", BERLIN_NIGHTS)
    assert add_work(BERLIN_NIGHTS, start, 1, "calendar_days").at == local(
        "2027-03-28 20:00", BERLIN_NIGHTS
    )


def test_an_unpublished_year_counts_weekends_and_says_so():
    start = local("2095-09-30 10:00")
    deadline = add_work(SHANGHAI, start, 1, "work_days")
    assert deadline.at == local("2095-10-03 10:00")  # Friday → Monday, National Day ignored
    assert deadline.provisional
    assert not add_work(SHANGHAI, start, 1, "wall_hours").provisional
    assert not add_work(SHANGHAI, local("2026-03-06 10:00"), 1, "work_days").provisional


def test_a_configured_announcement_makes_a_year_published():
    national_day = frozenset(date(2095, 10, day) for day in range(1, 8))
    calendar = Calendar(holidays=national_day, makeup_days=frozenset({date(2095, 10, 8)}))
    deadline = add_work(calendar, local("2095-09-30 10:00"), 1, "work_days")
    assert deadline.at == local("2095-10-08 10:00")  # a Saturday, made up
    assert not deadline.provisional
    assert is_published(calendar, 2095)
    assert not is_published(calendar, 2096)


def test_the_territorys_own_days_win():
    calendar = Calendar(
        days_on=frozenset({date(2026, 10, 1)}), days_off=frozenset({date(2026, 3, 9)})
    )
    assert is_workday(calendar, date(2026, 10, 1))
    assert not is_workday(calendar, date(2026, 3, 9))
    assert not is_workday(SHANGHAI, date(2026, 10, 1))
    assert is_workday(SHANGHAI, date(2026, 2, 14))


@pytest.mark.parametrize(
    ("moment", "working"),
    [
        ("2026-03-09 08:00", True),
        ("2026-03-09 07:59", False),
        ("2026-03-09 12:00", False),
        ("2026-03-09 13:59", False),
        ("2026-03-09 17:59", True),
        ("2026-03-09 18:00", False),
        ("2026-03-08 10:00", False),
    ],
)
def test_work_time_has_the_opening_minute_and_not_the_closing_one(moment, working):
    assert is_work_time(SHANGHAI, local(moment)) is working


def test_the_next_work_time_is_now_or_the_next_opening():
    assert next_work_time(SHANGHAI, local("2026-03-09 10:07")) == local("2026-03-09 10:07")
    assert next_work_time(SHANGHAI, local("2026-02-14 18:00")) == local("2026-02-24 08:00")
    assert next_work_time(PLAIN, local("2027-12-31 18:00")) == local("2028-01-03 08:00")


@pytest.mark.parametrize(
    ("amount", "unit", "sentence"),
    [
        (-1, "work_hours", "cannot be added"),
        (1.5, "work_days", "cannot be added"),
        (1, "moons", "unknown unit"),
        (1e9, "wall_hours", "hundred years"),
        (1e9, "work_days", "hundred years"),
    ],
)
def test_it_refuses_amounts_that_mean_nothing(amount, unit, sentence):
    with pytest.raises(ValueError, match=sentence):
        add_work(SHANGHAI, local("2026-03-09 10:00"), amount, unit)


def test_it_refuses_a_start_without_zone():
    with pytest.raises(ValueError, match="naive"):
        add_work(SHANGHAI, datetime(2026, 3, 9, 10), 1, "wall_hours")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"shifts": ((time(9), time(8)),)}, "shifts"),
        ({"shifts": ()}, "shifts"),
        ({"weekend": frozenset(range(7))}, "working day"),
        (
            {
                "days_on": frozenset({date(2026, 1, 1)}),
                "days_off": frozenset({date(2026, 1, 1)}),
            },
            "both off and on",
        ),
    ],
)
def test_it_refuses_a_calendar_that_contradicts_itself(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Calendar(**settings)


def test_a_deadline_ten_years_ahead_takes_less_than_a_tenth_of_a_millisecond():
    start = local("2026-03-09 10:00")
    add_work(SHANGHAI, start, 20_000, "work_hours")  # lays out the years once
    best = min(repeat(lambda: add_work(SHANGHAI, start, 20_000, "work_hours"), number=100))
    assert best / 100 < 100e-6


instants = st.datetimes(
    datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
)  # published and unpublished years
calendars = st.sampled_from([SHANGHAI, PLAIN, NINE_TO_FIVE, NEVER_SHUT, BERLIN_NIGHTS])
minutes = st.integers(1, 60 * 500).map(lambda n: n / 60)


def hours(calendar, start, amount):
    return add_work(calendar, start, amount, "work_hours").at


@given(calendars, instants, minutes)
def test_work_between_undoes_adding_work_hours(calendar, start, amount):
    worked = work_between(calendar, start, hours(calendar, start, amount))
    assert worked == timedelta(microseconds=round(amount * 3_600_000_000))


@given(calendars, instants, st.integers(1, 30_000), st.integers(1, 30_000))
def test_adding_twice_is_adding_the_sum(calendar, start, a, b):
    at = hours(calendar, hours(calendar, start, a / 60), b / 60)
    # Each step rounds to the microsecond.
    assert abs(at - hours(calendar, start, (a + b) / 60)) <= timedelta(microseconds=2)


@given(calendars, instants, instants, minutes)
def test_who_starts_later_is_never_due_earlier(calendar, a, b, amount):
    first, second = sorted([a, b])
    assert hours(calendar, first, amount) <= hours(calendar, second, amount)


@given(calendars, instants, minutes)
def test_a_deadline_lies_in_work_time_or_on_a_closing(calendar, start, amount):
    at = hours(calendar, start, amount)
    assert is_work_time(calendar, at) or is_work_time(calendar, at - timedelta(microseconds=1))


@given(calendars, instants, st.integers(1, 300), st.integers(0, 300))
def test_work_days_are_monotone_and_in_work_time(calendar, start, n, more):
    at = add_work(calendar, start, n, "work_days").at
    assert at > start
    assert is_work_time(calendar, at)
    assert at <= add_work(calendar, start, n + more, "work_days").at


@given(calendars, instants, instants)
def test_work_between_is_signed_and_never_more_than_the_clock_says(calendar, a, b):
    worked = work_between(calendar, a, b)
    assert worked == -work_between(calendar, b, a)
    assert abs(worked) <= abs(b - a)


@given(calendars, instants)
def test_the_next_work_time_is_worked_and_nothing_before_it_is(calendar, instant):
    opening = next_work_time(calendar, instant)
    assert is_work_time(calendar, opening)
    assert work_between(calendar, instant, opening) == timedelta()
