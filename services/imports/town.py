"""The demo town that ships with the service: lists for `linli demo`, and examples."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from importlib.resources import files
from typing import IO

from sqlmodel import Session

from services.imports.cells import Row
from services.imports.outcome import Outcome
from services.imports.roster import weekly
from services.imports.rows import import_rows
from services.imports.tables import read_tables

FOLDER = files("services.data") / "town"
LISTS = (
    "divisions.csv",
    "grids.csv",
    "grids.geojson",
    "people.csv",
    "units.csv",
    "duty.csv",
    "contacts.csv",
)
WEEKS = 6  # of duty from the first day on: longer than any revisit


def load_list(
    session: Session, name: str, now: datetime, first: date, weeks: int = WEEKS
) -> Outcome:
    """Import one of LISTS, in their order; a unit of work each keeps every one short.

    One week of duty is repeated from the week of `first` on. Contacts need a vault.
    """
    table = read_tables(name, lambda: _opened(name))[0]
    if table.sheet is None:
        raise ValueError(f"{name} is like no sheet: {table.outcome.problems}")
    rows = table.rows()
    if table.sheet.name == "duty":
        rows = weekly(rows, first, weeks)
    return import_rows(session, table.sheet.name, rows, now)


def _opened(name: str) -> IO[bytes]:
    return (FOLDER / name).open("rb")


def town_groups() -> Sequence[Row]:
    """The town's groups: `grid`, `title` and `place`."""
    groups: list[Row] = json.loads((FOLDER / "groups.json").read_text(encoding="utf-8"))
    return groups
