"""What is not for the bot is dropped in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sieve import Sieve
from domain.reading.hearing import Heard
from handlers.updates import Me, decode, kept

ME = Me("42", "linli_bot")
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
LI = {"id": 7, "first_name": "Li"}
BOT = {"id": 42, "is_bot": True, "first_name": "Linli"}
OTHER_BOT = {"id": 43, "is_bot": True, "first_name": "Other"}
GROUP = {"id": -5, "type": "supergroup", "title": "8"}
COMMAND = {"type": "bot_command", "offset": 0}
MENTION = {"type": "mention", "offset": 0, "length": 10}
MINE, THEIRS = "/report@linli_bot", "/report@other_bot"


def message(**more: Any) -> dict[str, Any]:
    return {"message_id": 1, "chat": GROUP, "from": LI, **more}


def wanted(sieve: Sieve, now: datetime = NOW, **fields: Any) -> bool:
    return passed(sieve, [fields], now) == 1


def passed(sieve: Sieve, batch: list[dict[str, Any]], now: datetime = NOW) -> int:
    updates = [decode({"update_id": 1, **fields}) for fields in batch]
    return len(sieve.pass_through([each for each in updates if each], now))


@pytest.fixture
def sieve() -> Sieve:
    return Sieve(ME, commands={"report", "who"})


@pytest.mark.parametrize(
    "fields",
    [
        {"message": message(text="/report", entities=[COMMAND | {"length": 7}])},
        {"message": message(text=MINE, entities=[COMMAND | {"length": 17}])},
        {"message": message(text="@Linli_Bot 灯", entities=[MENTION])},
        {"message": message(caption="@linli_bot 灯", caption_entities=[MENTION])},
        {"message": message(text="yes", reply_to_message=message(**{"from": BOT}))},
        {"message": message(text="灯", chat={"id": 7, "type": "private"})},
        {"edited_message": message(text="@linli_bot 灯", entities=[MENTION])},
        {"edited_message": message(text="灯", chat={"id": 7, "type": "private"})},
        {"callback_query": {"id": "1", "from": LI, "data": "x", "message": message()}},
        {
            "my_chat_member": {
                "chat": GROUP,
                "from": LI,
                "new_chat_member": {"status": "member"},
            }
        },
        {"message": message(migrate_to_chat_id=-9)},
        {"message": message(migrate_from_chat_id=-9)},
    ],
)
def test_what_addresses_the_bot_passes(sieve: Sieve, fields: dict[str, Any]):
    assert wanted(sieve, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"message": message(text="今晚吃什么")},
        {"edited_message": message(text="今晚吃什么呢")},
        {"message": message(text="/weather", entities=[COMMAND | {"length": 8}])},
        {"message": message(text=THEIRS, entities=[COMMAND | {"length": 17}])},
        {"message": message(text="@other_bot 灯", entities=[MENTION])},
        {"message": message(text="yes", reply_to_message=message(**{"from": OTHER_BOT}))},
        {"message": message(text="@linli_bot hi", entities=[MENTION], **{"from": OTHER_BOT})},
        {"message": message(text="x", chat={"id": -8, "type": "channel"})},
        {"message": message(new_chat_members=[LI])},
        {"message": message(photo=[])},
        {"callback_query": {"id": "1", "from": LI, "data": "x"}},
        {"channel_post": message(text="x")},
        {"poll": {}},
        {},
    ],
)
def test_what_does_not_address_it_is_dropped(sieve: Sieve, fields: dict[str, Any]):
    assert not wanted(sieve, **fields)


def test_an_album_that_addresses_the_bot_passes_as_a_whole(sieve: Sieve):
    plain = {"message": message(media_group_id="a")}
    named = {
        "message": message(media_group_id="a", caption="@linli_bot", caption_entities=[MENTION])
    }
    other = {"message": message(media_group_id="b")}
    assert passed(sieve, [plain, named, other]) == 2
    assert wanted(sieve, **plain)
    assert not wanted(sieve, **other)
    assert not wanted(sieve, NOW + timedelta(minutes=6), **plain)


def test_an_album_is_known_by_its_group_too(sieve: Sieve):
    named = message(media_group_id="a", caption="@linli_bot", caption_entities=[MENTION])
    assert wanted(sieve, message=named)
    elsewhere = message(media_group_id="a", chat=GROUP | {"id": -6})
    assert not wanted(sieve, message=elsewhere)


def test_what_people_say_to_each_other_is_chatter_and_what_is_for_us_is_not(sieve: Sieve):
    said = [
        message(text="今晚吃什么"),
        message(caption="灯坏了", photo=[]),
        message(text="@linli_bot 灯", entities=[MENTION]),
        message(text="灯", chat={"id": 7, "type": "private"}),
    ]
    batch = [decode({"update_id": n, "message": each}) for n, each in enumerate(said)]
    found = sieve.chatter([each for each in batch if each])
    assert [each.update_id for each in found] == [0, 1]


@pytest.mark.parametrize(
    "fields",
    [
        {"edited_message": message(text="灯坏了")},
        {"message": message(text="灯坏了", forward_origin={"type": "user"})},
        {"message": message(text="灯坏了", sender_chat=GROUP)},
        {"message": message(text="灯坏了", sender_chat={"id": -77, "type": "channel"})},
        {"message": message(text="灯坏了", **{"from": OTHER_BOT})},
        {"message": message(text=THEIRS, entities=[COMMAND | {"length": 17}])},
        {"message": message(text="灯坏了", chat={"id": -8, "type": "channel"})},
        {"message": message(photo=[])},
    ],
)
def test_nobody_listens_to_what_nobody_says_to_the_group(sieve: Sieve, fields: dict[str, Any]):
    update = decode({"update_id": 1, **fields})
    assert update is not None
    assert sieve.chatter([update]) == []


def test_what_was_heard_goes_on_without_a_word_or_a_name(sieve: Sieve):
    secret = "楼道灯坏了"
    given = message(
        text=secret,
        reply_to_message=message(text=secret),
        **{"from": LI | {"last_name": "secret", "username": "secret", "language_code": "en"}},
    )
    update = decode({"update_id": 1, "message": given | {"chat": GROUP | {"title": "secret"}}})
    assert update is not None
    (passed_on,) = sieve.pass_through([update], NOW, {1: Heard(danger=True)})
    assert kept(passed_on) == {
        "update_id": 1,
        "heard": {"danger": True, "aside": False},
        "message": {
            "message_id": 1,
            "chat": {"id": -5, "type": "supergroup"},
            "from": {"id": 7, "language_code": "en"},
        },
    }


def test_nobody_can_say_of_their_own_words_that_they_were_heard(sieve: Sieve):
    update = decode(
        {
            "update_id": 1,
            "heard": {"danger": True},
            "message": message(text="灯", chat={"id": 7, "type": "private"}),
        }
    )
    assert update is not None
    (passed_on,) = sieve.pass_through([update], NOW)
    assert passed_on.heard is None
