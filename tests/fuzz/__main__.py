"""`make fuzz`: hostile input by the hundred thousand, in every way that input comes in.

It ends after `--seconds`, however far it came. `make fuzz ARGS="--seed 7"`, said again, goes on
where it stopped, because what is done of a seed is noted below `--keep`. Exit status 1 and a file
of findings there if anything broke.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from random import Random
from secrets import randbelow
from time import perf_counter

from tests.fuzz.described import Maker
from tests.fuzz.real import recorded
from tests.fuzz.way import BATCH, Tally, Way, migrated

ROUND = 5000  # updates that share a town: it begins anew with each round
SHARES = {"updates": 0.7, "webhook": 0.1, "files": 0.1, "guided": 0.1}  # of the seconds
# the share of updates of any kind and about anybody, most of which nobody asked for; the others are
# about the town and mostly reach a handler, which takes a hundred times as long
WIDE = 0.85
POSTED = 50  # one in so many of `--count` goes over the real webhook
KEEP = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "linli-fuzz"


def one_round(template: Path, seed: int, number: int) -> Tally:
    """ROUND updates in a town of their own. The same seed and number make the same ones."""
    rng = Random(f"{seed}:{number}")
    way = Way(template, rng)
    try:
        maker = Maker(rng, way.town, recorded())
        for _ in range(ROUND // BATCH):
            way.take([_one(rng, maker) for _ in range(BATCH)])
    finally:
        way.close()
    for each in way.tally.found:
        each.raw = f"round {number}: {each.raw}"
    return way.tally


def _one(rng: Random, maker: Maker) -> bytes:
    return maker.wide() if rng.random() < WIDE else maker.raw()


class Notes:
    """What is done of a seed, below `keep`: rounds of updates, and what became of them."""

    def __init__(self, keep: Path, seed: int) -> None:
        self._path = keep / f"seed-{seed}.json"
        self._broken = keep / f"found-{seed}.jsonl"
        self.rounds: set[int] = set()
        self.total = Tally()
        if self._path.is_file():
            kept = json.loads(self._path.read_text())
            self.rounds = set(kept["rounds"])
            self.total.fates.update(kept["fates"])

    def add(self, tally: Tally, number: int | None = None) -> None:
        self.rounds |= set() if number is None else {number}
        self.total.add(tally)
        kept = {"rounds": sorted(self.rounds), "fates": self.total.fates}
        self._path.write_text(json.dumps(kept))
        with self._broken.open("a") as file:
            file.writelines(json.dumps(asdict(each)) + "\n" for each in tally.found)
        for each in tally.found[:5]:
            print(f"FOUND {each.what}: {each.where}\n  {each.raw[:300]}", flush=True)


def updates(given: argparse.Namespace, notes: Notes, template: Path, until: float) -> int:
    """Rounds in every process that there may be; how many updates this run did."""
    before = notes.total.done
    wanted = (n for n in range(-(-given.count // ROUND)) if n not in notes.rounds)
    with ProcessPoolExecutor(given.processes) as pool:
        for number, future in _as_done(pool, wanted, template, given, until):
            notes.add(future.result(), number)
    return notes.total.done - before


def _as_done(
    pool: ProcessPoolExecutor,
    wanted: Iterator[int],
    template: Path,
    given: argparse.Namespace,
    until: float,
) -> Iterator[tuple[int, "Future[Tally]"]]:
    """Each round as it ends; none is begun after `until`."""
    running: dict[Future[Tally], int] = {}
    while True:
        while len(running) < given.processes and perf_counter() < until:
            number = next(wanted, None)
            if number is None:
                break
            running[pool.submit(one_round, template, given.seed, number)] = number
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield running.pop(future), future


def guided(keep: Path, seconds: int, seed: int) -> str:
    """Let libFuzzer look for new ways through the code; what it says of it at the end."""
    if find_spec("atheris") is None:
        return "left out: atheris has no wheel for this Python or machine"
    folder = keep / "guided"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.guided", str(folder), str(seconds), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    runs = [each for each in lines if each.startswith("stat::number_of_executed_units")]
    covered = [each for each in lines if "cov:" in each]
    if done.returncode:
        return f"BROKEN (status {done.returncode}), input in {folder}:\n" + "\n".join(lines[-30:])
    return f"{runs[-1].split()[-1] if runs else '?'} inputs; {covered[-1] if covered else ''}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="updates in all, of this seed")
    parser.add_argument("--seconds", type=float, default=480.0, help="for all parts together")
    parser.add_argument("--seed", type=int, default=None, help="to go on with, or to repeat")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=KEEP, help="where notes and findings stay")
    parser.add_argument("--only", choices=SHARES, help="one part, with all of the seconds")
    given = parser.parse_args()
    given.seed = randbelow(2**31) if given.seed is None else given.seed
    given.keep.mkdir(parents=True, exist_ok=True)
    return given


def seconds_of(given: argparse.Namespace, part: str) -> float:
    share = float(given.only == part) if given.only else SHARES[part]
    return float(given.seconds) * share


def main() -> int:
    given = arguments()
    print(f"seed {given.seed}; notes below {given.keep}", flush=True)
    template = migrated(given.keep / f"template-{os.getpid()}.db")
    notes = Notes(given.keep, given.seed)
    try:
        failed = run(given, notes, template)
    finally:
        for each in template.parent.glob(f"{template.name}*"):
            each.unlink()
    if notes.total.found or failed:
        print(f"{len(notes.total.found)} findings in {given.keep}/found-{given.seed}.jsonl")
        return 1
    return 0


def run(given: argparse.Namespace, notes: Notes, template: Path) -> bool:
    """Every part in its share of the seconds; whether the guided one broke something."""
    if seconds := seconds_of(given, "updates"):
        began = perf_counter()
        done = updates(given, notes, template, began + seconds)
        spent = perf_counter() - began
        rate = (
            f"{done:,} in {spent:.0f} s, {done / spent:.0f} a second, {given.processes} processes"
        )
        print(f"updates: {notes.total.done:,} of {given.count:,} done (now {rate})", flush=True)
    if seconds := seconds_of(given, "webhook"):
        from tests.fuzz import over_http

        rng, until = Random(f"{given.seed}:http:{time.time()}"), perf_counter() + seconds
        work = over_http.take(template, rng, given.count // POSTED, until)
        notes.add(asyncio.run(work))
    if seconds := seconds_of(given, "files"):
        from tests.fuzz import files

        rng = Random(f"{given.seed}:files:{time.time()}")
        notes.add(files.take_settings(rng, given.count // 20, perf_counter() + seconds / 4))
        notes.add(files.take_lists(template, rng, given.count, perf_counter() + seconds))
    print("all of this seed: " + "; ".join(f"{k} {v:,}" for k, v in notes.total.fates.items()))
    if seconds := seconds_of(given, "guided"):
        said = guided(given.keep, max(5, int(seconds)), given.seed)
        print(f"guided: {said}", flush=True)
        return said.startswith("BROKEN")
    return False


if __name__ == "__main__":
    sys.exit(main())
