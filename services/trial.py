"""The trial resident's own district: who lives there, what was sent to them, and tidying up.

Its code is none that the statistical divisions have, so nothing of it reaches anybody's counts,
lists, numbers or exports: all of these belong to a district. Its addresses are numbers that no
account of the platform can have (they have at most 52 bits), so nothing of it leaves the house.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from domain.roles import RoleName
from models import (
    Asked,
    Case,
    CaseEvent,
    Division,
    Due,
    Group,
    Inbox,
    Outbox,
    Person,
    Posted,
    Role,
    Shift,
    Voice,
)
from models.territory import TRIAL_DISTRICT as DISTRICT
from services.buttons import parse

GRID = DISTRICT + "000000000"
SHORT = "00000"
# the first number that no account has, and whose they are
FIRST = 1 << 52
RESIDENTS = (FIRST + 1, FIRST + 2)
WORKER = FIRST + 3
GROUP = -(FIRST + 4)
# what was tried is kept for an hour, for whoever looks why it was slow
KEEP = timedelta(hours=1)
MOST = 50
FOR_EVER = timedelta(days=36_500)


def is_trial(chat: Any) -> bool:
    """Whether an address is one that only the trial resident uses."""
    text = str(chat)
    return text.lstrip("-").isdecimal() and abs(int(text)) >= FIRST


def prepare(session: Session, bot: str, now: datetime) -> None:
    """The district, its grid, its group, two residents and a worker who is always there."""
    codes = {"district": DISTRICT, "street": GRID[:9], "community": GRID[:12], "grid": GRID}
    parent = None
    for level, code in codes.items():
        short = SHORT if level == "grid" else None
        if session.get(Division, (DISTRICT, code)) is None:
            row = Division(district=DISTRICT, code=code, level=level, name="试报", short=short)
            row.parent = parent
            session.add(row)
        parent = code
    group = _group(session, bot, now)
    for address in (*RESIDENTS, WORKER):
        _person(session, bot, address, group, now)
    session.flush()


def _group(session: Session, bot: str, now: datetime) -> Group:
    query = select(Group).where(Group.district == DISTRICT, Group.bot == bot)
    found = session.exec(query).first()
    if found is None:
        found = Group(
            district=DISTRICT, grid=GRID, bot=bot, chat=str(GROUP), title="试报", bound_at=now
        )
        session.add(found)
        session.flush()
    return found


def _person(session: Session, bot: str, address: int, group: Group, now: datetime) -> None:
    query = select(Person).where(Person.district == DISTRICT, Person.address == str(address))
    found = session.exec(query).first()
    if found is None:
        found = Person(district=DISTRICT, address=str(address), name="试报", made_at=now)
        if address == WORKER:
            _hire(session, found.id, now)
    found.bot, found.reachable, found.home_group = bot, True, group.id
    session.add(found)


def _hire(session: Session, person: UUID, now: datetime) -> None:
    """Always on duty: what is tried at night must be answered at night."""
    for role, unit in ((RoleName.WORKER, GRID), (RoleName.SUPERVISOR, GRID[:12])):
        session.add(Role(district=DISTRICT, person=person, role=role, unit=unit, since=now))
    session.add(Shift(district=DISTRICT, person=person, unit=GRID, start=now, end=now + FOR_EVER))


@dataclass(frozen=True, slots=True)
class Button:
    """A button that stands in a message which was sent."""

    message: str
    data: str


def newest(session: Session, since: datetime) -> UUID | None:
    """The case that was opened by the trial that began at `since`."""
    query = select(Case.id).where(Case.district == DISTRICT, col(Case.opened_at) >= since)
    return session.exec(query.order_by(col(Case.opened_at).desc()).limit(1)).first()


def state(session: Session, case: UUID) -> str | None:
    """Where the case stands."""
    query = select(Case.state).where(Case.district == DISTRICT, Case.id == case)
    return session.exec(query).first()


def button(
    session: Session, bot: str, chat: int, verb: str, case: UUID, since: datetime
) -> Button | None:
    """The newest button for `verb` on the case that has been delivered to a chat."""
    query = select(Outbox.payload, Outbox.message).where(
        Outbox.bot == bot,
        col(Outbox.made_at) >= since,
        Outbox.chat == str(chat),
        Outbox.state == "sent",
    )
    for payload, message in session.exec(query.order_by(col(Outbox.id).desc())):
        for row in payload.get("buttons", ()):
            for each in row:
                pressed = parse(each.get("data") or "")
                if pressed and (pressed.verb, pressed.case) == (verb, case) and message:
                    return Button(message, each["data"])
    return None


def tidy(session: Session, bot: str, now: datetime) -> int:
    """Delete what earlier trials have left, all of it; how many cases."""
    before = now - KEEP
    query = select(Case.id).where(Case.district == DISTRICT, col(Case.opened_at) < before)
    keys = list(session.exec(query.order_by(col(Case.opened_at)).limit(MOST)))
    for table in (Voice, CaseEvent, Due, Outbox):
        _delete(session, table.district == DISTRICT, col(table.case).in_(keys), of=table)
    _delete(session, Case.district == DISTRICT, col(Case.id).in_(keys), of=Case)
    _delete(session, Outbox.district == DISTRICT, col(Outbox.made_at) < before, of=Outbox)
    ours = (Inbox.bot == bot, col(Inbox.update_id) < 0)
    _delete(session, *ours, col(Inbox.received_at) < before, of=Inbox)
    _forget_talk(session, bot, now, before)
    return len(keys)


def _forget_talk(session: Session, bot: str, now: datetime, before: datetime) -> None:
    """What was said without a case, where cards stood, what was asked.

    Of the outbox only the last hours are searched; what a pause leaves ends as all messages do.
    """
    chats = [str(each) for each in (*RESIDENTS, WORKER, GROUP)]
    tables: tuple[tuple[Any, Any], ...] = (
        (Outbox, col(Outbox.made_at).between(before - KEEP, before)),
        (Posted, col(Posted.posted_at) < before),
        (Asked, col(Asked.expires_at) < now),
    )
    for table, old in tables:
        _delete(session, table.bot == bot, col(table.chat).in_(chats), old, of=table)


def _delete(session: Session, *where: Any, of: Any) -> None:
    session.execute(delete(of).where(*where).execution_options(synchronize_session=False))
