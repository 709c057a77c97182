"""What Telegram says of token, webhook and groups, and the cure for each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.config import Settings
from bot.doctor.finding import Mark
from bot.doctor.platform import Place, group, platform_time, privacy, telegram, webhook
from tests.bot.conftest import Town

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
OURS = "https://linli.example:8443/telegram/webhook"
PLACE = Place("110101001001001", "-1008")


def marks(hook: dict[str, Any], wanted: str = "") -> dict[str, Mark]:
    return {each.about: each.mark for each in webhook(hook, wanted, NOW)}


@pytest.mark.parametrize(
    ("hook", "wanted", "mark"),
    [
        ({"url": ""}, "", Mark.GOOD),
        ({"url": OURS}, OURS, Mark.GOOD),
        ({"url": "https://else.example/x"}, "", Mark.BAD),
        ({"url": "https://else.example/x"}, OURS, Mark.BAD),
        ({"url": ""}, OURS, Mark.BAD),
    ],
)
def test_a_webhook_that_somebody_else_set_is_said(hook: dict[str, Any], wanted: str, mark: Mark):
    found = webhook(hook, wanted, NOW)[0]
    assert found.mark is mark
    assert (mark is Mark.BAD) == bool(found.cure)


def test_a_stranger_s_webhook_is_named_without_its_path():
    found = webhook({"url": "https://user:pw@else.example/secret"}, "", NOW)[0]
    assert "https://else.example" in found.said
    assert "secret" not in found.said + found.cure
    assert "pw" not in found.said


@pytest.mark.parametrize("url", ["http://linli.example/x", "https://linli.example:8080/x"])
def test_an_address_that_telegram_does_not_take_is_said(url: str):
    assert marks({"url": url}, url)["webhook address"] is Mark.BAD


def test_updates_that_pile_up_and_errors_that_are_fresh_are_said():
    stamp = int((NOW - timedelta(minutes=1)).timestamp())
    hook = {"url": OURS, "pending_update_count": 101, "last_error_date": stamp}
    found = marks(hook, OURS)
    assert found["updates at Telegram"] is Mark.MIND
    assert found["webhook error"] is Mark.BAD
    hook["last_error_date"] -= 3600
    assert marks(hook, OURS)["webhook error"] is Mark.GOOD


def test_other_kinds_of_updates_than_we_ask_for_are_said():
    assert marks({"url": OURS, "allowed_updates": ["message"]}, OURS)["webhook updates"] is Mark.BAD


def test_privacy_mode_off_is_said():
    assert privacy({"can_read_all_group_messages": True}).mark is Mark.MIND
    assert privacy({"can_read_all_group_messages": False}).mark is Mark.GOOD


@pytest.mark.parametrize(
    ("member", "permissions", "mark"),
    [
        ({"status": "administrator", "can_pin_messages": True}, {}, None),
        ({"status": "member"}, {"can_send_messages": True, "can_pin_messages": True}, None),
        ({"status": "member"}, {"can_send_messages": True}, Mark.MIND),
        ({"status": "administrator"}, {}, Mark.MIND),
        ({"status": "member"}, {"can_send_messages": False}, Mark.BAD),
        ({"status": "restricted"}, {}, Mark.BAD),
        ({"status": "left"}, {}, Mark.BAD),
        ({"status": "kicked"}, {}, Mark.BAD),
    ],
)
def test_what_the_bot_may_not_do_in_a_group_is_said(
    member: dict[str, Any], permissions: dict[str, Any], mark: Mark | None
):
    found = group(PLACE, member, permissions)
    assert (found.mark if found else None) is mark


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_sandbox_is_asked_like_telegram(settings: Settings, town: Town):
    owner = await town.person()
    kept, lost = await town.group(owner, role="administrator"), await town.group(owner)
    bot = town.bot["id"]
    await town.do(f"chats/{lost}/members", user=bot, status="left")
    groups = [(str(bot), Place("1", str(kept))), (str(bot), Place("2", str(lost)))]
    found = {each.about: each.mark for each in await telegram(settings, groups, 10)}
    assert found["token"] is Mark.GOOD
    assert found["group of 2"] is Mark.BAD
    assert "group of 1" not in found
    there = await platform_time(settings)
    assert there is not None
    assert abs(there - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_network_and_a_wrong_token_are_said_without_the_token(
    settings: Settings, town: Town
):
    settings.telegram.base_url = "http://127.0.0.1:9/bot"
    (away,) = await telegram(settings, [], 10)
    assert (away.about, away.mark) == ("telegram", Mark.BAD)
    assert await platform_time(settings) is None
    settings.telegram.base_url = f"{town.url}/bot"
    settings.telegram.token = type(settings.telegram.token)("99:wrong")
    (wrong,) = await telegram(settings, [], 10)
    assert wrong.about == "token"
    assert "99:wrong" not in wrong.line()
