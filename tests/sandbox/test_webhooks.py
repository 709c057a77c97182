"""Webhooks: the secret, one update in flight per chat, repeats, and methods in answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from tests.sandbox.conftest import Json, Town

Answer = Callable[[Json], Awaitable[web.Response]]


class Ear:
    """A bot's own little server: notes what comes, answers as told."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, Json]] = []
        self.secrets: list[str | None] = []
        self.answers: list[web.Response | Answer] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        update = json.loads(await request.text())
        self.heard.append((time.monotonic(), update))
        answer = self.answers.pop(0) if self.answers else web.Response()
        return await answer(update) if callable(answer) else answer

    def texts(self) -> list[str]:
        """The texts that came, in order."""
        return [update["message"]["text"] for _, update in self.heard if "message" in update]

    async def until(self, count: int, seconds: float = 5.0) -> None:
        """Waits until `count` updates have come."""
        end = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < end:
            await asyncio.sleep(0.01)
        assert len(self.heard) >= count, self.heard


@pytest.fixture
async def ear(town: Town) -> AsyncIterator[Ear]:
    """A running server that takes the bot's updates."""
    made = Ear()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await town.call("deleteWebhook")
    await runner.cleanup()


async def test_updates_come_with_the_secret_those_from_before_first(town: Town, ear: Ear) -> None:
    user = await town.person("Li")
    await town.call("setWebhook", url=ear.url, secret_token="s3cret_-")
    await town.say(user, user, "hello")
    await ear.until(2)
    assert ear.texts() == ["/start", "hello"]
    assert set(ear.secrets) == {"s3cret_-"}
    info = await town.call("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (ear.url, 0)


async def test_a_refused_update_comes_again_at_once_and_then_after_two_seconds(
    town: Town, ear: Ear
) -> None:
    ear.answers = [web.Response(status=500), web.Response(status=503)]
    await town.call("setWebhook", url=ear.url)
    await town.person("Li")
    await ear.until(3)
    first, second, third = [at for at, _ in ear.heard]
    assert second - first < 0.5
    assert 1.9 < third - second < 3
    assert len({update["update_id"] for _, update in ear.heard}) == 1
    info = await town.call("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


async def test_retry_after_is_honoured(town: Town, ear: Ear) -> None:
    ear.answers = [web.Response(status=429, headers={"Retry-After": "1"})]
    await town.call("setWebhook", url=ear.url)
    await town.person("Li")
    await ear.until(2)
    assert 0.9 < ear.heard[1][0] - ear.heard[0][0] < 1.9


async def test_a_slow_chat_blocks_itself_only(town: Town, ear: Ear) -> None:
    slow, quick = await town.person("Slow"), await town.person("Quick")
    await town.updates()

    async def dawdle(update: Json) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    ear.answers = [dawdle]
    await town.call("setWebhook", url=ear.url)
    for user, text in ((slow, "1"), (slow, "2"), (quick, "3")):
        await town.say(user, user, text)
    await ear.until(3)
    assert ear.texts() == ["1", "3", "2"]


async def test_a_press_overtakes_a_message_of_the_same_chat(town: Town, ear: Ear) -> None:
    user = await town.person("Li")
    markup = {"inline_keyboard": [[{"text": "ok", "callback_data": "1"}]]}
    sent = await town.call("sendMessage", chat_id=user, text="?", reply_markup=markup)
    await town.updates()

    async def dawdle(update: Json) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    ear.answers = [dawdle]
    await town.call("setWebhook", url=ear.url)
    for text in ("1", "2"):
        await town.say(user, user, text)
    press = {"from": user, "message_id": sent["message_id"], "data": "1"}
    pressing = asyncio.create_task(town.ask("POST", f"chats/{user}/press", press))
    await ear.until(3)
    assert "callback_query" in ear.heard[1][1]
    pressing.cancel()


async def test_a_method_in_the_answer_is_carried_out(town: Town, ear: Ear) -> None:
    user = await town.person("Li")
    await town.updates()
    ear.answers = [web.json_response({"method": "sendMessage", "chat_id": user, "text": "pong"}),
                   web.json_response({"method": "deleteWebhook"})]  # fmt: skip
    await town.call("setWebhook", url=ear.url)
    await town.say(user, user, "ping")
    await town.say(user, user, "again")
    await ear.until(2)
    await asyncio.sleep(0.1)
    events = (await town.get(f"chats/{user}/messages"))["events"]
    assert "pong" in [event["message"]["text"] for event in events]
    assert (await town.call("getWebhookInfo"))["url"] == ear.url


async def test_ordered_duplicates_and_swaps_reach_a_webhook(town: Town, ear: Ear) -> None:
    user = await town.person("Li")
    await town.updates()
    await town.call("setWebhook", url=ear.url)
    await town.do("faults", kind="duplicate")
    await town.say(user, user, "1")
    await ear.until(2)
    await town.do("faults", kind="reorder")
    await town.say(user, user, "2")
    await town.say(user, user, "3")
    await ear.until(4)
    assert ear.texts() == ["1", "1", "3", "2"]


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"url": "ftp://127.0.0.1/"}, "invalid webhook URL specified"),
        ({"url": "http://example.org/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://example.org:444/"},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (
            {"url": "http://127.0.0.1:9/", "secret_token": "a b"},
            "secret token contains unallowed characters",
        ),
        ({"url": "http://127.0.0.1:9/", "secret_token": "a" * 257}, "secret token is too long"),
    ],
)
async def test_wrong_webhooks_are_refused(town: Town, params: Json, complaint: str) -> None:
    assert await town.refusal("setWebhook", **params) == f"Bad Request: {complaint}"


async def test_pending_updates_can_be_dropped(town: Town) -> None:
    await town.person("Li")
    await town.call("deleteWebhook", drop_pending_updates=True)
    assert await town.call("getUpdates") == []


async def test_what_a_webhook_didnt_take_can_be_polled_afterwards(town: Town, ear: Ear) -> None:
    ear.answers = [web.Response(status=500)] * 9
    await town.call("setWebhook", url=ear.url)
    await town.person("Li")
    await ear.until(2)
    await town.call("setWebhook", url="")
    assert len(await town.call("getUpdates")) == 1
