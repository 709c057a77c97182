"""Statements of the way of a message: their SQL is written once for each database.

SQLAlchemy looks every statement over each time it is executed, which costs several times what
SQLite needs to answer. What is asked for every message is kept as `Prepared`: the same Core
statement and the same column types, without the looking over. Everything else is executed as
usual. Which is which changes nothing that a reader of the calling code would notice.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Connection,
    Dialect,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
)
from sqlalchemy import column as sql_column
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Session, col, select

from models.known import is_remembered

# in Session.info: the driver's own connection, once the session's transaction has begun
RAW = "raw"

_Process = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Written:
    """`binds`: a parameter's (name, None for a constant; how it is converted; the constant)."""

    sql: str
    binds: tuple[tuple[str | None, _Process, Any], ...]
    reads: tuple[_Process, ...]
    plain: bool

    def values(self, of: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in their order, as the driver takes them."""
        return tuple(
            [
                (of[name] if convert is None else convert(of[name])) if name else constant
                for name, convert, constant in self.binds
            ]
        )

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """The answers as the columns' types have them."""
        if self.plain:
            return list(rows)
        return [
            tuple(
                [
                    value if convert is None else convert(value)
                    for value, convert in zip(row, self.reads, strict=True)
                ]
            )
            for row in rows
        ]


class Prepared:
    """A Core statement with bound parameters, none of them expanding (`among` is for lists).

    `build` makes it, given a session, which says for which database. It may not change a table
    whose answers are remembered (models.known): nobody would notice. Raises as `execute` does.
    """

    def __init__(self, build: Callable[[Session], Any]) -> None:
        self.build = build
        self._written: dict[str, _Written] = {}

    def all(self, session: Session, of: Mapping[str, Any]) -> list[Any]:
        """Every row, as a tuple."""
        connection = raw(session)
        written = self._for(session, connection)
        if isinstance(connection, Connection):
            return written.read(connection.exec_driver_sql(written.sql, written.values(of)))
        try:
            return written.read(connection.execute(written.sql, written.values(of)))
        except connection.Error as error:
            raise named(error, written.sql, session) from None

    def first(self, session: Session, of: Mapping[str, Any]) -> Any:
        """The first column of the first row, or None."""
        rows = self.all(session, of)
        return rows[0][0] if rows else None

    def run(self, session: Session, of: Mapping[str, Any]) -> int:
        """How many rows it has changed."""
        connection = raw(session)
        written = self._for(session, connection)
        if isinstance(connection, Connection):
            return connection.exec_driver_sql(written.sql, written.values(of)).rowcount
        try:
            found: int = connection.execute(written.sql, written.values(of)).rowcount
        except connection.Error as error:
            raise named(error, written.sql, session) from None
        return found

    def many(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each row of parameters."""
        connection = raw(session)
        written = self._for(session, connection)
        values = [written.values(of) for of in rows]
        if isinstance(connection, Connection):
            connection.exec_driver_sql(written.sql, values)
            return
        try:
            connection.executemany(written.sql, values)
        except connection.Error as error:
            raise named(error, written.sql, session) from None

    def _for(self, session: Session, connection: Any) -> _Written:
        name = connection.dialect.name if isinstance(connection, Connection) else "sqlite"
        found = self._written.get(name)
        if found is None:
            statement = self.build(session)
            found = self._written[name] = _write(statement, session.get_bind().dialect)
        return found


def among(session: Session, column: Any, name: str) -> Any:
    """`column` is one of a list of any length, bound as the one parameter `name`."""
    if session.get_bind().dialect.name == "sqlite":
        return col(column).in_(select(listed(session, column, name).c.value))
    return col(column) == any_(_array(column, name))


def listed(session: Session, column: Any, name: str) -> Any:
    """The same list as a table of one column, `value`, with the type of `column`."""
    value = sql_column("value", column.type)
    if session.get_bind().dialect.name == "sqlite":
        given = func.json_each(bindparam(name, type_=_JsonList(column.type)))
        return given.table_valued(value, name=name)
    return func.unnest(_array(column, name)).table_valued(value, name=name).render_derived()


def _array(column: Any, name: str) -> Any:
    return bindparam(name, type_=ARRAY(column.type))


class _JsonList(TypeDecorator[Iterable[Any]]):
    """Values of a column as one JSON text, each as the column would be bound."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def bind_processor(self, dialect: Dialect) -> Any:
        convert = self.of.dialect_impl(dialect).bind_processor(dialect)
        if convert is None:
            return lambda values: json.dumps(list(values))
        return lambda values: json.dumps([convert(each) for each in values])


def raw(session: Session) -> Any:
    """What statements are given to: SQLite's own connection; on PostgreSQL SQLAlchemy's, which
    has to hear when the server is gone."""
    found = session.info.get(RAW)
    if found is None:
        connection = session.connection()
        sqlite = connection.dialect.name == "sqlite"
        found = connection.connection.dbapi_connection if sqlite else connection
        session.info[RAW] = found
    return found


def say(session: Session, words: str) -> None:
    """A statement without parameters and without an answer, such as a savepoint's."""
    connection = raw(session)
    if isinstance(connection, Connection):
        connection.exec_driver_sql(words)
        return
    try:
        connection.execute(words)
    except connection.Error as error:
        raise named(error, words, session) from None


def is_open(session: Session) -> bool:
    """Whether the session's transaction is still there; an error may have ended it."""
    connection = raw(session)
    if isinstance(connection, Connection):
        return not connection.invalidated and connection.in_transaction()
    return bool(connection.in_transaction)


def named(error: Exception, sql: str, session: Session) -> BaseException:
    """The driver's error as SQLAlchemy names it, without the statement's values."""
    dialect = session.get_bind().dialect
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=dialect)


def _write(statement: Any, dialect: Dialect) -> _Written:
    table = getattr(statement, "table", None)
    if table is not None and is_remembered(table.name):
        raise ValueError(f"{table.name} is remembered: execute the statement")
    compiled: Any = _with_words(statement, dialect).compile(dialect=dialect)
    constants = {name: each.value for name, each in compiled.binds.items() if not each.required}
    binds: list[tuple[str | None, _Process, Any]] = []
    for name in compiled.positiontup:
        bind = compiled.binds[name]
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if name in constants:
            value = constants[name]
            binds.append((None, None, convert(value) if convert else value))
        else:
            binds.append((name, convert, None))
    reads = tuple(
        each.type.dialect_impl(dialect).result_processor(dialect, None)
        for each in statement.exported_columns
    )
    return _Written(str(compiled), tuple(binds), reads, not any(reads))


def _with_words(statement: Any, dialect: Dialect) -> Any:
    """The statement with its constant words in it: bound, they keep a database from seeing at once
    that an index of only the rows with this word will do."""

    def word(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter) or not isinstance(element.value, str):
            return None
        literal = element.type.dialect_impl(dialect).literal_processor(dialect)
        return literal and literal_column(literal(element.value), element.type)

    return visitors.replacement_traverse(statement, {}, word)
