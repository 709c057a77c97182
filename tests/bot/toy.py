"""A service of a few lines behind the real runtime: it notes what it hears and answers.

Words that begin with a keyword make it misbehave or act: `boom` raises, `spin` never ends, `card X`
shows X on the card "c", `pin X` pins that card or says X, `raw {…}` queues a payload, `later N`
plans something.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from bot.doors import Doors, moves_rows
from handlers.turn import Answer, Event, Migrated, Press, Said
from handlers.updates import Me
from models import Audit, Due
from services.due import plan
from services.outbox import About, Button, Message, act, put

DISTRICT = "320106"
CARD = About(card="c", district=DISTRICT)


class Boom(Exception):
    """What a bug would raise."""


def handle(session: Session, event: Event, me: Me, now: datetime) -> list[Answer]:
    if isinstance(event, Migrated):
        moves_rows(session, event.at, event.new_chat, now)
    if isinstance(event, Press):
        note(session, event.at.chat, f"pressed {event.data}", now)
        return [Answer(f"you pressed {event.data}", alert=True)]
    if isinstance(event, Said) and event.command != "start":
        note(session, event.at.chat, event.text, now)
        said(session, event, now)
    return []


def note(session: Session, chat: str, text: str, now: datetime) -> None:
    session.add(Audit(district=DISTRICT, at=now, act="heard", object=chat, facts={"text": text}))
    session.flush()


def said(session: Session, event: Said, now: datetime) -> None:
    word, _, rest = event.text.partition(" ")
    buttons = ((Button("go", data="go~1", style="primary"), Button("copy", copy="119")),)
    if word == "boom":
        raise Boom(event.text)
    while word == "spin":
        pass
    if word == "card":
        put(session, event.at, Message(rest, buttons), now, CARD)
    elif word == "pin":
        payload = {"card": "c"} | ({"otherwise": rest} if rest else {})
        act(session, event.at, "pin", payload, now, About(district=DISTRICT))
    elif word == "raw":
        what, payload = json.loads(rest)
        act(session, event.at, what, payload, now, About(district=DISTRICT))
    elif word == "later":
        at = now + timedelta(seconds=float(rest))
        plan(session, DISTRICT, f"toy:{event.message}", event.at.chat, at)
    elif word != "quiet":
        put(session, event.at, Message(f"heard {event.text}"), now, About(district=DISTRICT))


def sweep(session: Session, now: datetime, limit: int) -> int:
    rows = session.exec(
        select(Due).where(Due.state == "pending", col(Due.at) <= now).limit(limit)
    ).all()
    for row in rows:
        row.state, row.fired_at = "fired", now
        session.add(row)
        note(session, row.name, "due", now)
    return len(rows)


def unreachable(session: Session, person: UUID, district: str, now: datetime) -> None:
    note(session, str(person), "unreachable", now)


DOORS = Doors(handle, sweep, unreachable, needs_group_admin={"bind"})


def doors(**other: Any) -> Doors:
    """The same with some of them changed."""
    return replace(DOORS, **other)


def heard(session: Session) -> list[tuple[str, str]]:
    """(chat, text) in the order in which it was handled."""
    rows: Sequence[Audit] = session.exec(select(Audit).order_by(col(Audit.id))).all()
    return [(row.object, str(row.facts["text"])) for row in rows]
