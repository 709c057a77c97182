"""A lean slice of `make fuzz`: hostile input is stored, answered or refused, and breaks nothing."""

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import reporting
from tests.fuzz import files, over_http
from tests.fuzz.__main__ import guided
from tests.fuzz.described import Maker
from tests.fuzz.real import recorded
from tests.fuzz.way import Way

SEED = 20261118
UPDATES, POSTS, LISTS, SETTINGS, SECONDS = 300, 100, 60, 100, 60.0


@pytest.fixture(scope="module")
def way(sqlite_template: Path) -> Iterator[Way]:
    made = Way(sqlite_template, Random(SEED))
    yield made
    made.close()


def test_described_bent_and_broken_updates_break_nothing(way: Way) -> None:
    maker = Maker(way.rng, way.town, recorded())
    for _ in range(UPDATES // 100):
        way.take([maker.raw() for _ in range(100)])
    assert way.tally.found == []
    assert way.tally.done == UPDATES
    for fate in ("rubbish", "dropped", "stored", "handled", "refused", "answered", "queued"):
        assert way.tally.fates[fate] > 0, fate


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(dice=st.randoms(use_true_random=False))
def test_whatever_the_dice_say_an_update_breaks_nothing(way: Way, dice: Random) -> None:
    way.take([Maker(dice, way.town, REAL).raw()])
    assert way.tally.found == []


def test_every_real_update_is_understood(sqlite_template: Path) -> None:
    import json

    fresh = Way(sqlite_template, Random(SEED))
    fresh.take([json.dumps(each).encode() for each in REAL])
    fresh.close()
    assert fresh.tally.found == []
    assert fresh.tally.fates["rubbish"] == 0
    assert fresh.tally.fates["handled"] > 100


def test_an_error_would_be_found(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(reporting, "read_report", broken)
    fresh = Way(sqlite_template, Random(SEED))
    maker = Maker(fresh.rng, fresh.town)
    fresh.take([maker.raw() for _ in range(60)])
    fresh.close()
    assert any("ZeroDivisionError" in each.where for each in fresh.tally.found)


def test_the_webhook_answers_with_a_described_status_and_nothing_behind_it_breaks(
    sqlite_template: Path,
) -> None:
    until = perf_counter() + SECONDS
    tally = asyncio.run(over_http.take(sqlite_template, Random(SEED), POSTS, until))
    assert tally.found == []
    assert tally.fates["posted"] == POSTS
    assert tally.fates["status 200"] > POSTS / 2
    assert tally.fates["status 400"] > 0


def test_lists_in_any_state_are_read_or_refused(sqlite_template: Path) -> None:
    tally = files.take_lists(sqlite_template, Random(SEED), LISTS, perf_counter() + SECONDS)
    assert tally.found == []
    assert tally.fates["lists"] == LISTS
    assert tally.fates["lists taken"] > 0
    assert tally.fates["lists refused"] > 0


def test_settings_are_taken_or_refused_in_a_sentence_without_secrets() -> None:
    tally = files.take_settings(Random(SEED), SETTINGS, perf_counter() + SECONDS)
    assert tally.found == []
    assert tally.fates["settings"] == SETTINGS


def test_the_coverage_guided_part_runs_or_says_why_not(tmp_path: Path) -> None:
    said = guided(tmp_path, 2, SEED)
    assert ("inputs; " in said) if find_spec("atheris") else said.startswith("left out")
    assert "BROKEN" not in said


REAL = recorded()
