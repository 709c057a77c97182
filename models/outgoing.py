"""What goes out: taken by the one deliverer of a bot, settled in batches.

`wall` is real time (leases, budgets), `now` the service's time (not-before, sent-at).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, update
from sqlmodel import Session, col, select

from models.cases import Case
from models.people import Person
from models.queue import Asked, Budget, MovedChat, Outbox, Posted
from models.territory import Group, StrangeGroup
from models.upsert import insert_into

ROW_LEASE = timedelta(seconds=120)
# a halt is tried again after this at the latest; one that lies further off was noted by a clock
# that has been set back since
MOST_HALT = timedelta(minutes=5)
# rows looked at once to find chats that can be written to
LOOK = 200
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
    where = (
        col(Outbox.bot) == bot,
        col(Outbox.state) == "pending",
        col(Outbox.holder).is_not(None),
    )
    statement = update(Outbox).where(*where).values(holder=None, until=None)
    session.execute(statement.execution_options(synchronize_session=False))


def let_go(session: Session, bot: str, holder: str, flying: Collection[str]) -> None:
    """Free what `holder` was given without hearing of it: the answer to taking was lost."""
    where = (
        col(Outbox.bot) == bot,
        col(Outbox.state) == "pending",
        col(Outbox.holder) == holder,
        col(Outbox.chat).not_in(sorted(flying)),
    )
    _run(session, update(Outbox).where(*where).values(holder=None, until=None))


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
    halted = _halted(session, bot, wall)
    if WHOLE_BOT in halted:
        return []
    rows = _first_of_each(session, bot, now, wall, halted | set(busy), limit)
    for row in rows:
        row.holder, row.until = holder, wall + ROW_LEASE
        session.add(row)
    session.flush()
    return [_parcel(session, bot, row) for row in rows]


def _first_of_each(
    session: Session, bot: str, now: datetime, wall: datetime, without: set[str], limit: int
) -> list[Outbox]:
    """One row for each chat; a chat with thousands of them hides no other."""
    first: dict[str, Outbox] = {}
    while len(first) < limit:
        found = list(session.exec(_pressing(bot, now, wall, without | set(first))))
        for row in found:
            first.setdefault(row.chat, row)
        if len(found) < LOOK:
            break
    return list(first.values())[:limit]


def _halted(session: Session, bot: str, wall: datetime) -> set[str]:
    query = select(Budget.chat).where(Budget.bot == bot, *_holds(wall))
    return set(session.exec(query))


def _holds(wall: datetime) -> tuple[Any, ...]:
    return (col(Budget.until) > wall, col(Budget.until) <= wall + MOST_HALT)


def _pressing(bot: str, now: datetime, wall: datetime, without: set[str]) -> Any:
    query = select(Outbox).where(
        Outbox.bot == bot,
        Outbox.state == "pending",
        or_(col(Outbox.not_before).is_(None), col(Outbox.not_before) <= now),
        or_(col(Outbox.until).is_(None), col(Outbox.until) < wall),
        col(Outbox.chat).not_in(sorted(without)),
    )
    return query.order_by(col(Outbox.priority), col(Outbox.id)).limit(LOOK)


def _parcel(session: Session, bot: str, row: Outbox) -> Parcel:
    name = row.card or row.payload.get("card")
    posted = session.get(Posted, (bot, row.platform, row.chat, name)) if name else None
    return Parcel(
        id=row.id,
        platform=row.platform,
        chat=row.chat,
        act=row.act,
        priority=row.priority,
        payload=row.payload,
        card=name,
        district=row.district,
        person=row.person,
        tries=row.tries,
        made_at=row.made_at,
        stands=posted.message if posted else None,
        digest=posted.digest if posted else None,
    )


def settle(session: Session, bot: str, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write down what became of parcels, and where cards stand now."""
    for outcome in outcomes:
        session.execute(_settled(bot, outcome, now))
        if outcome.state == "sent" and outcome.digest and outcome.message:
            _place(session, bot, outcome, now)


def _settled(bot: str, outcome: Outcome, now: datetime) -> Any:
    parcel = outcome.parcel
    statement = update(Outbox).where(col(Outbox.bot) == bot, col(Outbox.id) == parcel.id)
    if outcome.state != "sent":
        # what another deliverer has sent meanwhile (ours was silent too long) stays sent
        statement = statement.where(col(Outbox.state) == "pending")
    values: dict[str, Any] = {
        "state": outcome.state,
        "tries": parcel.tries + outcome.counted,
        "holder": None,
        "until": None,
        "error": outcome.error,
    }
    if outcome.state == "sent":
        values |= {"sent_at": now, "message": outcome.message}
    if outcome.state == "pending":
        values |= {"not_before": outcome.not_before}
    return statement.values(**values).execution_options(synchronize_session=False)


def _place(session: Session, bot: str, outcome: Outcome, now: datetime) -> None:
    parcel = outcome.parcel
    shown = {"message": outcome.message, "digest": outcome.digest, "posted_at": now}
    key = {"bot": bot, "platform": parcel.platform, "chat": parcel.chat, "card": parcel.card}
    statement = insert_into(session, Posted).values(**key, **shown)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=shown))


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
    query = select(Budget.until).where(Budget.bot == bot, Budget.chat == WHOLE_BOT, *_holds(wall))
    return session.exec(query).first()


def any_pending(session: Session, bot: str) -> bool:
    """Whether anything of this bot's is still to be sent, now or later."""
    query = select(Outbox.id).where(Outbox.bot == bot, Outbox.state == "pending").limit(1)
    return session.exec(query).first() is not None


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
    _move_group(session, bot, platform, old, new)
    _move_strange(session, bot, platform, old, new)
    _move_rows(session, bot, platform, old, new)
    here = (bot, platform, old)
    _run(session, delete(Posted).where(*_at(Posted, *here)))
    _run(session, delete(Asked).where(*_at(Asked, bot, platform, new)))
    _run(session, update(Asked).where(*_at(Asked, *here)).values(chat=new, message=None))
    _run(session, delete(Budget).where(col(Budget.bot) == bot, col(Budget.chat) == old))
    where = (col(Case.bot) == bot, col(Case.platform) == platform, col(Case.source_chat) == old)
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
