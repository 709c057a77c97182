"""Rows that are written late are there for whoever could miss them, and go with their savepoint."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, select

from models import Audit, Person, new_id
from models.append import UNSEEN, adopt, adopted, append, savepoint, write_appended
from models.cases import next_of
from models.database import Database
from models.sqlite import writing_engine

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
DISTRICT = "320106"


class Undone(Exception):
    """What ends a savepoint."""


def note(word: str) -> Audit:
    return Audit(district=DISTRICT, id=new_id(), at=NOW, act=word)


def notes(session: Session) -> list[str]:
    return list(session.exec(select(Audit.act).order_by(Audit.id)))


def notes_unseen(session: Session) -> list[str]:
    return list(session.connection().execute(select(Audit.act)).scalars())


def resident(name: str) -> Person:
    return Person(district=DISTRICT, name=name, address=name, made_at=NOW)


async def test_what_was_appended_is_seen_by_the_next_question_and_kept(database: Database):
    def job(session: Session) -> list[str]:
        append(session, note("a"), note("b"))
        return notes(session)

    assert await database.write(job) == ["a", "b"]
    assert await database.read(notes) == ["a", "b"]


async def test_a_question_that_can_not_meet_it_does_not_write_it(database: Database):
    def job(session: Session) -> list[str]:
        append(session, note("a"))
        session.execute(select(Person), execution_options=UNSEEN)
        return list(session.connection().execute(select(Audit.act)).scalars())

    assert await database.write(job) == []
    assert await database.read(notes) == ["a"]


async def test_a_savepoint_that_is_undone_takes_along_its_own_and_nothing_else(database: Database):
    def job(session: Session) -> None:
        append(session, note("before"))
        with suppress(Undone), savepoint(session):
            append(session, note("inside"))
            write_appended(session)
            raise Undone
        append(session, note("after"))

    await database.write(job)
    assert await database.read(notes) == ["before", "after"]


async def test_the_sessions_own_savepoints_are_refused(database: Database):
    def job(session: Session) -> None:
        session.begin_nested()

    with pytest.raises(TypeError, match="savepoint"):
        await database.write(job)


async def test_an_adopted_row_can_be_changed_before_and_after_it_is_written(database: Database):
    def job(session: Session) -> None:
        row = resident("first")
        adopt(session, row, "li")
        row.name = "second"
        assert adopted(session, "li") is row
        write_appended(session)
        row.name = "third"

    await database.write(job)
    assert await database.read(lambda session: session.exec(select(Person.name)).all()) == ["third"]


async def test_an_adopted_row_of_an_undone_savepoint_never_was(database: Database):
    def job(session: Session) -> bool:
        with suppress(Undone), savepoint(session):
            adopt(session, resident("li"), "li")
            raise Undone
        return adopted(session, "li") is None and not session.exec(select(Person)).all()

    assert await database.write(job)


async def test_a_late_savepoint_undoes_what_was_written_inside_and_nothing_else(database: Database):
    def job(session: Session) -> None:
        append(session, note("before"))
        with savepoint(session, late=True):
            with suppress(Undone), savepoint(session, late=True):
                append(session, note("inside"))
                write_appended(session)
                raise Undone
            append(session, note("kept"))
        append(session, note("after"))

    await database.write(job)
    assert await database.read(notes) == ["before", "kept", "after"]


async def test_a_late_savepoint_in_which_nothing_is_written_is_never_said(database: Database):
    said: list[str] = []

    def job(session: Session) -> None:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *of: said.append(of[2]))
        for word in ("undone", "kept"):
            with suppress(Undone), savepoint(session, late=True):
                notes_unseen(session)
                append(session, note(word))
                if word == "undone":
                    raise Undone

    await database.write(job)
    assert await database.read(notes) == ["kept"]
    assert not [each for each in said if "SAVEPOINT" in each]


async def test_numbers_follow_each_other_across_units_and_undone_savepoints(database: Database):
    def job(session: Session) -> list[int]:
        given = [next_of(session, DISTRICT, "KL8-2611")]
        with suppress(Undone), savepoint(session):
            next_of(session, DISTRICT, "KL8-2611")
            next_of(session, DISTRICT, "KL9-2611")
            raise Undone
        given.append(next_of(session, DISTRICT, "KL8-2611"))
        return [*given, next_of(session, DISTRICT, "KL9-2611")]

    assert await database.write(job) == [1, 2, 1]
    assert await database.write(job) == [3, 4, 2]


async def test_units_side_by_side_never_give_out_a_number_twice(database: Database):
    async def one() -> int:
        return await database.write(lambda session: next_of(session, DISTRICT, "KL8-2611"))

    assert sorted(await asyncio.gather(*(one() for _ in range(12)))) == list(range(1, 13))


async def test_rows_met_before_an_undone_savepoint_are_read_again(database: Database):
    def job(session: Session) -> tuple[str, str]:
        row = resident("li")
        session.add(row)
        session.flush()
        with suppress(Undone), savepoint(session):
            row.name = "changed"
            raise Undone
        undone = row.name
        row.name = "again"
        return undone, row.name

    assert await database.write(job) == ("li", "again")


STEPS = st.recursive(
    st.sampled_from(["append", "write", "ask"]),
    lambda inner: st.tuples(st.sampled_from(["keep", "undo"]), st.lists(inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=5))
def test_whatever_is_nested_what_was_kept_is_there_once(sqlite_template, steps):
    engine = writing_engine(f"sqlite:///{sqlite_template}")
    with Session(engine, expire_on_commit=False) as session:
        expected: list[str] = []
        play(session, steps, expected)
        assert notes(session) == expected
        session.rollback()


def play(session: Session, steps, expected: list[str]) -> None:
    for step in steps:
        if step == "append":
            row = note(str(len(expected)))
            expected.append(row.act)
            append(session, row)
        elif step == "write":
            write_appended(session)
        elif step == "ask":
            assert notes(session) == expected
        else:
            nested(session, step, expected)


def nested(session: Session, step, expected: list[str]) -> None:
    how, inner = step
    before = list(expected)
    try:
        with savepoint(session):
            play(session, inner, expected)
            if how == "undo":
                raise Undone
    except Undone:
        expected[:] = before
