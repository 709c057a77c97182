"""A database as years would leave it: any number of cases, each with all its rows.

Copies of cases that the service itself opened and closed (bench/recorded.py), spread over the
groups and over the time for which each kind of row is kept. Closed ones lie in the past with their
timers fired; open ones are hours old, with theirs in the future.
"""

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.recorded import Case, Copier, Given, Place, Recording, Values, naive, places

KEPT_DAYS = 170  # closed cases; older ones are archived (policy.keep_closed_days)
# rows that end sooner (policy.keep_updates_days, keep_messages_days)
SOONER = {"inbox": 29, "outbox": 89, "posted": 89}
OPEN_HOURS = 8.0
# before this, no timer of an open case falls due while we measure
CALM = timedelta(hours=OPEN_HOURS + 4)
PER_RESIDENT = 4
MOST_UPDATES = 8  # of one case
CHUNK = 5_000
FIRST_MESSAGE, FIRST_UPDATE, FIRST_RESIDENT = 300_000_000, 11_000_000, 8_300_000_000


def is_calm(case: Case, columns: dict[str, list[str]]) -> bool:
    """Whether nothing of an open case falls due soon."""
    opened = datetime.fromisoformat(case.facts["opened_at"])
    timers = [
        dict(zip(columns["due"], row.values, strict=True))
        for row in case.rows
        if row.table == "due"
    ]
    waits = [
        datetime.fromisoformat(each["at"]) - opened for each in timers if each["state"] == "pending"
    ]
    return all(wait > CALM for wait in waits)


@dataclass(frozen=True, slots=True)
class Share:
    """`count` copies of some cases, opened between `first` and `last`."""

    cases: Sequence[Case]
    count: int
    first: datetime
    last: datetime


class Filler:
    """Writes stored cases into one database file, which nobody else has open."""

    def __init__(self, file: Path, recording: Recording, now: datetime) -> None:
        self._file, self._now = file, naive(now)
        self._columns = recording.columns
        self._places = places(file)
        self._by_chat = {place.chat: place for place in self._places}
        self._series: dict[str, int] = defaultdict(int)
        self._people: list[tuple[str, str]] = []
        self._made = 0

    def fill(self, closed: Sequence[Case], opened: Sequence[Case], count: int, still: int) -> None:
        """`count` cases, of which `still` are open."""
        days, hours = timedelta(days=KEPT_DAYS), timedelta(hours=OPEN_HOURS)
        calm = [case for case in opened if is_calm(case, self._columns)]
        shares = (
            Share(closed, count - still, self._now - days, self._now - hours),
            Share(calm, still, self._now - hours, self._now),
        )
        with closing(sqlite3.connect(self._file, isolation_level=None)) as database:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
                database.execute(f"PRAGMA {pragma}")
            with _Bare(database):
                for share in shares:
                    self._write(database, share)
                self._write_series(database)
            database.execute("PRAGMA journal_mode = WAL")

    def _write(self, database: sqlite3.Connection, share: Share) -> None:
        copiers = [Copier(case, self._by_chat[case.facts["source_chat"]]) for case in share.cases]
        waiting: dict[str, list[Values]] = defaultdict(list)
        for number in range(share.count):
            opened = share.first + (share.last - share.first) * (number / share.count)
            self._copy(copiers[number % len(copiers)], opened, waiting)
            if number % CHUNK == CHUNK - 1:
                self._insert(database, waiting)
        self._insert(database, waiting)

    def _copy(self, copier: Copier, opened: datetime, waiting: dict[str, list[Values]]) -> None:
        number, self._made = self._made, self._made + 1
        index = random.randrange(len(self._places))
        given = self._given(copier, index, self._places[index], opened, number)
        new = self._resident(copier, given, number)
        age = (self._now - opened).days
        for table, row in zip(copier.tables, copier.rows(given), strict=True):
            if age > SOONER.get(table, KEPT_DAYS) or (table == "person" and not new):
                continue
            waiting[table].append(self._fired(row) if table == "due" else row)

    def _given(
        self, copier: Copier, index: int, place: Place, opened: datetime, number: int
    ) -> Given:
        series = f"B{index:03d}-{opened:%y%m}"
        self._series[series] += 1
        return copier.given(
            place,
            opened,
            number=f"{series}-{self._series[series]:03d}",
            message=str(FIRST_MESSAGE + number),
            update=FIRST_UPDATE + MOST_UPDATES * number,
            resident=str(FIRST_RESIDENT + number),
        )

    def _resident(self, copier: Copier, given: Given, number: int) -> bool:
        """Every fourth case is somebody's first."""
        if number % PER_RESIDENT == 0 or not self._people:
            self._people.append((copier.reporter_of(given), given["resident"]))
            return True
        copier.set_reporter(given, *random.choice(self._people))
        return False

    def _fired(self, row: Values) -> Values:
        """A timer whose time has passed has fired then."""
        names = self._columns["due"]
        values: dict[str, Any] = dict(zip(names, row, strict=True))
        if values["state"] != "pending" or values["at"] > self._now.isoformat(" "):
            return row
        values |= {"state": "fired", "fired_at": values["at"]}
        return tuple(values[name] for name in names)

    def _insert(self, database: sqlite3.Connection, waiting: dict[str, list[Values]]) -> None:
        database.execute("BEGIN")
        for table, rows in waiting.items():
            places_ = ", ".join("?" * len(self._columns[table]))
            database.executemany(f'INSERT INTO "{table}" VALUES ({places_})', rows)
        database.execute("COMMIT")
        waiting.clear()

    def _write_series(self, database: sqlite3.Connection) -> None:
        district = self._places[0].grid[:6]
        rows = [(district, series, last) for series, last in self._series.items()]
        database.executemany("INSERT INTO number_series VALUES (?, ?, ?)", rows)


class _Bare:
    """A database without indexes and triggers meanwhile: ten times as fast to fill.

    So nothing of the stored history waits for its seal.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        query = (
            "SELECT type, name, sql FROM sqlite_master "
            "WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        )
        self._parts = list(database.execute(query))

    def __enter__(self) -> None:
        for kind, name, _ in self._parts:
            self._database.execute(f'DROP {kind} "{name}"')

    def __exit__(self, *_error: object) -> None:
        for _, _, statement in self._parts:
            self._database.execute(statement)


def fill(file: Path, closed: Recording, opened: Recording, count: int, still: int) -> None:
    """Fill a peopled database. Both recordings are of the same town."""
    Filler(file, closed, datetime.now(UTC)).fill(closed.cases, opened.cases, count, still)


def counted(file: Path) -> Iterator[tuple[str, int]]:
    """The rows of each table."""
    with closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            yield table, database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
