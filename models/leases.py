"""Which processes live, and what only one of them does at a time.

A living process says so every BEAT_SECONDS. What a process holds (a chat, delivery, polling) is
free once it has been silent for ALIVE: one beat for all it holds, instead of one lease for each.
`wall` is real time.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.queue import Lease
from models.upsert import insert_into

BEAT_SECONDS = 2.0
ALIVE = timedelta(seconds=7)
FORGET = timedelta(minutes=5)
_NAME = "alive "


def beat(session: Session, bot: str, holder: str, wall: datetime) -> None:
    """This process lives."""
    row = {"bot": bot, "name": _NAME + holder, "holder": holder, "until": wall + ALIVE}
    statement = insert_into(session, Lease).values(**row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["bot", "name"], set_={"until": row["until"]}
        )
    )
    old = (col(Lease.bot) == bot, col(Lease.name).startswith(_NAME))
    _run(session, delete(Lease).where(*old, col(Lease.until) < wall - FORGET))


def living(bot: str, wall: datetime) -> Any:
    """The processes that live, as a subquery."""
    return select(Lease.holder).where(
        Lease.bot == bot, col(Lease.name).startswith(_NAME), Lease.until > wall
    )


def take(session: Session, bot: str, name: str, holder: str, wall: datetime) -> bool:
    """Hold, keep or take over what only one does at a time; False: a living process has it."""
    row = session.get(Lease, (bot, name), with_for_update=True, populate_existing=True)
    if row is not None and row.holder != holder:
        alive = living(bot, wall).where(Lease.holder == row.holder)
        if session.exec(alive.limit(1)).first() is not None:
            return False
    row = row or Lease(bot=bot, name=name, holder=holder, until=wall)
    row.holder, row.until = holder, wall
    session.add(row)
    session.flush()
    return True


def leave(session: Session, bot: str, holder: str) -> None:
    """This process ends and lets go of all that it held."""
    _run(session, delete(Lease).where(col(Lease.bot) == bot, col(Lease.holder) == holder))


def _run(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
