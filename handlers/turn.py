"""What the chat door speaks of: people, chats, messages, buttons. No platform's own words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from domain.reading.hearing import Heard
from services.outbox import Address


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did it. `address`: the user's id. `language`: the client's IETF tag or None.

    `anonymous_admin`: wrote as the group itself, which only its administrators can.
    """

    address: str
    name: str
    language: str | None = None
    username: str | None = None
    is_bot: bool = False
    anonymous_admin: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """`kind`: photo, voice, document, video or sticker. `size` in bytes, or None."""

    kind: str
    file_id: str
    unique_id: str
    mime: str | None = None
    size: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that was replied to; `ours` if this bot wrote it."""

    message: str
    sender: Sender | None
    text: str = ""
    ours: bool = False
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message. `text` is without the bot's mention and without the command.

    `group_admin` is looked up at the door for the commands that need it (None: not looked up).
    """

    at: Address
    message: str
    sender: Sender
    private: bool
    title: str = ""
    text: str = ""
    command: str | None = None
    files: tuple[File, ...] = ()
    album: str | None = None
    location: tuple[float, float] | None = None
    phone: str | None = None
    reply_to: Quoted | None = None
    edited: bool = False
    forwarded: bool = False
    group_admin: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button. `data` as we wrote it: `verb~arg~arg…` (services/buttons).

    `reply_to`: what the button's message answers, only for the button that reports it.
    `group_admin` is looked up at the door for the verbs that need it (None: not looked up).
    """

    at: Address
    message: str
    sender: Sender
    private: bool
    data: str
    title: str = ""
    reply_to: Quoted | None = None
    group_admin: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """A message in a listening group that reads like a report. Its words were not kept."""

    at: Address
    message: str
    sender: Sender
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The bot was put into or out of a chat. `present`: it may read and write there now;
    `may_delete`: what others write as well."""

    at: Address
    sender: Sender
    private: bool
    present: bool
    administrator: bool = False
    may_delete: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """A group became a supergroup: everything moves from `at` to `new_chat`."""

    at: Address
    new_chat: str


Event = Said | Press | Overheard | Membership | Migrated


@dataclass(frozen=True, slots=True)
class Answer:
    """What a press shows to who pressed (≤ 200 characters); `alert` must be tapped away.

    `url`: opens a deep link of the bot instead of text.
    """

    text: str = ""
    alert: bool = False
    url: str | None = None


@dataclass(slots=True)
class Turn:
    """One event being handled: the open transaction, the time and who the bot is."""

    session: Session
    now: datetime
    bot_username: str
    answers: list[Answer] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
