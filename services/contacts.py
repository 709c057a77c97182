"""A grid's contact sheet: whom to ring for a matter, in order, until somebody answers."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from domain.refused import Refused
from models import Audit, Contact, Person
from models.known import PLACES, known, snapshot
from services.catalogue import catalogue
from services.equipment import vault
from services.territory import codes_above
from services.vault import Vault, mask_phone


@dataclass(frozen=True, slots=True)
class Line:
    """One number to ring. `masked` is what a screen may show; `reveal` gives the number."""

    district: str
    unit: str
    order: int
    name: str
    masked: str
    serves: str = ""


def sheet(session: Session, district: str, grid: str, kind: str | None = None) -> list[Line]:
    """Whom to ring about a kind in a grid: the grid's own lines, then those of the units above.

    A line without `serves` is for everything; otherwise it names kinds (PS01), classes (PS) or
    departments (utility_gas), separated by semicolons. None for `kind`: every line.
    """
    rows = [row for row in _rows(session, district, grid) if _serves(session, row, kind)]
    if not rows:
        return []
    safe = vault(session)
    return [_line(row, safe) for row in rows]


def _rows(session: Session, district: str, grid: str) -> list[Contact]:
    """The grid's lines and those of the units above, nearest first; to be read only."""
    units = codes_above(grid)

    def find() -> list[Contact]:
        query = select(Contact).where(
            Contact.district == district, col(Contact.unit).in_(units), Contact.phone != ""
        )
        rows = [snapshot(row) for row in session.exec(query)]
        return sorted(rows, key=lambda row: (units.index(row.unit), row.order))

    return known(session, PLACES, ("contacts", district, grid), find)


def _line(row: Contact, safe: Vault) -> Line:
    masked = mask_phone(safe.open(row.phone))
    return Line(row.district, row.unit, row.order, row.name, masked, row.serves)


def _serves(session: Session, row: Contact, kind: str | None) -> bool:
    wanted = {part.strip() for part in row.serves.split(";") if part.strip()}
    if kind is None or not wanted:
        return True
    lead = catalogue(session, row.district).kind(kind).lead
    return bool(wanted & {kind, kind[:-2], lead})


def reveal(session: Session, actor: Person, line: Line, now: datetime) -> str:
    """The number itself; that somebody looked is kept. Raises Refused `contact_unknown`.

    Whether the actor may look is the caller's to decide (services/access).
    """
    row = session.get(Contact, (line.district, line.unit, line.order))
    if row is None or not row.phone:
        raise Refused("contact_unknown")
    session.add(
        Audit(
            district=line.district,
            at=now,
            actor=actor.id,
            act="phone_revealed",
            object=f"contact:{line.unit}:{line.order}",
        )
    )
    return vault(session).open(row.phone)
