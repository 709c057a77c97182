"""Why a text is read as it is: the words that spoke, for whoever keeps the lexicon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.reading.ear import NOW, REPORT
from domain.reading.folding import Folded, fold
from domain.reading.kinds import noticed_in, weighed
from domain.reading.lexicon import Lexicon, Scan, grams_of
from domain.reading.model import Model
from domain.reading.place import MAX_MENTIONS, NOWHERE, find_mentions, find_place


@dataclass(frozen=True, slots=True)
class Spoke:
    """An entry of the lexicon that was found: its word as folded, what it counts here, and whether
    it was silenced (past, feared, denied, told of)."""

    word: str
    weight: float
    silenced: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """What spoke for what in a text.

    `words`: entries by code, kinds and marks (CHAT, NOW, …) alike, the weightiest first;
    `conditions`: the same for a kind's filing conditions. `heard`: by kind, and for REPORT and NOW,
    what the ear noticed that speaks for it, the loudest first. `learnt`: by the model, each kind
    with its probability and the runs that spoke for it.
    """

    words: Mapping[str, tuple[Spoke, ...]]
    conditions: Mapping[tuple[str, int], tuple[Spoke, ...]]
    heard: Mapping[str, tuple[str, ...]]
    learnt: Mapping[str, tuple[float, tuple[str, ...]]]


def explain(
    text: str, lexicon: Lexicon, codes: Iterable[str], model: Model | None = None
) -> Explanation:
    """Why `read` reads a text as it does. `codes`: the kinds that it found."""
    whole = fold(text)
    folded, scan = whole.text, lexicon.scan(whole.text)
    words: dict[str, dict[str, Spoke]] = {}
    conditions: dict[tuple[str, int], dict[str, Spoke]] = {}
    for hit, weight, silenced in weighed(folded, scan.hits, lexicon):
        entry, spoke = hit.entry, Spoke(hit.entry.word, round(weight, 1), silenced)
        if entry.condition is not None:
            conditions.setdefault((entry.code, entry.condition), {})[entry.word] = spoke
        else:
            words.setdefault(entry.code, {})[entry.word] = spoke
    for code, telling in lexicon.grams.items():
        for gram in grams_of(folded) & telling.keys() if code in words else ():
            at = conditions.setdefault((code, telling[gram]), {})
            at.setdefault(gram, Spoke(gram, 0.5, False))
    return Explanation(
        words={code: _sorted(each) for code, each in words.items()},
        conditions={key: _sorted(each) for key, each in conditions.items()},
        heard=_heard(whole, scan, lexicon, codes),
        learnt=_learnt(folded, model),
    )


def _heard(
    folded: Folded, scan: Scan, lexicon: Lexicon, codes: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    ear = lexicon.ear
    if ear is None:
        return {}
    place, _ = find_place(folded, scan.hits, find_mentions(folded.text, MAX_MENTIONS))
    noticed = noticed_in(folded.text, scan, lexicon, place != NOWHERE)
    known = [code for code in codes if code in ear.kinds]
    return {label: ear.spoke(noticed, label) for label in (*known, REPORT, NOW)}


def _sorted(words: Mapping[str, Spoke]) -> tuple[Spoke, ...]:
    return tuple(sorted(words.values(), key=lambda spoke: (-spoke.weight, spoke.word)))


def _learnt(text: str, model: Model | None) -> dict[str, tuple[float, tuple[str, ...]]]:
    if model is None:
        return {}
    return {code: (p, model.spoke(text, code)) for code, p in model.likeliest(text)}
