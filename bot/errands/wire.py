"""What a command and the service say to each other: one request, one reply, each a JSON object."""

from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Raw, Struct

# bytes of a request; a list of 50,000 people has a tenth of it
MOST_BYTES = 64 << 20


class Request(Struct, frozen=True):
    """`id`: the same when it is asked again."""

    id: UUID
    errand: str
    given: Raw


class Reply(Struct, frozen=True, omit_defaults=True):
    """An answer, or a refusal by its code, or a sentence."""

    answer: Raw = Raw()
    refused: str | None = None
    facts: dict[str, Any] = {}
    cannot: str | None = None


def socket_of(file: Path) -> Path:
    """Where the service of this database listens."""
    return Path(f"{file}.socket")
