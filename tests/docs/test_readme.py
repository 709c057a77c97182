"""What the READMEs tell people to type exists, and both say the same."""

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
import typer.main

from bot import cli, commands
from bot.config import Settings
from handlers import wiring
from tests.docs.pages import in_code_style, links, read, rows, section

BOTH = ("README.md", "README.zh-CN.md")
PAGES = (*BOTH, "docs/architecture.md", "docs/README.md", "CHANGELOG.md")
NOT_OURS = {"newbot", "revoke", "setprivacy"}  # BotFather's
ROUTES = {"health", "ready", "metrics"}


def _commands() -> dict[str, Any]:
    for module in iter_modules(commands.__path__):
        import_module(f"bot.commands.{module.name}").register(cli.app)
    found: dict[str, Any] = vars(typer.main.get_command(cli.app))["commands"]
    return found


def _typed(page: str, program: str) -> list[list[str]]:
    """Each use of a program in code style, as words after its name."""
    found = [re.search(rf"\b{program} ([^`$()]+)", each) for each in in_code_style(read(page))]
    return [each[1].split() for each in found if each]


@pytest.mark.parametrize("page", PAGES)
def test_every_linli_command_that_is_named_exists_with_its_options(page: str) -> None:
    known = _commands()
    for command, *words in _typed(page, "linli"):
        assert command in known
        options = {option for each in known[command].params for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("page", PAGES)
def test_an_option_that_is_named_alone_is_one_of_some_command_s(page: str) -> None:
    known = {
        option
        for command in _commands().values()
        for each in command.params
        for option in each.opts
    }
    said = re.findall(r"`(--[a-z-]+)`", read(page))
    assert set(said) <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_that_is_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", read("Makefile"), re.MULTILINE))
    assert {target for target, *_ in _typed(page, "make")} <= targets


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_the_chat_that_is_named_is_one_of_ours(page: str) -> None:
    said = {
        found[1]
        for each in in_code_style(read(page))
        if (found := re.fullmatch(r"/([a-z]+)(?: .*)?", each))
    }
    assert said - NOT_OURS - ROUTES <= set(wiring.COMMANDS)


@pytest.mark.parametrize("page", BOTH)
def test_every_variable_that_is_named_is_a_setting(page: str) -> None:
    for section_name, key in set(re.findall(r"LINLI_([A-Z]+)__([A-Z_]+)", read(page))):
        default = getattr(Settings.model_construct(), section_name.lower())
        assert hasattr(default, key.lower())


def test_both_languages_say_the_same() -> None:
    english, chinese = (read(page) for page in BOTH)
    assert _bones(english) == _bones(chinese)
    for heading, same in (("Try it", "先试试看"), ("How it is laid out", "代码怎么分")):
        ours, theirs = rows(section(english, heading)), rows(section(chinese, same))
        assert len(ours) == len(theirs)


def _bones(text: str) -> tuple[int, int, int, set[str], set[str]]:
    """What doesn't change by translating: sections, steps, points, links, what is typed."""
    typed = {each for each in in_code_style(text) if re.match(r"linli|make|export|\.venv|/", each)}
    shown = {re.sub(r"^(/code|/bind) .*", r"\1", each) for each in typed}
    return (
        text.count("\n## "),
        len(re.findall(r"^\d+\. ", text, re.MULTILINE)),
        len(re.findall(r"^- ", text, re.MULTILINE)),
        {each for each in links(text) if "README" not in each},
        shown,
    )


def test_the_licence_is_apache_s_own_text() -> None:
    licence = read("LICENSE")
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert "9. Accepting Warranty or Additional Liability." in licence
    assert "END OF TERMS AND CONDITIONS" in licence
