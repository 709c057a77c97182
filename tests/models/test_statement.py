"""Statements whose SQL is written once answer as executed ones do, on both databases."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, event, func, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models import Audit, Lane, Role, inbox, outgoing
from models.append import append, savepoint
from models.database import Database
from models.row import draft
from models.statement import Prepared, among, raw
from models.upsert import insert_into

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)

_ADD = Prepared(lambda _: insert(Audit))
_ALL = select(Audit.id, Audit.at, Audit.actor, Audit.facts).where(
    col(Audit.act) == bindparam("of_act")
)
_FOUND = Prepared(lambda _: _ALL)
_TAKE = Prepared(lambda _: update(Lane).values(holder=bindparam("by")))


def note(act: str) -> dict[str, Any]:
    facts = {"字": [1, None, True]}
    return {"district": "320116", "id": uuid4(), "at": NOW, "actor": uuid4(), "act": act,
            "object": "", "facts": facts}  # fmt: skip


class Undone(Exception):
    pass


async def test_it_writes_and_reads_what_executing_writes_and_reads(database: Database):
    def job(session: Session) -> tuple[list[Any], list[Any]]:
        _ADD.many(session, [note("a"), note("a"), note("b")])
        executed = session.connection().execute(_ALL, {"of_act": "a"}).all()
        return _FOUND.all(session, {"of_act": "a"}), [tuple(row) for row in executed]

    found, executed = await database.write(job)
    assert sorted(map(str, found)) == sorted(map(str, executed))
    assert len(found) == 2
    assert found[0][1] == NOW
    assert found[0][3] == {"字": [1, None, True]}


async def test_first_is_the_first_column_or_none(database: Database):
    def job(session: Session) -> tuple[Any, Any]:
        row = note("a")
        _ADD.many(session, [row])
        return _FOUND.first(session, {"of_act": "a"}) == row["id"], _FOUND.first(
            session, {"of_act": "nothing"}
        )

    assert await database.write(job) == (True, None)


async def test_run_counts_what_it_changed_and_an_upsert_answers(database: Database):
    taken = Prepared(
        lambda session: (
            insert_into(session, Lane)
            .values(bot=bindparam("bot"), lane=bindparam("lane"), since=bindparam("since"))
            .on_conflict_do_update(index_elements=["bot", "lane"], set_={"holder": "again"})
            .returning(col(Lane.holder))
        )
    )

    def job(session: Session) -> tuple[int, int, list[Any]]:
        lane = {"bot": "1", "lane": "c", "since": NOW}
        answers = [taken.first(session, lane), taken.first(session, lane)]
        return _TAKE.run(session, {"by": "me"}), _TAKE.run(session, {"by": None}), answers

    assert await database.write(job) == (1, 1, [None, "again"])


async def test_it_goes_with_its_savepoint(database: Database):
    def job(session: Session) -> list[Any]:
        session.add(Lane(bot="1", lane="c", since=NOW))
        session.flush()
        with suppress(Undone), savepoint(session):
            assert _TAKE.run(session, {"by": "me"}) == 1
            raise Undone
        return list(session.exec(select(Lane.holder)))

    assert await database.write(job) == [None]


async def test_it_goes_with_its_unit_of_work(database: Database):
    def job(session: Session) -> None:
        _ADD.many(session, [note("lost")])
        raise Undone

    with suppress(Undone):
        await database.write(job)
    assert await database.read(lambda session: _FOUND.all(session, {"of_act": "lost"})) == []


async def test_what_the_database_refuses_is_named_without_its_values(database: Database):
    def job(session: Session) -> None:
        row = note("secret words")
        _ADD.many(session, [row])
        _ADD.many(session, [row])

    with pytest.raises(IntegrityError) as caught:
        await database.write(job)
    assert "secret words" not in str(caught.value)


async def test_it_refuses_to_change_what_is_remembered(database: Database):
    away = Prepared(lambda _: update(Role).values(revoked_at=bindparam("at")))
    with pytest.raises(ValueError, match="remembered"):
        await database.write(lambda session: away.run(session, {"at": NOW}))


async def test_a_draft_is_written_with_its_defaults_and_changed_no_more(database: Database):
    def job(session: Session) -> int:
        made = draft(Audit, district="320116", at=NOW, act="drafted")
        made.object = "before"
        append(session, made)
        with pytest.raises(TypeError, match="object"):
            made.object = "after"
        return session.exec(select(func.count()).where(Audit.object == "before")).one()

    assert await database.write(job) == 1


def test_a_draft_refuses_a_column_that_there_is_not():
    with pytest.raises(TypeError, match="nonsense"):
        draft(Audit, nonsense=1)


_LANES = Prepared(lambda session: select(Lane.lane).where(among(session, Lane.lane, "lanes")))
_OTHERS = Prepared(lambda session: select(Lane.lane).where(~among(session, Lane.lane, "lanes")))
_KEYS = Prepared(lambda session: select(Audit.id).where(among(session, Audit.id, "keys")))


@pytest.mark.parametrize("given", [[], ["a"], ["b", "a", "b"], ['"', "'", "\\", "楼", "\x01"]])
async def test_a_list_of_any_length_is_one_parameter(database: Database, given: list[str]):
    names = {"a", "b", "c", '"', "'", "\\", "楼", "\x01"}

    def job(session: Session) -> tuple[list[Any], list[Any]]:
        session.add_all([Lane(bot="1", lane=name, since=NOW) for name in names])
        session.flush()
        return _LANES.all(session, {"lanes": given}), _OTHERS.all(session, {"lanes": given})

    among_them, others = await database.write(job)
    assert sorted(name for (name,) in among_them) == sorted(set(given))
    assert {name for (name,) in others} == names - set(given)


async def test_a_list_of_keys_finds_their_rows(database: Database):
    rows = [note("a"), note("a"), note("a")]

    def job(session: Session) -> list[Any]:
        _ADD.many(session, rows)
        return _KEYS.all(session, {"keys": [rows[0]["id"], rows[2]["id"], uuid4()]})

    found = {key for (key,) in await database.write(job)}
    assert found == {rows[0]["id"], rows[2]["id"]}


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (outgoing._PENDING, "ix_outbox_pending"),
        (outgoing.PRESSING, "ix_outbox_pending"),
        (inbox.OLDEST, "ix_inbox_new"),
        (inbox._WAITING, "ix_inbox_new"),
        (inbox._LAST, "ix_inbox_new"),
    ],
)
async def test_sqlite_looks_for_what_waits_in_the_index_of_only_that(
    database: Database, asked: Prepared, index: str
):
    """Millions that were handled and sent long ago lie in the same tables."""

    def plan(session: Session) -> str:
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            return index
        query = asked.build(session)
        names = query.compile().params
        given = {name: [] for name in names if name in ("lanes", "busy")}
        words = asked._for(session, raw(session))
        values = words.values(dict.fromkeys(names, NOW) | {"of_bot": "1"} | given)
        rows = raw(session).execute(f"EXPLAIN QUERY PLAN {words.sql}", values)
        return " · ".join(row[3] for row in rows)

    assert index in await database.read(plan)


async def test_what_was_held_is_freed_without_reading_what_was_sent(database: Database):
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    def plans(session: Session) -> list[str]:
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            return ["ix_outbox_pending"]
        event.listen(connection, "before_cursor_execute", note)
        outgoing.free_rows(session, "1")
        event.remove(connection, "before_cursor_execute", note)
        found = [raw(session).execute(f"EXPLAIN QUERY PLAN {sql}", given) for sql, given in asked]
        return [" · ".join(row[3] for row in rows) for rows in found]

    assert all("ix_outbox_pending" in plan for plan in await database.read(plans))
