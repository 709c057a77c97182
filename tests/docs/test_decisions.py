"""Decisions lean on libraries that are there, and each library has its reason."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import HOUSE, name, read, rows, section

FOLDER = HOUSE / "docs" / "decisions"
NUMBERED = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ("**What.**", "**Why.**", "**What we gave up.**")
MOST_LINES = 40


def _wanted(group: str) -> set[str]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    tools = [*extras["build"], *extras["dev"], *extras["fuzz"]]
    found = tools if group else project["dependencies"]
    return {re.split(r"[\[<>=!~; ]", each)[0].lower() for each in found}


def _explained(heading: str) -> list[str]:
    table = rows(section(read("docs/decisions/dependencies.md"), heading))
    assert all(len(reason) > 10 for _, reason in table)
    return [library.strip("`") for library, _ in table]


@pytest.mark.parametrize(("heading", "group"), [("To run", ""), ("To test and build", "dev")])
def test_every_dependency_has_one_line_with_its_reason_and_no_other_has(
    heading: str, group: str
) -> None:
    assert sorted(_explained(heading)) == sorted(_wanted(group))


@pytest.mark.parametrize("page", NUMBERED, ids=name)
def test_a_decision_leans_only_on_libraries_that_we_have(page: Path) -> None:
    line = re.search(r"^Libraries: (.+)$", page.read_text(), re.MULTILINE)
    named = re.findall(r"`([^`]+)`", line[1]) if line else []
    assert set(named) <= _wanted("")


@pytest.mark.parametrize("page", NUMBERED, ids=name)
def test_a_decision_says_what_why_and_what_was_given_up_in_a_page(page: Path) -> None:
    text = page.read_text()
    assert [text.count(part) for part in PARTS] == [1, 1, 1]
    assert "\nCode: `" in text
    assert len(text.splitlines()) <= MOST_LINES


def test_decisions_are_numbered_without_a_gap_and_listed_by_their_titles() -> None:
    index = read("docs/decisions/README.md")
    assert [int(each.name[:4]) for each in NUMBERED] == list(range(1, len(NUMBERED) + 1))
    for number, page in enumerate(NUMBERED, 1):
        title = page.read_text().partition("\n")[0]
        said = title.removeprefix(f"# {number}. ")
        assert said != title
        assert f"| {number} | [{said}]({page.name}) |" in index
