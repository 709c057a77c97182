"""Is history as it was sealed? The chain is computed again, and the first broken link is named.

What can be found: a row or a seal that was edited, deleted or put in. Somebody who may write
everything can also compute the whole chain anew; against that helps a head written down
elsewhere (`known`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func
from sqlmodel import Session, col, select

from models import Audit, Case, CaseEvent, Chain, Seal, SealedWords, Unsealed
from models.seals import AUDIT, EVENT
from services import sealing
from services.sealing import ENTRY, FIRST, KINDS

# links read at once: some 2,000 rows of history at most
PAGE = 8
NAMES = {number: kind for kind, number in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Head:
    """How far a district's chain has been followed. `rows`: how many rows of history it covers."""

    district: str
    position: int = 0
    hash: str = FIRST
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link that isn't as it was. `what`: one of WHATS; `number`: the case, if known."""

    district: str
    position: int
    what: str
    number: str | None = None
    id: UUID | None = None


WHATS = (
    "seal_edited",
    "seal_missing",
    "head_edited",
    "event_edited",
    "event_missing",
    "event_unsealed",
    "words_edited",
    "audit_edited",
    "audit_missing",
    "audit_unsealed",
    "known_differs",
)


class _Found(Exception):
    """Arguments: a Broken."""


def districts(session: Session) -> list[str]:
    """Every district that has history."""
    chains = set(session.exec(select(Chain.district)))
    return sorted(chains | set(session.exec(select(Seal.district).distinct())))


def verify(
    session: Session, district: str, known: Mapping[int, str] | None = None
) -> Head | Broken:
    """Follow the whole chain. `known`: hashes by position, as written down elsewhere.

    Begin it in one snapshot (models/database.one_snapshot) if others may be writing.
    """
    try:
        head = Head(district)
        while (further := _page(session, head, known or {})).position > head.position:
            head = further
        _check_end(session, head, known or {})
        _check_nothing_put_in(session, head)
        return head
    except _Found as found:
        broken: Broken = found.args[0]
        return broken


def verify_some(session: Session, district: str, after: int, limit: int) -> Head | Broken:
    """The same for at most `limit` links after position `after`: for looking round and round."""
    last = session.exec(_seals(district).where(Seal.position == after)).first()
    head = Head(district, after, last.hash) if last else Head(district)
    try:
        return _page(session, head, {}, limit)
    except _Found as found:
        broken: Broken = found.args[0]
        return broken


def _page(session: Session, head: Head, known: Mapping[int, str], limit: int = PAGE) -> Head:
    query = _seals(head.district).where(Seal.position > head.position).limit(limit)
    seals = list(session.exec(query))
    for seal in seals:
        head = _follow(head, seal, known)
    _check_rows(session, head.district, seals)
    return head


def _seals(district: str) -> Any:
    """As plain rows: a long chain is read without keeping it."""
    query = select(Seal.position, Seal.at, Seal.entries, Seal.hash)
    return query.where(Seal.district == district).order_by(col(Seal.position))


def _follow(head: Head, seal: Row[Any], known: Mapping[int, str]) -> Head:
    """The chain itself, without the rows that it covers."""
    position = head.position + 1
    if seal.position != position:
        raise _Found(Broken(head.district, position, "seal_missing"))
    real = sealing.link(head.district, position, seal.at, seal.entries, head.hash)
    if real != seal.hash or len(seal.entries) % ENTRY.size:
        raise _Found(Broken(head.district, position, "seal_edited"))
    if known.get(position, real) != real:
        raise _Found(Broken(head.district, position, "known_differs"))
    rows = head.rows + len(seal.entries) // ENTRY.size
    return Head(head.district, position, real, rows)


def _check_rows(session: Session, district: str, seals: Sequence[Row[Any]]) -> None:
    keys = {kind: [key for seal in seals for key, _, _ in entries(seal, kind)] for kind in KINDS}
    events = _by_key(sealing.events_of(session, district, _stored(session, keys[EVENT])))
    audits = _by_key(sealing.audits_of(session, district, _stored(session, keys[AUDIT])))
    words = _words(session, district, keys[EVENT])
    for seal in seals:
        for key, case, digest in entries(seal, EVENT):
            if what := _event_broken(events.get(key), words.get(key), digest):
                number = _number(session, district, case)
                raise _Found(Broken(district, seal.position, what, number, key))
        for key, _, digest in entries(seal, AUDIT):
            if what := _audit_broken(audits.get(key), digest):
                raise _Found(Broken(district, seal.position, what, None, key))


def entries(seal: Row[Any], kind: str) -> Iterator[tuple[UUID, UUID, bytes]]:
    """(key, case, digest) of each row of one kind that a seal covers."""
    for number, key, case, digest in ENTRY.iter_unpack(seal.entries):
        if NAMES.get(number) == kind:
            yield UUID(bytes=key), UUID(bytes=case), digest


def _stored(session: Session, keys: list[UUID]) -> list[Any]:
    """Keys as the driver has them."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    return [key.hex for key in keys] if sqlite else keys


def _by_key(rows: Iterable[Row[Any]]) -> dict[UUID, Row[Any]]:
    return {UUID(bytes=sealing.raw(row.id)): row for row in rows}


def _words(session: Session, district: str, keys: list[UUID]) -> dict[UUID, Row[Any]]:
    query = select(SealedWords.event, SealedWords.salt, SealedWords.digest).where(
        SealedWords.district == district, col(SealedWords.event).in_(keys)
    )
    return {row.event: row for row in session.connection().execute(query)}


def _event_broken(row: Row[Any] | None, words: Row[Any] | None, digest: bytes) -> str | None:
    if row is None:
        return "event_missing"
    if sealing.event_digest(row, words.digest if words else None) != digest:
        return "event_edited"
    return None if _words_hold(row.personal, words) else "words_edited"


def _words_hold(said: Any, words: Row[Any] | None) -> bool:
    """Words are those that were sealed; words without a salt are those that were erased: none."""
    if words is None or words.salt is None:
        return sealing.is_empty(said)
    return bool(sealing.words_digest(words.salt, said) == words.digest)


def _audit_broken(row: Row[Any] | None, digest: bytes) -> str | None:
    if row is None:
        return "audit_missing"
    return None if sealing.audit_digest(row) == digest else "audit_edited"


def _check_end(session: Session, head: Head, known: Mapping[int, str]) -> None:
    """The last link is the one that the head names, and none that was written down is gone."""
    query = select(Chain.position, Chain.hash).where(Chain.district == head.district)
    last = session.exec(query).first()
    if last is None or tuple(last) != (head.position, head.hash):
        missing = last is not None and last[0] > head.position
        what = "seal_missing" if missing else "head_edited"
        raise _Found(Broken(head.district, head.position + missing, what))
    if max(known, default=0) > head.position:
        raise _Found(Broken(head.district, head.position + 1, "seal_missing"))


def _check_nothing_put_in(session: Session, head: Head) -> None:
    """Every row of history is covered by a link or waits for one."""
    there = sum(_count(session, each, head.district) for each in (CaseEvent, Audit))
    if there == head.rows + _count(session, Unsealed, head.district):
        return
    known = _known_keys(session, head.district)
    for table, what in ((CaseEvent, "event_unsealed"), (Audit, "audit_unsealed")):
        for key in session.exec(select(table.id).where(table.district == head.district)):
            if key not in known:
                number = _number(session, head.district, _case_of(session, table, key))
                raise _Found(Broken(head.district, head.position, what, number, key))


def _case_of(session: Session, table: Any, key: UUID) -> UUID | None:
    query = select(CaseEvent.case).where(CaseEvent.id == key)
    return session.exec(query).first() if table is CaseEvent else None


def _count(session: Session, table: Any, district: str) -> int:
    query = select(func.count()).select_from(table).where(table.district == district)
    return session.exec(query).one()


def _known_keys(session: Session, district: str) -> set[UUID]:
    """Only where something is wrong: 100 bytes for each row of history."""
    known: set[UUID] = set()
    for seal in session.exec(_seals(district)):
        known |= {key for kind in KINDS for key, _, _ in entries(seal, kind)}
    return known | set(session.exec(select(Unsealed.id).where(Unsealed.district == district)))


def _number(session: Session, district: str, case: UUID | None) -> str | None:
    query = select(Case.number).where(Case.district == district, Case.id == case)
    return session.exec(query).first() if case is not None else None
