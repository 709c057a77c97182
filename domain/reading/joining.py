"""The rules' word and the model's, joined."""

from __future__ import annotations

from domain.catalogue import Catalogue
from domain.reading.model import Model

Kinds = tuple[tuple[str, float], ...]
MOST = 3
# below this probability the rules only guess at danger
SEEN = 0.3


def joined(
    kinds: Kinds,
    text: str,
    catalogue: Catalogue,
    model: Model | None,
    lacking: frozenset[str] = frozenset(),
) -> Kinds:
    """Up to three kinds by both, weighed by the model's share; by the rules alone without one.
    `lacking`: codes of the catalogue that can't be meant.

    Where the rules see danger, or what only one named person may hear of, their word stands: such
    words are few and chosen, and private matters were never learnt from.
    """
    if model is None or not model.share or _stands(kinds, catalogue):
        return kinds
    shares = {code: p * (1 - model.share) for code, p in kinds}
    for code, p in model.likeliest(text, len(model.labels)):
        known = code in catalogue.kinds or code in catalogue.matters
        if known and code not in lacking:
            shares[code] = shares.get(code, 0.0) + p * model.share
    best = sorted(shares.items(), key=lambda share: (-share[1], share[0]))
    return tuple((code, round(p, 4)) for code, p in best[:MOST])


def _stands(kinds: Kinds, catalogue: Catalogue) -> bool:
    code, p = kinds[0]
    kind = catalogue.kinds.get(code)
    if kind is None:
        return False
    return kind.reach == "named" or (kind.default_urgency == "now" and p >= SEEN)
