"""What several cases have in common: a power cut in ten buildings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from models.columns import UTCDateTime, new_id
from models.known import CAUSES, Remembered, of_topic


@of_topic(CAUSES)
class Cause(Remembered, table=True):
    """One cause of several cases (Case.cause), each of which stays a case of its own.

    `unit`: whose desk handles it. `name` and `words`, what was said when it ended, are a desk's
    and hold nobody's name; both are erased with the cases. `notices`: how many were sent.
    """

    __tablename__ = "cause"
    __table_args__ = (
        Index(
            "ix_cause_open",
            "district",
            "unit",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit: str
    name: str
    kind: str
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=UTCDateTime)
    notices: int = 0
    words: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: UUID | None = None
