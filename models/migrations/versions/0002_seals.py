"""The chain over history: its tables, and the triggers that keep history append-only."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
KINDS = {"case_event": "event", "audit": "audit"}
# columns that nothing may change; an event's words may be erased
FIXED = {
    "case_event": ('district, id, "case", seq, at, verb, actor, standing, before, after, facts'),
    "audit": "district, id, at, actor, act, object, facts",
    "seal": "district, position, at, entries, hash",
}
# the test district's history is deleted after a day, so it is not sealed
TEST_DISTRICT = "000000"
REAL = f"{{row}}.district <> '{TEST_DISTRICT}'"
REFUSED = "history is append-only"


def upgrade() -> None:
    op.create_table(
        "unsealed",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_unsealed")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", name=op.f("pk_chain")),
    )
    op.create_table(
        "seal",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", AWARE, nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "position", name=op.f("pk_seal")),
    )
    op.create_table(
        "sealed_words",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("event", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district", "event", name=op.f("pk_sealed_words")),
    )
    for table, kind in KINDS.items():
        _queue_what_is_there(table, kind)
    _run(_on_sqlite() if _is_sqlite() else _on_postgresql())


def _queue_what_is_there(table: str, kind: str) -> None:
    district, key = sa.column("district"), sa.column("id")
    rows = sa.select(district, key, sa.literal(kind)).select_from(sa.table(table))
    queue = sa.table("unsealed", sa.column("district"), sa.column("id"), sa.column("kind"))
    real = rows.where(district != TEST_DISTRICT)
    op.execute(queue.insert().from_select(["district", "id", "kind"], real))


def downgrade() -> None:
    _run(_undone())
    for table in ("sealed_words", "seal", "chain", "unsealed"):
        op.drop_table(table)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(statements: Iterator[str]) -> None:
    for statement in statements:
        op.execute(statement)


def _on_sqlite() -> Iterator[str]:
    new, old = REAL.format(row="NEW"), REAL.format(row="OLD")
    stop = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    for table, kind in KINDS.items():
        values = f"NEW.district, NEW.id, '{kind}'"
        yield (
            f"CREATE TRIGGER {table}_unsealed AFTER INSERT ON {table} WHEN {new} BEGIN "  # noqa: S608 - names of ours
            f"INSERT INTO unsealed (district, id, kind) VALUES ({values}); END"
        )
    for table, columns in FIXED.items():
        yield f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} WHEN {old} {stop}"
        yield f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {columns} ON {table} {stop}"
    yield (
        "CREATE TRIGGER case_event_erased AFTER UPDATE OF personal ON case_event BEGIN "
        "UPDATE sealed_words SET salt = NULL WHERE district = NEW.district AND event = NEW.id; "
        "END"
    )


def _on_postgresql() -> Iterator[str]:
    new, old = REAL.format(row="NEW"), REAL.format(row="OLD")
    yield _function(
        "history_unsealed",
        "INSERT INTO unsealed (district, id, kind) VALUES (NEW.district, NEW.id, TG_ARGV[0]); "
        "RETURN NULL;",
    )
    yield _function("history_kept", f"RAISE EXCEPTION '{REFUSED}';")
    yield _function(
        "history_erased",
        "UPDATE sealed_words SET salt = NULL WHERE district = NEW.district AND event = NEW.id; "
        "RETURN NULL;",
    )
    for table, kind in KINDS.items():
        yield (
            f"CREATE TRIGGER {table}_unsealed AFTER INSERT ON {table} FOR EACH ROW "
            f"WHEN ({new}) EXECUTE FUNCTION history_unsealed('{kind}')"
        )
    for table, columns in FIXED.items():
        yield (
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW "
            f"WHEN ({old}) EXECUTE FUNCTION history_kept()"
        )
        yield (
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION history_kept()"
        )
    yield (
        "CREATE TRIGGER case_event_erased AFTER UPDATE OF personal ON case_event FOR EACH ROW "
        "EXECUTE FUNCTION history_erased()"
    )


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _undone() -> Iterator[str]:
    names = [f"{table}_{what}" for table in FIXED for what in ("kept", "fixed")]
    names += [f"{table}_unsealed" for table in KINDS] + ["case_event_erased"]
    tail = {name: "" if _is_sqlite() else f" ON {name.rpartition('_')[0]}" for name in names}
    for name in names:
        yield f"DROP TRIGGER {name}{tail[name]}"
    if not _is_sqlite():
        for name in ("history_unsealed", "history_kept", "history_erased"):
            yield f"DROP FUNCTION {name}()"
