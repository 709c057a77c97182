"""How well texts are read: `python -m bench.reading [FILE] [--half even|odd] [--misses WHAT]`.

FILE has lines as in tests/data/reading/README.md; the default is `known.jsonl`, which was tuned
on: its odd half was only looked at as a score.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure, share
from domain.catalogue import Catalogue, parse_conditions, parse_kinds, parse_not_admitted
from domain.policy import Policy
from domain.reading import Ear, Lexicon, Reading, read
from domain.reading.ear import load
from domain.reading.hearing import hear
from services.data import default_rows
from services.data import ear as shipped

KNOWN = Path("tests/data/reading/known.jsonl")
LINE = 0.5  # from here on a text counts as a report
USUAL = Policy()
BINS = 10
TIMES = 3  # a reading is timed so often, the best counts


@dataclass(frozen=True, slots=True)
class Read:
    """A labelled text and what was read in it, in `seconds` of one core. `asked`: whether a group
    that listens would be asked about it."""

    label: dict[str, Any]
    reading: Reading
    seconds: float
    asked: bool = False

    @property
    def first(self) -> str:
        """The likeliest kind."""
        return self.reading.kinds[0][0]

    @property
    def careful(self) -> set[str]:
        """What a careful clerk might choose."""
        return {self.label["kind"], *self.label["also"]}

    @property
    def among_three(self) -> bool:
        """Whether one of the first three kinds will do."""
        return bool(self.careful & {code for code, _ in self.reading.kinds})

    @property
    def found(self) -> bool:
        """Whether it was taken for a report."""
        return self.reading.report >= LINE


def usual(ear: Ear | None) -> Lexicon:
    """The lexicon that ships, over the catalogue that ships."""
    kinds = parse_kinds(default_rows("kinds")).required()
    conditions = parse_conditions(default_rows("conditions"), kinds).required()
    matters = parse_not_admitted(default_rows("not_admitted")).required()
    return Lexicon.build(default_rows("lexicon"), Catalogue.build(kinds, conditions, matters), ear)


def readings(path: Path, half: str | None = None, ear: Ear | None = None) -> list[Read]:
    """Every line of a file read; `half`: "even" or "odd" lines only, counted from 0; `ear`: another
    than the one that ships."""
    lexicon = usual(ear or shipped())
    labels = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chosen = labels[half == "odd" :: 2] if half else labels
    return [_read(label, lexicon) for label in chosen]


def _read(label: dict[str, Any], lexicon: Lexicon) -> Read:
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        found = read(label["text"], lexicon)
        seconds.append(time.perf_counter() - began)
    asked = hear(found, lexicon.catalogue, USUAL.listen_from, USUAL.report_from) is not None
    return Read(label, found, min(seconds), asked)


def figures(found: Sequence[Read], how: str) -> list[Figure]:
    """Everything that is promised of a reading."""
    reports = [each for each in found if each.label["report"]]
    chatter = [each for each in found if not each.label["report"]]
    now = [each for each in reports if each.label["urgency"] == "now"]
    alarms = [each for each in found if each.reading.urgency == "now"]
    of = f"{how}, {len(reports)} reports, {len(chatter)} others"

    def one(name: str, value: float, target: float | None = None, least: bool = True) -> Figure:
        return Figure("reading", name, value, "%", of, target, least)

    return [
        one("kind first, exactly the clerk's", part(reports, _exact)),
        one("kind first, or one a careful clerk may choose", part(reports, _careful), 85),
        one("first three, exactly the clerk's", part(reports, _exact_three)),
        one("first three, or one a clerk may choose", part(reports, lambda e: e.among_three), 95),
        one("reports found", part(reports, lambda e: e.found), 95),
        one("false alarms among all else", part(chatter, lambda e: e.found), 2, False),
        one("reports asked about in a listening group", part(reports, lambda e: e.asked), 95),
        one("other talk asked about there", part(chatter, lambda e: e.asked), 2, False),
        one(f"dangers now found, of {len(now)}", part(now, _alarms), 98),
        one(f"alarms that are dangers, of {len(alarms)}", part(alarms, _is_now), 70),
        one("calibration error of report", 100 * ece(_reported(found))),
        one("calibration error of the first kind", 100 * ece(_kinds(reports))),
        *_times(found, how),
    ]


def _times(found: Sequence[Read], how: str) -> list[Figure]:
    seconds = [each.seconds for each in found]
    return [
        Figure("reading", "one reading, median", 1e3 * share(seconds, 0.5), "ms", how, 0.3),
        Figure("reading", "one reading, p99", 1e3 * share(seconds, 0.99), "ms", how, 2),
    ]


def _exact(each: Read) -> bool:
    return each.first == str(each.label["kind"])


def _careful(each: Read) -> bool:
    return each.first in each.careful


def _exact_three(each: Read) -> bool:
    return each.label["kind"] in {code for code, _ in each.reading.kinds}


def _alarms(each: Read) -> bool:
    return each.reading.urgency == "now"


def _is_now(each: Read) -> bool:
    return bool(each.label["urgency"] == "now")


def part(found: Sequence[Read], holds: Callable[[Read], bool]) -> float:
    """Per cent for which it holds, 0 of nothing."""
    return 100 * sum(map(holds, found)) / len(found) if found else 0.0


def _reported(found: Iterable[Read]) -> list[tuple[float, bool]]:
    return [(each.reading.report, bool(each.label["report"])) for each in found]


def _kinds(reports: Iterable[Read]) -> list[tuple[float, bool]]:
    return [(each.reading.kinds[0][1], _careful(each)) for each in reports]


def ece(told: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error over ten equal bins: how far a probability is from how often
    it was right, on the average."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for p, right in told:
        bins[min(BINS - 1, int(p * BINS))].append((p, right))
    apart = (abs(sum(p for p, _ in b) - sum(right for _, right in b)) for b in bins)
    return sum(apart) / len(told) if told else 0.0


def by_language(found: Sequence[Read]) -> list[str]:
    """A line for each language."""
    lines = []
    for language in sorted({each.label["language"] for each in found}):
        some = [each for each in found if each.label["language"] == language]
        reports = [each for each in some if each.label["report"]]
        chatter = [each for each in some if not each.label["report"]]
        lines.append(
            f"  {language:<8} {len(some):>4} texts: kind first {part(reports, _careful):5.1f} %, "
            f"first three {part(reports, lambda e: e.among_three):5.1f} %, reports found "
            f"{part(reports, lambda e: e.found):5.1f} %, false alarms "
            f"{part(chatter, lambda e: e.found):4.1f} %"
        )
    return lines


MISSES: dict[str, Callable[[Read], bool]] = {
    "kind": lambda e: e.label["report"] and not _careful(e),
    "three": lambda e: e.label["report"] and not e.among_three,
    "report": lambda e: e.label["report"] and not e.found,
    "false": lambda e: not e.label["report"] and e.found,
    "now": lambda e: _is_now(e) and not _alarms(e),
    "alarm": lambda e: _alarms(e) and not _is_now(e),
}


def _told(each: Read) -> str:
    kinds = " ".join(f"{code} {p:.2f}" for code, p in each.reading.kinds)
    wanted = f"{each.label['kind']} {'/'.join(each.label['also'])} {each.label['urgency']}"
    got = f"{each.reading.report:.2f} {each.reading.urgency} {each.reading.urgency_reason}"
    return f"{wanted} | {kinds} | {got} | {each.label['text']}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Score a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=KNOWN)
    parser.add_argument("--half", choices=["even", "odd"])
    parser.add_argument("--misses", choices=list(MISSES), help="show what was read wrongly")
    parser.add_argument("--ear", type=Path, help="read by another ear than the one that ships")
    given = parser.parse_args(arguments)
    ear = load(given.ear.read_bytes()) if given.ear else None
    found = readings(given.file, given.half, ear)
    if given.misses:
        print(*(_told(each) for each in found if MISSES[given.misses](each)), sep="\n")
        return 0
    for figure in figures(found, f"{given.file.name} {given.half or ''}".strip()):
        print(figure.line)
    print(*by_language(found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
