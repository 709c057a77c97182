"""One line of the doctor's: how it is, and what to do if it isn't well."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """How bad it is. Only BAD makes `linli doctor` exit with 1."""

    GOOD = "good"
    MIND = "mind"
    BAD = "bad"


SIGNS = {Mark.GOOD: "✓", Mark.MIND: "!", Mark.BAD: "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`about`: a word for what was looked at. `cure`: one sentence, empty if all is well."""

    mark: Mark
    about: str
    said: str
    cure: str = ""

    def line(self) -> str:
        """As a terminal shows it."""
        cure = f"\n    → {self.cure}" if self.cure else ""
        return f"{SIGNS[self.mark]} {self.about}: {self.said}{cure}"

    def plain(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return asdict(self)


def good(about: str, said: str) -> Finding:
    return Finding(Mark.GOOD, about, said)


def mind(about: str, said: str, cure: str) -> Finding:
    return Finding(Mark.MIND, about, said, cure)


def bad(about: str, said: str, cure: str) -> Finding:
    return Finding(Mark.BAD, about, said, cure)


def judged(about: str, value: float, said: str, cure: str, limits: tuple[float, float]) -> Finding:
    """Good below the first limit, bad from the second on."""
    if value < limits[0]:
        return good(about, said)
    return (bad if value >= limits[1] else mind)(about, said, cure)


def span(length: timedelta) -> str:
    """A length of time as one says it: 40 s, 12 min, 3 h, 5 days."""
    seconds = abs(length.total_seconds())
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """Bytes as one says them: 3.2 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("bytes", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
