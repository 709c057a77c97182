"""Units outside of the line of grids. A unit ends on its date; who isn't in the file is left."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from models import Unit
from services.equipment import equipment, vault
from services.imports.cells import Cells
from services.imports.contacts import PHONE
from services.imports.outcome import Outcome
from services.imports.units import Units
from services.territory import department_of, district_of
from services.units import plan_end

BY = ("chat", "phone")


def bring_units(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Columns unit, name, by; phone, ends_on and successor if there are any.

    `unit` is `area:department`, as in the list of people. Numbers are sealed.
    """
    units, found = Units(session, now), dict[str, Unit]()
    for cells in rows:
        line = _line(session, cells, units)
        if line.code in found and not cells.bad:
            cells.wrong("unit", "doubled")
        found[line.code] = line
    if not outcome.failed:
        for line in found.values():
            _bring(session, line, now, outcome)
        session.flush()


def _line(session: Session, cells: Cells, units: Units) -> Unit:
    code, name = units.check(cells), cells.needed("name")
    if code and department_of(code) is None:
        cells.wrong("unit", "not_a_department")
    phone = cells.text("phone")
    if phone and (not set(phone) <= PHONE or not any(each.isdigit() for each in phone)):
        cells.wrong("phone", "not_a_phone", "")
    if phone and equipment(session).vault is None:
        cells.wrong("phone", "no_vault", "")
    return Unit(
        district=district_of(code),
        code=code,
        name=name,
        by=cells.choice("by", BY, default="chat"),
        phone=phone,
        ends_on=cells.day("ends_on"),
        successor=cells.text("successor") or None,
    )


def _bring(session: Session, line: Unit, now: datetime, outcome: Outcome) -> None:
    before = session.get(Unit, (line.district, line.code))
    if before is None:
        outcome.added += 1
        line.phone = vault(session).seal(line.phone) if line.phone else ""
        session.add(line)
        if line.ends_on is not None:
            plan_end(session, line, now)
        return
    number = vault(session).open(before.phone) if before.phone else ""
    names = ("name", "by", "ends_on", "successor")
    same = all(getattr(before, name) == getattr(line, name) for name in names)
    if same and number == line.phone:
        outcome.unchanged += 1
        return
    if line.ends_on is not None and before.ends_on is None:
        outcome.ended += 1
    else:
        outcome.changed += 1
    moved = before.ends_on != line.ends_on
    for name in names:
        setattr(before, name, getattr(line, name))
    before.phone = vault(session).seal(line.phone) if line.phone else ""
    session.add(before)
    if moved:
        plan_end(session, before, now)
