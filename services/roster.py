"""Rosters: somebody's own shifts, and an alarm to the desk for a shift with nobody in it.

A grid that keeps a roster needs somebody on duty in working time; any unit needs somebody where
its roster puts somebody, be they on leave or gone since. Once a day the service looks ahead; each
gap is a due row of its own, so the desk hears of it once, and not at all if it is filled before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain import duty as rules
from domain.refused import Refused
from domain.roles import RoleName, administers
from domain.worktime import Calendar, is_workday
from models import Audit, Due, Leave, Person, Role, Shift
from services import due, duty, notices, people, routing, territory
from services.access import roles_of
from services.buttons import data, key22
from services.outbox import About, Button, Message, Rows, put
from services.texts import say
from services.when import day as day_name

# the names of due rows: the day's look ahead, and one gap
GAPS, GAP = "gaps", "gap"
# the look ahead is at this local hour of a working day, so that the desk still has time
LOOKS_AT = time(16)
# how far beyond the next look: what it would find too late is told now
BEYOND = timedelta(days=2)
# a unit keeps a roster if anybody has had duty there so lately, or will soon
KEPT = timedelta(days=7)
# a shorter stretch between two shifts is no alarm
SHORTEST = timedelta(minutes=30)
AHEAD = timedelta(days=14)  # of one's own shifts
LONGEST_BREAK = 30  # days off in a row: more than any calendar has
FILLERS = 4

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which a unit has nobody on duty."""

    unit: str
    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        """The name of its due row, so that the desk hears of it once."""
        return f"{GAP}:{self.unit}:{self.start:%y%m%d%H%M}:{self.end:%y%m%d%H%M}"


# --- one's own shifts ---


def mine(session: Session, person: Person, now: datetime) -> list[Shift]:
    """The person's shifts that haven't ended, of the next two weeks, the first begun first."""
    query = (
        select(Shift)
        .where(Shift.district == person.district, Shift.person == person.id)
        .where(col(Shift.end) > now, col(Shift.start) < now + AHEAD)
        .order_by(col(Shift.start), col(Shift.id))
    )
    return list(session.exec(query))


def shift_of(session: Session, district: str, key: UUID | None) -> Shift:
    """The shift of this key. Raises Refused `shift_gone`."""
    found = session.get(Shift, (district, key)) if key is not None else None
    if found is None:
        raise Refused("shift_gone")
    return found


def when(session: Session, district: str, span: Span, now: datetime, language: str) -> str:
    """`Nov 19 08:00-12:00`; the end with its day if that is another (never for midnight)."""
    zone = duty.zone(session, district)
    start, end = (each.astimezone(zone) for each in span)
    today = now.astimezone(zone).date()
    same = (end - timedelta(microseconds=1)).date() == start.date()
    last = "" if same else day_name(end.date(), today, language) + " "
    return f"{day_name(start.date(), today, language)} {start:%H:%M}–{last}{end:%H:%M}"


# --- gaps ---


def plan(session: Session, district: str, now: datetime) -> None:
    """The next look ahead, on a working day."""
    due.plan(session, district, GAPS, GAPS, _next_look(session, district, now))


def _next_look(session: Session, district: str, now: datetime) -> datetime:
    calendar = duty.calendar(session, district)
    for days in range(LONGEST_BREAK):
        at = duty.local_at(session, district, now, days, LOOKS_AT)
        if at > now and is_workday(calendar, at.date()):
            return at
    return duty.local_at(session, district, now, 1, LOOKS_AT)


def fire_gaps(session: Session, row: Due, now: datetime) -> None:
    """The day's look ahead, until past the next one."""
    plan(session, row.district, now)
    look(session, row.district, now)


def look(session: Session, district: str, now: datetime, units: Iterable[str] = ()) -> None:
    """Each gap from now to past the next look that isn't known yet gets its row.

    `units`: only these; none: every unit that keeps a roster.
    """
    until = _next_look(session, district, now) + BEYOND
    for unit in units or _keeping(session, district, now):
        for gap in gaps(session, district, unit, now, until):
            if not due.is_known(session, district, gap.key):
                ends = {"start": gap.start.isoformat(), "end": gap.end.isoformat()}
                due.plan(session, district, gap.key, GAP, now, subject=unit, data=ends)


def _keeping(session: Session, district: str, now: datetime) -> list[str]:
    query = (
        select(Shift.unit)
        .where(Shift.district == district, col(Shift.end) > now - KEPT)
        .where(col(Shift.start) < now + KEPT)
    )
    return sorted(set(session.exec(query)))


def gaps(session: Session, district: str, unit: str, since: datetime, until: datetime) -> list[Gap]:
    """The gaps of a unit that end after `since` and begin before `until`, whole."""
    if not territory.is_in_use(session, district, territory.area_of(unit), since):
        return []
    calendar = duty.calendar(session, district)
    begin = duty.local_at(session, district, since, 0, time())
    shifts = _shifts(session, district, unit, begin, until)
    wanted = [(each.start, each.end) for each in shifts]
    if territory.level_of(unit) == "grid":
        wanted += _work_spans(calendar, since.astimezone(duty.zone(session, district)), until)
    present, leave = _present(session, district, unit, shifts, begin, until)
    found = (
        Gap(unit, start.astimezone(UTC), end.astimezone(UTC))
        for span in _joined(wanted)
        for start, end in rules.gaps(present, *span, leave)
    )
    return [
        gap
        for gap in found
        if gap.end > since and gap.start < until and gap.end - gap.start >= SHORTEST
    ]


def _shifts(
    session: Session, district: str, unit: str, begin: datetime, until: datetime
) -> list[rules.Shift]:
    query = select(Shift).where(
        Shift.district == district, Shift.unit == unit, Shift.start < until, Shift.end > begin
    )
    return [rules.Shift(each.person, unit, each.start, each.end) for each in session.exec(query)]


def _work_spans(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Span]:
    """Working time from the local day of `since` on, as (opening, closing)."""
    day = since.date()
    while datetime.combine(day, time(), since.tzinfo) < until:
        if is_workday(calendar, day):
            for opens, closes in calendar.shifts:
                last = day + timedelta(days=closes == time())
                start = datetime.combine(day, opens, since.tzinfo)
                yield start, datetime.combine(last, closes, since.tzinfo)
        day += timedelta(days=1)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same stretches, none touching another."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _present(
    session: Session,
    district: str,
    unit: str,
    shifts: Sequence[rules.Shift],
    begin: datetime,
    until: datetime,
) -> tuple[list[rules.Shift], list[rules.Leave]]:
    """The shifts of those who can come, with who stands in for them, and everybody's leave."""
    backups = _backups(session, district, unit)
    standing_in = [
        rules.Shift(backup, unit, each.start, each.end)
        for each in shifts
        if (backup := backups.get(each.person)) is not None
    ]
    everybody = {each.person for each in (*shifts, *standing_in)}
    able = {each for each in everybody if _may_come(session, district, each)}
    present = [each for each in (*shifts, *standing_in) if each.person in able]
    query = select(Leave).where(
        Leave.district == district, col(Leave.start) < until, col(Leave.end) > begin
    )
    leave = [rules.Leave(each.person, each.start, each.end) for each in session.exec(query)]
    return present, [each for each in leave if each.person in able]


def _backups(session: Session, district: str, unit: str) -> dict[UUID, UUID]:
    query = select(Role.person, Role.backup).where(
        Role.district == district, Role.unit == unit, col(Role.revoked_at).is_(None)
    )
    return {person: backup for person, backup in session.exec(query) if backup is not None}


def _may_come(session: Session, district: str, key: UUID) -> bool:
    """Whether somebody still works here; who never enrolled may come, who blocked the bot not."""
    person = people.find(session, district, key)
    if person is None or not roles_of(session, person):
        return False
    return person.reachable or person.address is None


def on_leave(session: Session, person: Person, end: datetime, now: datetime) -> None:
    """Somebody goes on leave now: who stands in hears, and the desk of the gaps that it leaves."""
    query = select(Role.backup, Role.unit).where(
        Role.district == person.district, Role.person == person.id, col(Role.revoked_at).is_(None)
    )
    for backup, unit in session.exec(query):
        other = people.find(session, person.district, backup)
        if other is not None:
            until = when(session, person.district, (now, end), now, other.language)
            where = territory.name(session, person.district, unit, other.language)
            facts: dict[str, Any] = {"name": person.name, "unit": where, "when": until}
            notice(session, other, say("roster.stand_in", other.language, **facts), now)
    units = {each.unit for each in mine(session, person, now) if each.start < end}
    if units:
        look(session, person.district, now, sorted(units))


def fire_gap(session: Session, row: Due, now: datetime) -> None:
    """The desk hears of a gap, with those who could step in. Raises Refused `moved_on`."""
    gap = _of_row(row)
    if not any(_meets(each, gap) for each in _gaps_now(session, row.district, gap, now)):
        raise Refused("moved_on")
    unit = territory.area_of(gap.unit)
    fillers = able_to_fill(session, row.district, gap)
    for key in routing.desk(session, row.district, routing.desk_unit(session, row.district, unit)):
        person = people.find(session, row.district, key)
        if person is not None:
            _tell_of_gap(session, person, row, gap, fillers, now)


def _of_row(row: Due) -> Gap:
    start, end = (datetime.fromisoformat(row.data[name]) for name in ("start", "end"))
    return Gap(row.subject or "", start, end)


def _gaps_now(session: Session, district: str, gap: Gap, now: datetime) -> list[Gap]:
    return gaps(session, district, gap.unit, max(now, gap.start), gap.end)


def _meets(one: Gap, other: Gap) -> bool:
    return one.start < other.end and other.start < one.end


def _tell_of_gap(
    session: Session,
    person: Person,
    row: Due,
    gap: Gap,
    fillers: Sequence[Person],
    now: datetime,
) -> None:
    language = person.language
    facts: dict[str, Any] = {
        "unit": territory.name(session, row.district, gap.unit, language),
        "when": when(session, row.district, (gap.start, gap.end), now, language),
    }
    rows = tuple(
        (Button(each.name, data("fill", row.district, each.id, arg=key22(row.id))),)
        for each in fillers
    )
    sentence = "roster.gap" if fillers else "roster.gap_nobody"
    notice(session, person, say(sentence, language, **facts), now, rows)


def able_to_fill(session: Session, district: str, gap: Gap) -> list[Person]:
    """Who could step in: the unit's own people first, then those of the grids beside it."""
    area = territory.area_of(gap.unit)
    query = (
        select(Role.person, Role.unit)
        .where(Role.district == district, col(Role.revoked_at).is_(None))
        .where(col(Role.role).in_([str(RoleName.WORKER), str(RoleName.LEADER)]))
        .where(col(Role.unit).startswith(area[: territory.LENGTHS["community"]]))
        .order_by(col(Role.since), col(Role.id))
    )
    near = sorted(session.exec(query), key=lambda found: found[1] != gap.unit)
    found: list[Person] = []
    for key in dict.fromkeys(person for person, _ in near):
        person = people.find(session, district, key)
        if person is not None and person.reachable and _is_free(session, person, gap):
            found.append(person)
    return found[:FILLERS]


def _is_free(session: Session, person: Person, gap: Gap) -> bool:
    """Neither on leave nor on duty anywhere then."""
    return not any(
        session.exec(
            select(table.id).where(
                table.district == person.district,
                table.person == person.id,
                table.start < gap.end,
                table.end > gap.start,
            )
        ).first()
        for table in (Leave, Shift)
    )


def fill(
    session: Session, actor: Person, row_key: UUID | None, filler: Person, now: datetime
) -> Gap:
    """The desk gives a gap to somebody who is free; they hear. Returns what was filled.

    Raises Refused `not_yours_to_administer`, `gap_filled`, `person_gone`.
    """
    row = session.get(Due, (actor.district, row_key)) if row_key is not None else None
    if row is None or row.name != GAP:
        raise Refused("gap_filled")
    gap = _of_row(row)
    if not administers(roles_of(session, actor), territory.area_of(gap.unit)):
        raise Refused("not_yours_to_administer")
    if not any(_meets(each, gap) for each in _gaps_now(session, row.district, gap, now)):
        raise Refused("gap_filled")
    if filler.id not in [each.id for each in able_to_fill(session, row.district, gap)]:
        raise Refused("person_gone")
    filled = Gap(gap.unit, max(gap.start, now), gap.end)
    session.add(
        Shift(
            district=row.district,
            person=filler.id,
            unit=gap.unit,
            start=filled.start,
            end=filled.end,
        )
    )
    trace(session, row.district, actor.id, "gap_filled", gap.unit, now, person=str(filler.id))
    session.flush()
    facts: dict[str, Any] = {
        "unit": territory.name(session, row.district, gap.unit, filler.language),
        "when": when(session, row.district, (filled.start, filled.end), now, filler.language),
        "by": actor.name,
    }
    notice(session, filler, say("roster.filled", filler.language, **facts), now)
    return filled


# --- what is said and kept ---


def notice(
    session: Session,
    person: Person,
    text: str,
    now: datetime,
    rows: Rows = (),
    *,
    at_once: bool = False,
) -> None:
    """A sentence to somebody who works here, in their working time unless `at_once`."""
    to = notices.private_chat(person, person.bot or "")
    if to is None:
        return
    wait = None if at_once else duty.routine_at(session, person, now)
    about = About(district=person.district, person=person.id, not_before=wait)
    put(session, to, Message(text, rows), now, about)


def trace(
    session: Session,
    district: str,
    actor: UUID | None,
    act: str,
    what: str,
    now: datetime,
    **facts: str,
) -> None:
    """Who changed the roster how."""
    session.add(
        Audit(district=district, at=now, actor=actor, act=act, object=what, facts=dict(facts))
    )


def today(session: Session, district: str, now: datetime) -> date:
    """The local day."""
    return now.astimezone(duty.zone(session, district)).date()
