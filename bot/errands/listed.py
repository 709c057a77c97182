"""The errands there are; the service does nothing else for a command."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session, select

from bot.cannot import Cannot
from bot.errands.errand import Errand, Undone, When
from domain.refused import Refused
from models import Person, inbox
from services import binding, enrolment, learnt, territory, trouble
from services.equipment import policy
from services.imports import Outcome, import_tables
from services.imports.outcome import Unreadable
from services.people import name_of
from services.texts import plain


def always(_answer: object) -> bool:
    """Of answers that hold nothing but numbers."""
    return True


def never(_answer: object) -> bool:
    """Of answers that hold a code."""
    return False


# --- what failed, what never arrived ---


class Replay(Struct, frozen=True):
    """Updates to try again; none: all that failed."""

    ids: list[UUID]


def _replay(session: Session, given: Replay, when: When) -> int:
    return inbox.replay(session, given.ids, when.wall)


class Settle(Struct, frozen=True):
    """Dead messages to send once more, and those that nobody needs."""

    again: list[UUID]
    drop: list[UUID]


def _settle(session: Session, given: Settle, when: When) -> int:
    for key in given.again:
        trouble.send_again(session, None, trouble.bot_of(session, key), key, when.now)
    for key in given.drop:
        trouble.let_be(session, None, trouble.bot_of(session, key), key, when.now)
    return len(given.again) + len(given.drop)


# --- the first codes ---


class Invite(Struct, frozen=True):
    """`usernames`: the bot of each district; under "" that of all others."""

    ref: str
    district: str
    usernames: dict[str, str]
    language: str


def _invite(session: Session, given: Invite, when: When) -> tuple[str, str]:
    """What to say, and the link. An earlier one stops working."""
    person, language = _person(session, given), given.language
    username = given.usernames.get(person.district) or given.usernames[""]
    code = enrolment.invite(session, None, person.district, person.id, when.now)
    text = plain(
        "importing.invited",
        language,
        name=name_of(person, language),
        roles=enrolment.roles_in_words(session, person, language),
        hours=policy(session).invite_hours,
    )
    return text, enrolment.link(username, code)


def _person(session: Session, given: Invite) -> Person:
    query = select(Person).where(Person.ref == given.ref).order_by(Person.district)
    if given.district:
        query = query.where(Person.district == given.district)
    found = session.exec(query).all()
    if len(found) > 1:
        named = ", ".join(each.district for each in found)
        raise Cannot(
            plain("importing.which_district", given.language, ref=given.ref, districts=named)
        )
    if not found:
        raise Refused("person_unknown")
    return found[0]


class BindCode(Struct, frozen=True):
    """`username`: the bot that the group will have."""

    grid: str
    place: str
    username: str
    language: str


def _bindcode(session: Session, given: BindCode, when: When) -> tuple[str, str, str]:
    """What to say, the code, and the link."""
    code = binding.make_code(session, None, given.grid, given.place, when.now)
    named = territory.name(session, territory.district_of(given.grid), given.grid)
    hours = policy(session).invite_hours
    text = plain("importing.bind_code", given.language, grid=named, hours=hours)
    return text, code, binding.group_link(given.username, code)


# --- lists ---


class Sheet(Struct, frozen=True):
    """A table of a list; `broken`: where the file breaks off (row, code, facts), if it does."""

    name: str
    rows: list[dict[str, str]]
    broken: tuple[int, str, dict[str, Any]] | None = None

    def read(self) -> Iterator[dict[str, str]]:
        """The rows. Raises Unreadable at the end of what breaks off."""
        yield from self.rows
        if self.broken is not None:
            row, code, facts = self.broken
            raise Unreadable(row, code, **facts)


class Lists(Struct, frozen=True):
    """Units of sheets that stand or fall together. `trial`: check all, write nothing."""

    units: list[list[Sheet]]
    trial: bool


def _bring(session: Session, given: Lists, when: When) -> list[list[Outcome]]:
    return bring(session, [[(each.name, each.read()) for each in unit] for unit in given.units],
                 given.trial, when)  # fmt: skip


def bring(
    session: Session, units: list[list[tuple[str, Any]]], trial: bool, when: When
) -> list[list[Outcome]]:
    """Bring in unit after unit until one fails. Raises Undone with the outcomes of a trial."""
    outcomes: list[list[Outcome]] = []
    for unit in units:
        outcomes.append(import_tables(session, unit, when.now))
        if any(each.failed for each in outcomes[-1]):
            break
    if trial:
        raise Undone(outcomes)
    return outcomes


def _brought(outcomes: list[list[Outcome]]) -> bool:
    """What failed quotes the list's cells, and changed nothing."""
    return not any(each.failed for unit in outcomes for each in unit)


# --- what a district has learnt ---


class Learnt(Struct, frozen=True):
    """A new version of a district's model; `use`: read with it from now on."""

    district: str
    artefact: bytes
    texts: int
    figures: dict[str, Any]
    use: bool


def _keep(session: Session, given: Learnt, when: When) -> int:
    rest = given.artefact, given.texts, given.figures, when.now
    return learnt.keep(session, given.district, *rest, use=given.use)


class RollBack(Struct, frozen=True):
    """A district that reads with an earlier version, or with the rules alone."""

    district: str


def _roll_back(session: Session, given: RollBack, when: When) -> int | None:
    return learnt.roll_back(session, given.district, when.now)


REPLAY = Errand("replay", Replay, int, _replay, always)
SETTLE = Errand("settle", Settle, int, _settle, always)
INVITE = Errand("invite", Invite, tuple[str, str], _invite, never)
BINDCODE = Errand("bindcode", BindCode, tuple[str, str, str], _bindcode, never)
BRING = Errand("bring", Lists, list[list[Outcome]], _bring, _brought)
LEARN = Errand("learn", Learnt, int, _keep, always)
ROLL_BACK = Errand("roll_back", RollBack, int | None, _roll_back, always)

ALL: dict[str, Errand[Any, Any]] = {
    each.name: each for each in (REPLAY, SETTLE, INVITE, BINDCODE, BRING, LEARN, ROLL_BACK)
}
