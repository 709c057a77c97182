"""What commands had the running service do, so that asking once more finds it done."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Field, Session, col

from models.columns import UTCDateTime
from models.row import Row

# a command asks again for seconds, and never after it has ended
KEEP = timedelta(days=1)


class Errand(Row, table=True):
    """One request of a command that was carried out, committed with what it did.

    `district` is "": a command is the deployment's. `answer`: what the command was told, JSON.
    """

    __tablename__ = "errand"

    district: str = Field(default="", primary_key=True)
    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UTCDateTime)
    answer: str


def answer_to(session: Session, key: UUID) -> str | None:
    """What was answered to this request; None: it was not carried out."""
    found = session.get(Errand, ("", key))
    return found.answer if found is not None else None


def keep(session: Session, key: UUID, answer: str, at: datetime) -> None:
    """Remember that it is done; what is a day old is forgotten. `at` is real time."""
    old = delete(Errand).where(col(Errand.district) == "", col(Errand.at) < at - KEEP)
    session.execute(old.execution_options(synchronize_session=False))
    session.add(Errand(id=key, at=at, answer=answer))
    session.flush()
