"""Several cases under one cause: chosen by a desk, told by one notice, ended by one word.

A cause owns nothing: each case keeps its owner, promise and next moment. What concerns many
cases is done in portions by the clock, so that no unit of work takes long.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from domain.lifecycle import BEFORE_DONE, Verb
from domain.refused import Refused
from domain.roles import Standing, within
from models import Case, Cause, Due, Person, new_id
from models.append import savepoint
from models.cases import OPEN
from services import attachments, caselist, due, handling
from services.access import actor_of, locked_case, standings_of
from services.catalogue import catalogue
from services.summary import hidden, in_unit

# cases under one cause by one word, and how many of them in one unit of work: some 40 ms each
MOST, PORTION = 500, 10
LONGEST_NAME, LONGEST_WORDS = 30, 500
COMMUNITY_DIGITS = 12
# the names of the due rows: putting the rest under it, its notice, its end
JOIN, TELL, OVER = "causes.join", "causes.tell", "causes.over"
_BEFORE_DONE = [str(each) for each in BEFORE_DONE]


@dataclass(frozen=True, slots=True)
class Selection:
    """Cases that a desk is about to put under one cause, in the order of their keys."""

    unit: str
    kind: str
    name: str
    keys: tuple[UUID, ...]

    def data(self) -> dict[str, Any]:
        """What must be kept until it is confirmed, as JSON."""
        keys = [str(each) for each in self.keys]
        return {"unit": self.unit, "kind": self.kind, "name": self.name, "keys": keys}


def selection_of(data: dict[str, Any]) -> Selection:
    """What `Selection.data` kept."""
    keys = tuple(UUID(each) for each in data["keys"])
    return Selection(data["unit"], data["kind"], data["name"], keys)


@dataclass(frozen=True, slots=True)
class Proof:
    """A file that shows that the cause is gone, as it was sent."""

    kind: str
    file_id: str
    unique_id: str
    mime: str | None = None
    size: int | None = None


# --- choosing ---


def kinds_of(
    session: Session, person: Person, unit: str, which: str, now: datetime
) -> list[tuple[str, int]]:
    """The kinds of a filter's cases that are under no cause yet, the most frequent first."""
    where = _choosable(session, person, unit, which, now)
    query = select(Case.kind, func.count()).where(*where).group_by(Case.kind)
    rows = [(kind, count) for kind, count in session.exec(query)]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def of_kind(
    session: Session, person: Person, unit: str, which: str, kind: str, now: datetime
) -> Selection:
    """The filter's cases of a kind, at most MOST. Raises Refused `cause_nothing`."""
    where = _choosable(session, person, unit, which, now)
    query = select(Case.id).where(*where, Case.kind == kind)
    keys = session.exec(query.order_by(col(Case.due_at), col(Case.id)).limit(MOST))
    return _selection(session, person, unit, kind, keys)


def _choosable(
    session: Session, person: Person, unit: str, which: str, now: datetime
) -> tuple[Any, ...]:
    caselist.check_desk(session, person, unit)
    return (
        *caselist.where(session, person.district, unit, which, now),
        col(Case.state).in_(_BEFORE_DONE),
        col(Case.cause).is_(None),
    )


def of_cases(session: Session, person: Person, cases: Sequence[Case]) -> Selection:
    """Those of the cases that are worked on and under no cause; for the desk whose they are.

    Raises Refused `cause_nothing`, `cases_not_yours`.
    """
    units = caselist.units_of(session, person)
    fit = [each for each in cases if each.state in _BEFORE_DONE and each.cause is None]
    unit = next((u for u in units if any(within(u, each.grid) for each in fit)), units[0])
    fit = [each for each in fit if within(unit, each.grid) and each.reach != "named"]
    kinds = Counter(each.kind for each in fit)
    kind = kinds.most_common(1)[0][0] if kinds else ""
    return _selection(session, person, unit, kind, (each.id for each in fit))


def _selection(
    session: Session, person: Person, unit: str, kind: str, keys: Iterable[UUID]
) -> Selection:
    found = tuple(sorted(keys))
    if not found:
        raise Refused("cause_nothing")
    named: Any = catalogue(session, person.district).kinds.get(kind)
    name = named.name(person.language) if named is not None else kind
    return Selection(unit[:COMMUNITY_DIGITS], kind, name[:LONGEST_NAME], found)


def more(session: Session, cause: Cause) -> list[Case]:
    """Open cases of the kind, in the grids that it has reached, that are under no cause."""
    grids = select(Case.grid).where(Case.district == cause.district, Case.cause == cause.id)
    query = select(Case).where(
        Case.district == cause.district,
        text(OPEN),
        col(Case.state).in_(_BEFORE_DONE),
        col(Case.grid).in_(grids.distinct()),
        Case.kind == cause.kind,
        col(Case.cause).is_(None),
        in_unit(cause.unit),
        ~hidden(),
    )
    return list(session.exec(query.order_by(col(Case.opened_at)).limit(MOST)))


# --- which there are ---


def of_desk(session: Session, person: Person, key: UUID | None) -> Cause:
    """A cause that the person's desk may speak for. Raises Refused `cause_unknown`."""
    cause = session.get(Cause, (person.district, key)) if key is not None else None
    units = caselist.units_of(session, person)
    if cause is None or not any(within(unit, cause.unit) for unit in units):
        raise Refused("cause_unknown")
    return cause


def for_case(session: Session, person: Person, case: Case, key: UUID | None) -> Cause:
    """A cause that a case may go under: one whose area holds it, or of the person's own desk.

    Raises Refused `cause_unknown`.
    """
    cause = session.get(Cause, (person.district, key)) if key is not None else None
    if cause is not None and within(cause.unit, case.grid):
        return cause
    return of_desk(session, person, key)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many cases are under a cause, are open, are late, and in how many groups."""

    all: int
    open: int
    at_work: int
    late: int
    groups: int


def numbers(session: Session, cause: Cause, now: datetime) -> Numbers:
    """Counted as they stand now."""
    at_work = col(Case.state).in_(_BEFORE_DONE)
    query = select(  # type: ignore[call-overload]
        func.count(),
        func.count().filter(text(OPEN)),
        func.count().filter(at_work),
        func.count().filter(at_work, col(Case.due_at) <= now),
        func.count(func.distinct(Case.group)).filter(text(OPEN)),
    ).select_from(Case)
    where = (Case.district == cause.district, Case.cause == cause.id)
    return Numbers(*session.execute(query.where(*where)).one())


def cases_of(session: Session, cause: Cause, after: UUID | None, most: int) -> list[Case]:
    """Its open cases in the order of their keys, from behind `after`."""
    query = select(Case).where(Case.district == cause.district, Case.cause == cause.id, text(OPEN))
    if after is not None:
        query = query.where(col(Case.id) > after)
    return list(session.exec(query.order_by(col(Case.id)).limit(most)))


# --- beginning, joining, leaving ---


def begin(session: Session, person: Person, chosen: Selection, now: datetime) -> Cause:
    """A new cause with the cases that were previewed; more than a portion follows by the clock."""
    caselist.check_desk(session, person, chosen.unit)
    cause = Cause(
        district=person.district,
        id=new_id(),
        unit=chosen.unit,
        name=chosen.name,
        kind=chosen.kind,
        made_by=person.id,
        made_at=now,
    )
    session.add(cause)
    session.flush()
    put_under(session, person, cause, chosen.keys, now)
    return cause


def put_under(
    session: Session, person: Person, cause: Cause, keys: Sequence[UUID], now: datetime
) -> None:
    """The cases are under the cause from now on; those that have moved on are left out.

    Raises Refused `cause_gone` once it is over.
    """
    if cause.ended_at is not None:
        raise Refused("cause_gone")
    for key in keys[:PORTION]:
        _put(session, person, cause, key, now)
    left = [str(each) for each in keys[PORTION:]]
    if left:
        data = {"keys": left, "by": str(person.id)}
        key_ = f"{JOIN}:{cause.id}:{left[0]}"
        due.plan(session, cause.district, key_, JOIN, now, subject=str(cause.id), data=data)


def _put(session: Session, person: Person, cause: Cause, key: UUID, now: datetime) -> bool:
    try:
        with savepoint(session):
            share(session, person, cause, key, None, now)
    except Refused:
        return False
    return True


def share(
    session: Session,
    person: Person,
    cause: Cause,
    key: UUID | None,
    version: int | None,
    now: datetime,
) -> Case:
    """One case goes under the cause. Raises Refused, `cause_gone` among others."""
    if cause.ended_at is not None:
        raise Refused("cause_gone")
    return handling.do(
        session, person, key, Verb.SHARE_CAUSE, now,
        version=version, other_key=cause.id, facts={"cause": str(cause.id)},
    )  # fmt: skip


def leave(
    session: Session, person: Person, key: UUID | None, version: int | None, now: datetime
) -> Case:
    """One case isn't under its cause after all. Raises Refused."""
    return handling.do(session, person, key, Verb.LEAVE_CAUSE, now, version=version)


def fire_join(session: Session, row: Due, now: datetime) -> None:
    """The next portion; again while there are more."""
    cause, person = _said(session, row)
    put_under(session, person, cause, [UUID(each) for each in row.data["keys"]], now)


def _said(session: Session, row: Due) -> tuple[Cause, Person]:
    """The cause of a due row and who said so. Raises Refused `moved_on` if either is gone."""
    cause = session.get(Cause, (row.district, UUID(row.subject or "")))
    person = session.get(Person, (row.district, UUID(row.data["by"])))
    if cause is None or person is None:
        raise Refused("moved_on")
    return cause, person


# --- its end ---


def end(session: Session, person: Person, cause: Cause, words: str, now: datetime) -> None:
    """The cause is gone, in these words. Raises Refused `cause_gone`, `why_missing`."""
    if cause.ended_at is not None:
        raise Refused("cause_gone")
    if not words.strip():
        raise Refused("why_missing")
    cause.words, cause.ended_at, cause.ended_by = words.strip()[:LONGEST_WORDS], now, person.id
    session.add(cause)
    session.flush()


def plan_over(
    session: Session, cause: Cause, files: Sequence[attachments.Given], now: datetime
) -> None:
    """Each of its cases that is worked on becomes done, by the clock, in portions, in the name of
    who ended it; `files` are the proof of each."""
    names = ("kind", "file_id", "unique_id", "mime", "size")
    proofs = [{name: getattr(each, name) for name in names} for each in files]
    data = {"by": str(cause.ended_by), "files": proofs, "done": 0, "left": {}}
    key = f"{OVER}:{cause.id}"
    due.plan(session, cause.district, key, OVER, now, subject=str(cause.id), data=data)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a portion of a cause's end came to. `last`: no case is left to look at."""

    done: tuple[Case, ...]
    left: dict[str, int]
    last: bool


def end_portion(session: Session, row: Due, now: datetime) -> Ended:
    """Some of the cases become done, each by itself; what refuses stays open and is counted."""
    cause, person = _said(session, row)
    after = row.data.get("after")
    cases = cases_of(session, cause, UUID(after) if after else None, PORTION)
    proofs = [Proof(**each) for each in row.data["files"]]
    done, left = [], Counter(row.data["left"])
    for case in cases:
        if case.state not in _BEFORE_DONE:
            continue
        try:
            with savepoint(session):
                done.append(_over(session, person, cause, case.id, proofs, now))
        except Refused as refused:
            left[refused.code] += 1
    last = len(cases) < PORTION
    if not last:
        data = dict(row.data) | {"after": str(cases[-1].id), "left": dict(left)}
        data["done"] = row.data["done"] + len(done)
        due.plan(session, cause.district, row.key, OVER, now, subject=row.subject, data=data)
    return Ended(tuple(done), dict(left), last)


def _over(
    session: Session,
    person: Person,
    cause: Cause,
    key: UUID,
    proofs: Sequence[Proof],
    now: datetime,
) -> Case:
    case = locked_case(session, cause.district, key)
    if Standing.DESK not in standings_of(session, person, case):
        raise Refused("not_yours")
    for proof in proofs:
        attachments.add(session, case, proof, "after", person.id, now)
    shown = {each.kind for each in proofs} & {"photo", "voice"}
    actor = actor_of(session, person, case)
    handling.change_case(
        session, case, Verb.CAUSE_OVER, actor, now, {"text": cause.words},
        evidence=frozenset({"note", *shown}), facts={"cause": str(cause.id)},
    )  # fmt: skip
    return case
