"""PostgreSQL: inbox and outbox in partitions by time, and queues that are cleaned often.

SQLite has nothing of this. A row's key is time-ordered, so its period follows from the key.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# table: (days in a period, what is there once, what keeps a period from being dropped)
PARTED = {
    "inbox": (10, "update_id", "state IN ('new', 'failed')"),
    "outbox": (30, "dedupe", "state = 'pending'"),
}
# a dead row costs every look into a queue: clean after hundreds, not after a fifth of the table
CLEANING = (
    "fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, "
    "autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1"
)
QUEUES = ("lane", "lease", "budget", "unsealed")
QUEUE_CLEANING = (
    "fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, "
    "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000, "
    "autovacuum_vacuum_cost_delay = 0"
)

# the smallest key of an instant (UUID version 7 begins with the milliseconds since 1970)
FIRST_ID = """
CREATE FUNCTION linli_first_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$
"""
# a period that has rows in the partition for all the rest can't be made: they stay there
MAKE_PERIOD = f"""
CREATE FUNCTION linli_make_period(parent text, days integer, once text, at timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := to_timestamp(floor(extract(epoch FROM at) / 86400 / days) * 86400 * days);
    low uuid := linli_first_id(since);
    high uuid := linli_first_id(since + days * interval '24 hours');
    name text := parent || '_' || to_char(since AT TIME ZONE 'UTC', 'YYYYMMDD');
    taken boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id >= $1 AND id < $2)', parent || '_other')
        INTO taken USING low, high;
    IF taken OR to_regclass(name) IS NOT NULL OR to_regclass(
        parent || '_before_' || to_char((since + days * interval '24 hours') AT TIME ZONE 'UTC',
        'YYYYMMDD')) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH ({CLEANING})',
        name, parent, low, high);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (bot, %I)', name || '_once', name, once);
    RETURN 1;
END $$
"""  # noqa: S608 - names of ours
# gone before its first row is older than `keep` days; a row that waits keeps it
DROP_PERIODS = """
CREATE FUNCTION linli_drop_periods(
    parent text, days integer, waiting text, keep integer, at timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part record;
    stays boolean;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT c.relname AS name,
            to_date(substring(c.relname FROM '\\d{8}$'), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC'
                AS day,
            c.relname ~ '_before_' AS before
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(parent) AND c.relname ~ '_\\d{8}$'
    LOOP
        CONTINUE WHEN part.day + CASE WHEN part.before THEN 0 ELSE days END * interval '24 hours'
            > at;
        CONTINUE WHEN NOT part.before AND part.day > at - keep * interval '24 hours';
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %s)', part.name,
            CASE WHEN part.before THEN 'true' ELSE waiting END) INTO stays;
        IF NOT stays THEN
            EXECUTE format('DROP TABLE %I', part.name);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$
"""


def _turn() -> str:
    """What the service calls; it may change no tables itself, so this runs as their owner."""
    lines = []
    for table, (days, once, waiting) in PARTED.items():
        keep = f"keep_{table}"
        lines += [
            # two at once wait for each other; nobody else waits
            f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;",
            f"FOR ahead IN 0..2 LOOP turned := turned + linli_make_period('{table}', {days}, "
            f"'{once}', at + ahead * {days} * interval '24 hours'); END LOOP;",
            f"turned := turned + linli_drop_periods('{table}', {days}, $w${waiting}$w$, {keep}, "
            "at);",
        ]
    schema = op.get_bind().execute(sa.text("SELECT current_schema()")).scalar_one()
    return (
        "CREATE FUNCTION linli_turn_periods(keep_inbox integer, keep_outbox integer, "
        "at timestamptz DEFAULT clock_timestamp()) RETURNS integer LANGUAGE plpgsql "
        f"SECURITY DEFINER SET search_path = {schema}, pg_temp SET lock_timeout = '500ms' AS $$ "
        f"DECLARE turned integer := 0; BEGIN {' '.join(lines)} RETURN turned; END $$"
    )


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in QUEUES:
        op.execute(f"ALTER TABLE {table} SET ({QUEUE_CLEANING})")
    op.execute(
        "ALTER TABLE due SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, "
        "autovacuum_vacuum_threshold = 1000)"
    )
    for statement in (FIRST_ID, MAKE_PERIOD, DROP_PERIODS, _turn()):
        op.execute(statement)
    for function in ("linli_make_period(text, integer, text, timestamptz)",
                     "linli_drop_periods(text, integer, text, integer, timestamptz)",
                     "linli_turn_periods(integer, integer, timestamptz)"):  # fmt: skip
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    for table, (days, once, _) in PARTED.items():
        _part(table, days, once)
    op.execute("SELECT linli_turn_periods(36500, 36500)")


def _part(table: str, days: int, once: str) -> None:
    """The table as it is becomes the partition for what was before."""
    before = _ask(
        "SELECT to_char(to_timestamp((floor(extract(epoch FROM clock_timestamp()) / 86400 / "  # noqa: S608 - names of ours
        f":days) + 1) * 86400 * :days) AT TIME ZONE 'UTC', '\"{table}_before_\"YYYYMMDD')",
        days=days,
    )
    op.drop_constraint(f"uq_{table}_bot_{once}", table, type_="unique")
    indexes = _indexes(table)
    op.execute(f"ALTER TABLE {table} RENAME TO {before}")
    for name in (f"pk_{table}", *indexes):
        op.execute(f"ALTER INDEX {name} RENAME TO {name}_before")
    op.execute(f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS) PARTITION BY RANGE (id)")
    op.create_primary_key(f"pk_{table}", table, ["bot", "id"])
    for definition in indexes.values():
        op.execute(definition)
    if _ask(f"SELECT EXISTS (SELECT FROM {before})"):  # noqa: S608 - names of ours
        op.execute(f"CREATE UNIQUE INDEX {before}_once ON {before} (bot, {once})")
        op.execute(
            f"ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO "
            f"('{_ask(_BOUNDARY, day=before[-8:])}')"
        )
    else:
        op.drop_table(before)
    op.execute(f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT WITH ({CLEANING})")
    op.execute(f"CREATE UNIQUE INDEX {table}_other_once ON {table}_other (bot, {once})")


_BOUNDARY = "SELECT linli_first_id(to_date(:day, 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC')::text"


def _ask(question: str, **values: object) -> str:
    return str(op.get_bind().execute(sa.text(question), values).scalar_one() or "")


def _indexes(table: str) -> dict[str, str]:
    """Those that the table has besides its key, by name."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() "
            "AND tablename = :table AND indexname <> 'pk_' || :table"
        ),
        {"table": table},
    )
    return {name: definition for name, definition in found}


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, (_, once, _) in PARTED.items():
        indexes = _indexes(table)
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_parts")
        op.execute(f"CREATE TABLE {table} (LIKE {table}_parts INCLUDING DEFAULTS)")
        op.execute(f"INSERT INTO {table} SELECT * FROM {table}_parts")  # noqa: S608 - names of ours
        op.execute(f"DROP TABLE {table}_parts")
        op.create_primary_key(f"pk_{table}", table, ["bot", "id"])
        op.create_unique_constraint(f"uq_{table}_bot_{once}", table, ["bot", once])
        for definition in indexes.values():
            op.execute(definition.replace(" ON ONLY ", " ON "))
    for function in (
        "linli_turn_periods(integer, integer, timestamptz)",
        "linli_drop_periods(text, integer, text, integer, timestamptz)",
        "linli_make_period(text, integer, text, timestamptz)",
        "linli_first_id(timestamptz)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    for table in (*QUEUES, "due"):
        op.execute(
            f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor, "
            "autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor, "
            "autovacuum_analyze_threshold, autovacuum_vacuum_cost_delay)"
        )
