"""Personal data in a text, so that it can be masked before others see it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from domain.reading.address import Spans
from domain.reading.folding import Folded

Personal = tuple[int, int, str]  # start, end (offsets of the original), type

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪"
    "田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊殷施洪"
)
_TITLES = (
    "先生|女士|小姐|太太|阿姨|叔叔|大爷|大妈|奶奶|爷爷|大叔|大姐|大哥|师傅|老师|医生"
    r"|生(?=[,。\s家])"
)
_TOLD = "我叫|他叫|她叫|名叫|名字叫|名字是|本人"
_MY_NAME = "my name is|his name is|her name is|name:"
_ACCOUNT = r"(?:微信号?|wechat(?: id)?|vx|qq号?)\s?(?:是|is)?[: ]?\s?"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("id", re.compile(r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dx](?!\d)")),
    ("card", re.compile(r"(?<!\d)(?:\d{4}[ -]?){3}\d{4,7}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)(?:0\d{2,3}[ -]?\d{7,8}|\+?852[ -]?\d{4}[ -]?\d{4})(?!\d)")),
    ("phone", re.compile(r"(?<![\d.-])[2-9]\d{3}[ -]?\d{4}(?![\d.-]|\s?[元块])")),
    ("phone", re.compile(r"\+\d{1,3}[ -]?\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}(?!\d)")),
    ("email", re.compile(r"[a-z0-9._+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,3}")),
    ("account", re.compile(rf"{_ACCOUNT}([a-z0-9][a-z0-9_-]{{4,19}})")),
    (
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][ ·.-]?"
            r"[a-z0-9]{4,5}[a-z0-9挂学警港澳](?![a-z0-9])"
        ),
    ),
    ("name", re.compile(r"(?:姓名|联系人)(?:是|为)?[: ]\s?([一-鿿·]{2,4})")),
    ("name", re.compile(rf"(?:{_TOLD})\s?([{_SURNAMES}][一-鿿]{{1,2}})")),
    ("name", re.compile(rf"[{_SURNAMES}][一-鿿]?(?:{_TITLES})")),
    ("name", re.compile(rf"(?:{_MY_NAME})\s?([a-z]{{2,20}}(?: [a-z]{{2,20}})?)")),
    ("name", re.compile(r"\b(?:mr|mrs|ms|miss)\.? [a-z]{2,20}\b")),
)
_DIGITS = re.compile(r"\d{4}")


def find_personal(folded: Folded, mentions: Iterable[Spans]) -> tuple[Personal, ...]:
    """Spans in the original text, in order, apart from each other.

    Types: phone, id, card, email, account, plate, name, and room for flat numbers.
    """
    found: list[Personal] = []
    taken = bytearray(len(folded.text))
    for start, end, kind in _spans(folded.text, mentions):
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            found.append((*folded.span(start, end), kind))
    return tuple(sorted(found))


def _spans(text: str, mentions: Iterable[Spans]) -> Iterator[Personal]:
    digits = bool(_DIGITS.search(text))
    for kind, pattern in _PATTERNS:
        if digits or kind not in ("id", "card", "phone"):
            for match in pattern.finditer(text):
                start, end = match.span(match.lastindex or 0)
                yield start, end, kind
    for spans in mentions:
        if "room" in spans:
            yield *spans["room"], "room"
