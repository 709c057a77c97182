"""Figures as they are shown: each with its target, whether it is met, and how it was measured."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`reached` against `target`; None: no target, told for comparison. `how`: it was measured."""

    part: str
    name: str
    reached: float
    unit: str
    how: str
    target: float | None = None
    least: bool = False  # the target is the least, not the most

    @property
    def met(self) -> bool | None:
        """Whether the target is reached."""
        if self.target is None:
            return None
        return self.reached >= self.target if self.least else self.reached <= self.target

    @property
    def line(self) -> str:
        """One line for the terminal."""
        sign = "≥" if self.least else "≤"
        wanted = "" if self.target is None else f"{sign} {number(self.target)}"
        verdict = {True: "pass", False: "MISS", None: ""}[self.met]
        shown = f"{number(self.reached)} {self.unit}"
        return f"  {self.name:<44} {shown:>16}  {wanted:>9}  {verdict:<4}  {self.how}"


def number(value: float) -> str:
    """Three figures that count."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def middle(values: Sequence[float]) -> float:
    """The median, 0 of nothing."""
    return statistics.median(values) if values else 0.0


def share(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0-1) of them lie, the highest for few; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def write(path: Path, figures: Sequence[Figure], machine: str) -> None:
    """All of them as one JSON document."""
    found = {"machine": machine, "figures": [asdict(each) | {"met": each.met} for each in figures]}
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
