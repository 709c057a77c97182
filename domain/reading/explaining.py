"""Why a text is read as it is: the words that spoke, for whoever keeps the lexicon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.catalogue import Catalogue
from domain.reading.folding import fold
from domain.reading.kinds import weighed
from domain.reading.lexicon import Lexicon, grams_of
from domain.reading.model import Model
from domain.reading.tone import tone_of
from domain.reading.votes import hints

# pieces of words that hint at less than this don't matter
LEAST_HINT = 0.3


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
    `conditions`: the same for a kind's filing conditions. `hints`: what pieces of words hint at,
    by kind. `learnt`: by the model, each kind with its probability and the runs that spoke for it.
    `tone`, `alarm`: above 0 it sounds like a report, like danger.
    """

    words: Mapping[str, tuple[Spoke, ...]]
    conditions: Mapping[tuple[str, int], tuple[Spoke, ...]]
    hints: Mapping[str, float]
    learnt: Mapping[str, tuple[float, tuple[str, ...]]]
    tone: float
    alarm: float


def explain(
    text: str, lexicon: Lexicon, catalogue: Catalogue | None = None, model: Model | None = None
) -> Explanation:
    """Why `read` reads a text as it does; the arguments are the same."""
    folded = fold(text).text
    found = lexicon.catalogue if catalogue is None else catalogue
    words: dict[str, dict[str, Spoke]] = {}
    conditions: dict[tuple[str, int], dict[str, Spoke]] = {}
    for hit, weight, silenced in weighed(folded, lexicon.scan(folded), lexicon):
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
        hints=_hints(folded, lexicon, found),
        learnt=_learnt(folded, model),
        tone=round(tone_of(folded, lexicon.tone), 1),
        alarm=round(tone_of(folded, lexicon.alarm), 1),
    )


def _hints(text: str, lexicon: Lexicon, found: Catalogue) -> dict[str, float]:
    return {
        code: round(hint, 1)
        for code, hint in hints(text, lexicon.votes).items()
        if hint >= LEAST_HINT and (code in found.kinds or code in found.matters)
    }


def _sorted(words: Mapping[str, Spoke]) -> tuple[Spoke, ...]:
    return tuple(sorted(words.values(), key=lambda spoke: (-spoke.weight, spoke.word)))


def _learnt(text: str, model: Model | None) -> dict[str, tuple[float, tuple[str, ...]]]:
    if model is None:
        return {}
    return {code: (p, model.spoke(text, code)) for code, p in model.likeliest(text)}
