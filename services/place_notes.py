"""Notes on places: where the key is, which box is whose. They stand on the cards of their building.

About a place, never about a person: numbers and accounts in the words are blacked out. A note has a
keeper, who may end it; it goes to the next in a handover, and to the successor of its grid.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.reading import mask, read
from domain.refused import Refused
from models import Case, Person, PlaceNote
from models.known import PLACES, known
from services.catalogue import catalogue, lexicon

LONGEST = 200
# on one card, the newest
MOST_ON_CARD = 2
MOST_OF_ONE = 20


def building_key(session: Session, district: str, words: str | None) -> str | None:
    """A building as people write it in many ways, in one; None without words."""
    if not words or not words.strip():
        return None
    found = read(words, lexicon(session, district), catalogue(session, district))
    return found.place_norm.building or words.strip().casefold()


def add(
    session: Session, person: Person, grids: Sequence[str], words: str, now: datetime
) -> PlaceNote:
    """Keep the words under the building that they begin with or name.

    `grids`: those that the person works in. Raises Refused `note_where` (no building, or several
    grids and none of them known by notes), `note_empty`.
    """
    district = person.district
    reading = read(words, lexicon(session, district), catalogue(session, district))
    building = reading.place.building
    if not building:
        raise Refused("note_where")
    text = mask(words, reading, "staff").replace(building, "", 1).strip(" ，,。：:")
    if not text:
        raise Refused("note_empty")
    if len(grids) != 1:
        raise Refused("note_where")
    note = PlaceNote(
        district=district,
        grid=grids[0],
        building=building,
        text=text[:LONGEST],
        keeper=person.id,
        at=now,
    )
    session.add(note)
    session.flush()
    return note


def kept_by(session: Session, person: Person) -> list[PlaceNote]:
    """Everything that the person keeps, the newest first."""
    query = select(PlaceNote).where(
        PlaceNote.district == person.district,
        PlaceNote.keeper == person.id,
        col(PlaceNote.ended_at).is_(None),
    )
    return list(session.exec(query.order_by(col(PlaceNote.at).desc(), col(PlaceNote.id))))


def end(session: Session, person: Person, key: UUID | None, now: datetime) -> PlaceNote:
    """The note holds no more. Raises Refused `note_gone`."""
    note = session.get(PlaceNote, (person.district, key)) if key is not None else None
    if note is None or note.ended_at is not None or note.keeper != person.id:
        raise Refused("note_gone")
    note.ended_at = now
    session.add(note)
    session.flush()
    return note


def on_card(session: Session, case: Case) -> Sequence[str]:
    """The notes on the case's building, the newest first."""
    noted = _of_grid(session, case.district, case.grid)
    if not noted or not case.place_building:
        return ()
    key = building_key(session, case.district, case.place_building)
    return noted.get(key or "", ())[:MOST_ON_CARD]


def _of_grid(session: Session, district: str, grid: str) -> Mapping[str, tuple[str, ...]]:
    """The texts by building; remembered, so that a card of a grid without notes asks nothing."""

    def find() -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for note in in_grid(session, district, grid):
            key = building_key(session, district, note.building) or ""
            found[key] = (*found.get(key, ()), note.text)
        return found

    return known(session, PLACES, ("notes", district, grid), find)


def in_grid(session: Session, district: str, grid: str) -> list[PlaceNote]:
    """Every note that holds in the grid, the newest first."""
    query = select(PlaceNote).where(
        PlaceNote.district == district,
        PlaceNote.grid == grid,
        col(PlaceNote.ended_at).is_(None),
    )
    return list(session.exec(query.order_by(col(PlaceNote.at).desc(), col(PlaceNote.id))))
