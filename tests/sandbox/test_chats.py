"""Groups, members, migration, blocking: who hears of it, and what the bot may do afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Town

MIGRATED = "Bad Request: group chat was upgraded to a supergroup chat"


async def status_of(town: Town, chat: int) -> str:
    """The bot's own standing."""
    member = await town.call("getChatMember", chat_id=chat, user_id=town.bot["id"])
    return str(member["status"])


async def test_a_bot_added_with_the_group_hears_that_and_the_groups_creation(town: Town) -> None:
    user = await town.person("Li")
    await town.updates()
    chat = await town.group(user)
    mine, created = await town.updates()
    change = mine["my_chat_member"]
    assert change["chat"]["id"] == created["message"]["chat"]["id"] == chat < 0
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == (
        "left",
        "member",
    )
    assert created["message"]["group_chat_created"] is True


async def test_a_bot_added_to_a_supergroup_is_among_the_new_members(town: Town) -> None:
    user = await town.person("Li")
    await town.updates()
    chat = await town.group(user, kind="supergroup")
    mine, joined = await town.updates()
    assert mine["my_chat_member"]["from"]["id"] == user
    assert joined["message"]["new_chat_members"][0]["id"] == town.bot["id"]
    assert str(chat).startswith("-100")


async def test_promotion_is_told_to_the_bot_without_a_service_message(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.updates()
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="administrator")
    (update,) = await town.updates()
    assert update["my_chat_member"]["new_chat_member"]["can_pin_messages"] is True
    assert await status_of(town, chat) == "administrator"


async def test_only_an_administrator_that_asked_hears_of_other_members(town: Town) -> None:
    user, newcomer = await town.person("Li"), await town.person("New")
    chat = await town.group(user)
    await town.updates(allowed_updates=["chat_member"])
    await town.do(f"chats/{chat}/members", user=newcomer, status="member")
    assert await town.updates() == []
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="administrator")
    await town.do(f"chats/{chat}/members", user=newcomer, status="kicked")
    (update,) = await town.updates()
    assert update["chat_member"]["new_chat_member"]["until_date"] == 0


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_a_bot_that_was_kicked_is_told_and_refused(town: Town, kind: str) -> None:
    user = await town.person("Li")
    chat = await town.group(user, kind=kind)
    await town.updates()
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="kicked")
    left, mine = await town.updates()
    assert left["message"]["left_chat_member"]["id"] == town.bot["id"]
    assert mine["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    refusal = await town.refusal("sendMessage", chat_id=chat, text="x")
    assert refusal == f"Forbidden: bot was kicked from the {kind} chat"
    await town.say(chat, user, "@linli_bot 在吗")
    assert await town.updates() == []


async def test_a_bot_that_left_is_no_member(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user, kind="supergroup")
    assert await town.call("leaveChat", chat_id=chat) is True
    refusal = await town.refusal("sendMessage", chat_id=chat, text="x")
    assert refusal == "Forbidden: bot is not a member of the supergroup chat"


async def test_migration_gives_a_new_id_two_service_messages_and_ids_from_one(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.updates()
    new = (await town.do(f"chats/{chat}/migrate"))["id"]
    there, here = [update["message"] for update in await town.updates()]
    assert (there["chat"]["id"], there["migrate_to_chat_id"]) == (chat, new)
    assert (here["chat"]["id"], here["migrate_from_chat_id"], here["message_id"]) == (new, chat, 1)
    assert (await town.call("getChat", chat_id=new))["type"] == "supergroup"
    assert await status_of(town, new) == "member"


async def test_the_old_id_answers_with_the_new_one(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    sent = await town.call("sendMessage", chat_id=chat, text="x")
    new = (await town.do(f"chats/{chat}/migrate"))["id"]
    edit = {"chat_id": chat, "message_id": sent["message_id"], "text": "y"}
    for method, params in (
        ("sendMessage", {"chat_id": chat, "text": "x"}),
        ("editMessageText", edit),
    ):
        status, body = await town.raw(method, **params)
        assert (status, body["description"]) == (400, MIGRATED)
        assert body["parameters"] == {"migrate_to_chat_id": new}
    status, answer = await town.ask("POST", f"chats/{chat}/messages", {"from": user, "text": "x"})
    assert (status, answer["field"]) == (409, "chat")


async def test_a_bot_cant_write_first(town: Town) -> None:
    stranger = await town.person("Stranger", start=False)
    assert (
        await town.refusal("sendMessage", chat_id=stranger, text="x")
        == "Bad Request: chat not found"
    )
    await town.group(stranger)
    refusal = await town.refusal("sendMessage", chat_id=stranger, text="x")
    assert refusal == "Forbidden: bot can't initiate conversation with a user"
    await town.do("start", sender=stranger, bot_id=town.bot["id"], payload="join_7")
    assert (await town.updates())[-1]["message"]["text"] == "/start join_7"
    await town.call("sendMessage", chat_id=stranger, text="x")


async def test_a_blocked_bot_is_told_and_refused_until_it_is_let_in_again(town: Town) -> None:
    user = await town.person("Li")
    await town.updates()
    await town.do(f"users/{user}/block", bot_id=town.bot["id"], blocked=True)
    (update,) = await town.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    refusal = await town.refusal("sendMessage", chat_id=user, text="x")
    assert refusal == "Forbidden: bot was blocked by the user"
    status, _ = await town.ask("POST", f"chats/{user}/messages", {"from": user, "text": "x"})
    assert status == 409
    await town.do(f"users/{user}/block", bot_id=town.bot["id"], blocked=False)
    await town.call("sendMessage", chat_id=user, text="x")


async def test_a_deleted_account_cant_be_written_to(town: Town) -> None:
    user = await town.person("Li")
    await town.do(f"users/{user}/deactivate")
    refusal = await town.refusal("sendMessage", chat_id=user, text="x")
    assert refusal == "Forbidden: user is deactivated"
    assert (await town.ask("POST", f"chats/{user}/messages", {"from": user, "text": "x"}))[0] == 409


async def test_a_startgroup_link_adds_the_bot_with_its_payload(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="kicked")
    await town.updates()
    await town.do("startgroup", sender=user, bot_id=town.bot["id"], chat=chat, payload="bind_9")
    assert (await town.updates())[-1]["message"]["text"] == "/start@linli_bot bind_9"


async def test_members_and_administrators_are_counted_and_listed(town: Town) -> None:
    owner, other = await town.person("Li"), await town.person("Wang")
    chat = await town.group(owner, other)
    assert await town.call("getChatMemberCount", chat_id=chat) == 3
    await town.do(f"chats/{chat}/members", user=other, status="administrator")
    listed: list[Any] = await town.call("getChatAdministrators", chat_id=chat)
    assert [(m["user"]["id"], m["status"]) for m in listed] == [
        (owner, "creator"), (other, "administrator"),
    ]  # fmt: skip
    refusal = await town.refusal("getChatAdministrators", chat_id=owner)
    assert refusal == "Bad Request: there are no administrators in the private chat"
    refusal = await town.refusal("getChatMember", chat_id=chat, user_id=99)
    assert refusal == "Bad Request: invalid user_id specified"
