"""How well places are read: `python -m bench.places [FILE] [--seed N]`.

FILE holds reports, lines as in tests/data/reading/README.md (halves: even and odd lines), or
addresses: a JSON object a line, `text` and `label` with any of `houseno`, `cellno`, `floorno` and
`roomno` as they stand in the text (halves: by chance, from the seed). Addresses are compared
with narrow letters and without 号楼, 栋, 幢, 座, 单元, 层 and 室 on both sides.
"""

import argparse
import json
import random
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.reading import usual
from domain.reading import Lexicon, Place, read

KNOWN = Path("tests/data/reading/known.jsonl")
LABELS = {"building": "houseno", "unit": "cellno", "floor": "floorno", "room": "roomno"}

Line = dict[str, Any]
Pair = tuple[str, str]  # wanted and read


def main(arguments: Sequence[str] | None = None) -> int:
    """Score and show."""
    parser = argparse.ArgumentParser(prog="python -m bench.places")
    parser.add_argument("file", nargs="?", type=Path, default=KNOWN)
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args(arguments)
    lines = [json.loads(line) for line in given.file.read_text(encoding="utf-8").splitlines()]
    addresses, lexicon = "label" in lines[0], usual(None)
    order = list(range(len(lines)))
    if addresses:
        random.Random(given.seed).shuffle(order)
        halves = order[: len(order) // 2], order[len(order) // 2 :]
    else:
        halves = order[::2], order[1::2]
    for name, half in zip(("tuned on", "held back"), halves, strict=True):
        _show(name, [_pairs(lines[index], lexicon, addresses) for index in half])
    return 0


def _pairs(line: Line, lexicon: Lexicon, addresses: bool) -> dict[str, Pair]:
    found = read(line["text"], lexicon).place
    if addresses:
        wanted = {part: line["label"].get(label) for part, label in LABELS.items()}
        return {part: (_bare(wanted[part]), _bare(getattr(found, part))) for part in LABELS}
    wanted = line.get("place") or {}
    return {part: (wanted.get(part) or "", getattr(found, part) or "") for part in Place.__slots__}


def _bare(said: str | None) -> str:
    narrow = unicodedata.normalize("NFKC", said or "").lower()
    return re.sub("号楼|[栋幢座层室]|单元", "", narrow)


def _show(name: str, lines: list[dict[str, Pair]]) -> None:
    scores = [f"{part} {_f1(line[part] for line in lines):.3f}" for part in lines[0]]
    exact = sum(all(wanted == said for wanted, said in line.values()) for line in lines)
    print(f"{name}: F1 {', '.join(scores)}; all exact {exact / len(lines):.1%} of {len(lines)}")


def _f1(pairs: Iterable[Pair]) -> float:
    both, either = 0, 0
    for wanted, said in pairs:
        both += bool(wanted) and wanted == said
        either += bool(wanted) + bool(said)
    return 2 * both / either if either else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
