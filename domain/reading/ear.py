"""The ear: what our own texts have taught of how people say it, beside the lexicon's words.

Most who report say none of the words that one would think of. So each kind, a report as such and
danger have weights for all that can be noticed in a text: its characters and pairs of them, its
English words, the lexicon's groups and marks, and what its words say. The weights are a file of
numbers, learnt from the texts in tests/data/reading by `python -m bench.ear` and handed in.

All weights of a piece lie side by side in one large integer, so that a text costs one addition
for each of its pieces however many kinds there are.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from math import exp, log
from operator import add, mul
from typing import Any

MAGIC = b"LINLIEAR1\n"
REPORT, NOW = "report", "now"  # the two labels beside the kinds
LOOKED_AT = 1_000  # characters of a text: what somebody reports has been said by then
LANE = 2  # bytes in the large integer; a weight has one of them
ZERO = 128  # weights are moved up by it so that none is negative
MOST = 255  # times that pieces may be added up before a lane runs over
KEPT = 4_000  # pieces that stay unpacked: those that come first are those that come often
DIGEST = 32  # bytes of a SHA-256
SIZE = 4  # bytes of a length

_LATIN = re.compile("[a-z]{2,}")
_NUMBERS = re.compile("[0-9]+")
_MARKS = frozenset("!?:()#。…、【】「」『』“”《》")
STEP, STEPS = 12, 7  # characters; how long a text is tells a little too


class BadEar(Exception):
    """A file that isn't an ear, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Second:
    """A second hearing: how likely a report or danger is by what was heard at first, the signs of
    `_signs` one by one, each by each, and a bias."""

    weights: tuple[float, ...]
    bias: float

    def chance(self, signs: Sequence[float]) -> float:
        """The probability."""
        return _logistic(self.bias + sum(map(mul, self.weights, by_each_other(signs))))


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a text: probabilities of the kinds, together 1, of a report and of danger
    to somebody now."""

    kinds: dict[str, float]
    report: float
    danger: float


@dataclass(frozen=True, slots=True)
class Ear:
    """`labels`: kinds, then REPORT and NOW. `pieces`: the digests of all pieces in order; their
    weights lie in `rows` in the same order, one byte for each label. A label's sum times its
    scale, plus its bias, is its score; scores divided by the temperature become probabilities of
    the kinds. `dangers`: how often each kind is danger; `bounds`: the lowest and highest that a
    sign may be; `kept`: pieces whose weights stand side by side already."""

    labels: tuple[str, ...]
    pieces: array[int]
    rows: bytes
    scales: tuple[float, ...]
    biases: tuple[float, ...]
    temperature: float
    dangers: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]
    second: Mapping[str, Second]
    kept: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The codes of the kinds and matters that it knows."""
        return self.labels[:-2]

    def hear(self, noticed: Mapping[str, int]) -> Heard:
        """What was noticed in a text, how often or how much, as probabilities."""
        *scores, report, danger = self._scores(noticed)
        shares = _shares(scores, self.temperature)
        signs = [
            min(high, max(low, sign))
            for sign, (low, high) in zip(
                signs_of(report, danger, shares, self.dangers), self.bounds, strict=True
            )
        ]
        return Heard(
            dict(zip(self.labels, shares, strict=False)),
            self.second[REPORT].chance(signs),
            self.second[NOW].chance(signs),
        )

    def _scores(self, noticed: Mapping[str, int]) -> Iterator[float]:
        sums, packed, count, kept = [0] * len(self.labels), 0, 0, self.kept
        for piece, times in noticed.items():
            lanes = kept.get(piece)
            if lanes is None:
                lanes = self._lanes(piece)
            if not lanes:
                continue
            if count + times > MOST:
                sums = [*map(add, sums, self._unpacked(packed, count))]
                packed, count, times = 0, 0, min(times, MOST)
            packed += lanes * times
            count += times
        whole = map(add, sums, self._unpacked(packed, count))
        return map(add, self.biases, map(mul, self.scales, whole))

    def _lanes(self, piece: str) -> int:
        """A piece's weights side by side; 0 if it has none."""
        row, packed = self._row(piece), 0
        if row:
            lanes = bytearray(len(self.labels) * LANE)
            lanes[::LANE] = row
            packed = int.from_bytes(lanes, "little")
        if len(self.kept) < KEPT:
            self.kept[piece] = packed
        return packed

    def _row(self, piece: str) -> bytes:
        digest, width = digest_of(piece), len(self.labels)
        at = bisect_left(self.pieces, digest)
        known = at < len(self.pieces) and self.pieces[at] == digest
        return self.rows[at * width : (at + 1) * width] if known else b""

    def _unpacked(self, packed: int, count: int) -> list[int]:
        lanes = array("H", packed.to_bytes(len(self.labels) * LANE, "little"))
        if sys.byteorder == "big":
            lanes.byteswap()
        zero = count * ZERO
        return [lane - zero for lane in lanes]

    def spoke(self, noticed: Mapping[str, int], label: str, most: int = 6) -> tuple[str, ...]:
        """What was noticed and spoke for a label, the loudest first."""
        at = self.labels.index(label)
        worth = {
            piece: (row[at] - ZERO) * times
            for piece, times in noticed.items()
            if (row := self._row(piece))
        }
        loud = sorted((each for each in worth if worth[each] > 0), key=lambda p: (-worth[p], p))
        return tuple(loud[:most])


def signs_of(
    report: float, danger: float, shares: Sequence[float], dangers: Sequence[float]
) -> tuple[float, float, float, float]:
    """What the second hearing goes by: the first scores of a report and of danger, how dangerous
    the likely kinds are (log odds), and how likely the likeliest is."""
    told = sum(map(mul, shares, dangers))
    return report, danger, log(told / (1 - told)), max(shares)


def by_each_other(signs: Sequence[float]) -> list[float]:
    """Signs one by one, and each by each."""
    return [*signs, *(a * b for at, a in enumerate(signs) for b in signs[at:])]


def _shares(scores: Sequence[float], temperature: float) -> list[float]:
    highest = max(scores)
    powers = [exp((score - highest) / temperature) for score in scores]
    whole = sum(powers)
    return [power / whole for power in powers]


def _logistic(score: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


def digest_of(piece: str) -> int:
    """By which a piece is found: tens of thousands of strings would cost megabytes."""
    return int.from_bytes(blake2b(piece.encode(errors="replace"), digest_size=8).digest(), "big")


def pieces_of(text: str) -> set[str]:
    """The pieces of a folded text; a number counts as one, whichever it is."""
    text = _NUMBERS.sub("0", text[:LOOKED_AT])
    found = {a + b for a, b in pairwise(text) if a > "㐀" and b > "㐀"}
    found |= {char for char in text if char > "㐀" or char in _MARKS}
    words = _LATIN.findall(text)
    found.update(words)
    found.update(map(" ".join, pairwise(words)))
    found.add(f"length {min(STEPS, len(text) // STEP)}")
    return found


# --- the file ---


def dump(pieces: Sequence[str], weights: Sequence[Sequence[float]], head: dict[str, Any]) -> bytes:
    """The file: a header in JSON, the pieces' digests, a byte for each weight, a checksum.

    `weights`: for each piece one for each label. `head`: the fields of Ear that aren't weights, and
    `learnt_from`, the digest of the texts.
    """
    scales = [_scale([row[at] for row in weights]) for at in range(len(head["labels"]))]
    ordered = sorted(zip(map(digest_of, pieces), weights, strict=True))
    rows = bytes(
        round(weight / scale) + ZERO
        for _, row in ordered
        for weight, scale in zip(row, scales, strict=True)
    )
    told = json.dumps(head | {"scales": scales}, ensure_ascii=False).encode()
    digests = b"".join(digest.to_bytes(8, "little") for digest, _ in ordered)
    parts = told, digests, rows
    sizes = b"".join(len(part).to_bytes(SIZE, "little") for part in parts)
    body = MAGIC + sizes + b"".join(parts)
    return body + hashlib.sha256(body).digest()


def _scale(values: Sequence[float]) -> float:
    return max(map(abs, values), default=0.0) / (ZERO - 1) or 1.0


def load(data: bytes) -> Ear:
    """The ear of a file. Raises BadEar for one that `dump` has not made."""
    head, pieces, rows = _parts(data)
    labels, digests = tuple(head["labels"]), array("Q", pieces)
    if sys.byteorder == "big":
        digests.byteswap()
    if len(rows) != len(digests) * len(labels):
        raise BadEar("out of bounds")
    return Ear(
        labels=labels,
        pieces=digests,
        rows=rows,
        scales=tuple(head["scales"]),
        biases=tuple(head["biases"]),
        temperature=head["temperature"],
        dangers=tuple(head["dangers"]),
        bounds=tuple((low, high) for low, high in head["bounds"]),
        second={label: Second(tuple(w), bias) for label, (w, bias) in head["second"].items()},
    )


def learnt_from(data: bytes) -> str:
    """The digest of the texts that a file was learnt from. Raises BadEar."""
    return str(_parts(data)[0]["learnt_from"])


def _parts(data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    body, digest = data[:-DIGEST], data[-DIGEST:]
    if not body.startswith(MAGIC) or hashlib.sha256(body).digest() != digest:
        raise BadEar("not an ear, or not a whole one")
    at = len(MAGIC) + 3 * SIZE
    sizes = [
        int.from_bytes(body[place : place + SIZE], "little")
        for place in range(len(MAGIC), at, SIZE)
    ]
    head, pieces = body[at : at + sizes[0]], body[at + sizes[0] : at + sizes[0] + sizes[1]]
    return json.loads(head), pieces, body[at + sizes[0] + sizes[1] :]
