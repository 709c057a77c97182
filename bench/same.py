"""How well the same matter is found again: `python -m bench.same [FILE] [--grids ABC] [--misses]`.

FILE holds chats in time order, lines as in tests/data/reading/README.md. *First rank*: of the
reports whose matter was told before, how many have it in the first place among all matters told
before. *Recall*: how many are led to it. *False joins*: of all reports and of all chatter, how many
are led to a matter that isn't theirs. The weights were fitted on grids A to C.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.reading import usual
from domain.reading import Lexicon, Reading, read
from domain.reading.same import Matters, trace_of
from services.data import ear

KNOWN = Path("tests/data/reading/streams_known.jsonl")

Line = dict[str, Any]


@dataclass
class Score:
    """What came of some chats; `missed` and `wrong` are texts to look at."""

    repeated: int = 0
    ranked_first: int = 0
    led: int = 0
    false: int = 0
    false_chatter: int = 0
    reports: int = 0
    chatter: int = 0
    seconds: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score and show."""
    parser = argparse.ArgumentParser(prog="python -m bench.same")
    parser.add_argument("file", nargs="?", type=Path, default=KNOWN)
    parser.add_argument("--grids", default="", help="letters of grids, all if empty")
    parser.add_argument("--misses", action="store_true")
    given = parser.parse_args(arguments)
    lines = [json.loads(line) for line in given.file.read_text(encoding="utf-8").splitlines()]
    grids = sorted({line["grid"] for line in lines})
    score = Score()
    for grid in grids:
        if not given.grids or grid in given.grids:
            follow([line for line in lines if line["grid"] == grid], usual(ear()), score)
    _show(score, misses=given.misses)
    return 0


def follow(lines: list[Line], lexicon: Lexicon, score: Score) -> None:
    """One grid's chat. What was led wrongly stays where it was led."""
    own, known, first = Matters(), Matters(), dict[str, int]()
    for index, line in enumerate(lines):
        reading = read(line["text"], lexicon)
        began = time.perf_counter()
        led = own.told(index, line["text"], reading, line["minutes"])
        score.seconds.append(time.perf_counter() - began)
        if not line["report"]:
            score.chatter += 1
            score.false_chatter += led is not None
            continue
        score.reports += 1
        _judge(score, line, led, lines, first.get(line["matter"]))
        _rank(score, line, reading, index, known, first)


def _judge(score: Score, line: Line, led: int | None, lines: list[Line], begun: int | None) -> None:
    right = led is not None and lines[led]["matter"] == line["matter"] and begun is not None
    score.repeated += begun is not None
    score.led += right
    if begun is not None and not right:
        score.missed.append(line["text"])
    if led is not None and not right:
        score.false += 1
        score.wrong.append(f"{line['text']} -> {lines[led]['text']}")


def _rank(
    score: Score, line: Line, reading: Reading, index: int, known: Matters, first: dict[str, int]
) -> None:
    """Among the matters as they truly are."""
    new = trace_of(line["text"], reading, line["minutes"])
    begun = first.setdefault(line["matter"], index)
    if begun != index:
        ranked = known.ranked(new)
        score.ranked_first += bool(ranked) and ranked[0][1] == begun
    known.add(index, new, begun)


def _show(score: Score, *, misses: bool) -> None:
    seconds = sorted(score.seconds)
    print(f"first rank  {score.ranked_first} of {score.repeated}")
    print(f"recall      {score.led} of {score.repeated}")
    print(f"false joins {score.false} of {score.reports} reports")
    print(f"            {score.false_chatter} of {score.chatter} lines of chatter")
    median, worst = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    print(f"comparing   {median * 1000:.2f} ms median, {worst * 1000:.2f} ms p99, reading apart")
    if misses:
        print("\n".join(["", "not found again:", *score.missed, "", "led wrongly:", *score.wrong]))


if __name__ == "__main__":
    sys.exit(main())
