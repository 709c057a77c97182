"""Lists from outside: territory, people, duty, contacts and the catalogue."""

from services.imports.outcome import MOST_PROBLEMS, Outcome, Problem
from services.imports.roster import weekly
from services.imports.rows import import_rows, import_tables
from services.imports.sheets import CATALOGUE, ORDER, SHEETS
from services.imports.tables import Table, read_tables
from services.imports.town import LISTS, load_list, town_groups

__all__ = [
    "CATALOGUE",
    "LISTS",
    "MOST_PROBLEMS",
    "ORDER",
    "SHEETS",
    "Outcome",
    "Problem",
    "Table",
    "import_rows",
    "import_tables",
    "load_list",
    "read_tables",
    "town_groups",
    "weekly",
]
