"""What the service's own role may do on PostgreSQL: change rows, and no table (docs/scaling.md).

History is append-only for it: of an event it may erase the words, of an audit and a seal
nothing. (Deleting history is refused by triggers of migration 0002, which it can't touch, but
for the synthetic test district.)
"""

from sqlalchemy import Connection, text

ALL = "SELECT, INSERT, UPDATE, DELETE"
# everything else gets ALL
LESS = {
    "alembic_version": "SELECT",
    "case_event": "SELECT, INSERT, UPDATE (personal), DELETE",
    "audit": "SELECT, INSERT, DELETE",
    "seal": "SELECT, INSERT",
}
FUNCTIONS = ("linli_turn_periods(integer, integer, timestamptz)",)
# partitions are reached through their table
_TABLES = (
    "SELECT c.relname FROM pg_class c "
    "WHERE c.relnamespace = to_regnamespace(current_schema())::oid "
    "AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"
)


class NoSuchRole(Exception):
    """The role that the service connects as isn't there. Argument: its name."""


def grant(connection: Connection, role: str) -> None:
    """Give `role` exactly what this release needs. Raises NoSuchRole."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    if not _is_there(connection, role):
        raise NoSuchRole(role)
    to, schema = quoted(role), quoted(_one(connection, "SELECT current_schema()"))
    _run(connection, f"GRANT USAGE ON SCHEMA {schema} TO {to}")
    for table in connection.execute(text(_TABLES)).scalars().all():
        _run(connection, f"REVOKE ALL ON {quoted(table)} FROM {to}")
        _run(connection, f"GRANT {LESS.get(table, ALL)} ON {quoted(table)} TO {to}")
    for function in FUNCTIONS:
        _run(connection, f"GRANT EXECUTE ON FUNCTION {function} TO {to}")
    connection.commit()


def _is_there(connection: Connection, role: str) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role})
    return found.first() is not None


def _one(connection: Connection, question: str) -> str:
    return str(connection.execute(text(question)).scalar_one())


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
