"""What the auditor has found wrong, from when until when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from models.columns import Json, UTCDateTime, new_id
from models.row import Row


class Finding(Row, table=True):
    """One sort of thing that is wrong in a district ("": in the deployment).

    `code` names a section of docs/alarms.md. `source`: the process whose own trouble it is, ""
    for what everybody can see in the database. `refs`: some of the things. `told_count`: how
    many there were when administrators were told, at `told_at`. `ended_at`: all is well again.
    Times are real.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index(
            "uq_finding_open",
            "district",
            "code",
            "source",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str
    source: str = ""
    count: int = 1
    refs: list[str] = Field(default_factory=list, sa_type=Json)
    since: datetime = Field(sa_type=UTCDateTime)
    seen_at: datetime = Field(sa_type=UTCDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    told_count: int = 0
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
