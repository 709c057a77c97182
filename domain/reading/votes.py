"""What the pieces of the lexicon's words hint at where no whole word is found.

Whoever writes 分水器冰凉 says neither of the words that speak for a cold radiator, but pieces of
them. Each pair of characters, each English word and, more weakly, each single character hints at
the kinds in whose words it occurs, the less the more kinds it occurs in. So a hint comes from the
lexicon alone and changes with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from math import sqrt

Votes = Mapping[str, tuple[tuple[str, float], ...]]

SMOOTH = 2.0  # weight that a piece must gather before it is believed
LEAST = 0.04  # a smaller share hints at nothing
SINGLE = 0.5  # what a single character is worth beside a pair
MOST_PIECES = 400  # that are looked at in a text

# small words, in folded shape, say nothing of what it is about
_SMALL = frozenset("这那哪个的了是在有吗呢啊吧呀嘛啦着嗯")
_LATIN = re.compile("[a-z]{3,}")


def votes_of(words: Iterable[tuple[str, float, tuple[str, ...]]]) -> Votes:
    """Hints by piece. `words`: code, weight, and the word or the words of a group, each of which
    says less the larger the group is."""
    gathered: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for code, weight, each in words:
        for piece in (piece for word in each for piece in _pieces(word)):
            gathered[piece][code] += weight / sqrt(len(each))
    votes = {
        piece: tuple(_shares(piece, codes))
        for piece, codes in gathered.items()
        if not _SMALL.issuperset(piece)
    }
    return {piece: shares for piece, shares in votes.items() if shares}


def _pieces(word: str) -> set[str]:
    if word.isascii():
        return set(_LATIN.findall(word))
    return {word} if len(word) == 1 else {a + b for a, b in pairwise(word)}


def _shares(piece: str, codes: dict[str, float]) -> Iterator[tuple[str, float]]:
    whole = sum(codes.values()) + SMOOTH
    for code, weight in codes.items():
        if weight / whole >= LEAST:
            yield code, weight / whole * (SINGLE if len(piece) == 1 else 1.0)


def hints(text: str, votes: Votes) -> dict[str, float]:
    """How much the pieces of a folded text hint at each code."""
    pieces = {a + b for a, b in pairwise(text)} | {*text}
    pieces.update(_LATIN.findall(text))
    found: dict[str, float] = {}
    for piece in sorted(pieces & votes.keys())[:MOST_PIECES]:
        for code, share in votes[piece]:
            found[code] = found.get(code, 0.0) + share
    return found
