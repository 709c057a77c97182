"""Who and what there is in a sandbox: users, bots, chats, members, messages, files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ALIVE = {"creator", "administrator", "member", "restricted"}
RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_pin_messages",
    "can_send_welcome_messages",  # newer than our description; newer readers insist on it
)  # fmt: skip
PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
    "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_react_to_messages",
    "can_edit_tag", "can_change_info", "can_invite_users", "can_pin_messages",
)  # fmt: skip


@dataclass
class User:
    """A person."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    last_bot: int | None = None  # the bot that this person last talked to
    is_bot: bool = False
    deactivated: bool = False  # the account is gone

    def shape(self) -> Json:
        """As Bot API `User`."""
        optional = {"username": self.username, "language_code": self.language_code}
        return {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
            **{name: value for name, value in optional.items() if value},
        }


@dataclass
class Bot(User):
    """A bot; `privacy` is Telegram's privacy mode, on by default."""

    token: str = ""
    privacy: bool = True
    is_bot: bool = True
    names: dict[str, str] = field(default_factory=dict)  # language → name
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  # (scope, language)

    def own_shape(self) -> Json:
        """As `getMe` answers."""
        return {
            **self.shape(),
            "can_join_groups": True,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }


@dataclass
class Member:
    """Somebody's standing in a group; `sees_all` is fixed when a bot joins."""

    user: User
    status: str
    sees_all: bool = True
    rights: frozenset[str] = frozenset(RIGHTS)  # an administrator's, in a supergroup

    @property
    def present(self) -> bool:
        return self.status in ALIVE

    @property
    def is_administrator(self) -> bool:
        return self.status in ("creator", "administrator")

    def may(self, right: str) -> bool:
        """Whether an administrator has one of RIGHTS."""
        return self.is_administrator and (self.status == "creator" or right in self.rights)

    def shape(self) -> Json:
        """As Bot API `ChatMember`."""
        base: Json = {"status": self.status, "user": self.user.shape()}
        if self.status == "creator":
            return {**base, "is_anonymous": False}
        if self.status == "administrator":
            rights = {right: right in self.rights for right in RIGHTS}
            return {**base, "can_be_edited": False, "is_anonymous": False, **rights}
        return {**base, "until_date": 0} if self.status == "kicked" else base


@dataclass
class Chat:
    """A chat. A private one belongs to one user and one bot, and its id is the user's."""

    id: int
    type: str  # private, group, supergroup
    title: str = ""
    user: User | None = None
    bot: Bot | None = None
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int = 0
    pinned: list[int] = field(default_factory=list)
    migrated_to: int | None = None
    migrated_from: int | None = None
    last_bot: int | None = None  # the bot that posted last: it gets plain /commands
    started: bool = False  # private: the user has written to the bot
    blocked: bool = False  # private: the user has blocked the bot

    @property
    def is_private(self) -> bool:
        return self.type == "private"

    def shape(self) -> Json:
        """As Bot API `Chat`."""
        if self.user is None:
            return {"id": self.id, "type": self.type, "title": self.title}
        name = {"username": self.user.username} if self.user.username else {}
        return {"id": self.id, "type": self.type, "first_name": self.user.first_name, **name}

    def owner(self) -> User:
        """Who made the group; the first present person if the owner is gone."""
        people = [m for m in self.members.values() if not m.user.is_bot]
        return sorted(people, key=lambda m: (m.status != "creator", not m.present))[0].user

    def bots(self) -> list[Member]:
        """The bots present."""
        if self.bot is not None:
            return [Member(self.bot, "member")]
        return [m for m in self.members.values() if m.user.is_bot and m.present]

    def next_message_id(self) -> int:
        """Message ids count from 1 in every chat."""
        self.last_message_id += 1
        return self.last_message_id


@dataclass
class Message:
    """A message. `content` holds the fields of Bot API `Message` that the kind of message has."""

    chat: Chat
    id: int
    sender: User
    date: int  # Unix seconds
    content: Json
    reply_to: int | None = None
    keyboard: Json | None = None  # inline keyboard
    markup: Json | None = None  # what only the users' apps show: force reply, reply keyboard
    markup_for: list[int] = field(default_factory=list)  # selective: whom it is for
    edit_date: int | None = None
    extra: Json = field(default_factory=dict)  # forward_origin, media_group_id, quote, …
    silent: bool = False
    service: bool = False
    deleted: bool = False
    reactions: dict[int, list[Json]] = field(default_factory=dict)  # user → Bot API reactions
    poll: Poll | None = None

    def shape(self, with_reply: bool = True) -> Json:
        """As Bot API `Message`; the message replied to is in it, without its own reply."""
        shape: Json = {
            "message_id": self.id,
            "from": self.sender.shape(),
            "chat": self.chat.shape(),
            "date": self.date,
        }
        if self.edit_date:
            shape["edit_date"] = self.edit_date
        shape |= self.extra | self.content
        if self.poll:
            shape["poll"] = self.poll.shape()
        if self.keyboard:
            shape["reply_markup"] = self.keyboard
        return shape | (self._reply() if with_reply else {})

    def _reply(self) -> Json:
        replied = self.chat.messages.get(self.reply_to or 0)
        if replied is None or replied.deleted:
            return {}
        return {"reply_to_message": replied.shape(with_reply=False)}

    def seen(self) -> Json:
        """As a member's app shows it: with reactions, and the mark-up that bots can't see."""
        shape = self.shape()
        if self.reactions:
            shape["reactions"] = [
                {"user": user, **reaction}
                for user, given in self.reactions.items()
                for reaction in given
            ]
        if self.silent:
            shape["silent"] = True
        if self.markup:
            shape["markup"] = self.markup
            shape["markup_for"] = self.markup_for
        return shape

    @property
    def text(self) -> str:
        """Text or caption; empty if it has neither."""
        return str(self.content.get("text") or self.content.get("caption") or "")

    @property
    def entities(self) -> list[Json]:
        """Entities of the text or caption."""
        found: list[Json] = (
            self.content.get("entities") or self.content.get("caption_entities") or []
        )
        return found


@dataclass
class Poll:
    """A poll: who voted for which options."""

    id: str
    question: str
    question_entities: list[Json]
    options: list[Json]  # text, text_entities?
    settings: Json  # the constant fields of Bot API `Poll`
    votes: dict[int, list[int]] = field(default_factory=dict)
    is_closed: bool = False

    def shape(self) -> Json:
        """As Bot API `Poll`."""
        counts = [
            sum(i in chosen for chosen in self.votes.values()) for i in range(len(self.options))
        ]
        options = [
            {"persistent_id": str(i), **option, "voter_count": counts[i]}
            for i, option in enumerate(self.options)
        ]
        voters = sum(bool(chosen) for chosen in self.votes.values())
        entities = {"question_entities": self.question_entities} if self.question_entities else {}
        return {
            "id": self.id, "question": self.question, **entities, "options": options,
            "total_voter_count": voters, "is_closed": self.is_closed, **self.settings,
        }  # fmt: skip


@dataclass
class StoredFile:
    """The bytes of a file and what Telegram says of it."""

    file_id: str
    unique_id: str
    data: bytes
    path: str  # below /file/bot<token>/
    name: str
    mime: str
    shape: Json = field(default_factory=dict)


@dataclass
class Query:
    """A press of a callback button that waits for `answerCallbackQuery`."""

    id: str
    bot: Bot
    user: User
    made: float  # Unix seconds of the sandbox's clock
    answer: Json | None = None
    answered: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)
