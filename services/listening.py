"""Groups that listen, if their administrator wants it: reports among chatter are asked about.

What is said there is read in memory (bot/ears), and not a word of it is kept: a message that reads
like a report goes on as the number of a message to be asked about. Its words come with the tap.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from domain.catalogue import Catalogue
from domain.reading import Lexicon, Model, read
from domain.reading.hearing import Heard, hear
from models import Audit, Due, Group, GroupAsked, Outbox, Person
from models.known import PLACES, known
from services import binding, due, learnt, reporting, territory
from services.buttons import data
from services.catalogue import catalogue, lexicon
from services.equipment import policy
from services.notices import private_chat
from services.outbox import About, Address, Button, Message, Priority, act, put
from services.texts import plain, say

BUTTON = "heard"
SWITCH = "listen"
ON, OFF = "on", "off"
AWAY = "heard.away"
# an answer that comes later than this is a report of its own; a bot deletes its own for 48 hours
UNANSWERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Ear:
    """What a group's words are read with, and from which probabilities on they are asked about."""

    lexicon: Lexicon
    catalogue: Catalogue
    model: Model | None
    listen_from: float
    danger_from: float

    def hear(self, text: str) -> Heard | None:
        """Whether a text is to be asked about. None: it is chatter, and nobody need know of it."""
        reading = read(text, self.lexicon, self.catalogue, self.model)
        return hear(reading, self.catalogue, self.listen_from, self.danger_from)


def chats(session: Session, bot: str, platform: str) -> frozenset[str]:
    """The chats where the bot listens."""
    query = select(Group.chat).where(
        Group.platform == platform,
        Group.bot == bot,
        col(Group.listens_since).is_not(None),
        col(Group.ended_at).is_(None),
    )
    key = ("listening", platform, bot)
    return known(session, PLACES, key, lambda: frozenset(session.exec(query)))


def ears(session: Session, bot: str, platform: str, among: Collection[str]) -> Mapping[str, Ear]:
    """An ear for each of these chats that listens at this moment."""
    groups = (territory.group_of(session, bot, chat, platform) for chat in among)
    return {
        group.chat: _ear(session, group)
        for group in groups
        if group is not None and group.listens_since is not None
    }


def _ear(session: Session, group: Group) -> Ear:
    numbers, district = policy(session), group.district
    return Ear(
        lexicon(session, district),
        catalogue(session, district),
        learnt.model(session, district),
        numbers.listens_from(group.chat),
        numbers.reports_from(group.chat),
    )


def switch(session: Session, group: Group, by: Person, listens: bool, now: datetime) -> bool:
    """Turn listening on or off, and say in the group what that means; False: it was so already.

    That `by` administers the group is for the door to find out.
    """
    if (group.listens_since is not None) is listens:
        return False
    row = session.get_one(Group, (group.district, group.id))
    row.listens_since = now if listens else None
    session.flush()
    what = "group_listens" if listens else "group_listens_no_more"
    about = f"group:{row.id}"
    session.add(Audit(district=row.district, at=now, actor=by.id, act=what, object=about))
    binding.post_card(session, row, now)
    text = say("listen.is_on" if listens else "listen.is_off", row.language)
    rows = ((button(row, row.language),),) if listens else ()
    spoken = About(priority=Priority.ANSWER, district=row.district)
    put(session, binding.address_of(row), Message(text, rows), now, spoken)
    return True


def button(group: Group, language: str) -> Button:
    """Turns it the other way; the door lets only the group's administrators."""
    to = ON if group.listens_since is None else OFF
    style = "primary" if to == ON else None
    what = data(SWITCH, group.district, arg=to)
    return Button(plain(f"listen.button.{to}", language), what, style=style)


def ask(
    session: Session,
    group: Group,
    message: str,
    writer: Person | None,
    heard: Heard,
    language: str,
    now: datetime,
) -> None:
    """Ask about a message whether to open a case for it: once, and so often a day in a group.

    Danger is asked about whatever the number. `writer`: if known here. `language`: theirs.
    """
    at = binding.address_of(group)
    if group.listens_since is None or reporting.by_message(session, at.bot, at.chat, message):
        return None
    private = private_chat(writer, at.bot) if heard.aside else None
    if private is not None and writer is not None:
        return _tell_aside(session, private, writer, now)
    if not _may_ask(session, group, heard.danger, now):
        return None
    text = say("listen.ask_danger" if heard.danger else "listen.ask", language)
    tap = Button(plain("listen.button.file", language), data(BUTTON, group.district))
    about = About(
        priority=Priority.URGENT if heard.danger else Priority.ANSWER,
        district=group.district,
        dedupe=_key(at.chat, message),
    )
    shown = Message(text, ((tap,),), reply_to=message, silent=not heard.danger)
    put(session, at, shown, now, about)
    key, of = _key(at.chat, message), {"bot": at.bot, "chat": at.chat, "message": message}
    return due.plan(session, group.district, key, AWAY, now + UNANSWERED, data=of)


def _key(chat: str, message: str) -> str:
    """The one question about a message: its name in the outbox, and of what becomes of it."""
    return f"heard:{chat}:{message}"


def fire_away(session: Session, row: Due, now: datetime) -> None:
    """Nobody has tapped: the question goes."""
    put_away(session, row.district, row.data["bot"], row.data["chat"], row.data["message"], now)


def put_away(
    session: Session, district: str, bot: str, chat: str, message: str, now: datetime
) -> None:
    """The question about a message isn't one any more, and is deleted."""
    key = _key(chat, message)
    due.drop(session, district, key, "answered")
    found = session.exec(select(Outbox).where(Outbox.bot == bot, Outbox.dedupe == key)).first()
    if found is None or found.message is None:
        return
    to = Address(found.bot, found.chat, found.platform)
    act(session, to, "delete", {"message": found.message}, now, About(priority=Priority.NOTICE))


def _tell_aside(session: Session, to: Address, writer: Person, now: datetime) -> None:
    """Where to turn, without a sound, a word of what was said, or a sign that anything was."""
    day = now.astimezone(territory.zone(session, writer.district)).date()
    about = About(  # without a district: of what isn't delivered here no desk hears
        priority=Priority.URGENT,
        person=writer.id,
        dedupe=f"aside:{writer.id}:{day}",
    )
    put(session, to, Message(say("listen.aside", writer.language), silent=True), now, about)


def _may_ask(session: Session, group: Group, danger: bool, now: datetime) -> bool:
    """Whether the group may be asked once more today, which is then counted."""
    day = now.astimezone(territory.zone(session, group.district)).date()
    row = session.get(GroupAsked, (group.district, group.id))
    row = row or GroupAsked(district=group.district, group=group.id, day=day)
    times = row.times if row.day == day else 0
    if not danger and times >= policy(session).asks_a_day(group.chat):
        return False
    row.day, row.times = day, times + 1
    session.add(row)
    session.flush()
    return True
