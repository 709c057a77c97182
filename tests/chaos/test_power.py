"""Power cuts under the real writer, and that a writer which syncs too little would be found."""

import pytest

import models.sqlite
from tests.chaos.power import cuts


def test_after_any_power_cut_the_file_is_sound_and_nothing_acknowledged_is_lost():
    _, wrong = cuts(60, seed=3)
    assert wrong == []


def test_a_writer_that_syncs_too_little_loses_what_it_acknowledged(monkeypatch: pytest.MonkeyPatch):
    lax = [each.replace("= FULL", "= NORMAL") for each in models.sqlite._SETTINGS]
    monkeypatch.setattr(models.sqlite, "_SETTINGS", tuple(lax))
    _, wrong = cuts(60, seed=3)
    assert any("is lost" in each for each in wrong)
