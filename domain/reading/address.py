"""The grammar of numbers in addresses: 三号楼2单元501, 7-2-1203, 3#2单元, 负一楼, 12幢.

A text is cut into tokens: numbers with the word that says what they count. Tokens that touch make
a run, and a run fills the parts of an address in their order. In a chat a number must be told by
its word or by its neighbours. A text that is an address and nothing else may leave words out:
there a bare number at the end counts too, and numbers written without a gap (29504) are taken
apart. Works on folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from domain.numbers import NUMERALS

Span = tuple[int, int]
Spans = dict[str, Span]

PARTS = ("building", "unit", "floor", "room")
LONGEST_ADDRESS = 80  # characters

_KINDS = {"号楼": "building", "号院": "court", "单元": "unit", "门栋": "unit", "门洞": "unit"}
_KINDS |= dict.fromkeys("栋幢憧懂座#", "building") | dict.fromkeys("单门梯", "unit")
_KINDS |= dict.fromkeys(("楼", "层", "f", "/f"), "floor")
_KINDS |= dict.fromkeys(("号房", "室", "房", "户"), "room") | {"号": "number"}

_STUFF = "水灰土油皮膜纸布塑雪冰霜沙泥漆网锈板铁棉"  # a layer of it is no storey
_MARK = (
    r"号楼|号院(?!\d?校)|号房|单元|门栋|门洞|栋|幢|[憧懂]|座(?![位椅机谈驾])|\#"
    r"|单(?=\d{3})|[门梯](?=[\s-]?\d{3,4}(?!\d)|$)"
    r"|楼(?![栋号盘市])|层(?![层次面高]|小?楼|洋房|别墅)|(?<!号)/?f(?![a-z])"
    r"|室(?![\d一二两]?厅)|房(?![\d一二两]?[厅间])|户(?![居人型口])"
    r"|号(?![线机键车文召码称角位令桩柜梯]|电梯|充电)"
)
# What a bare number counts, if it is no door.
_COUNTED = (
    r"(?!\d|[:.%/]\d|[%:]|\s?(?:道(?!路不)|[路街巷弄区期组村队排社年月日号元块毛度个点分秒天周岁米斤克次人条只"
    r"辆台件张位名瓦步折届岁袋箱瓶包杯份克寸楼层多万千百余来线]|平[方米]|公里|小时|kg|km|am|pm|w\b|m\b))"
)
_PLAIN = r"[a-z]{0,2}\d{1,6}[a-z]?(?![a-z\d])|\d{1,3}[a-z]\d{2,4}(?![a-z\d])|[a-z](?=-\d)"
# Measure words that count no address: a layer of dust, a flight of bridges, one household.
_MEASURED = (
    rf"(?![一两二三]层(?:[{_STUFF}]|蛋糕|口罩|玻璃|被|衣|台阶)|[一两几][栋幢座](?:[高大小新老]?楼|别墅|房|桥|山|庙|岗)"
    rf"|[{NUMERALS}]{{1,2}}[房户])"
)
_BELOW = r"(?<![\d-])-[1-9](?=楼|层|f)"
_SAID = rf"{_MEASURED}(?:第?(?:负|地下)?[{NUMERALS}]{{1,5}}|{_BELOW}|[a-z]{{1,2}}(?!/?f))"
_SIDE = "甲乙丙丁东西南北中"
_TOKEN = re.compile(
    rf"(?<![\d.:/$¥€~+])(?:(?:第(?=\d))?(?:负|地下)?(?<![a-z])(?P<plain>{_PLAIN})(?:\s?(?P<mark>{_MARK})|{_COUNTED})"
    rf"|(?<![{NUMERALS}a-z第])(?P<said>{_SAID})\s?(?P<after>{_MARK})"
    rf"|(?<![{_SIDE}])(?:[{_SIDE}](?P<side>单元|座)|[东西南北](?P<block>楼)(?![下上道梯])|[东西南北中]{{1,2}}(?P<door>户)(?![型口外]))"
    rf"|(?<=\d)[{_SIDE}](?P<between>(?=\d{{3,4}}(?!\d)))"
    r"|(?P<top>顶[楼层]))"
)


class Token(NamedTuple):
    """A number with its word. `kind` is a part of an address, number (号), bare, or court for
    what counts something else (5号院, 第17号)."""

    start: int
    end: int
    kind: str


def find_doors(text: str) -> Iterator[Span]:
    """Every number in a folded text that is called a unit, a floor or a room, of all addresses."""
    return (token[:2] for token in _tokens(text, None) if token.kind in PARTS[1:])


def find_runs(text: str, limit: int | None = None) -> list[Spans]:
    """The groups of address parts in a folded text, those that name a building first; at most
    `limit` tokens are looked at."""
    tokens = list(_tokens(text, limit))
    if not tokens:
        return []
    if is_address(text):
        return [spans] if (spans := _Reading(text, True).read(tokens)) else []
    runs = [_Reading(text, False).read(run) for run in _runs(text, tokens)]
    return sorted(filter(None, runs), key=lambda spans: (_rank(spans), -len(spans)))


def _rank(spans: Spans) -> int:
    return min(map(PARTS.index, spans))


# Words of talk: an address by itself has none of them.
_TALK = re.compile(
    r"[的了吗呢吧啊呀嘛哦我你您他她咱这那谁哪请谢没很也就还又再不是被把给让叫说看听想要能可着坏漏堵停修"
    r"费价卖吃喝打买丢响臭吵闹烧裂个今昨减救帮急困灭爆冒滴溢掉摔淹。?!;]"
    r"|有(?!限)|接龙|积水|停[水电气]|[a-z]{3,} [a-z]{2}|周[一二三四五六日末]|\d[月点]"
)
_BRACKETS = re.compile(r"\([^)]{0,40}\)?")


def is_address(text: str) -> bool:
    """Whether a folded text is an address and nothing else."""
    if len(text) > LONGEST_ADDRESS:
        return False
    return not _TALK.search(_BRACKETS.sub("", text))


def _tokens(text: str, limit: int | None) -> Iterator[Token]:
    for match in islice(_TOKEN.finditer(text), limit):
        yield Token(*match.span(), _kind(match))


def _kind(match: re.Match[str]) -> str:
    mark = match["mark"] or match["after"]
    said = match["said"]
    if mark == "楼" and (said or match["plain"]).isascii() and match[0][0].isalpha():
        return "building"  # A楼, A3楼
    if mark == "号" and match[0].startswith("第"):
        return "court"
    if mark:
        return _KINDS[mark]
    if match["side"] or match["block"]:
        return "unit" if match["side"] == "单元" else "building"
    if match["door"]:
        return "room"
    if match["between"] is not None:
        return "unit"  # 10东1306
    if match["top"] or _FLOOR_LETTER.fullmatch(match["plain"]):
        return "court" if _CERTIFICATE.search(match.string, *_around(match)) else "floor"
    return "bare"


def _around(match: re.Match[str]) -> Span:
    return max(0, match.start() - 1), match.end() + 1


_CERTIFICATE = re.compile("[文素语级照考族本]b[1-4]|b[1-4][照级本证啦]")
_FLOOR_LETTER = re.compile(r"\d{1,2}f|b[1-4]")
_GAP = re.compile(r"[\s,_的-]{0,2}")


def _runs(text: str, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    run: list[Token] = []
    for token in tokens:
        if run and not _GAP.fullmatch(text, run[-1].end, token.start):
            yield run
            run = []
        run.append(token)
    yield run


_ROAD = re.compile(r"[路街道巷][东西南北中]?(?:[一二三四五六]?段)?$")
_HAMLET = re.compile("(?<!新)村$|[队组社屯]$")
_MARKET = re.compile("[厦场店馆]$|商城$")
_HOUSE = re.compile("[厦场店心楼馆校舍际市城轩阁地]$")  # has rooms, not buildings
_CHINESE = re.compile("[一-鿿]$")
_LAST = re.compile(r"[左右东西南北中]{0,2}[户手]?[\s,._)(-]*(?:电联|$)")

# What numbers without words mean: the first shape that fits the whole of them, by what is known.
_DOOR = r"\d{3,4}[a-z]?|\d{1,2}[a-e]"
_FLOOR = r"[12]\d|3[0-3]|[1-9]"  # homes are below 100 m, so nearly all have up to 33 storeys


def _shapes(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern.replace("~", "[-一,]")) for pattern in patterns)


_IN_CHAT = {
    "nothing": _shapes(
        r"(?:\d{1,2}-)?(?P<building>\d{1,3}|[a-z]\d{0,2})-(?P<unit>\d{1,2}|[a-z])-(?P<room>\d{3,4}[a-z]?)",
        r"(?P<building>\d{1,2}|[a-z]\d{0,2})-(?P<room>\d{3,4}[a-z]?)",
    ),
    "building": _shapes(rf"(?P<unit>\d{{1,2}})-(?P<room>{_DOOR})", rf"(?P<room>{_DOOR})"),
    "unit": _shapes(rf"(?P<room>{_DOOR})"),
}
_IN_CHAT |= {"floor": _IN_CHAT["unit"], "road": _IN_CHAT["unit"]}
_STOREY_AND_DOOR = r"(?P<floor>1[2-9]|2[2-9]|3[23])(?P<room>[1-4])"  # no storey has 31 doors
_ANY_ROOM = r"(?P<room>[a-z\d]+(?:[-一][a-z\d]+)?号?)"
_GLUED = (
    r"(?P<building>\d)(?P<room>(?:[12]\d|3[0-3])\d\d号?)",
    r"(?P<building>\d\d)(?P<room>\d{3,4}号?)",
)
_IN_ADDRESS = {
    "nothing": _shapes(
        r"(?P<room>\d{1,2}0\d-\d|\d{4}-\d{1,3})",  # 802-3: part of a flat
        r"(?:\d+~)?(?P<building>\w{1,3})~(?P<unit>[a-z\d]{1,3})~(?P<room>[a-z\d]+号?)",
        r"(?P<building>[a-z\d]{1,3})~(?P<room>[a-z\d]{3,}号?)",
        r"(?P<building>[a-z\d]{1,3})~(?P<unit>[a-z\d]{1,2}号?)",
    ),
    "road": _shapes(  # of which the number has been told
        r"-(?P<building>\d{1,2})",
        rf"(?P<room>(?:{_FLOOR})[01]\d)",
        r"(?P<building>[1-9])(?P<unit>[1-9])(?P<floor>[1-9])?(?P<room>[1-9])",
        r"(?P<building>\d{1,3})~(?P<unit>\d{1,2})~(?P<room>\d+)",
        r"(?P<building>\d{1,3})~(?P<room>\d{3,})",
        *_GLUED,
        _ANY_ROOM,
    ),
    "building": _shapes(
        _STOREY_AND_DOOR, r"(?P<unit>[a-z\d]{1,3})~(?P<room>[a-z\d]+号?)", _ANY_ROOM
    ),
    "unit": _shapes(_STOREY_AND_DOOR, r"(?P<floor>\d{1,2})~(?P<room>[a-z\d]+号?)", _ANY_ROOM),
    "floor": _shapes(_ANY_ROOM),
    # At the end, after a name: of a hamlet, of one house, of an estate.
    "hamlet": _shapes(r"(?P<building>\w+)"),
    "house": _shapes(r"(?P<room>\w{1,5})", *_GLUED),
    "estate": _shapes(
        r"(?P<building>[a-z]\d{1,2}|\d{1,2})",
        r"(?P<building>\d{1,3}[a-z])(?P<room>\d{2,})",
        rf"(?P<room>(?:{_FLOOR})[01]\d)",
        r"(?P<building>\d)(?P<room>\d0\d)",
        r"(?P<building>\d)(?P<unit>\d)(?P<room>\d)",
        r"(?P<building>\d\d)(?P<unit>\d)(?P<room>\d)",
        *_GLUED,
        _ANY_ROOM,
    ),
}


class _Reading:
    """Fills the parts of one address from its tokens, left to right."""

    def __init__(self, text: str, whole: bool):
        self.text, self.whole = text, whole
        self.ties = ("-", "一", ",", "") if whole else ("-",)
        self.shapes = _IN_ADDRESS if whole else _IN_CHAT
        self.found: Spans = {}
        self.known = "nothing"  # the last part found, or road once its number has been passed
        self.weak = False  # the building is only a 号, which a real one replaces
        self.road: Span | None = None  # the number of a house in its road

    def read(self, tokens: Sequence[Token]) -> Spans:
        end = -1
        for group in self._groups(tokens):
            touching = end >= 0 and bool(_GAP.fullmatch(self.text, end, group[0].start))
            if self.weak and not touching:
                self._forget_building()
            self._take(group, touching, more=group[-1] is not tokens[-1])
            end = group[-1].end
        if self.weak and not self.whole and len(self.found) == 1:
            self._forget_building()
        if self.whole and self.road and not self.found:
            self._set("building", self.road)
        return self.found

    def _forget_building(self) -> None:
        del self.found["building"]
        self.known, self.weak = "nothing", False

    def _groups(self, tokens: Sequence[Token]) -> Iterator[list[Token]]:
        """Bare numbers and what a dash ties to them: 7-2-1203, 3-2单元."""
        group: list[Token] = []
        for token in tokens:
            tied = group and self.text[group[-1].end : token.start] in self.ties
            if group and not (tied and group[-1].kind == "bare"):
                yield group
                group = []
            group.append(token)
        yield group

    def _take(self, group: list[Token], touching: bool, more: bool) -> None:
        kind = group[-1].kind
        if kind == "floor" and self.text.startswith("b", group[0].start) and self._named(group):
            kind = "bare"  # of a house; in a chat B1 is below the ground
        if kind in ("bare", "number") and self._follows(group[0], _ROAD):
            group = self._pass_road(group)
        if not group or kind == "court":
            return
        if kind == "bare":
            self._take_bare(group, touching)
        elif kind == "number":
            self._take_number(group, more)
        elif kind == "building":
            ranged = self.text.startswith("-", group[0].end)  # 12-15栋
            self._take_building((group[0 if ranged else -1].start, group[-1].end))
        elif kind == "floor" and len(group) == 2 and group[0].end - group[0].start == 1:
            self._set("floor", (group[0].start, group[1].end))  # 3-5楼
        else:
            self._place(kind, group)

    def _named(self, group: list[Token]) -> bool:
        return self.whole and self._follows(group[0], _CHINESE)

    def _follows(self, token: Token, words: re.Pattern[str]) -> bool:
        return bool(words.search(self.text, max(0, token.start - 4), token.start))

    def _pass_road(self, group: list[Token]) -> list[Token]:
        """What remains without the number of the house in its road."""
        single = group[-1].kind == "bare" and len(group) == 1
        if len(group) > 2 or (single and self._ends(group)):
            return group
        self.known = "road"
        self.road = group[0][:2]
        return group[1:]

    def _ends(self, group: list[Token]) -> bool:
        return bool(_LAST.match(self.text, group[-1].end))

    def _take_building(self, span: Span) -> None:
        if "building" not in self.found or self.weak:
            self._set("building", span)
            self.weak = False
        elif self.text.endswith("号楼", *span):
            self._set("floor", span)  # 12栋13号楼04: the second can only be a storey

    def _take_number(self, group: list[Token], more: bool) -> None:
        span = (group[0].start, group[-1].end)
        if self.found and not self.weak:
            self._place("unit" if more and "building" in self.found else "room", group)
        elif not self.whole:
            if more:
                self._set("building", group[-1][:2])
                self.weak = True
        elif len(group) > 1 and not self._follows(group[0], _HAMLET):
            self._fit("nothing", span)
        elif self._follows(group[0], _MARKET):
            self._set("room", span)
        elif len(group) == 1 and group[0].end - group[0].start > 5:
            self._fit("estate", span)
        else:
            self._set("building", span)
            self.weak = True

    def _take_bare(self, group: list[Token], touching: bool) -> None:
        span = (group[0].start, group[-1].end)
        if self.whole and self._is_range(group):
            self._set("room", span)
        elif len(group) > 1 or (touching and self.known != "nothing"):
            dashed = self.text.endswith("号-", 0, span[0])
            self._fit(self.known, (span[0] - dashed, span[1]) if self.known == "road" else span)
        elif self.whole and self._ends(group):
            self._take_last(group[0])

    def _is_range(self, group: list[Token]) -> bool:
        """111-112: neighbouring doors."""
        words = [self.text[slice(*token[:2])] for token in group]
        if len(words) != 2 or not all(word.isdigit() and len(word) > 1 for word in words):
            return False
        return 0 < int(words[1]) - int(words[0]) <= 10

    def _take_last(self, token: Token) -> None:
        """A bare number at the end: a door, a house, or several numbers without a gap."""
        if self.found:
            self._fit(self.known, token[:2])
        elif self._follows(token, _HAMLET):
            self._fit("hamlet", token[:2])
        elif self._follows(token, _CHINESE):
            self._fit("house" if self._follows(token, _HOUSE) else "estate", token[:2])

    def _fit(self, known: str, span: Span) -> None:
        """Numbers without words, by the first shape that fits."""
        matches = (shape.fullmatch(self.text, *span) for shape in self.shapes.get(known, ()))
        match = next(filter(None, matches), None)
        for part in match.groupdict() if match else ():
            if match and match[part] is not None:
                self._set(part, match.span(part))

    def _place(self, kind: str, group: list[Token]) -> None:
        """The last number counts `kind`, those before it the parts that come before, in order."""
        passed = max(map(PARTS.index, self.found), default=-1)
        between = PARTS[passed + 1 : PARTS.index(kind)][: len(group) - 1]
        parts = (*between, kind)
        for part, token in zip(parts, group[-len(parts) :], strict=True):
            self._set(part, token[:2])

    def _set(self, part: str, span: Span) -> None:
        if part not in self.found or (part == "building" and self.weak):
            self.found[part] = span
            self.known = part
