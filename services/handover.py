"""Handing over: everything that a leaving worker has goes to the next, in one action.

Open cases keep their state and their deadline, closed ones their revisits; shifts to come change
hands, and whoever the leaving one stood in for is covered by the next. Cases go in portions, each
a unit of work of its own, so that a long list stops nobody; at the end both and the desk hear.
A matter for one named person goes along the line of such people instead.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from domain.lifecycle import OPEN, State, Verb
from domain.refused import Refused
from domain.roles import CLOCK, RoleName, is_desk
from models import Case, Due, Person, Role, Shift
from services import due, handling, notices, people, place_notes, roster, territory, worklist
from services.access import actor_of, locked_case, roles_of
from services.enrolment import may_administer
from services.outbox import Message
from services.texts import say

# the name of the due row that moves the next portion
HANDOVER = "handover"
# cases in one unit of work: some 40 ms each, far below the 2 s that a unit may take
PORTION = 10
MOST_CANDIDATES = 8
# open, and not just coming into being
_MOVING = tuple(sorted(OPEN - {State.COLLECTED}))


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has: open cases, revisits to come, shifts to come, people they stand in for,
    notes on places."""

    cases: int
    revisits: int
    shifts: int
    stands_in: int
    notes: int

    def facts(self) -> dict[str, Any]:
        """For the sentences."""
        return {
            "cases": self.cases,
            "revisits": self.revisits,
            "shifts": self.shifts,
            "stands_in": self.stands_in,
            "notes": self.notes,
        }


def held(session: Session, person: Person, now: datetime) -> Held:
    """What a handover would move."""
    own = (Case.district == person.district, Case.owner == person.id)
    cases = select(func.count()).select_from(Case).where(*own, col(Case.state).in_(_MOVING))
    return Held(
        session.exec(cases).one(),
        len(_revisits(session, person)),
        len(_shifts(session, person, now)),
        len(_stood_in_for(session, person)),
        len(place_notes.kept_by(session, person)),
    )


def _revisits(session: Session, person: Person) -> list[UUID]:
    query = (
        select(Case.id)
        .join(Due, (col(Due.district) == Case.district) & (col(Due.case) == Case.id))
        .where(Case.district == person.district, Case.owner == person.id)
        .where(Due.district == person.district, Due.state == "pending")
        .where(Due.name == "case.revisit", Case.state == str(State.CLOSED))
        .where(Case.reach != "named")
    )
    return list(session.exec(query))


def _shifts(session: Session, person: Person, now: datetime) -> list[Shift]:
    query = (
        select(Shift)
        .where(Shift.district == person.district, Shift.person == person.id)
        .where(col(Shift.end) > now)
        .order_by(col(Shift.start), col(Shift.id))
    )
    return list(session.exec(query))


def _stood_in_for(session: Session, person: Person) -> list[Role]:
    query = select(Role).where(
        Role.district == person.district,
        Role.backup == person.id,
        col(Role.revoked_at).is_(None),
    )
    return list(session.exec(query))


def candidates(session: Session, actor: Person, leaver: Person) -> list[Person]:
    """Who could be the next: colleagues of the same units first, then of the grids beside them.

    Raises Refused `not_yours_to_administer`, `not_yourself`.
    """
    if actor.id == leaver.id:
        raise Refused("not_yourself")
    if not may_administer(session, actor, leaver):
        raise Refused("not_yours_to_administer")
    own = [territory.area_of(role.unit) for role in roles_of(session, leaver)]
    near = {unit[: territory.LENGTHS["community"]] for unit in own}
    query = (
        select(Role.person, Role.unit)
        .where(Role.district == leaver.district, col(Role.revoked_at).is_(None))
        .where(col(Role.role).in_([str(RoleName.WORKER), str(RoleName.LEADER)]))
        .order_by(col(Role.since), col(Role.id))
    )
    found = [
        (key, unit)
        for key, unit in session.exec(query)
        if key != leaver.id and any(unit.startswith(each) for each in near)
    ]
    ordered = dict.fromkeys(key for key, _ in sorted(found, key=lambda each: each[1] not in own))
    rows = (people.find(session, leaver.district, key) for key in ordered)
    return [each for each in rows if each is not None and each.reachable][:MOST_CANDIDATES]


def set_backup(
    session: Session, actor: Person, person: Person, backup: Person | None, now: datetime
) -> None:
    """Who stands in for the person, in all that they work in; both hear. None: nobody.

    Raises Refused `not_yours_to_administer`, `not_yourself`, `person_gone`.
    """
    able = [each.id for each in candidates(session, actor, person)]
    if backup is not None and backup.id not in able:
        raise Refused("person_gone")
    query = select(Role).where(
        Role.district == person.district,
        Role.person == person.id,
        col(Role.revoked_at).is_(None),
    )
    for role in session.exec(query):
        role.backup = backup.id if backup is not None else None
        session.add(role)
    session.flush()
    to = str(backup.id) if backup is not None else ""
    roster.trace(session, person.district, actor.id, "backup_set", f"person:{person.id}", now,
                 to=to)  # fmt: skip
    for reader in (person, backup):
        if backup is not None and reader is not None:
            facts: dict[str, Any] = {"name": person.name, "backup": backup.name}
            roster.notice(session, reader, say("roster.backup", reader.language, **facts), now)


def hand_over(
    session: Session, actor: Person, leaver: Person, following: Person, now: datetime
) -> Held:
    """Everything goes to `following`; the first portion of cases at once. Returns what moves.

    Raises Refused `not_yours_to_administer`, `not_yourself`, `person_gone`.
    """
    if following.id not in [each.id for each in candidates(session, actor, leaver)]:
        raise Refused("person_gone")
    moves = held(session, leaver, now)
    _move_shifts(session, leaver, following, now)
    for role in _stood_in_for(session, leaver):
        role.backup = following.id if role.person != following.id else None
        session.add(role)
    for note in place_notes.kept_by(session, leaver):
        note.keeper = following.id
        session.add(note)
    session.flush()
    facts = {"to": str(following.id)}
    roster.trace(session, leaver.district, actor.id, "handed_over", f"person:{leaver.id}", now,
                 **facts)  # fmt: skip
    given = {"to": str(following.id), "by": str(actor.id), **moves.facts()}
    key = f"{HANDOVER}:{leaver.id}:{following.id}"
    due.plan(session, leaver.district, key, HANDOVER, now, subject=str(leaver.id), data=given)
    return moves


def _move_shifts(session: Session, leaver: Person, following: Person, now: datetime) -> None:
    """Shifts to come change hands; of one that is running, the rest. Where the next is on duty
    already in the same unit, the leaving one's shift is covered by theirs."""
    theirs = _shifts(session, following, now)
    for shift in _shifts(session, leaver, now):
        there = [each for each in theirs if each.unit == shift.unit]
        covered = any(
            each.start <= max(shift.start, now) and each.end >= shift.end for each in there
        )
        begun = shift.start < now
        if not covered:
            start = max(shift.start, now)
            _give(session, following, shift.unit, start, shift.end, there)
        if begun:
            shift.end = now
            session.add(shift)
        else:
            session.connection().execute(
                delete(Shift).where(
                    col(Shift.district) == shift.district, col(Shift.id) == shift.id
                )
            )
            session.expunge(shift)


def _give(
    session: Session,
    person: Person,
    unit: str,
    start: datetime,
    end: datetime,
    there: list[Shift],
) -> None:
    """The person has duty then; a shift of theirs that begins at the same moment grows."""
    same = next((each for each in there if each.start == start), None)
    if same is None:
        same = Shift(district=person.district, person=person.id, unit=unit, start=start, end=end)
        there.append(same)
    same.end = max(same.end, end)
    session.add(same)
    session.flush()


def fire(session: Session, row: Due, now: datetime) -> None:
    """The next portion; when nothing is left, both and the desk hear."""
    leaver = people.person(session, row.district, UUID(row.subject or ""))
    following = people.person(session, row.district, UUID(row.data["to"]))
    by = people.person(session, row.district, UUID(row.data["by"]))
    keys = _next_portion(session, leaver)
    for key in keys:
        _hand_over_case(session, key, by, following, now)
    if len(keys) == PORTION:
        due.plan(session, row.district, row.key, HANDOVER, now, subject=row.subject, data=row.data)
        return
    _tell(session, row, leaver, following, now)


def _next_portion(session: Session, leaver: Person) -> list[UUID]:
    query = (
        select(Case.id)
        .where(Case.district == leaver.district, Case.owner == leaver.id)
        .where(col(Case.state).in_(_MOVING))
        .order_by(col(Case.due_at), col(Case.id))
        .limit(PORTION)
    )
    found = list(session.exec(query))
    return (found + _revisits(session, leaver))[:PORTION]


def _hand_over_case(
    session: Session, key: UUID, by: Person, following: Person, now: datetime
) -> None:
    case = locked_case(session, by.district, key)
    if case.reach == "named":
        handling.by_clock(session, case, Verb.PASS_ON, now)
        return
    desk = is_desk(roles_of(session, by), case.grid)
    actor = actor_of(session, by, case) if desk else CLOCK
    facts = {"from": str(case.owner), "to": str(following.id), "by": str(by.id)}
    handling.change_case(
        session, case, Verb.HAND_OVER, actor, now, next_owner=following.id, facts=facts
    )


def _tell(session: Session, row: Due, leaver: Person, following: Person, now: datetime) -> None:
    counts = {
        name: row.data[name] for name in ("cases", "revisits", "shifts", "stands_in", "notes")
    }
    facts: dict[str, Any] = {"leaver": leaver.name, "next": following.name, **counts}
    for reader, key in ((leaver, "handover.gone"), (following, "handover.yours")):
        roster.notice(session, reader, say(key, reader.language, **facts), now)
    message: Message | None = worklist.worklist(session, following, now)
    if message is not None:
        roster.notice(session, following, message.text, now, message.buttons)
    areas = [territory.area_of(role.unit) for role in roles_of(session, leaver)]
    area = areas[0] if areas else leaver.district
    notices.tell_desk(session, leaver.district, area, "handover.desk", now, **facts)
