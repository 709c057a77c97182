"""Chinese numerals as people write them in addresses: 三十二栋, 一二〇三室, 廿五号, 两单元."""

from __future__ import annotations

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
DIGITS |= {"〇": 0, "○": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6}
DIGITS |= {"柒": 7, "捌": 8, "玖": 9}
TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000}
NUMERALS = "".join(DIGITS) + "".join(TENS) + "廿卅"


def chinese_number(text: str) -> int | None:
    """The value of a numeral below 10,000, in words (三十二) or digits (三二, 32).

    None for anything else, also for what nobody would say (十十, 百三).
    """
    if text.isascii() and text.isdigit():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if text and all(c in DIGITS for c in text):
        return int("".join(str(DIGITS[c]) for c in text))
    return _in_words(text)


def _in_words(text: str) -> int | None:
    total, digit, scale = 0, 1 if text[:1] in ("十", "拾") else 0, 10_000
    for char in text:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char in TENS and digit and TENS[char] < scale:
            scale = TENS[char]
            total, digit = total + digit * scale, 0
        else:
            return None
    return total + digit if text else None
