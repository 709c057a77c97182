"""Units outside of the line of grids, and what a circle's desk has called them for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from models.columns import UTCDateTime, new_id
from models.row import Row


class Unit(Row, table=True):
    """A department, property manager or bureau that a desk may call. Never deleted: it ends.

    `code` is the unit of its people's roles, `area:department`; a city's bureau is an outside
    unit of each district that calls it. `by`: chat, or phone if it is only ever rung. `phone` is
    sealed (services/vault), "" if none is known. `successor`: whom to call once it has ended.
    """

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("district", "id"),)

    district: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id)
    name: str
    by: str = "chat"
    phone: str = ""
    ends_on: date | None = None
    successor: str | None = None


class Task(Row, table=True):
    """What one unit is to do for a case. Its columns are the last line of its events there.

    `part`: lead or assist. `circle`: whose desk called it; `keeper` is the person at that desk who
    sees to it. `words` are the desk's, `reference` is the unit's own number for it, and both are
    erased with the case. `first_due_at` never moves.
    """

    __tablename__ = "task"
    __table_args__ = (
        ForeignKeyConstraint(["district", "case"], ["case_file.district", "case_file.id"]),
        Index("ix_task_case", "district", "case"),
        Index("ix_task_unit", "district", "unit", "state"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    case: UUID
    unit: str
    part: str
    state: str
    version: int = 1
    circle: str
    words: str = ""
    reference: str = ""
    keeper: UUID | None = None
    called_by: UUID | None = None
    called_at: datetime = Field(sa_type=UTCDateTime)
    first_due_at: datetime = Field(sa_type=UTCDateTime)
    due_at: datetime = Field(sa_type=UTCDateTime)
    warn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    asked_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    extensions: int = 0
    accepted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    overdue_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reason: str | None = None
