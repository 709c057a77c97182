"""Where: building, unit, floor, room and landmark, as people write them in a chat.

三号楼2单元501, 7-2-1203, 12栋, 5#, blk 5 flat 1203, 负一楼车库. Works on folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from domain.numbers import NUMERALS, chinese_number
from domain.reading.address import Span, Spans, find_doors, find_runs, is_address
from domain.reading.folding import Folded
from domain.reading.landmark import find_landmark
from domain.reading.lexicon import Hit


@dataclass(frozen=True, slots=True)
class Place:
    """Parts of an address; None for what was not said."""

    building: str | None = None
    unit: str | None = None
    floor: str | None = None
    room: str | None = None
    landmark: str | None = None


MAX_MENTIONS = 100  # of addresses that are looked at; `mask` looks at all of them
NOWHERE = Place()

# A bare number that a neighbour of it makes a flat: 我家1401, 703婆婆, ..., 1502
_COUNTED = (
    r"(?!\d|[-.:%/]\d|%|\s?(?:[年月日元块度个米多分秒号路线岁期楼层万次人份斤克件只条位张台医胶国高错]"
    r"|am\b|pm\b|kg|km|rmb|yuan|usd|hkd|dollars|people|days|times|points|pages))"
)
_NOT_COUNTING = (
    r"(?<![\d.:/$¥€+#@第共约花付交充扣省赚价费钱元打拨系年码发道-])(?<!尾号)"
    r"(?<!\bat )(?<!\bin )(?<!\bby )(?<!since )(?<!until )(?<!from )(?<!call )(?<!page )(?<!bus )"
)
# A door as it is written on it, 703 or 1502; not an emergency number, a year or a day of sales.
_FLAT = (
    rf"{_NOT_COUNTING}(?!11[0-9]\b|12[0-2]\b|(?:19|20)\d\d|404|911|1111|1212)"
    r"(?:[1-9]|[1-3]\d)(?:0[1-9]|1[0-2])[a-z]?(?![a-z])" + _COUNTED
)
_TOLD_FLAT = rf"{_NOT_COUNTING}(?:\d{{3,4}}[a-z]?|\d{{1,2}}[a-f])(?![a-z]){_COUNTED}"
_MINE = re.compile(rf"(?:我们?家?|住在?|租|我是)\s?(?P<room>{_TOLD_FLAT})")
_THEIRS = re.compile(
    rf"(?:楼上|楼下|隔壁|对门|对面|业主|房号|门牌号?:?)\s?(?P<after>{_TOLD_FLAT})|(?P<shape>{_FLAT})"
    rf"|(?P<named>{_TOLD_FLAT})(?=家|的(?:人|住户|业主|邻居)|住户|业主|[这那]户)"
    r"|[,.;!?]\s?(?P<last>\d{1,2}[a-c])(?=[.!]?$)"
)
_FIRST_TO_TENTH = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_NTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{_FIRST_TO_TENTH}|ground|top)"
_ENGLISH = (
    re.compile(
        r"\b(?P<building>(?:building|bldg\.?|block|blk\.?|tower)\s?(?:no\.?\s?)?\#?(?:\d{1,3}[a-z]?|[a-z])\b"
        r"|\#\d{1,3}\b|\d{1,3}(?:st|nd|rd|th)\s(?:building|block)\b)"
    ),
    re.compile(r"\b(?P<unit>(?:unit|entrance|stairwell)\s?\#?(?:\d{1,2}|[a-z])\b)"),
    re.compile(
        rf"\b(?P<floor>(?:floor|level|/f)\s?\d{{1,2}}\b|{_NTH}\s(?:floor|storey)\b|\d{{1,2}}/f\b|basement\b)"
    ),
    re.compile(
        r"\b(?:room|rm\.?|flat|apartment|apt\.?|unit|door)\s?(?:no\.?\s?)?\#?(?P<room>\d{3,4}[a-z]?|\d{1,3}[a-z])\b"
        r"|\b(?P<before>\d{3,4})\b(?=\s(?:upstairs|above|below|next door))"
    ),
)
# Cheap looks first: most texts name no address.
_CHINESE_PLACE = re.compile(r"\d|[楼栋幢座层室房户]|单元|\#")
_ENGLISH_PLACE = re.compile(r"[a-z]{2}|\#\d")
_MAYBE_ROOM = re.compile(
    r"(?<![\d.:a-z-])(?!1[12][029](?!\d)|20[0-4]\d年)\d{3,4}(?![\d.:%]|\s?[年月元块度个米多人号分天])"
)

_ROAD = re.compile(
    r"(?:^|[\s,。在到从往沿住])([一-鿿]{2,4}(?:路|街|大道|巷)(?:\d{1,4}号|(?:和|与|跟)[一-鿿]{2,4}(?:路|街))?"
    r"(?:交叉口|交汇处|路口|口)?)"
)
_NO_ROAD = re.compile(
    r"[这那条整个马道线电铁走过挡占拦让修挖沿一半绕上细把](?:路|街)|网络|路面|[我你他喺住的]"
)


def find_place(
    folded: Folded, hits: Iterable[Hit], mentions: Iterable[Spans]
) -> tuple[Place, Place]:
    """The place as written (literal substrings) and its norm (digits, capitals)."""
    found: Spans = {}
    for spans in mentions:
        if not found.keys() & spans.keys():
            found |= spans
    landmark = _landmark(folded.text, hits, found.values())
    if landmark:
        found["landmark"] = landmark
    literal = {part: folded.literal(*span) for part, span in found.items()}
    norm = {part: _norm(part, folded.text[slice(*span)]) for part, span in found.items()}
    return Place(**literal), Place(**norm)


def private_spans(text: str) -> Iterator[Span]:
    """Everything in a folded text that may name a unit, floor or flat, bare numbers too: what a
    group must not see. Better one number too many than a door."""
    yield from find_doors(text)
    for spans in find_mentions(text):
        yield from (span for part, span in spans.items() if part != "building")
    yield from (match.span() for match in _MAYBE_ROOM.finditer(text))


def find_mentions(text: str, limit: int | None = None) -> list[Spans]:
    """Groups of address parts that belong together in a folded text, the surest first; at most
    `limit` of each pattern."""
    mentions: list[Spans] = []
    patterns: tuple[re.Pattern[str], ...] = ()
    if _CHINESE_PLACE.search(text):
        mentions = find_runs(text, limit)
        patterns = () if mentions and is_address(text) else (_MINE, _THEIRS)
    if _ENGLISH_PLACE.search(text):
        patterns += _ENGLISH
    return mentions + [
        _parts(match) for pattern in patterns for match in islice(pattern.finditer(text), limit)
    ]


def _parts(match: re.Match[str]) -> Spans:
    spans: Spans = {}
    for name in match.re.groupindex:
        start, end = match.span(name)
        if start < end:
            spans[_ROOMS.get(name, name)] = (start, end)
    return spans


_ROOMS = dict.fromkeys(("after", "before", "shape", "named", "last"), "room")


def _landmark(text: str, hits: Iterable[Hit], taken: Iterable[Span]) -> Span | None:
    road = _ROAD.search(text)
    if road and not _NO_ROAD.search(road[1]):
        return road.span(1)
    spots = [(hit.start, hit.end) for hit in hits if hit.entry.code == "LANDMARK"]
    return find_landmark(text, spots, taken)


_SIDES = dict(zip("东西南北中甲乙丙丁", "EWSNMABCD", strict=True))
_NUMBER = re.compile(rf"\d+(?:[a-z](?![a-z]))?|[{NUMERALS}]+")
_CAPITAL = re.compile(r"(?<![a-z])[a-z]\d*(?![a-z])")


def _norm(part: str, text: str) -> str:
    if part == "landmark":
        return text
    below = "-" if text.startswith(("负", "地下")) or text == "basement" else ""
    letter = _CAPITAL.search(text)
    number = _NUMBER.search(text)
    if letter and (not number or letter.start() < number.start()):
        return letter[0].upper()
    if number:
        return below + _plain(part, number[0])
    return _word(text)


def _plain(part: str, number: str) -> str:
    """Digits without leading zeros, but a room keeps them: 0302 is a door plate."""
    if part == "floor":
        number = number.removesuffix("f")
    value = chinese_number(number)
    if value is None or (part == "room" and number.isascii()):
        return number.upper()
    return str(value)


def _word(text: str) -> str:
    for number, word in enumerate(_FIRST_TO_TENTH.split("|"), start=1):
        if text.startswith(word):
            return str(number)
    named = {"顶": "TOP", "top": "TOP", "ground": "G", "basement": "-1"}
    found = next((norm for word, norm in named.items() if text.startswith(word)), None)
    return found or _SIDES.get(text[:1], text.upper())
