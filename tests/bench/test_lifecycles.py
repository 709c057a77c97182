"""Random lives of cases keep every rule of theirs (bench/lifecycles: 100,000 by one command)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.lifecycles import live, run
from domain.policy import Policy


def test_no_life_loses_its_owner_colour_or_next_moment_and_nobody_confirms_their_own_work() -> None:
    found = run(range(1, 601))
    assert found.broken == []
    ways = {name.partition(":")[2] for name in found.ended} - {""}
    assert found.ended["merged"] > 0
    assert ways >= {"settled", "checked", "entrusted", "on_the_spot"}


def test_a_life_is_the_same_again_from_its_seed() -> None:
    first, again = live(7, Policy(check_share=0.3)), live(7, Policy(check_share=0.3))
    assert (first.case, first.history) == (again.case, again.history)


@contextmanager
def without(guard: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The rules as they would be without one guard."""
    from domain.lifecycle import table

    for key, rule in list(table._BY_VERB.items()):
        kept = tuple(each for each in rule.guards if each.__name__ != guard)
        changed = {name: getattr(rule, name) for name in ("verb", "frm", "to", "by", "effect")}
        monkeypatch.setitem(table._BY_VERB, key, type(rule)(**changed, guards=kept))
    monkeypatch.setattr(table, "_SPECIAL", {})
    yield


@pytest.mark.parametrize(
    ("guard", "what"),
    [
        ("needs_another_person", "another person's word"),
        ("needs_first_of_unit", "one hand-back of a unit"),
        ("needs_no_receiver", "no handling by the receiving desk"),
    ],
)
def test_a_rule_that_is_taken_out_is_missed(
    guard: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without(guard, monkeypatch):
        found = run(range(1, 601))
    assert any(what in line for line in found.broken)
