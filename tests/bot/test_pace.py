"""Telegram's rates, kept by our own count."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.pace import Pace
from models.outgoing import Spent


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def sent(pace: Pace, time: Time, chat: str, seconds: float) -> int:
    """How many messages go to one chat in so many seconds."""
    count, end = 0, time.now + seconds
    while time.now < end:
        while chat not in pace.resting() and pace.room(1):
            pace.spend(chat)
            count += 1
        time.now += 0.05
    return count


def test_a_person_gets_one_a_second_after_a_short_burst(time: Time):
    assert sent(Pace(True, time), time, "7", 10) in range(12, 14)


def test_a_group_gets_twenty_a_minute(time: Time):
    pace = Pace(True, time)
    assert sent(pace, time, "-7", 59) == 20
    assert sent(pace, time, "-7", 59) == 20


def test_a_bot_sends_thirty_a_second_in_all(time: Time):
    pace = Pace(True, time)
    for n in range(30):
        assert pace.room(50) == 30 - n
        pace.spend(str(n))
    assert pace.room(50) == 0
    time.now += 1
    assert pace.room(50) == 30


def test_without_limits_nobody_waits(time: Time):
    pace = Pace(False, time)
    for _ in range(1_000):
        pace.spend("7")
    assert pace.room(50) == 50
    assert pace.resting() == {}


WALL = datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_what_was_spent_is_known_after_a_restart_and_in_another_process(time: Time):
    before = Pace(True, time)
    for _ in range(20):
        before.spend("-7")
    before.spend("8")
    spent = before.unwritten(WALL)
    time.now = 7.0  # another process, which counts from another beginning
    after = Pace(True, time)
    after.learn(spent, WALL + timedelta(seconds=2))
    assert after.room(50) == 30
    assert after.resting()["-7"] == pytest.approx(58.0)
    assert sent(after, time, "8", 0.9) == 3


def test_a_bot_that_has_just_spent_its_second_goes_on_from_there(time: Time):
    before = Pace(True, time)
    for n in range(30):
        before.spend(str(n))
    after = Pace(True, time)
    after.learn(before.unwritten(WALL), WALL)
    assert after.room(50) == 0


def test_only_what_changed_is_written(time: Time):
    pace = Pace(True, time)
    pace.spend("7")
    first = pace.unwritten(WALL)
    assert {each.chat for each in first} == {"7", ""}
    pace.written(first)
    assert pace.unwritten(WALL) == []
    pace.spend("8")
    assert {each.chat for each in pace.unwritten(WALL)} == {"8", ""}


def test_moments_noted_by_a_clock_that_was_set_back_count_as_now():
    pace = Pace(limited=True, monotonic=lambda: 1_000.0)
    wall = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    later = wall + timedelta(hours=1)
    pace.learn([Spent("-8", 3.0, later, [later.timestamp()] * 20)], wall)
    assert pace.resting() == {"-8": 60.0}
