"""History is chained as it comes, can only be appended to, and whatever is changed shows."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel, col, select

from models import Audit, Case, CaseEvent, Chain, Person, Seal, SealedWords, Unsealed, new_id
from models.append import savepoint
from models.database import Database, one_snapshot
from services import privacy, retention, sealing, verifying
from services.verifying import Broken, Head
from tests.services import histories as h

SECRET = "我家的秘密"
WALL = datetime(2026, 11, 20, 10, 0, 0, 5, tzinfo=UTC)
KNOWN_LINK = "a547f1c2eabd725e2e78e68928eaaa6577d2c99140c2a7831ab4dcab05ada28d"
KNOWN_WORDS = "341841d064ef67aaaea4ca2623f3dc0648ce9a1261680f8f7dcd2f21bca72909"
TRIGGERS = [
    f"{table}_{what}" for table in ("case_event", "audit", "seal") for what in ("kept", "fixed")
]
TRIGGERS += ["case_event_unsealed", "audit_unsealed", "case_event_erased"]


def a_case(session: Session, number: int = 1, state: str = "closed", **given: Any) -> Case:
    case = Case(
        district=h.DISTRICT, number=f"KL8-2611-{number:03}", grid=h.GRIDS[0], community=h.COMMUNITY,
        state=state, kind="PS01", owner_unit=h.GRIDS[0], due_at=h.NOW, opened_at=h.NOW, **given,
    )  # fmt: skip
    session.add(case)
    session.flush()
    return case


def an_event(session: Session, case: Case, seq: int, **given: Any) -> CaseEvent:
    event = CaseEvent(
        district=h.DISTRICT, case=case.id, seq=seq, at=h.NOW, verb="add", before="taken",
        after="taken", facts={"n": seq, "说": [1.5, None, "é"]}, **given,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


def an_audit(session: Session) -> None:
    session.add(Audit(district=h.DISTRICT, at=h.NOW, act="phone.show", object=uuid4().hex))
    session.flush()


def history(session: Session, chance: random.Random) -> list[Case]:
    """A few cases, with events that say something about persons and others, partly sealed."""
    cases = [a_case(session, number) for number in (1, 2, 3)]
    for seq in range(1, 8):
        for case in cases:
            words = {"text": f"{SECRET} {seq}"} if chance.random() < 0.5 else {}
            an_event(session, case, seq, actor=uuid4(), personal=words)
        an_audit(session)
        if chance.random() < 0.6:
            sealing.seal(session, h.DISTRICT, WALL, limit=chance.randrange(1, 9))
    while sealing.seal(session, h.DISTRICT, WALL, limit=chance.randrange(1, 9)) > 1:
        pass
    sealing.seal(session, h.DISTRICT, WALL)
    an_event(session, cases[0], 8)
    return cases


def verified(session: Session, known: dict[int, str] | None = None) -> Head | Broken:
    return verifying.verify(session, h.DISTRICT, known)


def unprotect(session: Session) -> None:
    """What somebody who owns the database can do first."""
    on_postgres = session.get_bind().dialect.name == "postgresql"
    for name in TRIGGERS:
        table = name.rpartition("_")[0]
        session.execute(text(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgres else "")))


class Undone(Exception):
    pass


@contextmanager
def undone(session: Session) -> Iterator[None]:
    with suppress(Undone), savepoint(session):
        yield
        raise Undone


def test_what_is_committed_is_sealed_once_in_the_order_of_its_keys(session: Session):
    case = a_case(session)
    keys = [an_event(session, case, seq).id for seq in (1, 2, 3)]
    an_audit(session)
    assert sealing.waiting(session) == [h.DISTRICT]
    assert [
        sealing.seal(session, h.DISTRICT, WALL, 3),
        sealing.seal(session, h.DISTRICT, WALL),
    ] == [3, 1]
    assert sealing.seal(session, h.DISTRICT, WALL) == 0
    seals = list(session.exec(select(Seal).order_by(col(Seal.position))))
    assert [key for key, _, _ in verifying.entries(seals[0], "event")] == sorted(keys)
    assert [len(list(verifying.entries(seals[1], kind))) for kind in ("event", "audit")] == [0, 1]
    assert verified(session) == Head(h.DISTRICT, 2, seals[1].hash, 4)


def test_a_row_that_is_committed_late_is_sealed_though_its_key_is_older(session: Session):
    case, late = a_case(session), new_id()
    an_event(session, case, 1)
    sealing.seal(session, h.DISTRICT, WALL)
    an_event(session, case, 2, id=late)
    assert sealing.seal(session, h.DISTRICT, WALL) == 1
    assert isinstance(verified(session), Head)


def test_known_values_keep_their_digests(session: Session):
    """A release that computes another digest would call every older history broken."""
    key, case = UUID(int=1), a_case(session, id=UUID(int=7))
    facts = {"ü": [1, 1.5, 1e-7, True, None], "a": '"\\/\n'}
    session.add(
        CaseEvent(
            district=h.DISTRICT,
            id=key,
            case=case.id,
            seq=1,
            at=h.NOW,
            verb="add",
            actor=key,
            before="taken",
            after="taken",
            facts=facts,
        )
    )
    session.add(
        Audit(district=h.DISTRICT, id=UUID(int=2), at=h.NOW, act="a", object="b", facts=facts)
    )
    session.flush()
    sealing.seal(session, h.DISTRICT, WALL)
    assert session.exec(select(Seal.hash)).one() == KNOWN_LINK
    assert sealing.words_digest(b"salt", '{"b": "é", "a": 1}').hex() == KNOWN_WORDS


def test_history_can_only_be_appended_to(session: Session):
    case = a_case(session)
    an_event(session, case, 1)
    an_audit(session)
    sealing.seal(session, h.DISTRICT, WALL)
    for statement in (
        update(CaseEvent).values(verb="take"),
        update(Audit).values(act="other"),
        update(Seal).values(hash="0"),
        delete(CaseEvent),
        delete(Audit),
        delete(Seal),
    ):
        with pytest.raises(DBAPIError, match="append-only"), savepoint(session):
            session.execute(statement)


def columns(table: type[SQLModel], *without: str) -> list[str]:
    return [name for name in table.model_fields if name not in ("district", *without)]


CHANGES: dict[str, Callable[[random.Random, Any], Any]] = {
    "at": lambda chance, old: old + timedelta(microseconds=chance.choice((1, -1, 10**9))),
    "facts": lambda chance, old: {**old, "n": chance.random()},
    "personal": lambda chance, old: {"text": f"forged {chance.random()}"},
    "seq": lambda chance, old: old + 100,
    "position": lambda chance, old: old + 1000,
    "actor": lambda chance, old: uuid4(),
    "id": lambda chance, old: new_id(),
    "entries": lambda chance, old: flipped(chance, old),
    "digest": lambda chance, old: flipped(chance, old),
    "salt": lambda chance, old: chance.choice((None, flipped(chance, old))),
}


def flipped(chance: random.Random, old: bytes) -> bytes:
    at = chance.randrange(len(old))
    return old[:at] + bytes([old[at] ^ 1 << chance.randrange(8)]) + old[at + 1 :]


TAMPERED = [
    *((CaseEvent, each) for each in columns(CaseEvent, "case")),
    *((Audit, each) for each in columns(Audit)),
    *((Seal, each) for each in columns(Seal)),
    *((Chain, each) for each in columns(Chain)),
    *((SealedWords, each) for each in ("salt", "digest")),
    *((table, "") for table in (CaseEvent, Audit, Seal, Chain, SealedWords, Unsealed)),
]


def tamper(session: Session, chance: random.Random, table: Any, column: str) -> None:
    """Change the column of a random sealed row, or delete the row if there is no column."""
    rows = session.connection().execute(select(*table.__table__.columns)).all()
    if table is CaseEvent:
        rows = [row for row in rows if row.seq < 8]
    row = chance.choice(rows)
    same = [each == getattr(row, each.name) for each in table.__table__.primary_key.columns]
    if not column:
        session.execute(delete(table).where(*same))
        return
    change = CHANGES.get(column, lambda chance, old: f"{old or ''}x")
    new = change(chance, getattr(row, column))
    session.execute(update(table).where(*same).values({column: new}))


@pytest.mark.parametrize("seed", [1, 2])
def test_any_change_to_any_history_is_found(session: Session, seed: int):
    chance = random.Random(seed)
    history(session, chance)
    assert isinstance(verified(session), Head)
    unprotect(session)
    for table, column in TAMPERED:
        with undone(session):
            tamper(session, chance, table, column)
            assert isinstance(verified(session), Broken), (seed, table.__name__, column)
    assert isinstance(verified(session), Head)


def test_the_first_broken_link_is_named_with_its_case(session: Session):
    cases = history(session, random.Random(3))
    unprotect(session)
    event = session.exec(
        select(CaseEvent).where(CaseEvent.case == cases[1].id, CaseEvent.seq == 4)
    ).one()
    for statement, what in (
        (update(CaseEvent).values(after="closed"), "event_edited"),
        (delete(CaseEvent), "event_missing"),
    ):
        with undone(session):
            session.execute(statement.where(col(CaseEvent.id) == event.id))
            found = verified(session)
            assert isinstance(found, Broken)
            assert (found.what, found.number, found.id) == (what, cases[1].number, event.id)
            assert event.id in covered(session, found.position)


def covered(session: Session, position: int) -> list[UUID]:
    seal = session.get_one(Seal, (h.DISTRICT, position))
    return [key for key, _, _ in verifying.entries(seal, "event")]


def test_rows_and_links_that_were_put_in_are_found(session: Session):
    cases = history(session, random.Random(4))
    unprotect(session)
    head = verified(session)
    assert isinstance(head, Head)
    with undone(session):
        forged = an_event(session, cases[2], 9)
        assert verified(session) == Broken(
            h.DISTRICT, head.position, "event_unsealed", cases[2].number, forged.id
        )
    with undone(session):
        an_audit(session)
        assert verified(session).what == "audit_unsealed"
    link = {"district": h.DISTRICT, "position": head.position + 1, "at": WALL, "entries": b""}
    real = sealing.link(h.DISTRICT, head.position + 1, WALL, b"", head.hash)
    for forged_hash, what in ((head.hash, "seal_edited"), (real, "head_edited")):
        with undone(session):
            session.execute(insert(Seal).values(**link, hash=forged_hash))
            assert verified(session).what == what


def test_a_chain_that_was_computed_anew_differs_from_the_head_written_down(session: Session):
    case = history(session, random.Random(5))[0]
    head = verified(session)
    assert isinstance(head, Head)
    known = {head.position: head.hash}
    an_event(session, case, 9)
    sealing.seal(session, h.DISTRICT, WALL)
    assert isinstance(verified(session, known), Head)
    unprotect(session)
    session.execute(delete(Seal))
    session.execute(delete(Chain))
    session.execute(delete(SealedWords))
    keys = session.exec(select(CaseEvent.id)).all()
    session.execute(update(CaseEvent).values(verb="forged"))
    session.execute(delete(Audit))
    session.execute(
        insert(Unsealed), [{"district": h.DISTRICT, "id": key, "kind": "event"} for key in keys]
    )
    while sealing.seal(session, h.DISTRICT, WALL, 5):
        pass
    assert isinstance(verified(session), Head)
    assert verified(session, known).what in ("known_differs", "seal_missing")


def plain_text(session: Session) -> str:
    """All that the chain's tables hold."""
    found: list[object] = []
    for table in (Seal, SealedWords, Unsealed, Chain, CaseEvent):
        found += session.connection().execute(select(*table.__table__.columns)).all()
    return repr(found)


def test_a_person_can_be_erased_and_the_chain_still_holds(session: Session):
    session.add_all(h.territory_rows())
    person = Person(district=h.DISTRICT, name="陈秘密", address="1", bot="b", made_at=h.NOW)
    session.add(person)
    case = a_case(session, reporter=person.id, closed_at=h.NOW - timedelta(days=300))
    theirs = an_event(session, case, 1, actor=person.id, personal={"text": SECRET})
    an_event(session, case, 2, actor=uuid4(), personal={"text": "别人的话"})
    sealing.seal(session, h.DISTRICT, WALL)
    privacy.delete(session, person, h.NOW)
    session.flush()
    assert isinstance(verified(session), Head)
    assert SECRET not in plain_text(session)
    assert (
        session.get_one(SealedWords, (h.DISTRICT, theirs.id), populate_existing=True).salt is None
    )
    retention.archive(session, case, h.NOW)
    sealing.seal(session, h.DISTRICT, WALL)
    assert isinstance(verified(session), Head)
    assert "别人的话" not in plain_text(session)
    assert set(session.exec(select(SealedWords.salt))) == {None}


def test_words_that_come_back_after_they_were_erased_are_found(session: Session):
    event = an_event(session, a_case(session), 1, personal={"text": SECRET})
    sealing.seal(session, h.DISTRICT, WALL)
    for words, broken in (({}, False), ({"text": SECRET}, True)):
        session.execute(
            update(CaseEvent).where(col(CaseEvent.id) == event.id).values(personal=words)
        )
        assert (getattr(verified(session), "what", None) == "words_edited") is broken


def test_other_words_with_a_fitting_salt_and_digest_are_found(session: Session):
    event = an_event(session, a_case(session), 1, personal={"text": SECRET})
    sealing.seal(session, h.DISTRICT, WALL)
    forged = {"text": "forged"}
    digest = sealing.words_digest(b"salt", forged)
    session.execute(update(CaseEvent).where(col(CaseEvent.id) == event.id).values(personal=forged))
    session.execute(update(SealedWords).values(salt=b"salt", digest=digest))
    assert verified(session).what == "event_edited"


def test_the_test_districts_history_is_not_sealed_and_may_be_deleted(session: Session):
    session.add(Audit(district="000000", at=h.NOW, act="x"))
    session.flush()
    assert sealing.waiting(session) == []
    session.execute(delete(Audit).where(col(Audit.district) == "000000"))


async def test_several_sealers_at_once_make_one_chain(database: Database):
    """Each row in one link, none left, while history is still being written."""
    case = await database.write(lambda session: a_case(session).id)

    def write(seq: int) -> Callable[[Session], None]:
        return lambda session: session.add(
            CaseEvent(district=h.DISTRICT, case=case, seq=seq, at=h.NOW, verb="add", after="taken")
        )

    def seal(session: Session) -> int:
        return sealing.seal(session, h.DISTRICT, WALL, 7)

    jobs = [database.write(write(seq)) for seq in range(40)]
    jobs += [database.write(seal, queue=True) for _ in range(20)]
    random.Random(6).shuffle(jobs)
    await asyncio.gather(*jobs)
    while await database.write(seal, queue=True):
        pass

    def verify(session: Session) -> Head | Broken:
        one_snapshot(session)
        return verified(session)

    head = await database.read(verify)
    assert isinstance(head, Head)
    assert head.rows == 40
