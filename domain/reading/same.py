"""Is this one? How alike two reports of a neighbourhood are: kind, place, time, and words.

Pure. A `Trace` is what is compared of a report; `signs` are what speaks for and against two of
them being one matter, WEIGHTS what each sign is worth, `likeness` the probability. Nothing is
joined by it: it ranks what is offered, and the reporter decides.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, sqrt

from domain.numbers import NUMERALS, chinese_number
from domain.reading import Reading
from domain.reading.folding import fold
from domain.reading.place import find_mentions, find_place
from domain.reading.spots import OTHERS, named_in

# from here on a reporter is asked whether two reports are one matter
LIKELY = 0.5
# from here on `linli read --duplicates` leads one to the other: hardly ever wrongly
SURE = 0.8
# below this probability of being a report at all a text is nobody's duplicate
MAYBE_A_REPORT = 0.3
# the newest reports of a chat that a new one is compared with
REMEMBERED = 200
COMPARED = 600  # characters of a text whose letters are compared
_LETTER = re.compile("[一-鿿]")
# letters that stand in every twentieth text of tests/data/reading/learn.jsonl, or in more: that two
# reports share them means nothing; and those in every ninetieth
_USUAL = frozenset(
    "了我一的不个人在上来下有那没子楼到是天里家都门着电水车说头去三就还老得好大面小开出要口他看今过地十点这给边走两"
)
_COMMON = frozenset(
    "打手们道把路谁年后儿话请住晚公成梯条半机气台会回二跟外起火房又管放能只停孩自也全灯日行收用见阿发进拿生单往位已"
    "快线工烟味花四问俺些想间被多昨屋对五隔学你月以窗从叫号夜修换底几早动墙现掉落块八妈带时可哪前声板系区业红六先师送"
    "经心吃分听盖关别么事中完报箱新长睡户倒找己风娃晒接栋黑吗烧排知脚店像白明班雨保卖场东直次通她装帮坐钱锁周婆太安讲"
    "站包空谢刚理拉铁同洗顶让度卡返女转饭买钟防桶架样死费七做片入物呢室壁层高表主整客油充每断阳麻再清推张跳写轮根皮马"
    "第器压喊交九菜当纸狗照贴部跑眼傅茶树牌等消鞋午衣字群满热身百冒真垃为圾敢才校居亮元证园友泡干奶仲插"
)
MOST_LETTERS = 8
_AGAIN = re.compile(
    r"[还仍又再仲]|依[然旧]|到底|到现在|第.天|天了|昨|前[天儿晚]|上回|报过|跟进|补一句"
    r"|\b(?:again|still|yet|yesterday|last night)\b"
)
_TOO = re.compile(r"[也都]|同[样求上问感]|\+1|加一|一样|报到|这边|\b(?:too|also|same|here|us)\b")
# whose matter is one flat's: two floors apart they are two
_OF_ONE_FLAT = frozenset({"LS04", "EN05", "EN06", "EN07", "EN08", "PO03"})
# what nobody could name is no kind in common
_NO_KIND = "LS99"
_LEAST = 0.0003  # a probability that is as good as none
# minutes within which neighbours tell of what has just happened, and of what goes on
IN_ONE_BREATH, AT_ONCE, SOON_AFTER = 5, 15, 180
_SPECIAL = {"TOP": 99}

# 15号, No. 8, 甲1楼, 祥和楼: a building where nothing else names one
_NUMBERED = re.compile(
    rf"(?<![\d月第{NUMERALS}])(?P<number>\d{{1,3}}|[{NUMERALS}]{{1,3}})号"
    r"(?![线机车文召码称角位令桩柜梯升井杆灯门口院校晚早前后]|电梯|充电|\d)"
    r"|(?<!lift )(?<!elevator )(?<!bus )\bno\. ?(?P<english>\d{1,3})\b"
)
_NTH = re.compile(
    rf"(?<![\d月第{NUMERALS}])(\d|[一二三四五六七八九])号(?![线楼栋座早晚])"
    r"|\b(?:no\. ?|lift |elevator |gate )(\d)\b"
)
_LETTERED = re.compile(
    rf"(?P<side>[甲乙丙丁])(?P<number>\d{{1,2}}|[{NUMERALS}]{{1,2}})(?![月号人])"
)
_NO_NAME = (
    rf"{NUMERALS}\d栋幢座号元层阁上下在的到去家个们爬跑送跳扫单整这那哪本全每回门街公教学住宅民舍面壁"
    "边后前新旧老小大高低租尾酒茶塔了过出有是就都也还进对从往"
)
_NAMED = re.compile(
    rf"(?P<name>(?:(?![{_NO_NAME}])[一-鿿]){{2}})[楼苑](?![上下道梯顶板栋房宇盘底])"
)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is compared. `kinds`: (code, probability); the address as `Reading.place_norm` has
    it, `building` also by its name; `letters`: the unusual ones; `again`, `too`: the words
    themselves say that it goes on, or that others have said it; `minutes` since any fixed
    instant."""

    kinds: tuple[tuple[str, float], ...]
    building: str | None
    unit: str | None
    floor: int | None
    spots: frozenset[str]
    sides: frozenset[str]
    letters: frozenset[str]
    english: bool
    again: bool
    too: bool
    minutes: float

    @property
    def leans(self) -> tuple[tuple[str, float], ...]:
        """How far it leans to each kind, together of length 1."""
        return _leans(self.kinds)


@lru_cache(maxsize=4096)
def _leans(kinds: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    told = [(code, log(max(p, _LEAST) / _LEAST)) for code, p in kinds if code != _NO_KIND]
    length = sqrt(sum(lean**2 for _, lean in told)) or 1.0
    return tuple((code, lean / length) for code, lean in told)


def trace_of(text: str, reading: Reading, minutes: float, building: str | None = None) -> Trace:
    """What is compared of a report. `building`: where it is if the words don't say so."""
    folded = fold(text).text
    spots, sides = named_in(folded)
    place = reading.place_norm
    house = place.building or _house(folded)
    return Trace(
        kinds=reading.kinds,
        building=house or (None if spots else building),
        unit=place.unit,
        floor=_floor(place.floor, place.room),
        spots=spots,
        sides=sides | _which(folded, house),
        letters=letters_of(folded),
        english=reading.language == "en",
        again=bool(_AGAIN.search(folded)),
        too=bool(_TOO.search(folded)),
        minutes=minutes,
    )


@lru_cache(maxsize=1024)  # the places of groups
def building_of(place: str) -> str | None:
    """The building that a place is, as `Trace.building` has it: "快乐8号楼" is "8"."""
    folded = fold(place)
    found = find_place(folded, (), find_mentions(folded.text))[1].building
    return found or _house(folded.text)


def _house(folded: str) -> str | None:
    """What names a building without the word for one."""
    for pattern in (_LETTERED, _NAMED, _NUMBERED):
        match = pattern.search(folded[:COMPARED])
        if match:
            named = match.groupdict()
            number = named.get("number") or named.get("english")
            value = chinese_number(number) if number else named["name"]
            return None if value is None else f"{named.get('side') or ''}{value}"
    return None


def _which(folded: str, house: str | None) -> frozenset[str]:
    """The numbers of lifts, gates and the like."""
    found = {number for pair in _NTH.findall(folded[:COMPARED]) for number in pair if number}
    values = {chinese_number(number) for number in found} - {None}
    return frozenset(str(value) for value in values if str(value) != house)


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


# what each sign is worth, in log odds: `python -m bench.same --learn` writes this table
# WEIGHTS
WEIGHTS = {
    "always": -4.57,
    "another flat": -2.90,
    "another language": 0.89,
    "at once": 3.38,
    "goes on": 1.02,
    "in one breath": 1.89,
    "leaning": 4.13,
    "leaning, at once": -3.30,
    "letters": 3.30,
    "one building": -0.85,
    "other side": -4.28,
    "other spots": -0.76,
    "same building": 1.11,
    "same floor": 2.60,
    "same side": 2.90,
    "soon after": 0.26,
    "spots": 1.69,
    "too": 0.50,
    "two kinds": -1.13,
}
# /WEIGHTS
APART = -9.0  # the log odds of what can't be one matter
BEST = 0.7  # how much the likeliest report of a matter counts, beside the mean of them all


def likeness(new: Trace, old: Trace) -> float:
    """The probability that two reports, the newer first, tell of one matter.

    Another building is another matter, whatever else they share, and so is another stairwell.
    """
    found = odds(new, old)
    return 0.0 if found == APART else _chance(found)


def odds(new: Trace, old: Trace) -> float:
    """The same as log odds; APART for what can't be one."""
    if apart(new, old):
        return APART
    return sum(WEIGHTS[sign] * much for sign, much in signs(new, old).items())


def apart(new: Trace, old: Trace) -> bool:
    """Whether where they are rules out that they are one matter."""
    return _differ(new.building, old.building) or _differ(new.unit, old.unit)


def signs(new: Trace, old: Trace) -> dict[str, float]:
    """What speaks for and against, and how much of it; most are there or not."""
    gap = max(new.minutes - old.minutes, 0.0)
    spots = len(new.spots & old.spots)
    leaning = _leaning(new, old)
    return {
        "always": 1.0,
        "leaning": leaning,
        "two kinds": _two_kinds(new, old),
        "letters": _letters(new, old),
        "another language": new.english != old.english,
        "goes on": new.again,
        "too": new.too,
        "at once": gap <= AT_ONCE,
        "in one breath": gap <= IN_ONE_BREATH,
        "soon after": gap <= SOON_AFTER,
        "leaning, at once": leaning if gap <= AT_ONCE else 0.0,
        "same building": new.building is not None and new.building == old.building,
        "one building": (new.building is None) != (old.building is None),
        "same floor": new.floor is not None and new.floor == old.floor,
        "another flat": _another_flat(new, old),
        "spots": min(spots, 2),
        "other spots": bool(new.spots and old.spots and not spots),
        "same side": bool(new.sides & old.sides),
        "other side": bool(new.sides and old.sides) and _other_side(new, old),
    }


def _leaning(new: Trace, old: Trace) -> float:
    """How much they lean to the same kinds, 0 to 1: even a guess of 5 % is most of the way from
    impossible to certain."""
    return sum(p * q for code, p in new.leans for other, q in old.leans if code == other)


def _two_kinds(new: Trace, old: Trace) -> float:
    """How sure it is that their first kinds are two."""
    if not new.kinds or not old.kinds or new.kinds[0][0] == old.kinds[0][0]:
        return 0.0
    return new.kinds[0][1] * old.kinds[0][1]


def _letters(new: Trace, old: Trace) -> float:
    common = new.letters & old.letters
    return min(2 * len(common) - len(common & _COMMON), MOST_LETTERS) / MOST_LETTERS


def _another_flat(new: Trace, old: Trace) -> float:
    """Two floors apart, and a matter of one flat."""
    if new.floor is None or old.floor is None or abs(new.floor - old.floor) < 2:
        return 0.0
    return sqrt(_of_one_flat(new) * _of_one_flat(old))


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _of_one_flat(trace: Trace) -> float:
    if trace.kinds and trace.kinds[0][0] in _OF_ONE_FLAT:
        return 1.0
    return sum(p for code, p in trace.kinds if code in _OF_ONE_FLAT)


def _other_side(new: Trace, old: Trace) -> bool:
    """The left one and the right one, number 1 and number 2; the lift for goods and the other."""
    for numbered in (True, False):
        mine = {side for side in new.sides if side.isdigit() is numbered}
        theirs = {side for side in old.sides if side.isdigit() is numbered}
        if mine and theirs and not mine & theirs:
            return True
    return any(
        len(new.sides & pair) == 1 == len(old.sides & pair) and new.sides & pair != old.sides & pair
        for pair in OTHERS
    )


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-odds))


def packed(trace: Trace) -> str:
    """What is kept of a report: no words, but what they name."""
    kinds = " ".join(f"{code}:{p:.4f}" for code, p in trace.kinds)
    floor = "" if trace.floor is None else str(trace.floor)
    language = "en" if trace.english else ""
    named = (" ".join(sorted(each)) for each in (trace.spots, trace.sides))
    minutes = str(round(trace.minutes))
    parts = (minutes, kinds, trace.building or "", trace.unit or "", floor, language, *named)
    return "|".join((*(part.replace("|", "") for part in parts), "".join(sorted(trace.letters))))


def unpacked(kept: str) -> Trace:
    """The trace of an earlier report. Raises ValueError for what `packed` didn't make."""
    minutes, kinds, building, unit, floor, language, spots, sides, letters = kept.split("|")
    guesses = (each.split(":") for each in kinds.split())
    return Trace(
        kinds=tuple((code, float(p)) for code, p in guesses),
        building=building or None,
        unit=unit or None,
        floor=int(floor) if floor else None,
        spots=frozenset(spots.split()),
        sides=frozenset(sides.split()),
        letters=frozenset(letters),
        english=language == "en",
        again=False,
        too=False,
        minutes=float(minutes),
    )


class Matters:
    """One grid's reports in time order, each led to the first one of its matter."""

    def __init__(self) -> None:
        self._told: deque[tuple[Trace, int]] = deque(maxlen=REMEMBERED)

    def ranked(self, new: Trace) -> list[tuple[float, int]]:
        """(probability, index of the matter's first report), the likeliest matter first."""
        found: dict[int, list[float]] = {}
        for old, first in self._told:
            found.setdefault(first, []).append(odds(new, old))
        return sorted(
            ((_of_matter(each), first) for first, each in found.items()),
            key=lambda each: (-each[0], each[1]),
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


def _of_matter(found: Sequence[float]) -> float:
    """The probability by the odds with each report of a matter."""
    return _chance(BEST * max(found) + (1 - BEST) * sum(found) / len(found))
