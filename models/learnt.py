"""Models of kinds that districts have learnt: versions of an artefact, one of them in use."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.columns import Json, UTCDateTime
from models.known import CATALOGUE, Remembered, of_topic


@of_topic(CATALOGUE)
class Learnt(Remembered, table=True):
    """One version of a district's model. `texts`: how many it was learnt from; `figures`: what it
    read right of texts held back, before and after. `used_at`: when it was put to use, None for
    one that was no better; at most one is `active`. Versions count from 1 and never come again.
    """

    __tablename__ = "learnt"

    district: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    made_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    active: bool = False
    texts: int
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    artefact: bytes = Field(sa_type=LargeBinary)
