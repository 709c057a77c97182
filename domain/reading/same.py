"""Is this one? How alike two reports of a neighbourhood are: kind, place, time, things and words.

Pure. A `Trace` is what is compared of a report; `likeness` says how probably two of them tell of
one matter. Nothing is joined by it: it ranks what is offered, and the reporter decides.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from domain.reading import Reading
from domain.reading.folding import fold
from domain.reading.place import find_mentions, find_place
from domain.reading.things import OTHERS, named_in

# from here on two reports are offered as one matter
LIKELY = 0.7
# below this probability of being a report at all a text is nobody's duplicate
MAYBE_A_REPORT = 0.15
# the newest reports of a chat that a new one is compared with
REMEMBERED = 300
COMPARED = 600  # characters of a text whose letters are compared
_LETTER = re.compile("[一-鿿]")
# letters so usual in any report that sharing them means nothing
_USUAL = frozenset(
    "了我的一个不在那人楼下来上子到没有是天家三就都里去门车头着电得好水大还说面十今口开小要出看老边把两打过们儿地只手又晚点给他会谁二这阿位成年梯住外你走后台放请半多发条几话道火日跟"
    "公机全路气拿回八六单窗自早月四灯见讲能学"
)
_ECHO = re.compile(
    r"也|又|还是|还在|还没|依然|仍|同样|同款|\+1|报过|跟进|到现在|\b(?:again|still|too|also|same|confirm)\b"
)
# whose matter is one flat's: two floors apart they are two
_OF_ONE_FLAT = frozenset({"leak", "noise", "violence", "renting"})
# what floods of reports are about and what nobody can name is no kind in common
_NO_KIND = "LS99"
_SPECIAL = {"TOP": 99}


@dataclass(frozen=True, slots=True)
class Trace:
    """What is compared. `kinds`: (code, probability); the address as `Reading.place_norm` has
    it; `letters`: the unusual ones; `echo`: the words themselves say that it isn't the first;
    `minutes` since any fixed instant."""

    kinds: tuple[tuple[str, float], ...]
    building: str | None
    unit: str | None
    floor: int | None
    things: frozenset[str]
    spots: frozenset[str]
    sides: frozenset[str]
    letters: frozenset[str]
    echo: bool
    minutes: float


def trace_of(text: str, reading: Reading, minutes: float, building: str | None = None) -> Trace:
    """What is compared of a report. `building`: where it is if the words don't say so."""
    folded = fold(text).text
    things, spots, sides = named_in(folded)
    place = reading.place_norm
    return Trace(
        kinds=reading.kinds,
        building=place.building or (None if spots else building),
        unit=place.unit,
        floor=_floor(place.floor, place.room),
        things=things,
        spots=spots,
        sides=sides,
        letters=letters_of(folded),
        echo=bool(_ECHO.search(folded)),
        minutes=minutes,
    )


@lru_cache(maxsize=1024)  # the places of groups
def building_of(place: str) -> str | None:
    """The building that a place is, as `Reading.place_norm` has it: "快乐8号楼" is "8"."""
    folded = fold(place)
    return find_place(folded, (), find_mentions(folded.text))[1].building


def letters_of(folded: str) -> frozenset[str]:
    """The unusual letters of a folded text."""
    return frozenset(_LETTER.findall(folded[:COMPARED])) - _USUAL


def _floor(floor: str | None, room: str | None) -> int | None:
    """The floor as a number; of a flat like 1203 its first digits."""
    if floor is None and room is not None and room[:3].isdigit():
        digits = re.match(r"\d+", room)
        floor = digits.group()[:-2] if digits else None
    if floor is None:
        return None
    number = re.search(r"-?\d+", floor)
    return int(number.group()) if number else _SPECIAL.get(floor)


# fitted on three of the five chats of tests/data/reading/streams_known.jsonl (python -m bench.same)
_WEIGHTS = {
    "always": -3.1,
    "kind": 0.3,
    "first_kind": 0.5,
    "things": 1.2,
    "other_things": -1.2,
    "spots": 1.7,
    "other_spots": -0.9,
    "building": 1.2,
    "other_flat": -1.8,
    "floor": 0.4,
    "other_side": -2.6,
    "letters": 1.1,
    "gap": -0.14,
    "at_once": 1.1,
    "echo": 0.2,
    "matter_and_place": 1.25,
    "one_building": -1.0,
}


def likeness(new: Trace, old: Trace) -> float:
    """The probability that two reports, the newer first, tell of one matter.

    Another building is another matter, whatever else they share.
    """
    if new.building is not None and old.building is not None and new.building != old.building:
        return 0.0
    total = sum(_WEIGHTS[name] * value for name, value in _compared(new, old))
    return 1 / (1 + math.exp(-total))


def _compared(new: Trace, old: Trace) -> Iterable[tuple[str, float]]:
    kinds = dict(old.kinds)
    kind = sum(
        math.sqrt(p * kinds[code]) for code, p in new.kinds if code in kinds and code != _NO_KIND
    )
    things, spots = len(new.things & old.things), len(new.spots & old.spots)
    building = new.building is not None and new.building == old.building
    gap = max(new.minutes - old.minutes, 0.0)
    yield "always", 1
    yield "kind", kind
    yield "first_kind", _first(new) is not None and _first(new) == _first(old)
    yield "things", min(things, 2)
    yield "other_things", bool(new.things and old.things and not things)
    yield "spots", min(spots, 2)
    yield "other_spots", bool(new.spots and old.spots and not spots)
    yield "building", building
    yield "other_flat", _other_flat(new, old)
    yield "floor", new.floor is not None and new.floor == old.floor
    yield "other_side", _other_side(new, old)
    yield "letters", min(0.45 * len(new.letters & old.letters), 3)
    yield "gap", math.log1p(gap / 30)
    yield "at_once", gap <= 15
    yield "echo", new.echo
    yield "matter_and_place", (building or spots > 0) and (things > 0 or kind > 0.2)
    yield "one_building", (new.building is None) != (old.building is None)


def _first(trace: Trace) -> str | None:
    code = trace.kinds[0][0] if trace.kinds else _NO_KIND
    return None if code == _NO_KIND else code


def _other_flat(new: Trace, old: Trace) -> bool:
    if new.floor is None or old.floor is None:
        return False
    return abs(new.floor - old.floor) > 1 and bool((new.things | old.things) & _OF_ONE_FLAT)


def _other_side(new: Trace, old: Trace) -> bool:
    """The left one and the right one; the lift for goods and the other."""
    if new.sides and old.sides and not new.sides & old.sides:
        return True
    mine, theirs = new.sides | new.spots, old.sides | old.spots
    return any(
        len(mine & pair) == 1 == len(theirs & pair) and mine & pair != theirs & pair
        for pair in OTHERS
    )


def packed(trace: Trace) -> str:
    """What is kept of a report beside its case's own columns: no words, but what they name."""
    floor = "" if trace.floor is None else str(trace.floor)
    sets = (trace.things, trace.spots, trace.sides)
    named = (" ".join(sorted(each)) for each in sets)
    parts = (trace.unit or "", floor, *named, "".join(sorted(trace.letters)))
    return "|".join(part.replace("|", "") for part in parts)


def unpacked(
    kept: str, kinds: tuple[tuple[str, float], ...], building: str | None, minutes: float
) -> Trace:
    """The trace of an earlier report. Raises ValueError for what `packed` didn't make."""
    unit, floor, things, spots, sides, letters = kept.split("|")
    return Trace(
        kinds=kinds,
        building=building,
        unit=unit or None,
        floor=int(floor) if floor else None,
        things=frozenset(things.split()),
        spots=frozenset(spots.split()),
        sides=frozenset(sides.split()),
        letters=frozenset(letters),
        echo=False,
        minutes=minutes,
    )


class Matters:
    """One grid's reports in time order, each led to the first one of its matter."""

    def __init__(self) -> None:
        self._told: deque[tuple[Trace, int]] = deque(maxlen=REMEMBERED)

    def ranked(self, new: Trace) -> list[tuple[float, int]]:
        """(probability, index of the matter's first report), the likeliest matter first."""
        best: dict[int, float] = {}
        for old, first in self._told:
            best[first] = max(best.get(first, 0.0), likeness(new, old))
        return sorted(
            ((found, first) for first, found in best.items()), key=lambda each: (-each[0], each[1])
        )

    def add(self, index: int, new: Trace, matter: int | None = None) -> None:
        """A report, and the matter it belongs to if that isn't its own."""
        self._told.append((new, index if matter is None else matter))

    def told(self, index: int, text: str, reading: Reading, minutes: float) -> int | None:
        """The index of the matter's first report; None for a new matter and for no report."""
        if reading.report < MAYBE_A_REPORT:
            return None
        new = trace_of(text, reading, minutes)
        ranked = self.ranked(new)
        same = ranked[0][1] if ranked and ranked[0][0] >= LIKELY else None
        self.add(index, new, same)
        return same
