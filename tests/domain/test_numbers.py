"""Numbers as people write and say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case_number import CaseNumber, case_number, parse_case_number
from domain.numbers import chinese_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("三", 3),
        ("两", 2),
        ("十", 10),
        ("十二", 12),
        ("三十二", 32),
        ("二十", 20),
        ("廿五", 25),
        ("一百零八", 108),
        ("一千二百零三", 1203),
        ("一二〇三", 1203),
        ("五零一", 501),
        ("", None),
        ("十十", None),
        ("百三", None),
        ("楼", None),
    ],
)
def test_a_chinese_numeral_has_its_value(text, value):
    assert chinese_number(text) == value


@given(st.text("零一二三四五六七八九十百千两〇", max_size=12))
def test_any_pile_of_numerals_is_a_number_or_nothing(text):
    value = chinese_number(text)
    assert value is None or value >= 0


def test_a_case_number_is_short_and_grows_beyond_999():
    assert case_number("kl8", "2603", 7) == "KL8-2603-007"
    assert case_number("KL", "2612", 1234) == "KL-2612-1234"


@pytest.mark.parametrize(
    ("short", "yymm", "n"),
    [
        ("K", "2603", 1),
        ("KLMNOP", "2603", 1),
        ("快乐", "2603", 1),
        ("KL", "2613", 1),
        ("KL", "2603", 0),
    ],
)
def test_it_refuses_parts_that_make_no_case_number(short, yymm, n):
    with pytest.raises(ValueError, match="case"):
        case_number(short, yymm, n)


@pytest.mark.parametrize(
    "text",
    [
        "KL8-2603-007 好了没",
        "请问kl8-2603-007修好了吗",
        "ＫＬ８－２６０３－００７",
        "Re: KL8 - 2603 - 007.",
    ],
)
def test_a_case_number_is_found_in_a_text(text):
    assert parse_case_number(text) == CaseNumber("KL8", "2603", 7)


@pytest.mark.parametrize("text", ["", "3-2-1203", "0571-8888-123", "KL8-2613-007", "KL-2603-000"])
def test_what_is_no_case_number_is_left_alone(text):
    assert parse_case_number(text) is None


@given(st.from_regex(r"[A-Z0-9]{2,5}", fullmatch=True), st.integers(1, 9_999_999))
def test_a_case_number_is_read_back(short, n):
    assert parse_case_number(f"案件{case_number(short, '2603', n)}。") == (short, "2603", n)
