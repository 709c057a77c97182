"""What the service itself wrote for some cases, to be written again for any number of others.

So the floor writes the very same rows, and a database of a million cases holds what a million
reports would have left, whatever tables the service has by now.
"""

import base64
import json
import random
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

Values = tuple[Any, ...]
# variables of a copy by name
Given = dict[str, Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
# one row for each process, series or chat, or for many cases together
SHARED = frozenset(
    (
        "alembic_version",
        "budget",
        "chain",
        "finding",
        "lane",
        "lease",
        "number_series",
        "offset",
        "seal",
        "unsealed",
        "webhook",
    )
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as SQLite has it."""

    table: str
    values: Values


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that one case left behind, and the requests that were sent about it.

    `facts`: the case's own row by column; `updates`: the ids of its updates; `resident`: the
    reporter's account.
    """

    facts: dict[str, Any]
    updates: list[int]
    resident: str
    rows: list[Row]
    bodies: list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """A group with its grid and its worker, as rows name them."""

    grid: str
    community: str
    chat: str
    group: str
    worker: str
    address: str


def places(file: Path) -> list[Place]:
    """Every group of the town, in the order of its chats (falling numbers)."""
    query = (
        "SELECT g.grid, substr(g.grid, 1, 12), g.chat, g.id, p.id, p.address FROM chat_group g "
        "JOIN role r ON r.district = g.district AND r.unit = g.grid AND r.role = 'worker' "
        "JOIN person p ON p.district = r.district AND p.id = r.person "
        "ORDER BY CAST(g.chat AS INTEGER) DESC"
    )
    with closing(sqlite3.connect(file)) as database:
        return [Place(*row) for row in database.execute(query)]


@dataclass(frozen=True, slots=True)
class Recording:
    """`columns` of every table that has rows of cases."""

    columns: dict[str, list[str]]
    cases: list[Case]

    def save(self, file: Path) -> None:
        """Keep it for another process."""
        file.write_text(json.dumps(asdict(self), default=lambda blob: {"hex": blob.hex()}))

    @staticmethod
    def load(file: Path) -> "Recording":
        """What `save` kept."""
        found = json.loads(file.read_text())
        cases = [
            Case(**case | {"rows": [Row(row["table"], _values(row)) for row in case["rows"]]})
            for case in found["cases"]
        ]
        return Recording(found["columns"], cases)


def _values(row: dict[str, Any]) -> Values:
    values = row["values"]
    return tuple(bytes.fromhex(v["hex"]) if isinstance(v, dict) else v for v in values)


def rows_of(file: Path) -> set[Row]:
    """Every row that may belong to a case."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return {
            Row(table, tuple(row))
            for table in _tables(database)
            for row in database.execute(f'SELECT * FROM "{table}"')
        }


def _tables(database: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [name for (name,) in database.execute(query) if name not in SHARED]


def record(file: Path, before: set[Row], bodies: Sequence[str]) -> Recording:
    """The cases that weren't there before, each with all that belongs to it alone."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        columns = {
            table: [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            for table in _tables(database)
        }
    new = sorted(rows_of(file) - before, key=lambda row: (row.table, _text(row)))
    cases = [
        dict(zip(columns["case_file"], row.values, strict=True))
        for row in new
        if row.table == "case_file"
    ]
    return Recording(columns, [_case(facts, new, bodies, columns) for facts in cases])


def _case(
    facts: dict[str, Any],
    new: Sequence[Row],
    bodies: Sequence[str],
    columns: dict[str, list[str]],
) -> Case:
    """By what they name: the case, its update, its reporter; and what these name in turn."""
    names = {*_forms(facts["id"]).values(), facts["reporter"], facts["source_message"]}
    rows = [row for row in new if any(name in _text(row) for name in names)]
    keys = {row.values[1] for row in rows if _is_key(row.values[1])}
    names |= {form for key in keys for form in _forms(key).values()}
    mine = [row for row in new if any(name in _text(row) for name in names)]
    about = [body for body in bodies if facts["number"] in body]
    (resident,) = _column(mine, "person", columns["person"].index("address"))
    updates = _column(mine, "inbox", columns["inbox"].index("update_id"))
    return Case(facts, updates, resident, mine, about)


def _column(rows: Sequence[Row], table: str, index: int) -> list[Any]:
    return [row.values[index] for row in rows if row.table == table]


def _text(row: Row) -> str:
    return "\x00".join(str(value) for value in row.values)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}", value) is not None


def _forms(key: str) -> dict[str, str]:
    """How rows write a key: as it is stored, with dashes, and in buttons."""
    whole = UUID(key)
    short = base64.urlsafe_b64encode(whole.bytes).rstrip(b"=").decode()
    return {"": key, "_dashed": str(whole), "_short": short}


class Copier:
    """Writes one recorded case again and again."""

    def __init__(self, case: Case, place: Place) -> None:
        self._case = case
        facts = case.facts
        self.opened = _instant(facts["opened_at"])
        keys = sorted({row.values[1] for row in case.rows if _is_key(row.values[1])})
        self._keys = [key for key in keys if key not in (place.group, place.worker)]
        self._reporter = f"k{self._keys.index(facts['reporter'])}"
        self._tokens = self._find_tokens(place)
        longest_first = sorted(self._tokens, key=len, reverse=True)
        self._pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})")
        self._used: set[str] = set()
        self.address = place.address
        self.tables = [row.table for row in case.rows]
        self._rows = _compiled([self._row(row) for row in case.rows])
        self._bodies = _compiled([[self._body(body) for body in case.bodies]])

    def _find_tokens(self, place: Place) -> dict[str, str]:
        facts = self._case.facts
        tokens = {
            facts["number"]: "number",
            facts["source_message"]: "message",
            self._case.resident: "resident",
            **{str(update): f"u{n}" for n, update in enumerate(self._case.updates)},
            place.grid: "grid",
            place.community: "community",
            place.chat: "chat",
            place.group: "group",
        }
        if facts["words_key"]:
            tokens[facts["words_key"]] = "words_key"
        for suffix, form in _forms(place.worker).items():
            tokens[form] = f"worker{suffix}"
        for number, key in enumerate(self._keys):
            tokens |= {form: f"k{number}{suffix}" for suffix, form in _forms(key).items()}
        return tokens

    def _row(self, row: Row) -> list[str]:
        return [self._value(row, value) for value in row.values]

    def _value(self, row: Row, value: Any) -> str:
        """The expression that gives this value for another case."""
        if value in self._case.updates:
            return f'int(v["u{self._case.updates.index(value)}"])'
        if not isinstance(value, str):
            return repr(value)
        if _TIME.fullmatch(value):
            return f"at({(_instant(value) - self.opened) // timedelta(microseconds=1)})"
        if value == self.address:
            return 'v["address"]'
        return self._text(value)

    def _body(self, body: str) -> str:
        text = re.sub(rf"(?<=chat_id=){self.address}(?=&)", "\x00", body)
        return self._text(text) + '.replace("\\x00", v["address"])'

    def _text(self, value: str) -> str:
        pieces = self._pattern.split(value)
        names = [self._tokens.get(piece) for piece in pieces]
        self._used |= {name for name in names if name}
        if not any(names):
            return repr(value)
        parts = [f'v["{n}"]' if n else repr(p) for p, n in zip(pieces, names, strict=True) if p]
        return f"({' + '.join(parts)})"

    def given(self, place: Place, opened: datetime, update: int, **named: Any) -> Given:
        """The variables of a copy. `update`: its first update's id. `named`: number, message,
        resident."""
        found: Given = {
            "grid": place.grid,
            "community": place.community,
            "chat": place.chat,
            "group": place.group,
            "worker": place.worker,
            "address": place.address,
            "words_key": f"{random.getrandbits(96):024x}",
            "opened": opened,
            **named,
        }
        for number in range(len(self._case.updates)):
            found[f"u{number}"] = str(update + number)
        stamp = int(opened.timestamp() * 1000)
        for number in range(len(self._keys)):
            self._add_key(found, f"k{number}", _key(stamp, number))
        self._add_key(found, "worker", place.worker)
        return found

    def _add_key(self, found: Given, name: str, key: str) -> None:
        found[name] = key
        if f"{name}_dashed" in self._used or f"{name}_short" in self._used:
            found |= {f"{name}{suffix}": form for suffix, form in _forms(key).items()}

    def reporter_of(self, given: Given) -> str:
        """The key of the copy's reporter."""
        key: str = given[self._reporter]
        return key

    def set_reporter(self, given: Given, key: str, address: str) -> None:
        """Somebody who is known already."""
        self._add_key(given, self._reporter, key)
        given["resident"] = address

    def rows(self, given: Given) -> list[Values]:
        """The rows of a copy, in the order of `tables`."""
        return self._rows(given, _clock(given["opened"]))

    def bodies(self, given: Given) -> Sequence[str]:
        """The requests that tell of it."""
        bodies: Sequence[str] = self._bodies(given, _clock(given["opened"]))[0]
        return bodies


def _compiled(rows: Sequence[Sequence[str]]) -> Callable[[Given, Any], list[Any]]:
    """One function for all values: a million cases are too many for anything slower."""
    source = ", ".join(f"({''.join(f'{each}, ' for each in row)})" for row in rows)
    made: Callable[[Given, Any], list[Any]] = eval(f"lambda v, at: [{source}]")
    return made


def _clock(opened: datetime) -> Callable[[int], str]:
    """Instants by their distance from the opening in microseconds; most come several times."""
    known: dict[int, str] = {}

    def at(distance: int) -> str:
        found = known.get(distance)
        if found is None:
            instant = opened + timedelta(microseconds=distance)
            known[distance] = found = instant.isoformat(" ", "microseconds")
        return found

    return at


def _key(stamp: int, number: int) -> str:
    """A time-ordered key (UUID version 7) of a millisecond; `number` orders within it."""
    return f"{stamp:012x}7{number:03x}8{random.getrandbits(60):015x}"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def naive(instant: datetime) -> datetime:
    """As SQLite keeps it."""
    return instant.astimezone(UTC).replace(tzinfo=None)
