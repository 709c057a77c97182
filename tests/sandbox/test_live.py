"""What the console is given: state, live events, files, its page."""

from __future__ import annotations

from typing import Any

import aiohttp

from sandbox.server import serve
from tests.sandbox.conftest import Json, Town
from tests.sandbox.test_messages import picture, upload


async def received(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Json:
    """The next thing of a kind that comes."""
    while True:
        event: Json = await socket.receive_json(timeout=5)
        if event["type"] == kind:
            return event


async def test_a_console_is_greeted_with_the_state_and_told_of_changes(town: Town) -> None:
    async with town.session.ws_connect(f"{town.url}/sandbox/live") as socket:
        hello = await received(socket, "hello")
        assert hello["state"] == await town.get("state")
        user = (await town.do("users", first_name="Li"))["id"]
        changed = await received(socket, "state")
        assert changed["state"]["users"] == [{"id": user, "is_bot": False, "first_name": "Li"}]


async def test_every_event_is_shown_as_it_happens(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user, role="administrator")
    seq = (await town.get(f"chats/{chat}/messages"))["seq"]
    async with town.session.ws_connect(f"{town.url}/sandbox/live") as socket:
        sent = await town.call("sendMessage", chat_id=chat, text="x")
        place = {"chat_id": chat, "message_id": sent["message_id"]}
        await town.call("editMessageText", text="y", **place)
        await town.call("pinChatMessage", **place)
        await town.do(f"chats/{chat}/react", sender=user, message_id=sent["message_id"], emoji="👍")
        await town.call("deleteMessage", **place)
        kinds: list[Any] = []
        while kinds[-1:] != ["deleted"]:
            event = await received(socket, "event")
            assert event["chat"] == chat
            assert "bot" not in event
            kinds.append(event["kind"])
        assert event["seq"] == seq + 5
    assert kinds == ["sent", "edited", "sent", "pinned", "reaction", "deleted"]


async def test_a_chat_that_begins_changes_the_state(town: Town) -> None:
    user = await town.person("Li", start=False)
    async with town.session.ws_connect(f"{town.url}/sandbox/live") as socket:
        assert (await received(socket, "hello"))["state"]["chats"] == []
        await town.say(user, user, "x")
        (chat,) = (await received(socket, "state"))["state"]["chats"]
    assert (chat["id"], chat["started"]) == (user, True)


async def test_private_events_say_which_bot(town: Town) -> None:
    async with town.session.ws_connect(f"{town.url}/sandbox/live") as socket:
        user = await town.person("Li")
        event = await received(socket, "event")
    assert (event["chat"], event["bot"]) == (user, town.bot["id"])


async def test_state_names_members_and_the_pinned_message(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user, role="administrator")
    sent = await town.call("sendMessage", chat_id=chat, text="card")
    await town.call("pinChatMessage", chat_id=chat, message_id=sent["message_id"])
    group, private = (await town.get("state"))["chats"]
    assert group["members"] == [
        {"user": user, "status": "creator"}, {"user": town.bot["id"], "status": "administrator"},
    ]  # fmt: skip
    assert group["pinned"]["text"] == "card"
    assert (private["id"], private["bot"], private["started"]) == (user, town.bot["id"], True)


async def test_files_are_served_with_their_type(town: Town) -> None:
    user = await town.person("Li")
    sent = (await upload(town, "sendPhoto", {"chat_id": user}, photo=picture()))["result"]
    file_id = sent["photo"][0]["file_id"]
    async with town.session.get(f"{town.url}/sandbox/files/{file_id}") as answer:
        assert answer.content_type == "image/jpeg"
        assert (await answer.read())[:2] == b"\xff\xd8"
    assert (await town.ask("GET", "files/none"))[0] == 404


async def test_the_front_door_leads_to_the_console_and_nowhere_else(town: Town) -> None:
    async with town.session.get(town.url, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/console/")
    for path in ("/console/%2e%2e/server.py", "/console/..%2fserver.py", "/console/none.js"):
        async with town.session.get(town.url + path) as answer:
            assert answer.status == 404


async def test_a_demos_controls_and_first_windows_are_handed_on() -> None:
    windows: list[Json] = [{"chat": -5, "user": 10_001}]
    controls = "http://127.0.0.1:9/"
    async with (
        serve("127.0.0.1", 0, controls, None, lambda: windows) as port,
        aiohttp.ClientSession() as session,
    ):
        answer = await session.get(f"http://127.0.0.1:{port}/sandbox/state")
        state = await answer.json()
        assert (state["controls"], state["layout"]) == (controls, windows)
