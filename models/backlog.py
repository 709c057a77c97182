"""How much waits, and for how long: what the doctor says and what monitoring draws.

Every question is answered by an index, so that asking costs what waits and not what exists.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case as choose
from sqlalchemy import func, or_
from sqlmodel import Session, col, select, text

from models.cases import Due
from models.outgoing import WHOLE_BOT
from models.people import Person, Role
from models.queue import Budget, Inbox, Lane, Outbox


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many, and since when the oldest (None if none)."""

    count: int = 0
    since: datetime | None = None

    def seconds(self, now: datetime) -> float:
        """How long the oldest has waited."""
        return max(0.0, (now - self.since).total_seconds()) if self.since else 0.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """`updates`: received, not handled. `messages`: by priority, of those that may be sent now.

    `held`: messages for later. `dues`: reminders that are due. `halted`: chats that Telegram
    wants left alone; `all_halted`: all of them.
    """

    updates: Waiting
    chats: int
    failed: int
    messages: dict[int, Waiting] = field(default_factory=dict)
    held: int = 0
    dead: int = 0
    dues: Waiting = field(default_factory=Waiting)
    halted: int = 0
    all_halted: bool = False

    @property
    def oldest_message(self) -> Waiting:
        """All that may be sent now."""
        since = [each.since for each in self.messages.values() if each.since is not None]
        count = sum(each.count for each in self.messages.values())
        return Waiting(count, min(since, default=None))


def backlog(session: Session, now: datetime, wall: datetime) -> Backlog:
    """What waits at this moment. `now`: the service's time, `wall` the real one."""
    chats = set(session.exec(select(Budget.chat).where(col(Budget.until) > wall)))
    return Backlog(
        updates=_waiting(session, Inbox.received_at, _is("inbox.state", "new")),
        chats=_count(session, Lane),
        failed=_count(session, Inbox, _is("inbox.state", "failed")),
        messages=_messages(session, now),
        held=_count(session, Outbox, _is("outbox.state", "pending"), Outbox.not_before > now),  # type: ignore[operator]
        dead=_count(session, Outbox, _is("outbox.state", "dead")),
        dues=_waiting(session, Due.at, _is("due.state", "pending"), col(Due.at) <= now),
        halted=len(chats - {WHOLE_BOT}),
        all_halted=WHOLE_BOT in chats,
    )


def _is(column: str, state: str) -> Any:
    """In so many words: with a placeholder the indexes of one state are not seen."""
    return text(f"{column} = '{state}'")


def _count(session: Session, table: Any, *where: Any) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def _waiting(session: Session, column: Any, *where: Any) -> Waiting:
    count, since = session.exec(select(func.count(), func.min(column)).where(*where)).one()
    return Waiting(count, since)


def _messages(session: Session, now: datetime) -> dict[int, Waiting]:
    later = col(Outbox.not_before)
    since = choose((later.is_(None), col(Outbox.made_at)), else_=later)
    query = (
        select(Outbox.priority, func.count(), func.min(since))
        .where(_is("outbox.state", "pending"), or_(later.is_(None), later <= now))
        .group_by(col(Outbox.priority))
    )
    return {priority: Waiting(count, at) for priority, count, at in session.exec(query)}


@dataclass(frozen=True, slots=True)
class Reach:
    """Of those with a role: how many, who never enrolled, who has blocked the bot."""

    people: int
    new: int
    lost: int


def reach(session: Session) -> Reach:
    """Who can be told anything at all."""
    held = (col(Role.district) == Person.district) & (col(Role.person) == Person.id)
    staff = (
        select(Person.district, Person.id, Person.address, Person.reachable)
        .join(Role, held)
        .where(col(Role.revoked_at).is_(None))
        .distinct()
        .subquery()
    )
    new = staff.c.address.is_(None)
    lost = staff.c.address.is_not(None) & staff.c.reachable.is_(False)
    counted = select(func.count(), func.count().filter(new), func.count().filter(lost)).select_from(
        staff
    )
    return Reach(*session.exec(counted).one())
