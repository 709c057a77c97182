"""Contact sheets. A unit in the file has the lines that the file gives, no others."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, select

from models import Contact
from services.equipment import equipment, vault
from services.imports.cells import Cells
from services.imports.outcome import Outcome
from services.imports.units import Units
from services.territory import district_of
from services.vault import Vault

# what may stand in a number: digits, an international plus, extensions
PHONE = frozenset("0123456789+-() #*,;转")
MOST_ORDER = 999


def bring_contacts(
    session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome
) -> None:
    """Columns unit, order, name, phone, for. Numbers are sealed before they are stored."""
    if equipment(session).vault is None:
        outcome.wrong(0, "phone", "no_vault")
        return
    sheets: dict[str, dict[int, Contact]] = defaultdict(dict)
    units = Units(session, now)
    for cells in rows:
        line = _line(cells, units)
        if line.order in sheets[line.unit] and not cells.bad:
            cells.wrong("order", "doubled")
        sheets[line.unit][line.order] = line
    if not outcome.failed:
        for unit, lines in sheets.items():
            _write(session, unit, lines, vault(session), outcome)
        session.flush()


def _line(cells: Cells, units: Units) -> Contact:
    unit, name, phone = units.check(cells), cells.needed("name"), cells.needed("phone")
    order = cells.needed("order")
    good = order.isascii() and order.isdigit() and 1 <= int(order) <= MOST_ORDER
    if order and not good:
        cells.wrong("order", "not_an_order", most=MOST_ORDER)
    if phone and (not set(phone) <= PHONE or not any(each.isdigit() for each in phone)):
        cells.wrong("phone", "not_a_phone", "")
    return Contact(
        district=district_of(unit),
        unit=unit,
        order=int(order) if good else 0,
        name=name,
        phone=phone,
        serves=";".join(cells.many("for")),
    )


def _write(
    session: Session, unit: str, lines: dict[int, Contact], safe: Vault, outcome: Outcome
) -> None:
    query = select(Contact).where(Contact.district == district_of(unit), Contact.unit == unit)
    known = {line.order: line for line in session.exec(query)}
    for order, line in lines.items():
        _bring(session, line, known.get(order), safe, outcome)
    for order, line in known.items():
        if order not in lines and line.phone:
            # nobody rings there any more, so nobody needs the number
            line.phone, line.name, line.serves = "", "", ""
            session.add(line)
            outcome.ended += 1


def _bring(
    session: Session, line: Contact, before: Contact | None, safe: Vault, outcome: Outcome
) -> None:
    if before is None:
        outcome.added += 1
        line.phone = safe.seal(line.phone)
        session.add(line)
        return
    number = safe.open(before.phone) if before.phone else ""
    if (before.name, number, before.serves) == (line.name, line.phone, line.serves):
        outcome.unchanged += 1
        return
    outcome.changed += 1
    before.name, before.serves = line.name, line.serves
    before.phone = safe.seal(line.phone)
    session.add(before)
