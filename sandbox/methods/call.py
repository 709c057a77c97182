"""One Bot API call, and what every method needs of it: its chat, its message, its limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.errors import ApiError, bad_request, forbidden
from sandbox.faults import Faults
from sandbox.limits import Limits
from sandbox.media import Upload
from sandbox.people import Bot, Chat, Json, Member, Message
from sandbox.webhooks import Webhooks
from sandbox.world import World


@dataclass
class Backend:
    """What calls act on."""

    world: World
    limits: Limits
    faults: Faults
    webhooks: Webhooks


@dataclass
class Call:
    """A call whose parameters have been checked against the description."""

    backend: Backend
    bot: Bot
    method: str
    args: Json
    files: dict[str, Upload]

    @property
    def world(self) -> World:
        return self.backend.world

    def chat(self, access: str = "write", name: str = "chat_id") -> Chat:
        """The chat named by a parameter. `access`: write, edit, members or read; else ApiError."""
        chat = self._known_chat(self.args[name])
        if chat.is_private:
            _check_private(chat, access)
        else:
            check_group(chat, self.bot, access)
        return chat

    def _known_chat(self, chat_id: int | str) -> Chat:
        chat = self.world.find_chat(chat_id, self.bot) if isinstance(chat_id, int) else None
        if chat is None or not self._has_met(chat):
            raise bad_request("chat not found")
        return chat

    def _has_met(self, chat: Chat) -> bool:
        """A bot knows the groups it was in, and the people who wrote to it or are in them."""
        if chat.user is None:
            return self.bot.id in chat.members
        groups = (one.members for one in self.world.chats.values())
        return chat.started or any(
            chat.user.id in members and self.bot.id in members for members in groups
        )

    def message(self, chat: Chat, what: str, name: str = "message_id") -> Message:
        """The message named by a parameter; ApiError 400 "<what> not found"."""
        message = chat.messages.get(self.args[name])
        if message is None:
            raise bad_request(f"{what} not found")
        return message

    def own_message(self, what: str = "message to edit") -> Message:
        """A message of this bot's that it may edit."""
        if "chat_id" not in self.args or "message_id" not in self.args:
            raise bad_request("message identifier is not specified")
        message = self.message(self.chat("edit"), what)
        # Telegram edits messages without mark-up or with an inline keyboard, and no others.
        if message.sender is not self.bot or message.service or message.markup:
            raise bad_request("message can't be edited")
        return message

    def spend(self, chat: Chat, count: int = 1) -> None:
        """Counts messages against the limits; ApiError 429 if there are too many."""
        paid = bool(self.args.get("allow_paid_broadcast"))
        self.backend.limits.spend(self.bot.id, chat.id, count, paid)

    def need_right(self, chat: Chat, complaint: str) -> None:
        """Refuses unless the bot is an administrator of the group; private chats pass."""
        if not chat.is_private and not chat.members[self.bot.id].is_administrator:
            raise bad_request(complaint)


def _check_private(chat: Chat, access: str) -> None:
    if access in ("write", "edit"):
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        if chat.user and chat.user.deactivated:
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")


def check_group(chat: Chat, bot: Bot, access: str) -> None:
    """Refuses what the real server refuses in a group that the bot isn't in, or that has moved."""
    member = chat.members.get(bot.id) or Member(bot, "left")
    if chat.migrated_to and access != "read":
        raise bad_request(
            "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
        )
    if not member.present and (chat.type == "supergroup" or access != "read"):
        raise (
            kicked(chat)
            if member.status == "kicked"
            else forbidden(f"bot is not a member of the {chat.type} chat")
        )


def kicked(chat: Chat) -> ApiError:
    """403 for a bot that was thrown out of `chat`."""
    return forbidden(f"bot was kicked from the {chat.type} chat")


Handler = Callable[[Call], Any | Awaitable[Any]]
METHODS: dict[str, Handler] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Registers a function as the Bot API method `name`."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = handler
        return handler

    return register
