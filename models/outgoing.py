"""What goes out: taken by the one deliverer of a bot, settled in batches.

`wall` is real time (leases, budgets), `now` the service's time (not-before, sent-at).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, func, literal_column, or_, update
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from models.cases import Case, GroupPost
from models.people import Person
from models.queue import Asked, Budget, MovedChat, Outbox, Posted
from models.statement import Prepared, among
from models.territory import Group, StrangeGroup
from models.upsert import insert_into

ROW_LEASE = timedelta(seconds=120)
# a halt is tried again after this at the latest; one that lies further off was noted by a clock
# that has been set back since
MOST_HALT = timedelta(minutes=5)
# rows looked at once to find chats that can be written to
LOOK = 500
WHOLE_BOT = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A row to deliver. `stands`, `digest`: where its card is and what it shows, if anywhere."""

    id: UUID
    platform: str
    chat: str
    act: str
    priority: int
    payload: dict[str, Any]
    card: str | None
    district: str | None
    person: UUID | None
    tries: int
    made_at: datetime
    stands: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel. `state`: sent, dead, or pending (again at `not_before`).

    `message`: its id in the chat, or None. `digest`: what its card shows now.
    `counted`: it was a try (being told to wait is none).
    """

    parcel: Parcel
    state: str
    message: str | None = None
    digest: str | None = None
    error: str | None = None
    not_before: datetime | None = None
    counted: bool = True


def free_rows(session: Session, bot: str) -> None:
    """Rows that the deliverer before us held are to be delivered again."""
    _free(session, bot, col(Outbox.holder).is_not(None))


def let_go(session: Session, bot: str, holder: str, flying: Collection[str]) -> None:
    """Free what `holder` was given without hearing of it: the answer to taking was lost."""
    theirs = col(Outbox.holder) == holder
    _free(session, bot, theirs, col(Outbox.chat).not_in(sorted(flying)))


def _free(session: Session, bot: str, *held: Any) -> None:
    # first found in the order of the index that holds only what is pending: SQLite would look
    # through all that was ever sent
    query = select(Outbox.id).where(Outbox.bot == bot, Outbox.state == "pending", *held)
    keys = session.exec(query.order_by(col(Outbox.priority))).all()
    if keys:
        where = (col(Outbox.bot) == bot, col(Outbox.id).in_(keys), col(Outbox.state) == "pending")
        _run(session, update(Outbox).where(*where, *held).values(holder=None, until=None))


def take(
    session: Session,
    bot: str,
    holder: str,
    now: datetime,
    wall: datetime,
    busy: Collection[str],
    limit: int,
) -> list[Parcel]:
    """The most pressing row of each of at most `limit` chats that may be written to now."""
    of: dict[str, Any] = {
        "of_bot": bot,
        "wall": wall,
        "now": now,
        "holder": holder,
        "lease": wall + ROW_LEASE,
        "furthest": wall + MOST_HALT,
    }
    halted = {chat for (chat,) in _HALTED.all(session, of)}
    if WHOLE_BOT in halted:
        return []
    keys = _first_of_each(session, of, halted | set(busy), limit)
    if not keys:
        return []
    of["keys"] = keys
    _TAKE.run(session, of)
    return [_parcel(session, bot, row) for row in _PARCELS.all(session, of)]


def _first_of_each(
    session: Session, of: dict[str, Any], without: set[str], limit: int
) -> list[UUID]:
    """One row for each chat; a chat with thousands of them hides no other."""
    first: dict[str, Any] = {}
    while len(first) < limit:
        found = PRESSING.all(session, of | {"busy": without | set(first)})
        for chat, key in found:
            first.setdefault(chat, key)
        if len(found) < LOOK:
            break
    keys = list(first.values())[:limit]
    return [key if isinstance(key, UUID) else UUID(key) for key in keys]


def _holds(wall: Any, furthest: Any) -> tuple[Any, ...]:
    return (col(Budget.until) > wall, col(Budget.until) <= furthest)


_HALTED = Prepared(
    lambda _: select(Budget.chat).where(
        Budget.bot == bindparam("of_bot"), *_holds(bindparam("wall"), bindparam("furthest"))
    )
)
# its plan is tested
PRESSING = Prepared(
    lambda session: (
        # the keys as the driver gives them: most of a long queue's are only looked past
        select(Outbox.chat, literal_column("outbox.id"))
        .where(
            Outbox.bot == bindparam("of_bot"),
            Outbox.state == "pending",
            or_(col(Outbox.not_before).is_(None), col(Outbox.not_before) <= bindparam("now")),
            or_(col(Outbox.until).is_(None), col(Outbox.until) < bindparam("wall")),
            ~among(session, Outbox.chat, "busy"),
        )
        .order_by(col(Outbox.priority), col(Outbox.id))
        .limit(LOOK)
    )
)


def _these(session: Session) -> tuple[Any, ...]:
    return (col(Outbox.bot) == bindparam("of_bot"), among(session, Outbox.id, "keys"))


_TAKE = Prepared(
    lambda session: (
        update(Outbox)
        .where(*_these(session))
        .values({"holder": bindparam("holder"), "until": bindparam("lease")})
    )
)
_SHOWN = (
    "id", "platform", "chat", "act", "priority", "payload", "card", "district", "person",
    "tries", "made_at",
)  # fmt: skip
_COLUMNS: list[Any] = [*(getattr(Outbox, name) for name in _SHOWN), Posted.message, Posted.digest]
_PARCELS = Prepared(
    lambda session: (
        sql_select(*_COLUMNS)
        .select_from(Outbox)
        .outerjoin(
            Posted,
            and_(
                col(Posted.bot) == Outbox.bot,
                col(Posted.platform) == Outbox.platform,
                col(Posted.chat) == Outbox.chat,
                col(Posted.card) == Outbox.card,
            ),
        )
        .where(*_these(session))
        .order_by(col(Outbox.priority), col(Outbox.id))
    )
)


def _parcel(session: Session, bot: str, row: Any) -> Parcel:
    parcel = Parcel(*row)
    name = None if parcel.card else parcel.payload.get("card")
    if name is None:
        return parcel
    # what is done to a card, and is none itself
    posted = session.get(Posted, (bot, parcel.platform, parcel.chat, name))
    found = (posted.message, posted.digest) if posted else (None, None)
    return replace(parcel, card=name, stands=found[0], digest=found[1])


def settle(session: Session, bot: str, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write down what became of parcels, and where cards stand now."""
    sent = [outcome for outcome in outcomes if outcome.state == "sent"]
    if sent:
        _SENT.many(session, [_sent(bot, each, now) for each in sent])
    _place(session, [_placed(bot, each, now) for each in sent if each.digest and each.message])
    for outcome in outcomes:
        if outcome.state != "sent":
            session.connection().execute(_settled(bot, outcome))


_SENT = Prepared(
    lambda _: (
        update(Outbox)
        .where(col(Outbox.bot) == bindparam("of_bot"), col(Outbox.id) == bindparam("key"))
        .values(
            {
                "state": "sent",
                "tries": bindparam("tried"),
                "holder": None,
                "until": None,
                "error": None,
                "sent_at": bindparam("now"),
                "message": bindparam("as_message"),
            }
        )
    )
)


def _sent(bot: str, outcome: Outcome, now: datetime) -> dict[str, Any]:
    parcel = outcome.parcel
    tried = parcel.tries + outcome.counted
    return {
        "of_bot": bot, "key": parcel.id, "tried": tried, "now": now,
        "as_message": outcome.message,
    }  # fmt: skip


def _settled(bot: str, outcome: Outcome) -> Any:
    """What was not sent; if another deliverer has sent it meanwhile, it stays sent."""
    parcel = outcome.parcel
    statement = update(Outbox).where(
        col(Outbox.bot) == bot, col(Outbox.id) == parcel.id, col(Outbox.state) == "pending"
    )
    values: dict[str, Any] = {
        "state": outcome.state,
        "tries": parcel.tries + outcome.counted,
        "holder": None,
        "until": None,
        "error": outcome.error,
    }
    if outcome.state == "pending":
        values |= {"not_before": outcome.not_before}
    return statement.values(**values)


def _placed(bot: str, outcome: Outcome, now: datetime) -> dict[str, Any]:
    parcel = outcome.parcel
    return {
        "bot": bot, "platform": parcel.platform, "chat": parcel.chat, "card": parcel.card,
        "message": outcome.message, "digest": outcome.digest, "posted_at": now,
    }  # fmt: skip


def _place(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Where cards stand now."""
    if rows:
        _PLACE.many(session, rows)


def _placing(session: Session) -> Any:
    statement = insert_into(session, Posted)
    shown = {name: statement.excluded[name] for name in ("message", "digest", "posted_at")}
    key = ["bot", "platform", "chat", "card"]
    return statement.on_conflict_do_update(index_elements=key, set_=shown)


_PLACE = Prepared(_placing)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a chat (WHOLE_BOT: all of them) may still get: `level` messages at `at`.

    `sent`: a group's last moments of sending, in seconds since 1970.
    """

    chat: str
    level: float
    at: datetime
    sent: list[float]


def note_spent(session: Session, bot: str, spent: Sequence[Spent]) -> None:
    """Keep the budgets, for after a restart and for the process that delivers next."""
    if not spent:
        return
    rows = [
        {"bot": bot, "chat": each.chat, "until": each.at, "level": each.level, "at": each.at,
         "sent": each.sent}
        for each in spent
    ]  # fmt: skip
    statement = insert_into(session, Budget).values(rows)
    new = {name: statement.excluded[name] for name in ("level", "at", "sent")}
    session.execute(statement.on_conflict_do_update(index_elements=["bot", "chat"], set_=new))


def spent_since(session: Session, bot: str, since: datetime) -> list[Spent]:
    """The budgets from which something was taken after `since`."""
    query = select(Budget.chat, Budget.level, Budget.at, Budget.sent).where(
        Budget.bot == bot, col(Budget.at) > since, col(Budget.level).is_not(None)
    )
    return [
        Spent(chat, level, at, list(sent or ()))
        for chat, level, at, sent in session.exec(query)
        if level is not None and at is not None
    ]


def halt(session: Session, bot: str, chat: str, until: datetime) -> None:
    """A 429: leave the chat alone until then (`chat` WHOLE_BOT: all of them)."""
    statement = insert_into(session, Budget).values(bot=bot, chat=chat, until=until)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["bot", "chat"],
            set_={"until": until},
            where=or_(col(Budget.until) < until, col(Budget.until) > until + MOST_HALT),
        )
    )


def halted_until(session: Session, bot: str, wall: datetime) -> datetime | None:
    """Until when the whole bot must be left alone, or None."""
    query = select(Budget.until).where(
        Budget.bot == bot, Budget.chat == WHOLE_BOT, *_holds(wall, wall + MOST_HALT)
    )
    return session.exec(query).first()


def any_pending(session: Session, bot: str) -> bool:
    """Whether anything of this bot's is still to be sent, now or later."""
    return _PENDING.first(session, {"of_bot": bot}) is not None


_PENDING = Prepared(
    lambda _: (
        select(Outbox.id)
        .where(Outbox.bot == bindparam("of_bot"), Outbox.state == "pending")
        # in the order of the index that holds only these: SQLite would read all that was ever sent
        .order_by(col(Outbox.priority))
        .limit(1)
    )
)


def waiting_of_others(session: Session, bots: Collection[str]) -> list[tuple[str, int]]:
    """(bot, rows that wait) of every bot but these."""
    query = (
        select(Outbox.bot, func.count())
        .where(Outbox.state == "pending", col(Outbox.bot).not_in(sorted(bots)))
        .group_by(col(Outbox.bot))
        .order_by(col(Outbox.bot))
    )
    return [(bot, count) for bot, count in session.exec(query)]


def held_until(session: Session, now: datetime) -> datetime | None:
    """The earliest instant after `now` for which a row is being held back."""
    query = select(func.min(Outbox.not_before)).where(
        Outbox.state == "pending", col(Outbox.not_before) > now
    )
    return session.exec(query).one()


def count(session: Session, state: str) -> int:
    """How many rows are pending or dead."""
    query = select(func.count()).select_from(Outbox).where(Outbox.state == state)
    return session.exec(query).one()


def people_at(session: Session, bot: str, platform: str, address: str) -> list[tuple[str, UUID]]:
    """(district, person) of everybody whom this bot writes to at this address."""
    query = select(Person.district, Person.id).where(
        Person.platform == platform,
        Person.address == address,
        or_(col(Person.bot) == bot, col(Person.bot).is_(None)),
    )
    return [(district, person) for district, person in session.exec(query)]


def mark_unreachable(session: Session, district: str, person: UUID) -> bool:
    """The bot may not write to them any more; False if that was known."""
    row = session.get(Person, (district, person))
    if row is None or not row.reachable:
        return False
    row.reachable = False
    session.add(row)
    session.flush()
    return True


def move_chat(session: Session, bot: str, platform: str, old: str, new: str, now: datetime) -> None:
    """A group became a supergroup: everything that names `old` names `new` from now on.

    Message ids start again there, so cards are posted anew and nothing replies to old ones.
    """
    _remember_move(session, bot, platform, old, new, now)
    groups = session.exec(select(Group.id).where(*_at(Group, bot, platform, old))).all()
    _move_group(session, bot, platform, old, new)
    _move_strange(session, bot, platform, old, new)
    _move_rows(session, bot, platform, old, new)
    here = (bot, platform, old)
    _run(session, delete(Posted).where(*_at(Posted, *here)))
    _run(session, delete(Asked).where(*_at(Asked, bot, platform, new)))
    _run(session, update(Asked).where(*_at(Asked, *here)).values(chat=new, message=None))
    _run(session, delete(Budget).where(col(Budget.bot) == bot, col(Budget.chat) == old))
    where = (col(Case.bot) == bot, col(Case.platform) == platform, col(Case.source_chat) == old)
    # of a case whose reporter is forgotten nothing but its group says where it was told
    moved = select(Case.id).where(or_(and_(*where), col(Case.group).in_(groups)))
    _run(session, delete(GroupPost).where(col(GroupPost.case).in_(moved)))
    _run(session, update(Case).where(*where).values(source_chat=new, source_message=None))


def _remember_move(
    session: Session, bot: str, platform: str, old: str, new: str, now: datetime
) -> None:
    """What was said in the old chat and waits in the inbox still finds its group."""
    row = {"bot": bot, "platform": platform, "chat": old, "new_chat": new, "moved_at": now}
    statement = insert_into(session, MovedChat).values(**row)
    session.execute(statement.on_conflict_do_nothing(index_elements=["bot", "platform", "chat"]))


def _move_strange(session: Session, bot: str, platform: str, old: str, new: str) -> None:
    strange = session.get(StrangeGroup, (bot, platform, old))
    if strange is None:
        return
    if session.get(StrangeGroup, (bot, platform, new)) is None:
        leave_at = strange.leave_at
        session.add(StrangeGroup(bot=bot, platform=platform, chat=new, leave_at=leave_at))
    session.delete(strange)
    session.flush()


def _move_rows(session: Session, bot: str, platform: str, old: str, new: str) -> None:
    pending = (*_at(Outbox, bot, platform, old), Outbox.state == "pending")
    for row in session.exec(select(Outbox).where(*pending)):
        if "message" in row.payload:  # there the number is another message's
            row.state = "dropped"
        row.chat = new
        row.payload = {key: value for key, value in row.payload.items() if key != "reply_to"}
        session.add(row)
    session.flush()


def _move_group(session: Session, bot: str, platform: str, old: str, new: str) -> None:
    group = session.exec(select(Group).where(*_at(Group, bot, platform, old))).first()
    if group is None or session.exec(select(Group).where(*_at(Group, bot, platform, new))).first():
        return
    group.chat = new
    session.add(group)
    session.flush()


def _at(table: Any, bot: str, platform: str, chat: str) -> tuple[Any, ...]:
    return (col(table.bot) == bot, col(table.platform) == platform, col(table.chat) == chat)


def _run(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))


def waits(session: Session, now: datetime) -> bool:
    """Whether any row may be sent at this moment."""
    query = select(Outbox.id).where(
        Outbox.state == "pending",
        or_(col(Outbox.not_before).is_(None), col(Outbox.not_before) <= now),
    )
    return session.exec(query.limit(1)).first() is not None
