"""Reading a report: what a resident's words say, by rules over the catalogue's lexicon.

`read` is the one door; what lies behind it may change. It never raises for any text and looks at
the first 4,096 characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.catalogue import Catalogue, Language, Urgency
from domain.reading.ear import Ear
from domain.reading.folding import fold
from domain.reading.kinds import judge
from domain.reading.language import language_of
from domain.reading.lexicon import Lexicon
from domain.reading.model import Model
from domain.reading.personal import Personal, find_personal
from domain.reading.place import (
    MAX_MENTIONS,
    NOWHERE,
    Place,
    find_mentions,
    find_place,
    private_spans,
)

__all__ = [
    "MASK",
    "NOWHERE",
    "Ear",
    "Level",
    "Lexicon",
    "Model",
    "Personal",
    "Place",
    "Reading",
    "mask",
    "read",
]

Level = Literal["public", "staff", "unnamed"]
MASK = "▇▇"
# A worker must find the door and may know whom to ask for; numbers are nobody's business.
HIDDEN_FROM_STAFF = frozenset({"phone", "id", "card", "email", "account"})
# whose reporter would rather not be named: whoever is named may be they
HIDDEN_WITH_NAMES = HIDDEN_FROM_STAFF | {"name"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says.

    `report`: probability that it reports something. `kinds`: up to three (code, probability),
    likeliest first, together at most 1, matters not admitted (NAxx) among them. `condition`
    indexes the first kind's filing conditions; None when the text does not tell.
    `urgency_reason`: the word that alarmed, "sound", "kind", "condition", or empty when normal.
    `place` has what was written, `place_norm` digits and capitals. `personal`: (start, end, type)
    in the original text, type one of phone, id, card, email, account, plate, name, room.
    """

    report: float
    kinds: tuple[tuple[str, float], ...]
    condition: int | None
    urgency: Urgency
    urgency_reason: str
    place: Place
    place_norm: Place
    language: Language
    personal: tuple[Personal, ...]


def read(
    text: str, lexicon: Lexicon, catalogue: Catalogue | None = None, model: Model | None = None
) -> Reading:
    """What the text says. `catalogue`: a district's own, if it is not the lexicon's: kinds that
    it lacks are left out. `model`: what the district has learnt; None: the rules alone."""
    folded = fold(text)
    scan = lexicon.scan(folded.text)
    lacking = frozenset[str]()
    if catalogue is not None and catalogue is not lexicon.catalogue:
        ours = lexicon.catalogue
        lacking = frozenset({*ours.kinds, *ours.matters} - {*catalogue.kinds, *catalogue.matters})
        scan = scan._replace(hits=[hit for hit in scan.hits if hit.entry.code not in lacking])
    mentions = find_mentions(folded.text, MAX_MENTIONS)
    place, norm = find_place(folded, scan.hits, mentions)
    verdict = judge(folded.text, scan, lexicon, place != NOWHERE, model, lacking)
    return Reading(
        report=verdict.report,
        kinds=verdict.kinds,
        condition=verdict.condition,
        urgency=verdict.urgency,
        urgency_reason=verdict.reason,
        place=place,
        place_norm=norm,
        language=language_of(folded.original),
        personal=find_personal(folded, mentions),
    )


def mask(text: str, reading: Reading, level: Level = "public") -> str:
    """The text with what others must not see blacked out.

    public: all personal data, and every unit, floor and flat: the group sees the building at
    most. staff: phone, ID and card numbers, addresses of accounts. unnamed: names as well. What
    lies beyond the first 4,096 characters is cut.
    """
    folded = fold(text)
    spans = [(start, end) for start, end, kind in reading.personal if _hides(level, kind)]
    if level == "public":
        spans += [folded.span(*span) for span in private_spans(folded.text)]
    masked, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            masked += [folded.original[position:start], MASK]
        position = max(position, end)
    return "".join([*masked, folded.original[position:]])


def _hides(level: Level, kind: str) -> bool:
    hidden = HIDDEN_WITH_NAMES if level == "unnamed" else HIDDEN_FROM_STAFF
    return level == "public" or kind in hidden
