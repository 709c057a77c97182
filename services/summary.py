"""The day in numbers: what came in, what was done, what is still open, and the cases behind each.

Flows are counted from the history (`case_event`) of one local day, each case once; stocks are
counted from the cases as they stand now. Every open case is in exactly one stock. A matter for
one named person (PO03, LS18) is in no number but `private`, and in no list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, text, true
from sqlalchemy import case as when
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, UNTAKEN, State
from domain.refused import Refused
from domain.roles import RoleName, within
from models import Case, CaseEvent, Division, Person
from models.cases import OPEN
from services import territory
from services.access import roles_of
from services.catalogue import catalogue
from services.open_causes import open_causes

# despair and violence at home: a number and nothing else (DOMAIN.md), whatever a catalogue says
NEVER_LISTED = ("PO03", "LS18")

FLOWS: dict[str, tuple[str, ...]] = {
    "opened": ("file",),
    "taken": ("take",),
    "handled": ("done", "tasks_done", "on_the_spot"),
    "confirmed": ("settle",),
    "unconfirmed": ("silence",),
    "reopened": ("refuse", "check_failed", "revisit_again"),
    "withdrawn": ("withdraw",),
    "not_admitted": ("not_admit",),
    "merged": ("merge",),
}
CLOSED = "closed"  # by whoever's word
ALL_FLOWS = (*FLOWS, CLOSED)
STOCKS = ("overdue", "danger", "due_soon", "in_time", "awaiting")
AT_WORK = STOCKS[:-1]
SUPERVISED = "supervised"  # open, and reported to this desk
KIND = "kind."  # `kind.LS01`: opened that day, of this kind

READERS = (RoleName.SUPERVISOR, RoleName.LEADER, RoleName.ADMIN)
GRID_DIGITS = 15


@dataclass(frozen=True, slots=True)
class KindLine:
    """How many were opened of a kind. `names` by language."""

    code: str
    names: Mapping[str, str]
    opened: int


@dataclass(frozen=True, slots=True)
class GridLine:
    """What is open in a grid now, by stock. `oldest`: when the oldest of it was opened."""

    code: str
    name: str
    stocks: Mapping[str, int]
    oldest: datetime

    @property
    def at_work(self) -> int:
        """Open and not yet handled."""
        return sum(self.stocks.get(each, 0) for each in AT_WORK)

    @property
    def rank(self) -> tuple[int, int, datetime, str]:
        """Worst first: overdue, then open, then oldest."""
        late = self.stocks.get("overdue", 0) + self.stocks.get("danger", 0)
        return (-late, -self.at_work, self.oldest, self.code)


@dataclass(frozen=True, slots=True)
class Day:
    """A unit's day. `until`: seconds after local midnight up to which it was counted.

    `before`: the flows of the day before, up to the same time. `causes`: open ones by name, with
    how many open cases of the unit are under each. `private` is None for a grid,
    where even the number would point at a door. `supervised`: open cases reported to this desk.
    """

    district: str
    unit: str
    name: str
    date: date
    counted_at: datetime
    until: int
    today: bool
    flows: Mapping[str, int]
    before: Mapping[str, int]
    stocks: Mapping[str, int]
    private: int | None
    supervised: int = 0
    causes: tuple[tuple[str, int], ...] = ()
    kinds: tuple[KindLine, ...] = ()
    grids: tuple[GridLine, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing happened and nothing is open."""
        counted = (*self.flows.values(), *self.stocks.values(), self.private or 0)
        return not any(counted)


@dataclass(frozen=True, slots=True)
class Behind:
    """What a number's button asks for: the cases counted as `what` on that day in that unit."""

    what: str
    date: date
    unit: str
    until: int | None = None
    page: int = 0

    def arg(self) -> str:
        """For services.buttons: `what:YYMMDD:unit:until:page`, at most 48 characters."""
        until = "" if self.until is None else str(self.until)
        parts = [self.what, f"{self.date:%y%m%d}", self.unit, until, str(self.page or "")]
        return ":".join(parts).rstrip(":")


def behind_of(arg: str) -> Behind | None:
    """What `Behind.arg` wrote, or None if this is nothing of ours."""
    parts = [*arg.split(":"), "", ""][:5]
    if len(parts) < 5 or not all(each.isdecimal() for each in parts[1:] if each):
        return None
    what, day_text, unit, until, page = parts
    known = what in (*ALL_FLOWS, *STOCKS, SUPERVISED) or what.startswith(KIND)
    on = date_of(day_text)
    if not known or on is None or territory.level_of(unit) is None:
        return None
    return Behind(what, on, unit, int(until) if until else None, int(page or 0))


def day_asked(arg: str) -> tuple[date, str] | None:
    """Whose day a grid's button (`day~district~~~YYMMDD:unit`) opens, or None if forged."""
    when_, _, unit = arg.partition(":")
    on = date_of(when_)
    known = unit.isdecimal() and territory.level_of(unit) is not None
    return (on, unit) if on is not None and known else None


def date_of(text_: str) -> date | None:
    """A day written YYMMDD, or None."""
    try:
        return datetime.strptime(text_, "%y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def check_reader(session: Session, person: Person, unit: str) -> None:
    """The day is for those who answer for the unit. Raises Refused `day_not_yours`."""
    roles = roles_of(session, person)
    if not any(held.role in READERS and within(held.unit, unit) for held in roles):
        raise Refused("day_not_yours")


def units_of(session: Session, person: Person) -> list[str]:
    """The divisions whose day the person reads, the widest first."""
    held = roles_of(session, person)
    units = {each.unit for each in held if each.role in READERS}
    return sorted(each for each in units if territory.level_of(each))


def day(session: Session, district: str, unit: str, on: date, now: datetime) -> Day:
    """The numbers of a division's local day `on`, counted at `now`."""
    window = _window(session, district, on, now)
    return Day(
        district=district,
        unit=unit,
        name=_name(session, district, unit),
        date=on,
        counted_at=now.astimezone(window.start.tzinfo),
        until=window.until,
        today=window.start <= now < window.midnight,
        flows=_flows(session, district, unit, window),
        before=_flows(session, district, unit, window.day_before()),
        stocks=_stocks(session, district, unit, now),
        private=_private(session, district, unit, window),
        supervised=_supervised(session, district, unit),
        causes=_causes(session, district, unit),
        kinds=_kinds(session, district, unit, window),
        grids=_grids(session, district, unit, now),
    )


def cases_behind(session: Session, district: str, behind: Behind, now: datetime) -> list[Case]:
    """Exactly the cases that `what` counts, the earliest deadline first.

    With `behind.until` (from the button) a flow is what it was when it was counted; a
    stock is always what it is now.
    """
    what, query = behind.what, _open(district, behind, now)
    if what == SUPERVISED:
        query = select(Case).where(*_reported_to(district, behind.unit))
    elif what not in STOCKS:
        window = _window(session, district, behind.date, now, behind.until)
        query = _joined(select(Case)).where(*_during(district, window), _is(what))
    if what.startswith(KIND):
        query = query.where(col(Case.kind) == what.removeprefix(KIND))
    query = query.where(*seen(behind.unit)).order_by(col(Case.due_at), col(Case.id))
    # what happened twice to a case is one case
    return list({case.id: case for case in session.exec(query)}.values())


def _open(district: str, behind: Behind, now: datetime) -> Any:
    return select(Case).where(Case.district == district, text(OPEN), _stock(now) == behind.what)


def stock_of(case: Case, now: datetime) -> str:
    """The stock an open case is in; for an ended one its state."""
    state = State(case.state)
    if state not in BEFORE_DONE:
        return "awaiting" if state in (State.CHECKING, State.DONE) else case.state
    if case.due_at <= now:
        return "overdue"
    if case.urgency == "now" and state in UNTAKEN:
        return "danger"
    return "due_soon" if case.warn_at is not None and case.warn_at <= now else "in_time"


# --- the window ---


@dataclass(frozen=True, slots=True)
class _Window:
    """From local midnight `start`, `until` seconds on; `midnight` is the next one."""

    start: datetime
    until: int
    midnight: datetime
    end: datetime = field(init=False)

    def __post_init__(self) -> None:
        end = self.start.astimezone(UTC) + timedelta(seconds=self.until)
        object.__setattr__(self, "end", min(end, self.midnight.astimezone(UTC)))

    def day_before(self) -> "_Window":
        """The same stretch of the day before."""
        start = datetime.combine(self.start.date() - timedelta(days=1), time(), self.start.tzinfo)
        return _Window(start, self.until, self.start)


def _window(
    session: Session, district: str, on: date, now: datetime, until: int | None = None
) -> _Window:
    """The whole seconds of the local day that have begun at `now`."""
    zone = territory.zone(session, district)
    start = datetime.combine(on, time(), zone)
    midnight = datetime.combine(on + timedelta(days=1), time(), zone)
    long = int((midnight.astimezone(UTC) - start.astimezone(UTC)).total_seconds())
    gone = int((now - start).total_seconds() // 1) + 1 if now >= start else 0
    return _Window(start, min(long, gone if until is None else until), midnight)


# --- conditions ---


def in_unit(unit: str, table: Any = Case) -> ColumnElement[bool]:
    """Grids at or below a unit. Codes are digits, so the range holds in any collation."""
    last = unit + "9" * (GRID_DIGITS - len(unit))
    found: ColumnElement[bool] = table.grid.between(unit, last)
    return found


def hidden(table: Any = Case) -> ColumnElement[bool]:
    """Matters for one named person: counted and in no list."""
    return or_(table.reach == "named", table.kind.in_(NEVER_LISTED))


def is_hidden(reach: str, kind: str) -> bool:
    """`hidden` of a row."""
    return reach == "named" or kind in NEVER_LISTED


def seen(unit: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What is at or below a unit and may be listed."""
    return in_unit(unit), ~hidden()


def _is(what: str) -> ColumnElement[bool]:
    """The events that `what` counts."""
    if what == CLOSED:
        return and_(col(CaseEvent.after) == State.CLOSED, col(CaseEvent.before) != State.CLOSED)
    return col(CaseEvent.verb).in_(FLOWS["opened" if what.startswith(KIND) else what])


def _during(district: str, window: _Window) -> tuple[ColumnElement[bool], ...]:
    return (
        col(CaseEvent.district) == district,
        col(CaseEvent.at) >= window.start,
        col(CaseEvent.at) < window.end,
    )


def _stock(now: datetime) -> ColumnElement[str]:
    """`stock_of` in SQL."""
    state = col(Case.state)
    untaken = and_(col(Case.urgency) == "now", state.in_([str(each) for each in UNTAKEN]))
    return when(
        (state.in_([str(State.CHECKING), str(State.DONE)]), "awaiting"),
        (col(Case.due_at) <= now, "overdue"),
        (untaken, "danger"),
        (col(Case.warn_at) <= now, "due_soon"),
        else_="in_time",
    )


# --- counting ---


def _flows(session: Session, district: str, unit: str, window: _Window) -> dict[str, int]:
    """Each flow's number of cases, in one pass over the day's events."""
    counts = [func.count(func.distinct(when((_is(each), CaseEvent.case)))) for each in ALL_FLOWS]
    query = _joined(select(*counts)).where(*_during(district, window), *seen(unit))
    return dict(zip(ALL_FLOWS, session.execute(query).one(), strict=True))


def _joined(query: Any) -> Any:
    same = and_(col(Case.district) == col(CaseEvent.district), col(Case.id) == col(CaseEvent.case))
    return query.select_from(CaseEvent).join(Case, same)


def _stocks(session: Session, district: str, unit: str, now: datetime) -> dict[str, int]:
    stock = _stock(now).label("stock")
    query = select(stock, func.count()).where(Case.district == district, text(OPEN), *seen(unit))
    found = {name: count for name, count in session.execute(query.group_by(stock))}
    return {each: found.get(each, 0) for each in STOCKS}


def _reported_to(district: str, unit: str) -> tuple[Any, ...]:
    return (Case.district == district, text(OPEN), Case.supervised_unit == unit)


def _supervised(session: Session, district: str, unit: str) -> int:
    query = select(func.count()).where(*_reported_to(district, unit), *seen(unit))
    return int(session.execute(query).scalar_one())


def _causes(session: Session, district: str, unit: str) -> tuple[tuple[str, int], ...]:
    """What many open cases have in common, the most first."""
    names = {each.id: each.name for each in open_causes(session, district)}
    if not names:
        return ()
    query = select(Case.cause, func.count()).where(
        Case.district == district, text(OPEN), col(Case.cause).in_(names), *seen(unit)
    )
    rows = [(names[key], n) for key, n in session.exec(query.group_by(col(Case.cause))) if key]
    return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))


def _private(session: Session, district: str, unit: str, window: _Window) -> int | None:
    """How many matters for one named person were opened; None where a number says too much."""
    if territory.level_of(unit) == "grid":
        return None
    counted = func.count(func.distinct(CaseEvent.case))
    query = _joined(select(counted)).where(
        *_during(district, window), _is("opened"), in_unit(unit), hidden()
    )
    return int(session.execute(query).scalar_one())


def _kinds(session: Session, district: str, unit: str, window: _Window) -> tuple[KindLine, ...]:
    """What was opened, by kind, the most frequent first."""
    counted = func.count(func.distinct(CaseEvent.case))
    query = _joined(select(Case.kind, counted)).where(
        *_during(district, window), _is("opened"), *seen(unit)
    )
    rows = session.execute(query.group_by(col(Case.kind)))
    known = catalogue(session, district).kinds
    lines = [KindLine(code, _names(known.get(code), code), count) for code, count in rows]
    return tuple(sorted(lines, key=lambda line: (-line.opened, line.code)))


def _names(kind: Any, code: str) -> dict[str, str]:
    """A kind's names by language; its code if the catalogue has dropped it."""
    if kind is None:
        return dict.fromkeys(("zh-Hans", "zh-Hant", "en"), code)
    return {each: kind.name(each) for each in ("zh-Hans", "zh-Hant", "en")}


def _grids(session: Session, district: str, unit: str, now: datetime) -> tuple[GridLine, ...]:
    """Every grid with open cases, the worst first."""
    stock = _stock(now).label("stock")
    query = (
        select(Case.grid, stock, func.count(), func.min(Case.opened_at))
        .where(Case.district == district, text(OPEN), *seen(unit))
        .group_by(col(Case.grid), stock)
    )
    found: dict[str, dict[str, int]] = {}
    oldest: dict[str, datetime] = {}
    for grid, name, count, opened in session.execute(query):
        found.setdefault(grid, {})[name] = count
        oldest[grid] = min(opened, oldest.get(grid, opened))
    names = _grid_names(session, district, list(found))
    lines = [GridLine(code, names.get(code, code), found[code], oldest[code]) for code in found]
    return tuple(sorted(lines, key=lambda line: line.rank))


def _grid_names(session: Session, district: str, codes: list[str]) -> dict[str, str]:
    query = select(Division.code, Division.name).where(
        Division.district == district, col(Division.code).in_(codes) if codes else ~true()
    )
    return {code: name for code, name in session.execute(query)}


def _name(session: Session, district: str, unit: str) -> str:
    row = session.get(Division, (district, unit))
    return row.name if row is not None else unit
