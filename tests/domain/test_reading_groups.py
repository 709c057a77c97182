"""How the lexicon's groups work together, and with the ear."""

import pytest

from domain.reading import Lexicon
from tests.domain.test_reading import catalogue, reading

ROWS = [
    ("@roof", "屋顶"),
    ("@roof", "ceiling"),
    ("@drip", "漏"),
    ("@drip", "leaking"),
    ("LS04", "@roof~@drip"),
    ("PO03", "打人"),
]


def small(*more: tuple[str, str]) -> Lexicon:
    rows = [
        {"code": code, "language": "zh-Hans", "word": word, "weight": "3"}
        for code, word in (*ROWS, *more)
    ]
    return Lexicon.build(rows, catalogue())


def found(text: str, *more: tuple[str, str]) -> list[str]:
    return [hit.entry.code for hit in small(*more).scan(text).hits]


@pytest.mark.parametrize("text", ["屋顶又漏了", "漏了漏了,屋顶", "the ceiling is leaking"])
def test_any_word_of_a_group_is_near_any_of_another_in_any_order(text):
    assert found(text) == ["LS04"]


@pytest.mark.parametrize("text", ["屋顶", "屋顶很好看大家都说这一次师傅真的很用心的做了不再漏"])
def test_a_group_alone_or_far_away_says_nothing(text):
    assert found(text) == []


def test_one_word_is_not_two_parts():
    assert found("漏", ("LS05", "@drip~@drip")) == []


def test_near_and_anywhere_can_be_mixed():
    assert found("屋顶漏,孩子在下面", ("NOW", "@roof~@drip&孩子")) == ["LS04", "NOW"]


def test_it_refuses_a_group_that_has_no_words():
    with pytest.raises(ExceptionGroup):
        small(("LS04", "@moon~@drip"))


@pytest.mark.parametrize(
    "text",
    [
        "昨晚那部电影里房子着火了",
        "周三演习，听到火警别慌",
        "阳台冒烟那事解决了，是烧烤",
        "【转发】冬季用电，插座冒烟请断电",
    ],
)
def test_what_is_told_of_or_settled_is_no_alarm(text):
    assert reading(text).urgency != "now"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("漏电，洗衣机一摸就麻", "PS03"),
        ("阿婆喺浴室跌低咗，叫佢冇反应", "LS16"),
        ("電梯卡在三樓跟四樓中間，裡面有小孩", "PS04"),
        ("someone is climbing into the window of my neighbour", "PO04"),
        ("他喝多了又动手，我把自己锁在厕所", "PO03"),
        ("地库进水了，水已经到膝盖", "PS15"),
    ],
)
def test_a_danger_is_found_by_a_thing_and_its_trouble_in_any_language(text, code):
    told = reading(text)
    assert (told.kinds[0][0], told.urgency) == (code, "now")


def test_talk_sounds_otherwise_than_a_report():
    assert reading("谢谢大家，改天一起吃饭").report < 0.4
    assert reading("楼道灯又坏了，一直没人修").report > 0.5
