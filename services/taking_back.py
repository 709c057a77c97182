"""What the bot itself has said goes again, as far as Telegram lets a bot delete: 48 hours, and
whatever it likes where it administers a supergroup."""

from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, false, or_
from sqlmodel import Session, col, select

from models import Case, Outbox, Posted
from services import notices
from services.cases import goes_on_as
from services.outbox import About, Address, Priority, act

# how long before a case somebody may have been asked in the group for what became it
ASKED_BEFORE = timedelta(hours=1)


def take_back(
    session: Session, case: Case, now: datetime, *, card: bool, keep_photos: bool = False
) -> None:
    """What the bot said of a case in its group is deleted there, as far as Telegram lets it.

    `card`: the case's own card too; else it stays and says what it may. What called the reporter
    by name, or said the case's number to somebody, goes as well.
    """
    to = notices.group_chat(session, case)
    if to is None:
        return
    kept = None if card else notices.card_name(case, "g")
    gone: set[str] = set()
    for row in session.exec(_said_in_group(session, case, to)):
        if (row.card == kept and kept) or (keep_photos and row.payload.get("photos")):
            continue
        if row.state == "sent":
            gone.update((row.message or "").split(","))
        elif row.holder is None:
            row.state = "dropped"
            session.add(row)
    for message in sorted(gone - {""}):
        about = About(priority=Priority.ANSWER, district=case.district, case=case.id)
        act(session, to, "delete", {"message": message}, now, about)
    query = select(Posted).where(
        Posted.bot == to.bot, Posted.chat == to.chat, col(Posted.card).contains(str(case.id))
    )
    for posted in session.exec(query):
        if posted.card != kept:
            session.delete(posted)
    session.flush()


def _said_in_group(session: Session, case: Case, to: Address) -> Any:
    """Sent and waiting messages of a case; among those of no case, what names it or its reporter.

    A bot deletes its own for 48 hours.
    """
    text = cast(col(Outbox.payload)["text"].as_string(), String)
    reporter = notices.person_of(session, case, case.reporter)
    # an answer to somebody; what is said to all of a group may hold other cases' numbers as well
    answers = cast(col(Outbox.payload)["reply_to"].as_string(), String).is_not(None)
    named = [text.contains(case.number, autoescape=True) & answers]
    theirs = [col(Outbox.case) == case.id]
    if reporter is not None and reporter.address is not None:
        call = f'tg://user?id={reporter.address}"'
        asked = col(Outbox.made_at) <= case.opened_at + ASKED_BEFORE
        named.append(text.contains(call, autoescape=True) & asked)
        into = goes_on_as(session, case)
        if into is not case:  # they were told there how the matter ended
            theirs.append((col(Outbox.case) == into.id) & text.contains(call, autoescape=True))
    return select(Outbox).where(
        Outbox.bot == to.bot,
        Outbox.chat == to.chat,
        col(Outbox.made_at) >= case.opened_at - ASKED_BEFORE,
        col(Outbox.state).in_(("pending", "sent")),
        col(Outbox.act).in_(("send", "card")),
        or_(*theirs, col(Outbox.case).is_(None) & or_(*named)),
    )


def take_card(session: Session, to: Address, name: str, now: datetime) -> None:
    """A card goes from where it stands."""
    old = session.get(Posted, (to.bot, to.platform, to.chat, name))
    if old is not None:
        act(session, to, "delete", {"message": old.message}, now, About(priority=Priority.ANSWER))
        session.delete(old)
        session.flush()


def forget_name(session: Session, case: Case, now: datetime, whose: UUID | None = None) -> None:
    """Who handles it loses the older cards and the sentences that name the reporter (or `whose`
    words came from a merged case): the newest card is the one that no longer does. A bot deletes
    its own for 48 hours."""
    reporter = notices.person_of(session, case, whose or case.reporter)
    text = cast(col(Outbox.payload)["text"].as_string(), String)
    name = escape(reporter.name) if reporter is not None else ""
    naming = text.contains(name, autoescape=True) if name else false()
    theirs = (case.source_chat, reporter.address if reporter is not None else None)
    staffs = notices.card_name(case, "s")
    rows = session.exec(
        select(Outbox.bot, Outbox.platform, Outbox.chat, Outbox.message)
        .where(Outbox.district == case.district, Outbox.case == case.id, Outbox.state == "sent")
        .where(
            or_(
                col(Outbox.card) == staffs,
                col(Outbox.card).is_(None) & naming,
            )
        )
        .where(col(Outbox.chat).not_in([each for each in theirs if each is not None]))
        .distinct()
    ).all()
    for bot, platform, chat, message in rows:
        stands = session.get(Posted, (bot, platform, chat, staffs))
        if message is not None and (stands is None or stands.message != message):
            about = About(priority=Priority.ANSWER, district=case.district, case=case.id)
            act(session, Address(bot, chat, platform), "delete", {"message": message}, now, about)
