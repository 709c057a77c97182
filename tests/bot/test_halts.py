"""A 429 is obeyed by every call of a bot, in every process."""

from datetime import UTC, datetime, timedelta

import pytest
from telegram.error import RetryAfter

from bot.clock import Clock
from bot.halts import Halts
from models import outgoing
from models.database import Database, Unavailable


def again(seconds: float) -> RetryAfter:
    return RetryAfter(timedelta(seconds=seconds))


@pytest.fixture
def halts(database: Database) -> Halts:
    return Halts(database, Clock(), "777")


async def test_a_halt_is_about_its_chat(halts: Halts):
    await halts.told("7", again(30))
    assert halts.seconds("7") == pytest.approx(30, abs=1)
    assert halts.seconds("8") == 0.0
    assert not await halts.rest("7", most=10)
    assert await halts.rest("8", most=10)


async def test_two_chats_within_a_second_mean_the_whole_bot_and_the_others_learn_of_it(
    halts: Halts, database: Database
):
    await halts.told("7", again(30))
    await halts.told("8", again(40))
    assert halts.seconds("9") == pytest.approx(40, abs=1)
    other, now = Halts(database, Clock(), "777"), datetime.now(UTC)
    other.learn(await database.read(lambda s: outgoing.halted_until(s, "777", now)))
    assert other.seconds("9") == pytest.approx(40, abs=2)
    another_bot = await database.read(lambda s: outgoing.halted_until(s, "888", now))
    assert another_bot is None


async def test_a_shorter_halt_ends_no_longer_one(halts: Halts):
    await halts.told("7", again(30))
    await halts.told("7", again(1))
    assert halts.seconds("7") == pytest.approx(30, abs=1)


async def test_a_halt_holds_here_while_the_database_is_down(
    halts: Halts, database: Database, monkeypatch: pytest.MonkeyPatch
):
    async def down(*_what: object, **_more: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(database, "write", down)
    await halts.told("7", again(30))
    assert halts.seconds("7") > 0
