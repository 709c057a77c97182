"""What was corrected most: which kinds are taken for which, and the words in those texts.

For whoever keeps the lexicon. Of what happened seldom only the number is told, of private kinds
nothing more than that, and no word that came from fewer than three people.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalogue import OTHER, Catalogue
from domain.lifecycle import Verb
from domain.reading.folding import fold
from models import CaseEvent
from services.catalogue import catalogue
from services.learning import Text, public_words
from services.training import MIN_PEOPLE

FEW = 3  # corrections of a pair below which it isn't named
MOST_PAIRS = 20
MOST_WORDS = 8
WORD_LENGTHS = (4, 3, 2)


@dataclass(frozen=True, slots=True)
class Confused:
    """`said`: the kind that was read, `put_right`: what people made of it. `words` stand in several
    of the texts and may be missing from the lexicon, or be in the wrong place there."""

    said: str
    put_right: str
    times: int
    words: tuple[str, ...]


def corrections(session: Session, district: str, now: datetime) -> tuple[list[Confused], int]:
    """Pairs of kinds, the most frequent first, and how many other corrections there were."""
    found = catalogue(session, district)
    pairs = _pairs(session, district)
    texts = public_words(session, district, now)
    named = [
        Confused(said, right, len(cases), _common([texts[c] for c in cases if c in texts]))
        for (said, right), cases in pairs.items()
        if len(cases) >= FEW and _is_public(found, said) and _is_public(found, right)
    ]
    listed = sorted(named, key=lambda each: (-each.times, each.said, each.put_right))[:MOST_PAIRS]
    whole = sum(map(len, pairs.values()))
    return listed, whole - sum(each.times for each in listed)


def _pairs(session: Session, district: str) -> dict[tuple[str, str], set[UUID]]:
    query = select(CaseEvent.case, CaseEvent.facts).where(
        CaseEvent.district == district, CaseEvent.verb == str(Verb.CORRECT_KIND)
    )
    pairs: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for case, facts in session.exec(query.order_by(col(CaseEvent.at))):
        said, right = facts.get("from", ""), facts.get("kind", "")
        if said and right and said != right:
            pairs[said, right].add(case)
    return pairs


def _is_public(found: Catalogue, code: str) -> bool:
    """What nobody could name yet is only private until it has a name."""
    kind = found.kinds.get(code)
    if kind is None or code == OTHER:
        return True
    return kind.privacy == "public" and kind.reach != "named"


def _common(texts: Sequence[Text]) -> tuple[str, ...]:
    """Runs of characters in the texts of several people, longer ones before their parts."""
    people: dict[str, set[UUID]] = defaultdict(set)
    for text in texts:
        folded = fold(text.words).text
        for length in WORD_LENGTHS:
            for start in range(len(folded) - length + 1):
                run = folded[start : start + length]
                if run.isalpha():
                    people[run].add(text.person)
    often = [run for run in people if len(people[run]) >= MIN_PEOPLE]
    often.sort(key=lambda run: (-len(people[run]) * len(run), run))
    words: list[str] = []
    for run in often:
        if len(words) < MOST_WORDS and not any(_same(run, word) for word in words):
            words.append(run)
    return tuple(words)


def _same(run: str, word: str) -> bool:
    """Whether one is most of the other."""
    return run in word or word in run or run[1:] == word[:-1] or run[:-1] == word[1:]
