"""What is stored about a person: shown, taken along, deleted.

Deleting leaves a person without name and address (so that a case's history still says that
somebody did it), and erases their words everywhere; open cases go on without them.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, cast, or_, update
from sqlalchemy import case as choose
from sqlalchemy import delete as remove
from sqlmodel import Session, col, select

from domain.lifecycle import ENDED, State
from domain.refused import Refused
from models import (
    Asked,
    Attachment,
    Audit,
    Case,
    CaseEvent,
    Cause,
    Due,
    GroupPost,
    Inbox,
    Invite,
    Leave,
    Outbox,
    Person,
    PlaceNote,
    Posted,
    Role,
    Shift,
    Swap,
    Voice,
)
from services import due, enrolment, identity, people, territory
from services.access import roles_of
from services.cases import ask_nobody, drop_voice, goes_on_as
from services.catalogue import catalogue
from services.equipment import equipment, policy
from services.hiding import own_posts
from services.outbox import Message
from services.place_notes import kept_by
from services.retention import PERSONAL, erase_attachment
from services.summary_message import written
from services.texts import plain, say
from services.vault import mask_phone
from services.when import moment

LISTED = 30  # cases in the readable part; the file has all
WORDS = 200
# what a person did reaches the inbox below one of these paths
TRACES = (
    ("message", "from", "id"),
    ("edited_message", "from", "id"),
    ("callback_query", "from", "id"),
    ("my_chat_member", "from", "id"),
    ("message", "reply_to_message", "from", "id"),
    ("edited_message", "reply_to_message", "from", "id"),
    ("callback_query", "message", "reply_to_message", "from", "id"),
)
FORGET = "forget"
# a month of updates and three of messages are searched in pieces, a unit of work each
PIECES = 30
# the last piece is searched again when the request itself has been handled
AFTERWARDS = timedelta(minutes=2)


def notice(session: Session, language: str) -> Message:
    """What is read, kept for how long, seen by whom, under which law, on whose servers."""
    numbers = policy(session)
    return Message(
        say(
            "privacy.notice",
            language,
            updates=numbers.keep_updates_days,
            messages=numbers.keep_messages_days,
            photos=numbers.keep_photos_days,
            closed=numbers.keep_closed_days,
        )
    )


# --- a copy ---


def mydata(session: Session, person: Person, now: datetime) -> list[Message]:
    """Everything stored about the person: readable, and as a JSON file to take along.

    The file is `document={"content", "name"}`.
    """
    cases = _cases_of(session, person)
    stored = everything(session, person, cases)
    text = "\n".join(_readable(session, person, cases, now))
    content = json.dumps(stored, ensure_ascii=False, indent=1)
    name = plain("privacy.file", person.language)
    caption = say("privacy.mydata", person.language, n=len(cases))
    return [Message(text), Message(caption, document={"content": content, "name": name})]


def everything(session: Session, person: Person, cases: list[Case]) -> dict[str, Any]:
    """The same as plain values. Times are UTC (ISO 8601)."""
    return {
        "person": {
            "name": person.name,
            "language": person.language,
            "platform": person.platform,
            "account": person.address,
            "list_id": person.ref,
            "skills": person.skills,
            "phone": _phone(session, person),
            "since": person.made_at.isoformat(),
        },
        "roles": [
            {"role": row.role, "unit": row.unit, "since": row.since.isoformat()}
            for row in session.exec(_rows(Role, person))
        ],
        "cases": [_case(session, person, case) for case in cases],
        "shifts": [
            {"unit": row.unit, "from": row.start.isoformat(), "to": row.end.isoformat()}
            for row in session.exec(_rows(Shift, person))
        ],
        "notes": [f"{note.building} {note.text}" for note in kept_by(session, person)],
        "who_looked_at_your_name": [
            {"case": look.number, "at": look.at.isoformat(), "who": _looker(session, person, look)}
            | ({"why": look.reason} if look.reason else {})
            for look in identity.looks(session, person, cases)
        ],
        "handled": [case.number for case in session.exec(_owned(person))],
    }


def _rows(table: Any, person: Person) -> Any:
    return select(table).where(table.district == person.district, table.person == person.id)


def _owned(person: Person) -> Any:
    query = select(Case).where(Case.district == person.district, Case.owner == person.id)
    return query.order_by(col(Case.number))


def _cases_of(session: Session, person: Person) -> list[Case]:
    """Those they reported or joined, the newest first."""
    joined = select(Voice.case).where(Voice.district == person.district, Voice.person == person.id)
    query = select(Case).where(
        Case.district == person.district,
        or_(col(Case.reporter) == person.id, col(Case.id).in_(joined)),
    )
    return list(session.exec(query.order_by(col(Case.opened_at).desc())))


def _case(session: Session, person: Person, case: Case) -> dict[str, Any]:
    own = case.reporter == person.id
    shown: dict[str, Any] = {
        "number": case.number,
        "kind": case.kind,
        "state": case.state,
        "opened": case.opened_at.isoformat(),
        "reported_by_you": own,
        "goes_on_as": _goes_on(session, case),
        "cause": _cause(session, case),
        "what_you_did": [_event(event) for event in session.exec(_events(person, case))],
    }
    if own:
        places = {name: getattr(case, name) for name in PLACES}
        shown |= {"words": case.text, "stars": case.stars, **places}
        shown["name_hidden_from_worker"] = case.hide_name
        shown["name_hidden_in_group"] = case.hide_group
        shown["private"] = case.private
    if posts := own_posts(session, case, person.id):
        shown["your_messages_in_the_group"] = posts
    shown["files"] = [
        {"kind": row.kind, "role": row.role, "at": row.at.isoformat()}
        for row in session.exec(_files(person, case))
    ]
    return shown


def _cause(session: Session, case: Case) -> str | None:
    """What it has in common with others, in a desk's words."""
    found = session.get(Cause, (case.district, case.cause)) if case.cause else None
    return found.name if found is not None else None


PLACES = (
    "place_building",
    "place_unit",
    "place_floor",
    "place_room",
    "place_landmark",
    "lat",
    "lon",
)


def _goes_on(session: Session, case: Case) -> str | None:
    """The number of the case that goes on for theirs, unless they took it back."""
    if case.merged_into is None or case.state == State.WITHDRAWN:
        return None
    return goes_on_as(session, case).number


def _events(person: Person, case: Case) -> Any:
    query = select(CaseEvent).where(
        CaseEvent.district == case.district,
        CaseEvent.case == case.id,
        CaseEvent.actor == person.id,
    )
    return query.order_by(col(CaseEvent.seq))


def _event(event: CaseEvent) -> dict[str, Any]:
    return {"at": event.at.isoformat(), "what": event.verb, "said": event.personal}


def _files(person: Person, case: Case) -> Any:
    return select(Attachment).where(
        Attachment.district == case.district,
        Attachment.case == case.id,
        Attachment.by == person.id,
        col(Attachment.erased_at).is_(None),
    )


def _phone(session: Session, person: Person) -> str | None:
    vault = equipment(session).vault
    return vault.open(person.phone) if person.phone and vault is not None else None


def _readable(session: Session, person: Person, cases: list[Case], now: datetime) -> Iterable[str]:
    language, zone = person.language, territory.zone(session, person.district)
    today = now.astimezone(zone).date()
    yield say("privacy.file_head", language, date=written(today, language))
    since = written(person.made_at.astimezone(zone).date(), language)
    yield say("privacy.file_person", language, name=person.name, since=since)
    if phone := _phone(session, person):
        yield say("privacy.file_phone", language, phone=mask_phone(phone))
    for held in roles_of(session, person):
        unit = territory.name(session, person.district, held.unit, language)
        yield say(f"privacy.role.{held.role}", language, unit=unit)
    for case in cases[:LISTED]:
        opened = written(case.opened_at.astimezone(zone).date(), language)
        kind = _kind_name(session, case, language)
        yield say("privacy.file_case", language, number=case.number, kind=kind, opened=opened)
        if case.text and case.reporter == person.id:
            yield say("privacy.file_words", language, words=case.text[:WORDS])
    for look in identity.looks(session, person, cases)[:LISTED]:
        when = moment(look.at, now, str(zone), language)
        who = _looker(session, person, look)
        why = f" · {plain(f'reason.{look.reason}', language)}" if look.reason else ""
        yield say("privacy.file_look", language, number=look.number, when=when, who=who, why=why)


def _looker(session: Session, person: Person, look: identity.Look) -> str:
    """Who looked: a name and where they work, as they are there now."""
    found = people.find(session, person.district, look.by)
    if found is None:
        return ""
    roles = enrolment.roles_in_words(session, found, person.language)
    return f"{found.name} · {roles}" if roles else found.name


def _kind_name(session: Session, case: Case, language: str) -> str:
    known = catalogue(session, case.district)
    found: Any = known.matters.get(case.not_admitted or "") or known.kinds.get(case.kind)
    return found.name(language) if found is not None else case.kind


# --- deletion ---


def open_cases(session: Session, person: Person) -> int:
    """How many matters of theirs go on without them."""
    return sum(case.state not in ENDED for case in _cases_of(session, person))


def delete(session: Session, person: Person, now: datetime) -> None:
    """Erase the person. Raises Refused `delete_has_role` while they hold a role.

    What they sent and were sent is searched and erased piece by piece by `forget`.
    """
    if roles_of(session, person):
        raise Refused("delete_has_role")
    cases = _cases_of(session, person)
    _unsay(session, person, cases)
    for case in cases:
        _leave(session, person, case, now)
    _erase_told(session, person.district, [case.id for case in cases])
    session.add(Audit(district=person.district, at=now, act="person.delete", object=str(person.id)))
    if person.address is not None and person.bot is not None:
        about = [str(case.id) for case in cases]
        who = {"bot": person.bot, "address": person.address, "piece": 0, "cases": about}
        key = f"{FORGET}:{person.id}"
        due.plan(session, person.district, key, FORGET, now, subject=str(person.id), data=who)
    for table in (Role, Shift, Leave, Invite):
        session.execute(
            remove(table).where(
                col(table.district) == person.district, col(table.person) == person.id
            )
        )
    _erase_roster(session, person)
    _blank(person, now)
    session.add(person)
    session.flush()


def _erase_roster(session: Session, person: Person) -> None:
    """What else names them in the work that they did here."""
    here = col(Swap.district) == person.district
    both = or_(col(Swap.asker) == person.id, col(Swap.asked) == person.id)
    session.execute(remove(Swap).where(here, both))
    kept = (col(PlaceNote.district) == person.district, col(PlaceNote.keeper) == person.id)
    session.execute(remove(PlaceNote).where(*kept))
    stood_in = (col(Role.district) == person.district, col(Role.backup) == person.id)
    session.execute(update(Role).where(*stood_in).values(backup=None))


def _blank(person: Person, now: datetime) -> None:
    """A tombstone: the key stays, so that histories keep their somebody."""
    person.name, person.ref, person.address, person.phone = "", None, None, None
    person.bot, person.reachable, person.home_group = None, False, None
    person.skills, person.notice_seen_at, person.deleted_at = [], None, now
    person.language_chosen = False


def _leave(session: Session, person: Person, case: Case, now: datetime) -> None:
    """Take somebody's part out of a case; what others said stays."""
    theirs = case.reporter == person.id
    if theirs:
        for name, value in PERSONAL.items():
            setattr(case, name, value)
    for event in session.exec(_events(person, case)):
        event.personal = {}
        session.add(event)
    for attachment in session.exec(_files(person, case)):
        erase_attachment(session, attachment, now)
    _forget_posts(session, person, case)
    drop_voice(session, case, person.id)
    if theirs and case.reporter is None:
        ask_nobody(session, case, now)


def _forget_posts(session: Session, person: Person, case: Case) -> None:
    """Which messages in the group were theirs; those of others stay others'."""
    here = (col(GroupPost.district) == case.district, col(GroupPost.case) == case.id)
    theirs = (*here, col(GroupPost.writer) == person.id)
    session.execute(update(GroupPost).where(*theirs).values(writer=None))


def forget(session: Session, row: Due, now: datetime) -> None:
    """Erase one piece of what a deleted person sent and was sent, and plan the next.

    For services.clock: the due rows named `forget`. The last piece ends by forgetting who it was.
    """
    piece, asked = int(row.data["piece"]), _asked_at(row)
    bot, address = str(row.data["bot"]), str(row.data["address"])
    _erase_received(session, bot, address, _piece(asked, piece, policy(session).keep_updates_days))
    _erase_sent(session, bot, address, _piece(asked, piece, policy(session).keep_messages_days))
    if piece < PIECES:
        later = now if piece + 1 < PIECES else max(now, asked + AFTERWARDS)
        data = dict(row.data) | {"piece": piece + 1, "asked": asked.isoformat()}
        due.plan(session, row.district, row.key, FORGET, later, subject=row.subject, data=data)
        return
    _drop_unsent(session, bot, address, asked)
    _erase_told(session, row.district, [UUID(each) for each in row.data.get("cases", ())])
    _erase_chat(session, bot, address)
    row.data = {}
    session.add(row)


def _asked_at(row: Due) -> datetime:
    return datetime.fromisoformat(row.data["asked"]) if "asked" in row.data else row.at


def _piece(asked: datetime, piece: int, days: int) -> tuple[datetime, datetime]:
    """The piece's stretch of the kept days; the last one ends when all is over."""
    step = timedelta(days=days + 1) / PIECES
    start = asked - step * (PIECES - piece)
    return start, start + step if piece < PIECES else asked + AFTERWARDS * 2


def _erase_received(
    session: Session, bot: str, address: str, during: tuple[datetime, datetime]
) -> None:
    """Updates that came from the person, or quote them, keep their number and nothing else."""
    payload = col(Inbox.payload)
    theirs = [cast(payload[path].as_string(), String) == address for path in TRACES]
    session.execute(
        update(Inbox)
        .where(
            _between(Inbox, bot, Inbox.received_at, during), col(Inbox.state) != "new", or_(*theirs)
        )
        .values(payload={}, lane="")
        .execution_options(synchronize_session=False)
    )


def _erase_sent(
    session: Session, bot: str, address: str, during: tuple[datetime, datetime]
) -> None:
    """Messages to the person, and those that call them by name before others."""
    sent = _between(Outbox, bot, Outbox.made_at, during) & (col(Outbox.state) != "pending")
    text = cast(col(Outbox.payload)["text"].as_string(), String)
    named = text.contains(f'tg://user?id={address}"', autoescape=True)
    theirs = col(Outbox.chat) == address
    _blanked(session, sent & (theirs | named), chat=choose((theirs, ""), else_=Outbox.chat))


def _drop_unsent(session: Session, bot: str, address: str, asked: datetime) -> None:
    """What still waited for the person when they asked to be forgotten is not sent any more."""
    unsent = (col(Outbox.chat) == address) & (col(Outbox.state) == "pending")
    _blanked(
        session,
        (col(Outbox.bot) == bot) & unsent & (col(Outbox.made_at) <= asked),
        state="dropped",
        chat="",
    )


def _erase_told(session: Session, district: str, cases: Sequence[UUID]) -> None:
    """What others were told about the cases quotes the person; the cards say anew what is left.

    What never arrived can't be sent again after that.
    """
    about = (col(Outbox.district) == district) & col(Outbox.case).in_(cases)
    _blanked(session, about & (col(Outbox.state) == "dead"), state="dropped")
    _blanked(session, about & (col(Outbox.state) != "pending"))


def _blanked(session: Session, which: Any, **values: Any) -> None:
    statement = update(Outbox).where(which).values(payload={}, **values)
    session.execute(statement.execution_options(synchronize_session=False))


def _unsay(session: Session, person: Person, cases: Sequence[Case]) -> None:
    """What waits to be told about the cases: the person's words are not passed on any more."""
    said = {each.strip() for case in cases for each in _words(session, person, case)}
    words = {escape(each) for each in said if len(each) > 1}
    waiting = (col(Outbox.district) == person.district) & (col(Outbox.state) == "pending")
    query = select(Outbox).where(
        waiting, col(Outbox.case).in_([case.id for case in cases]), Outbox.act == "send"
    )
    for row in session.exec(query):
        text = str(row.payload.get("text", ""))
        if any(each in text for each in words):
            row.state, row.payload, row.error = "dropped", {}, "its author was deleted"
            session.add(row)


def _words(session: Session, person: Person, case: Case) -> Iterable[str]:
    """The person's own name, and what they said in a case."""
    yield person.name
    if case.reporter == person.id:
        yield case.text
    for event in session.exec(_events(person, case)):
        yield from (each for each in event.personal.values() if isinstance(each, str))


def _between(table: Any, bot: str, column: Any, during: tuple[datetime, datetime]) -> Any:
    return and_(table.bot == bot, column >= during[0], column < during[1])


def _erase_chat(session: Session, bot: str, address: str) -> None:
    """Where their cards stood and what they were asked."""
    session.execute(remove(Posted).where(col(Posted.bot) == bot, col(Posted.chat) == address))
    session.execute(remove(Asked).where(col(Asked.bot) == bot, col(Asked.address) == address))
