"""Where things are: the tree of divisions and grids, the groups in it, and who to ring."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.columns import Json, UTCDateTime, new_id
from models.known import PLACES, Remembered, of_topic
from models.row import Row

# the trial resident's own (services/trial); no statistical division begins with 00
TRIAL_DISTRICT = "000000"


@of_topic(PLACES)
class Division(Remembered, table=True):
    """A district, street, community or grid. Never deleted: it ends and names its successors.

    `code`: 6 digits district, 9 street, 12 community, community + 3 digits grid.
    `short`: 2-5 letters or digits that open case numbers (grids; unique in the deployment).
    `polygon`: GeoJSON geometry in WGS 84, or None. `places`: its buildings, if the list names
    them; in use from `starts_on` up to but without `ends_on`.
    """

    __tablename__ = "division"
    __table_args__ = (Index("ix_division_parent", "district", "parent"),)

    district: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    parent: str | None = None
    level: str
    name: str
    kind: str | None = None
    short: str | None = Field(default=None, unique=True)
    lon: float | None = None
    lat: float | None = None
    polygon: dict[str, Any] | None = Field(default=None, sa_type=Json)
    zone: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    successors: list[str] = Field(default_factory=list, sa_type=Json)
    places: list[str] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )


@of_topic(PLACES)
class Group(Remembered, table=True):
    """A chat group of residents, bound to a grid; `place` is where its people live."""

    __tablename__ = "chat_group"
    __table_args__ = (
        UniqueConstraint("platform", "bot", "chat"),
        Index("ix_chat_group_grid", "district", "grid"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    grid: str
    platform: str = "telegram"
    bot: str
    chat: str
    title: str = ""
    place: str = ""
    language: str = "zh-Hans"
    # whether the bot may delete what others write; None: not known yet
    may_delete: bool | None = None
    # its administrator has turned listening on; None: only what is addressed to the bot is read
    listens_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    bound_at: datetime = Field(sa_type=UTCDateTime)
    bound_by: UUID | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class GroupAsked(Row, table=True):
    """How often a listening group was asked on its last such day; nothing of what it said."""

    __tablename__ = "group_asked"

    district: str = Field(primary_key=True)
    group: UUID = Field(primary_key=True)
    day: date
    times: int = 0


class BindCode(Row, table=True):
    """A one-time word that binds a group to a grid; only its hash is kept."""

    __tablename__ = "bind_code"

    district: str = Field(primary_key=True)
    code_hash: str = Field(primary_key=True, unique=True)
    grid: str
    place: str = ""
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class StrangeGroup(Row, table=True):
    """A group that nobody has bound: the bot leaves it at `leave_at`. Nothing else is kept."""

    __tablename__ = "strange_group"

    bot: str = Field(primary_key=True)
    platform: str = Field(default="telegram", primary_key=True)
    chat: str = Field(primary_key=True)
    leave_at: datetime = Field(sa_type=UTCDateTime, index=True)
    may_delete: bool | None = None


@of_topic(PLACES)
class Contact(Remembered, table=True):
    """One line of a unit's contact sheet; `phone` is sealed (services/vault)."""

    __tablename__ = "contact"

    district: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    order: int = Field(primary_key=True)
    name: str
    phone: str
    serves: str = ""


@of_topic(PLACES)
class PlaceNote(Remembered, table=True):
    """What is good to know at a building: about the place, never about a person.

    `keeper` answers for it; it goes to the next with everything else that they have.
    """

    __tablename__ = "place_note"
    __table_args__ = (
        Index("ix_place_note_grid", "district", "grid"),
        Index("ix_place_note_keeper", "district", "keeper"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    grid: str
    building: str
    text: str
    keeper: UUID
    at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
