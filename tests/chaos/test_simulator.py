"""The promises through 200 seeded runs of the whole service, and that a seed is all a run needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
SEEDS = os.environ.get("LINLI_TEST_SEEDS", "0-199")


def simulated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: its time is not the tests' time."""
    command = [sys.executable, "-m", "tests.chaos.sim", *arguments]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)


@pytest.mark.timeout(600)
def test_every_promise_holds_after_every_seed():
    ended = simulated("--seeds", SEEDS, "--jobs", "2")
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-2_000:]


def test_a_seed_run_again_does_the_same_step_by_step():
    first, second = (simulated("--seed", "5", "--trace").stdout for _ in range(2))
    assert len(first.splitlines()) > 50
    assert first == second
