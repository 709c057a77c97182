"""A desk's open cases: counted by filter, a page at a time, and searched.

Counting and paging read one index and no case (models/cases, `ix_case_open_words`), so that they
cost some 0.5 µs an open case below the unit. A matter for one named person is only counted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, text, true
from sqlmodel import Session, col, select

from domain.case_number import WIDTH, CaseNumber, parse_case_number
from domain.lifecycle import BEFORE_DONE, UNTAKEN, State
from domain.refused import Refused
from domain.roles import RoleName, within
from models import Case, Division, Person
from models.cases import OPEN
from services import hiding, territory
from services.access import roles_of
from services.summary import hidden, in_unit, is_hidden

PAGE = 10
FILTERS = ("untaken", "soon", "overdue", "waiting", "done", "reopened", "today", "open")
# what can be urged or given to somebody all at once: not what waits for the reporter's word
TOGETHER = tuple(each for each in FILTERS if each != "done")

# a search: as many of the newest open cases, of the newest ended ones, and how far back
NEWEST_OPEN, NEWEST_ENDED, ENDED_DAYS = 5_000, 10_000, 30
# the months in which the end of a number is looked for, this one included
MONTHS = 6
MOST_FOUND = 100
LONGEST_WORDS, MOST_WORDS = 64, 5
# the end of a number: the month or not, and the count (domain/case_number)
_END = re.compile(r"(?:(\d{2}(?:0[1-9]|1[0-2]))-)?(\d{1,7})", re.ASCII)
# parameters in one statement; SQLite takes 32,766
PARAMETERS = 5_000


@dataclass(frozen=True, slots=True)
class Overview:
    """How many open cases each filter holds. `private`: matters that are only counted, None for
    a grid, where even the number would point at a door."""

    unit: str
    numbers: Mapping[str, int]
    private: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a filter, the nearest deadline first. `pages` is at least 1."""

    unit: str
    which: str
    page: int
    pages: int
    count: int
    cases: Sequence[Case]

    def arg(self, page: int = 0) -> str:
        """For services.buttons: `unit:filter:page`."""
        return asking(self.unit, self.which, page)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, open ones first, the newest first. `more`: there are others than the
    first 100. `page`: ten of them."""

    units: Sequence[str]
    words: str
    cases: Sequence[Case]
    more: bool
    page: int = 0

    @property
    def pages(self) -> int:
        """At least 1."""
        return max(1, -(-len(self.cases) // PAGE))

    def shown(self) -> Sequence[Case]:
        """The cases of the page."""
        return self.cases[self.page * PAGE : (self.page + 1) * PAGE]


def asking(unit: str, which: str, page: int = 0) -> str:
    """For services.buttons: `unit:filter:page`."""
    return f"{unit}:{which}:{page}" if page else f"{unit}:{which}"


def asked(arg: str) -> tuple[str, str, int]:
    """What `asking` wrote. Raises Refused `filter_unknown`."""
    unit, which, page = (*arg.split(":"), "", "")[:3]
    known = unit.isdecimal() and territory.level_of(unit) is not None and which in FILTERS
    if not known or len(page) > 4 or (page and not (page.isascii() and page.isdigit())):
        raise Refused("filter_unknown")
    return unit, which, int(page or 0)


# --- whose list it is ---


def units_of(session: Session, person: Person) -> list[str]:
    """The units whose desk the person is, the widest first, none below another.

    Raises Refused `cases_not_yours`.
    """
    held = (each.unit for each in roles_of(session, person) if each.role is RoleName.SUPERVISOR)
    units = sorted({unit for unit in held if territory.level_of(unit)}, key=lambda u: (len(u), u))
    found = [u for u in units if not any(v != u and within(v, u) for v in units)]
    if not found:
        raise Refused("cases_not_yours")
    return found


def check_desk(session: Session, person: Person, unit: str) -> None:
    """Raises Refused `cases_not_yours` unless the person is the desk of the unit or above it."""
    if not any(within(own, unit) for own in units_of(session, person)):
        raise Refused("cases_not_yours")


# --- filters ---


def _conditions(session: Session, district: str, now: datetime) -> dict[str, ColumnElement[bool]]:
    """What each filter holds, of what is open."""
    state, due, warn = col(Case.state), col(Case.due_at), col(Case.warn_at)
    before_done = state.in_([str(each) for each in BEFORE_DONE])
    return {
        "untaken": state.in_([str(each) for each in UNTAKEN]),
        "soon": and_(before_done, due > now, warn <= now),
        "overdue": and_(before_done, due <= now),
        "waiting": state == str(State.WAITING),
        "done": ~before_done,
        "reopened": and_(before_done, col(Case.reopenings) > 0),
        "today": col(Case.opened_at) >= midnight(session, district, now),
        "open": true(),
    }


def midnight(session: Session, district: str, now: datetime) -> datetime:
    """The beginning of the local day."""
    zone = territory.zone(session, district)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


def _all(district: str, unit: str) -> tuple[Any, ...]:
    return (Case.district == district, text(OPEN), in_unit(unit))


def where(session: Session, district: str, unit: str, which: str, now: datetime) -> tuple[Any, ...]:
    """What a filter's cases of a unit have in common, for a query of one's own."""
    return (*_all(district, unit), ~hidden(), _conditions(session, district, now)[which])


def overview(session: Session, district: str, unit: str, now: datetime) -> Overview:
    """Each filter's number of cases, in one pass over the index."""
    conditions = _conditions(session, district, now)
    counts = [func.count().filter(each) for each in conditions.values()]
    query = select(*counts).select_from(Case).where(*_all(district, unit), ~hidden())
    numbers = dict(zip(conditions, session.execute(query).one(), strict=True))
    return Overview(unit, numbers, _private(session, district, unit, numbers["open"]))


def _private(session: Session, district: str, unit: str, seen: int) -> int | None:
    if territory.level_of(unit) == "grid":
        return None
    query = select(func.count()).select_from(Case).where(*_all(district, unit))
    return int(session.execute(query).scalar_one()) - seen


def listed(
    session: Session, district: str, unit: str, which: str, page: int, now: datetime
) -> Listed:
    """A page of a filter. Raises Refused `page_gone` behind the last one."""
    condition = _conditions(session, district, now)[which]
    where = (*_all(district, unit), ~hidden(), condition)
    count = int(session.execute(select(func.count()).select_from(Case).where(*where)).scalar_one())
    pages = max(1, -(-count // PAGE))
    if page >= pages:
        raise Refused("page_gone")
    cases = first(session, district, unit, which, now, PAGE, page * PAGE)
    return Listed(unit, which, page, pages, count, cases)


def first(
    session: Session,
    district: str,
    unit: str,
    which: str,
    now: datetime,
    most: int,
    after: int = 0,
) -> list[Case]:
    """The first `most` cases of a filter behind `after`, the nearest deadline first."""
    condition = _conditions(session, district, now)[which]
    keys = (
        select(Case.id)
        .where(*_all(district, unit), ~hidden(), condition)
        .order_by(col(Case.due_at), col(Case.id))
        .limit(most)
        .offset(after)
    )
    return _cases(session, district, list(session.exec(keys)))


def _cases(session: Session, district: str, keys: Sequence[UUID]) -> list[Case]:
    """In the order of their keys."""
    query = select(Case).where(Case.district == district, col(Case.id).in_(keys))
    rows = {each.id: each for each in session.exec(query)} if keys else {}
    return [rows[each] for each in keys if each in rows]


# --- search ---


def search(
    session: Session,
    district: str,
    units: Sequence[str],
    said: str,
    now: datetime,
    page: int = 0,
) -> Found:
    """Cases of the units by number, or by all of the words in their text or place.

    A number: whole, or its end (`2611-017`, or `17` of this month or the five before). Words: in
    the units' 5,000 newest open cases, then in the district's 10,000 newest that ended in the
    last 30 days. Raises Refused `search_too_long`, and `page_gone` behind the last page.
    """
    words = said.split()
    if len(said) > LONGEST_WORDS or len(words) > MOST_WORDS:
        raise Refused("search_too_long", most=LONGEST_WORDS, words=MOST_WORDS)
    numbered = list(_by_number(session, district, units, said.strip(), now))
    keys = dict.fromkeys(numbered)
    for keys_of in (_open_with, _ended_with):
        if len(keys) <= MOST_FOUND:
            keys |= dict.fromkeys(keys_of(session, district, units, words, now))
    cases = [
        case
        for case in _cases(session, district, list(keys)[: MOST_FOUND + 1])
        if case.id in numbered or _is_read(session, case, words)
    ]
    more = len(cases) > MOST_FOUND
    found = Found(units, " ".join(words), cases[:MOST_FOUND], more, page)
    if page >= found.pages:
        raise Refused("page_gone")
    return found


def _is_read(session: Session, case: Case, words: Sequence[str]) -> bool:
    """Whether the words stand in what is shown: a hidden reporter isn't found by their name."""
    if not case.hide_name:
        return True
    shown = hiding.words(session, case, case.text)
    read = " ".join((shown, case.place_building or "", case.place_landmark or "")).casefold()
    return all(word.casefold() in read for word in words)


def _in_any(units: Sequence[str], table: Any = Case) -> ColumnElement[bool]:
    return or_(*(in_unit(unit, table) for unit in units))


def _by_number(
    session: Session, district: str, units: Sequence[str], number: str, now: datetime
) -> Iterator[UUID]:
    """Open ones first, the newest first."""
    found: list[tuple[bool, datetime, UUID]] = []
    meant = numbers_for(session, district, units, number, now)
    for some in (meant[at : at + PARAMETERS] for at in range(0, len(meant), PARAMETERS)):
        # whose they are is looked at afterwards: with it SQLite would rather walk all grids
        names = ("state", "opened_at", "id", "grid", "reach", "kind")
        query = select(*(getattr(Case, name) for name in names))
        query = query.where(Case.district == district, col(Case.number).in_(some))
        found += (
            (_is_open(state), at, key)
            for state, at, key, grid, reach, kind in session.exec(query)
            if any(within(unit, grid) for unit in units) and not is_hidden(reach, kind)
        )
    yield from (key for _, _, key in sorted(found, reverse=True))


def _is_open(state: str) -> bool:
    return f"'{state}'" not in OPEN


def numbers_for(
    session: Session, district: str, units: Sequence[str], said: str, now: datetime
) -> Sequence[str]:
    """Every number that may be meant: one, or one for each grid of the units and month."""
    whole = parse_case_number(said)
    if whole is not None:
        return [str(whole)]
    end = _END.fullmatch(said.translate(WIDTH))
    if end is None or int(end[2]) < 1 or not units:
        return []
    months = [end[1]] if end[1] else _months(session, district, now)
    shorts = select(Division.short).where(
        Division.district == district,
        Division.level == "grid",
        or_(*(col(Division.code).startswith(unit) for unit in units)),
        col(Division.short).is_not(None),
    )
    return [
        str(CaseNumber(short.upper(), month, int(end[2])))
        for short in session.exec(shorts)
        if short
        for month in months
    ]


def _months(session: Session, district: str, now: datetime) -> list[str]:
    """This month and those before it, as numbers have them."""
    day = now.astimezone(territory.zone(session, district)).date().replace(day=1)
    found = []
    for _ in range(MONTHS):
        found.append(f"{day:%y%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return found


def _matches(words: Sequence[str], table: Any) -> ColumnElement[bool]:
    """Every word in the text or the place, whatever the case of its letters."""
    columns = (table.text, table.place_building, table.place_landmark)
    return and_(
        *(or_(*(each.icontains(word, autoescape=True) for each in columns)) for word in words)
    )


def _open_with(
    session: Session, district: str, units: Sequence[str], words: Sequence[str], now: datetime
) -> list[UUID]:
    newest = (
        select(Case.id)
        .where(Case.district == district, text(OPEN), _in_any(units), ~hidden())
        .order_by(col(Case.opened_at).desc(), col(Case.id).desc())
        .limit(NEWEST_OPEN)
        .subquery()
    )
    query = (
        select(Case.id)
        .join(newest, newest.c.id == Case.id)
        .where(Case.district == district, _matches(words, Case))
        .order_by(col(Case.opened_at).desc(), col(Case.id).desc())
        .limit(MOST_FOUND + 1)
    )
    return list(session.exec(query))


def _ended_with(
    session: Session, district: str, units: Sequence[str], words: Sequence[str], now: datetime
) -> list[UUID]:
    names = (
        "id", "grid", "reach", "kind", "opened_at", "text", "place_building", "place_landmark"
    )  # fmt: skip
    newest = (
        select(*(getattr(Case, name) for name in names))
        .where(Case.district == district, text("archived_at IS NULL"))
        .where(col(Case.closed_at) >= now - timedelta(days=ENDED_DAYS))
        .order_by(col(Case.closed_at).desc())
        .limit(NEWEST_ENDED)
        .subquery()
    )
    query = (
        select(newest.c.id)
        .where(_in_any(units, newest.c), ~hidden(newest.c), _matches(words, newest.c))
        .order_by(newest.c.opened_at.desc(), newest.c.id.desc())
        .limit(MOST_FOUND + 1)
    )
    return list(session.exec(query))
