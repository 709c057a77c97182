"""What a desk says daily, in its own words."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from models.columns import UTCDateTime, new_id
from models.row import Row


class Phrase(Row, table=True):
    """A sentence of a unit's desk, sent from a case's card in two taps. Holds nobody's name."""

    __tablename__ = "phrase"
    __table_args__ = (Index("ix_phrase_unit", "district", "unit"),)

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit: str
    text: str
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=UTCDateTime)
