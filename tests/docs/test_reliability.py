"""docs/reliability.md says of each promise and fault what shows it, and it is there."""

import re
from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "reliability.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_stands_in_the_table_with_its_tests(fault: str):
    line = next(row for row in PAGE.splitlines() if row.startswith(f"| {fault} |"))
    for each in FAULTS[fault]:
        file, _, name = each.partition("::")
        assert file.removeprefix("tests/") in line
        assert name in line


def test_each_test_of_the_table_is_there():
    for each in (each for tests in FAULTS.values() for each in tests):
        file, _, name = each.partition("::")
        source = (HOUSE / file).read_text(encoding="utf-8")
        assert not name or re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), each


def test_each_promise_has_its_command():
    for number in range(1, 10):
        row = next(row for row in PAGE.splitlines() if row.startswith(f"| P{number} |"))
        assert "`" in row
