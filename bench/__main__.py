"""`python -m bench`: what `linli bench` starts."""

import argparse
import asyncio
import gc
import os
import platform
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure, write
from bench.ground import prepare
from bench.measures import MEASURES, QUICKLY, USUALLY
from bench.process import Failed
from bench.scale import FULL, QUICK, Scale
from bench.standin import standing_in

FOLDER = Path("build") / "bench"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and show. The exit status says whether it could be measured, not how it went."""
    given = _options(arguments)
    names = given.only or (QUICKLY if given.quick else USUALLY)
    folder = FOLDER / str(os.getpid())
    try:
        figures = asyncio.run(_measure(names, _scale(given), folder))
    except Failed as error:
        print(f"What is measured didn't hold out: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print("stopped before the end", file=sys.stderr)
        return 1
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        write(given.json, figures, machine())
    return 0


def _scale(given: argparse.Namespace) -> Scale:
    scale = QUICK if given.quick else FULL
    return replace(scale, stored=given.stored or scale.stored)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="linli bench", description="Measure the service.")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="less than a minute: one short round, without the large parts",
    )
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="one part")
    parser.add_argument("--json", type=Path, help="write the figures into this file")
    parser.add_argument("--stored", type=int, help="cases of the large database (1000000)")
    parser.add_argument("--keep", action="store_true", help="leave databases and logs behind")
    return parser.parse_args(arguments)


async def _measure(names: Sequence[str], scale: Scale, folder: Path) -> list[Figure]:
    task = asyncio.current_task()
    assert task is not None
    # asked to stop, it still stops what it has started
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    print(machine(), flush=True)
    figures: list[Figure] = []
    async with standing_in() as standin:
        ground = await prepare(folder, standin)
        gc.freeze()
        for name in names:
            began = time.monotonic()
            print(f"{name}:", flush=True)
            found = await MEASURES[name](ground, scale, _tell)
            for each in found:
                print(each.line, flush=True)
            print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
            figures += found
    return figures


def _tell(line: str) -> None:
    print(f"    {line}", flush=True)


def machine() -> str:
    """What it ran on."""
    python, kernel = platform.python_version(), platform.release()
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, Python {python}, SQLite {sqlite3.sqlite_version}, "
        f"Linux {kernel}, load before {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
