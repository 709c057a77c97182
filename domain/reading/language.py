"""Which of our three languages a text is in."""

from __future__ import annotations

import re

from domain.catalogue import Language
from domain.reading.folding import TRADITIONAL

# Written the same in simplified texts, so no sign of traditional ones.
_SHARED = set("著乾後徵藉摺薰菸甚麽妳衹係瞭裏")
_TRADITIONAL = re.compile(
    "[" + "".join(sorted(set(TRADITIONAL) - _SHARED)) + "嘅冇喺咗啲嗰畀嚟瞓𨋢乜嘢]"
)
_HAN = re.compile("[㐀-鿿𠀀-𰀀]")
_LETTERS = re.compile("[A-Za-z]")


def _is_simplified(char: str) -> bool:
    try:
        char.encode("big5")
    except UnicodeEncodeError:
        return True
    return False


_SIMPLIFIED = re.compile("[" + "".join(sorted(filter(_is_simplified, TRADITIONAL.values()))) + "]")


def language_of(text: str) -> Language:
    """The language of a text; zh-Hans for a text without letters or signs of another."""
    han = len(_HAN.findall(text))
    if len(_LETTERS.findall(text)) > 4 * han:
        return "en"
    traditional = len(_TRADITIONAL.findall(text))
    return "zh-Hant" if traditional > len(_SIMPLIFIED.findall(text)) else "zh-Hans"
