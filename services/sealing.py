"""Each district's history is chained, a moment after it is committed, so that changing it shows.

A seal covers the rows of history (events of cases, audits) that were committed since the one
before. Writing history doesn't wait for it: triggers queue what is new (models/seals), and
sealing costs what is new. Words about persons enter as a salted digest, so that erasing them and
the salt leaves the chain whole and nothing to guess at.
"""

import hashlib
import os
import struct
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, bindparam, column, delete, insert, table, update
from sqlmodel import Session, col, select

from models import Chain, Seal, SealedWords, Unsealed
from models.seals import AUDIT, EVENT
from models.upsert import insert_into

# rows in one seal: some 4 ms, so that nobody's commit waits for long
BATCH = 256
# kind, key, case (zeros: none), digest
ENTRY = struct.Struct(">B16s16s32s")
KINDS = {EVENT: 1, AUDIT: 2}
NOTHING = bytes(32)
FIRST = NOTHING.hex()
SALT_BYTES = 16
MICROSECONDS = len("2026-11-26 10:52:07.123456")
EMPTY = "{}"

# history is read as the driver has it: turning keys and times into objects and back would
# cost twice what all the rest does
_PLACE = ("district", "id")
_SAID = ("case", "seq", "at", "verb", "actor", "standing", "before", "after", "facts", "personal")
_DONE = ("at", "actor", "act", "object", "facts")
_EVENT = table("case_event", *map(column, _PLACE + _SAID))
_AUDIT = table("audit", *map(column, _PLACE + _DONE))
_UNSEALED = table("unsealed", *map(column, (*_PLACE, "kind")))
# JSON with sorted keys and no spaces; a test pins its digests
_canonical = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode


def waiting(session: Session) -> list[str]:
    """The districts that have something to seal."""
    query = select(Unsealed.district).distinct().order_by(Unsealed.district)
    return list(session.exec(query))


def oldest(session: Session) -> dict[str, datetime]:
    """When the oldest unsealed row of each district was made; keys know it to the millisecond."""
    found: dict[str, datetime] = {}
    for district in waiting(session):
        first = select(Unsealed.id).where(Unsealed.district == district).order_by(col(Unsealed.id))
        key = session.exec(first.limit(1)).first()
        if key is not None:
            found[district] = made_at(key)
    return found


def heads(session: Session) -> list[tuple[str, int, str]]:
    """(district, position, hash) of each chain's last link."""
    query = select(Chain.district, Chain.position, Chain.hash).order_by(Chain.district)
    return [(district, position, head) for district, position, head in session.exec(query)]


def made_at(key: UUID) -> datetime:
    """When a time-ordered key (UUID version 7) was made."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def seal(session: Session, district: str, wall: datetime, limit: int = BATCH) -> int:
    """Add one link over at most `limit` rows; how many it covers.

    0: nothing waits, or somebody else is sealing this district. Run it as a queue's unit of work.
    """
    last = _lock(session, district)
    if last is None:
        return 0
    rows = _take_out(session, district, limit)
    if rows:
        _append(session, district, last, _entries(session, district, rows), wall)
    return len(rows)


def _lock(session: Session, district: str) -> tuple[int, str] | None:
    """The last link's position and hash, ours until the commit; None while another holds it."""
    query = select(Chain.position, Chain.hash).where(Chain.district == district)
    query = query.with_for_update(skip_locked=True)
    found = session.exec(query).first()
    if found is None:
        new = insert_into(session, Chain).values(district=district, position=0, hash=FIRST)
        session.execute(new.on_conflict_do_nothing(index_elements=["district"]))
        found = session.exec(query).first()
    return found


def _append(
    session: Session, district: str, last: tuple[int, str], entries: bytes, wall: datetime
) -> None:
    position, before = last[0] + 1, last[1]
    new = {"position": position, "hash": link(district, position, wall, entries, before)}
    connection = session.connection()
    connection.execute(insert(Seal).values(district=district, at=wall, entries=entries, **new))
    connection.execute(update(Chain).where(col(Chain.district) == district).values(**new))


def _take_out(session: Session, district: str, limit: int) -> list[tuple[Any, str]]:
    """The oldest rows of the queue, out of it; (key, kind), in the order of their keys.

    By key, since a row with a smaller one may be committed at this moment.
    """
    queue = _UNSEALED.c
    mine = queue.district == district
    first = select(queue.id).where(mine).order_by(queue.id).limit(limit)
    gone = delete(_UNSEALED).where(mine, queue.id.in_(first)).returning(queue.id, queue.kind)
    return sorted(tuple(row) for row in session.connection().execute(gone).all())


def link(district: str, position: int, at: datetime, entries: bytes, before: str) -> str:
    """The hash of a seal, which the next one begins with."""
    head = _canonical([1, district, position, at.astimezone(UTC).isoformat()])
    return hashlib.sha256(bytes.fromhex(before) + head + entries).hexdigest()


def _entries(session: Session, district: str, rows: Sequence[tuple[Any, str]]) -> bytes:
    events: Sequence[Any] = events_of(
        session, district, [key for key, kind in rows if kind == EVENT]
    )
    audits: Sequence[Any] = audits_of(
        session, district, [key for key, kind in rows if kind == AUDIT]
    )
    words = _salted(session, district, events)
    made = {row[1]: (row[2], event_digest(row, words.get(row[1]))) for row in events}
    made |= {row[1]: (None, audit_digest(row)) for row in audits}
    # a row that is gone before it was sealed gets a digest that nothing has
    return b"".join(_entry(kind, key, *made.get(key, (None, NOTHING))) for key, kind in rows)


def _entry(kind: str, key: Any, case: Any, digest: bytes) -> bytes:
    return ENTRY.pack(KINDS[kind], raw(key), raw(case) if case else bytes(16), digest)


def raw(key: Any) -> bytes:
    """A key's 16 bytes, as either driver has it."""
    return bytes.fromhex(key) if isinstance(key, str) else key.bytes


def events_of(session: Session, district: str, keys: Collection[Any]) -> Sequence[Row[Any]]:
    """The events of these keys, as the driver has them."""
    return _rows(session, _EVENT, district, keys)


def audits_of(session: Session, district: str, keys: Collection[Any]) -> Sequence[Row[Any]]:
    """The audits of these keys, as the driver has them."""
    return _rows(session, _AUDIT, district, keys)


def _rows(session: Session, source: Any, district: str, keys: Collection[Any]) -> Sequence[Any]:
    if not keys:
        return ()
    wanted = source.c.id.in_(bindparam("keys", expanding=True))
    query = select(source).where(source.c.district == district, wanted)
    return session.connection().execute(query, {"keys": list(keys)}).all()


def _salted(session: Session, district: str, events: Sequence[Any]) -> dict[Any, bytes]:
    """The digests of what events say about persons, kept with their salts."""
    made = {}
    for row in events:
        said = row[-1]
        if not is_empty(said):
            salt = os.urandom(SALT_BYTES)
            made[row[1]] = (salt, words_digest(salt, said))
    if made:
        rows = [
            {"district": district, "event": UUID(bytes=raw(key)), "salt": salt, "digest": digest}
            for key, (salt, digest) in made.items()
        ]
        session.connection().execute(insert(SealedWords), rows)
    return {key: digest for key, (_, digest) in made.items()}


def words_digest(salt: bytes, words: Any) -> bytes:
    """What stands for words about persons; without the salt nobody can try words on it."""
    return hashlib.sha256(salt + _canonical(_json(words))).digest()


def is_empty(words: Any) -> bool:
    """Whether an event says nothing about persons, or no longer."""
    return words in (EMPTY, {})


def event_digest(row: Sequence[Any], words: bytes | None) -> bytes:
    """What stands for an event: all of it, and `words` for what it says about persons."""
    # by position: looking up a dozen names in a row costs as much as hashing it
    district, key, case, seq, at, verb, actor, standing, before, after, facts, _ = row
    said = (verb, _hex(actor), standing, before, after, _json(facts), words and words.hex())
    parts = (EVENT, district, _hex(key), _hex(case), seq, _time(at), *said)
    return hashlib.sha256(_canonical(parts)).digest()


def audit_digest(row: Row[Any]) -> bytes:
    """What stands for an audit."""
    facts = _json(row.facts)
    who = (_hex(row.actor), row.act, row.object)
    parts = (AUDIT, row.district, _hex(row.id), _time(row.at), *who, facts)
    return hashlib.sha256(_canonical(parts)).digest()


def _hex(key: Any) -> str | None:
    """A key, which SQLite has as 32 letters and PostgreSQL as itself."""
    return key if key is None or isinstance(key, str) else key.hex


def _time(at: Any) -> str:
    """An instant as SQLite has it: UTC, to the microsecond."""
    if isinstance(at, str):
        if len(at) == MICROSECONDS:
            return at
        at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    text: str = at.astimezone(UTC).isoformat(" ", "microseconds")
    return text[:MICROSECONDS]


def _json(stored: Any) -> Any:
    """The value, which SQLite has as text; the text as it stands if it can't be read."""
    if stored == EMPTY:
        return {}
    try:
        return _decode(stored) if isinstance(stored, str) else stored
    except msgspec.DecodeError:
        return stored
