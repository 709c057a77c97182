"""The fault suite: kills, seeds, power cuts, and every fault of the list.

    python -m tests.chaos [--kills 100] [--seeds 200] [--seed N] [--state FILE]

Prints its seed; with the same seed the same is done again. With --state what is done is noted in
a file, and a run that was stopped goes on where it was. Exit status 1 if anything was broken.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.faults import to_run
from tests.chaos.kill import WAYS

KILLS_A_ROUND = 25
SEEDS_A_ROUND = 100
CUTS = 200


@dataclass(frozen=True)
class Piece:
    """One command of the suite. `name` says what it does and never changes for a seed."""

    name: str
    command: tuple[str, ...]


def pieces(kills: int, seeds: int, seed: int) -> Iterator[Piece]:
    """Everything that is to be done, in order."""
    yield Piece("every fault", ("pytest", "-q", "-p", "no:cacheprovider", *to_run()))
    yield Piece(f"{CUTS} power cuts", ("tests.chaos.power", "--cuts", str(CUTS), *_seed(seed)))
    for number, first in enumerate(range(0, seeds, SEEDS_A_ROUND)):
        start, count = seed + first, min(SEEDS_A_ROUND, seeds - first)
        span = f"{start}-{start + count - 1}"
        jobs = str(min(2, os.cpu_count() or 1))
        command = ("tests.chaos.sim", "--seeds", span, "--jobs", jobs)
        yield Piece(f"seeds {number}: {span}", command)
    for number, first in enumerate(range(0, kills, KILLS_A_ROUND)):
        way, count = WAYS[number % len(WAYS)], min(KILLS_A_ROUND, kills - first)
        given = ("--way", way, "--kills", str(count), *_seed(seed + number))
        yield Piece(f"kills {number}: {count} on {way}", ("tests.chaos.kill", *given))


def _seed(seed: int) -> tuple[str, str]:
    return "--seed", str(seed)


class State:
    """What is done, in a file if there is one."""

    def __init__(self, path: Path | None, seed: int | None) -> None:
        self._path = path
        kept = json.loads(path.read_text()) if path is not None and path.exists() else {}
        self.seed: int = kept.get("seed", random.randrange(10**6) if seed is None else seed)
        self.done: dict[str, Any] = kept.get("done", {})

    def note(self, piece: Piece, broken: bool, said: str) -> None:
        self.done[piece.name] = {"broken": broken, "said": said.splitlines()[-3:]}
        if self._path is not None:
            self._path.write_text(json.dumps({"seed": self.seed, "done": self.done}, indent=1))


def run(piece: Piece, state: State) -> bool:
    """Do a piece and say what came of it; whether it was broken."""
    began = time.monotonic()
    command = [sys.executable, "-m", *piece.command]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    broken = ended.returncode != 0
    state.note(piece, broken, ended.stdout)
    said = ended.stdout.strip() if broken else ended.stdout.strip().splitlines()[-1:]
    print(f"{'BROKEN' if broken else 'ok'}  {piece.name}  ({time.monotonic() - began:.0f} s)")
    print("\n".join(said) if isinstance(said, list) else said, flush=True)
    return broken


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--state", type=Path)
    given = parser.parse_args(arguments)
    state = State(given.state, given.seed)
    print(f"seed {state.seed} (again with: --seed {state.seed})", flush=True)
    for piece in pieces(given.kills, given.seeds, state.seed):
        if piece.name not in state.done:
            run(piece, state)
    broken = [name for name, what in state.done.items() if what["broken"]]
    print(f"{len(state.done)} pieces done, broken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
