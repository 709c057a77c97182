"""The lexicon: which words speak for which kind, compiled once and looked up by first letters.

An entry is a word, or parts: `A*B` is A and then B within ten characters, `A~B` A and B near each
other in any order, `A&B` both anywhere. A part may be a group: `@water~@gush` is any word of the
rows whose code is `@water` near any of `@gush`. So what things are called and what can be the
matter with them is said once, for all languages.
An entry's code is a kind, a matter not admitted, a kind's condition (`PS11/0`), one of MARKS, or
a group that its word belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from operator import add
from sys import intern

from domain.catalogue import Catalogue, CatalogueError, Condition
from domain.reading.folding import fold_word
from domain.reading.tone import CALM, DANGER, REPORTS, TALKS, Tone, parse_tone
from domain.reading.votes import Votes, votes_of

MARKS = (
    *("BLOCK", "CHAT", "ASK", "NOW", "BEFORE", "AFTER", "STILL", "LANDMARK"),
    *("FRAME", "SOLVED", "STATE", REPORTS, TALKS, DANGER, CALM),
)
GAP = 10  # characters between the parts of A*B
NEAR = 14  # and between those of A~B
NEAR_LATIN = 40  # the same number of words takes more letters
GROUP = "@"  # begins the code of a group
MAX_SPOTS = 8  # places of one word that are looked at; more say nothing new

_JOINS = re.compile("[*~&]")

Row = Mapping[str, str]
Span = tuple[int, int]
Use = tuple[int, int]  # an entry's number and which of its parts


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the lexicon in folded shape; `condition` indexes the kind's conditions."""

    code: str
    condition: int | None
    parts: tuple[str, ...]
    joins: str  # what stands between the parts: "*", "~" or "&" each
    weight: float

    @property
    def word(self) -> str:
        return "…".join(self.parts)


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found in a folded text."""

    entry: Entry
    start: int
    end: int
    spots: tuple[Span, ...] = ()  # of the parts, where they may lie apart


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled entries.

    `uses` has each word's entries by number and part, `lengths` how long the words are that begin
    with the same two characters; `urgent` are the kinds whose danger words can be guarded, `named`
    those that one named person hears of, `grams` what tells a kind's conditions apart, `votes` what
    pieces of words hint at, `tone` how reports sound and `alarm` how danger does.
    """

    entries: tuple[Entry, ...]
    uses: Mapping[str, tuple[Use, ...]]
    lengths: Mapping[str, tuple[int, ...]]
    urgent: frozenset[str]
    named: frozenset[str]
    grams: Mapping[str, Mapping[str, int]]
    catalogue: Catalogue
    votes: Votes
    tone: Tone
    alarm: Tone

    @classmethod
    def build(cls, rows: Iterable[Row], catalogue: Catalogue) -> Lexicon:
        """Compile rows of `code, language, word, weight`.

        Raises an ExceptionGroup of CatalogueErrors for codes that the catalogue lacks, weights
        that are no positive number and words that are empty.
        """
        errors: list[CatalogueError] = []
        rows = tuple(rows)
        groups = _groups(rows)
        entries = tuple(dict.fromkeys(_entries(rows, catalogue, groups, errors)))
        if errors:
            raise ExceptionGroup("the lexicon has errors", errors)
        kinds = catalogue.kinds.values()
        named = frozenset(kind.code for kind in kinds if kind.reach == "named")
        urgent = frozenset(kind.code for kind in kinds if kind.default_urgency == "now") - named
        grams = {code: _telling(catalogue.conditions(code)) for code in catalogue.kinds}
        uses = _uses(entries, groups)
        return cls(
            entries,
            uses,
            _lengths(uses),
            urgent,
            named,
            grams,
            catalogue,
            _votes(entries, groups),
            parse_tone(rows, REPORTS, TALKS),
            parse_tone(rows, DANGER, CALM),
        )

    def scan(self, text: str) -> list[Hit]:
        """Every entry found in a folded text, except where a BLOCK word overlaps it."""
        uses = self.uses
        spots: dict[int, dict[int, list[Span]]] = {}
        for start, word in self._words(text):
            span = (start, start + len(word))
            for number, part in uses[word]:
                found = spots.setdefault(number, {}).setdefault(part, [])
                if len(found) < MAX_SPOTS:
                    found.append(span)
        hits = [hit for number, parts in spots.items() for hit in self._found(number, parts, text)]
        return _unblocked(hits)

    def _words(self, text: str) -> Iterator[tuple[int, str]]:
        uses, lengths, seen = self.uses, self.lengths, dict[str, int]()
        for start, pair in enumerate(map(add, text, text[1:] + " ")):
            if pair not in lengths and pair[0] not in lengths:
                continue
            for length in (*lengths.get(pair[0], ()), *lengths.get(pair, ())):
                word = text[start : start + length]
                # at the text's end a longer word's place holds a shorter one, which has its own
                if word not in uses or len(word) != length or not _stands(text, start, word):
                    continue
                seen[word] = seen.get(word, 0) + 1
                if seen[word] <= MAX_SPOTS:
                    yield start, word

    def _found(self, number: int, parts: dict[int, list[Span]], text: str) -> list[Hit]:
        entry = self.entries[number]
        if len(parts) < len(entry.parts):
            return []
        if len(entry.parts) == 1:
            return [Hit(entry, start, end) for start, end in parts[0]]
        if entry.joins.strip("*"):
            return _apart(entry, parts, text)
        spans = parts[0]
        for part in range(1, len(entry.parts)):
            spans = [(a, d) for a, b in spans for c, d in parts[part] if 0 <= c - b <= GAP]
        return [Hit(entry, start, end) for start, end in spans[:1]]


def _apart(entry: Entry, parts: dict[int, list[Span]], text: str) -> list[Hit]:
    """Parts in any order: each anywhere, near the first, or soon after the one before."""
    for first in parts[0]:
        chosen = [first]
        for part, join in enumerate(entry.joins, start=1):
            for spot in parts[part]:
                if _joined(join, chosen, spot, text):
                    chosen.append(spot)
                    break
            else:
                break
        if len(chosen) == len(entry.parts):
            ends = [end for _, end in chosen]
            return [Hit(entry, min(chosen)[0], max(ends), tuple(chosen))]
    return []


def _joined(join: str, chosen: list[Span], spot: Span, text: str) -> bool:
    if any(spot[0] < end and start < spot[1] for start, end in chosen):
        return False  # one word can't be two parts
    if join == "&":
        return True
    if join == "*":
        return 0 <= spot[0] - chosen[-1][1] <= GAP
    gap = max(spot[0] - chosen[0][1], chosen[0][0] - spot[1])
    latin = text[spot[0]].isascii() or text[chosen[0][0]].isascii()
    return gap <= (NEAR_LATIN if latin else NEAR)


def _entries(
    rows: Iterable[Row],
    catalogue: Catalogue,
    groups: Mapping[str, tuple[str, ...]],
    errors: list[CatalogueError],
) -> Iterator[Entry]:
    for number, row in enumerate(rows, start=2):
        if row.get("code", "").startswith(GROUP):
            continue
        code, _, condition = row.get("code", "").partition("/")
        code = intern(code)  # a few hundred codes in thousands of entries
        word, weight = fold_word(row.get("word", "").strip()), _weight(row.get("weight", ""))
        if not _known(code, condition, catalogue):
            errors.append(CatalogueError(number, "code", "unknown_kind", row.get("code", "")))
        joins = "".join(_JOINS.findall(word))
        parts = tuple(part for part in _JOINS.split(word) if part)
        if not parts or any(part[0] == GROUP and part not in groups for part in parts):
            errors.append(CatalogueError(number, "word", "missing", ""))
        if not weight:
            errors.append(CatalogueError(number, "weight", "not_a_weight", row.get("weight", "")))
        if code in (REPORTS, TALKS, DANGER, CALM):
            continue
        # A single character says little by itself.
        scale = 0.5 if len(word) == 1 and "一" <= word <= "鿿" and code not in MARKS else 1.0
        index = int(condition) if condition.isdigit() else None
        yield Entry(code, index, parts, joins, weight if scale == 1 else weight * scale)


def _groups(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for row in rows:
        if (code := row.get("code", "")).startswith(GROUP):
            groups.setdefault(code, []).append(fold_word(row.get("word", "").strip()))
    return {code: tuple(filter(None, words)) for code, words in groups.items()}


@cache  # a few weights in thousands of entries
def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 < weight <= 10 else 0.0


def _known(code: str, condition: str, catalogue: Catalogue) -> bool:
    if not condition:
        return code in MARKS or code in catalogue.kinds or code in catalogue.matters
    return condition.isdigit() and int(condition) < len(catalogue.conditions(code))


def _uses(
    entries: tuple[Entry, ...], groups: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[Use, ...]]:
    uses: dict[str, dict[Use, None]] = {}
    shared: dict[tuple[Use, ...], tuple[Use, ...]] = {}  # a group's words are used alike
    for number, entry in enumerate(entries):
        for part, word in enumerate(entry.parts):
            for each in groups.get(word, (word,)):
                uses.setdefault(each, {})[number, part] = None
    return {word: shared.setdefault(tuple(used), tuple(used)) for word, used in uses.items()}


def _votes(entries: tuple[Entry, ...], groups: Mapping[str, tuple[str, ...]]) -> Votes:
    return votes_of(
        (entry.code, entry.weight, groups.get(part, (part,)))
        for entry in entries
        if entry.code not in MARKS
        for part in entry.parts
    )


def _lengths(words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, dict[int, None]] = {}
    for word in words:
        found.setdefault(word[:2], {})[len(word)] = None
    # most beginnings share their lengths with others
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    return {key: shared.setdefault(tuple(some), tuple(some)) for key, some in found.items()}


def _stands(text: str, start: int, word: str) -> bool:
    """Latin words begin at a boundary; short ones end at one too, a plural s aside."""
    if not word[0].isascii() or not word[0].isalnum():
        return True
    if start and text[start - 1].isascii() and text[start - 1].isalnum():
        return False
    if len(word) > 4:
        return True
    rest = text[start + len(word) :][:2].removeprefix("s")
    return not (rest[:1].isascii() and rest[:1].isalnum())


def _unblocked(hits: list[Hit]) -> list[Hit]:
    blocks = [(hit.start, hit.end) for hit in hits if hit.entry.code == "BLOCK"]
    if not blocks:
        return hits
    return [
        hit
        for hit in hits
        if not any(
            _overlaps(spot, block)
            for block in blocks
            for spot in hit.spots or ((hit.start, hit.end),)
        )
    ]


def _overlaps(spot: Span, block: Span) -> bool:
    (first, last), (start, end) = spot, block
    if first <= start and end <= last and last - first > end - start:
        return False  # the longer word knows better
    return first < end and start < last


def _telling(conditions: tuple[Condition, ...]) -> dict[str, int]:
    """Character pairs and English words that only one of the conditions has."""
    owners: dict[str, set[int]] = {}
    for number, condition in enumerate(conditions):
        for gram in grams_of(fold_word(f"{condition.text_zh} {condition.text_en}")):
            owners.setdefault(gram, set()).add(number)
    return {gram: owner.pop() for gram, owner in owners.items() if len(owner) == 1}


def grams_of(text: str) -> set[str]:
    """Pairs of Chinese characters and words of four or more letters of a folded text."""
    pairs = {a + b for a, b in pairwise(text) if a > "㐀" and b > "㐀"}
    return pairs | {word for word in text.split() if word.isascii() and len(word) > 3}
