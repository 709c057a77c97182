"""Who somebody is in a district. Everybody who writes is a resident until a role says more."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from domain.refused import Refused
from models import Person
from models.append import UNSEEN, adopt, adopted
from models.known import read_only, snapshot
from models.statement import Prepared
from services.equipment import bots_district, vault
from services.outbox import Address
from services.texts import LANGUAGES, language_of, plain
from services.vault import mask_phone

LONGEST_NAME = 64
# in Session.info: people whom this unit of work has read and doesn't change
SEEN = "seen"


def resident(
    session: Session,
    district: str,
    address: Address,
    name: str,
    language_tag: str | None,
    now: datetime,
    home: UUID | None = None,
) -> Person:
    """The person of this district behind an address (`chat`: the user's id), made if new.

    A resident's name follows the platform's; whoever was imported keeps the list's name.
    `language_tag`: what the client speaks (IETF) or None. `home`: the group they write in.
    """
    found = _at(session, district, address)
    if found is None:
        return _new(session, district, address, name, language_tag, now, home)
    _bring_up(found, address, name[:LONGEST_NAME])
    if home is not None and found.home_group != home:
        found.home_group = home
    return found


def _new(
    session: Session,
    district: str,
    address: Address,
    name: str,
    language_tag: str | None,
    now: datetime,
    home: UUID | None,
) -> Person:
    made = Person(
        district=district,
        name=name[:LONGEST_NAME],
        language=language_of(language_tag),
        platform=address.platform,
        bot=address.bot,
        address=address.chat,
        home_group=home,
        made_at=now,
    )
    adopt(session, made, ("person", district, address.platform, address.chat))
    return made


def _bring_up(person: Person, address: Address, name: str) -> None:
    if person.ref is None and person.name != name:
        person.name = name
    if person.bot is None:
        person.bot = address.bot
    if person.deleted_at is not None:  # they asked to be forgotten, and came back
        person.deleted_at = None


# most who write are new: the row is read only if there is one
_IS_HERE = Prepared(
    lambda _: select(Person.id).where(
        Person.district == bindparam("in_district"),
        col(Person.platform) == bindparam("on"),
        col(Person.address) == bindparam("at"),
    )
)


def _at(session: Session, district: str, address: Address) -> Person | None:
    new: Person | None = adopted(session, ("person", district, address.platform, address.chat))
    if new is not None:
        return new
    session.flush()
    of = {"in_district": district, "on": address.platform, "at": address.chat}
    return find(session, district, _IS_HERE.first(session, of))


def find(session: Session, district: str, key: UUID | None) -> Person | None:
    """The person of this key, or None."""
    if key is None:
        return None
    return session.get(Person, (district, key), execution_options=UNSEEN)


@cache
def _seeing(count: int) -> Prepared:
    kind = Person.__table__.c.id.type  # type: ignore[attr-defined]
    keys: list[Any] = [bindparam(f"person_{number}", type_=kind) for number in range(count)]
    return Prepared(
        lambda _: sql_select(*Person.__table__.c).where(  # type: ignore[attr-defined]
            col(Person.district) == bindparam("in_district"), col(Person.id).in_(keys)
        )
    )


_COLUMNS = tuple(each.name for each in Person.__table__.c)  # type: ignore[attr-defined]


def seen(session: Session, district: str, key: UUID | None) -> Person | None:
    """The person of this key as they are now, only to be read (`snapshot`), or None."""
    return None if key is None else see(session, district, [key])[0]


def see(session: Session, district: str, keys: Sequence[UUID]) -> list[Person | None]:
    """As `seen`, several at once."""
    met = session.info.setdefault(SEEN, {})
    here = {key: session.identity_map.get((Person, (district, key), None)) for key in keys}
    new = [key for key, row in here.items() if row is None and key not in met]
    if new:
        of = {f"person_{number}": key for number, key in enumerate(new)}
        rows = _seeing(len(new)).all(session, {"in_district": district, **of})
        met |= dict.fromkeys(new)
        for row in rows:
            values = dict(zip(_COLUMNS, row, strict=True))
            met[values["id"]] = read_only(values)
    # a row that is here was changed in this unit of work, perhaps
    return [met[key] if (row := here[key]) is None else snapshot(row) for key in keys]


def person(session: Session, district: str, key: UUID | None) -> Person:
    """The person of this key. Raises Refused `person_unknown`."""
    found = find(session, district, key)
    if found is None:
        raise Refused("person_unknown")
    return found


def person_of(session: Session, district: str, address: Address) -> Person | None:
    """The person of this district behind an address, if there is one already."""
    return _at(session, district, address)


def person_by_ref(session: Session, district: str, ref: str) -> Person:
    """Who has this id in the imported list. Raises Refused `person_unknown`."""
    query = select(Person).where(Person.district == district, Person.ref == ref)
    found = session.exec(query).first()
    if found is None:
        raise Refused("person_unknown")
    return found


def person_by_address(session: Session, platform: str, user: str, bot: str) -> list[Person]:
    """The same account in every district that the bot serves, in the order of districts."""
    query = select(Person).where(Person.platform == platform, Person.address == user)
    if district := bots_district(session, bot):
        query = query.where(Person.district == district)
    return list(session.exec(query.order_by(Person.district)))


def set_language(session: Session, person: Person, language: str) -> None:
    """The person's own choice, which no client and no import overrides.

    Raises Refused `language_unknown`.
    """
    if language not in LANGUAGES:
        raise Refused("language_unknown")
    person.language, person.language_chosen = language, True
    session.add(person)


def mark_reachable(session: Session, person: Person, bot: str) -> None:
    """They have opened the private chat: this bot may write to them first."""
    person.reachable, person.bot = True, bot
    session.add(person)


def mark_unreachable(session: Session, person: Person) -> None:
    """They blocked the bot or are gone: what was meant for them must go to the next in line."""
    person.reachable = False
    session.add(person)


def address_of(person: Person) -> Address | None:
    """Where to write to them, or None if the bot may not write first."""
    if not person.reachable or person.address is None or person.bot is None:
        return None
    return Address(person.bot, person.address, person.platform)


def name_of(person: Person | None, language: str = "zh-Hans") -> str:
    """The name people call them by; a neutral word for the nameless and the forgotten."""
    known = person is not None and person.deleted_at is None and person.name.strip()
    return person.name if person is not None and known else plain("people.nameless", language)


def staff(session: Session, district: str) -> list[Person]:
    """Everybody of the imported lists, by id."""
    query = select(Person).where(Person.district == district, col(Person.ref).is_not(None))
    return list(session.exec(query.order_by(col(Person.ref))))


def set_phone(session: Session, person: Person, phone: str) -> str:
    """Keep a number that the person offers, sealed; returns it masked, as screens show it."""
    person.phone = vault(session).seal(phone)
    session.add(person)
    session.flush()
    return mask_phone(phone)
