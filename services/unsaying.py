"""What somebody wrote in the group and would rather not have: deleted there, on their tap alone.

The bot can take a message away where it administers the group. Where it may not, its writer reads
how to do it. What was read there was read, and the sentences say so.
"""

from datetime import datetime
from typing import Literal

from sqlmodel import Session

from domain.lifecycle import State
from domain.refused import Refused
from models import Audit, Case, Group, GroupPost, Outbox, Person
from models.append import append
from models.row import draft
from services import notices, people, taking_back
from services.access import locked_case
from services.buttons import data
from services.cards import OTHER
from services.hiding import own_posts
from services.outbox import About, Address, Button, Message, Priority, act, put
from services.texts import plain, say

Why = Literal["private", "details", "hidden"]
ACT = "message_unsaid"
# a phone, identity card, bank card or plate number helps nobody in a group; a flat's may
DETAILS = frozenset({"phone", "id", "card", "plate"})
# in the payload of a deletion that somebody waits for
ASKED = "asked"
NO_RIGHT = "message can't be deleted"


def wrote(session: Session, case: Case, at: Address, message: str, writer: Person | None) -> None:
    """Who wrote a message of the case in its group; None: somebody whom we don't know.

    What was said in another group (the same words, a merged case) is not the case's own: there
    the number is another message's.
    """
    if at != notices.group_chat(session, case):
        return
    if session.get(GroupPost, (case.district, case.id, message)) is not None:
        return
    key = writer.id if writer is not None else None
    row = draft(GroupPost, district=case.district, case=case.id, message=message, writer=key)
    append(session, row)


def is_somebodys(case: Case) -> bool:
    """Whether a private matter is known to be one, and not only something nobody could name yet:
    whoever reports a stuck parcel locker needn't be asked to take it back."""
    return case.kind != OTHER or case.not_admitted is not None


def offer(session: Session, person: Person, case: Case, now: datetime, why: Why) -> None:
    """Ask somebody, in private if they can be reached there, whether their message is to go.

    In the group the button of a private matter stands on its card. Nothing lights up on a screen
    at home for a matter of one named person.
    """
    group = notices.group_of(session, case)
    private = notices.private_chat(person, case.bot)
    if group is None or case.reach == "named" or (private is None and why != "details"):
        return None
    if case.unsaid_at is not None or not own_posts(session, case, person.id):
        return None
    to = private or _address(group)
    there = notices.language_in_group(group, case, person)
    language = person.language if private is not None else there
    text = say(f"unsay.{why}", language, number=case.number)
    if group.may_delete is False:
        return _show(session, person, case, to, f"{text}\n{say('unsay.yourself', language)}", now)
    button = Button(plain("btn.unsay", language), data("unsay", case.district, case.id))
    return _show(session, person, case, to, text, now, button)


def unsay(session: Session, person: Person, case: Case, now: datetime) -> None:
    """Delete what the person wrote in the group, and what the bot itself said to them about it.

    Raises Refused `only_writer`. What can't be deleted is heard of by `failed`.
    """
    group = notices.group_of(session, case)
    messages = own_posts(session, case, person.id) if group is not None else []
    if group is None or not messages:
        raise Refused("only_writer")
    for message in messages:
        about = About(
            priority=Priority.ANSWER, district=case.district, case=case.id, person=person.id
        )
        act(session, _address(group), "delete", {"message": message, ASKED: True}, now, about)
    if case.source_message in messages:
        case.unsaid_at = now
        session.add(case)
    _audit(session, person, case, now, len(messages))
    private = notices.private_chat(person, case.bot)
    if private is not None and case.reach != "named":
        _show(session, person, case, private, say("unsay.going", person.language), now)
    if not case.private:
        return taking_back.take_card(session, _address(group), _card(case, person), now)
    reachable = notices.private_chat(_reporter(session, case), case.bot) is not None
    taking_back.take_back(session, case, now, card=reachable)
    return notices.show_group(session, case, now)


def failed(session: Session, row: Outbox, now: datetime) -> bool:
    """Whether a deletion that Telegram refused was one that somebody waits for: they hear how to
    do it themselves, and the bot doesn't offer it there again until it may."""
    if row.act != "delete" or not row.payload.get(ASKED) or row.case is None:
        return False
    case = locked_case(session, str(row.district), row.case)
    person = people.find(session, case.district, row.person)
    group = notices.group_of(session, case)
    no_right = (row.error or "").endswith(NO_RIGHT)
    if no_right and group is not None:
        allow(session, group, False)
    case.unsaid_at = None
    session.add(case)
    session.flush()
    notices.show_group(session, case, now)
    if person is not None and group is not None:
        private = notices.private_chat(person, case.bot) if case.reach != "named" else None
        there = notices.language_in_group(group, case, person)
        language = person.language if private is not None else there
        text = say("unsay.yourself" if no_right else "unsay.too_old", language)
        _show(session, person, case, private or _address(group), text, now)
    return True


def allow(session: Session, group: Group, may: bool) -> None:
    """Whether the bot may delete others' messages in the group, as the platform last said."""
    row = session.get_one(Group, (group.district, group.id))
    if row.may_delete is not may:
        row.may_delete = may
        session.add(row)
        session.flush()


def goes_private(session: Session, case: Case, now: datetime) -> None:
    """What turned out to be private leaves the group, as far as the platform lets it go."""
    taking_back.take_back(session, case, now, card=False)
    if case.reach != "named":
        notices.show_reporter(session, case, now)
        _ask_in_private(session, case, now)
    offer_reporter(session, case, now)


def offer_reporter(session: Session, case: Case, now: datetime) -> None:
    """As `offer`, where another's step or tap has shown that the matter is private."""
    reporter = _reporter(session, case)
    if reporter is not None:
        offer(session, reporter, case, now, "private")


def unlink(session: Session, case: Case, now: datetime) -> None:
    """Nothing that stands in the group answers the reporter's message or calls them any more; what
    they were asked there is asked in private."""
    if case.channel == "group" and not case.private:
        taking_back.take_back(session, case, now, card=True, keep_photos=True)
        notices.show_group(session, case, now)
        _ask_in_private(session, case, now)
    reporter = _reporter(session, case)
    if reporter is not None:
        offer(session, reporter, case, now, "hidden")


def _ask_in_private(session: Session, case: Case, now: datetime) -> None:
    """What was open in the group, where the reporter is told things now."""
    if case.state == State.DONE:
        notices.ask_reporter(session, case, now)
    notices.ask_again(session, case, now)


def _reporter(session: Session, case: Case) -> Person | None:
    return people.seen(session, case.district, case.reporter)


def _address(group: Group) -> Address:
    return Address(group.bot, group.chat, group.platform)


def _show(
    session: Session,
    person: Person,
    case: Case,
    to: Address,
    text: str,
    now: datetime,
    *row: Button,
) -> None:
    in_group = to.chat == case.source_chat
    message = Message(text, (row,) if row else (), reply_to=_last(case) if in_group else None)
    about = About(
        priority=Priority.ANSWER,
        district=case.district,
        case=case.id,
        person=person.id,
        card=_card(case, person),
    )
    put(session, to, message, now, about)


def _card(case: Case, person: Person) -> str:
    return f"{notices.card_name(case, 'e')}:{person.id}"


def _last(case: Case) -> str | None:
    return case.source_message if case.unsaid_at is None else None


def _audit(session: Session, person: Person, case: Case, now: datetime, count: int) -> None:
    session.add(
        Audit(
            district=case.district,
            at=now,
            actor=person.id,
            act=ACT,
            object=f"case:{case.number}",
            facts={"messages": count},
        )
    )
