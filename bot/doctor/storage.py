"""The database: its release, and the settings that our promises lean on."""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import Session

from bot.doctor.finding import Finding, bad, good, judged, mind, size
from models.migrate import config_for
from models.roles import ALL, LESS
from models.sqlite import WAL_BYTES, writing_engine

# from here on two writers can't damage the write-ahead log
TWO_WRITERS = (3, 51, 3)
OLDEST_POSTGRES = 130_000
# PostgreSQL stops writing at 2 billion transactions without a vacuum
AGE_MIND, AGE_BAD = 500_000_000, 1_500_000_000


def migrations(session: Session) -> Finding:
    """Whether the tables are this release's."""
    connection = session.connection()
    scripts = ScriptDirectory.from_config(config_for(connection))
    found = MigrationContext.configure(connection).get_current_revision()
    head = scripts.get_current_head()
    if found == head:
        return good("migrations", f"at {head}, this release's")
    if found is None:
        return bad("migrations", "there are no tables yet", "Run `linli migrate`.")
    if found in {script.revision for script in scripts.walk_revisions()}:
        return bad("migrations", f"at {found}, older than {head}", "Run `linli migrate`.")
    cure = "Run the newer release of Linli, or restore the copy from before the upgrade."
    return bad("migrations", f"at {found}, made by a newer release", cure)


# --- SQLite ---


def sqlite(session: Session, path: Path) -> list[Finding]:
    """The file and the library that reads it."""
    return [_version(), _journal(session), _obeys(), _log(path), _lock(path)]


def _version() -> Finding:
    said = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < TWO_WRITERS:
        said += "; before 3.51.3 two writers can damage the log, so never write with another tool"
    return good("version", said)


def _journal(session: Session) -> Finding:
    mode = session.connection().exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode == "wal":
        return good("journal", "a write-ahead log")
    cure = "Start `linli run` once: it sets WAL; if it doesn't last, the disk can't hold one."
    return bad("journal", f"journal_mode is {mode}", cure)


def _obeys() -> Finding:
    """synchronous and foreign_keys belong to a connection, so ask one like the service's."""
    with (
        TemporaryDirectory(prefix="linli-") as folder,
        writing_engine(f"sqlite:///{folder}/try.db").connect() as connection,
    ):
        ask = connection.exec_driver_sql
        synchronous = ask("PRAGMA synchronous").scalar()
        keys = ask("PRAGMA foreign_keys").scalar()
    if synchronous == 2 and keys == 1:
        return good("durability", "synchronous=FULL, foreign_keys=ON")
    said = f"synchronous={synchronous}, foreign_keys={keys}"
    return bad("durability", said, "This build of SQLite ignores our settings: use another Python.")


def _log(path: Path) -> Finding:
    log = Path(f"{path}-wal")
    length = log.stat().st_size if log.exists() else 0
    cure = "Something reads one old state for very long and holds the log: end that reader."
    limits = (2 * WAL_BYTES, 16 * WAL_BYTES)
    return judged("log", length, f"the write-ahead log has {size(length)}", cure, limits)


def _lock(path: Path) -> Finding:
    """Who has the file. A lock file says nothing by being there, only by being locked."""
    holder = holder_of(path)
    said = f"process {holder} has the file" if holder else "no process has the file open"
    return good("service", said)


def holder_of(path: Path) -> int | None:
    """The process that holds the lock on an SQLite file, or None."""
    lock = Path(f"{path}.lock")
    if not lock.exists():
        return None
    inode = lock.stat().st_ino
    try:
        held = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in held:
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4])
    return None


# --- PostgreSQL ---


def postgres(session: Session, pool: int) -> list[Finding]:
    """The server's promises about a commit, its room, and our role's rights.

    `pool`: database.pool.
    """
    setting = {
        name: _one(session, "SELECT current_setting(:name)", name=name)
        for name in ("server_version_num", "fsync", "synchronous_commit", "full_page_writes")
    }
    return [
        _server(setting),
        _commits(setting),
        _room(session, pool),
        _rights(session),
        _role(session),
        _wraparound(session),
    ]


def _one(session: Session, statement: str, **given: Any) -> Any:
    return session.connection().execute(text(statement), given).scalar()


def _server(setting: dict[str, str]) -> Finding:
    number = int(setting["server_version_num"])
    said = f"PostgreSQL {number // 10_000}.{number % 100}"
    if number >= OLDEST_POSTGRES:
        return good("version", said)
    return bad("version", said, "Upgrade the server: Linli is tested with 13 and later.")


def _commits(setting: dict[str, str]) -> Finding:
    """What makes a commit outlive a power cut."""
    wanted = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in wanted if setting[name] == "off"]
    if not off:
        said = ", ".join(f"{name}={setting[name]}" for name in wanted)
        return good("durability", said)
    cure = "Set it to on in postgresql.conf: a power cut loses what was confirmed to Telegram."
    return bad("durability", f"{' and '.join(off)} off", cure)


def _room(session: Session, pool: int) -> Finding:
    most = int(_one(session, "SELECT current_setting('max_connections')"))
    used = int(_one(session, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = :it",
                    it="client backend"))  # fmt: skip
    said = f"{used} of {most} in use; one process of Linli takes up to {2 * pool}"
    cure = "Raise max_connections, lower database.pool, or put pgbouncer in front."
    return judged("connections", used + 2 * pool, said, cure, (most - 5, most + 2 * pool - 5))


def _rights(session: Session) -> Finding:
    """Each table, each right that the service needs on it (models/roles)."""
    ask = session.connection()
    tables = ask.execute(
        text(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
            "AND relnamespace = to_regnamespace(current_schema())::oid ORDER BY 1"
        )
    ).scalars()
    missing = [
        f"{right} on {table}"
        for table in tables.all()
        for right in LESS.get(table, ALL).split(", ")
        if not _has(ask, table, right)
    ]
    if not missing:
        return good("rights", "the role may do all that the service does")
    cure = "Run `linli migrate` with the owner's role: it gives the service's role what it needs."
    return bad("rights", f"{missing[0]} is missing ({len(missing)} in all)", cure)


def _has(ask: Connection, table: str, right: str) -> bool:
    """`right`: one of a table, or of one of its columns, as in UPDATE (personal)."""
    name, _, column = right.rstrip(")").partition(" (")
    question = "SELECT has_table_privilege(quote_ident(:table), :name)"
    if column:
        question = "SELECT has_column_privilege(quote_ident(:table), :column, :name)"
    given = {"table": table, "name": name} | ({"column": column} if column else {})
    return bool(ask.execute(text(question), given).scalar_one())


def _role(session: Session) -> Finding:
    name, above = session.connection().execute(
        text("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
    ).one()  # fmt: skip
    if not above:
        return good("role", f"{name}, no superuser")
    cure = "Give the service a role of its own: a superuser passes over every guard there is."
    return mind("role", f"{name} is a superuser", cure)


def _wraparound(session: Session) -> Finding:
    age = int(
        _one(
            session,
            "SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()",
        )
    )
    cure = "Let autovacuum run, or VACUUM FREEZE by hand: at 2 billion the server stops writing."
    said = f"{age:,} transactions since the oldest unfrozen row"
    return judged("vacuum", age, said, cure, (AGE_MIND, AGE_BAD))


def size_of(session: Session, path: Path | None) -> Finding:
    """How large it is; `path` of an SQLite file, None for a server."""
    if path is not None:
        return good("size", size(path.stat().st_size))
    return good("size", size(_one(session, "SELECT pg_database_size(current_database())")))
