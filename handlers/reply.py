"""What a handler says back, and what it remembers having asked."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import select

from handlers.turn import File, Press, Said, Turn
from models import Asked, Person, Posted
from models.statement import Prepared
from services import notices
from services.equipment import policy
from services.outbox import About, Address, Button, Message, Priority, Rows, act, put
from services.texts import plain, say

# in Turn.facts: what the person was asked here, once it has been looked for
ASKED = "asked"


# most people were asked nothing
_IS_ASKED = Prepared(
    lambda _: select(Asked.bot).where(
        Asked.bot == bindparam("of_bot"),
        Asked.platform == bindparam("on"),
        Asked.chat == bindparam("chat"),
        Asked.address == bindparam("whom"),
    )
)


def answer(
    turn: Turn,
    at: Address,
    message: Message,
    *,
    card: str | None = None,
    person: Person | None = None,
    priority: Priority = Priority.ANSWER,
    dedupe: str | None = None,
) -> None:
    """Queue an answer to the chat it came from; of those with the same `dedupe` only the first."""
    about = About(
        priority=priority,
        card=card,
        dedupe=dedupe,
        person=person.id if person else None,
        district=person.district if person else None,
    )
    put(turn.session, at, message, turn.now, about)


def reply(
    turn: Turn,
    event: Said | Press,
    language: str,
    key: str,
    buttons: Rows = (),
    *,
    ask: str | None = None,
    n: int | None = None,
    **facts: Any,
) -> None:
    """Say the sentence `key` in the chat; in a group as a reply, so that it is clear to whom.

    `ask`: the key of a placeholder; the reader's box opens to answer.
    """
    message = Message(
        say(key, language, n=n, **facts),
        buttons,
        reply_to=None if event.private or isinstance(event, Press) else event.message,
        ask=plain(ask, language) if ask else None,
    )
    answer(turn, event.at, message)


# the card of what a person was asked in private: one message, whose buttons go with the answer
QUESTION = "ask"


def ask(
    turn: Turn, event: Said | Press, person: Person, message: Message, *, again: bool = False
) -> None:
    """What is `remember`ed as asked, with buttons. `again`: the question changes in place.

    In a group many are asked, and only a press takes the buttons away (`strip`).
    """
    if not event.private:
        return answer(turn, event.at, message)
    if not again:
        notices.retire(turn.session, event.at, QUESTION, turn.now)
    return answer(turn, event.at, message, card=QUESTION, person=person)


def strip(turn: Turn, press: Press) -> None:
    """The pressed message keeps its words and loses its buttons; a card has its own ways."""
    here = (Posted.bot == press.at.bot, Posted.platform == press.at.platform)
    query = select(Posted.card).where(*here, Posted.chat == press.at.chat)
    if turn.session.exec(query.where(Posted.message == press.message)).first() is None:
        about = About(priority=Priority.ANSWER)
        act(turn.session, press.at, "strip", {"message": press.message}, turn.now, about)


def button(language: str, key: str, data: str, style: str | None = None, **facts: Any) -> Button:
    """A button with a translated label."""
    return Button(plain(key, language, **facts), data, style=style)


def remember(
    turn: Turn,
    event: Said | Press,
    what: str,
    *,
    district: str | None = None,
    case: UUID | None = None,
    **data: Any,
) -> None:
    """The person's next words in this chat answer `what`, for some minutes."""
    forget(turn, event)
    minutes = policy(turn.session).asked_minutes
    turn.facts[ASKED] = row = Asked(
        bot=event.at.bot,
        platform=event.at.platform,
        chat=event.at.chat,
        address=event.sender.address,
        what=what,
        district=district,
        case=case,
        data=data,
        expires_at=turn.now + timedelta(minutes=minutes),
    )
    turn.session.add(row)
    turn.session.flush()


def packed(said: Said) -> dict[str, Any]:
    """What somebody said, whole, to be kept with a question until it is answered."""
    return {
        "text": said.text,
        "files": [asdict(each) for each in said.files],
        "location": list(said.location) if said.location else None,
        "message": said.message,
    }


def unpacked(row: Asked, press: Press) -> Said:
    """What was kept with the question that a press answers, as if it were said now."""
    place = row.data.get("location")
    return Said(
        at=press.at,
        message=str(row.data["message"]),
        sender=press.sender,
        private=press.private,
        text=str(row.data["text"]),
        files=tuple(File(**each) for each in row.data["files"]),
        location=(place[0], place[1]) if place else None,
    )


def asked(turn: Turn, event: Said | Press) -> Asked | None:
    """What the person was last asked here, unless it is too long ago."""
    row = _asked(turn, event)
    return row if row is not None and row.expires_at > turn.now else None


def _asked(turn: Turn, event: Said | Press) -> Asked | None:
    """The row, looked for once in a turn."""
    if ASKED not in turn.facts:
        key = (event.at.bot, event.at.platform, event.at.chat, event.sender.address)
        of = dict(zip(("of_bot", "on", "chat", "whom"), key, strict=True))
        there = _IS_ASKED.first(turn.session, of) is not None
        turn.facts[ASKED] = turn.session.get(Asked, key) if there else None
    row: Asked | None = turn.facts[ASKED]
    return row


def forget(turn: Turn, event: Said | Press) -> None:
    """Nothing is asked any more: the question loses its buttons."""
    row = _asked(turn, event)
    if row is not None:
        if event.private:
            notices.take_buttons(turn.session, event.at, QUESTION, turn.now)
        turn.session.delete(row)
        turn.session.flush()
    turn.facts[ASKED] = None


def person_chat(event: Said | Press) -> Address:
    """The sender's private chat with this bot."""
    return Address(event.at.bot, event.sender.address, event.at.platform)
