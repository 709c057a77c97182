"""Does the service keep its promises? Each question costs what is wrong or due, not what exists.

`look` asks what an index answers at once: several hold nothing but what is wrong, and are empty.
`scan` goes round and round through the rest, a share at a time; what it once found is asked again
until it is well (`again`). What a process knows of itself is added by scheduler/audit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, text, tuple_
from sqlalchemy import select as choose
from sqlmodel import Session, col, select

from domain.lifecycle import ENDED
from models import Case, CaseEvent, Due, Group, Inbox, Lane, Outbox, Person
from models.cases import OPEN, WRONG
from models.queue import Budget
from models.territory import TRIAL_DISTRICT
from services import sealing, territory, told, verifying
from services.told import DeadLetter, GivenUp
from services.verifying import Broken

LATE_DUE = timedelta(seconds=60)
LATE_LANE = timedelta(seconds=60)
# twenty updates of 30 s, the most that one chat may take
LONG_LANE = timedelta(minutes=10)
LATE_MESSAGE = timedelta(minutes=5)
# a queue that moves is a reason to wait, but not for ever
LONG_QUEUE = timedelta(hours=1)
MOVES = timedelta(seconds=60)
LATE_SEAL = timedelta(seconds=5)
# more than this of one sort and district is "many"
MANY = 20
# of what lasts until somebody has dealt with it, each new one counts
MOST_KNOWN = 500
WHOLE_BOT = ""
_ENDED = frozenset(map(str, ENDED))

CASE_CODES = ("case_without_owner", "case_without_next", "case_next_differs", "case_state_differs")
MERGED = "case_merged_differs"
CODES = (
    *CASE_CODES,
    MERGED,
    "due_late",
    "due_failing",
    "update_late",
    "update_lost",
    "update_failed",
    "message_late",
    "message_dead",
    "tick_unfinished",
    "history_unsealed",
    "history_broken",
    "trial_slow",
)
# these go on until somebody has dealt with them: once told, they are known
KNOWN_ONCE_TOLD = ("update_failed", "message_dead")


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One thing that is wrong. `ref`: what to look it up by; `district` "": the deployment's.

    `told`: somebody has a notice of just this one (services/told).
    """

    code: str
    district: str
    ref: str
    told: bool = False


# how far a chain was followed; how far open cases were looked at (district, grid, words), and
# those that others went into (district, key)
Where = tuple[str, str]
Pair = tuple[str, UUID]
Place = tuple[str, str, str]


# --- what an index answers ---


def _is(column: str, state: str) -> Any:
    """As it stands in the index: with a parameter SQLite would not use it."""
    return text(f"{column} = '{state}'")


def look(session: Session, now: datetime, wall: datetime) -> list[Found]:
    """All that is wrong and can be seen at once; at most MANY of each sort."""
    return [
        *_unsealed(session, wall),
        *_late_due(session, now),
        *_failing_due(session),
        *_late_lanes(session, wall),
        *_lost_updates(session),
        *_failed_updates(session),
        *_late_messages(session, now, wall),
        *_dead_messages(session),
        *_cases_without(session),
    ]


def _unsealed(session: Session, wall: datetime) -> Iterable[Found]:
    for district, made_at in sealing.oldest(session).items():
        if made_at < wall - LATE_SEAL:
            yield Found("history_unsealed", district, made_at.isoformat(timespec="seconds"))


def _late_due(session: Session, now: datetime) -> Iterable[Found]:
    query = select(Due.district, Due.id).where(
        _is("due.state", "pending"), col(Due.at) <= now - LATE_DUE
    )
    return _named("due_late", session, query)


def _failing_due(session: Session) -> Iterable[Found]:
    """Rows that failed and were pushed an hour on (services/clock)."""
    query = select(Due.district, Due.id).where(
        _is("due.state", "pending"), col(Due.trace).is_not(None)
    )
    return _named("due_failing", session, query)


def _late_lanes(session: Session, wall: datetime) -> Iterable[Found]:
    """Chats that nobody serves, or somebody for too long."""
    unserved = and_(col(Lane.holder).is_(None), col(Lane.since) < wall - LATE_LANE)
    query = select(Lane.bot, Lane.since).where(or_(unserved, col(Lane.since) < wall - LONG_LANE))
    rows = session.exec(query.limit(MANY))
    # since when, and not which: a chat's number may be a person's
    return [
        Found("update_late", district_of(session, bot), since.isoformat()) for bot, since in rows
    ]


def _lost_updates(session: Session) -> Iterable[Found]:
    """Updates that no lane leads to: nobody would ever claim them."""
    lane = exists().where(col(Lane.bot) == Inbox.bot, col(Lane.lane) == Inbox.lane)
    query = select(Inbox.bot, Inbox.id).where(_is("inbox.state", "new"), ~lane)
    rows = session.exec(query.limit(MANY))
    return [Found("update_lost", district_of(session, bot), str(key)) for bot, key in rows]


def _failed_updates(session: Session) -> list[Found]:
    query = select(Inbox.bot, Inbox.id, Inbox.error, Inbox.done_at).where(
        _is("inbox.state", "failed")
    )
    rows = session.exec(query.order_by(col(Inbox.id).desc()).limit(MOST_KNOWN))
    failed = [GivenUp(*row) for row in rows]
    heard = told.of_given_up(session, failed, territory.districts(session)) if failed else ()
    return [
        Found("update_failed", district_of(session, each.bot), str(each.id), each.id in heard)
        for each in failed
    ]


def _late_messages(session: Session, now: datetime, wall: datetime) -> Iterable[Found]:
    """Rows that might have been sent five minutes ago, and no reason why they weren't."""
    before = now - LATE_MESSAGE
    halted = exists().where(
        col(Budget.bot) == Outbox.bot,
        col(Budget.chat).in_((WHOLE_BOT, Outbox.chat)),
        col(Budget.until) > wall,
    )
    query = select(Outbox.bot, Outbox.id, Outbox.district, Outbox.made_at).where(
        _is("outbox.state", "pending"),
        col(Outbox.made_at) < before,
        or_(col(Outbox.not_before).is_(None), col(Outbox.not_before) < before),
        ~halted,
    )
    rows = list(session.exec(query.limit(MANY)))
    moving = {bot for bot in {row[0] for row in rows} if _moves(session, bot, now)}
    for bot, key, district, made_at in rows:
        if bot not in moving or made_at < now - LONG_QUEUE:
            yield Found("message_late", district or "", str(key))


def _moves(session: Session, bot: str, now: datetime) -> bool:
    """Whether anything was sent a moment ago: the others wait for Telegram's rates."""
    query = select(Outbox.id).where(
        Outbox.bot == bot, col(Outbox.made_at) > now - LONG_QUEUE, col(Outbox.sent_at) > now - MOVES
    )
    return session.exec(query.limit(1)).first() is not None


def _dead_messages(session: Session) -> list[Found]:
    query = select(Outbox.id, Outbox.district, Outbox.card, Outbox.payload).where(
        _is("outbox.state", "dead")
    )
    rows = session.exec(query.order_by(col(Outbox.id).desc()).limit(MOST_KNOWN))
    dead = [DeadLetter(*row) for row in rows]
    heard = told.of_dead(session, dead) if dead else ()
    return [
        Found("message_dead", each.district or "", str(each.id), each.id in heard) for each in dead
    ]


def _cases_without(session: Session) -> Iterable[Found]:
    """Open cases that nobody has, or for which nothing will ever happen."""
    query = select(Case.district, Case.number, Case.owner_unit).where(text(WRONG))
    for district, number, unit in session.exec(query.limit(MANY)):
        yield Found("case_without_next" if unit else "case_without_owner", district, number)


def _named(code: str, session: Session, query: Any) -> list[Found]:
    return [Found(code, district, str(key)) for district, key in session.exec(query.limit(MANY))]


def district_of(session: Session, bot: str) -> str:
    """The district that a bot belongs to; "" if it serves none or several."""
    query = select(Group.district).where(Group.bot == bot, Group.district != TRIAL_DISTRICT)
    found = list(session.exec(query.distinct().limit(2)))
    return found[0] if len(found) == 1 else ""


# --- what must be gone through ---


def scan(session: Session, after: Place | None, most: int) -> tuple[list[Found], Place | None]:
    """Look at the next `most` open cases; where to go on, None: from the beginning.

    The database compares them with what they should agree with and names those that don't:
    some 13 µs a case. Cases with the same words in one grid are looked at together.
    """
    last = _last_of(session, after, most)
    suspects: dict[str, list[str]] = defaultdict(list)
    for district, number in session.exec(_SUSPECTS.where(*_between(after, last)).limit(MANY)):
        suspects[district].append(number)
    found = [cases(session, district, numbers) for district, numbers in suspects.items()]
    return [each for some in found for each in some], last


# the order of ix_case_open_words, which holds open cases only
_PLACE = (col(Case.district), col(Case.grid), col(Case.words_key))


def _last_of(session: Session, after: Place | None, most: int) -> Place | None:
    """Where the next `most` open cases end; None: there are no more than that."""
    query = select(Case.district, Case.grid, Case.words_key).where(text(OPEN))
    query = query.where(*_between(after, None)).order_by(*_PLACE)
    return session.exec(query.offset(most - 1).limit(1)).first()


def _between(after: Place | None, last: Place | None) -> list[Any]:
    here = tuple_(*_PLACE)
    above = [] if after is None else [here > after]
    return above if last is None else [*above, here <= last]


_OWNER = exists().where(
    col(Person.district) == Case.district,
    col(Person.id) == Case.owner,
    col(Person.deleted_at).is_(None),
)
_NEXT_DUE = (
    choose(func.min(Due.at))
    .where(
        col(Due.district) == Case.district, col(Due.case) == Case.id, _is("due.state", "pending")
    )
    .scalar_subquery()
)
_LAST_STATE = (
    choose(col(CaseEvent.after))
    .where(col(CaseEvent.district) == Case.district, col(CaseEvent.case) == Case.id)
    .order_by(col(CaseEvent.seq).desc())
    .limit(1)
    .scalar_subquery()
)
# the same questions as `_wrong`, which says what it is
_SUSPECTS = select(Case.district, Case.number).where(
    text(OPEN),
    or_(
        col(Case.owner_unit) == "",
        col(Case.next_at).is_(None),
        and_(col(Case.owner).is_not(None), ~_OWNER),
        col(Case.next_at).is_distinct_from(_NEXT_DUE),
        col(Case.state).is_distinct_from(_LAST_STATE),
    ),
)


def cases(session: Session, district: str, numbers: Sequence[str]) -> list[Found]:
    """What is wrong with these cases: owner, next moment, and the last line of their history."""
    query = (
        choose(
            col(Case.id), col(Case.number), col(Case.state), col(Case.owner),
            col(Case.owner_unit), col(Case.next_at),
        )
        .where(col(Case.district) == district, col(Case.number).in_(numbers), text(OPEN))
    )  # fmt: skip
    rows = session.connection().execute(query).all()
    if not rows:
        return []
    keys = [row.id for row in rows]
    dues, states = _next_dues(session, district, keys), _last_states(session, district, keys)
    owners = _people(session, district, {row.owner for row in rows if row.owner})
    codes = ((row.number, _wrong(row, dues, states, owners)) for row in rows)
    return [Found(code, district, number) for number, code in codes if code]


def _wrong(
    row: Any, dues: dict[UUID, datetime], states: dict[UUID, str], owners: set[UUID]
) -> str | None:
    if (row.owner and row.owner not in owners) or not row.owner_unit:
        return "case_without_owner"
    if row.next_at is None or row.id not in dues:
        return "case_without_next"
    if row.next_at != dues[row.id]:
        return "case_next_differs"
    return "case_state_differs" if states.get(row.id) != row.state else None


def _next_dues(session: Session, district: str, keys: Sequence[UUID]) -> dict[UUID, datetime]:
    query = (
        select(Due.case, func.min(Due.at))
        .where(Due.district == district, col(Due.case).in_(keys), Due.state == "pending")
        .group_by(col(Due.case))
    )
    return {case: at for case, at in session.exec(query) if case}


def _last_states(session: Session, district: str, keys: Sequence[UUID]) -> dict[UUID, str]:
    last = (
        select(CaseEvent.case, func.max(CaseEvent.seq))
        .where(CaseEvent.district == district, col(CaseEvent.case).in_(keys))
        .group_by(col(CaseEvent.case))
    )
    query = select(CaseEvent.case, CaseEvent.after).where(
        CaseEvent.district == district,
        tuple_(col(CaseEvent.case), col(CaseEvent.seq)).in_(last),
    )
    return dict(session.exec(query).all())


def _people(session: Session, district: str, keys: set[UUID]) -> set[UUID]:
    query = select(Person.id).where(
        Person.district == district, col(Person.id).in_(keys), col(Person.deleted_at).is_(None)
    )
    return set(session.exec(query))


def pairs(session: Session, after: Pair | None, most: int) -> tuple[list[Found], Pair | None]:
    """Look at the next `most` cases that others went into, by what either side says; where to go
    on, None: from the beginning."""
    into = _keys(session, col(Case.merged_into), "merged_into IS NOT NULL", after, most)
    took = _keys(session, col(Case.id), "absorbed > 0", after, most)
    last = min((some[-1] for some in (into, took) if len(some) == most), default=None)
    here: dict[str, set[UUID]] = defaultdict(set)
    for district, key in (*into, *took):
        here[district].add(key)
    found = [_unlike(session, district, keys) for district, keys in here.items()]
    return [each for some in found for each in some], last


def _keys(session: Session, column: Any, where: str, after: Pair | None, most: int) -> list[Pair]:
    """In the order of an index that holds such cases only."""
    query = choose(col(Case.district), column).where(text(where)).distinct()
    if after is not None:
        query = query.where(tuple_(col(Case.district), column) > after)
    rows = session.connection().execute(query.order_by(col(Case.district), column).limit(most))
    return [(district, key) for district, key in rows]


def _unlike(session: Session, district: str, keys: set[UUID]) -> list[Found]:
    """What points at these cases while it goes on by itself, or at none; and which of them count
    others than those that point at them."""
    asked = select(Case.id, Case.number, Case.absorbed).where(Case.district == district)
    rows = session.exec(asked.where(col(Case.id).in_(keys)))
    there = {key: (number, absorbed) for key, number, absorbed in rows}
    asking = select(Case.merged_into, Case.number, Case.state).where(Case.district == district)
    points: dict[UUID | None, list[str]] = defaultdict(list)
    wrong = set[str]()
    for key, number, state in session.exec(asking.where(col(Case.merged_into).in_(keys))):
        points[key].append(number)
        if key not in there or state not in _ENDED:
            wrong.add(number)
    wrong |= {number for key, (number, count) in there.items() if count != len(points[key])}
    return [Found(MERGED, district, number) for number in sorted(wrong)]


def _of_numbers(session: Session, district: str, numbers: Sequence[str]) -> set[UUID]:
    """The cases of these numbers, and those that they went into."""
    query = select(Case.id, Case.merged_into).where(Case.district == district)
    found = session.exec(query.where(col(Case.number).in_(numbers)))
    return {key for both in found for key in both if key is not None}


def chain(session: Session, after: Where | None) -> tuple[list[Found], Where | None]:
    """Follow one link of one district's chain; where to go on."""
    at, position = after or ("", "0")
    districts = verifying.districts(session)
    here = at if at in districts else next((each for each in districts if each > at), None)
    if here is None:
        return [], None
    start = int(position) if here == at else 0
    head = verifying.verify_some(session, here, start, 1)
    if isinstance(head, Broken):
        return [Found("history_broken", here, str(start))], (here, str(head.position))
    if head.position > start:
        return [], (here, str(head.position))
    following = next((each for each in districts if each > here), None)
    return [], (following, "0") if following else None


def again(session: Session, district: str, code: str, refs: Sequence[str]) -> list[Found]:
    """Those of the things found before that are still wrong, whatever is wrong with them now."""
    if code in CASE_CODES:
        return cases(session, district, refs)
    if code == MERGED:
        return _unlike(session, district, _of_numbers(session, district, refs))
    heads = [(ref, verifying.verify_some(session, district, int(ref), 1)) for ref in refs]
    return [Found(code, district, ref) for ref, head in heads if isinstance(head, Broken)]
