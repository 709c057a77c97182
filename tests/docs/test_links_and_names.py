"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import HOUSE, in_code_style, links, name, pages, read

NAMED = re.compile(r"((?:[\w-]+/)*[\w-]+\.py)::([\w.]+)")
ROOMS = "bench|bot|docs|domain|handlers|models|sandbox|scheduler|services|tests|web"
A_FILE = re.compile(rf"(?:{ROOMS})/[\w./-]+")
# a page that stands alone names no machine's folders, no package index and no private papers
ELSEWHERE = re.compile(
    r"(?<![\w.:])/(?:work|home|root|tmp|Users)/"
    r"|\bshared/"
    r"|\b(?:DESIGN|DOMAIN|INTERFACES|RELIABILITY|STYLE|TELEGRAM)\.md\b"
    r"|\b(?:pypi|pythonhosted|npmjs)\b"
    r"|--(?:extra-)?index-url\b"
    r"|\bissues show\b"
)
every_page = pytest.mark.parametrize("page", pages(), ids=name)


@every_page
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    inside = [each for each in links(page.read_text()) if not re.match(r"[a-z]+:|#", each)]
    missing = [each for each in inside if not (page.parent / each.partition("#")[0]).exists()]
    assert not missing


@every_page
def test_a_page_names_nothing_outside_of_the_repository(page: Path) -> None:
    assert not ELSEWHERE.findall(page.read_text())


@every_page
def test_every_function_that_a_page_names_exists(page: Path) -> None:
    named = [NAMED.fullmatch(each) for each in in_code_style(page.read_text())]
    missing = [each.group() for each in named if each and not _is_defined(*each.groups())]
    assert not missing


def _is_defined(file: str, dotted: str) -> bool:
    if not (HOUSE / file).is_file():
        return False
    source = read(file)
    return all(
        re.search(rf"^\s*(?:(?:async )?def|class) {part}\b|^{part}\b\s*[:=]", source, re.MULTILINE)
        for part in dotted.split(".")
    )


@pytest.mark.parametrize("page", [each for each in pages() if "docs" in each.parts], ids=name)
def test_every_file_that_a_document_names_exists(page: Path) -> None:
    named = [each for each in in_code_style(page.read_text()) if A_FILE.fullmatch(each)]
    assert [each for each in named if not _is_there(each)] == []


def _is_there(path: str) -> bool:
    return (HOUSE / path).exists()


def test_a_page_can_be_reached_from_the_index() -> None:
    index = HOUSE / "docs" / "README.md"
    decisions = HOUSE / "docs" / "decisions" / "README.md"
    reached = {
        (page.parent / each.partition("#")[0]).resolve()
        for page in (index, decisions)
        for each in links(page.read_text())
    }
    missing = [name(each) for each in (HOUSE / "docs").rglob("*.md") if each not in reached]
    assert set(missing) <= {name(index)}
