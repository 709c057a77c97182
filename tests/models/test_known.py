"""What is remembered between units of work is never older than the last change."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col, select

from models import Role, new_id
from models.append import savepoint
from models.database import Database, open_database
from models.known import STAFF, known, snapshot
from models.sqlite import writing_engine

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
DISTRICT, UNIT = "320106", "320106001001001"


class Undone(Exception):
    """What ends a savepoint."""


def role(person: UUID) -> Role:
    return Role(district=DISTRICT, id=new_id(), person=person, role="worker", unit=UNIT, since=NOW)


def people(session: Session) -> set[UUID]:
    query = select(Role.person).where(Role.district == DISTRICT, col(Role.revoked_at).is_(None))
    return set(session.exec(query))


def remembered(session: Session) -> set[UUID]:
    """The same question, asked through the memory."""
    return known(session, STAFF, "people", lambda: people(session))


def adding(person: UUID) -> Callable[[Session], None]:
    return lambda session: session.add(role(person))


async def test_a_change_counts_at_once_for_every_process(database_url: str):
    one = open_database(database_url)
    two = one if one.alone else open_database(database_url)
    first, second = uuid4(), uuid4()
    await one.write(adding(first))
    assert await one.read(remembered) == await two.read(remembered) == {first}
    await two.write(adding(second))
    assert await one.read(remembered) == {first, second}
    for each in {one, two}:
        await each.close()


async def test_nobody_is_asked_again_while_nothing_changes(database: Database):
    asked: list[int] = []

    def question(session: Session) -> int:
        return known(session, STAFF, "count", lambda: asked.append(1) or len(asked))

    assert [await database.read(question) for _ in range(3)] == [1, 1, 1]
    await database.write(adding(uuid4()))
    assert await database.read(question) == 2


async def test_what_is_changed_and_not_written_yet_counts(database: Database):
    person = uuid4()

    def job(session: Session) -> tuple[set[UUID], set[UUID]]:
        before = remembered(session)
        session.add(role(person))
        return before, remembered(session)

    assert await database.write(job) == (set(), {person})


async def test_a_statement_counts_as_a_change(database: Database):
    person = uuid4()
    await database.write(adding(person))

    def job(session: Session) -> tuple[set[UUID], set[UUID]]:
        before = remembered(session)
        session.connection().execute(update(Role).values(revoked_at=NOW))
        return before, remembered(session)

    assert await database.write(job) == ({person}, set())


async def test_a_change_that_is_undone_was_never_remembered(database: Database):
    def job(session: Session) -> None:
        session.add(role(uuid4()))
        assert remembered(session)
        raise Undone

    with pytest.raises(Undone):
        await database.write(job)
    assert await database.write(remembered) == set()


def test_a_remembered_row_is_not_changed():
    kept = snapshot(role(uuid4()))
    assert kept.unit == UNIT
    with pytest.raises(TypeError, match="unit"):
        kept.unit = "1"


STEPS = st.lists(
    st.sampled_from(["add", "end", "add and undo", "end and undo", "ask"]), min_size=1, max_size=12
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_the_memory_says_what_the_table_says(sqlite_template, steps: list[str]):
    engine = writing_engine(f"sqlite:///{sqlite_template}")
    with Session(engine, expire_on_commit=False) as session:
        for step in steps:
            if "undo" in step:
                with suppress(Undone), savepoint(session):
                    change(session, step)
                    assert remembered(session) == people(session)
                    raise Undone
            else:
                change(session, step)
            assert remembered(session) == people(session)
        session.rollback()


def change(session: Session, step: str) -> None:
    if step.startswith("add"):
        session.add(role(uuid4()))
    elif step.startswith("end"):
        row = session.exec(select(Role).where(col(Role.revoked_at).is_(None))).first()
        if row is not None:
            row.revoked_at = NOW
