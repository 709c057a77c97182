"""Faults on order, and the limits that are on unless switched off."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from sandbox.errors import ApiError
from sandbox.limits import Limits
from tests.sandbox.conftest import Town


async def test_a_429_says_how_long_to_wait_once_in_every_place(town: Town) -> None:
    user = await town.person("Li")
    await town.do("faults", kind=429, method="sendMessage", retry_after=7, count=2)
    url = f"{town.url}/bot{town.bot['token']}/sendMessage"
    async with town.session.post(url, json={"chat_id": user, "text": "x"}) as answer:
        body = await answer.json()
        assert answer.headers["Retry-After"] == "7"
    assert body == {
        "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }  # fmt: skip
    await town.refusal("sendMessage", chat_id=user, text="x")
    await town.call("sendMessage", chat_id=user, text="x")


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [("5xx", 502, "Bad Gateway"),
     ("kicked", 403, "Forbidden: bot was kicked from the supergroup chat")],
)  # fmt: skip
async def test_ordered_refusals_come_in_telegrams_words(
    town: Town, kind: str, code: int, text: str
) -> None:
    user = await town.person("Li")
    chat = await town.group(user, kind="supergroup")
    await town.do("faults", kind=kind, chat=chat)
    await town.call("sendMessage", chat_id=user, text="elsewhere")
    status, body = await town.raw("sendMessage", chat_id=chat, text="x")
    assert (status, body["description"]) == (code, text)
    await town.call("sendMessage", chat_id=chat, text="x")


async def test_an_ordered_block_strikes_private_chats_only(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.do("faults", kind="blocked")
    await town.call("sendMessage", chat_id=chat, text="x")
    refusal = await town.refusal("sendMessage", chat_id=user, text="x")
    assert refusal == "Forbidden: bot was blocked by the user"


async def test_an_ordered_migration_really_happens(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.do("faults", kind="migrated", chat=chat)
    status, body = await town.raw("sendMessage", chat_id=chat, text="x")
    new = body["parameters"]["migrate_to_chat_id"]
    assert status == 400
    assert (await town.call("sendMessage", chat_id=new, text="x"))["chat"]["type"] == "supergroup"


async def said(town: Town, chat: int) -> list[str]:
    """The texts in a chat."""
    events = (await town.get(f"chats/{chat}/messages"))["events"]
    return [event["message"].get("text", "") for event in events]


async def test_a_reset_breaks_the_connection_before_anything_happens(town: Town) -> None:
    user = await town.person("Li")
    await town.do("faults", kind="reset", method="sendMessage")
    with pytest.raises(aiohttp.ClientError):
        await town.call("sendMessage", chat_id=user, text="x")
    assert await said(town, user) == ["/start"]
    assert (await town.get("calls"))[-1]["status"] == 0


async def test_a_call_that_hangs_has_been_carried_out(town: Town) -> None:
    user = await town.person("Li")
    await town.do("faults", kind="hang_after_accept", method="sendMessage")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(town.call("sendMessage", chat_id=user, text="x"), 0.3)
    assert await said(town, user) == ["/start", "x"]


async def test_bad_json_comes_after_the_call_was_carried_out(town: Town) -> None:
    user = await town.person("Li")
    await town.do("faults", kind="bad_json", method="sendMessage")
    with pytest.raises(json.JSONDecodeError):
        await town.call("sendMessage", chat_id=user, text="x")
    assert await said(town, user) == ["/start", "x"]


async def test_skip_lets_calls_pass_first_and_delete_forgets_orders(town: Town) -> None:
    await town.do("faults", kind="5xx", method="getMe", skip=1, count=5)
    await town.call("getMe")
    await town.refusal("getMe")
    assert await town.ask("DELETE", "faults") == (200, {})
    await town.call("getMe")


async def test_ordered_duplicates_and_swaps_reach_a_poller(town: Town) -> None:
    user = await town.person("Li")
    await town.updates()
    await town.say(user, user, "1")
    await town.do("faults", kind="duplicate")
    first, again = await town.call("getUpdates")
    assert first == again
    await town.say(user, user, "2")
    await town.do("faults", kind="reorder")
    swapped = [update["message"]["text"] for update in await town.call("getUpdates")]
    assert swapped == ["2", "1"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"kind": "fire"}, "kind"), ({}, "kind"), ({"kind": "429", "count": "2"}, "count"),
     ({"kind": "429", "colour": 1}, "colour"), ({"kind": "429", "method": 3}, "method")],
)  # fmt: skip
async def test_a_wrong_order_is_refused_with_its_field(town: Town, body: Any, field: str) -> None:
    status, answer = await town.ask("POST", "faults", body)
    assert (status, answer["field"]) == (400, field)


class Seconds:
    """Real time, by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(limits: Limits, chat: int, count: int = 1, paid: bool = False) -> int:
    """The seconds that a send is told to wait; 0 if it passes."""
    try:
        limits.spend(1, chat, count, paid)
    except ApiError as error:
        return int(error.parameters["retry_after"])
    return 0


def test_one_message_a_second_in_a_chat_after_a_short_burst() -> None:
    seconds = Seconds()
    limits = Limits(seconds)
    assert [refused(limits, 5) for _ in range(4)] == [0, 0, 0, 1]
    seconds.now += 1
    assert [refused(limits, 5) for _ in range(2)] == [0, 1]


def test_twenty_messages_a_minute_in_a_group() -> None:
    seconds = Seconds()
    limits = Limits(seconds)
    for _ in range(20):
        assert refused(limits, -5) == 0
        seconds.now += 1
    assert refused(limits, -5) == 40
    seconds.now += 40
    assert refused(limits, -5) == 0


def test_thirty_messages_a_second_in_all_a_thousand_if_paid_for() -> None:
    limits = Limits(Seconds())
    assert [refused(limits, chat) for chat in range(1, 32)] == [0] * 30 + [1]
    assert [refused(limits, chat, paid=True) for chat in range(100, 400)] == [0] * 300


def test_more_than_310_unsent_messages_in_a_chat_cost_a_minute() -> None:
    limits = Limits(Seconds())
    limits.unsent[(1, 5)] = 311
    assert refused(limits, 5) == 60


async def test_limits_are_on_from_the_start_and_count_edits(town: Town) -> None:
    user = await town.person("Li")
    await town.do("limits", enforced=True)
    sent = await town.call("sendMessage", chat_id=user, text="1")
    edit = {"chat_id": user, "message_id": sent["message_id"]}
    for number in "23":
        await town.call("editMessageText", text=number, **edit)
    status, body = await town.raw("editMessageText", text="4", **edit)
    assert (status, body["parameters"]) == (429, {"retry_after": 1})
    await town.do("reset")
    await town.do("bots", username="linli_bot")
    assert (await town.ask("POST", "limits", {}))[0] == 400
