"""How long to measure."""

from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """`seconds`: of a round; `rounds`: of each contestant; `idle`: seconds of doing nothing;
    `stored`: cases of the large database."""

    seconds: float
    rounds: int
    idle: float
    stored: int


FULL = Scale(seconds=10.0, rounds=3, idle=120.0, stored=1_000_000)
QUICK = Scale(seconds=2.0, rounds=1, idle=10.0, stored=20_000)
