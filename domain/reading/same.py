"""Is this one? How alike two reports of a neighbourhood are: kind, place, time, things and words.

Pure. A `Trace` is what is compared of a report; `likeness` says how probably two of them tell of
one matter. Nothing is joined by it: it ranks what is offered, and the reporter decides.
"""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

from domain.reading import Reading
from domain.reading.folding import fold
from domain.reading.place import find_mentions, find_place
from domain.reading.things import OTHERS, named_in

# from here on a reporter is asked whether two reports are one matter
LIKELY = 0.6
# from here on `linli read --duplicates` leads one to the other: hardly ever wrongly
SURE = 0.75
# below this probability of being a report at all a text is nobody's duplicate
MAYBE_A_REPORT = 0.3
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
_OPPOSED = frozenset().union(*OTHERS)
# what nobody could name is no kind in common
_NO_KIND = "LS99"
# minutes within which neighbours tell of what has just happened
AT_ONCE = 15
# so much of a kind in common is something
_SOME = 0.2
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
@dataclass(frozen=True, slots=True)
class _Weights:
    always: float = -3.1
    kind: float = 0.3
    first_kind: float = 0.5
    things: float = 1.2
    other_things: float = -1.2
    spots: float = 1.7
    other_spots: float = -0.9
    building: float = 1.2
    other_unit: float = -7.0
    other_flat: float = -1.8
    floor: float = 0.4
    other_side: float = -2.6
    letters: float = 1.1
    gap: float = -0.14
    at_once: float = 1.1
    echo: float = 0.2
    matter_and_place: float = 1.25
    one_building: float = -1.0


_W = _Weights()


def likeness(new: Trace, old: Trace) -> float:
    """The probability that two reports, the newer first, tell of one matter.

    Another building is another matter, whatever else they share.
    """
    if new.building is not None and old.building is not None and new.building != old.building:
        return 0.0
    things, kind = len(new.things & old.things), _kind(new, old)
    total = _W.always + _of_matter(new, old, things, kind) + _of_time(new, old)
    total += _of_place(new, old, one_matter=things > 0 or kind > _SOME)
    return 1 / (1 + math.exp(-total))


def _of_matter(new: Trace, old: Trace, things: int, kind: float) -> float:
    total = _W.kind * kind + _W.things * min(things, 2)
    total += _W.letters * min(0.45 * len(new.letters & old.letters), 3)
    if new.things and old.things and not things:
        total += _W.other_things
    if _first(new) is not None and _first(new) == _first(old):
        total += _W.first_kind
    return total


def _kind(new: Trace, old: Trace) -> float:
    """How much of what each may be the other may be as well."""
    return sum(
        math.sqrt(p * q)
        for code, p in new.kinds
        for other, q in old.kinds
        if code == other and code != _NO_KIND
    )


def _of_place(new: Trace, old: Trace, *, one_matter: bool) -> float:
    spots = len(new.spots & old.spots)
    building = new.building is not None and new.building == old.building
    total = _W.spots * min(spots, 2) + _W.building * building
    if new.spots and old.spots and not spots:
        total += _W.other_spots
    if (new.building is None) != (old.building is None):
        total += _W.one_building
    if new.unit is not None and old.unit is not None and new.unit != old.unit:
        total += _W.other_unit  # another stairwell, lift and door
    if new.floor is not None and old.floor is not None:
        total += _W.floor if new.floor == old.floor else _W.other_flat * _other_flat(new, old)
    if _other_side(new, old):
        total += _W.other_side
    if one_matter and (building or spots):
        total += _W.matter_and_place
    return total


def _of_time(new: Trace, old: Trace) -> float:
    gap = max(new.minutes - old.minutes, 0.0)
    return _W.gap * math.log1p(gap / 30) + _W.at_once * (gap <= AT_ONCE) + _W.echo * new.echo


def _first(trace: Trace) -> str | None:
    code = trace.kinds[0][0] if trace.kinds else _NO_KIND
    return None if code == _NO_KIND else code


def _other_flat(new: Trace, old: Trace) -> bool:
    far = abs((new.floor or 0) - (old.floor or 0)) > 1
    return far and bool((new.things | old.things) & _OF_ONE_FLAT)


def _other_side(new: Trace, old: Trace) -> bool:
    """The left one and the right one; the lift for goods and the other."""
    if new.sides and old.sides and not new.sides & old.sides:
        return True
    mine = (new.sides | new.spots) & _OPPOSED
    theirs = (old.sides | old.spots) & _OPPOSED
    return bool(mine and theirs) and any(
        len(mine & pair) == 1 == len(theirs & pair) and mine & pair != theirs & pair
        for pair in OTHERS
    )


def packed(trace: Trace) -> str:
    """What is kept of a report: no words, but what they name."""
    kinds = " ".join(f"{code}:{p:.2f}" for code, p in trace.kinds)
    floor = "" if trace.floor is None else str(trace.floor)
    sets = (trace.things, trace.spots, trace.sides)
    named = (" ".join(sorted(each)) for each in sets)
    minutes = str(round(trace.minutes))
    parts = (minutes, kinds, trace.building or "", trace.unit or "", floor, *named)
    return "|".join((*(part.replace("|", "") for part in parts), "".join(sorted(trace.letters))))


def unpacked(kept: str) -> Trace:
    """The trace of an earlier report. Raises ValueError for what `packed` didn't make."""
    minutes, kinds, building, unit, floor, things, spots, sides, letters = kept.split("|")
    guesses = (each.split(":") for each in kinds.split())
    return Trace(
        kinds=tuple((code, float(p)) for code, p in guesses),
        building=building or None,
        unit=unit or None,
        floor=int(floor) if floor else None,
        things=frozenset(things.split()),
        spots=frozenset(spots.split()),
        sides=frozenset(sides.split()),
        letters=frozenset(letters),
        echo=False,
        minutes=float(minutes),
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
        same = ranked[0][1] if ranked and ranked[0][0] >= SURE else None
        self.add(index, new, same)
        return same
