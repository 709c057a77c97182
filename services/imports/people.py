"""People and what they may be. Who is in the file has the roles that the file gives, no others;
who isn't in it is left alone. A person with two roles has two rows. Cases of who has lost a role
go to the next in line, and the desk hears."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from domain.roles import RoleName
from models import Audit, Invite, Person, Role
from services import handling
from services.imports.cells import Cells
from services.imports.outcome import Outcome
from services.imports.units import Refs, Units, people_by_ref
from services.territory import department_of, district_of
from services.texts import DEFAULT, LANGUAGES

ROLES = tuple(str(name) for name in RoleName)


@dataclass(slots=True)
class Entry:
    """One person of the list: everything their rows say."""

    ref: str
    name: str
    skills: list[str]
    language: str
    roles: set[tuple[str, str]] = field(default_factory=set)
    # (role, unit) → the id of who stands in there; "" for nobody; left out: as it was
    backups: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Standing:
    """What the database has of a district before the import."""

    people: dict[str, Person]
    roles: dict[object, dict[tuple[str, str], Role]]
    lost: list[tuple[Person, str]] = field(default_factory=list)


def bring_people(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Columns id, name, role, unit, skills, lang, backup (the id of who stands in there).

    An empty role ends all that the person had.
    """
    lists: dict[str, dict[str, Entry]] = defaultdict(dict)
    units = Units(session, now)
    standing_in: list[Cells] = []
    for cells in rows:
        _read(cells, units, lists)
        if cells.text("backup"):
            standing_in.append(cells)
    _check_backups(session, standing_in, lists)
    if outcome.failed:
        return
    for district, entries in lists.items():
        standing = _Standing(people_by_ref(session, district), _roles(session, district))
        for entry in entries.values():
            _bring(session, district, entry, standing, now, outcome)
        session.flush()
        for entry in entries.values():
            outcome.changed += _set_backups(session, district, entry)
        session.flush()
        for person, unit in standing.lost:
            handling.without_role(session, person, unit, now)


def _read(cells: Cells, units: Units, lists: dict[str, dict[str, Entry]]) -> None:
    ref, name = cells.needed("id"), cells.needed("name")
    unit = units.check(cells)
    language = cells.choice("lang", LANGUAGES, default=DEFAULT)
    role = cells.choice("role", ROLES, default="")
    if role:
        _check_department(cells, role, unit)
    entry = lists[district_of(unit)].setdefault(
        ref, Entry(ref, name, cells.many("skills"), language)
    )
    if entry.name != name:
        cells.wrong("name", "two_names", first=entry.name)
    if (role, unit) in entry.roles:
        cells.wrong("id", "doubled", ref)
    entry.roles.add((role, unit))
    if cells.given("backup"):
        entry.backups[(role, unit)] = cells.text("backup")
    entry.skills = list(dict.fromkeys([*entry.skills, *cells.many("skills")]))


def _check_backups(
    session: Session, standing_in: list[Cells], lists: dict[str, dict[str, Entry]]
) -> None:
    """Who stands in is somebody else of the same district, in this file or known before."""
    refs = Refs(session)
    for cells in standing_in:
        district, ref = district_of(cells.text("unit")), cells.text("backup")
        if ref == cells.text("id"):
            cells.wrong("backup", "own_backup")
        elif ref not in lists[district] and refs.find(district, ref) is None:
            cells.wrong("backup", "unknown_person")


def _set_backups(session: Session, district: str, entry: Entry) -> int:
    """Who stands in for the person, as the file says; how many differed."""
    if not entry.backups:
        return 0
    refs = people_by_ref(session, district)
    held = _roles(session, district)[refs[entry.ref].id]
    changed = 0
    for key, ref in entry.backups.items():
        wanted = refs[ref].id if ref else None
        if key in held and held[key].backup != wanted:
            held[key].backup = wanted
            session.add(held[key])
            changed += 1
    return changed


def _check_department(cells: Cells, role: str, unit: str) -> None:
    """A department's people are in a department, and nobody else is."""
    if unit and (role == RoleName.DEPARTMENT) != (department_of(unit) is not None):
        cells.wrong("unit", "not_a_department" if department_of(unit) is None else "a_department")


def _bring(
    session: Session,
    district: str,
    entry: Entry,
    standing: _Standing,
    now: datetime,
    outcome: Outcome,
) -> None:
    person = standing.people.get(entry.ref)
    if person is None:
        person = Person(district=district, ref=entry.ref, language=entry.language, made_at=now)
        outcome.added += 1
        _describe(person, entry)
        session.add(person)
        _set_roles(session, person, entry, {}, now)
        return
    differs = _describe(person, entry)
    session.add(person)
    held = standing.roles.get(person.id, {})
    gained, lost = _set_roles(session, person, entry, held, now)
    standing.lost += [(person, unit) for _, unit in set(held) - entry.roles]
    if lost:
        outcome.ended += lost
    if differs or gained:
        outcome.changed += 1
    elif not lost:
        outcome.unchanged += 1


def _describe(person: Person, entry: Entry) -> bool:
    """Write what the list says; whether anything differed. A chosen language stays."""
    language = person.language if person.language_chosen else entry.language
    before = (person.name, list(person.skills), person.language)
    after = (entry.name, entry.skills, language)
    if before == after:
        return False
    person.name, person.skills, person.language = entry.name, entry.skills, language
    return True


def _roles(session: Session, district: str) -> dict[object, dict[tuple[str, str], Role]]:
    query = select(Role).where(Role.district == district, col(Role.revoked_at).is_(None))
    found: dict[object, dict[tuple[str, str], Role]] = defaultdict(dict)
    for role in session.exec(query):
        found[role.person][(role.role, role.unit)] = role
    return found


def _set_roles(
    session: Session,
    person: Person,
    entry: Entry,
    held: dict[tuple[str, str], Role],
    now: datetime,
) -> tuple[int, int]:
    """How many roles were given and how many ended."""
    wanted = {(role, unit) for role, unit in entry.roles if role}
    gained = sorted(wanted - set(held))
    lost = sorted(set(held) - wanted)
    for role, unit in gained:
        session.add(
            Role(district=person.district, person=person.id, role=role, unit=unit, since=now)
        )
        _audit(session, person, "role_given", role, unit, now)
    for key in lost:
        held[key].revoked_at = now
        session.add(held[key])
        _audit(session, person, "role_ended", *key, now)
    if not wanted:
        _end_invites(session, person, now)
    return len(gained), len(lost)


def _end_invites(session: Session, person: Person, now: datetime) -> None:
    query = select(Invite).where(
        Invite.district == person.district,
        Invite.person == person.id,
        col(Invite.used_at).is_(None),
        col(Invite.revoked_at).is_(None),
    )
    for invite in session.exec(query):
        invite.revoked_at = now
        session.add(invite)


def _audit(
    session: Session, person: Person, what: str, role: str, unit: str, now: datetime
) -> None:
    session.add(
        Audit(
            district=person.district,
            at=now,
            act=what,
            object=f"person:{person.id}",
            facts={"role": role, "unit": unit, "by": "import"},
        )
    )
