"""Units and people that a row names: do they exist?"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from models import Division, Person
from services.imports.cells import Cells
from services.territory import area_of, department_of, district_of, level_of, zone


class Units:
    """The divisions in use, read district by district as they are asked for."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._codes: dict[str, set[str]] = {}

    def has(self, unit: str) -> bool:
        """Whether the unit's area is a division in use, or one that will be."""
        district = district_of(unit)
        if district not in self._codes:
            today = self._now.astimezone(zone(self._session, district)).date()
            query = select(Division.code).where(
                Division.district == district,
                or_(col(Division.ends_on).is_(None), col(Division.ends_on) > today),
            )
            self._codes[district] = set(self._session.exec(query))
        return area_of(unit) in self._codes[district]

    def check(self, cells: Cells, column: str = "unit") -> str:
        """The unit that a row names; what is wrong is noted."""
        unit = cells.needed(column)
        if not unit:
            return unit
        if level_of(area_of(unit)) is None or department_of(unit) == "":
            cells.wrong(column, "not_a_unit")
        elif not self.has(unit):
            cells.wrong(column, "unknown_unit")
        return unit


def people_by_ref(session: Session, district: str) -> dict[str, Person]:
    """Everybody imported into a district, by id."""
    query = select(Person).where(Person.district == district, col(Person.ref).is_not(None))
    return {person.ref: person for person in session.exec(query) if person.ref is not None}


class Refs:
    """The ids of people, read district by district as they are asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: dict[str, dict[str, UUID]] = {}

    def find(self, district: str, ref: str) -> UUID | None:
        """Who has this id in the district, or None."""
        if district not in self._ids:
            query = select(Person.ref, Person.id).where(
                Person.district == district, col(Person.ref).is_not(None)
            )
            rows = self._session.exec(query)
            self._ids[district] = {known: key for known, key in rows if known is not None}
        return self._ids[district].get(ref)


def by_district(cells: Iterable[tuple[str, Cells]]) -> dict[str, list[Cells]]:
    """Rows gathered by the district of their unit: no statement touches two."""
    found: dict[str, list[Cells]] = defaultdict(list)
    for unit, each in cells:
        found[district_of(unit)].append(each)
    return dict(found)
