"""Crash points: where they stand, and that they strike only when told to."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from models import crash

HOUSE = Path(__file__).parents[2]
ROOMS = ("bot", "services", "scheduler", "models")
USED = re.compile(r'crash\.point\("([^"]+)"\)')
TWICE = "from models import crash; crash.point('sweep.fired'); print('once', flush=True); "


def passing_twice(given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TWICE + "crash.point('sweep.fired'); print('twice')"],
        env=os.environ | {crash.VARIABLE: given},
        capture_output=True,
        text=True,
        cwd=HOUSE,
    )


def test_every_point_stands_in_the_code_once():
    files = [file for room in ROOMS for file in (HOUSE / room).rglob("*.py")]
    assert Counter(name for file in files for name in USED.findall(file.read_text())) == Counter(
        crash.POINTS + crash.OF_COMMANDS
    )


def test_the_process_is_killed_at_the_passing_it_was_told():
    ended = passing_twice("sweep.fired:2")
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "once\n")


def test_without_the_variable_nothing_happens():
    assert passing_twice("").stdout == "once\ntwice\n"


def test_an_unknown_point_is_refused():
    with pytest.raises(ValueError, match="no crash point"):
        crash.arm("sweep.fierd", 1)
