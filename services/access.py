"""Objects come through here: nobody fetches raw, and what one may not see doesn't exist."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session, col, select

from domain.refused import Refused
from domain.roles import ActorFacts, RoleIn, RoleName, Standing, is_desk_of_circle, standings
from models import Case, Person, Role, Voice
from models.cases import OTHER_SIDE
from models.known import STAFF, known
from services.cases import all_within, begins, facts_of, goes_on_as, own_within


def roles_of(session: Session, person: Person) -> tuple[RoleIn, ...]:
    """The person's roles that hold now. A revoked role is gone at once."""
    if person.id not in _staff(session, person.district):
        return ()
    key = ("roles of", person.district, person.id)
    return known(session, STAFF, key, lambda: _roles(session, person.district, person.id))


def _staff(session: Session, district: str) -> frozenset[UUID]:
    """Everybody who has any role."""

    def find() -> frozenset[UUID]:
        query = select(Role.person).where(Role.district == district)
        return frozenset(session.exec(query.where(col(Role.revoked_at).is_(None))))

    return known(session, STAFF, ("staff", district), find)


def _roles(session: Session, district: str, person: UUID) -> tuple[RoleIn, ...]:
    query = select(Role.role, Role.unit).where(
        Role.district == district, Role.person == person, col(Role.revoked_at).is_(None)
    )
    return tuple(RoleIn(RoleName(role), unit) for role, unit in session.exec(query))


def is_staff(session: Session, person: Person) -> bool:
    """Whether the person has any role."""
    return bool(roles_of(session, person))


def actor_of(session: Session, person: Person, case: Case) -> ActorFacts:
    """Who the person is to the rules, with regard to this case."""
    part = _part(session, person, case)
    other = part == OTHER_SIDE
    voice = part is not None and not other
    return ActorFacts(person.id, roles_of(session, person), voice, other_side=other)


def _part(session: Session, person: Person, case: Case) -> str | None:
    """What a person's voice in the case is; None without one."""
    if begins(session, case):
        return "reporter" if case.reporter == person.id else None
    voice = session.get(Voice, (case.district, case.id, person.id))
    return voice.part if voice is not None else None


def standings_of(session: Session, person: Person, case: Case) -> frozenset[Standing]:
    """What the person is to this case."""
    return standings(actor_of(session, person, case), facts_of(case).place())


def case_of(session: Session, district: str, key: UUID | None) -> Case:
    """The case of this key. Raises Refused `case_unknown`."""
    case = session.get(Case, (district, key)) if key is not None else None
    if case is None:
        raise Refused("case_unknown")
    return case


def locked_case(session: Session, district: str, key: UUID | None) -> Case:
    """The case, held by this unit of work until it ends: two changes never meet.

    Raises Refused `case_unknown`.
    """
    query = select(Case).where(Case.district == district, Case.id == key).with_for_update()
    case = session.exec(query.execution_options(populate_existing=True)).first()
    if case is None:
        raise Refused("case_unknown")
    return case


def locked_cases(session: Session, district: str, keys: Iterable[UUID | None]) -> dict[UUID, Case]:
    """The cases of these keys, with all that are one matter with them, held as by `locked_case`.

    Always in the order of their keys: two units of work that hold several never wait for each
    other. Raises Refused `case_unknown`.
    """
    found = set[UUID]()
    for key in keys:
        case = case_of(session, district, key)
        into = goes_on_as(session, case)
        found |= {case.id, into.id, *(each.id for each in all_within(session, into))}
    return {key: locked_case(session, district, key) for key in sorted(found)}


def locked_together(session: Session, district: str, key: UUID | None) -> Case:
    """The case, held with all that are one matter with it (`locked_cases`)."""
    case = case_of(session, district, key)
    return locked_cases(session, district, [key])[case.id]


def case_by_number(session: Session, person: Person, number: str) -> Case:
    """A case by its human number, for somebody who may read it.

    Raises Refused `case_unknown`, also when it exists and isn't theirs to see.
    """
    query = select(Case).where(Case.district == person.district, Case.number == number.upper())
    case = session.exec(query).first()
    if case is not None and not may_read(session, person, case):
        case = own_within(session, case, person.id)
    if case is None or not may_read(session, person, case):
        raise Refused("case_unknown", number=number)
    return case


def may_handle(session: Session, person: Person, case: Case) -> bool:
    """Whether the person is one of the case's hands or its desk, and not only its reporter."""
    held = standings_of(session, person, case)
    return bool(held & {Standing.OWNER, Standing.TEAM, Standing.DESK})


def is_circle_desk(session: Session, person: Person, case: Case) -> bool:
    """Whether the person is of the desk of the circle that has the case, or of one above."""
    if case.reach == "named":
        return False
    return is_desk_of_circle(roles_of(session, person), case.grid, case.circle)


def may_read(session: Session, person: Person, case: Case) -> bool:
    """The whole case: for its reporter, its hands and its desk."""
    return bool(
        standings_of(session, person, case)
        & {Standing.REPORTER, Standing.OWNER, Standing.TEAM, Standing.DESK}
    )
