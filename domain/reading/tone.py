"""How people sound when they report, or are in danger, beside how they sound when they aren't.

Small words tell much: who reports says that something is, again, not, there; who chats says I,
thanks, ate, tomorrow; who is in danger says now, inside, can't, a child. Each piece of a text (a
character, a pair, an English word) speaks for the one or the other; the weights come with the
lexicon and are learnt by `python -m bench.tone`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import sqrt

Tone = Mapping[str, float]

REPORTS, TALKS = "REPORTS", "TALKS"
DANGER, CALM = "DANGER", "CALM"

_LATIN = re.compile("[a-z]{2,}")
_MARKS = frozenset("!?:()#。…、【】「」『』“”《》")
STEP, STEPS = 12, 7  # characters; how long a text is tells a little too


def pieces_of(text: str) -> set[str]:
    """The pieces of a folded text."""
    found = {a + b for a, b in pairwise(text) if a > "㐀" and b > "㐀"}
    found |= {char for char in text if char > "㐀" or char in _MARKS}
    found.update(_LATIN.findall(text))
    found.add(f"length {min(STEPS, len(text) // STEP)}")
    return found


def parse_tone(rows: Iterable[Mapping[str, str]], above: str, below: str) -> dict[str, float]:
    """From the lexicon's rows: weights above 0 of the one code, below 0 of the other."""
    signs = {above: 1.0, below: -1.0}
    return {
        row["word"]: signs[row["code"]] * float(row["weight"])
        for row in rows
        if row.get("code") in signs
    }


def tone_of(text: str, tone: Tone) -> float:
    """Above 0: it sounds like the one (a report, danger); below: like the other."""
    pieces = pieces_of(text)
    # in a fixed order, so that the sum is the same each time
    weights = [tone[piece] for piece in sorted(pieces & tone.keys())]
    return sum(weights) / sqrt(1 + len(pieces))
