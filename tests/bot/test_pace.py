"""Telegram's rates, kept by our own count."""

import pytest

from bot.pace import Pace


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
