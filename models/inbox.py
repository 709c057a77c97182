"""What came in: stored once, claimed by chat, done once.

A lane is a chat that has work. Claiming lanes instead of updates keeps one chat's order across
replicas and costs a flood in one chat nobody else's time. `wall` is real time, which leases
run by; `now` is the service's time, which may be stepped in a demonstration.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, and_, bindparam, delete, func, literal, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models import partitions
from models.columns import new_id
from models.leases import living
from models.queue import Inbox, Lane, Offset, Webhook
from models.statement import Prepared, among, listed
from models.upsert import insert_into

# updates of one chat before the next chat has its turn
BATCH = 20
TRIES = 3
# Telegram keeps an update for 24 hours, and then tries no more
KNOWN_FOR = timedelta(hours=48)
# after a week without updates their numbers begin anew at random
QUIET = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update as it came: `payload` holds only the fields that we use."""

    update_id: int
    lane: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored update to be worked on."""

    id: UUID
    payload: dict[str, Any]
    tries: int
    lane: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A chat that is ours while we live, with its oldest updates."""

    lane: str
    updates: tuple[Waiting, ...]


def store(
    session: Session,
    bot: str,
    arrived: Sequence[Arrived],
    now: datetime,
    wall: datetime,
    next_update: int | None = None,
) -> None:
    """Keep updates; one that is already known changes nothing. Moves the offset with them."""
    if arrived:
        # the lanes first: two who store the same update wait for each other here
        _open_lanes(session, bot, {each.lane for each in arrived}, wall)
        known = _known(session, bot, arrived) if partitions.are_here(session) else ()
        ids = _Ids(session, bot, arrived)
        rows = [_row(bot, each, ids, now) for each in arrived if each.update_id not in known]
        if _insert(session, rows) < len(arrived):
            _insert_again(session, bot, arrived, ids, now)
    if next_update is not None:
        _move_offset(session, bot, next_update, now)


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """How many were new."""
    if not rows:
        return 0
    if partitions.are_here(session):
        statement = insert_into(session, Inbox).on_conflict_do_nothing().returning(col(Inbox.id))
        return len(session.connection().execute(statement, rows).all())
    return sum(_INSERT.run(session, row) for row in rows)


_STORED = ("bot", "id", "update_id", "lane", "received_at", "payload", "state", "tries")
_INSERT = Prepared(
    lambda session: (
        insert_into(session, Inbox)
        .values({name: bindparam(name) for name in _STORED})
        .on_conflict_do_nothing()
    )
)


def _insert_again(
    session: Session, bot: str, arrived: Sequence[Arrived], ids: "_Ids", now: datetime
) -> None:
    """After a quiet week numbers begin anew at random, and may meet one that was used before.

    Nobody sends an update again after KNOWN_FOR, so an older row gives its number up; unless it
    says the very same, and only a clock has jumped.
    """
    said = {each.update_id: each.payload for each in arrived}
    query = select(Inbox.id, Inbox.update_id, Inbox.payload).where(
        Inbox.bot == bot, col(Inbox.update_id).in_(said), Inbox.received_at < now - KNOWN_FOR
    )
    found = session.exec(query)
    old = {number: key for key, number, payload in found if payload != said[number]}
    for key in old.values():
        where = (col(Inbox.bot) == bot, col(Inbox.id) == key)
        statement = update(Inbox).where(*where).values(update_id=-time.time_ns())
        session.execute(statement.execution_options(synchronize_session=False))
    _insert(session, [_row(bot, each, ids, now) for each in arrived if each.update_id in old])


def _known(session: Session, bot: str, arrived: Sequence[Arrived]) -> set[int]:
    """Those stored before, in whichever partition."""
    of = {"of_bot": bot, "given": [each.update_id for each in arrived]}
    return {number for (number,) in _KNOWN.all(session, of)}


_KNOWN = Prepared(
    lambda session: select(Inbox.update_id).where(
        Inbox.bot == bindparam("of_bot"), among(session, Inbox.update_id, "given")
    )
)
_NEWEST = (
    select(Inbox.id)
    .where(Inbox.bot == Lane.bot, Inbox.lane == Lane.lane, Inbox.state == "new")
    .order_by(col(Inbox.id).desc())
    .limit(1)
    .scalar_subquery()
)
_LAST = Prepared(
    lambda session: select(Lane.lane, _NEWEST).where(
        Lane.bot == bindparam("of_bot"), among(session, Lane.lane, "lanes")
    )
)


class _Ids:
    """Keys that sort after all that waits in their chat, also when the clock was set back."""

    def __init__(self, session: Session, bot: str, arrived: Iterable[Arrived]) -> None:
        of = {"of_bot": bot, "lanes": {each.lane for each in arrived}}
        self._last: dict[str, UUID | None] = dict(_LAST.all(session, of))

    def next(self, lane: str) -> UUID:
        """The key of the chat's next update."""
        key, last = new_id(), self._last.get(lane)
        if last is not None and key <= last:
            key = UUID(int=last.int + 1)
        self._last[lane] = key
        return key


def _row(bot: str, arrived: Arrived, ids: _Ids, now: datetime) -> dict[str, Any]:
    return {
        "bot": bot,
        "id": ids.next(arrived.lane),
        "update_id": arrived.update_id,
        "lane": arrived.lane,
        "received_at": now,
        "payload": arrived.payload,
        "state": "new",
        "tries": 0,
    }


def _open_lanes(session: Session, bot: str, lanes: Iterable[str], wall: datetime) -> None:
    """Touches lanes that exist: who is about to remove one must wait and look again."""
    rows = [{"bot": bot, "lane": lane, "since": wall} for lane in sorted(lanes)]
    _OPEN.many(session, rows)


_OPEN = Prepared(
    lambda session: (
        insert_into(session, Lane)
        .values({name: bindparam(name) for name in ("bot", "lane", "since")})
        .on_conflict_do_update(index_elements=["bot", "lane"], set_={"since": col(Lane.since)})
    )
)


def _move_offset(session: Session, bot: str, next_update: int, now: datetime) -> None:
    moved = {"next_update": next_update, "moved_at": now}
    statement = insert_into(session, Offset).values(bot=bot, **moved)
    session.execute(statement.on_conflict_do_update(index_elements=["bot"], set_=moved))


def offset(session: Session, bot: str, now: datetime) -> int | None:
    """The first update that has not been confirmed; None before the first poll, and after days
    in which nothing came: numbers may begin anew then, below this one."""
    found = session.get(Offset, bot)
    if found is None or (found.moved_at is not None and found.moved_at < now - QUIET):
        return None
    return found.next_update


def webhook(session: Session, bot: str) -> str | None:
    """The address that we have told the platform, or None."""
    return session.exec(select(Webhook.url).where(Webhook.bot == bot)).first()


def set_webhook(session: Session, bot: str, url: str | None) -> None:
    """Remember the address that we have told the platform; None: no more."""
    if url is None:
        gone = delete(Webhook).where(col(Webhook.bot) == bot)
        session.execute(gone.execution_options(synchronize_session=False))
        return
    statement = insert_into(session, Webhook).values(bot=bot, url=url)
    session.execute(statement.on_conflict_do_update(index_elements=["bot"], set_={"url": url}))


def claim(session: Session, bot: str, holder: str, wall: datetime, limit: int) -> list[Claimed]:
    """At most `limit` chats that nobody serves, longest waiting first, with their updates."""
    of = {"of_bot": bot, "of_holder": holder, "wall": wall, "most": limit}
    names = [name for (name,) in _FREE.all(session, of)]
    if not names:
        return []
    _HOLD.run(session, of | {"lanes": names})
    waiting = oldest(session, bot, names)
    return [Claimed(name, tuple(waiting.get(name, ()))) for name in names]


def _free(_: Session) -> Any:
    held = col(Lane.holder)
    bot, wall = (cast(Any, bindparam(name)) for name in ("of_bot", "wall"))
    orphaned = and_(held != bindparam("of_holder"), held.not_in(living(bot, wall)))
    return (
        select(Lane.lane)
        .where(Lane.bot == bindparam("of_bot"), or_(held.is_(None), orphaned))
        .order_by(col(Lane.since))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


_FREE = Prepared(_free)
_HOLD = Prepared(
    lambda session: (
        update(Lane)
        .where(col(Lane.bot) == bindparam("of_bot"), among(session, Lane.lane, "lanes"))
        .values(holder=bindparam("of_holder"))
    )
)


def oldest(session: Session, bot: str, lanes: Sequence[str]) -> dict[str, list[Waiting]]:
    """The next updates of chats, each chat's in order of arrival."""
    found: dict[str, list[Waiting]] = {}
    of = {"of_bot": bot, "lanes": lanes}
    for lane, key, load, tries in OLDEST.all(session, of):
        if key is not None:
            found.setdefault(lane, []).append(Waiting(key, load, tries, lane))
    for waiting in found.values():
        waiting.sort(key=lambda each: each.id)
    return found


_EARLIER = aliased(Inbox)


def _oldest(session: Session) -> Any:
    lane = listed(session, Lane.lane, "lanes").c.value
    # the last one of a chat that is looked at: a chat with thousands of them costs no more
    last = (
        select(_EARLIER.id)
        .where(_EARLIER.bot == bindparam("of_bot"), _EARLIER.lane == lane, _EARLIER.state == "new")
        .order_by(col(_EARLIER.id))
        .offset(BATCH - 1)
        .limit(1)
        .correlate(lane.table)
        .scalar_subquery()
    )
    waiting = and_(
        col(Inbox.bot) == bindparam("of_bot"),
        col(Inbox.lane) == lane,
        col(Inbox.state) == "new",
        col(Inbox.id) <= func.coalesce(last, literal(UUID(int=2**128 - 1))),
    )
    # an outer join keeps SQLite from beginning at the other end
    rows = select(lane, Inbox.id, Inbox.payload, Inbox.tries).select_from(lane.table)
    return rows.outerjoin(Inbox, waiting)


# its plan is tested
OLDEST = Prepared(_oldest)


def release(session: Session, bot: str, holder: str, lanes: Iterable[str], wall: datetime) -> None:
    """Give chats back: to the end of the line, or out of it if nothing waits there."""
    of = {"of_bot": bot, "of_holder": holder, "wall": wall, "lanes": list(lanes)}
    if not of["lanes"]:
        return
    # the lock comes before the look, so that what is just being stored is seen
    held = {lane for (lane,) in _HELD.all(session, of)}
    waiting = {lane for (lane,) in _WAITING.all(session, of)} & held
    if waiting:
        _LINE_UP.run(session, of | {"lanes": waiting})
    if held - waiting:
        _END.run(session, of | {"lanes": held - waiting})


_HELD = Prepared(
    lambda session: (
        select(Lane.lane)
        .where(
            Lane.bot == bindparam("of_bot"),
            Lane.holder == bindparam("of_holder"),
            among(session, Lane.lane, "lanes"),
        )
        .order_by(Lane.lane)
        .with_for_update()
    )
)
_WAITING = Prepared(
    lambda session: select(Lane.lane).where(
        Lane.bot == bindparam("of_bot"),
        among(session, Lane.lane, "lanes"),
        select(Inbox.id)
        .where(Inbox.bot == Lane.bot, Inbox.lane == Lane.lane, Inbox.state == "new")
        .exists(),
    )
)
_LINE_UP = Prepared(
    lambda session: (
        update(Lane)
        .where(col(Lane.bot) == bindparam("of_bot"), among(session, Lane.lane, "lanes"))
        .values(since=bindparam("wall"), holder=None)
    )
)
_END = Prepared(
    lambda session: delete(Lane).where(
        col(Lane.bot) == bindparam("of_bot"), among(session, Lane.lane, "lanes")
    )
)


def let_go(session: Session, bot: str, holder: str, known: Collection[str]) -> None:
    """Free what `holder` was given without hearing of it: the answer to a claim was lost."""
    held = (col(Lane.bot) == bot, col(Lane.holder) == holder)
    statement = update(Lane).where(*held, col(Lane.lane).not_in(sorted(known)))
    session.execute(statement.values(holder=None).execution_options(synchronize_session=False))


def free_lanes(session: Session, bot: str) -> None:
    """No other process lives: whatever was claimed was claimed by one that has died."""
    statement = update(Lane).where(col(Lane.bot) == bot).values(holder=None)
    session.execute(statement.execution_options(synchronize_session=False))


_FINISH = Prepared(
    lambda _: (
        update(Inbox)
        .where(
            col(Inbox.bot) == bindparam("of_bot"),
            col(Inbox.id) == bindparam("key"),
            col(Inbox.state) == "new",
        )
        .values(state="done", done_at=bindparam("at"))
    )
)


_STILL_NEW = Prepared(
    lambda session: (
        select(Inbox.id)
        .where(
            Inbox.bot == bindparam("of_bot"),
            among(session, Inbox.id, "keys"),
            Inbox.state == "new",
        )
        .with_for_update()
    )
)


def still_new(session: Session, bot: str, keys: Sequence[UUID]) -> set[UUID]:
    """Those of the updates that nobody has handled; held until the unit of work ends."""
    return {key for (key,) in _STILL_NEW.all(session, {"of_bot": bot, "keys": keys})}


def finish_all(session: Session, bot: str, keys: Iterable[UUID], now: datetime) -> None:
    """Mark updates done, in the transaction that does them; they are held (`still_new`)."""
    rows = [{"of_bot": bot, "key": key, "at": now} for key in keys]
    if rows:
        _FINISH.many(session, rows)


def finish(session: Session, bot: str, key: UUID, now: datetime) -> bool:
    """Mark an update done, in the transaction that does it. False: it was done already."""
    return _FINISH.run(session, {"of_bot": bot, "key": key, "at": now}) == 1


def empty(session: Session, bot: str, key: UUID) -> None:
    """Keep of an update only that it came."""
    where = (col(Inbox.bot) == bot, col(Inbox.id) == key)
    statement = update(Inbox).where(*where).values(payload={})
    session.execute(statement.execution_options(synchronize_session=False))


def fail(session: Session, bot: str, key: UUID, error: str, now: datetime) -> bool:
    """Count a failure by its class name; True if that was the last try."""
    query = select(Inbox.tries).where(Inbox.bot == bot, Inbox.id == key, Inbox.state == "new")
    tries = session.exec(query).first()
    if tries is None:
        return False
    last = tries + 1 >= TRIES
    state, done_at = ("failed", now) if last else ("new", None)
    _change(session, bot, key, "new", tries=tries + 1, error=error, state=state, done_at=done_at)
    return last


def number_of(key: UUID) -> str:
    """The number under which a failed update is spoken of."""
    return str(key)[-6:].upper()


def replay(session: Session, keys: Sequence[UUID], wall: datetime, bot: str | None = None) -> int:
    """Put failed updates back in line (all of them, or all of `bot`, if no keys are given)."""
    query = select(Inbox.bot, Inbox.id, Inbox.lane).where(Inbox.state == "failed")
    if bot is not None:
        query = query.where(Inbox.bot == bot)
    if keys:
        query = query.where(col(Inbox.id).in_(keys))
    rows = list(session.exec(query.order_by(col(Inbox.id))))
    for of, key, lane in rows:
        _change(session, of, key, "failed", state="new", tries=0, error=None, done_at=None)
        _open_lanes(session, of, [lane], wall)
    return len(rows)


def count(session: Session, state: str) -> int:
    """How many updates are new or failed."""
    query = select(func.count()).select_from(Inbox).where(Inbox.state == state)
    return session.exec(query).one()


def _change(session: Session, bot: str, key: UUID, before: str, **values: Any) -> bool:
    where = (col(Inbox.bot) == bot, col(Inbox.id) == key, col(Inbox.state) == before)
    statement = update(Inbox).where(*where).values(**values)
    done = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(done, CursorResult) and done.rowcount == 1
