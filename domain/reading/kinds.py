"""Which kind, which filing condition, how urgent: weighing the words that were found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

from domain.catalogue import OTHER, Condition, Kind, Urgency
from domain.reading.joining import joined
from domain.reading.lexicon import MARKS, Hit, Lexicon, grams_of
from domain.reading.model import Model

UNKNOWN = 0.2  # probability of the kind "other" when no word says anything
DOUBT = 2.5  # how much evidence it takes to be half sure
NAMED_BOOST = 1.5  # despair and violence are recognised however little is said (recall first)
GUARDED = 0.3  # what a danger word is worth when it is past, feared or denied
LATER_WORDS = (1.0, 0.35, 0.2, 0.1)  # each further word of a kind says less that is new
REACH_BEFORE, REACH_AFTER = 12, 10  # characters over which a guard holds
SURE = 0.3  # from here on a kind's own urgency counts
SOON_HOURS = 4  # wall hours of a condition's limit that make it "soon"

_CLAUSE_END = re.compile(r"[。!?;,\n、]")
_SENTENCE_END = re.compile(r"[。!?;\n]")
_DENIED = re.compile(
    r"(?:没有?|不是|并未|并没有?|未|不会|无)(?:发生|出现|看到|闻到|什么)?$"
    r"|\b(?:no|not|without|isn't|wasn't)\s(?:[a-z]+\s)?$"
)

Kinds = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is the danger word as folded, or "kind", "condition" or "" (normal)."""

    report: float
    kinds: Kinds
    condition: int | None
    urgency: Urgency
    reason: str


def judge(
    text: str, hits: list[Hit], lexicon: Lexicon, placed: bool, model: Model | None = None
) -> Verdict:
    """The verdict on a folded text; `placed` says that it names a building, floor or the like."""
    guarded = _guarded(text, hits, lexicon)
    scores = _scores(hits, guarded, lexicon)
    kinds = joined(_shares(scores), text, lexicon.catalogue, model)
    alarm = next((h.entry.word for h in hits if h.entry.code == "NOW" and id(h) not in guarded), "")
    condition = _condition(kinds[0][0], text, hits, lexicon)
    urgency, reason = _urgency(kinds[0], condition, alarm, lexicon)
    report = _report(scores, hits, placed, bool(alarm))
    return Verdict(report, kinds, condition, urgency, reason)


def _guarded(text: str, hits: list[Hit], lexicon: Lexicon) -> set[int]:
    """Ids of the danger words that are past, feared, rehearsed or denied."""
    before = [hit for hit in hits if hit.entry.code == "BEFORE"]
    after = [hit for hit in hits if hit.entry.code == "AFTER"]
    if any(hit.entry.code == "STILL" for hit in hits):
        before, after = [], []
    danger = [hit for hit in hits if hit.entry.code == "NOW" or hit.entry.code in lexicon.urgent]
    return {
        id(hit)
        for hit in danger
        if _DENIED.search(text[max(0, hit.start - 12) : hit.start])
        or any(_reaches_on(text, guard, hit) for guard in before)
        or any(_reaches_back(text, guard, hit) for guard in after)
    }


def _reaches_on(text: str, guard: Hit, hit: Hit) -> bool:
    gap = hit.start - guard.end
    if guard.start >= hit.start or gap > REACH_BEFORE:
        return False
    return not _CLAUSE_END.search(text, guard.end, hit.start)


def _reaches_back(text: str, guard: Hit, hit: Hit) -> bool:
    if not 0 <= guard.start - hit.end <= REACH_AFTER:
        return False
    return not _SENTENCE_END.search(text, hit.end, guard.start)


def _scores(hits: Iterable[Hit], guarded: set[int], lexicon: Lexicon) -> dict[str, float]:
    weights: dict[str, dict[tuple[str, ...], float]] = {}
    for hit in hits:
        entry = hit.entry
        if entry.code in MARKS or entry.condition is not None:
            continue
        weight = _worth(hit) * (GUARDED if id(hit) in guarded else 1.0)
        words = weights.setdefault(entry.code, {})
        words[entry.parts] = max(weight, words.get(entry.parts, 0.0))
    return {
        code: _together(words.values()) * (NAMED_BOOST if code in lexicon.named else 1.0)
        for code, words in weights.items()
    }


def _worth(hit: Hit) -> float:
    """Longer words are more particular: up to 1.5 more."""
    letters = sum(map(len, hit.entry.parts))
    extra = (letters - 6) / 10 if hit.entry.parts[0].isascii() else (letters - 2) / 3
    return hit.entry.weight + min(1.5, max(0.0, extra))


def _together(weights: Iterable[float]) -> float:
    ordered = sorted(weights, reverse=True)
    return sum(w * share for w, share in zip(ordered, LATER_WORDS, strict=False))


def _shares(scores: dict[str, float]) -> Kinds:
    """Up to three kinds with probabilities; what is missing to 1 is doubt.

    A kind that is less likely than nothing known comes after "other".
    """
    powers = {code: exp(min(score, 20.0)) for code, score in scores.items()}
    whole = exp(DOUBT) + sum(powers.values())
    shares = [(code, round(power / whole, 4)) for code, power in powers.items()]
    best = sorted(shares, key=lambda share: (-share[1], share[0]))
    if not best or best[0][1] < UNKNOWN:
        best = [(OTHER, UNKNOWN), *(share for share in best if share[0] != OTHER)]
    return tuple(best[:3])


def _condition(code: str, text: str, hits: Iterable[Hit], lexicon: Lexicon) -> int | None:
    conditions = lexicon.catalogue.conditions(code)
    if len(conditions) < 2:
        return 0 if conditions else None
    scores = dict.fromkeys(range(len(conditions)), 0.0)
    for hit in {h.entry.parts: h for h in hits if h.entry.code == code}.values():
        if hit.entry.condition is not None:
            scores[hit.entry.condition] += hit.entry.weight
    telling = lexicon.grams[code]
    for gram in grams_of(text) & telling.keys():
        scores[telling[gram]] += 0.5
    first, second = sorted(scores, key=lambda n: -scores[n])[:2]
    return first if scores[first] >= 1 and scores[first] > scores[second] else None


def _urgency(
    best: tuple[str, float], condition: int | None, alarm: str, lexicon: Lexicon
) -> tuple[Urgency, str]:
    code, share = best
    kind = lexicon.catalogue.kinds.get(code)
    if alarm:
        return "now", alarm
    if kind is None or share < SURE:
        return "normal", ""
    if condition is None or (code in lexicon.named and kind.default_urgency == "now"):
        return _told("kind", kind.default_urgency)
    limit = lexicon.catalogue.conditions(code)[condition]
    return _told("condition", _urgency_of(kind, limit))


def _told(reason: str, urgency: Urgency) -> tuple[Urgency, str]:
    return urgency, reason if urgency != "normal" else ""


def _urgency_of(kind: Kind, condition: Condition) -> Urgency:
    """A limit of one wall hour is "now"; an urgent kind's slower condition is only "soon"."""
    hours = condition.limit_value if condition.limit_unit == "wall_hours" else None
    urgent = kind.default_urgency == "now"
    if hours is not None and (hours <= 1 or (urgent and hours <= 2)):
        return "now"
    if urgent or (hours is not None and hours <= SOON_HOURS and kind.default_urgency == "soon"):
        return "soon"
    return kind.default_urgency


def _report(scores: dict[str, float], hits: Iterable[Hit], placed: bool, alarm: bool) -> float:
    """How likely the text reports something rather than chats."""
    words = {hit.entry: hit.entry for hit in hits}
    asked = sum(entry.weight for entry in words if entry.code == "ASK")
    chat = sum(entry.weight for entry in words if entry.code == "CHAT")
    evidence = min(4.0, max(scores.values(), default=0.0))
    weight = 0.9 * evidence + 0.6 * min(2.0, asked) + 0.6 * placed + 1.5 * alarm - 1.1 * chat
    return round(1 / (1 + exp(2.2 - weight)), 4)
