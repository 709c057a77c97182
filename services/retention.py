"""What is kept ends: each thing after its own time (domain/policy), a little at a time.

Every function erases at most `limit` rows and says how many it did, so that a caller repeats
until nothing is left, and no unit of work is ever long. Times are those of `/privacy`.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, or_
from sqlmodel import Session, col, select

from domain.lifecycle import ENDED, Given, State, Verb, decide
from domain.refused import Refused
from domain.roles import CLOCK
from models import (
    Asked,
    Attachment,
    BindCode,
    Case,
    CaseEvent,
    Cause,
    Due,
    FailedTry,
    Group,
    GroupPost,
    Inbox,
    Invite,
    Outbox,
    Task,
    Voice,
)
from services import due, territory
from services.access import locked_case
from services.cases import facts_of, write
from services.equipment import policy

BATCH = 500
# what a used or expired code, or a wrong try, is still good for: a question at the desk
CODES_DAYS = 30
TRIES_DAYS = 1
COPIES_DAYS = 7  # the purge runs nightly; some nights may be missed
PURGE = "purge"
NIGHT = time(3, 30)  # local: nobody is at work then
PAUSE = timedelta(seconds=10)

PERSONAL: dict[str, Any] = {
    "text": "",
    "words_key": "",
    "near": None,
    "trace": "",
    "alike": None,
    "place_unit": None,
    "place_floor": None,
    "place_room": None,
    "lat": None,
    "lon": None,
    "source_chat": None,
    "source_message": None,
    "reporter": None,
    "filed_by": None,
}
# an archived case doesn't even say where; kind, grid and times stay for the numbers
PLACE: dict[str, Any] = {"place_building": None, "place_landmark": None, "instructions": ""}

Purge = Callable[[Session, str, datetime, int], int]


def purge(session: Session, district: str, now: datetime, limit: int = BATCH) -> int:
    """Erase what a district has kept long enough. Returns how much; 0 means nothing is left."""
    return sum(each(session, district, now, limit) for each in DISTRICT_PURGES)


def purge_bot(session: Session, bot: str, now: datetime, limit: int = BATCH) -> int:
    """The same for what belongs to a bot: updates, messages, questions, wrong tries."""
    return sum(each(session, bot, now, limit) for each in BOT_PURGES)


# --- by the clock (services/clock registers these) ---


def plan_purge(session: Session, district: str, now: datetime) -> None:
    """The district's purge runs in the coming night; planned twice, it still runs once."""
    zone = territory.zone(session, district)
    local = now.astimezone(zone)
    night = datetime.combine(local.date() + timedelta(days=local.time() >= NIGHT), NIGHT, zone)
    due.plan(session, district, PURGE, PURGE, night, subject=district)


def fire_purge(session: Session, row: Due, now: datetime) -> None:
    """One batch, and another soon after if there was something; else again tomorrow night."""
    done = purge(session, row.district, now)
    done += sum(purge_bot(session, bot, now) for bot in _bots(session, row.district))
    if done:
        due.plan(session, row.district, PURGE, PURGE, now + PAUSE, subject=row.district)
    else:
        plan_purge(session, row.district, now)


def _bots(session: Session, district: str) -> list[str]:
    query = select(Group.bot).where(Group.district == district).distinct()
    return list(session.exec(query.order_by(Group.bot)))


def fire_archive(session: Session, row: Due, now: datetime) -> None:
    """A case's own archiving timer. Raises Refused `moved_on` if it is open again."""
    case = locked_case(session, row.district, row.case)
    if case.state not in _ended():
        raise Refused("moved_on")
    archive(session, case, now)


# --- a district's ---


def archive(session: Session, case: Case, now: datetime) -> None:
    """An ended case loses everything personal and becomes a line of the numbers.

    Its history stays, without what its events said about persons. Raises Refused if open.
    """
    change = decide(facts_of(case), Verb.ARCHIVE, CLOCK, Given(policy=policy(session)), now)
    write(session, case, change, CLOCK, now)
    erase_case(session, case, now, place=True)


def erase_case(session: Session, case: Case, now: datetime, *, place: bool = False) -> None:
    """Take everything personal out of a case, its events and its files; `place` also where."""
    for name, value in (PERSONAL | (PLACE if place else {})).items():
        setattr(case, name, value)
    session.add(case)
    for event in session.exec(_personal_events(case)):
        event.personal = {}
        session.add(event)
    for task in session.exec(_tasks(case)) if place else ():
        task.words, task.reference = "", ""
        session.add(task)
    for attachment in session.exec(_kept_attachments(case)):
        erase_attachment(session, attachment, now)
    for table in (Voice, GroupPost):
        here = (col(table.district) == case.district, col(table.case) == case.id)
        session.execute(delete(table).where(*here))


def _personal_events(case: Case) -> Any:
    return select(CaseEvent).where(CaseEvent.district == case.district, CaseEvent.case == case.id)


def _tasks(case: Case) -> Any:
    return select(Task).where(Task.district == case.district, Task.case == case.id)


def _kept_attachments(case: Case) -> Any:
    return select(Attachment).where(
        Attachment.district == case.district,
        Attachment.case == case.id,
        col(Attachment.erased_at).is_(None),
    )


def erase_attachment(session: Session, attachment: Attachment, now: datetime) -> None:
    """Forget a file: Telegram's handle, who sent it, its size. bot/files deletes our copy.

    The unique id becomes the row's own, which nobody outside knows.
    """
    attachment.file_id = ""
    attachment.unique_id = attachment.id.hex
    attachment.by = None
    attachment.size = None
    attachment.erased_at = now
    session.add(attachment)


def purge_cases(session: Session, district: str, now: datetime, limit: int) -> int:
    """Archive cases that ended `keep_closed_days` ago and whose own timer was missed."""
    before = now - timedelta(days=policy(session).keep_closed_days)
    query = (
        select(Case)
        .where(Case.district == district, col(Case.archived_at).is_(None))
        .where(col(Case.closed_at) < before, col(Case.state).in_(_ended()))
        .order_by(col(Case.closed_at))
        .limit(limit)
    )
    found = list(session.exec(query))
    for case in found:
        archive(session, case, now)
    return len(found)


def _ended() -> list[str]:
    return [str(each) for each in ENDED if each is not State.ARCHIVED]


def purge_photos(session: Session, district: str, now: datetime, limit: int) -> int:
    """Erase the files of cases that ended `keep_photos_days` ago."""
    before = now - timedelta(days=policy(session).keep_photos_days)
    query = (
        select(Attachment)
        .join(Case, (col(Case.district) == Attachment.district) & (col(Case.id) == Attachment.case))
        .where(Attachment.district == district, col(Attachment.erased_at).is_(None))
        .where(col(Attachment.at) < before, col(Case.closed_at) < before)
        .where(col(Case.state).in_([str(each) for each in ENDED]))
        .limit(limit)
    )
    found = list(session.exec(query))
    for attachment in found:
        erase_attachment(session, attachment, now)
    return len(found)


def purge_codes(session: Session, district: str, now: datetime, limit: int) -> int:
    """Delete enrolment and binding codes that ended a month ago."""
    before = now - timedelta(days=CODES_DAYS)
    done = 0
    for table, key in ((Invite, Invite.id), (BindCode, BindCode.code_hash)):
        query = (
            select(key)
            .where(col(table.district) == district, col(table.expires_at) < before)
            .limit(limit)
        )
        keys = list(session.exec(query))
        done += _gone(session, delete(table).where(col(table.district) == district, _in(key, keys)))
    return done


# --- a bot's ---


def purge_updates(session: Session, bot: str, now: datetime, limit: int) -> int:
    """Delete updates received `keep_updates_days` ago; one still waiting stays."""
    before = now - timedelta(days=policy(session).keep_updates_days)
    query = select(Inbox.id).where(
        Inbox.bot == bot, col(Inbox.received_at) < before, Inbox.state != "new"
    )
    return _delete_keys(session, Inbox, bot, list(session.exec(query.limit(limit))))


def purge_messages(session: Session, bot: str, now: datetime, limit: int) -> int:
    """Delete messages made `keep_messages_days` ago; one still to be sent stays."""
    before = now - timedelta(days=policy(session).keep_messages_days)
    query = select(Outbox.id).where(
        Outbox.bot == bot, col(Outbox.made_at) < before, Outbox.state != "pending"
    )
    return _delete_keys(session, Outbox, bot, list(session.exec(query.limit(limit))))


def purge_copies(session: Session, bot: str, now: datetime, limit: int) -> int:
    """Blank the files of `/mydata` once they are sent: they hold everything about somebody."""
    content = col(Outbox.payload)[("document", "content")].as_string()
    query = select(Outbox).where(
        Outbox.bot == bot,
        col(Outbox.made_at) >= now - timedelta(days=COPIES_DAYS),
        Outbox.state != "pending",
        content.is_not(None),
    )
    found = list(session.exec(query.limit(limit)))
    for row in found:
        row.payload = {}
        session.add(row)
    return len(found)


def purge_tries(session: Session, bot: str, now: datetime, limit: int) -> int:
    """Delete wrong tries of yesterday: they only count for an hour."""
    before = now - timedelta(days=TRIES_DAYS)
    query = select(FailedTry.id).where(FailedTry.bot == bot, col(FailedTry.at) < before)
    return _delete_keys(session, FailedTry, bot, list(session.exec(query.limit(limit))))


def purge_asked(session: Session, bot: str, now: datetime, limit: int) -> int:
    """Delete questions that nobody answered in time."""
    query = select(Asked).where(Asked.bot == bot, col(Asked.expires_at) < now).limit(limit)
    found = list(session.exec(query))
    for asked in found:
        session.delete(asked)
    return len(found)


def _delete_keys(session: Session, table: Any, bot: str, keys: list[UUID]) -> int:
    """By full primary key: SQLite scans for anything else."""
    return _gone(session, delete(table).where(table.bot == bot, _in(table.id, keys)))


def _in(column: Any, keys: list[Any]) -> Any:
    return col(column).in_(keys) if keys else or_(False)


def _gone(session: Session, statement: Any) -> int:
    done = session.execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount


def purge_causes(session: Session, district: str, now: datetime, limit: int) -> int:
    """A desk's words for a cause go when the last of its cases has been archived."""
    before = now - timedelta(days=policy(session).keep_closed_days)
    kept = select(Case.id).where(
        Case.district == district,
        col(Case.cause) == Cause.id,
        col(Case.archived_at).is_(None),
    )
    query = (
        select(Cause)
        .where(Cause.district == district, col(Cause.made_at) < before, Cause.name != "")
        .where(~kept.exists())
        .limit(limit)
    )
    found = list(session.exec(query))
    for cause in found:
        cause.name = cause.words = ""
        cause.ended_at = cause.ended_at or now
        session.add(cause)
    return len(found)


DISTRICT_PURGES: tuple[Purge, ...] = (purge_cases, purge_photos, purge_codes, purge_causes)
BOT_PURGES: tuple[Purge, ...] = (
    purge_updates,
    purge_messages,
    purge_copies,
    purge_tries,
    purge_asked,
)
