"""The glossary and the rules speak of the same things, in both languages."""

from enum import StrEnum

import pytest

from domain.lifecycle import Closing, Colour, State, Timer, Verb
from domain.roles import RoleName, Standing
from tests.docs.pages import is_chinese, read, rows, section

TABLES: dict[str, type[StrEnum]] = {
    "States": State,
    "Endings": Closing,
    "Steps": Verb,
    "Timers": Timer,
    "Roles": RoleName,
    "Standings": Standing,
    "Colours": Colour,
}


@pytest.mark.parametrize(("heading", "words"), TABLES.items())
def test_each_word_of_the_rules_is_explained_once(heading: str, words: type[StrEnum]) -> None:
    table = rows(section(read("docs/glossary.md"), heading))
    assert sorted(code for _, code, _ in table) == sorted(f"`{word}`" for word in words)


def test_every_entry_has_a_chinese_term_of_its_own_and_a_meaning() -> None:
    parts = read("docs/glossary.md").split("\n## ")[1:]
    for part in parts:
        table = rows(part)
        assert all(is_chinese(term) and meaning for term, _, meaning in table)
        assert len({term for term, _, _ in table}) == len(table)
