"""Every rule of docs/security.md names tests that there are, and libraries are locked by hash."""

import re
from functools import cache

import pytest

from tests.docs.pages import HOUSE, read, rows, section

LOCKS = sorted(path.name for path in HOUSE.glob("requirements*.txt"))
RULES = rows(section(read("docs/security.md"), "Each rule and its test"))


@cache
def defined_in(path: str) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", read(path), re.MULTILINE))


@pytest.mark.parametrize(("rule", "named"), RULES, ids=[rule for rule, _ in RULES])
def test_each_rule_names_tests_that_there_are(rule: str, named: str) -> None:
    found = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", named)
    assert found, rule
    for path, name in found:
        assert name in defined_in(path), f"{path}::{name}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_library_is_locked_by_hash_and_no_index_is_named(lock: str) -> None:
    lines = [line for line in read(lock).splitlines() if line and not line.lstrip().startswith("#")]
    libraries = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    assert libraries
    for number in libraries:
        assert re.fullmatch(r"[\w.\-\[\]]+==[\w.]+( ;.*)? \\", lines[number]), lines[number]
        assert lines[number + 1].strip().startswith("--hash=sha256:"), lines[number]
    assert not any(word in line for line in lines for word in ("index-url", "find-links", "://"))
