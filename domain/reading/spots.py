"""Spots and sides that reports name in four languages, each under one short word.

"凉亭底下" and "under the pavilion" are one spot, "东梯" and "the east lift" one side: two reports
of one matter seldom share words, but they share these. Works on folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# where on the grounds; a building is read elsewhere
SPOTS = {
    "north_gate": r"北[门闸口]|north (?:gate|entrance)",
    "south_gate": r"南[门闸口]|south (?:gate|entrance)",
    "east_gate": r"东[门闸口]|\beast (?:gate|entrance)",
    "west_gate": r"西[门闸口]|\bwest (?:gate|entrance)",
    "back_gate": r"后门|back (?:gate|door|entrance)|rear gate",
    "front_gate": r"正门|大门口|前门|校门|main (?:gate|entrance)|front gate|school gate",
    "pavilion": r"亭子|凉亭|长亭|pavilion|gazebo",
    "bikeshed": r"车棚|bike ?shed|充电棚|bicycle shed|单车棚|bike (?:rack|parking)",
    "garage": (
        r"地库|车库|停车场|负[一二三]|basement|garage|car ?park|parking lot|地下|\bb[123]\b"
        r"|地牢"
    ),
    "refuse": (
        r"垃圾[房站点屋池]|refuse|bin (?:room|store|area)|garbage (?:room|station)|垃圾桶|绿桶"
        r"|\bbins\b|投放点|回收"
    ),
    "club": r"会所|clubhouse|活动[中室]|文化[站室]|棋牌室|community (?:cent|hall|room)|老年活动",
    "playground": r"滑梯|游乐|儿童|playground|沙池|沙坑|sandpit|秋千|slide|乐园",
    "hill": r"后山|山坡|\bhill|后坡|坡上|土坡|山脚|山上|塬|沟",
    "lobby": r"大堂|lobby|门厅|檐篷|canopy|一楼大厅|门廊",
    "square": r"广场|plaza|\bsquare\b|晒[谷场]|打[谷麦]场|文化大院|场院|threshing",
    "bridge": r"天桥|footbridge|\bbridge|小桥|桥[头下洞边上]|石桥|木桥|overpass",
    "tunnel": r"隧道|地道|涵洞|下穿|underpass|tunnel|地铁|metro|subway",
    "parcel": r"驿站|快递[柜点站]|parcel|菜鸟|丰巢|locker|取件",
    "kindergarten": r"幼儿园|kindergarten|nursery|幼稚园",
    "school": r"小学|[一二三四]小|中学|\bschool|校门|学校|教学楼|classroom|教室",
    "library": r"图书馆|library|自习室|study room|阅览",
    "boiler": r"锅炉房|boiler|换热站|泵房|pump (?:room|house)|配电|变电|transformer|电房",
    "visitor": r"访客|visitor",
    "dogpark": r"狗公园|dog park",
    "garden": (
        r"花园|花坛|草[坪地]|绿化[带]?|\bgarden|\blawn|flower ?bed|grass|小公园|街心|\bpark\b"
        r"|公园"
    ),
    "pool": r"泳池|\bpool\b|池塘|水池|ponds?|喷泉|荷花|鱼塘|水塘|涝池|湖|\blake|fountain",
    "court": r"网球|篮球|球场|\bcourts?\b|羽毛球|乒乓|足球|操场|跑道|track|pitch|stadium|体育",
    "market": r"菜场|菜市|市场|\bmarket|集市|赶集|bazaar|夜市",
    "shop": (
        r"小卖部|便利店|超市|商店|supermarket|convenience|\bshop|小店|铺|杂货|底商|\bstore\b"
        r"|7-?11|药店|pharmacy"
    ),
    "river": (
        r"河[边堤道岸滩]|涌边|江边|\briver|canal|水渠|沟边|渠[边上]|水沟|ditch|大坝|堤|水库"
        r"|reservoir|滩"
    ),
    "bus": r"公交|巴士|车站|\bbus\b|站台|招呼站|小巴",
    "gym": r"健身|\bgym\b|fitness",
    "guard": r"岗亭|保安亭|门卫|传达室|guard|值班室|门岗|security (?:booth|post)",
    "roof": r"天台|楼顶|屋顶|rooftop|\broof\b|顶层|顶楼|最上面|露台",
    "hall": r"楼道|楼梯|走[廊道]|过道|stair|corridor|hallway|门洞|架空层|单元门口|后梯",
    "kitchen": r"厨房|kitchen|灶",
    "bath": r"浴室|厕所|卫生间|洗手间|bathroom|toilet|restroom|公厕|茅房|washroom|澡堂",
    "balcony": r"阳台|balcony|晒台|窗台",
    "canteen": r"食堂|canteen|cafeteria|饭堂|mess hall",
    "eatery": (
        r"餐厅|restaurant|快餐|饭[店馆]|茶餐厅|面馆|烧烤|串店|奶茶|咖啡|cafe|coffee|火锅"
        r"|noodle|\bbar\b|酒吧|早餐|包子|小吃|大排档"
    ),
    "dorm": r"宿舍|dorm|hostel|寝室|公寓",
    "site": r"工地|construction site|施工|拆迁|开挖|挖.{0,3}沟|building site|项目部",
    "phase": r"[一二三四]期|phase",
    "factory": r"厂|factory|车间|workshop|仓库|warehouse|作坊",
    "hospital": r"卫生[站室院]|诊所|clinic|医院|hospital|医务室",
    "temple": r"祠堂|庙|temple|戏[台楼]|教堂|church|土地公|ancestral",
    "village": r"村口|村头|村[东西南北]|village (?:entrance|head)|牌坊|老槐树|大队",
    "office": r"居委|物业办|服务中心|management office|村委|管理处|大队部|office|党群",
    "laundry": r"洗衣|laundry",
    "crossing": (
        r"路口|斑马线|crossing|十字|红绿灯|traffic light|丁字|岔路|交叉|三岔|intersection"
        r"|\bcorner\b|拐[角弯]"
    ),
    "alley": r"后巷|小巷|巷[子口内]|alley|胡同|弄堂|里弄|横巷|\blane\b",
    "field": r"地头|田|果园|大棚|菜地|orchard|greenhouse|机井|field",
    "well": r"水井|井边|老井|\bwell\b",
    "tank": r"水箱|水塔|蓄水|水窖|tank|化粪池",
    "gate_side": r"道闸|闸口|入口|出口|exit|entrance",
    "tree": r"树[下底旁]|那棵|大树|under the .{0,8}tree|榕树",
    "wall": r"围墙|墙根|墙角|wall|院墙",
    "street": r"street|avenue|\bave\b|road\b|街[口上边]",
}

# which of several: two that differ here are two
SIDES = {
    "north": r"北[门闸口边头侧弄区端面梯座翼]|north",
    "south": r"南[门闸口边头侧弄区端面梯座翼]|south",
    "east": r"东[门闸口边头侧弄区端面梯座翼]|\beast",
    "west": r"西[门闸口边头侧弄区端面梯座翼]|\bwest",
    "left": r"左|\bleft\b",
    "right": r"右|\bright[- ](?:hand|side|one|lift|elevator)",
    "odd": r"单[层数号]|奇数|\bodd\b",
    "even": r"双[层数号]|偶数|\beven[- ]number",
    "freight": r"货[梯𨋢]|货的?电梯|freight|cargo|service (?:lift|elevator)|goods lift",
    "passenger": r"客[梯𨋢]|passenger",
    "inner": r"靠里|里面那|里头那",
    "outer": r"靠外|外面那|外头那",
    "men": r"男厕|男[卫浴澡]|men's",
    "women": r"女厕|女[卫浴澡]|women's|ladies",
    "front": r"前[楼门院]|front (?:gate|door)",
    "back": r"后[楼门院]|back (?:gate|door)",
}
OTHERS = tuple(
    frozenset(pair.split())
    for pair in (
        "left right",
        "freight passenger",
        "odd even",
        "north south",
        "east west",
        "men women",
        "inner outer",
        "front back",
    )
)


LOOKED_AT = 600  # characters of a text; who writes more has said it by then
_WORD_START = re.compile(r"(?<![a-z])[a-z]{2}")
_LEADING = re.compile(r"(?:\\b|\(\?<![^)]*\))*")
_LATIN = re.compile(r"[a-z]{2}(?![?*{])")


class _Table:
    """Patterns by name, of which only those are tried that can begin somewhere in the text."""

    def __init__(self, table: dict[str, str]) -> None:
        self._by_start: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        self._always: list[tuple[str, re.Pattern[str]]] = []
        for name, pattern in table.items():
            for part in _parts(pattern):
                entry = (name, re.compile(part))
                starts = _starts(part)
                for start in starts:
                    self._by_start.setdefault(start, []).append(entry)
                if not starts:
                    self._always.append(entry)

    def names(self, starts: frozenset[str], text: str) -> frozenset[str]:
        """The names whose pattern is found. `starts`: of the text, by `starts_of`."""
        found: set[str] = set()
        tried = [self._by_start[start] for start in starts & self._by_start.keys()]
        for entries in (self._always, *tried):
            for name, pattern in entries:
                if name not in found and pattern.search(text):
                    found.add(name)
        return frozenset(found)


def _parts(pattern: str) -> Iterator[str]:
    """The alternatives of a pattern, outermost only."""
    depth = begin = 0
    for at, letter in enumerate(pattern):
        depth += letter in "([" and pattern[at - 1 : at] != "\\"
        depth -= letter in ")]" and pattern[at - 1 : at] != "\\"
        if letter == "|" and not depth:
            yield pattern[begin:at]
            begin = at + 1
    yield pattern[begin:]


def _starts(part: str) -> frozenset[str]:
    """What a match must begin with, any of them; empty if that can't be told."""
    leading = _LEADING.match(part)
    rest = part[leading.end() if leading else 0 :]
    latin = _LATIN.match(rest)
    if latin:
        return frozenset({latin.group()})
    if rest.startswith("["):
        within, _, after = rest[1:].partition("]")
        plain = all(ord(each) > 0x7F for each in within) and "-" not in within
        return (
            frozenset(within) if plain and not after.startswith(("?", "*", "{0")) else frozenset()
        )
    if rest and ord(rest[0]) > 0x7F and rest[1:2] not in ("?", "*"):
        return frozenset({rest[0]})
    return frozenset()


def starts_of(text: str) -> frozenset[str]:
    """Where a pattern may begin: the letters, and the first two of each English word."""
    return frozenset(text).union(_WORD_START.findall(text))


_SPOTS, _SIDES = _Table(SPOTS), _Table(SIDES)


def named_in(folded: str) -> tuple[frozenset[str], frozenset[str]]:
    """The spots and sides that a folded text names."""
    text = folded[:LOOKED_AT]
    starts = starts_of(text)
    return _SPOTS.names(starts, text), _SIDES.names(starts, text)
