"""Who there is: people, their roles, invitations, duty and leave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.columns import Json, UTCDateTime, new_id
from models.known import STAFF, Remembered, of_topic
from models.row import Row


class Person(Row, table=True):
    """Somebody in one district. A resident is a person without a role.

    `ref`: the id in the imported list, None for residents. `address`: the user's id on the
    platform, None until they have enrolled. `reachable`: the bot may write to them first.
    `phone` is sealed (services/vault) and only there if they offered it.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("district", "ref"),
        Index(
            "uq_person_address",
            "district",
            "platform",
            "address",
            unique=True,
        ),
        Index("ix_person_address", "platform", "address"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    ref: str | None = None
    name: str = ""
    language: str = "zh-Hans"
    language_chosen: bool = False
    platform: str = "telegram"
    bot: str | None = None
    address: str | None = None
    reachable: bool = False
    skills: list[str] = Field(default_factory=list, sa_type=Json)
    phone: str | None = None
    home_group: UUID | None = None
    notice_seen_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    made_at: datetime = Field(sa_type=UTCDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


@of_topic(STAFF)
class Role(Remembered, table=True):
    """What a person may be in a unit (a division code, or a department's code).

    `backup`: who stands in for them there while they are away or off their shift (A/B 岗).
    """

    __tablename__ = "role"
    __table_args__ = (
        Index("ix_role_person", "district", "person"),
        Index("ix_role_unit", "district", "unit", "role"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    person: UUID
    role: str
    unit: str
    backup: UUID | None = None
    since: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Invite(Row, table=True):
    """A single-use enrolment link, bound to a person; only the hash of its code is kept."""

    __tablename__ = "invite"
    __table_args__ = (Index("ix_invite_person", "district", "person"),)

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    code_hash: str = Field(unique=True)
    person: UUID
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class FailedTry(Row, table=True):
    """A wrong enrolment or binding code: five an hour and the address must wait."""

    __tablename__ = "failed_try"
    __table_args__ = (Index("ix_failed_try_address", "platform", "address", "at"),)

    bot: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    platform: str
    address: str
    at: datetime = Field(sa_type=UTCDateTime)


@of_topic(STAFF)
class Shift(Remembered, table=True):
    """Somebody's duty in a unit from `start` to `end`."""

    __tablename__ = "shift"
    __table_args__ = (
        UniqueConstraint("district", "person", "unit", "start"),
        Index("ix_shift_unit", "district", "unit", "end"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    person: UUID
    unit: str
    start: datetime = Field(sa_type=UTCDateTime)
    end: datetime = Field(sa_type=UTCDateTime)


@of_topic(STAFF)
class Leave(Remembered, table=True):
    """Somebody is away: no case is offered to them and no routine message sent."""

    __tablename__ = "leave"
    __table_args__ = (Index("ix_leave_person", "district", "person", "end"),)

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    person: UUID
    start: datetime = Field(sa_type=UTCDateTime)
    end: datetime = Field(sa_type=UTCDateTime)


class Swap(Row, table=True):
    """One colleague asks another to take a shift, perhaps for one of theirs (`in_return`).

    `state`: asked, agreed, refused, expired, or gone (the shift has changed hands meanwhile).
    """

    __tablename__ = "swap"
    __table_args__ = (Index("ix_swap_shift", "district", "shift"),)

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    shift: UUID
    in_return: UUID | None = None
    asker: UUID
    asked: UUID
    state: str = "asked"
    asked_at: datetime = Field(sa_type=UTCDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
