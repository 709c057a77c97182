"""The catalogue's sheets. A sheet in a file is the whole sheet: what it no longer has is out of
use. Sheets given together are checked together, because a kind needs its conditions."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from domain.catalogue import (
    CatalogueError,
    parse_conditions,
    parse_kinds,
    parse_not_admitted,
)
from domain.reading.lexicon import Lexicon
from models import Case, CatalogueRow
from models.cases import OPEN
from services.catalogue import (
    EVERYWHERE,
    OUT_OF_USE,
    STAMP,
    catalogue,
    rows_of,
)
from services.data import Name
from services.imports.cells import Cells
from services.imports.outcome import HEADER, Outcome

Data = dict[str, str]
CHECKS: dict[Name, Callable[[list[Data]], Iterable[CatalogueError]]] = {
    "kinds": lambda rows: parse_kinds(rows).errors,
    "conditions": lambda rows: parse_conditions(rows).errors,
    "not_admitted": lambda rows: parse_not_admitted(rows).errors,
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """A row of the file: its key within the sheet, its data and its number."""

    key: str
    data: Data
    number: int


def bring_catalogue(
    session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome
) -> None:
    """Columns as the shipped sheet has them; `district` (optional) says for whom they hold."""
    by_owner: dict[str, list[Cells]] = defaultdict(list)
    for cells in rows:
        by_owner[cells.text("district") or EVERYWHERE].append(cells)
    sheet: Name = outcome.sheet  # type: ignore[assignment]
    for owner, listed in by_owner.items():
        _check(session, owner, sheet, listed, outcome)
        if not outcome.failed:
            _write(session, owner, sheet, _keyed(sheet, listed), outcome)


def _data(cells: Cells) -> Data:
    return {column: cells.text(column) for column in cells.values if column != "district"}


def _check(
    session: Session, owner: str, sheet: Name, listed: list[Cells], outcome: Outcome
) -> None:
    rows = [_data(cells) for cells in listed]
    for error in CHECKS[sheet](rows) if sheet in CHECKS else _lexicon(session, owner, rows):
        # the rules count rows as if none were blank
        number = listed[error.row - HEADER - 1].number if error.row > HEADER else HEADER
        _note(outcome, number, error)


def _lexicon(session: Session, owner: str, rows: list[Data]) -> list[CatalogueError]:
    """What is wrong with words, by the kinds that hold by now (those of this import too)."""
    try:
        Lexicon.build(rows, catalogue(session, owner))
    except ExceptionGroup as wrong:
        return [error for error in wrong.exceptions if isinstance(error, CatalogueError)]
    return []


def _note(outcome: Outcome, number: int, error: CatalogueError) -> None:
    choices = ", ".join(error.choices)
    outcome.wrong(number, error.column, error.code, error.value, choices=choices)


def _keyed(sheet: Name, listed: list[Cells]) -> list[_Listed]:
    """Conditions and words have no code of their own: the n-th of its kind."""
    count: dict[str, int] = defaultdict(int)
    keyed = []
    for cells in listed:
        data = _data(cells)
        key = data.get("code") or data.get("kind") or ""
        if sheet in ("conditions", "lexicon"):
            count[key] += 1
            key = f"{key}:{count[key]}"
        keyed.append(_Listed(key, data, cells.number))
    return keyed


def _write(
    session: Session, owner: str, sheet: Name, listed: list[_Listed], outcome: Outcome
) -> None:
    query = select(CatalogueRow).where(CatalogueRow.district == owner, CatalogueRow.sheet == sheet)
    known = {row.key: row for row in session.exec(query)}
    for position, each in enumerate(listed):
        row = known.pop(each.key, None)
        if row is None:
            outcome.added += 1
            row = CatalogueRow(district=owner, sheet=sheet, key=each.key, position=0, data={})
        elif row.data == each.data and row.position > OUT_OF_USE:
            outcome.unchanged += 1
        else:
            outcome.changed += 1
        row.position, row.data = position, dict(each.data)
        session.add(row)
    for row in known.values():
        if row.position > OUT_OF_USE:
            row.position = OUT_OF_USE
            outcome.ended += 1
            session.add(row)
    _stamp(session, owner)


def _stamp(session: Session, owner: str) -> None:
    row = session.get(CatalogueRow, (owner, STAMP, ""))
    row = row or CatalogueRow(district=owner, sheet=STAMP, key="", position=0, data={})
    row.data = {"stamp": uuid4().hex}
    session.add(row)
    session.flush()


def check_together(session: Session, outcomes: dict[str, Outcome]) -> None:
    """Every kind in use has conditions, and every condition and open case has its kind."""
    outcome = outcomes.get("kinds") or outcomes.get("conditions")
    if outcome is None or any(each.failed for each in outcomes.values()):
        return
    for owner in _owners(session):
        kinds = parse_kinds(rows_of(session, owner, "kinds")).items
        for error in parse_conditions(rows_of(session, owner, "conditions"), kinds).errors:
            _note(outcome, HEADER, error)
        _check_open_cases(session, owner, {kind.code for kind in kinds}, outcome)


def _owners(session: Session) -> list[str]:
    query = select(CatalogueRow.district).where(CatalogueRow.sheet == STAMP)
    return sorted(session.exec(query))


def _check_open_cases(session: Session, owner: str, kinds: set[str], outcome: Outcome) -> None:
    query: Any = select(Case.kind).where(sql(OPEN), col(Case.kind).not_in(kinds)).distinct()
    if owner != EVERYWHERE:
        query = query.where(Case.district == owner)
    elif len(own := _owners(session)) > 1:
        query = query.where(col(Case.district).not_in(own))
    for kind in session.exec(query):
        outcome.wrong(HEADER, "code", "kind_in_use", kind)
