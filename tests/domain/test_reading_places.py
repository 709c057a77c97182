"""Where: addresses as people write them, and the numbers that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reading.address import is_address
from domain.reading.folding import fold
from domain.reading.place import Place, find_mentions, find_place, private_spans

PARTS = ("building", "unit", "floor", "room")


def place(text: str) -> Place:
    folded = fold(text)
    return find_place(folded, (), find_mentions(folded.text))[0]


def norm(text: str) -> Place:
    folded = fold(text)
    return find_place(folded, (), find_mentions(folded.text))[1]


def parts(found: Place) -> tuple[str | None, ...]:
    return found.building, found.unit, found.floor, found.room


IN_CHAT = [
    ("3#2单元501漏水了", ("3#", "2单元", None, "501")),
    ("三十二栋的灯坏了", ("三十二栋", None, None, None)),
    ("7-2-1203的水管爆了", ("7", "2", None, "1203")),
    ("7栋-2-1203没水了", ("7栋", "2", None, "1203")),
    ("我在3-1203，没电了", ("3", None, None, "1203")),
    ("5幢2单元8楼的灯坏了", ("5幢", "2单元", "8楼", None)),
    ("号外，第五栋没电了", ("第五栋", None, None, None)),
    ("8号楼的2单元有煤气味", ("8号楼", "2单元", None, None)),
    ("住两幢的老人摔了", ("两幢", None, None, None)),
    ("9座 4B漏水了", ("9座", None, None, "4B")),
    ("３号楼２单元的门坏了", ("３号楼", "２单元", None, None)),
    ("負一樓積水了", (None, None, "負一樓", None)),
    ("停在-2层的电梯不动了", (None, None, "-2层", None)),
    ("21/F的灯坏了", (None, None, "21/F", None)),
    ("顶楼在漏水了", (None, None, "顶楼", None)),
    ("703婆婆三天没出门了", (None, None, None, "703")),
    ("我家1401又漏水了", (None, None, None, "1401")),
    ("一二〇三室漏水了", (None, None, None, "一二〇三室")),
    ("东单元的灯坏了", (None, "东单元", None, None)),
    ("the lift in Building 3 is stuck", ("Building 3", None, None, None)),
    ("leak in Flat 12C, Tower 2", ("Tower 2", None, None, "12C")),
    ("smoke on the 12th floor of blk 5", ("blk 5", None, "12th floor", None)),
]
IN_ADDRESSES = [
    ("幸福路18号安居小区3号楼2单元501室", ("3号楼", "2单元", None, "501室")),
    ("幸福路18号2单元501", (None, "2单元", None, "501")),
    ("幸福路18号安居大厦1203", (None, None, None, "1203")),
    ("幸福路18号安居大厦12楼", (None, None, "12楼", None)),
    ("幸福路18号4211", ("4", "2", "1", "1")),
    ("幸福路70弄18号602室", ("18号", None, None, "602室")),
    ("下河村6组18号", ("18号", None, None, None)),
    ("安居新村18-2-602", ("18", "2", None, "602")),
    ("安居新村18-602室电联", ("18", None, None, "602室")),
    ("安居新村12-3单元602", ("12", "3单元", None, "602")),
    ("安居苑29504", ("29", None, None, "504")),
    ("安居苑151203", ("15", None, None, "1203")),
    ("安居花园c3号楼1门702", ("c3号楼", "1门", None, "702")),
    ("安居花园12栋3楼4号", ("12栋", None, "3楼", "4号")),
    ("安居花园12栋2单元231", ("12栋", "2单元", "23", "1")),
    ("安居花园六栋一单元3楼西户", ("六栋", "一单元", "3楼", "西户")),
    ("5号院2号楼301(放门口)", ("2号楼", None, None, "301")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), IN_CHAT)
def test_in_a_chat_a_word_or_a_neighbour_tells_what_a_number_counts(text, said):
    assert not is_address(fold(text).text)
    assert parts(place(text)) == said


@pytest.mark.parametrize(("text", "said"), IN_ADDRESSES)
def test_in_an_address_the_order_tells_it(text, said):
    assert is_address(fold(text).text)
    assert parts(place(text)) == said


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("三十二栋二单元十楼一〇〇三室", ("32", "2", "10", "1003")),
        ("a座12f的灯坏了", ("A", None, "12", None)),
        ("负二楼积水了", (None, None, "-2", None)),
        ("安居花园东单元3楼西户", (None, "E", "3", "W")),
        ("门牌0302的老人", (None, None, None, "0302")),
        ("安居市场二楼b347", (None, None, "2", "B347")),
    ],
)
def test_the_norm_is_digits_and_capitals(text, meant):
    assert parts(norm(text)) == meant


NEAR_MISSES = [
    "2026-03-12开会", "3月12号停水", "周三12号开会", "今天28号了还没来", "12:30-13:05停电",
    "10-15分钟就好", "3-5天没人来", "花了300-1500块", "物业费120元", "要1203块", "一共502元",
    "电话0571-88881234", "找师傅138-0000-7721", "打110了", "119来了", "尾号1203那位",
    "坐306路公交", "地铁12号线", "3号线又停了", "12路车改道", "国道107封了",
    "涨了12.5%", "打了3-0", "第3-1202期", "2018年修的", "1998-2003都住这", "1111抢了件衣服",
    "200户居民签字", "三房两厅出租", "3室2厅出租", "地上一层灰", "盖了三层小楼", "修了一座桥",
    "这两栋别墅真好看", "5号键不灵", "502胶水粘的", "301医院看病", "接龙第17号", "5克盐",
    "维生素B1有用吗", "考B2照了", "三层玻璃碎了", "一户发两个",
    "10层高的架子", "层层加码", "单元测试没过", "座位不够", "楼主说得对",
    "满300减50", "体温38-39度", "wifi 5g no signal", "see you at 1205", "I paid 305 yuan",
    "bus 302 is late", "in 1908 this was a farm", "on top of the world", "if only", "off we go",
]  # fmt: skip


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_times_prices_phones_lines_and_measures_are_no_address(text):
    assert parts(place(text)) == (None,) * 4


@given(
    st.sampled_from("0123456789"),
    st.dates(),
    st.times(),
    st.integers(1, 99_999),
    st.sampled_from("元块%分米度年斤个人"),
)
def test_no_date_time_or_amount_is_an_address(digit, day, time, amount, unit):
    for text in (
        f"{day.isoformat()}开会",
        f"{day.month}月{day.day}号停水了",
        f"{day.year}年的事了",
        f"{time.hour}:{time.minute:02}停电了",
        f"收了{amount}{unit}吧",
        f"打138-0000-{digit}{amount % 1000:03}吧",
    ):
        assert parts(place(text)) == (None,) * 4, text


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 33), st.integers(1, 12))
def test_every_way_to_write_a_door_says_the_same(building, unit, floor, door):
    room = f"{floor}{door:02}"
    for text in (
        f"{building}号楼{unit}单元{room}漏水了",
        f"{building}栋{unit}单元{room}室漏水了",
        f"{building}#{unit}单元{room}漏水了",
        f"{building}幢-{unit}-{room}漏水了",
        f"{building}-{unit}-{room}漏水了",
        f"安居花园{building}座{unit}单元{room}",
    ):
        found = norm(text)
        assert (found.building, found.unit, found.room) == (str(building), str(unit), room), text


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 33), st.integers(1, 12))
def test_a_group_never_sees_the_door(building, unit, floor, door):
    room = f"{floor}{door:02}"
    for text in (
        f"{building}-{unit}-{room}漏水了",
        f"安居花园{building}栋{unit}单元{room}",
        f"安居花园{building}{room}",
        f"安居路{building}号{room}",
    ):
        hidden = [text[start:end] for start, end in private_spans(fold(text).text)]
        assert any(room.endswith(span.removesuffix("室")) or room in span for span in hidden), text


@pytest.mark.parametrize(
    ("text", "landmark"),
    [
        ("东门垃圾站旁边的灯坏了", "东门垃圾站旁边"),
        ("菜場後門少了個井蓋", "菜場後門"),
        ("地下车库入口积水了", "地下车库入口"),
        ("二楼消防通道堆满了", "消防通道"),
        ("有人在水果店门口打架", "水果店门口"),
        ("幸福路和平安路交叉口没灯了", "幸福路和平安路交叉口"),
        ("there is a hole in the flower bed near gate 2", "the flower bed near gate 2"),
        ("水把路淹了", None),
        ("物业说明天来人", None),
        ("今天没什么事", None),
    ],
)
def test_a_landmark_is_said_with_its_side(text, landmark):
    assert place(text).landmark == landmark


def test_a_group_sees_no_door_of_a_second_address():
    text = "3号楼2单元501 4号楼1单元302"
    hidden = {text[start:end] for start, end in private_spans(text)}
    assert {"2单元", "501", "1单元", "302"} <= hidden


def test_a_numbered_lift_is_no_flat():
    assert parts(place("3栋5号电梯坏了")) == ("3栋", None, None, None)
