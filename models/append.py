"""Rows that are only ever added in a unit of work, written together and late.

The ORM writes row by row and looks each over; cases, history, due rows and messages need none of
that. What was appended is written before the next question or flush that could meet it, and with
the commit. It goes with its savepoint, as everything else does.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, event, insert
from sqlalchemy.orm import ORMExecuteState, SessionTransaction, make_transient_to_detached
from sqlmodel import Session

from models.kept import KEPT, keep
from models.known import TOUCHED, forget_stamps, is_remembered
from models.row import Row, seal
from models.statement import Prepared, is_open, raw, say

# execution options of a question that nothing appended can matter to
UNSEEN = {"unseen": True}
# in Session.info
APPENDED = "appended"
# in Connection.info: the session whose savepoints wait for the first statement that writes
LATE = "late"
# (district, series) and the last number given out
Numbers = dict[tuple[str, str], int]


@dataclass(slots=True, eq=False)
class _Mark:
    """Where a savepoint began: `before` rows were there and not written, `carried` were written
    since, inside it, and must be written again if it is undone. `said`: the database knows it."""

    name: str
    before: int
    numbers: Numbers
    said: bool = False
    carried: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class _Appended:
    """A session's rows and numbers that are not written yet, and its savepoints' marks."""

    rows: list[Row] = field(default_factory=list)
    numbers: Numbers = field(default_factory=dict)
    marks: list[_Mark] = field(default_factory=list)
    adopted: dict[Hashable, Row] = field(default_factory=dict)

    def begin(self) -> _Mark:
        name = f"point_{len(self.marks)}"
        self.marks.append(_Mark(name, len(self.rows), dict(self.numbers)))
        return self.marks[-1]

    def undo(self, mark: _Mark) -> None:
        """What was appended since then was never said; what came before it stays."""
        self.rows = mark.carried + self.rows[: mark.before]
        self.numbers = mark.numbers
        self.adopted = {}


def _of(session: Any) -> _Appended:
    found: _Appended | None = session.info.get(APPENDED)
    if found is None:
        found = session.info[APPENDED] = _Appended()
    return found


def append(session: Session, *rows: Row) -> None:
    """Add rows, best as drafts (models.row), that nobody changes in this unit of work. What they
    point at is appended before them, or stored."""
    for row in rows:
        seal(row)
    _of(session).rows.extend(rows)


def adopt(session: Session, row: Row, *keys: Hashable) -> None:
    """Append a row that the unit may go on to change: later changes are noticed and written.

    By any of `keys`, `adopted` finds it before a question can.
    """
    make_transient_to_detached(row)
    session.add(row)
    keep(session, row)
    append(session, row)
    announce(session, row, *keys)


def announce(session: Session, row: Row, *keys: Hashable) -> None:
    """`adopted` finds a row that was appended in this unit of work by any of `keys`."""
    _of(session).adopted.update(dict.fromkeys(keys, row))


def adopted(session: Session, key: Hashable) -> Any:
    """The row that was last adopted or announced under this key in this unit of work, or None."""
    return _of(session).adopted.get(key)


def write_appended(session: Session) -> None:
    """Write what was appended so far."""
    appended = _of(session)
    rows = appended.rows
    if not rows:
        return
    appended.rows = []
    for mark in appended.marks:
        mark.carried += rows[: mark.before]
        mark.before = 0
    tables: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        tables.setdefault(row.__table__, []).append(row.__dict__)  # type: ignore[attr-defined]
    for table, values in tables.items():
        if is_remembered(table.name):
            columns = [each.name for each in table.c]
            named = [{name: each[name] for name in columns} for each in values]
            session.connection().execute(insert(table), named)
        else:
            _inserting(table).many(session, values)


@cache
def _inserting(table: Any) -> Prepared:
    return Prepared(lambda _: insert(table))


def is_unwritten(session: Session, row: Row) -> bool:
    """Whether the row came into being in this unit of work and nothing stored can point at it."""
    return any(each is row for each in reversed(_of(session).rows))


def numbers(session: Session) -> Numbers:
    """What this unit of work has given out of each series; it goes with its savepoint."""
    return _of(session).numbers


@contextmanager
def savepoint(session: Session, *, late: bool = False) -> Iterator[None]:
    """What happens inside happens whole or not at all.

    The only savepoints there are, cheaper than the session's own. After an undo the session has
    forgotten the rows that it met inside, and reads the others again.

    `late`: where each costs a round trip, it is made only if something is written before the
    end. Then an error of the database's own ends the unit of work, also if it was caught.
    """
    session.flush()
    appended = _of(session)
    connection = raw(session)
    met = len(session.info.get(KEPT, ()))
    mark = appended.begin()
    if late and isinstance(connection, Connection):
        connection.info[LATE] = session
    else:
        _say_points(session)
    try:
        yield
        session.flush()
    except BaseException:
        if is_open(session):  # else the transaction around it is gone too
            if mark.said:
                say(session, f"ROLLBACK TO SAVEPOINT {mark.name}")
                say(session, f"RELEASE SAVEPOINT {mark.name}")
            forget_stamps(session.connection())
        appended.undo(mark)
        _forget(session, met)
        raise
    finally:
        appended.marks.pop()
        if isinstance(connection, Connection) and not appended.marks and not connection.invalidated:
            connection.info.pop(LATE, None)
    if mark.said:
        say(session, f"RELEASE SAVEPOINT {mark.name}")


def _say_points(session: Session) -> None:
    """The savepoints that the database doesn't know yet, the outer ones first."""
    for mark in _of(session).marks:
        if not mark.said:
            mark.said = True
            say(session, f"SAVEPOINT {mark.name}")


@event.listens_for(Engine, "before_cursor_execute")
def _before_a_statement(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    """What writes, or isn't known not to, goes into the savepoints that it belongs to."""
    session = connection.info.get(LATE)
    if session is None or raw(session) is not connection:
        return
    if not statement.startswith(("SELECT", "SAVEPOINT")):
        _say_points(session)


def _forget(session: Session, met: int) -> None:
    kept = session.info.get(KEPT, [])
    inside = {id(row) for row in kept[met:]}
    del kept[met:]
    unwritten = {id(row) for row in _of(session).rows}
    for row in list(session):
        if id(row) in inside or row in session.new:
            session.expunge(row)
        elif id(row) not in unwritten:
            session.expire(row)
    session.info.pop(TOUCHED, None)


@event.listens_for(Session, "before_commit")
def _with_the_commit(session: Any) -> None:
    write_appended(session)


@event.listens_for(Session, "before_flush")
def _before_changes(session: Any, _context: Any, _instances: Any) -> None:
    write_appended(session)


@event.listens_for(Session, "do_orm_execute")
def _before_a_question(state: ORMExecuteState) -> None:
    if state.session.autoflush and not state.execution_options.get("unseen"):
        write_appended(state.session)  # type: ignore[arg-type]


@event.listens_for(Session, "after_transaction_create")
def _refuse_nested(_session: Any, transaction: SessionTransaction) -> None:
    """The session's own savepoints begin only when it next asks for its connection."""
    if transaction.nested:
        raise TypeError("use models.append.savepoint")


@event.listens_for(Session, "after_soft_rollback")
def _undo(session: Any, _transaction: SessionTransaction) -> None:
    appended = _of(session)
    appended.rows, appended.numbers, appended.adopted = [], {}, {}
