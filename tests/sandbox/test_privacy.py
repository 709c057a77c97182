"""Privacy mode, exactly: what a bot in a group hears of, and what it doesn't."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Town


async def heard(town: Town) -> list[str]:
    """The texts of the messages that the bot has heard since the last time."""
    messages = [u["message"] for u in await town.updates() if "message" in u]
    return [m.get("text") or m.get("caption") or "" for m in messages]


@pytest.mark.parametrize(
    "text",
    [
        "3号楼灯坏了",
        "/report",
        "/report@other_bot 灯",
        "mail linli_bot",
        "@linli_bots",
        "a /who@linli_bot",
        "a@linli_bot",
    ],
)
async def test_it_doesnt_hear_what_isnt_meant_for_it(town: Town, text: str) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.updates()
    await town.say(chat, user, text)
    assert await heard(town) == []


@pytest.mark.parametrize(
    "text", ["/report@linli_bot 灯", "/REPORT@Linli_Bot", "@linli_bot 灯坏了", "灯坏了 @LINLI_BOT"]
)
async def test_it_hears_its_commands_and_mentions(town: Town, text: str) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.updates()
    await town.say(chat, user, text)
    assert await heard(town) == [text]


async def test_it_hears_plain_commands_only_if_it_was_the_last_bot_to_post(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    other = await town.do("bots", username="other_bot")
    await town.do(f"chats/{chat}/members", user=other["id"], status="member")
    await town.call("sendMessage", chat_id=chat, text="hello")
    await town.updates()
    await town.say(chat, user, "/report")
    assert await heard(town) == ["/report"]
    status, _ = await town.raw("sendMessage", token=other["token"], chat_id=chat, text="me too")
    assert status == 200
    await town.say(chat, user, "/report")
    assert await heard(town) == []


async def test_it_hears_replies_to_itself_and_not_replies_to_others(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    own = await town.call("sendMessage", chat_id=chat, text="哪栋楼?")
    others = await town.say(chat, user, "灯坏了")
    await town.updates()
    await town.say(chat, user, "3号楼", reply_to=own["message_id"])
    await town.say(chat, user, "真的吗", reply_to=others["message_id"])
    assert await heard(town) == ["3号楼"]


async def test_a_caption_counts_like_a_text(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.updates()
    file = {"base64": "eA==", "name": "a.txt", "mime": "text/plain"}
    for caption in ("看", "@linli_bot 看"):
        await town.do(f"chats/{chat}/messages", sender=user, document=file, caption=caption)
    assert await heard(town) == ["@linli_bot 看"]


async def test_an_edit_is_heard_only_if_the_new_text_is_meant_for_it(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    message = await town.say(chat, user, "灯坏了")
    await town.updates()
    path = f"chats/{chat}/messages/{message['message_id']}/edit"
    await town.do(path, sender=user, text="路灯坏了")
    assert await town.updates() == []
    await town.do(path, sender=user, text="@linli_bot 路灯坏了")
    (update,) = await town.updates()
    assert update["edited_message"]["edit_date"]


async def test_an_administrator_hears_everything(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user, role="administrator")
    await town.updates()
    await town.say(chat, user, "闲聊")
    assert await heard(town) == ["闲聊"]
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="member")
    await town.updates()
    await town.say(chat, user, "闲聊")
    assert await heard(town) == []


async def test_privacy_switched_off_counts_only_after_the_bot_is_added_again(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.do(f"bots/{town.bot['id']}/privacy", privacy=False)
    assert (await town.call("getMe"))["can_read_all_group_messages"] is True
    await town.updates()
    await town.say(chat, user, "闲聊")
    assert await heard(town) == []
    for status in ("kicked", "member"):
        await town.do(f"chats/{chat}/members", user=town.bot["id"], status=status)
    await town.updates()
    await town.say(chat, user, "闲聊")
    assert await heard(town) == ["闲聊"]


async def test_being_made_administrator_for_a_while_changes_no_privacy(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.do(f"bots/{town.bot['id']}/privacy", privacy=False)
    for status in ("administrator", "member"):
        await town.do(f"chats/{chat}/members", user=town.bot["id"], status=status)
    await town.updates()
    await town.say(chat, user, "闲聊")
    assert await heard(town) == []


async def test_no_bot_ever_hears_another_bot(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user, role="administrator")
    other = await town.do("bots", username="other_bot")
    await town.do(f"chats/{chat}/members", user=other["id"], status="member")
    await town.updates()
    await town.raw("sendMessage", token=other["token"], chat_id=chat, text="@linli_bot hello")
    await town.call("sendMessage", chat_id=chat, text="own words")
    assert await heard(town) == []


async def test_service_messages_are_heard_by_all(town: Town) -> None:
    user, newcomer = await town.person("Li"), await town.person("New")
    chat = await town.group(user)
    await town.updates()
    await town.do(f"chats/{chat}/members", user=newcomer, status="member")
    await town.do(f"chats/{chat}/members", user=newcomer, status="left")
    joined, left = [update["message"] for update in await town.updates()]
    assert joined["new_chat_members"][0]["id"] == left["left_chat_member"]["id"] == newcomer
