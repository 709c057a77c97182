"""What went wrong in the house: who must know of it, and what they can do about it.

A message that never arrived is told to the desk that answers for it; an update that failed three
times to whoever administers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.refused import Refused
from domain.roles import administers
from models import Case, Group, Outbox, Person, inbox
from services import buttons, duty, enrolment, notices, people, routing, territory, unsaying
from services.access import is_staff, roles_of
from services.outbox import About, Address, Button, Message, Priority, Rows, put, wakes
from services.texts import plain, say

# what nobody misses: a reaction, a pin, buttons that stay
_TOLD_ACTS = ("send", "card")
_CARD = "dead:"
_MORE = "dead-more:"
# what a dead row remembers: who has a notice of it (person, card); or that its case went on
TOLD, PASSED_ON = "told", "passed_on"
# notices of this kind an hour and person; what is more stands in the list
MOST_AN_HOUR = 10
LISTED = 8


# --- updates that were given up ---


def tell_given_up(session: Session, at: Address, key: UUID, error: str, now: datetime) -> None:
    """The administrators hear that an update from `at` failed three times; once an hour and error.

    `error`: the class of what went wrong. Nothing of what was written is shown.
    """
    for district in _districts(session, at):
        for admin in routing.last_resort(session, district):
            person = people.person(session, district, admin)
            to = people.address_of(person)
            if to is None:
                continue
            number = inbox.number_of(key)
            text = say("trouble.given_up", person.language, number=number, error=error)
            again = buttons.data("retry", district, arg=at.bot)
            rows = ((Button(plain("btn.retry", person.language), again, style="primary"),),)
            dedupe = given_up_name(at.bot, error, now, person.id)
            about = About(district=district, person=person.id, dedupe=dedupe)
            put(session, to, Message(text, rows), now, about)


def given_up_name(bot: str, error: str, now: datetime, person: UUID) -> str:
    """The notice's name in the outbox: one for each bot, error, hour and administrator."""
    return f"given_up:{bot}:{error}:{now:%y%m%d%H}:{person}"


def _districts(session: Session, at: Address) -> list[str]:
    group = territory.group_of(session, at.bot, at.chat, at.platform)
    if group is not None:
        return [group.district]
    found = people.person_by_address(session, at.platform, at.chat, at.bot)
    only = territory.only_district(session, at.bot)
    return [each.district for each in found] or ([only] if only else [])


def retry(session: Session, actor: Person, bot: str, now: datetime) -> int:
    """Put every update of the bot that was given up back in line; how many.

    Raises Refused `not_yours_to_administer`.
    """
    if not administers(roles_of(session, actor), actor.district):
        raise Refused("not_yours_to_administer")
    return inbox.replay(session, [], now, bot)


# --- messages that never arrived ---


def tell_dead(session: Session, bot: str, keys: Sequence[UUID], now: datetime) -> None:
    """The desks hear which messages never arrived, to whom and why, with what they can do."""
    for key in keys:
        row = session.get(Outbox, (bot, key), populate_existing=True)
        if row is None:
            continue
        if row.state == "dead" and unsaying.failed(session, row, now):
            row.state = "dropped"
            session.add(row)
            continue
        if not _matters(row):
            continue
        if _is_blocked(row) and row.case and _is_staff(session, row):
            row.payload = row.payload | {PASSED_ON: True}
        else:
            told = {each.id: _tell(session, row, each, now) for each in _readers(session, row)}
            notices = {str(key): card for key, card in told.items() if card is not None}
            row.payload = row.payload | {TOLD: notices}
        session.add(row)


def _matters(row: Outbox) -> bool:
    """Not what nobody misses, and not a notice of this kind itself."""
    told = row.district is not None and row.act in _TOLD_ACTS
    return row.state == "dead" and told and not is_notice(row.card)


def is_notice(card: str | None) -> bool:
    """Whether a row of this card tells of another that never arrived."""
    return (card or "").startswith((_CARD, _MORE))


class Remembers(Protocol):
    """A dead row, or what was read of it."""

    @property
    def payload(self) -> dict[str, Any]: ...


def was_passed_on(row: Remembers) -> bool:
    """Whether the case went to the next in line instead, and the desk heard that."""
    return bool(row.payload.get(PASSED_ON))


def told_of(row: Remembers) -> dict[UUID, str]:
    """Who was told that it never arrived, and the card of their notice."""
    return {UUID(person): card for person, card in row.payload.get(TOLD, {}).items()}


def _is_blocked(row: Outbox) -> bool:
    return (row.error or "").startswith("Forbidden")


def _is_staff(session: Session, row: Outbox) -> bool:
    """Their cases went to the next in line, and the desk was told so (services/handling)."""
    person = _person(session, row)
    return person is not None and is_staff(session, person)


def _person(session: Session, row: Outbox) -> Person | None:
    return session.get(Person, (row.district, row.person)) if row.person else None


def _case(session: Session, row: Outbox) -> Case | None:
    return session.get(Case, (row.district, row.case)) if row.case else None


def _readers(session: Session, row: Outbox) -> list[Person]:
    """Who hears of it: the desk; for a matter of one named person, that person and nobody else."""
    if row.district is None:
        return []
    district, case = row.district, _case(session, row)
    if case is not None and case.reach == "named":
        found = [case.owner] if case.owner else []
    else:
        unit = routing.desk_unit(session, district, _unit(session, row, case))
        found = routing.desk(session, district, unit) or routing.last_resort(session, district)
    others = [each for each in found if each != row.person]
    return [people.person(session, district, each) for each in others]


def _unit(session: Session, row: Outbox, case: Case | None) -> str:
    if case is not None:
        return case.grid
    group = territory.group_of(session, row.bot, row.chat, row.platform)
    if group is not None:
        return group.grid
    person = _person(session, row)
    roles = roles_of(session, person) if person is not None else ()
    areas = (territory.area_of(role.unit) for role in roles)
    return next(areas, str(row.district))


def _tell(session: Session, row: Outbox, person: Person, now: datetime) -> str | None:
    """The card that tells them; None: they can't be written to."""
    to = people.address_of(person)
    if to is None:
        return None
    wait = duty.routine_at(session, person, now)
    if _told_lately(session, to, now) >= MOST_AN_HOUR:
        more = Message(say("trouble.more", person.language))
        # one an hour: a card that stands already would be told to nobody
        card = f"{_MORE}{now:%y%m%d%H}"
        about = About(district=person.district, person=person.id, card=card, not_before=wait)
        put(session, to, more, now, about)
        return card
    text = describe(session, row, person.language)
    message = Message(text, (_choices(row, person.language),))
    about = _about(row, person, wait)
    put(session, to, message, now, about)
    return about.card


def _about(row: Outbox, person: Person, wait: datetime | None = None) -> About:
    return About(
        priority=Priority.NOTICE,
        district=person.district,
        person=person.id,
        card=f"{_CARD}{row.id}",
        not_before=wait,
    )


def _told_lately(session: Session, to: Address, now: datetime) -> int:
    query = select(func.count()).select_from(Outbox).where(
        Outbox.bot == to.bot,
        Outbox.made_at > now - timedelta(hours=1),
        Outbox.chat == to.chat,
        col(Outbox.card).startswith(_CARD),
    )  # fmt: skip
    return session.exec(query).one()


def _choices(row: Outbox, language: str, mark: str = "") -> tuple[Button, ...]:
    district = str(row.district)
    return tuple(
        Button(
            mark + plain(f"btn.{label}", language),
            buttons.data(verb, district, row.id, arg=row.bot),
            style=style,
        )
        for verb, label, style in (
            ("again", "send_again", "primary"),
            ("letbe", "let_be", None),
        )
    )


def describe(session: Session, row: Outbox, language: str) -> str:
    """Which message never arrived: to whom, about which case, why. Never what it said."""
    case = _case(session, row)
    facts: dict[str, Any] = {
        "who": _addressee(session, row, case, language),
        "why": _reason(row, language),
    }
    if case is None:
        return say("trouble.dead", language, **facts)
    return say("trouble.dead_case", language, number=case.number, **facts)


def _addressee(session: Session, row: Outbox, case: Case | None, language: str) -> str:
    """A resident stays nameless: the case says whose it is, to who may read it."""
    if row.chat.startswith("-"):
        query = select(Group).where(
            Group.platform == row.platform, Group.bot == row.bot, Group.chat == row.chat
        )
        group = session.exec(query).first()
        return plain("trouble.group", language, title=group.title if group else "")
    person = _person(session, row)
    if person is not None and is_staff(session, person):
        roles = enrolment.roles_in_words(session, person, language)
        return plain("trouble.staff", language, name=people.name_of(person, language), roles=roles)
    reporter = case is not None and _is_reporters(session, row, case)
    return plain("trouble.reporter" if reporter else "trouble.resident", language)


def _is_reporters(session: Session, row: Outbox, case: Case) -> bool:
    person = session.get(Person, (case.district, case.reporter)) if case.reporter else None
    return person is not None and person.address == row.chat


def _reason(row: Outbox, language: str) -> str:
    if _is_blocked(row):
        group = row.chat.startswith("-")
        return plain("trouble.why_removed" if group else "trouble.why_blocked", language)
    if "not enough rights" in (row.error or "") or "no rights" in (row.error or ""):
        return plain("trouble.why_rights", language)
    return plain("trouble.why_other", language, error=row.error)


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that never arrived, as whoever runs the service sees it: no name, no words."""

    id: UUID
    at: datetime
    act: str
    case: str | None
    error: str


def dead(session: Session, limit: int = 1_000) -> list[Dead]:
    """What never arrived and wasn't settled, newest first."""
    query = (
        select(Outbox, Case.number)
        .join(
            Case,
            (col(Case.district) == Outbox.district) & (col(Case.id) == Outbox.case),
            isouter=True,
        )
        .where(Outbox.state == "dead")
        .order_by(col(Outbox.id).desc())
        .limit(limit)
    )
    return [
        Dead(row.id, row.made_at, row.act, number, row.error or "")
        for row, number in session.exec(query)
    ]


def bot_of(session: Session, key: UUID) -> str:
    """Whose row this is. Raises Refused `dead_gone`."""
    bot = session.exec(select(Outbox.bot).where(Outbox.id == key, Outbox.state == "dead")).first()
    if bot is None:
        raise Refused("dead_gone")
    return bot


def undelivered(session: Session, actor: Person) -> Message:
    """The newest messages that never arrived and concern the actor's desk.

    Raises Refused `day_not_yours` for who has no desk.
    """
    query = (
        select(Outbox)
        .where(Outbox.district == actor.district, Outbox.state == "dead")
        .order_by(col(Outbox.id).desc())
        .limit(500)
    )
    rows = [each for each in session.exec(query) if _may_settle(session, actor, each)][:LISTED]
    if not rows:
        return Message(say("trouble.none", actor.language))
    lines = [say("trouble.list", actor.language)]
    choices: Rows = ()
    for n, row in enumerate(rows, 1):
        lines.append(f"{n}. {describe(session, row, actor.language)}")
        choices += (_choices(row, actor.language, f"{n} "),)
    return Message("\n".join(lines), choices)


def _may_settle(session: Session, actor: Person, row: Outbox) -> bool:
    if row.district != actor.district or not _matters(row):
        return False
    return actor.id in [each.id for each in _readers(session, row)]


def send_again(session: Session, actor: Person | None, bot: str, key: UUID, now: datetime) -> None:
    """Try once more to deliver it, to where its reader is now; a card as its case stands now.

    `actor` None: who runs the service. Raises Refused `dead_gone`, `dead_unreachable`,
    `not_yours_to_administer`.
    """
    row = _dead_row(session, actor, bot, key)
    person = _person(session, row)
    to = people.address_of(person) if person is not None else None
    if person is not None and to is None:
        raise Refused("dead_unreachable")
    if _show_card(session, row, person, now):
        row.state = "dropped"
    else:
        _requeue(session, row, to, now)
    session.add(row)
    session.flush()
    _settled(session, actor, row, "trouble.sent_again", now)


def _show_card(session: Session, row: Outbox, person: Person | None, now: datetime) -> bool:
    """A case's card shows what is true now, not what was true then."""
    case = _case(session, row)
    if case is None or row.card is None:
        return False
    part = row.card.partition(":")[0]
    if part == "s" and person is not None:
        notices.show_staff(session, case, person, now, at_once=True)
    elif part == "g":
        notices.show_group(session, case, now)
    elif part == "r":
        notices.show_reporter(session, case, now)
    elif part == "q":
        notices.ask_reporter(session, case, now)
    else:
        return False
    return True


def _requeue(session: Session, row: Outbox, to: Address | None, now: datetime) -> None:
    """A row that is dead begins anew; one whose reader uses another bot now is queued there."""
    wakes(session, to.bot if to is not None else row.bot)
    row.payload = {key: row.payload[key] for key in row.payload if key not in (TOLD, PASSED_ON)}
    if to is not None and (to.bot, to.chat) != (row.bot, row.chat):
        values = row.model_dump(exclude={"id", "bot", "chat", "state", "tries", "error", "dedupe"})
        session.add(Outbox(**values | {"bot": to.bot, "chat": to.chat, "not_before": None}))
        row.state = "dropped"
        return
    row.state, row.tries, row.error, row.not_before = "pending", 0, None, None
    row.holder, row.until = None, None


def let_be(session: Session, actor: Person | None, bot: str, key: UUID, now: datetime) -> None:
    """Nobody needs it any more. Raises Refused `dead_gone`, `not_yours_to_administer`."""
    row = _dead_row(session, actor, bot, key)
    row.state = "dropped"
    session.add(row)
    session.flush()
    _settled(session, actor, row, "trouble.let_be", now)


def _dead_row(session: Session, actor: Person | None, bot: str, key: UUID) -> Outbox:
    row = session.get(Outbox, (bot, key), populate_existing=True, with_for_update=True)
    if row is None or row.state != "dead" or (actor is not None and row.district is None):
        raise Refused("dead_gone")
    if actor is not None and not _may_settle(session, actor, row):
        raise Refused("not_yours_to_administer")
    return row


def _settled(
    session: Session, actor: Person | None, row: Outbox, sentence: str, now: datetime
) -> None:
    """Everybody who was told of it sees what was done, and no button any more."""
    for person in _readers(session, row):
        to = people.address_of(person)
        if to is None or not notices.has_card(session, to, f"{_CARD}{row.id}"):
            continue
        name = people.name_of(actor, person.language) if actor is not None else "linli"
        done = say(sentence, person.language, name=name)
        text = f"{describe(session, row, person.language)}\n{done}"
        put(session, to, Message(text), now, _about(row, person))
