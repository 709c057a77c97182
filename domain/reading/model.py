"""A town's own model: which kind a text speaks of, by its characters and pairs of them.

Linear over single characters and pairs, learnt by `linli learn` from what people put right.
An artefact is numbers and pairs of characters and can't execute anything; what is wrong with it
is `BadModel`.

A run's weights for all labels lie side by side in one large integer, so that a text costs one
addition for each of its runs however many labels there are.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, isfinite, sqrt
from typing import Any

MAGIC = b"LINLIMODEL1\n"
MOST_BYTES = 5_000_000
MOST_LABELS = 400
MOST_GRAMS = 200_000
LONGEST_LABEL = 64  # characters
LONGEST = 2  # characters of a run
LOOKED_AT = 1_000  # characters of a text: what somebody reports has been said by then
DIGEST = 32  # bytes of a SHA-256
HEADER = 4  # bytes of the header's length
HALF = 1 << 15  # weights are 16 bits wide, moved up so that none is negative
LANE = 4  # bytes in the large integer: sums of 65,536 weights fit

_SPACES = re.compile(r"\s+")
_NUMBERS = re.compile(r"[0-9]+")
# in texts that are learnt from, where personal data was
GAP = " "


class BadModel(Exception):
    """An artefact that can't be used. `code`: not_ours, too_large, damaged or out_of_bounds."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training ends with. `weights`: for each run, one for each label, then how much the
    run counts in the text's length; `biases` for each label, `temperature` above 0 divides all.
    `numbers`: whether digits may be part of a run. `share`: how much the model's word weighs
    beside the rules', 0 to 1."""

    labels: tuple[str, ...]
    grams: tuple[str, ...]
    weights: Sequence[Sequence[float]]
    biases: tuple[float, ...]
    temperature: float
    numbers: bool
    share: float


@dataclass(frozen=True, slots=True)
class Model:
    """An artefact ready to read with: `lanes` has each run's weights as one large integer."""

    labels: tuple[str, ...]
    lanes: Mapping[str, int]
    scales: tuple[float, float]
    biases: tuple[float, ...]
    temperature: float
    numbers: bool
    share: float

    def probabilities(self, text: str) -> tuple[float, ...]:
        """How likely a folded text speaks of each label, in the labels' order; together 1."""
        known = [*filter(None, map(self.lanes.get, grams_of(text, self.numbers)))]
        sums = array("I", sum(known).to_bytes((len(self.labels) + 1) * LANE, "little"))
        if sys.byteorder == "big":
            sums.byteswap()
        weight, length = self.scales
        zero = len(known) * HALF
        long = (sums.pop() - zero) * length
        factor = weight / sqrt(long) if long > 0 else 0.0
        scores = [
            ((each - zero) * factor + bias) / self.temperature
            for each, bias in zip(sums, self.biases, strict=True)
        ]
        highest = max(scores)
        powers = [exp(score - highest) for score in scores]
        whole = sum(powers)
        return tuple(power / whole for power in powers)

    def likeliest(self, text: str, most: int = 3) -> tuple[tuple[str, float], ...]:
        """The `most` likeliest labels of a folded text with their probabilities."""
        found = zip(self.labels, self.probabilities(text), strict=True)
        return tuple(sorted(found, key=lambda each: (-each[1], each[0]))[:most])

    def spoke(self, text: str, label: str, most: int = 5) -> tuple[str, ...]:
        """The pairs that spoke most for a label, the loudest first."""
        at = self.labels.index(label)
        worth = {
            gram: _lane(self.lanes[gram], at)
            for gram in grams_of(text, self.numbers)
            if gram in self.lanes and len(gram) > 1
        }
        loud = sorted((gram for gram in worth if worth[gram] > 0), key=lambda g: (-worth[g], g))
        return tuple(loud[:most])


def _lane(packed: int, at: int) -> int:
    return (packed >> (at * LANE * 8) & 0xFFFFFFFF) - HALF


def grams_of(text: str, numbers: bool) -> set[str]:
    """The characters and pairs of a folded text; without `numbers`, none has a digit."""
    text = text[:LOOKED_AT]
    text = _SPACES.sub(" ", text if numbers else _NUMBERS.sub(GAP, text)).strip()
    found = {*text, *map("".join, pairwise(text))}
    found.discard(" ")
    return found


# --- artefacts ---


def dump(trained: Trained) -> bytes:
    """The artefact: a header in JSON, the runs, their weights in 16 bits, a checksum.

    Raises BadModel `too_large`.
    """
    count = len(trained.labels)
    weight = _scale(each for row in trained.weights for each in row[:count])
    length = _scale(row[count] for row in trained.weights)
    rows = array("h")
    for row in trained.weights:
        rows.extend(round(each / weight) for each in row[:count])
        rows.append(round(row[count] / length))
    if sys.byteorder == "big":
        rows.byteswap()
    head = json.dumps(
        {
            "labels": trained.labels,
            "grams": len(trained.grams),
            "scales": (weight, length),
            "biases": trained.biases,
            "temperature": trained.temperature,
            "numbers": trained.numbers,
            "share": trained.share,
        },
        ensure_ascii=False,
    ).encode()
    words = "\n".join(trained.grams).encode()
    sizes = len(head).to_bytes(HEADER, "little") + len(words).to_bytes(HEADER, "little")
    body = MAGIC + sizes + head + words + rows.tobytes()
    if len(body) + DIGEST > MOST_BYTES:
        raise BadModel("too_large")
    return body + hashlib.sha256(body).digest()


def _scale(values: Iterable[float]) -> float:
    return max((abs(value) for value in values), default=0.0) / (HALF - 1) or 1.0


def load(data: bytes) -> Model:
    """The model of an artefact. Raises BadModel for whatever `dump` would not have made."""
    start = len(MAGIC) + 2 * HEADER
    if len(data) > MOST_BYTES:
        raise BadModel("too_large")
    if not data.startswith(MAGIC) or len(data) < start + DIGEST:
        raise BadModel("not_ours")
    body, digest = data[:-DIGEST], data[-DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        raise BadModel("damaged")
    head_size = int.from_bytes(body[len(MAGIC) : start - HEADER], "little")
    word_size = int.from_bytes(body[start - HEADER : start], "little")
    words_at, rows_at = start + head_size, start + head_size + word_size
    if rows_at > len(body):
        raise BadModel("out_of_bounds")
    try:
        head = json.loads(body[start:words_at])
        grams = body[words_at:rows_at].decode().split("\n") if word_size else []
    except (ValueError, RecursionError):
        raise BadModel("damaged") from None
    return _model(head, grams, body[rows_at:])


def _model(head: Any, grams: list[str], rows: bytes) -> Model:
    labels = _labels(head)
    scales = _numbers(head.get("scales"), 2)
    biases = _numbers(head.get("biases"), len(labels))
    temperature, share = _numbers([head.get("temperature"), head.get("share")], 2)
    width = (len(labels) + 1) * 2
    sound = (
        len(grams) == head.get("grams") <= MOST_GRAMS
        and len(set(grams)) == len(grams)
        and all(0 < len(gram) <= LONGEST for gram in grams)
        and len(rows) == len(grams) * width
        and min(scales) > 0
        and temperature > 0
        and 0 <= share <= 1
        and isinstance(head.get("numbers"), bool)
    )
    if not sound:
        raise BadModel("out_of_bounds")
    lanes = {
        gram: _packed(rows[at : at + width])
        for gram, at in zip(grams, range(0, len(rows), width), strict=True)
    }
    return Model(labels, lanes, (scales[0], scales[1]), biases, temperature, head["numbers"], share)


def _labels(head: Any) -> tuple[str, ...]:
    found = head.get("labels") if isinstance(head, dict) else None
    if not isinstance(found, list) or not 0 < len(found) <= MOST_LABELS:
        raise BadModel("out_of_bounds")
    if not all(isinstance(each, str) and len(each) <= LONGEST_LABEL for each in found):
        raise BadModel("out_of_bounds")
    if len(set(found)) < len(found):
        raise BadModel("out_of_bounds")
    return tuple(found)


def _numbers(found: Any, count: int) -> tuple[float, ...]:
    """So many finite numbers of a sane size: nothing that a reading could stumble over."""
    if not isinstance(found, list) or len(found) != count:
        raise BadModel("out_of_bounds")
    if not all(type(each) in (int, float) and isfinite(each) for each in found):
        raise BadModel("out_of_bounds")
    if any(abs(each) > 1e6 for each in found):
        raise BadModel("out_of_bounds")
    return tuple(map(float, found))


def _packed(row: bytes) -> int:
    values = array("h", row)
    if sys.byteorder == "big":
        values.byteswap()
    lanes = array("I", [value + HALF for value in values])
    if sys.byteorder == "big":
        lanes.byteswap()
    return int.from_bytes(lanes.tobytes(), "little")
