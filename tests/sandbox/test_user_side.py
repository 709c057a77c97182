"""The user side: every call of it, what it answers, and which field it complains about."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from sandbox.server import serve
from tests.sandbox.conftest import Json, Town
from tests.sandbox.test_messages import picture

PHOTO = {
    "base64": base64.b64encode(picture(40, 30)).decode(),
    "name": "a.jpg",
    "mime": "image/jpeg",
}
FILE = {"base64": "eA==", "name": "a.txt", "mime": "text/plain"}


async def test_bots_have_a_token_of_their_own_or_one_that_is_given(town: Town) -> None:
    made = await town.do("bots", username="other_bot", token="42:AAE-x", privacy=False)
    assert made == {"id": 42, "token": "42:AAE-x", "username": "other_bot"}
    status, body = await town.raw("getMe", token="42:AAE-x")
    assert (status, body["result"]["can_read_all_group_messages"]) == (200, True)
    assert (await town.call("getMe"))["can_read_all_group_messages"] is False


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("bots", {}, 400, "username"),
        ("bots", {"username": "linli_bot"}, 409, "username"),
        ("bots", {"username": "a b"}, 400, "username"),
        ("bots", {"username": "x_bot", "token": "abc"}, 400, "token"),
        ("users", {"first_name": 3}, 400, "first_name"),
        ("users", {"first_name": " "}, 400, "first_name"),
        ("users", {"first_name": "Li", "age": 3}, 400, "age"),
        ("chats", {"type": "channel", "title": "x", "members": [10001]}, 400, "type"),
        ("chats", {"type": "group", "title": "x", "members": []}, 400, "members"),
        ("chats", {"type": "group", "title": "x", "members": [5]}, 404, "members"),
        (
            "chats",
            {"type": "group", "title": "x", "members": [10001], "bot_role": "king"},
            400,
            "bot_role",
        ),
        ("chats", {"type": "group", "title": "x", "members": [10001], "bot_id": 5}, 404, "bot_id"),
        ("chats/-5/members", {"user": 10001, "status": "left"}, 404, "chat"),
        ("chats/x/members", {"user": 10001, "status": "left"}, 400, "id"),
        ("chats/-5/migrate", {}, 404, "chat"),
        ("chats/10001/messages", {"from": 10001}, 400, "text"),
        ("chats/10001/messages", {"from": 5, "text": "x"}, 404, "from"),
        ("chats/10001/messages", {"from": 10002, "text": "x"}, 403, "from"),
        ("chats/10001/messages", {"from": 10001, "text": ""}, 400, "text"),
        ("chats/10001/messages", {"from": 10001, "text": "x", "caption": "y"}, 400, "caption"),
        ("bots", {"username": "x_bot", "token": "10001:x"}, 409, "token"),
        ("chats/10001/messages", {"from": 10001, "text": "字" * 4097}, 400, "text"),
        ("chats/10001/messages", {"from": 10001, "photo": {"base64": "?"}}, 400, "photo"),
        ("chats/10001/messages", {"from": 10001, "photo": FILE}, 400, "photo"),
        ("chats/10001/messages", {"from": 10001, "photo": PHOTO, "text": "x"}, 400, "photo"),
        ("chats/10001/messages", {"from": 10001, "album": [PHOTO]}, 400, "album"),
        ("chats/10001/messages", {"from": 10001, "location": {"latitude": 91}}, 400, "location"),
        ("chats/10001/messages", {"from": 10001, "text": "x", "reply_to": 99}, 404, "reply_to"),
        ("chats/10001/messages/99/edit", {"from": 10001, "text": "x"}, 404, "message_id"),
        ("chats/10001/press", {"from": 10001, "message_id": 1}, 400, "data"),
        ("chats/10001/press", {"from": 10001, "message_id": 1, "data": "x"}, 400, "message_id"),
        ("chats/10001/react", {"from": 10001, "message_id": 1, "emoji": "✅"}, 400, "emoji"),
        ("start", {"from": 10001, "payload": "x"}, 400, "bot_id"),
        ("start", {"from": 10001, "bot_id": 7000000001, "payload": "a b"}, 400, "payload"),
        ("start", {"from": 10001, "bot_id": 7000000001, "payload": "a" * 65}, 400, "payload"),
        ("users/5/block", {"bot_id": 7000000001, "blocked": True}, 404, "id"),
        ("users/10001/block", {"bot_id": 7000000001}, 400, "blocked"),
        ("limits", {"enforced": "no"}, 400, "enforced"),
    ],
)
async def test_a_wrong_call_is_refused_with_its_field(
    town: Town, path: str, body: Any, status: int, field: str
) -> None:
    await town.person("Li")
    await town.person("Wang")
    got, answer = await town.ask("POST", path, body)
    assert (got, answer["field"]) == (status, field)
    assert answer["error"]


async def test_a_body_that_is_no_json_object_is_refused(town: Town) -> None:
    for data in ("{", "[]", '"x"'):
        async with town.session.post(f"{town.url}/sandbox/users", data=data) as answer:
            assert answer.status == 400
            assert "body" in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("media", "field", "count"),
    [
        ({"text": "灯坏了"}, "text", 1),
        ({"photo": PHOTO, "caption": "前"}, "photo", 1),
        ({"voice": FILE}, "voice", 1),
        ({"document": FILE, "caption": "x"}, "document", 1),
        ({"sticker": PHOTO}, "sticker", 1),
        ({"location": {"latitude": 1, "longitude": 2.5}}, "location", 1),
        ({"album": [PHOTO, PHOTO, PHOTO], "caption": "三张"}, "photo", 3),
        ({"text": "x", "forward": {"name": "Wang"}}, "forward_origin", 1),
    ],
)
async def test_people_send_everything_that_telegram_knows(
    town: Town, media: Json, field: str, count: int
) -> None:
    user = await town.person("Li")
    await town.updates()
    sent = (await town.do(f"chats/{user}/messages", sender=user, **media))["messages"]
    assert len(sent) == count
    assert all(field in message for message in sent)
    assert [update["message"] for update in await town.updates()] == sent
    assert ("media_group_id" in sent[0]) == (count > 1)
    assert ("caption" in sent[0]) == ("caption" in media)


async def test_the_owner_stays_the_owner_and_may_leave(town: Town) -> None:
    owner, other = await town.person("Li"), await town.person("Wang")
    chat = await town.group(owner, other)
    body = {"user": owner, "status": "kicked"}
    status, answer = await town.ask("POST", f"chats/{chat}/members", body)
    assert (status, answer["field"]) == (409, "user")
    await town.do(f"chats/{chat}/members", user=owner, status="left")
    member = await town.call("getChatMember", chat_id=chat, user_id=owner)
    assert member["status"] == "left"


async def test_a_private_message_can_be_forwarded_to_a_group(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    said = await town.say(user, user, "3号楼")
    source = {"chat": user, "message_id": said["message_id"]}
    message = await town.say(chat, user, "3号楼", forward=source)
    assert message["forward_origin"]["sender_user"]["id"] == user


async def test_strangers_to_a_chat_cant_write_in_it(town: Town) -> None:
    member, stranger = await town.person("Li"), await town.person("X")
    chat = await town.group(member)
    status, answer = await town.ask(
        "POST", f"chats/{chat}/messages", {"from": stranger, "text": "x"}
    )
    assert (status, answer["field"]) == (403, "from")


async def test_people_edit_their_own_texts_and_captions_only(town: Town) -> None:
    user, other = await town.person("Li"), await town.person("Wang")
    chat = await town.group(user, other, role="administrator")
    photo = (await town.do(f"chats/{chat}/messages", sender=user, photo=PHOTO))["messages"][0]
    path = f"chats/{chat}/messages/{photo['message_id']}/edit"
    await town.updates()
    assert (await town.do(path, sender=user, text="3号楼"))["message"]["caption"] == "3号楼"
    assert (await town.updates())[0]["edited_message"]["caption"] == "3号楼"
    assert (await town.ask("POST", path, {"from": other, "text": "x"}))[0] == 403


async def test_events_are_numbered_and_can_be_waited_for(town: Town) -> None:
    user = await town.person("Li")
    seq = (await town.get(f"users/{user}/messages"))["seq"]
    begun = time.monotonic()
    assert await town.get(f"chats/{user}/messages?after={seq}&wait=0.3") == {
        "seq": seq,
        "events": [],
    }
    assert time.monotonic() - begun >= 0.3
    waiting = asyncio.create_task(town.get(f"users/{user}/messages?after={seq}&wait=5"))
    await asyncio.sleep(0.05)
    sent = await town.call("sendMessage", chat_id=user, text="hello")
    await town.call("editMessageText", chat_id=user, message_id=sent["message_id"], text="hi")
    await town.call("deleteMessage", chat_id=user, message_id=sent["message_id"])
    assert (await waiting)["events"][0]["message"] == sent
    events = (await town.get(f"users/{user}/messages?after={seq}"))["events"]
    assert [(one["seq"] - seq, one["kind"]) for one in events] == [
        (1, "sent"),
        (2, "edited"),
        (3, "deleted"),
    ]
    assert {one["bot"] for one in events} == {town.bot["id"]}


async def test_an_unknown_call_is_refused_like_any_other(town: Town) -> None:
    body = {"error": "there is no such call", "field": None}
    for method, path in (("POST", "cake"), ("GET", "users"), ("DELETE", "chats/1/messages")):
        assert await town.ask(method, path) == (404, body)


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=soon"])
async def test_a_wrong_number_in_the_address_is_refused(town: Town, query: str) -> None:
    user = await town.person("Li")
    status, answer = await town.ask("GET", f"chats/{user}/messages?{query}")
    assert (status, answer["field"]) == (400, query.split("=")[0])
    assert (await town.ask("GET", "chats/-7/messages"))[0] == 404


async def test_private_chats_with_two_bots_are_kept_apart(town: Town) -> None:
    user = await town.person("Li")
    other = await town.do("bots", username="other_bot")
    await town.do("start", sender=user, bot_id=other["id"])
    await town.updates()
    await town.say(user, user, "to the last one")
    assert await town.updates() == []
    await town.say(user, user, "to the first", bot_id=town.bot["id"])
    assert [update["message"]["text"] for update in await town.updates()] == ["to the first"]
    for bot, texts in (
        (other["id"], ["/start", "to the last one"]),
        (town.bot["id"], ["/start", "to the first"]),
    ):
        events = (await town.get(f"users/{user}/messages?bot_id={bot}"))["events"]
        assert [event["message"]["text"] for event in events] == texts


async def test_calls_are_recorded_in_order_with_what_was_asked(town: Town) -> None:
    user = await town.person("Li")
    await town.call("sendMessage", chat_id=user, text="x")
    await town.refusal("sendMessage", chat_id=user, text="")
    first, second = await town.get("calls")
    assert (first["n"], first["method"], first["status"]) == (1, "sendMessage", 200)
    assert first["params"] == {"chat_id": user, "text": "x"}
    assert datetime.fromisoformat(first["at"]).tzinfo is not None
    assert second["status"] == 400
    assert await town.get("calls?after=1") == [second]


async def test_reset_leaves_an_empty_town_with_limits(town: Town) -> None:
    await town.person("Li")
    waiting = asyncio.create_task(town.raw("getUpdates", timeout=20, offset=2_000_000_000))
    await town.do("faults", kind="5xx")
    await asyncio.sleep(0.05)
    await town.do("reset")
    waiting.cancel()
    state = await town.get("state")
    assert state == {"bots": [], "users": [], "chats": [], "controls": None, "layout": []}
    assert await town.get("calls") == []
    assert (await town.raw("getMe"))[0] == 401


async def test_limits_are_on_in_a_new_sandbox() -> None:
    async with serve("127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        from tests.sandbox.conftest import Time

        town = Town(port, session, Time())
        town.bot = await town.do("bots", username="linli_bot")
        user = await town.person("Li")
        statuses = [(await town.raw("sendMessage", chat_id=user, text="x"))[0] for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


async def test_messages_carry_the_time_of_the_sandboxs_clock(town: Town) -> None:
    user = await town.person("Li")
    town.time.skip(days=3)
    message = await town.say(user, user, "x")
    assert abs(message["date"] - time.time() - 3 * 86_400) < 5
