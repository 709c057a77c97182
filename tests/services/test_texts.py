"""Every sentence is there in every language, says the same facts, and fits where it stands."""

import ast
import re
import string
from pathlib import Path
from typing import get_args

import pytest

from domain.catalogue import Kind, parse_kinds
from domain.lifecycle import (
    APPEAL_REASONS,
    EXTENSION_REASONS,
    HAND_BACK_REASONS,
    LISTENERS,
    OTHERS_REASONS,
    SUSPENSION_REASONS,
    Appeal,
    Closing,
    Stage,
    State,
    Timer,
    Verb,
)
from domain.tasks import TaskVerb
from domain.worktime import Unit
from handlers.worker import AWAY_DAYS, BEHALF
from services.auditing import CODES
from services.cards import ANSWERS, NOTES, QUESTIONS
from services.case_time import SUSPEND_DAYS
from services.caselist import FILTERS
from services.data import default_rows
from services.handling import REGRID_CASE
from services.texts import LANGUAGES, MissingText, keys, language_of, plain, say
from services.together import LEFT_OUT

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "services", "web", "scheduler")
# a key; what ends in _ is the beginning of one that is put together from a code
KEY = re.compile(r"^[a-z]+(\.[A-Za-z0-9_-]*[A-Za-z0-9])+$")
FILE = re.compile(r"\.(csv|po|geojson|json|py)$")
AREAS = {key.split(".")[0] for key in keys("zh-Hans")}


# names that look like keys and are none: due rows and log events
DUE_NAMES = {REGRID_CASE, *(f"case.{timer}" for timer in Timer)}


def literals() -> set[str]:
    """Every string in the code that looks like a key of an area we have."""
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    keys_ = {each for each in found if KEY.match(each) and not FILE.search(each)}
    return {each for each in keys_ if each.split(".")[0] in AREAS and each not in DUE_NAMES}


def kinds() -> tuple[Kind, ...]:
    return parse_kinds(default_rows("kinds")).required()


# keys that are put together from a code: every code has its sentence
MADE = {
    *(f"state.{state}" for state in State if state not in (State.CLOSED,)),
    *(f"mine.{state}" for state in State),
    *(f"closing.{closing}" for closing in Closing),
    *(f"story.{verb}" for verb in Verb),
    *(f"story.task_{verb}" for verb in TaskVerb),
    *(f"story.to.{listener}" for listener in LISTENERS),
    *(f"desk.told_{listener}" for listener in LISTENERS),
    *(f"btn.tell_{listener}" for listener in LISTENERS),
    *(f"cases.{part}.{each}" for part in ("what", "button") for each in FILTERS),
    *(f"bulk.left.{code}" for code in LEFT_OUT),
    *(
        f"bulk.{part}.{verb}"
        for part in ("preview", "sure", "done", "told")
        for verb in (Verb.URGE, Verb.ASSIGN)
    ),
    *(f"reason.{reason}" for reason in (*HAND_BACK_REASONS, *OTHERS_REASONS)),
    *(f"reason.{reason}" for reason in (*EXTENSION_REASONS, *SUSPENSION_REASONS, *APPEAL_REASONS)),
    *(f"stage.{stage}" for stage in Stage),
    *(f"amount.{unit}" for unit in get_args(Unit)),
    *(f"card.appeal_{each}" for each in Appeal),
    *(f"btn.{each}" for each in ("grant_time", "refuse_time", "exempt", "uphold")),
    *(f"btn.suspend_{days}" for days in SUSPEND_DAYS),
    *(f"ask.{question}" for question in QUESTIONS),
    *(f"answer.{each}" for phrases in ANSWERS.values() for each in phrases),
    *(f"note.{note}" for note in NOTES),
    *(f"source.{source}" for source in BEHALF),
    *(f"card.from_{source}" for source in BEHALF),
    *(f"away.{each}" for each in (*AWAY_DAYS, "back")),
    *(f"tongue.{language}" for language in LANGUAGES),
    *(f"urgency.{each}" for each in ("now", "soon", "normal")),
    *(f"when.month_{month}" for month in range(1, 13)),
    *(f"alarm.{code}" for code in CODES),
    *(f"class.{kind.kind_class}" for kind in kinds()),
    *(f"service.{n}" for kind in kinds() for n in kind.emergency_number if not n.isdigit()),
}


def refusals() -> set[str]:
    """Every code that the code refuses with."""
    found = set()
    for room in (*ROOMS, "domain"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"Refused\(\s*\"([a-z_]+)\"", text))
    return {f"refused.{code}" for code in found}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def forms(key: str, language: str) -> list[str]:
    from services.texts import _load

    return list(_load(language)[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_the_code_says_has_a_sentence(language: str) -> None:
    missing = (literals() | MADE | refusals()) - keys(language)
    assert not missing, sorted(missing)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_keys(language: str) -> None:
    assert keys(language) == keys("zh-Hans")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_says_the_same_facts(language: str) -> None:
    for key in keys("zh-Hans"):
        wanted = {name for form in forms(key, "zh-Hans") for name in fields(form)}
        found = {name for form in forms(key, language) for name in fields(form)}
        optional = {"year"} if key == "when.day" else set()
        assert found - optional == wanted - optional, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_press_is_answered_fits_its_200_characters(language: str) -> None:
    for key in keys(language):
        if key.startswith("refused."):
            assert all(len(form) <= 190 for form in forms(key, language)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_are_short_enough_for_a_phone(language: str) -> None:
    for key in keys(language):
        if key.startswith("btn."):
            most = 20 if language != "en" else 40
            assert all(len(form) <= most for form in forms(key, language)), key


def test_values_are_escaped_and_plain_texts_are_not() -> None:
    assert "&lt;b&gt;" in say("card.words", "en", words="<b>")
    assert "<b>" in plain("card.words", "en", words="<b>")


def test_a_missing_sentence_is_an_error_and_never_a_blank() -> None:
    with pytest.raises(MissingText):
        say("no.such_key", "en")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        (None, "zh-Hans"),
        ("zh-hans", "zh-Hans"),
        ("zh-HK", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("en-GB", "en"),
        ("fr", "en"),
    ],
)
def test_a_reader_is_answered_in_the_nearest_language(tag: str | None, language: str) -> None:
    assert language_of(tag) == language


def test_english_counts_in_the_singular_and_the_plural() -> None:
    assert plain("when.left_days", "en", n=1) == "1 day left"
    assert plain("when.left_days", "en", n=2) == "2 days left"
