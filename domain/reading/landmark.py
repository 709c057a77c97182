"""Landmarks: the words of a place that no number names. 东门垃圾站旁边, 菜场后门, by the pool.

A landmark is a noun that the lexicon or the list below knows, with what is said before it (which
one) and after it (on which side of it). Works on folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.reading.address import Span

# Nouns of an estate, a village and a street; shops and works by what their names end with.
_NOUNS = (
    "单元门口|楼栋门口|校门口?|铁门|大铁门|消防门|防火门|安全出口|消防通道|消防楼梯|楼梯间|楼梯口|后楼梯|楼梯|楼道|走廊"
    "|过道|走道|电梯口|电梯[里内]|电梯间|电梯厅|大堂|大厅|中庭|门厅|架空层|地下室|地库|地下车库|车库|车棚|充电棚|充电桩|雨棚|停车位"
    "|坡道|斜坡|斜台|绿化带|草坪|草地|花坛|花圃|菜地|空地|长椅|石凳|滑梯|秋千|儿童乐园|游乐场|泳池|游泳池|球场|跑道"
    "|人行道|盲道|斑马线|路边|路口|十字路口|巷口|巷子|后巷|胡同口?|天桥|桥头|桥洞|桥底|桥下|隧道|涵洞|骑楼"
    "|河堤|河涌|河道|河边|江边|湖边|海边|池塘|鱼塘|水库|水渠|后山|山坡|后坡|山脚|田埂|晒场|打谷场|祠堂|村口|村委会?"
    "|底商|工地|仓库|厂房|菜场|菜市场|农贸市场|街市|夜市|食堂|幼儿园|图书室|活动室|活动中心|书吧|会所|棋牌室|桑拿房|机房"
    "|泵房|配电房|配电室|设备房|值班室|保安亭|岗亭|门岗|管理处|居委会|居委|信箱|快递柜|丰巢|驿站|垃圾站|垃圾房|垃圾桶"
    "|垃圾棚|回收站|[一-鿿]?[一-鿿]树[底下]下?|公厕|公交站牌?|车站|地铁口|站台|报刊亭|小卖部|超商|便利店|天台|楼顶|屋顶|平台|露台|围墙"
    "|挡土墙|水沟|排水沟|化粪池|井口|下水井|配电箱|电箱|变压器|电线杆|路灯杆|凉亭|亭子|戏台|广场|公园|花园|操场"
)
_SHOPS = "店|铺|摊|厂|馆|诊所|药房|网吧|酒吧|银行|酒楼|餐厅|面馆|发廊|公司|市场|超市|推车"
_WHICH = (
    r"(?:(?:小区|社区|村|镇|学校|医院|[东西南北]{1,2}门?|[前后旧新老]|地下|中心|儿童|消防|隔壁|楼下|楼上|公共|共享"
    r"|\d{1,2}号|[一二三四五六七八九十]号|[a-z]区|[一二三四五六]期)(?:那个|的|个)?){0,2}"
)
_SIDE = (
    r"(?:那边|那块地?|那段)?(?:[东西南北后前侧正]门|门口|入口|出口|进口|路口|斜道|拐角|转角|角落|尽头)?"
    r"(?:旁边|旁|边上|边|对面|后面|后头|前面|前头|附近|底下|下面|上面|里面|里头|里|上|下|口|头)?"
)
_GATE = r"(?:小区|学校|村|园区)?(?:[东西南北]{1,2}|[前后侧正大])(?:大?门口?)(?![诊票])"
_CHINESE = re.compile(
    rf"{_WHICH}(?:{_NOUNS}){_SIDE}|{_GATE}{_SIDE}|(?<=[在喺到于去从进])[一-鿿]{{1,4}}?(?:{_SHOPS}){_SIDE}"
    rf"|(?:^|(?<=[\s,。!?]))[一-鿿]{{1,3}}(?:{_SHOPS})(?![主员长])(?:门口)?{_SIDE}"
)
_THINGS = (
    "gate|lobby|garage|car park|parking lot|playground|slide|pool|gym|garden|rooftop|roof|ramp"
    "|bike shed|shed|staircase|stairwell|stairs|hallway|corridor|fire exit|fire escape|footpath"
    "|pavement|sidewalk|bus stop|(?<=[a-z] )shop|kiosk|school|kindergarten|market|supermarket"
    "|pavilion|fence|lawn|grass|flower bed|bin room|crossing|junction|podium|clubhouse"
)
_NAMED_THING = rf"(?:{_THINGS})\b(?: (?:\d{{1,2}}|[a-d])\b(?!:))?"
_ENGLISH = re.compile(
    r"\b(?:the (?:[a-z]+ ){0,2}?)?(?:(?:main|back|front|side|school|noodle|fruit|corner) )?"
    rf"{_NAMED_THING}(?: (?:by|near|at|behind|next to) (?:the )?(?:[a-z]+ )?{_NAMED_THING})?"
)


def find_landmark(text: str, spots: Iterable[Span], taken: Iterable[Span]) -> Span | None:
    """The landmark that says most: the longest, the first of equals.

    `spots`: words of the lexicon; `taken`: what is a building, unit, floor or room already.
    """
    others = tuple(taken)
    found = [match.span() for match in _CHINESE.finditer(text)]
    found += [match.span() for match in _ENGLISH.finditer(text)]
    found += [spot for spot in spots if not any(_meet(spot, span) for span in found)]
    free = [span for span in found if not any(_meet(span, other) for other in others)]
    return max(free, key=lambda span: (span[1] - span[0], -span[0]), default=None)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
