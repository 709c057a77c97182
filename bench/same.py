"""How well the same matter is found again: `python -m bench.same [FILE…] [--grids A,B] [--misses]`.

FILEs hold chats in time order, lines as in tests/data/reading/README.md. *First rank*: of the
reports whose matter was told before, how many have it in the first place among all matters told
before. *Recall*: how many are led to it. *False joins*: of all reports and of all chatter, how many
are led to a matter that isn't theirs.

`--learn` learns the weights from the grids LEARNT_FROM and writes them into domain/reading/same.py;
the others are for scoring only.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.reading import usual
from domain.reading import Lexicon, Reading, read
from domain.reading import same as table
from domain.reading.same import Matters, Trace, apart, signs, trace_of
from services.data import ear

DATA = Path("tests/data/reading")
FILES = (DATA / "streams_known.jsonl", DATA / "streams_learn.jsonl")
LEARNT_FROM = ("A", "B", "C", *(f"{hand}{n}" for hand in ("sa", "sb") for n in range(1, 5)))
# what is hardly ever a report teaches nothing; other chatter half as much as reports do
HEARD, CHATTER = 0.1, 0.5
STRENGTH = 0.1  # how far the weights may go (scikit-learn's C)
_TABLE = re.compile(r"# WEIGHTS\n.*?# /WEIGHTS\n", re.DOTALL)

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
    """Score and show, or learn."""
    parser = argparse.ArgumentParser(prog="python -m bench.same")
    parser.add_argument("files", nargs="*", type=Path, default=FILES)
    parser.add_argument("--grids", default="", help="A,B; without it those learnt from, the others")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--learn", action="store_true")
    given = parser.parse_args(arguments)
    chats, lexicon = grids(given.files), usual(ear())
    if given.learn:
        _write(learnt([chats[grid] for grid in LEARNT_FROM], lexicon))
        return 0
    parts = [set(given.grids.split(","))] if given.grids else _parts(chats)
    for part in filter(None, parts):
        score = Score()
        for grid in sorted(part):
            follow(chats[grid], lexicon, score)
        print("grids", *sorted(part))
        _show(score, misses=given.misses)
    return 0


def grids(files: Iterable[Path] = FILES) -> dict[str, list[Line]]:
    """The chats of some files by their grids."""
    texts = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    lines = map(json.loads, texts)
    return {grid: list(some) for grid, some in groupby(lines, key=lambda line: line["grid"])}


def _parts(chats: Iterable[str]) -> list[set[str]]:
    return [set(chats) & set(LEARNT_FROM), set(chats) - set(LEARNT_FROM)]


def follow(lines: list[Line], lexicon: Lexicon, score: Score) -> None:
    """One grid's chat. What was led wrongly stays where it was led."""
    own, known, first = Matters(), Matters(), dict[str, int]()
    for index, line in enumerate(lines):
        reading = read(line["text"], lexicon)
        began = time.process_time()
        led = own.told(index, line["text"], reading, line["minutes"])
        score.seconds.append(time.process_time() - began)
        if not line["report"]:
            score.chatter += 1
            score.false_chatter += led is not None
            if led is not None:
                score.wrong.append(f"(talk) {line['text']} -> {lines[led]['text']}")
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


# --- learning ---


def learnt(chats: Iterable[list[Line]], lexicon: Lexicon) -> dict[str, float]:
    """The weight of each sign: logistic regression over pairs of a line and an earlier report."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    pairs = [pair for chat in chats for pair in _pairs(chat, lexicon)]
    names = sorted(pairs[0][0].keys() - {"always"})
    told = np.array([[float(found[name]) for name in names] for found, _, _ in pairs])
    one = [same for _, same, _ in pairs]
    spread = told.std(axis=0)
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    model.fit(told / spread, one, sample_weight=[weight for _, _, weight in pairs])
    weights = dict(zip(names, (model.coef_[0] / spread).tolist(), strict=True))
    return {"always": float(model.intercept_[0]), **weights}


def _pairs(chat: list[Line], lexicon: Lexicon) -> Iterator[tuple[dict[str, float], bool, float]]:
    """(signs, whether it is one matter, how much it counts) of pairs that may be one."""
    earlier = list[tuple[Trace, str]]()
    for line in chat:
        reading = read(line["text"], lexicon)
        new = trace_of(line["text"], reading, line["minutes"])
        if line["report"] or reading.report >= HEARD:
            for old, matter in earlier:
                if not apart(new, old):
                    counts = 1.0 if line["report"] else CHATTER
                    yield signs(new, old), line["matter"] == matter, counts
        if line["report"]:
            earlier.append((new, line["matter"]))


def _write(weights: dict[str, float]) -> None:
    path = Path(str(table.__file__))
    rows = [f'    "{name}": {weight:.2f},\n' for name, weight in weights.items()]
    written = "".join(["# WEIGHTS\n", "WEIGHTS = {\n", *rows, "}\n", "# /WEIGHTS\n"])
    path.write_text(_TABLE.sub(lambda _: written, path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
