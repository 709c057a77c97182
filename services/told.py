"""Of which troubles somebody was told by a notice of its own (services/trouble).

The auditor tells the administrators of the others: whoever was to hear of those can't be
reached, or telling them failed as well.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from models import Outbox, Person, Posted
from services import people, routing, trouble
from services.outbox import Address

Cards = dict[Address, set[str]]
_ON_ITS_WAY = ("pending", "sent")


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An update that failed three times, the last time at `at`, with `error`."""

    bot: str
    id: UUID
    error: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that never arrived."""

    id: UUID
    district: str | None
    card: str | None
    payload: dict[str, Any]


def of_given_up(
    session: Session, given_up: Sequence[GivenUp], districts: Iterable[str]
) -> set[UUID]:
    """Those that an administrator of these districts has a notice of, or will have."""
    names = {(each.bot, each.error, each.at) for each in given_up if each.error and each.at}
    if not names:
        return set()
    told: set[tuple[str, str | None, datetime | None]] = set()
    for district in districts:
        for admin in routing.last_resort(session, district):
            to = people.address_of(people.person(session, district, admin))
            if to is not None:
                asked = {trouble.given_up_name(*each, admin): each for each in names}
                told |= {asked[found] for found in _queued(session, to.bot, asked)}
    return {each.id for each in given_up if (each.bot, each.error, each.at) in told}


def _queued(session: Session, bot: str, names: Collection[str]) -> Sequence[str]:
    query = select(Outbox.dedupe).where(
        Outbox.bot == bot, col(Outbox.dedupe).in_(names), col(Outbox.state).in_(_ON_ITS_WAY)
    )
    return [each for each in session.exec(query) if each is not None]


def of_dead(session: Session, dead: Sequence[DeadLetter]) -> set[UUID]:
    """Those that need no further word: somebody has a notice, or will have; or the case has gone
    to the next in line; or it is such a notice itself, whose matter is looked at instead."""
    done = {each.id for each in dead if trouble.is_notice(each.card) or trouble.was_passed_on(each)}
    places = _places(session, [each for each in dead if each.id not in done])
    wanted: Cards = defaultdict(set)
    for some in places.values():
        for to, card in some:
            wanted[to].add(card)
    there = {(to, card) for to, cards in wanted.items() for card in _there(session, to, cards)}
    return done | {key for key, some in places.items() if there & some}


def _places(session: Session, dead: Sequence[DeadLetter]) -> dict[UUID, set[tuple[Address, str]]]:
    """Where the notices of each stand or will stand."""
    told = {each.id: (each.district, trouble.told_of(each)) for each in dead}
    people_of: dict[str, set[UUID]] = defaultdict(set)
    for district, cards in told.values():
        if district is not None:
            people_of[district] |= set(cards)
    at = {key: to for found in people_of.items() for key, to in _addresses(session, *found)}
    return {
        letter: {(at[person], card) for person, card in cards.items() if person in at}
        for letter, (_, cards) in told.items()
    }


def _addresses(
    session: Session, district: str, keys: Collection[UUID]
) -> list[tuple[UUID, Address]]:
    query = select(Person).where(Person.district == district, col(Person.id).in_(keys))
    found = [(each.id, people.address_of(each)) for each in session.exec(query)] if keys else []
    return [(key, to) for key, to in found if to is not None]


def _there(session: Session, to: Address, cards: Collection[str]) -> set[str]:
    """Those of the cards that stand in the chat or are on their way there."""
    standing = select(Posted.card).where(
        Posted.bot == to.bot,
        Posted.platform == to.platform,
        Posted.chat == to.chat,
        col(Posted.card).in_(cards),
    )
    coming = select(Outbox.card).where(
        Outbox.bot == to.bot,
        Outbox.chat == to.chat,
        col(Outbox.card).in_(cards),
        Outbox.state == "pending",
    )
    return {*session.exec(standing), *(each for each in session.exec(coming) if each)}
