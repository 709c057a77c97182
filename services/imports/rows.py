"""Rows into the database, all or nothing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from sqlmodel import Session

from models.append import savepoint
from services import daily
from services.imports.catalogue import check_together
from services.imports.cells import Cells, Row
from services.imports.outcome import HEADER, Outcome, Unreadable
from services.imports.sheets import SHEETS

# the key under which a table keeps cells beyond its header
BEYOND = ""
NUL = "\x00"


def import_rows(session: Session, sheet: str, rows: Iterable[Row], now: datetime) -> Outcome:
    """Bring in one sheet (services.imports.ORDER names them); rows are keyed by its header.

    All or nothing: with a problem nothing is written and the outcome says what is wrong.
    Importing the same again changes nothing. Objects that the session holds are read anew.
    """
    return import_tables(session, [(sheet, rows)], now)[0]


class _Undone(Exception):
    """A sheet has mistakes: none of them comes in."""


def import_tables(
    session: Session, tables: Sequence[tuple[str, Iterable[Row]]], now: datetime
) -> list[Outcome]:
    """Bring in several sheets that stand or fall together, in the order given."""
    outcomes = [Outcome(sheet) for sheet, _ in tables]
    session.flush()
    with suppress(_Undone), savepoint(session):
        for (sheet, rows), outcome in zip(tables, outcomes, strict=True):
            SHEETS[sheet].bring(session, _cells(rows, outcome), now, outcome)
        check_together(session, {each.sheet: each for each in outcomes})
        if any(each.failed for each in outcomes):
            for outcome in outcomes:
                outcome.forget()
            raise _Undone
        if any(each.sheet == "divisions" for each in outcomes):
            daily.begin(session, now)
    session.expire_all()
    return outcomes


def _cells(rows: Iterable[Row], outcome: Outcome) -> Iterator[Cells]:
    """The rows that hold anything, numbered as a spreadsheet does."""
    try:
        for number, row in enumerate(rows, start=HEADER + 1):
            if any(row.values()):
                yield from _readable(Cells(number, row, outcome))
    except Unreadable as broken:
        outcome.wrong(broken.row, "", broken.code, **broken.facts)


def _readable(cells: Cells) -> Iterator[Cells]:
    if cells.values.get(BEYOND):
        cells.wrong("", "too_many_cells", cells.values[BEYOND])
    elif any(NUL in value for value in cells.values.values()):
        cells.wrong("", "no_text", "")
    else:
        yield cells
