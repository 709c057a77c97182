"""What came in, what goes out, and whose turn it is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field

from models.columns import Json, UTCDateTime, new_id
from models.known import PLACES, Remembered, of_topic
from models.row import Row


class Inbox(Row, table=True):
    """An update that we answered for; unique per bot and update id.

    `lane` is the chat whose order it keeps. `state`: new, done or failed.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("bot", "update_id"),
        # claiming reads a lane's oldest waiting update
        Index(
            "ix_inbox_new",
            "bot",
            "lane",
            "id",
            sqlite_where=text("state = 'new'"),
            postgresql_where=text("state = 'new'"),
        ),
        Index("ix_inbox_received", "bot", "received_at"),
        # services/auditing, linli replay
        Index(
            "ix_inbox_failed",
            "bot",
            "id",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
    )

    bot: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    update_id: int = Field(sa_type=BigInteger)
    lane: str
    received_at: datetime = Field(sa_type=UTCDateTime)
    payload: dict[str, Any] = Field(sa_type=Json)
    state: str = "new"
    tries: int = 0
    error: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Lane(Row, table=True):
    """A chat that has work; claimed as a whole, so that its order holds across replicas."""

    __tablename__ = "lane"
    __table_args__ = (Index("ix_lane_ready", "bot", "since"),)

    bot: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UTCDateTime)
    holder: str | None = None
    until: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Outbox(Row, table=True):
    """One thing to send. `priority`: 0 urgent, 1 answer, 2 notice, 3 digest.

    `act`: send, edit, delete, pin, leave, react, strip (remove buttons). `card`: a name that
    is edited in place in its chat; a pending row of the same card is overwritten. `dedupe`:
    queued once, ever. `state`: pending, sent, dead (with `error`) or dropped.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("bot", "dedupe"),
        Index(
            "ix_outbox_pending",
            "bot",
            "priority",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_outbox_card",
            "bot",
            "chat",
            "card",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_outbox_case", "district", "case"),
        # services/auditing, and whoever deals with what never arrived
        Index(
            "ix_outbox_dead",
            "district",
            "id",
            sqlite_where=text("state = 'dead'"),
            postgresql_where=text("state = 'dead'"),
        ),
        Index("ix_outbox_made", "bot", "made_at"),
    )

    bot: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    district: str | None = None
    platform: str = "telegram"
    chat: str
    act: str = "send"
    priority: int = 2
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    card: str | None = None
    dedupe: str | None = None
    case: UUID | None = None
    person: UUID | None = None
    not_before: datetime | None = Field(default=None, sa_type=UTCDateTime)
    made_at: datetime = Field(sa_type=UTCDateTime)
    state: str = "pending"
    tries: int = 0
    holder: str | None = None
    until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    error: str | None = None
    sent_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    message: str | None = None


class Posted(Row, table=True):
    """Where a card stands: its message in its chat, so that changes edit it."""

    __tablename__ = "posted"

    bot: str = Field(primary_key=True)
    platform: str = Field(default="telegram", primary_key=True)
    chat: str = Field(primary_key=True)
    card: str = Field(primary_key=True)
    message: str
    digest: str = ""
    posted_at: datetime = Field(sa_type=UTCDateTime)


class Lease(Row, table=True):
    """Who may do a thing that only one process does at a time, and until when."""

    __tablename__ = "lease"

    bot: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    holder: str
    until: datetime = Field(sa_type=UTCDateTime)


class Offset(Row, table=True):
    """How far polling has confirmed a bot's updates. `moved_at`: when something came last."""

    __tablename__ = "offset"

    bot: str = Field(primary_key=True)
    next_update: int = Field(sa_type=BigInteger)
    moved_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Webhook(Row, table=True):
    """The address that we have told Telegram: one that isn't here is somebody else's."""

    __tablename__ = "webhook"

    bot: str = Field(primary_key=True)
    url: str


class Budget(Row, table=True):
    """What a chat (or "": the whole bot) may still be sent.

    `until`: it must be left alone until then (429). `level` messages were left at `at`; `sent`
    holds a group's last moments of sending (seconds since 1970, real time).
    """

    __tablename__ = "budget"
    __table_args__ = (Index("ix_budget_at", "bot", "at"),)

    bot: str = Field(primary_key=True)
    chat: str = Field(primary_key=True)
    until: datetime = Field(sa_type=UTCDateTime)
    level: float | None = None
    at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    sent: list[float] | None = Field(default=None, sa_type=Json)


@of_topic(PLACES)
class MovedChat(Remembered, table=True):
    """A group that became a supergroup: what was said in it before is still to be understood."""

    __tablename__ = "moved_chat"

    bot: str = Field(primary_key=True)
    platform: str = Field(default="telegram", primary_key=True)
    chat: str = Field(primary_key=True)
    new_chat: str
    moved_at: datetime = Field(sa_type=UTCDateTime)


class Asked(Row, table=True):
    """What somebody was last asked in a chat; the next words there answer it.

    `what` names the question (handlers know it), `message` is the prompt itself.
    """

    __tablename__ = "asked"

    bot: str = Field(primary_key=True)
    platform: str = Field(default="telegram", primary_key=True)
    chat: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    what: str
    district: str | None = None
    case: UUID | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    message: str | None = None
    expires_at: datetime = Field(sa_type=UTCDateTime, index=True)
