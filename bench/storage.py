"""What a case takes on disk, from its report to its end, table by table, on both databases.

Without its seals and its photos.

`python -m bench.storage`: cases that the service itself opened, workers closed and residents
settled (bench/recording.py), copied many times; then each table's bytes with its indexes.
"""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.ext.asyncio import create_async_engine

import models
from bench import recording, stored
from bench.drills.restart import a_server
from bench.ground import prepare
from bench.recorded import Recording
from bench.standin import standing_in
from models.migrate import migrate
from models.postgres import address

CASES = 3_000
CHUNK = 2_000
# what ends by itself after so many days at most (policy); everything else stays
ENDS = {"inbox": 30, "outbox": 90}
# triggers fill it, and the sealer empties it
PASSING = {"unsealed"}

_POSTGRES = """
SELECT c.relname, pg_total_relation_size(c.oid) + coalesce((
    SELECT sum(pg_total_relation_size(part.relid)) FROM pg_partition_tree(c.oid) part
    WHERE part.relid <> c.oid), 0)
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
_SQLITE = """
SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY 1
"""


def rows_of_a_case(found: Recording) -> dict[str, float]:
    """How many rows of each table a closed case left behind, on average."""
    counted = Counter(row.table for case in found.cases for row in case.rows)
    return {table: count / len(found.cases) for table, count in sorted(counted.items())}


def on_sqlite(file: Path) -> dict[str, float]:
    """Bytes of a row with its indexes."""
    rows = dict(stored.counted(file))
    with closing(sqlite3.connect(file)) as database:
        sizes = database.execute(_SQLITE).fetchall()
    return {table: size / rows[table] for table, size in sizes if rows.get(table)}


async def on_postgres(file: Path, url: str) -> dict[str, float]:
    """The same, of the same rows."""
    await migrate(url)
    engine = create_async_engine(address(url))
    async with engine.begin() as connection:
        rows = await connection.run_sync(_copied, f"sqlite:///{file}")
    async with engine.connect() as connection:
        sizes = await connection.execute(text(_POSTGRES))
        found = {table: float(size) / rows[table] for table, size in sizes if rows.get(table)}
    await engine.dispose()
    return found


def _copied(connection: Connection, url: str) -> dict[str, int]:
    """Every row of a SQLite database into ours; how many of each table."""
    counts: dict[str, int] = {}
    with create_engine(url).connect() as source:
        for table in models.metadata.sorted_tables:
            if table.name in PASSING:
                continue
            rows = [dict(row._mapping) for row in source.execute(select(table))]
            for at in range(0, len(rows), CHUNK):
                connection.execute(insert(table), rows[at : at + CHUNK])
            counts[table.name] = len(rows)
    return counts


def lines(
    each: Mapping[str, float], sqlite: Mapping[str, float], postgres: Mapping[str, float]
) -> list[str]:
    """The table, and what stays."""
    said = [f"{'table':14} {'rows a case':>11} {'SQLite':>12} {'PostgreSQL':>12}   bytes a case"]
    sums = {name: [0.0, 0.0] for name in ("for ever", *ENDS)}
    for table, rows in each.items():
        took = [rows * sqlite.get(table, 0), rows * postgres.get(table, 0)]
        said.append(f"{table:14} {rows:11.1f} {took[0]:12,.0f} {took[1]:12,.0f}")
        into = sums[table if table in ENDS else "for ever"]
        into[:] = [before + more for before, more in zip(into, took, strict=True)]
    for name, (small, large) in sums.items():
        days = f"{ENDS[name]} days at most" if name in ENDS else "what was personal is erased"
        said.append(f"{name}: {small / 1000:.1f} kB, {large / 1000:.1f} kB a case ({days})")
    return said


async def measured(folder: Path, url: str) -> list[str]:
    """All of it."""
    async with standing_in() as standin:
        ground = await prepare(folder, standin)
        closed, taken = await recording.lived(ground)
    place = ground.place("stored")
    ground.fresh(place)
    file = place / "linli.db"
    await asyncio.to_thread(stored.fill, file, closed, taken, CASES, 0)
    sqlite = on_sqlite(file)
    postgres = await on_postgres(file, url)
    made = f"{CASES:,} copies of {len(closed.cases)} closed cases, {datetime.now(UTC):%Y-%m-%d}"
    return [made, *lines(rows_of_a_case(closed), sqlite, postgres)]


def main() -> int:
    """Measure and print."""
    folder = Path("build") / "storage" / str(os.getpid())
    said: Any = None
    try:
        with a_server() as url:
            said = asyncio.run(measured(folder, url))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
