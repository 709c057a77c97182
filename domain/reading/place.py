"""Where: building, unit, floor, room and landmark, as people write them in a chat.

三号楼2单元501, 7-2-1203, 12栋, 5#, blk 5 flat 1203, 负一楼车库. Works on folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from domain.numbers import NUMERALS, chinese_number
from domain.reading.folding import Folded
from domain.reading.lexicon import Hit

Span = tuple[int, int]
Spans = dict[str, Span]


@dataclass(frozen=True, slots=True)
class Place:
    """Parts of an address; None for what was not said."""

    building: str | None = None
    unit: str | None = None
    floor: str | None = None
    room: str | None = None
    landmark: str | None = None


NOWHERE = Place()

_N = rf"(?:\d{{1,4}}|[{NUMERALS}]{{1,5}})"
_LETTER = r"(?:[a-z]\d{0,2})"
_NOT_IN_NUMBER = r"(?<![\d.\-/:a-z])"
_BUILDING = (
    rf"(?:{_NOT_IN_NUMBER}(?:{_N}|{_LETTER})\s?(?:号楼|号院楼|\#楼|栋楼?|幢楼?|座(?![位椅机谈])|\#(?![\d]))"
    rf"|(?<![东西南北])[东西南北](?:楼|座)(?![下上道梯])|\#\d{{1,3}}楼?(?!\d))"
)
_UNIT = rf"(?:(?:{_N}|{_LETTER}|[东西中])\s?(?:单元|门栋|门洞|门(?=\s?\d{{3,4}}(?!\d))))"
_FLOOR = (
    rf"(?:(?:负|地下)?{_N}(?:楼(?![栋号])|层)|\d{{1,2}}/f(?![a-z])|(?<![a-z\d])b\d层?(?![a-z\d])"
    rf"|(?<![\d.a-z])\d{{1,2}}f(?![a-z])|顶楼|顶层)"
)
_ROOM = (
    rf"(?:\d{{3,4}}[a-z]?\s?(?:室|房|号房|户)|[{NUMERALS}]{{3,5}}\s?(?:室|房)"
    rf"|(?<!\d)\d{{1,2}}(?:室|号房))"
)
_BARE_ROOM = r"(?<![\d-])\d{3,4}[a-z]?(?![\d\-.:]|[年月元块度个米多])"

# A building and what follows it: 3号楼2单元5楼501.
_CHAIN = re.compile(
    rf"(?P<building>{_BUILDING})[\s,的-]{{0,2}}(?P<unit>{_UNIT})?[\s,-]{{0,2}}"
    rf"(?P<floor>{_FLOOR})?[\s,-]{{0,2}}(?P<room>{_ROOM}|{_BARE_ROOM})?"
)
# 7-2-1203, also 2期-7-2-1203 and 7栋-2-1203; not dates, prices, scores or phone numbers.
_NOT_MEASURE = r"(?![\d\-:.]|\s?[年月日元块分点天人个米号%])"
_DASHED = re.compile(
    rf"{_NOT_IN_NUMBER}(?:\d{{1,2}}-)?(?P<building>\d{{1,3}}|{_LETTER})(?:栋|幢|号楼|座|\#)?"
    rf"-(?P<unit>\d{{1,2}})(?:单元)?-(?P<room>\d{{3,4}}[a-z]?){_NOT_MEASURE}"
)
_SHORT = re.compile(
    rf"{_NOT_IN_NUMBER}(?P<building>\d{{1,2}}|{_LETTER})-(?P<room>\d{{3,4}}[a-z]?){_NOT_MEASURE}"
)
_NUMBERED = re.compile(
    rf"{_NOT_IN_NUMBER}(?P<building>{_N}号)\s?(?:(?P<unit>{_UNIT})\s?)?(?P<room>{_ROOM}|{_BARE_ROOM})"
)
_UNIT_CHAIN = re.compile(
    rf"(?P<unit>{_UNIT})[\s,-]{{0,2}}(?P<floor>{_FLOOR})?[\s,-]{{0,2}}(?P<room>{_ROOM}|{_BARE_ROOM})?"
)
_FLOOR_CHAIN = re.compile(rf"(?P<floor>{_FLOOR})\s?(?P<room>{_ROOM}|{_BARE_ROOM})?")
_ALONE = re.compile(
    rf"(?P<room>{_ROOM})|(?:楼上|楼下|隔壁|对门|对面|我是|我家|我住|家住|住在?|业主|房号|门牌号?:?)\s?"
    rf"(?P<after>{_BARE_ROOM})|(?P<before>{_BARE_ROOM})(?=家|的(?:人|住户|业主|邻居)|住户|业主|这户|那户)"
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
        r"\b(?P<room>(?:room|rm\.?|flat|apartment|apt\.?|unit|door)\s?(?:no\.?\s?)?\#?(?:\d{3,4}[a-z]?|\d{1,3}[a-z])\b"
        r"|\b\d{3,4}\b(?=\s(?:upstairs|above|below|next door)))"
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
_NO_ROAD = re.compile(r"[这那条整个马道线电铁走过挡占拦让修挖沿一半绕上](?:路|街)|网络|路面")
_LEFT = re.compile(r"(?:小区|[东西南北]{1,2}|地下|中心|[一二三四五六七八九十\d]号|儿童)$")
_RIGHT = re.compile(r"(?:门口|口|入口|出口|进口|旁边|旁|对面|后面|前面|附近|边上|角落)")


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
    for spans in find_mentions(text):
        yield from (span for part, span in spans.items() if part != "building")
    yield from (match.span() for match in _MAYBE_ROOM.finditer(text))


def find_mentions(text: str, limit: int | None = None) -> list[Spans]:
    """Groups of address parts that belong together in a folded text, the surest first; at most
    `limit` of each pattern."""
    patterns: tuple[re.Pattern[str], ...] = ()
    if _CHINESE_PLACE.search(text):
        patterns = (_DASHED, _CHAIN, _SHORT, _NUMBERED, _UNIT_CHAIN, _FLOOR_CHAIN, _ALONE)
    if _ENGLISH_PLACE.search(text):
        patterns += _ENGLISH
    return [
        _parts(match) for pattern in patterns for match in islice(pattern.finditer(text), limit)
    ]


def _parts(match: re.Match[str]) -> Spans:
    spans: Spans = {}
    for name in match.re.groupindex:
        start, end = match.span(name)
        if start < end:
            spans[_ROOMS.get(name, name)] = (start, end)
    return spans


_ROOMS = {"after": "room", "before": "room"}


def _landmark(text: str, hits: Iterable[Hit], taken: Iterable[Span]) -> Span | None:
    spots = [(hit.start, hit.end) for hit in hits if hit.entry.code == "LANDMARK"]
    spots = [s for s in spots if not any(s[0] < end and start < s[1] for start, end in taken)]
    road = _ROAD.search(text)
    if road and not _NO_ROAD.search(road[1]):
        return road.span(1)
    if not spots:
        return None
    start, end = max(spots, key=lambda spot: (spot[1] - spot[0], -spot[0]))
    left, right = _LEFT.search(text, max(0, start - 4), start), _RIGHT.match(text, end)
    return (left.start() if left else start, right.end() if right else end)


_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
]
_SIDES = {"东": "E", "西": "W", "南": "S", "北": "N", "中": "M"}
_NUMBER = re.compile(rf"\d+(?:[a-z](?![a-z]))?|[{NUMERALS}]+")
_CAPITAL = re.compile(r"(?<![a-z])[a-z]\d{0,2}(?![a-z])")


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
