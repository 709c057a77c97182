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
from typing import NamedTuple

from domain.catalogue import Catalogue, CatalogueError, Condition
from domain.reading.ear import Ear
from domain.reading.folding import fold_word

MARKS = (
    *("BLOCK", "CHAT", "ASK", "NOW", "BEFORE", "AFTER", "STILL", "LANDMARK"),
    *("FRAME", "SOLVED", "STATE"),
)
GAP = 10  # characters between the parts of A*B
NEAR = 14  # and between those of A~B
NEAR_LATIN = 40  # the same number of words takes more letters
GROUP = "@"  # begins the code of a group
ALONE = ""  # the second part of an entry that has but one
MAX_SPOTS = 8  # places of one word that are looked at; more say nothing new

_JOINS = re.compile("[*~&]")

Row = Mapping[str, str]
Span = tuple[int, int]


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


class Scan(NamedTuple):
    """What of a lexicon was found in a text."""

    hits: list[Hit]
    groups: set[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled entries.

    `parts` has for each word what it is a part of entries as: itself, its groups; `begins` the
    entries by their first part and their second, `lengths` how long the words are that begin with
    the same two characters; `urgent` are the kinds whose danger words can be guarded, `named` those
    that one named person hears of, `grams` what tells a kind's conditions apart, `ear` what was
    learnt beside the words, and `strange` what it knows of kinds that the catalogue lacks.
    """

    entries: tuple[Entry, ...]
    parts: Mapping[str, tuple[str, ...]]
    begins: Mapping[str, Mapping[str, tuple[int, ...]]]
    lengths: Mapping[str, tuple[int, ...]]
    urgent: frozenset[str]
    named: frozenset[str]
    grams: Mapping[str, Mapping[str, int]]
    catalogue: Catalogue
    ear: Ear | None
    strange: frozenset[str]

    @classmethod
    def build(cls, rows: Iterable[Row], catalogue: Catalogue, ear: Ear | None = None) -> Lexicon:
        """Compile rows of `code, language, word, weight`; without an ear, words alone speak.

        Raises an ExceptionGroup of CatalogueErrors for codes that the catalogue lacks, weights
        that are no positive number and words that are empty.
        """
        errors: list[CatalogueError] = []
        groups, lines = _apart_from_groups(rows)
        entries = tuple(dict.fromkeys(_entries(lines, catalogue, groups, errors)))
        if errors:
            raise ExceptionGroup("the lexicon has errors", errors)
        kinds = catalogue.kinds.values()
        named = frozenset(kind.code for kind in kinds if kind.reach == "named")
        urgent = frozenset(kind.code for kind in kinds if kind.default_urgency == "now") - named
        grams = {code: _telling(catalogue.conditions(code)) for code in catalogue.kinds}
        parts = _parts(entries, groups)
        return cls(
            entries,
            parts,
            _begins(entries),
            _lengths(parts),
            urgent,
            named,
            grams,
            catalogue,
            ear,
            _strange(ear, catalogue),
        )

    def scan(self, text: str) -> Scan:
        """Every entry found in a folded text, except where a BLOCK word overlaps it, and every
        group of which a word was found."""
        spots: dict[str, list[Span]] = {}
        for start, word in self._words(text):
            span = (start, start + len(word))
            for part in self.parts[word]:
                found = spots.setdefault(part, [])
                if len(found) < MAX_SPOTS:
                    found.append(span)
        hits: list[Hit] = []
        for part in spots:
            following = self.begins.get(part, {})
            for number in following.get(ALONE, ()):
                hits += [Hit(self.entries[number], start, end) for start, end in spots[part]]
            fewer, others = sorted((following, spots), key=len)
            for other in fewer:
                for number in following[other] if other in others else ():
                    hits += _found(self.entries[number], spots, text)
        return Scan(_unblocked(hits), {part for part in spots if part[0] == GROUP})

    def _words(self, text: str) -> Iterator[tuple[int, str]]:
        parts, lengths, seen = self.parts, self.lengths, dict[str, int]()
        for start, pair in enumerate(map(add, text, text[1:] + " ")):
            if pair not in lengths and pair[0] not in lengths:
                continue
            for length in (*lengths.get(pair[0], ()), *lengths.get(pair, ())):
                word = text[start : start + length]
                # at the text's end a longer word's place holds a shorter one, which has its own
                if word not in parts or len(word) != length or not _stands(text, start, word):
                    continue
                seen[word] = seen.get(word, 0) + 1
                if seen[word] <= MAX_SPOTS:
                    yield start, word


def _found(entry: Entry, spots: Mapping[str, list[Span]], text: str) -> list[Hit]:
    """An entry whose first two parts were found, if the others were and lie as they must."""
    first, *rest = entry.parts
    if not all(part in spots for part in rest):
        return []
    if entry.joins.strip("*"):
        return _apart(entry, spots, text)
    spans = spots[first]
    for part in rest:
        spans = [(a, d) for a, b in spans for c, d in spots[part] if 0 <= c - b <= GAP]
    return [Hit(entry, start, end) for start, end in spans[:1]]


def _apart(entry: Entry, spots: Mapping[str, list[Span]], text: str) -> list[Hit]:
    """Parts in any order: each anywhere, near the first, or soon after the one before."""
    for first in spots[entry.parts[0]]:
        chosen = [first]
        for part, join in zip(entry.parts[1:], entry.joins, strict=True):
            for spot in spots[part]:
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


class _Line(NamedTuple):
    """A row that isn't a group's, with its line in the file."""

    number: int
    code: str
    word: str
    weight: str


def _apart_from_groups(rows: Iterable[Row]) -> tuple[dict[str, tuple[str, ...]], list[_Line]]:
    """The groups' words in folded shape, and all other rows: thousands, of which only what is
    needed is kept."""
    groups: dict[str, list[str]] = {}
    lines: list[_Line] = []
    for number, row in enumerate(rows, start=2):
        # a few hundred codes in thousands of rows
        code, word = intern(row.get("code", "")), row.get("word", "").strip()
        if code.startswith(GROUP):
            groups.setdefault(code, []).append(fold_word(word))
        else:
            lines.append(_Line(number, code, word, intern(row.get("weight", ""))))
    return {code: tuple(filter(None, words)) for code, words in groups.items()}, lines


def _entries(
    lines: Iterable[_Line],
    catalogue: Catalogue,
    groups: Mapping[str, tuple[str, ...]],
    errors: list[CatalogueError],
) -> Iterator[Entry]:
    for line in lines:
        code, _, condition = line.code.partition("/")
        word, weight = fold_word(line.word), _weight(line.weight)
        if not _known(code, condition, catalogue):
            errors.append(CatalogueError(line.number, "code", "unknown_kind", line.code))
        joins = "".join(_JOINS.findall(word))
        parts = tuple(part for part in _JOINS.split(word) if part)
        if not parts or any(part[0] == GROUP and part not in groups for part in parts):
            errors.append(CatalogueError(line.number, "word", "missing", ""))
        if not weight:
            errors.append(CatalogueError(line.number, "weight", "not_a_weight", line.weight))
        # A single character says little by itself.
        scale = 0.5 if len(word) == 1 and "一" <= word <= "鿿" and code not in MARKS else 1.0
        index = int(condition) if condition.isdigit() else None
        yield Entry(intern(code), index, parts, joins, weight if scale == 1 else weight * scale)


def _strange(ear: Ear | None, catalogue: Catalogue) -> frozenset[str]:
    labels = () if ear is None else ear.kinds
    return frozenset(labels) - catalogue.kinds.keys() - catalogue.matters.keys()


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


def _parts(
    entries: tuple[Entry, ...], groups: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    found = {part: (part,) for entry in entries for part in entry.parts if part not in groups}
    for code, words in groups.items():
        for word in words:
            found[word] = (*found.get(word, ()), code)
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}  # a group's words are the same parts
    return {word: shared.setdefault(parts, parts) for word, parts in found.items()}


def _begins(entries: tuple[Entry, ...]) -> dict[str, dict[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for number, entry in enumerate(entries):
        first, second = (*entry.parts, ALONE)[:2]
        following = found.setdefault(first, {})
        following[second] = (*following.get(second, ()), number)
    return found


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
