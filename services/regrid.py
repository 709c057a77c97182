"""Grids change on a date: one is split, several become one, one ends, a new estate begins.

The list of grids says so ahead (`ends_on`, `successors`); until then a preview counts what moves
where, and the change can be called off. On its date, at local midnight, it takes effect by itself:
roles, shifts, contacts and groups go to the successors, then open cases in portions. Which
successor it is, is told by a case's location, else its building, else its group; what none of them
tells, the desk decides with a tap. History stays with the place: what is closed stays where it was.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, OPEN, State, Verb
from domain.refused import Refused
from domain.roles import CLOCK, DESK_DIGITS, ActorFacts, administers, is_desk, within
from models import BindCode, Case, Contact, Division, Due, Group, Person, PlaceNote, Role, Shift
from services import (
    alike,
    binding,
    due,
    duty,
    handling,
    notices,
    people,
    place_notes,
    roster,
    routing,
    territory,
)
from services.access import actor_of, locked_case, roles_of
from services.buttons import data
from services.cards import kind_name, look_at, public_place
from services.outbox import About, Button, Message, put
from services.place_notes import building_key
from services.texts import say

# the name of the due row by which a grid's change takes effect
REGRID = "regrid"
# cases in one unit of work: some 40 ms each, far below the 2 s that a unit may take
PORTION = 10
MOST_CHOICES = 8
_MOVING = tuple(sorted(OPEN - {State.COLLECTED}))


@dataclass(frozen=True, slots=True)
class Place:
    """What tells a successor from the others: (latitude, longitude), a building, a group."""

    location: tuple[float, float] | None = None
    building: str | None = None
    group: UUID | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a grid's change moves. `undecided`: cases that the desk will have to place."""

    grid: Division
    into: tuple[str, ...]
    cases: int
    undecided: int
    groups: int
    people: int
    shifts: int
    due: int

    def facts(self) -> dict[str, Any]:
        """For the sentences."""
        return {
            "on": str(self.grid.ends_on),
            "name": self.grid.name,
            "into": "、".join(self.into),
            "cases": self.cases,
            "undecided": self.undecided,
            "groups": self.groups,
            "people": self.people,
            "shifts": self.shifts,
            "due": self.due,
        }


# --- ahead of the date ---


def plan(session: Session, grid: Division, now: datetime) -> None:
    """The change takes effect at the local midnight of `ends_on`; planned again, nothing moves."""
    assert grid.ends_on is not None
    key = _key(grid)
    if due.is_known(session, grid.district, key):
        return
    midnight = datetime.combine(grid.ends_on, time(), duty.zone(session, grid.district))
    facts = {"on": grid.ends_on.isoformat()}
    at = max(midnight, now)
    due.plan(session, grid.district, key, REGRID, at, subject=grid.code, data=facts)


def _key(grid: Division) -> str:
    return f"{REGRID}:{grid.code}:{grid.ends_on}"


def planned(session: Session, actor: Person, now: datetime) -> list[Division]:
    """The grids of theirs that will end, the first first."""
    today = now.astimezone(duty.zone(session, actor.district)).date()
    query = select(Division).where(
        Division.district == actor.district,
        Division.level == "grid",
        col(Division.ends_on) > today,
    )
    roles = roles_of(session, actor)
    rows = session.exec(query.order_by(col(Division.ends_on), Division.code))
    return [each for each in rows if administers(roles, each.code)]


def preview(session: Session, grid: Division) -> Preview:
    """What would move, counted; nothing is changed."""
    options = successors(session, grid.district, grid.code, grid.ends_on or date.max)
    cases = _open_cases(session, grid)
    chosen = [choose(session, grid.district, options, place_of(each)) for each in cases]
    return Preview(
        grid,
        tuple(each.name for each in options),
        len(cases),
        sum(each is None for each in chosen),
        len(territory.groups_of_grid(session, grid.district, grid.code)),
        len({role.person for role in _roles(session, grid)}),
        len(_shifts_after(session, grid, None)),
        _due_rows(session, grid),
    )


def _open_cases(session: Session, grid: Division) -> list[Case]:
    query = select(Case).where(
        Case.district == grid.district, Case.grid == grid.code, col(Case.state).in_(_MOVING)
    )
    return list(session.exec(query))


def _due_rows(session: Session, grid: Division) -> int:
    query = (
        select(func.count())
        .select_from(Due)
        .join(Case, (col(Case.district) == Due.district) & (col(Case.id) == Due.case))
        .where(Due.district == grid.district, Due.state == "pending")
        .where(Case.grid == grid.code, col(Case.state).in_(_MOVING))
    )
    return session.exec(query).one()


def call_off(session: Session, actor: Person, code: str, now: datetime) -> Division:
    """The grid goes on after all. Raises Refused `grid_unknown`, `not_yours_to_administer`."""
    row = session.get(Division, (actor.district, code))
    if row is None or row.ends_on is None or territory.has_ended(session, row.district, code, now):
        raise Refused("grid_unknown", unit=code)
    if not administers(roles_of(session, actor), code):
        raise Refused("not_yours_to_administer")
    due.drop(session, row.district, _key(row), "called_off")
    row.ends_on, row.successors = None, []
    session.add(row)
    roster.trace(session, row.district, actor.id, "regrid_called_off", f"grid:{code}", now)
    session.flush()
    return row


# --- which successor ---


def successors(session: Session, district: str, code: str, day: date) -> list[Division]:
    """The grids that a grid has become by a day, itself if it is still in use, by code."""
    found: dict[str, Division] = {}
    seen: set[str] = set()
    ahead = [code]
    while ahead:
        one = ahead.pop()
        row = territory.find_division(session, district, one)
        if row is None or one in seen:
            continue
        seen.add(one)
        if one != code and territory.runs_on(row, day):
            found[one] = row
        elif row.ends_on is not None:
            ahead += row.successors
    return [found[each] for each in sorted(found)]


def place_of(case: Case) -> Place:
    """Where a case lies, as far as it tells."""
    at = (case.lat, case.lon) if case.lat is not None and case.lon is not None else None
    return Place(at, case.place_building, case.group)


def choose(
    session: Session, district: str, options: Sequence[Division], place: Place
) -> str | None:
    """The successor that the place belongs to; None if nothing tells."""
    if len(options) == 1:
        return options[0].code
    if place.location is not None:
        holding = [each.code for each in options if _holds(each, place.location)]
        if holding:
            return holding[0]
    building = building_key(session, district, place.building)
    listed = [
        each.code
        for each in options
        if building and building in {building_key(session, district, name) for name in each.places}
    ]
    if len(listed) == 1:
        return listed[0]
    group = territory.find_group(session, district, place.group)
    codes = [each.code for each in options]
    return group.grid if group is not None and group.grid in codes else None


def _holds(grid: Division, location: tuple[float, float]) -> bool:
    import shapely.geometry

    lat, lon = location
    outline = grid.polygon
    return bool(outline) and shapely.geometry.shape(outline).intersects(shapely.Point(lon, lat))


def where_now(
    session: Session, district: str, code: str, place: Place, now: datetime
) -> tuple[str, bool]:
    """The grid that a report from `code` belongs to, and whether a desk has to decide.

    A grid in use is its own answer.
    """
    if not territory.has_ended(session, district, code, now):
        return code, False
    chosen = choose(session, district, _into(session, district, code, now), place)
    return (code, True) if chosen is None else (chosen, False)


def _into(session: Session, district: str, code: str, now: datetime) -> list[Division]:
    today = now.astimezone(duty.zone(session, district)).date()
    return successors(session, district, code, today)


# --- on the date ---


def fire(session: Session, row: Due, now: datetime) -> None:
    """The change takes effect; again for each further portion of cases."""
    old = session.get(Division, (row.district, row.subject or ""))
    if old is None or str(old.ends_on) != row.data["on"]:
        raise Refused("moved_on")
    options = _into(session, old.district, old.code, now)
    done = Counter(row.data.get("done", {}))
    if "after" not in row.data:
        done["groups"] = _move_groups(session, old, options, now)
        if options:
            _move_people(session, old, options, now)
            _move_contacts(session, old, options)
            _move_notes(session, old, options)
    keys = _next_cases(session, old, row.data.get("after"))
    for key in keys:
        done["cases" if _settle(session, key, old, options, now) else "undecided"] += 1
    facts = {"on": row.data["on"], "done": dict(done)}
    if len(keys) == PORTION:
        facts["after"] = str(keys[-1])
        due.plan(session, old.district, row.key, REGRID, now, subject=old.code, data=facts)
        return
    told: dict[str, Any] = {
        "name": old.name,
        "into": "、".join(each.name for each in options) or "—",
        "cases": done["cases"],
        "undecided": done["undecided"],
        "groups": done["groups"],
    }
    notices.tell_desk(session, old.district, old.code, "regrid.done", now, **told)


def _next_cases(session: Session, old: Division, after: str | None) -> list[UUID]:
    query = select(Case.id).where(
        Case.district == old.district, Case.grid == old.code, col(Case.state).in_(_MOVING)
    )
    if after is not None:
        query = query.where(col(Case.id) > UUID(after))
    return list(session.exec(query.order_by(col(Case.id)).limit(PORTION)))


def _settle(
    session: Session, key: UUID, old: Division, options: Sequence[Division], now: datetime
) -> bool:
    """The case goes to its successor, or the desk is asked; whether it went."""
    case = locked_case(session, old.district, key)
    chosen = choose(session, old.district, options, place_of(case))
    if chosen is None:
        ask_desk(session, case, now)
        return False
    move(session, case, chosen, CLOCK, now)
    return True


def move(session: Session, case: Case, grid: str, actor: ActorFacts, now: datetime) -> None:
    """The case belongs to `grid` from now on. Who has it keeps it if they work there, else the
    next in line is asked. Raises Refused as `decide` does."""
    community = unit = grid[: territory.LENGTHS["community"]]
    if case.owner is None:
        found = routing.manned(session, case.district, grid, case.circle)
        unit = found or grid[: DESK_DIGITS[case.circle]]
    place = {"grid": grid, "community": community}
    facts = {"from": case.grid, "grid": grid}
    handling.change_case(
        session, case, Verb.MOVE, actor, now, kind=place, next_unit=unit, facts=facts
    )
    alike.follow(case)
    if case.state in BEFORE_DONE and case.owner is not None:
        owner = people.find(session, case.district, case.owner)
        roles = roles_of(session, owner) if owner is not None else ()
        if not any(within(territory.area_of(role.unit), grid) for role in roles):
            handling.by_clock(session, case, Verb.PASS_ON, now)


def fire_case(session: Session, row: Due, now: datetime) -> None:
    """A case that reopened in a grid that is no more."""
    case = locked_case(session, row.district, UUID(row.subject or ""))
    old = territory.division(session, row.district, case.grid)
    if case.state not in _MOVING or not territory.has_ended(session, row.district, old.code, now):
        raise Refused("moved_on")
    _settle(session, case.id, old, _into(session, row.district, old.code, now), now)


def _move_groups(
    session: Session, old: Division, options: Sequence[Division], now: datetime
) -> int:
    """How many groups went; of the others the desk is asked."""
    moved = 0
    for found in territory.groups_of_grid(session, old.district, old.code):
        place = Place(building=found.place)
        chosen = choose(session, old.district, options, place)
        if chosen is None:
            _ask_about_group(session, found, _choices(session, old, options, now), now)
            continue
        _set_grid(session, found, chosen, now)
        moved += 1
    return moved


def _set_grid(session: Session, group: Group, grid: str, now: datetime) -> None:
    row = session.get_one(Group, (group.district, group.id))
    row.grid = grid
    session.add(row)
    session.flush()
    binding.post_card(session, row, now)


def _roles(session: Session, old: Division) -> list[Role]:
    """Of the grid and of the departments that serve it alone."""
    query = select(Role).where(
        Role.district == old.district,
        col(Role.unit).startswith(old.code),
        col(Role.revoked_at).is_(None),
    )
    return list(session.exec(query))


def _move_people(
    session: Session, old: Division, options: Sequence[Division], now: datetime
) -> None:
    """Roles go to the successors in which a list has placed the person already, else to all;
    shifts to come go with them."""
    codes = [each.code for each in options]
    to: dict[UUID, list[str]] = {}
    for role in _roles(session, old):
        person = people.person(session, old.district, role.person)
        there = {territory.area_of(each.unit) for each in roles_of(session, person)}
        own = [code for code in codes if code in there] or codes
        to[person.id] = own
        held = {(each.role, each.unit) for each in roles_of(session, person)}
        for code in own:
            unit = code + role.unit[len(old.code) :]
            if (role.role, unit) not in held:
                session.add(
                    Role(
                        district=old.district,
                        person=role.person,
                        role=role.role,
                        unit=unit,
                        backup=role.backup,
                        since=now,
                    )
                )
        role.revoked_at = now
        session.add(role)
    session.flush()
    for shift in _shifts_after(session, old, now):
        _move_shift(session, shift, to.get(shift.person, codes), now)
    session.flush()


def _shifts_after(session: Session, old: Division, now: datetime | None) -> list[Shift]:
    """The grid's shifts that end after `now`; None: after the grid does."""
    since = now
    if since is None:
        assert old.ends_on is not None
        since = datetime.combine(old.ends_on, time(), duty.zone(session, old.district))
    query = select(Shift).where(
        Shift.district == old.district, Shift.unit == old.code, col(Shift.end) > since
    )
    return list(session.exec(query))


def _move_shift(session: Session, shift: Shift, to: Sequence[str], now: datetime) -> None:
    """A running shift is cut: what has been done was done where it was."""
    start, end = max(shift.start, now), shift.end
    for index, code in enumerate(to):
        if _has_shift(session, shift, code, start):
            continue
        if index == 0 and shift.start >= now:
            shift.unit = code
            session.add(shift)
        else:
            fresh = Shift(
                district=shift.district, person=shift.person, unit=code, start=start, end=end
            )
            session.add(fresh)
    if shift.start < now:
        shift.end = now
        session.add(shift)
    session.flush()


def _has_shift(session: Session, shift: Shift, code: str, start: datetime) -> bool:
    query = select(Shift.id).where(
        Shift.district == shift.district,
        Shift.person == shift.person,
        Shift.unit == code,
        Shift.start == start,
    )
    return session.exec(query).first() is not None


def _move_contacts(session: Session, old: Division, options: Sequence[Division]) -> None:
    """Successors without a sheet of their own get the old one's; codes that bind go along."""
    lines = session.exec(
        select(Contact).where(Contact.district == old.district, Contact.unit == old.code)
    ).all()
    for each in options:
        own = select(Contact.order).where(
            Contact.district == old.district, Contact.unit == each.code
        )
        if session.exec(own).first() is None:
            for line in lines:
                session.add(
                    Contact(
                        district=line.district,
                        unit=each.code,
                        order=line.order,
                        name=line.name,
                        phone=line.phone,
                        serves=line.serves,
                    )
                )
    if len(options) == 1:
        session.connection().execute(
            update(BindCode)
            .where(col(BindCode.district) == old.district, col(BindCode.grid) == old.code)
            .where(col(BindCode.used_at).is_(None))
            .values(grid=options[0].code)
        )
    session.flush()


def _move_notes(session: Session, old: Division, options: Sequence[Division]) -> None:
    """A note goes where its building went; to all of them if nothing tells."""
    for note in place_notes.in_grid(session, old.district, old.code):
        chosen = choose(session, old.district, options, Place(building=note.building))
        first, *others = [chosen] if chosen is not None else [each.code for each in options]
        note.grid = first
        session.add(note)
        for code in others:
            session.add(
                PlaceNote(
                    district=note.district,
                    grid=code,
                    building=note.building,
                    text=note.text,
                    keeper=note.keeper,
                    at=note.at,
                )
            )
    session.flush()


# --- what the desk decides with a tap ---


def _choices(
    session: Session, old: Division, options: Sequence[Division], now: datetime
) -> list[Division]:
    """The successors; if it has none, the grids beside it."""
    community = old.code[: territory.LENGTHS["community"]]
    found = options or territory.grids(session, old.district, community, now)
    return list(found)[:MOST_CHOICES]


def ask_desk(session: Session, case: Case, now: datetime) -> None:
    """Which grid is it now? Once per case; a matter for one named person is nobody else's."""
    if case.reach == "named":
        return
    old = territory.division(session, case.district, case.grid)
    options = _choices(session, old, _into(session, case.district, old.code, now), now)
    for person in _desk(session, case.district, case.grid):
        look = look_at(session, case, person.language, now)
        choices = tuple(
            (Button(each.name, data("movecase", case.district, case.id, arg=each.code)),)
            for each in options
        )
        rows = (*choices, (look.button("open", "btn.open"),))
        facts: dict[str, Any] = {
            "number": case.number,
            "kind": kind_name(look),
            "place": public_place(look),
            "old": old.name,
        }
        words = say("regrid.which", person.language, **facts)
        _put(session, person, Message(words, rows), now, f"which:{case.id}:{old.code}:{person.id}")


def _ask_about_group(
    session: Session, group: Group, options: Sequence[Division], now: datetime
) -> None:
    for person in _desk(session, group.district, group.grid):
        rows = tuple(
            (Button(each.name, data("movegroup", group.district, group.id, arg=each.code)),)
            for each in options
        )
        old = territory.name(session, group.district, group.grid, person.language)
        words = say("regrid.which_group", person.language, title=group.title, old=old)
        dedupe = f"which:{group.id}:{group.grid}:{person.id}"
        _put(session, person, Message(words, rows), now, dedupe)


def _desk(session: Session, district: str, grid: str) -> list[Person]:
    keys = routing.desk(session, district, routing.desk_unit(session, district, grid))
    rows = (people.find(session, district, key) for key in keys)
    return [each for each in rows if each is not None]


def _put(session: Session, person: Person, message: Message, now: datetime, dedupe: str) -> None:
    to = notices.private_chat(person, person.bot or "")
    if to is None:
        return
    wait = duty.routine_at(session, person, now)
    about = About(district=person.district, person=person.id, not_before=wait, dedupe=dedupe)
    put(session, to, message, now, about)


def place_case(
    session: Session, person: Person, key: UUID | None, grid: str, now: datetime
) -> Division:
    """The desk says which grid a case belongs to; it stands above both.

    Raises Refused `grid_unknown`, `not_yours`, `stale` (it is there already), or as `decide` does.
    """
    case = locked_case(session, person.district, key)
    to = territory.grid(session, person.district, grid, now)
    if not is_desk(roles_of(session, person), grid):
        raise Refused("not_yours")
    if case.grid == grid:
        raise Refused("stale", number=case.number)
    move(session, case, grid, actor_of(session, person, case), now)
    return to


def place_group(
    session: Session, person: Person, key: UUID | None, grid: str, now: datetime
) -> Division:
    """The desk says which grid a group belongs to; its undecided cases go along.

    Raises Refused `group_gone`, `grid_unknown`, `not_yours_to_administer`.
    """
    group = territory.group(session, person.district, key)
    if group is None:
        raise Refused("group_gone")
    to = territory.grid(session, person.district, grid, now)
    own = roles_of(session, person)
    if not (administers(own, grid) and administers(own, group.grid)):
        raise Refused("not_yours_to_administer")
    old = territory.division(session, person.district, group.grid)
    _set_grid(session, group, grid, now)
    roster.trace(session, group.district, person.id, "group_moved", f"group:{group.id}", now,
                 grid=grid)  # fmt: skip
    if territory.has_ended(session, old.district, old.code, now):
        waiting = select(Case.id).where(
            Case.district == old.district, Case.grid == old.code, Case.group == group.id
        )
        keys = session.exec(waiting.where(col(Case.state).in_(_MOVING)).limit(PORTION)).all()
        for each in keys:
            move(session, locked_case(session, old.district, each), grid, CLOCK, now)
    return to
