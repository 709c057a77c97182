"""Chats and who is in them."""

from __future__ import annotations

from sandbox.errors import bad_request
from sandbox.methods.call import Call, method
from sandbox.people import PERMISSIONS, Chat, Json, Member

ALL_REACTIONS = 11  # how many different reactions a message can have


@method("getChat")
def get_chat(call: Call) -> Json:
    """As Bot API `ChatFullInfo`."""
    chat = call.chat("read")
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
         "gifts_from_channels"), chat.is_private,
    )  # fmt: skip
    info = {
        **chat.shape(), "accent_color_id": 0, "max_reaction_count": ALL_REACTIONS,
        "accepted_gift_types": gifts, **({} if chat.is_private else _group_info()),
    }  # fmt: skip
    pinned = chat.messages.get(chat.pinned[-1]) if chat.pinned else None
    return {**info, "pinned_message": pinned.shape(with_reply=False)} if pinned else info


def _group_info() -> Json:
    return {"permissions": {**dict.fromkeys(PERMISSIONS, True), "can_manage_topics": True}}


def _group(call: Call) -> Chat:
    chat = call.chat("members")
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    return chat


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Json]:
    """The owner and the administrators, but no other bots."""
    members = _group(call).members.values()
    return [
        member.shape()
        for member in members
        if member.is_administrator and (not member.user.is_bot or member.user is call.bot)
    ]


@method("getChatMember")
def get_chat_member(call: Call) -> Json:
    """As Bot API `ChatMember`."""
    chat = call.chat("read" if call.args["user_id"] == call.bot.id else "members")
    user = call.world.everybody(call.args["user_id"])
    if user is None:
        raise bad_request("invalid user_id specified")
    if chat.is_private:
        if user not in (chat.user, chat.bot):
            raise bad_request("member not found")
        return Member(user, "member").shape()
    return (chat.members.get(user.id) or Member(user, "left")).shape()


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    """How many are in the chat."""
    chat = call.chat("members")
    return 2 if chat.is_private else sum(member.present for member in chat.members.values())


@method("leaveChat")
def leave_chat(call: Call) -> bool:
    """The bot goes."""
    chat = call.chat("edit")
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    call.world.set_member(chat, call.bot, "left", call.bot)
    return True
