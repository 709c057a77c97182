"""What is to be said becomes rows in the same transaction; bot/deliver sends them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from models import Outbox
from models.append import append
from models.row import draft

# where a session notes the bots that it has queued something for
ADDRESSED = "addressed"


class Priority(IntEnum):
    """What goes first when Telegram's budget is short."""

    URGENT = 0
    ANSWER = 1
    NOTICE = 2
    DIGEST = 3


@dataclass(frozen=True, slots=True)
class Address:
    """A chat on a platform, as one of our bots reaches it."""

    bot: str
    chat: str
    platform: str = "telegram"


@dataclass(frozen=True, slots=True)
class Button:
    """One of `data` (a press, at most 64 bytes), `url`, `copy`; `style`: primary|success|danger."""

    label: str
    data: str | None = None
    url: str | None = None
    copy: str | None = None
    style: str | None = None

    def as_json(self) -> dict[str, str]:
        pairs = {
            "label": self.label,
            "data": self.data,
            "url": self.url,
            "copy": self.copy,
            "style": self.style,
        }
        return {key: value for key, value in pairs.items() if value is not None}


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Something to show. `text` is HTML, at most 4,096 characters once parsed (deliver splits).

    `photos`: file ids or paths of our own copies (`{"file_id"}`, `{"path"}`), sent with the
    text as caption. `picture`: a specification that deliver draws (`{"kind": "day", …}` or
    `{"kind": "qr", "url"}`). `reply_to`: message id in the same chat. `ask`: opens the reader's
    reply box with this placeholder (for `ask_who`, a message id to reply to is needed in groups).
    `silent`: no sound. `location`: (latitude, longitude).
    """

    text: str
    buttons: Rows = ()
    photos: tuple[dict[str, str], ...] = ()
    voice: str | None = None
    picture: dict[str, Any] | None = None
    document: dict[str, str] | None = None
    reply_to: str | None = None
    ask: str | None = None
    silent: bool = False
    location: tuple[float, float] | None = None

    def as_json(self) -> dict[str, Any]:
        pairs: dict[str, Any] = {
            "text": self.text,
            "buttons": [[button.as_json() for button in row] for row in self.buttons],
            "photos": list(self.photos),
            "voice": self.voice,
            "picture": self.picture,
            "document": self.document,
            "reply_to": self.reply_to,
            "ask": self.ask,
            "silent": self.silent,
            "location": list(self.location) if self.location else None,
        }
        return {key: value for key, value in pairs.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a row belongs to, for privacy, priorities and the desk.

    `first`: no card of this name was ever queued in this chat, so nobody need look for one.
    """

    priority: Priority = Priority.NOTICE
    district: str | None = None
    case: UUID | None = None
    person: UUID | None = None
    not_before: datetime | None = None
    dedupe: str | None = None
    card: str | None = None
    first: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def put(session: Session, to: Address, message: Message, now: datetime, about: About) -> None:
    """Queue `message` to `to`.

    With `about.card`, the message of that name in that chat is edited if it is there already,
    and a row still waiting is overwritten (edits collapse to the last). With `about.dedupe`, a
    second row of the same name is not queued.
    """
    _queue(session, to, "card" if about.card else "send", message.as_json(), now, about)


def act(
    session: Session, to: Address, what: str, payload: dict[str, Any], now: datetime, about: About
) -> None:
    """Queue something that is not a message.

    `what`: pin {card, otherwise: what is said if the bot may not}, delete {message},
    strip {message} (take its buttons away), leave {}, react {message, emoji}.
    """
    _queue(session, to, what, payload, now, about)


def addressed(session: Session) -> frozenset[str]:
    """The bots to whose outbox this unit of work has added."""
    return frozenset(session.info.get(ADDRESSED, ()))


def wakes(session: Session, bot: str) -> None:
    """Whoever delivers for this bot is to look once this unit of work is committed."""
    session.info.setdefault(ADDRESSED, set()).add(bot)


def _queue(
    session: Session, to: Address, what: str, payload: dict[str, Any], now: datetime, about: About
) -> None:
    if about.dedupe is not None and _known(session, to.bot, about.dedupe):
        return
    wakes(session, to.bot)
    if about.card is not None and what == "card" and not about.first:
        waiting = waiting_card(session, to, about.card)
        if waiting is not None:
            waiting.payload = payload
            waiting.priority = min(waiting.priority, int(about.priority))
            waiting.not_before = about.not_before
            session.add(waiting)
            return
    append(
        session,
        draft(
            Outbox,
            bot=to.bot,
            platform=to.platform,
            chat=to.chat,
            district=about.district,
            act=what,
            priority=int(about.priority),
            payload=payload | about.extra,
            card=about.card,
            dedupe=about.dedupe,
            case=about.case,
            person=about.person,
            not_before=about.not_before,
            made_at=now,
        ),
    )


def _known(session: Session, bot: str, dedupe: str) -> bool:
    query = select(Outbox.id).where(Outbox.bot == bot, Outbox.dedupe == dedupe)
    return session.exec(query).first() is not None


def waiting_card(session: Session, to: Address, card: str) -> Outbox | None:
    """A card not yet being sent: a row that deliver holds must not change under it."""
    query = select(Outbox).where(
        Outbox.bot == to.bot,
        Outbox.chat == to.chat,
        Outbox.card == card,
        Outbox.act == "card",
        Outbox.state == "pending",
        col(Outbox.holder).is_(None),
    )
    return session.exec(query).first()
