"""The sheets that can be imported, recognised by their header."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from services.imports.calendars import bring_days, bring_hours
from services.imports.catalogue import bring_catalogue
from services.imports.cells import Cells
from services.imports.contacts import bring_contacts
from services.imports.divisions import bring_divisions, bring_grids
from services.imports.duty import bring_duty
from services.imports.outcome import HEADER, Outcome
from services.imports.outside import bring_units
from services.imports.people import bring_people
from services.imports.shapes import bring_shapes

Bring = Callable[[Session, Iterable[Cells], datetime, Outcome], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of table. `mark`: the columns that give it away; `needs`: those it can't be without.

    Sheets are listed in the order in which one leans on another.
    """

    name: str
    mark: frozenset[str]
    needs: tuple[str, ...]
    bring: Bring


def _sheet(name: str, mark: str, needs: str, bring: Bring) -> Sheet:
    return Sheet(name, frozenset(mark.split()), tuple(needs.split()), bring)


KIND = """code class name_zh_hans name_zh_hant name_en description_en circle lead default_urgency
    reach evidence privacy verify revisit_days emergency_number source first_steps_zh_hans
    first_steps_en"""
CONDITION = """code condition_zh condition_en limit_value limit_unit closing_condition_zh
    closing_condition_en source"""
MATTER = "code name_zh_hans name_zh_hant name_en where_to_go_zh where_to_go_en"

_ALL = (
    _sheet("divisions", "code parent level name", "code parent level name", bring_divisions),
    _sheet("grids", "code parent name kind short", "code parent name short", bring_grids),
    _sheet("shapes", "code geometry", "code geometry", bring_shapes),
    _sheet("days", "district date work name", "district date work name", bring_days),
    _sheet("hours", "district opens closes", "district opens closes", bring_hours),
    _sheet("people", "id name role unit", "id name role unit", bring_people),
    _sheet("duty", "person unit from to", "person unit from to", bring_duty),
    _sheet("units", "unit name by", "unit name", bring_units),
    _sheet("contacts", "unit order name phone", "unit order name phone", bring_contacts),
    _sheet("kinds", "code class circle lead reach default_urgency", KIND, bring_catalogue),
    _sheet("conditions", "code condition_zh limit_value limit_unit", CONDITION, bring_catalogue),
    _sheet("not_admitted", "code where_to_go_zh where_to_go_en", MATTER, bring_catalogue),
    _sheet("lexicon", "language word weight", "code language word weight", bring_catalogue),
)
SHEETS = {sheet.name: sheet for sheet in _ALL}
ORDER = tuple(SHEETS)
CATALOGUE = ("kinds", "conditions", "not_admitted", "lexicon")


def recognise(header: Iterable[str]) -> Sheet | None:
    """The sheet that this header comes nearest to, or None if it is like no sheet.

    A header is like a sheet if it has more than half of the columns that give it away.
    """
    columns = set(header)
    best = max(_ALL, key=lambda sheet: len(sheet.mark & columns) / len(sheet.mark))
    return best if 2 * len(best.mark & columns) > len(best.mark) else None


def check_header(sheet: Sheet, header: list[str], outcome: Outcome) -> None:
    """Columns that are missing or there twice."""
    for column in sheet.needs:
        if column not in header:
            outcome.wrong(HEADER, column, "no_column")
    for column in sorted({each for each in header if each and header.count(each) > 1}):
        outcome.wrong(HEADER, column, "column_twice")
