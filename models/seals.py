"""The chain over what happened: what is not sealed yet, the seals, and their salts.

Triggers (migrations) put each new row of `case_event` and `audit` into `unsealed`, refuse to
change or delete a row of history, and erase a salt together with the words it covers. So no
code that writes history can forget it. History of the test district (services/synthetic) is
not sealed: it is deleted after a day.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field

from models.columns import UTCDateTime
from models.row import Row

EVENT, AUDIT = "event", "audit"


class Unsealed(Row, table=True):
    """A committed row of history that waits for its seal. `kind`: event or audit."""

    __tablename__ = "unsealed"
    # a queue: one tree instead of two on SQLite
    __table_args__ = ({"sqlite_with_rowid": False},)

    district: str = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    kind: str


class Chain(Row, table=True):
    """A district's last seal; its row is locked by whoever adds the next."""

    __tablename__ = "chain"

    district: str = Field(primary_key=True)
    position: int = Field(default=0, sa_type=BigInteger)
    hash: str


class Seal(Row, table=True):
    """A link: rows of history sealed together. `position` counts from 1 in each district.

    `entries`: services/sealing.ENTRY for each row. `hash` (hexadecimal SHA-256) covers the hash
    before it, district, position, `at` and the entries. Appended and never changed.
    """

    __tablename__ = "seal"

    district: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime = Field(sa_type=UTCDateTime)
    entries: bytes = Field(sa_type=LargeBinary)
    hash: str


class SealedWords(Row, table=True):
    """What an event said about persons, as its seal knows it: a digest over `salt` and words.

    `salt` is None once the words are erased; the digest alone tells nothing about them.
    """

    __tablename__ = "sealed_words"

    district: str = Field(primary_key=True)
    event: UUID = Field(primary_key=True)
    salt: bytes | None = Field(default=None, sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)
