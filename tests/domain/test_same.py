"""Is this one? What two reports have in common, and what keeps them apart."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reading import usual
from bench.same import Score, follow, grids
from domain.reading import read
from domain.reading.same import (
    LIKELY,
    WEIGHTS,
    Matters,
    Trace,
    building_of,
    likeness,
    packed,
    signs,
    trace_of,
    unpacked,
)
from domain.reading.spots import SIDES, SPOTS
from services.data import ear

LEXICON = usual(ear())


def trace(text: str, minutes: float = 0, building: str | None = None) -> Trace:
    return trace_of(text, read(text, LEXICON), minutes, building)


def alike(first: str, second: str, hours: float = 1) -> float:
    return likeness(trace(second, hours * 60), trace(first))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("3号楼电梯坏了", "三幢部電梯仲未整好"),
        ("3号楼电梯坏了", "the lift in building 3 is still out of order"),
        ("北门路灯不亮", "street lamp by the north gate is dark"),
        ("凉亭边的垃圾堆成山了", "亭子旁边垃圾还没人清"),
    ],
)
def test_the_same_matter_in_other_words_is_likely(first: str, second: str) -> None:
    assert alike(first, second) >= LIKELY


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("3号楼电梯坏了", "5号楼电梯坏了"),
        ("3号楼电梯坏了", "3号楼楼道灯不亮"),
        ("3号楼左边电梯坏了", "3号楼右边电梯坏了"),
        ("3号楼1单元楼道灯不亮", "3号楼2单元楼道灯不亮"),
        ("4号楼301漏水", "4号楼901漏水"),
        ("北门路灯不亮", "南门路灯不亮"),
    ],
)
def test_what_differs_in_place_or_in_kind_is_not(first: str, second: str) -> None:
    assert alike(first, second) < LIKELY


def test_another_building_is_another_matter_whatever_else_is_the_same() -> None:
    text = "电梯坏了，老人下不了楼，急"
    one, other = trace(f"1号楼{text}"), trace(f"2号楼{text}")
    assert likeness(one, other) == 0


def test_the_default_place_of_a_group_counts_where_the_words_name_none() -> None:
    assert trace("电梯坏了", building="8").building == "8"
    assert trace("3号楼电梯坏了", building="8").building == "3"
    assert trace("北门路灯不亮", building="8").building is None


@pytest.mark.parametrize(
    ("text", "building"),
    [
        ("祥和樓入大堂左手邊第一部𨋢夾人", "祥和"),
        ("15号冇水", "15"),
        ("三十二号阴沟倒灌", "32"),
        ("No. 12, third floor: no power", "12"),
        ("甲一楼电梯哐当一下", "甲1"),
        ("3月5号停水", None),
        ("2号电梯坏了", None),
        ("后楼梯的灯不亮", None),
        ("我们楼下的井盖松了", None),
    ],
)
def test_a_building_is_known_by_its_name_or_number(text: str, building: str | None) -> None:
    assert trace(text).building == building


def test_a_place_has_the_name_that_reports_have() -> None:
    assert (building_of("祥和樓"), building_of("快乐8号楼")) == ("祥和", "8")


def test_the_first_lift_is_not_the_second() -> None:
    assert alike("祥和楼1号电梯坏了", "祥和樓2號𨋢開唔到門") < LIKELY


def test_what_is_kept_of_a_report_is_all_that_is_compared() -> None:
    new, old = trace("三幢二单元左边电梯还没修好", 90), trace("3号楼2单元左边电梯坏了，502出不去")
    assert likeness(new, unpacked(packed(old))) == pytest.approx(likeness(new, old), abs=0.01)


texts = st.text(alphabet="三3号楼5栋电梯漏水灯不亮北门南凉亭左右又还 lift north gate", max_size=60)


@given(texts, texts, st.floats(0, 100_000))
def test_likeness_is_a_probability_for_any_two_texts(one: str, other: str, gap: float) -> None:
    assert 0 <= likeness(trace(one, gap), trace(other)) <= 1


@given(texts)
def test_whatever_is_told_can_be_kept_and_taken_out_again(text: str) -> None:
    told = trace(text)
    kept = unpacked(packed(told))
    assert (kept.spots, kept.sides, kept.letters) == (told.spots, told.sides, told.letters)


@given(st.lists(texts, max_size=12))
def test_each_report_leads_to_an_earlier_first_report_or_to_none(said: list[str]) -> None:
    matters, led = Matters(), list[int | None]()
    for index, text in enumerate(said):
        led.append(matters.told(index, text, read(text, LEXICON), float(index)))
    for index, first in enumerate(led):
        assert first is None or (first < index and led[first] is None)


@pytest.mark.parametrize("table", [SPOTS, SIDES])
def test_no_name_of_a_spot_or_side_has_a_character_that_separates_them(
    table: dict[str, str],
) -> None:
    assert all(set(name) <= set(string.ascii_lowercase + "_") for name in table)


@pytest.mark.parametrize(
    "rubbish", ["水" * 4096, "号" * 4096, "a" * 4096, "甲1" * 2048, "no. " * 1024]
)
def test_rubbish_costs_no_more_than_20_milliseconds(rubbish: str) -> None:
    took, reading = [], read(rubbish, LEXICON)
    for _ in range(5):
        began = time.perf_counter()
        trace_of(rubbish, reading, 0)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.02


def test_every_sign_has_its_weight() -> None:
    one = trace("3号楼电梯坏了")
    assert WEIGHTS.keys() == signs(one, one).keys()


def test_the_chats_that_are_known_are_followed_as_well_as_docs_say() -> None:
    chats, score = grids(), Score()
    for grid in "ABC":
        follow(chats[grid], LEXICON, score)
    assert score.ranked_first / score.repeated >= 0.9
    assert score.led / score.repeated >= 0.6
    assert score.false / score.reports <= 0.02


def test_the_chats_go_forward_and_every_report_belongs_to_a_matter() -> None:
    for lines in grids().values():
        minutes = [line["minutes"] for line in lines]
        assert minutes == sorted(minutes)
        assert all(line["report"] == (line["matter"] is not None) for line in lines)
