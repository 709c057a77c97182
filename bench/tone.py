"""Learn how reports and danger sound: `python -m bench.tone` writes the lexicon's last rows.

From the even lines of known.jsonl, our own.jsonl and the everyday texts of tests/data, so that the
odd lines stay a measure. A piece's weight is the logarithm of how much oftener it occurs in
reports than in talk, or in danger than elsewhere.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from math import log
from pathlib import Path
from typing import Any

from domain.reading.folding import fold
from domain.reading.tone import CALM, DANGER, REPORTS, TALKS, pieces_of

DATA = Path("tests/data")
LEXICON = Path("services/data/lexicon.csv")
SEEN = 2  # texts that a piece must occur in
SMOOTH = 1.0

Labelled = tuple[str, bool]  # a text, whether it is so


def reports() -> Iterator[Labelled]:
    """What may be learnt from of the sound of reports."""
    for line in _labelled():
        yield line["text"], line["report"]
    for line in (*_everyday("reports"), *_everyday("paraphrases")):
        yield line["text"], line["kind"] != "CHAT"


def dangers() -> Iterator[Labelled]:
    """And of danger: where it is labelled."""
    for line in _labelled():
        yield line["text"], line["urgency"] == "now"
    for line in _everyday("reports"):
        if "urgency" in line or line["kind"] == "CHAT":
            yield line["text"], line.get("urgency") == "now"


def _labelled() -> list[dict[str, Any]]:
    return [*_everyday("reading/known")[::2], *_everyday("reading/own")]


def _everyday(name: str) -> list[dict[str, Any]]:
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def learnt(labelled: Iterable[Labelled]) -> dict[str, float]:
    """The weight of each piece."""
    counts: dict[str, list[int]] = {}
    whole = [0, 0]
    for text, so in labelled:
        whole[so] += 1
        for piece in pieces_of(fold(text).text):
            counts.setdefault(piece, [0, 0])[so] += 1
    return {
        piece: _weight(no, yes, whole)
        for piece, (no, yes) in sorted(counts.items())
        if no + yes >= SEEN
    }


def _weight(no: int, yes: int, whole: list[int]) -> float:
    of_no = (no + SMOOTH) / (whole[0] + 2 * SMOOTH)
    of_yes = (yes + SMOOTH) / (whole[1] + 2 * SMOOTH)
    return round(log(of_yes / of_no), 2)


def main() -> int:
    """Put the rows into the lexicon, in the place of those that it had."""
    lines = LEXICON.read_text(encoding="utf-8").splitlines(keepends=True)
    codes = tuple(f"{code}," for code in (REPORTS, TALKS, DANGER, CALM))
    with LEXICON.open("w", encoding="utf-8", newline="") as file:
        file.writelines(line for line in lines if not line.startswith(codes))
        rows = csv.writer(file, lineterminator="\n")
        rows.writerows(_rows(REPORTS, TALKS, learnt(reports())))
        rows.writerows(_rows(DANGER, CALM, learnt(dangers())))
    return 0


def _rows(
    above: str, below: str, pieces: dict[str, float]
) -> Iterator[tuple[str, str, str, float]]:
    for piece, weight in pieces.items():
        if weight:
            language = "en" if piece.isascii() else "zh-Hans"
            yield above if weight > 0 else below, language, piece, abs(weight)


if __name__ == "__main__":
    sys.exit(main())
