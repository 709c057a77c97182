"""What a desk says daily: kept by unit, and sent from a case's card in two taps."""

from datetime import datetime
from html import escape
from uuid import UUID

from sqlmodel import Session, col, select

from domain.refused import Refused
from models import Case, Person, Phrase
from services import buttons, caselist, territory
from services.outbox import Button, Message
from services.texts import plain, say

MOST, LONGEST = 20, 120
# characters of a phrase on a button
ON_BUTTON = 28


def of_units(session: Session, district: str, units: list[str]) -> list[Phrase]:
    """The phrases of these units, the oldest first."""
    query = select(Phrase).where(Phrase.district == district, col(Phrase.unit).in_(units))
    return list(session.exec(query.order_by(col(Phrase.made_at), col(Phrase.id))))


def for_case(session: Session, person: Person, case: Case) -> list[Phrase]:
    """Those of the person's desks that answer for the case."""
    units = [each for each in caselist.units_of(session, person) if case.grid.startswith(each)]
    return of_units(session, case.district, units)


def add(session: Session, person: Person, unit: str, said: str, now: datetime) -> Phrase:
    """One more. Raises Refused `phrase_too_long`, `phrases_full`, `phrase_known`."""
    caselist.check_desk(session, person, unit)
    words = " ".join(said.split())
    if not words or len(words) > LONGEST:
        raise Refused("phrase_too_long", most=LONGEST)
    known = of_units(session, person.district, [unit])
    if any(each.text == words for each in known):
        raise Refused("phrase_known")
    if len(known) >= MOST:
        raise Refused("phrases_full", most=MOST)
    made = Phrase(district=person.district, unit=unit, text=words, made_by=person.id, made_at=now)
    session.add(made)
    session.flush()
    return made


def own(session: Session, person: Person, key: UUID | None) -> Phrase:
    """A phrase of one of the person's desks. Raises Refused `phrase_gone`, `cases_not_yours`."""
    row = session.get(Phrase, (person.district, key)) if key is not None else None
    if row is None:
        raise Refused("phrase_gone")
    caselist.check_desk(session, person, row.unit)
    return row


def remove(session: Session, person: Person, key: UUID | None) -> str:
    """It isn't said any more; whose unit it was. Raises Refused `phrase_gone`."""
    row = own(session, person, key)
    session.delete(row)
    session.flush()
    return row.unit


# --- what the desk reads ---


def shown(text: str) -> str:
    """A phrase on a button."""
    return text if len(text) <= ON_BUTTON else text[: ON_BUTTON - 1] + "…"


def list_message(session: Session, person: Person, unit: str) -> Message:
    """A unit's phrases, each removed with a tap, and a button for one more."""
    language, district = person.language, person.district
    found = of_units(session, district, [unit])
    name = territory.name(session, district, unit, language)
    lines = [f"{n}. {escape(each.text)}" for n, each in enumerate(found, 1)]
    head = "phrases.list" if found else "phrases.none"
    rows = [
        (Button(f"🗑 {shown(each.text)}", buttons.data("unphrase", district, each.id)),)
        for each in found
    ]
    if len(found) < MOST:
        add_one = buttons.data("newphrase", district, arg=unit)
        rows.append((Button(plain("btn.new_phrase", language), add_one),))
    return Message("\n".join([say(head, language, name=name), *lines]), tuple(rows))


def choose_unit(session: Session, person: Person, units: list[str]) -> Message:
    """Which desk's phrases, for who sits at several."""
    rows = tuple(
        (
            Button(
                territory.name(session, person.district, unit, person.language),
                buttons.data("phrases", person.district, arg=unit),
            ),
        )
        for unit in units
    )
    return Message(say("phrases.which_unit", person.language), rows)
