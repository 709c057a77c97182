"""Which kind, which filing condition, how urgent: weighing the words that were found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp

from domain.catalogue import OTHER, Condition, Kind, Urgency
from domain.reading.ear import pieces_of
from domain.reading.joining import joined
from domain.reading.lexicon import MARKS, Hit, Lexicon, Scan, Span, grams_of
from domain.reading.model import Model

UNKNOWN = 0.2  # probability of the kind "other" when no word says anything
LIKELY_ENOUGH = 0.2  # a kind less likely than this is no better guess than "other"
DOUBT = 2.5  # how much evidence it takes to be half sure
NAMED_BOOST = 1.5  # despair and violence are recognised however little is said (recall first)
GUARDED = 0.3  # what a danger word is worth when it is past, feared or denied
LATER_WORDS = (1.0, 0.35, 0.2, 0.1)  # each further word of a kind says less that is new
REACH_BEFORE, REACH_AFTER = 12, 10  # characters over which a guard holds
# what each sign is worth for its being a report, and how much it takes to be half sure, for who
# has no ear
WORTH = {
    "evidence": 0.8,
    "asked": 0.15,
    "placed": 0.6,
    "alarm": 0.7,
    "state": 0.6,
    "chat": -0.6,
    "framed": -0.8,
}
REPORT_DOUBT = 2.0
FRAMED = 2.0  # from this weight on a frame silences the danger words
DOUBTED = 0.25  # below this probability of a report a kind's own danger raises no alarm
SURE = 0.3  # from here on a kind's own urgency counts
SOON_HOURS = 4  # wall hours of a condition's limit that make it "soon"
# from this probability on it is taken for danger, rather one question too many; where a word says
# so; and where every such word is past, feared or denied, or nobody could say what it is about
DANGER, ALARMED, DOUBTFUL = 0.1, 0.05, 0.5
LIKELY = 0.5  # a report rather than talk
STEPS, MOST_STEPS = 2, 12  # of what a kind's words count, as the ear hears it

_CLAUSE_END = re.compile(r"[。!?;,\n、]")
_SENTENCE_END = re.compile(r"[。!?;\n]")
_DENIED = re.compile(
    r"(?:没有?|不是|并未|并没有?|未|不会|无)(?:发生|出现|看到|闻到|什么)?$"
    r"|\b(?:no|not|without|isn't|wasn't)\s(?:[a-z]+\s)?$"
)

Kinds = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is the danger word as folded, or "sound", "kind", "condition" or "" (normal)."""

    report: float
    kinds: Kinds
    condition: int | None
    urgency: Urgency
    reason: str


def judge(
    text: str,
    scan: Scan,
    lexicon: Lexicon,
    placed: bool,
    model: Model | None = None,
    lacking: frozenset[str] = frozenset(),
) -> Verdict:
    """The verdict on a folded text; `placed` says that it names a building, floor or the like,
    `lacking` which codes can't be meant."""
    hits = scan.hits
    guarded = _guarded(text, hits, lexicon)
    scores = _scores(hits, guarded, lexicon)
    alarm = next((h.entry.word for h in hits if h.entry.code == "NOW" and id(h) not in guarded), "")
    if lexicon.ear is None:
        report = _report(scores, hits, placed, bool(alarm))
        danger, shares = 0.0, _shares(scores)
    else:
        noticed = _noticed(text, scan, guarded, scores, placed)
        heard = lexicon.ear.hear(noticed)
        danger = heard.danger
        report = round(max(heard.report, danger), 4)  # who is in danger reports it
        shares = _heard(heard.kinds, scores, lacking | lexicon.strange)
    kinds = joined(shares, text, lexicon.catalogue, model, lacking)
    condition = _condition(kinds[0][0], text, hits, lexicon)
    urgency, reason = _urgency(kinds[0], condition, alarm, lexicon)
    if lexicon.ear is not None:
        doubtful = guarded or max(heard.kinds.values()) < SURE
        enough = ALARMED if alarm else DOUBTFUL if doubtful else DANGER
        if danger >= enough:
            urgency, reason = "now", reason if urgency == "now" else "sound"
        elif urgency == "now" and not (reason == "condition" and report >= LIKELY):
            urgency, reason = _calmed(reason)
    elif urgency == "now" and not alarm and not _said(kinds[0][0], scores, report, lexicon):
        urgency, reason = "normal", ""
    return Verdict(report, kinds, condition, urgency, reason)


def noticed_in(text: str, scan: Scan, lexicon: Lexicon, placed: bool) -> dict[str, int]:
    """What the ear hears of a folded text; for learning and for explanations."""
    guarded = _guarded(text, scan.hits, lexicon)
    return _noticed(text, scan, guarded, _scores(scan.hits, guarded, lexicon), placed)


def _noticed(
    text: str, scan: Scan, guarded: set[int], scores: Mapping[str, float], placed: bool
) -> dict[str, int]:
    """The pieces of a text, its groups (@water), marks (+NOW, -NOW if silenced), what its words
    count for each kind (=LS04) and for a kind's condition (=PS11/0)."""
    noticed = dict.fromkeys(pieces_of(text), 1)
    noticed.update(dict.fromkeys(scan.groups, 1))
    for hit in scan.hits:
        code = hit.entry.code
        if hit.entry.condition is not None:
            noticed[f"={code}/{hit.entry.condition}"] = 1
        elif code in MARKS:
            noticed[f"-{code}" if id(hit) in guarded else f"+{code}"] = 1
    for code, score in scores.items():
        noticed[f"={code}"] = min(MOST_STEPS, round(score * STEPS))
    if placed:
        noticed["+placed"] = 1
    return noticed


def _heard(
    heard: Mapping[str, float], scores: Mapping[str, float], lacking: frozenset[str]
) -> Kinds:
    """Up to three kinds by the ear; what a district calls its own has only its words."""
    own = {code: score for code, score in scores.items() if code not in heard}
    shares = _powers(own)
    rest = 1 - sum(shares.values())
    for code, p in heard.items():
        if code not in lacking:
            shares[code] = p * rest
    return _best(shares)


def _chance(score: float) -> float:
    return round(1 / (1 + exp(-max(-30.0, min(30.0, score)))), 4)


def _calmed(reason: str) -> tuple[Urgency, str]:
    """What its kind or a word alone calls danger is for today, or not even that."""
    return ("soon", reason) if reason in ("kind", "condition") else ("normal", "")


def _said(code: str, scores: Mapping[str, float], report: float, lexicon: Lexicon) -> bool:
    return code in scores and (report >= DOUBTED or code in lexicon.named)


def weighed(text: str, hits: list[Hit], lexicon: Lexicon) -> list[tuple[Hit, float, bool]]:
    """Each hit with what it counts, and whether it was silenced; for explanations."""
    guarded = _guarded(text, hits, lexicon)
    return [
        (hit, _counts(hit) * (GUARDED if id(hit) in guarded else 1.0), id(hit) in guarded)
        for hit in hits
    ]


def _counts(hit: Hit) -> float:
    """A mark or a condition counts what the lexicon says, a kind's word also by its length."""
    plain = hit.entry.code in MARKS or hit.entry.condition is not None
    return hit.entry.weight if plain else _worth(hit)


def _guarded(text: str, hits: list[Hit], lexicon: Lexicon) -> set[int]:
    """Ids of the danger words that are past, feared, rehearsed or denied."""
    before = [hit for hit in hits if hit.entry.code == "BEFORE"]
    after = [hit for hit in hits if hit.entry.code == "AFTER"]
    if _goes_on(hits):
        before, after = [], []
    danger = [hit for hit in hits if hit.entry.code == "NOW" or hit.entry.code in lexicon.urgent]
    if _told_of(hits) >= FRAMED:
        return {id(hit) for hit in danger}
    return {
        id(hit)
        for hit in danger
        if any(_held(text, spot, before, after) for spot in hit.spots or ((hit.start, hit.end),))
    }


def _held(text: str, spot: Span, before: list[Hit], after: list[Hit]) -> bool:
    """Whether a guard or a denial reaches a danger word, or a part of one."""
    return (
        _DENIED.search(text[max(0, spot[0] - 12) : spot[0]]) is not None
        or any(_reaches_on(text, guard, spot) for guard in before)
        or any(_reaches_back(text, guard, spot) for guard in after)
    )


def _reaches_on(text: str, guard: Hit, spot: Span) -> bool:
    gap = spot[0] - guard.end
    if guard.start >= spot[0] or gap > REACH_BEFORE:
        return False
    return not _CLAUSE_END.search(text, guard.end, spot[0])


def _reaches_back(text: str, guard: Hit, spot: Span) -> bool:
    if not 0 <= guard.start - spot[1] <= REACH_AFTER:
        return False
    return not _SENTENCE_END.search(text, spot[1], guard.start)


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
    if "@" in hit.entry.parts[0]:
        return hit.entry.weight
    extra = (letters - 6) / 10 if hit.entry.parts[0].isascii() else (letters - 2) / 3
    return hit.entry.weight + min(1.5, max(0.0, extra))


def _together(weights: Iterable[float]) -> float:
    ordered = sorted(weights, reverse=True)
    return sum(w * share for w, share in zip(ordered, LATER_WORDS, strict=False))


def _powers(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores of words as probabilities; what is missing to 1 is doubt."""
    powers = {code: exp(min(score, 20.0)) for code, score in scores.items()}
    whole = exp(DOUBT) + sum(powers.values())
    return {code: power / whole for code, power in powers.items()}


def _shares(scores: Mapping[str, float]) -> Kinds:
    return _best(_powers(scores))


def _best(shares: Mapping[str, float]) -> Kinds:
    """The three likeliest kinds; one that is less likely than nothing known comes after "other"."""
    best = sorted(shares.items(), key=lambda share: (-share[1], share[0]))
    if not best or best[0][1] < LIKELY_ENOUGH:
        best = [(OTHER, UNKNOWN), *(share for share in best if share[0] != OTHER)]
    return tuple((code, round(p, 4)) for code, p in best[:3])


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


def _goes_on(hits: Iterable[Hit]) -> bool:
    return any(hit.entry.code == "STILL" for hit in hits)


def _told_of(hits: Iterable[Hit]) -> float:
    """How much says that this is told of, not happening here: a film, a drill, an advertisement;
    or that it is settled, unless it goes on again."""
    codes = {"FRAME"} if _goes_on(hits) else {"FRAME", "SOLVED"}
    return max((hit.entry.weight for hit in hits if hit.entry.code in codes), default=0.0)


def _report(scores: Mapping[str, float], hits: list[Hit], placed: bool, alarm: bool) -> float:
    """How likely the text reports something rather than chats, by words alone."""
    words = {hit.entry: hit.entry for hit in hits}
    asked = sum(entry.weight for entry in words if entry.code == "ASK")
    chat = sum(entry.weight for entry in words if entry.code == "CHAT")
    told = {
        "evidence": min(4.0, max(scores.values(), default=0.0)),
        "asked": min(2.0, asked),
        "placed": placed,
        "alarm": alarm,
        "state": any(entry.code == "STATE" for entry in words),
        "chat": min(4.0, chat),
        "framed": _told_of(hits),
    }
    return _chance(sum(WORTH[name] * value for name, value in told.items()) - REPORT_DOUBT)
