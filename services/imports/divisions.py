"""Divisions and grids: the tree. A code nests in its parent's, so a file need not be sorted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col, select

from models import Division, Role
from services import regrid
from services.imports.cells import Cells
from services.imports.outcome import Outcome
from services.territory import LENGTHS, LEVELS, district_of, level_of, zone

# rows compared and written together: few statements, and only these are in memory
CHUNK = 5_000
GRID_KINDS = ("comprehensive", "exclusive")
SHORT_LENGTHS = range(2, 6)
COLUMNS = (
    "parent",
    "level",
    "name",
    "kind",
    "short",
    "lon",
    "lat",
    "zone",
    "starts_on",
    "ends_on",
    "successors",
    "places",
)
TABLE = Division.__table__  # type: ignore[attr-defined]
Values = dict[str, Any]
T = TypeVar("T")


class Tree:
    """The codes of the file so far, and the parents that it still owes."""

    def __init__(self, session: Session, outcome: Outcome) -> None:
        self.session, self.outcome = session, outcome
        self.codes: set[str] = set()
        self.owed: dict[str, list[int]] = defaultdict(list)
        self.shorts: dict[str, str] = {}
        self.named: dict[str, list[int]] = defaultdict(list)
        self.changing: list[str] = []
        self.districts = set(session.exec(select(Division.district).distinct()))

    def take(self, cells: Cells, level: str) -> None:
        """Check where a row stands in the tree."""
        code = cells.needed("code")
        if code and not cells.bad:
            self._check_code(cells, code, level)
        if cells.bad:
            return
        self.codes.add(code)
        self._check_parent(cells, code, level)

    def _check_code(self, cells: Cells, code: str, level: str) -> None:
        if not (code.isascii() and code.isdigit()):
            cells.wrong("code", "not_digits")
        elif len(code) != LENGTHS[level]:
            cells.wrong("code", "wrong_length", level=level, digits=LENGTHS[level])
        elif code in self.codes:
            cells.wrong("code", "doubled")

    def _check_parent(self, cells: Cells, code: str, level: str) -> None:
        parent = cells.text("parent")
        above = LEVELS[LEVELS.index(level) - 1] if level != LEVELS[0] else None
        if above is None:
            if parent:
                cells.wrong("parent", "parent_of_district")
        elif not parent:
            cells.wrong("parent", "missing")
        elif parent == code or parent.startswith(code):
            cells.wrong("parent", "cycle")
        elif level_of(parent) != above or not code.startswith(parent):
            cells.wrong("parent", "not_above", level=above, expected=code[: LENGTHS[above]])
        elif parent not in self.codes:
            self.owed[parent].append(cells.number)

    def settle(self) -> None:
        """Parents that neither the file nor the database has are problems."""
        missing = [parent for parent in self.owed if parent not in self.codes]
        for parent in _unknown(self.session, missing):
            for number in self.owed[parent]:
                self.outcome.wrong(number, "parent", "unknown_parent", parent)
        named = [code for code in self.named if code not in self.codes]
        for code in _unknown(self.session, named):
            for number in self.named[code]:
                self.outcome.wrong(number, "successors", "unknown_unit", code)

    def note_change(self, cells: Cells, level: str) -> None:
        """Successors are of the same level, and others; what ends or begins is told of."""
        code = cells.text("code")
        for each in cells.many("successors"):
            if each == code or level_of(each) != level or district_of(each) != district_of(code):
                cells.wrong("successors", "not_a_successor", each)
            self.named[each].append(cells.number)
        if level == "grid" and (cells.text("ends_on") or cells.text("starts_on")):
            self.changing.append(code)


def _unknown(session: Session, codes: list[str]) -> list[str]:
    by_district: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        by_district[district_of(code)].append(code)
    unknown: list[str] = []
    for district, wanted in by_district.items():
        for chunk in chunks(wanted):
            query = select(Division.code).where(
                Division.district == district, col(Division.code).in_(chunk)
            )
            known = set(session.exec(query))
            unknown += [code for code in chunk if code not in known]
    return unknown


def bring_divisions(
    session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome
) -> None:
    """Districts, streets and communities (grids too, if the file has them)."""
    _bring(session, rows, now, outcome, level=None)


def bring_grids(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Grids: each in its community, each with letters of its own for case numbers."""
    _bring(session, rows, now, outcome, level="grid")


def _bring(
    session: Session,
    rows: Iterable[Cells],
    now: datetime,
    outcome: Outcome,
    level: str | None,
) -> None:
    tree = Tree(session, outcome)
    values = (_values(cells, tree, level) for cells in rows)
    for chunk in chunks(each for each in values if each is not None):
        if level == "grid":
            _check_shorts(session, chunk, outcome)
        if not outcome.failed:
            _write(session, chunk, tree.districts, outcome)
    tree.settle()
    if not outcome.failed:
        for code in tree.changing:
            _plan_change(session, code, code in tree.named, now, outcome)


def _plan_change(
    session: Session, code: str, succeeds: bool, now: datetime, outcome: Outcome
) -> None:
    """A grid that ends is moved on its date by itself; how much that is, is said now. So is a new
    one that nobody works in yet; who succeeds another gets its people on the day."""
    row = session.get_one(Division, (district_of(code), code), populate_existing=True)
    today = now.astimezone(zone(session, row.district)).date()
    if row.ends_on is not None:
        regrid.plan(session, row, now)
        key = "regrid" if row.successors else "regrid_ends"
        outcome.remark(key, **regrid.preview(session, row).facts())
    elif row.starts_on is not None and row.starts_on > today:
        staffed = select(Role.id).where(
            Role.district == row.district, Role.unit == code, col(Role.revoked_at).is_(None)
        )
        manned = succeeds or session.exec(staffed).first() is not None
        key = "grid_begins" if manned else "grid_begins_empty"
        outcome.remark(key, name=row.name, on=str(row.starts_on))


def _values(cells: Cells, tree: Tree, level: str | None) -> Values | None:
    """A row's values, `row` being its number; None if it can't be used."""
    level = level or cells.choice("level", LEVELS)
    if cells.bad:
        return None
    tree.take(cells, level)
    tree.note_change(cells, level)
    values = {"level": level, "name": cells.needed("name"), "parent": cells.text("parent") or None}
    values |= _optional(cells)
    if level == "grid":
        values |= _of_grid(cells, tree)
    if cells.bad:
        return None
    code = cells.text("code")
    return {"district": district_of(code), "code": code, "row": cells.number, **values}


def _optional(cells: Cells) -> Values:
    """Only what the file has a column for, so that nothing else is emptied."""
    read: Values = {}
    for column, most in (("lon", 180), ("lat", 90)):
        if cells.given(column):
            read[column] = cells.degrees(column, most)
    for column in ("starts_on", "ends_on"):
        if cells.given(column):
            read[column] = cells.day(column)
    if cells.given("zone"):
        read["zone"] = cells.zone("zone")
    for column in ("successors", "places"):
        if cells.given(column):
            read[column] = cells.many(column)
    return read


def _of_grid(cells: Cells, tree: Tree) -> Values:
    letters = cells.needed("short").upper()
    if letters and not _is_short(letters):
        cells.wrong("short", "not_short")
    first = tree.shorts.setdefault(letters, cells.text("code"))
    if letters and first != cells.text("code"):
        cells.wrong("short", "short_taken", grid=first)
    kind = cells.choice("kind", GRID_KINDS, default=GRID_KINDS[0])
    return {"kind": kind, "short": letters}


def _is_short(letters: str) -> bool:
    return len(letters) in SHORT_LENGTHS and letters.isascii() and letters.isalnum()


def _check_shorts(session: Session, chunk: list[Values], outcome: Outcome) -> None:
    """Letters that another grid of the deployment has already (given out for good)."""
    query = select(Division.short, Division.code).where(
        col(Division.short).in_([each["short"] for each in chunk])
    )
    taken = dict(session.exec(query).all())
    for each in chunk:
        owner = taken.get(each["short"], each["code"])
        if owner != each["code"]:
            outcome.wrong(each["row"], "short", "short_taken", each["short"], grid=owner)


def _write(session: Session, chunk: list[Values], districts: set[str], outcome: Outcome) -> None:
    known = _known(session, chunk, districts)
    fresh: list[Values] = []
    changed: list[Values] = []
    for each in chunk:
        del each["row"]
        before = known.get(each["code"])
        if before is None:
            lists = {name: each.get(name, []) for name in ("successors", "places")}
            fresh.append(each | lists)
        elif any(before[name] != value for name, value in each.items()):
            changed.append(each)
            outcome.ended += bool(each.get("ends_on")) and not before["ends_on"]
    outcome.added += len(fresh)
    outcome.changed += len(changed)
    outcome.unchanged += len(chunk) - len(fresh) - len(changed)
    if fresh:
        session.connection().execute(insert(TABLE), fresh)
    _update(session, changed)


def _known(session: Session, chunk: list[Values], districts: set[str]) -> dict[str, Values]:
    """The rows that are there already, by code. New districts are not asked for."""
    by_district: dict[str, list[str]] = defaultdict(list)
    for each in chunk:
        if each["district"] in districts:
            by_district[each["district"]].append(each["code"])
    known: dict[str, Values] = {}
    columns = [TABLE.c.district, TABLE.c.code, *(TABLE.c[name] for name in COLUMNS)]
    for district, codes in by_district.items():
        query = select(*columns).where(TABLE.c.district == district, TABLE.c.code.in_(codes))
        found = session.connection().execute(query).mappings()
        known |= {row["code"]: dict(row) for row in found}
    return known


def _update(session: Session, changed: list[Values]) -> None:
    """One statement for all rows: a file has the same columns in every row."""
    if not changed:
        return
    keys = ("district", "code")
    names = [name for name in changed[0] if name not in keys]
    statement = (
        update(TABLE)
        .where(*(TABLE.c[key] == bindparam(f"old_{key}") for key in keys))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    values = [
        {f"old_{key}": each[key] for key in keys} | {f"new_{n}": each[n] for n in names}
        for each in changed
    ]
    session.connection().execute(statement, values)


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of at most CHUNK."""
    left = iter(items)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
