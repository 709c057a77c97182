"""Training a model of kinds from labelled texts: the only room that imports scikit-learn.

It is imported inside of functions: who runs the service never pays for it. The recipe and how it
was found: docs/reading.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any

from domain.reading.folding import fold
from domain.reading.model import MOST_BYTES, Model, Trained, grams_of

# a run must occur in so many texts; from people's reports by so many different people
MIN_TEXTS = 2
MIN_PEOPLE = 3
STRENGTH, MARGIN = 5.0, 0.4  # scikit-learn's C of the two: how far weights may go
HALF_SEEN = 0.5  # texts' worth of doubt about where a run stands
FLOOR = 0.1  # what a run counts that tells no labels apart
PARTS = 4  # of the texts, each held back once to find the temperature
BINS = 15  # of the calibration error
UNSAID = 1e-3  # probability of what was not among the guesses
TEMPERATURES = tuple(round(0.2 + 0.05 * n, 2) for n in range(60))

Labelled = tuple[str, str]  # text, label


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a model reads texts that it has not learnt from. `ece`: the mean distance between
    how sure it says to be and how often it is right; `loss`: mean negative log-likelihood."""

    accuracy: float
    macro_f1: float
    top2: float
    ece: float
    loss: float


class TooFew(Exception):
    """The texts can't teach anything: fewer than two labels, or no run is frequent enough."""


def train(
    told: Sequence[Labelled],
    *,
    numbers: bool = True,
    people: Sequence[object] | None = None,
    share: float = 1.0,
) -> Trained:
    """A model of labelled texts. `numbers`: whether digits may be learnt. `people`: who wrote each
    text; then a run must come from MIN_PEOPLE of them. Raises TooFew."""
    texts = [grams_of(fold(text).text, numbers) for text, _ in told]
    labels = [label for _, label in told]
    if len(set(labels)) < 2:
        raise TooFew
    grams = _vocabulary(texts, people, len(set(labels)))
    fitted = _fit(texts, labels, grams)
    return _trained(fitted, grams, numbers, _temperature(texts, labels, people), share)


def _vocabulary(
    texts: Sequence[set[str]], people: Sequence[object] | None, labels: int
) -> dict[str, int]:
    """The runs that may be learnt, the most frequent ones if all would be too large a file."""
    seen: dict[str, set[object]] = {}
    for number, grams in enumerate(texts):
        for gram in grams:
            seen.setdefault(gram, set()).add(number if people is None else people[number])
    least = MIN_TEXTS if people is None else MIN_PEOPLE
    kept = sorted((g for g in seen if len(seen[g]) >= least), key=lambda g: (-len(seen[g]), g))
    most = (MOST_BYTES - 100_000) // (2 * labels + 14)
    if not kept:
        raise TooFew
    return {gram: number for number, gram in enumerate(sorted(kept[:most]))}


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What scikit-learn found: `tells` for each run how well it tells labels apart."""

    labels: tuple[str, ...]
    tells: Any
    weights: Any
    biases: Any

    def scores(self, texts: Sequence[set[str]], grams: dict[str, int]) -> Any:
        return _rows(texts, grams, self.tells) @ self.weights.T + self.biases


def _fit(texts: Sequence[set[str]], labels: Sequence[str], grams: dict[str, int]) -> _Fitted:
    """Logistic regression and a support vector machine, which err differently, as one line each
    for every label; rare labels weigh as much as frequent ones."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    tells = _tells(texts, labels, grams)
    rows = _rows(texts, grams, tells)
    logistic = LogisticRegression(C=STRENGTH, max_iter=400, tol=1e-3, class_weight="balanced")
    vectors = LinearSVC(C=MARGIN, class_weight="balanced", random_state=0)
    weights, biases = 0.0, 0.0
    for each in (logistic, vectors):
        lines, ends = _lines(each.fit(rows, labels))
        size = float((rows @ lines.T + ends).std()) or 1.0
        weights, biases = weights + lines / size, biases + ends / size
    return _Fitted(tuple(map(str, logistic.classes_)), tells, weights, biases)


def _lines(fitted: Any) -> tuple[Any, Any]:
    """A line for each label; scikit-learn makes but one of two labels."""
    import numpy as np

    weights, biases = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        weights, biases = np.vstack([-weights, weights]) / 2, np.hstack([-biases, biases]) / 2
    return weights - weights.mean(0), biases - biases.mean()


def _tells(texts: Sequence[set[str]], labels: Sequence[str], grams: dict[str, int]) -> Any:
    """From FLOOR to 1 + FLOOR: one minus the entropy of the labels in whose texts a run stands.

    This instead of the usual rarity of a word is worth a point and a half of macro-F1: rare and
    telling isn't the same.
    """
    import numpy as np

    names = {label: number for number, label in enumerate(sorted(set(labels)))}
    counts, of_label = np.zeros((len(grams), len(names))), np.zeros(len(names))
    for text, label in zip(texts, labels, strict=True):
        of_label[names[label]] += 1
        counts[[grams[gram] for gram in text if gram in grams], names[label]] += 1
    rates = counts / of_label + HALF_SEEN / of_label.sum()
    whole = rates.sum(1, keepdims=True)
    shares = rates / whole
    entropy = -(shares * np.log(shares)).sum(1) / log(len(names))
    return np.maximum(0.0, 1 - entropy) + FLOOR


def _rows(texts: Sequence[set[str]], grams: dict[str, int], tells: Any) -> Any:
    """The texts as rows of length 1."""
    import numpy as np
    from scipy.sparse import csr_matrix

    found = [sorted(grams[gram] for gram in text if gram in grams) for text in texts]
    ends = np.cumsum([0, *map(len, found)])
    columns = np.array([column for row in found for column in row], dtype=np.int64)
    values = tells[columns]
    lengths = [float(np.sqrt((values[a:b] ** 2).sum())) or 1.0 for a, b in pairwise(ends)]
    values = values / np.repeat(lengths, [len(row) for row in found])
    return csr_matrix((values, columns, ends), shape=(len(texts), len(grams)))


def _temperature(
    texts: Sequence[set[str]], labels: Sequence[str], people: Sequence[object] | None
) -> float:
    """What the scores are divided by so that a probability is one: by texts held back in turn."""
    parts = [_part(texts, labels, people, number) for number in range(PARTS)]
    found = [part for part in parts if part is not None]
    return min(TEMPERATURES, key=lambda t: sum(_loss(scores / t, at) for scores, at in found))


def _part(
    texts: Sequence[set[str]], labels: Sequence[str], people: Sequence[object] | None, part: int
) -> tuple[Any, list[int]] | None:
    """Scores of the texts of one part by what the others teach, and each one's label; None if
    they teach nothing."""
    inside = [n for n in range(len(texts)) if n % PARTS != part]
    known = {labels[n] for n in inside}
    held = [n for n in range(len(texts)) if n % PARTS == part and labels[n] in known]
    theirs, named = [texts[n] for n in inside], [labels[n] for n in inside]
    try:
        who = None if people is None else [people[n] for n in inside]
        grams = _vocabulary(theirs, who, len(known))
    except TooFew:
        return None
    if len(known) < 2 or not held:
        return None
    fitted = _fit(theirs, named, grams)
    scores = fitted.scores([texts[n] for n in held], grams)
    return scores, [fitted.labels.index(labels[n]) for n in held]


def _loss(scores: Any, truth: Any) -> float:
    import numpy as np

    highest = scores.max(1, keepdims=True)
    whole = np.log(np.exp(scores - highest).sum(1)) + highest[:, 0]
    return float((whole - scores[np.arange(len(truth)), truth]).sum())


def _trained(
    fitted: _Fitted, grams: dict[str, int], numbers: bool, temperature: float, share: float
) -> Trained:
    import numpy as np

    weights = np.hstack([fitted.weights.T * fitted.tells[:, None], fitted.tells[:, None] ** 2])
    return Trained(
        labels=fitted.labels,
        grams=tuple(grams),
        weights=weights.tolist(),
        biases=tuple(fitted.biases.tolist()),
        temperature=temperature,
        numbers=numbers,
        share=share,
    )


# --- how well it reads ---

Guess = Sequence[tuple[str, float]]  # labels with probabilities, the likeliest first


def judged(model: Model, held: Sequence[Labelled]) -> Figures:
    """The figures of a model on labelled texts."""
    guesses = [model.likeliest(fold(text).text, len(model.labels)) for text, _ in held]
    return figures(guesses, [label for _, label in held])


def figures(guesses: Sequence[Guess], truth: Sequence[str]) -> Figures:
    """The figures of guesses, one for each text. An empty guess is a wrong one."""
    first = [guess[0] if guess else ("", 0.0) for guess in guesses]
    right = [label == true for (label, _), true in zip(first, truth, strict=True)]
    two = [
        true in [label for label, _ in guess[:2]]
        for guess, true in zip(guesses, truth, strict=True)
    ]
    loss = [
        -log(max(dict(guess).get(true, 0.0), UNSAID))
        for guess, true in zip(guesses, truth, strict=True)
    ]
    count = max(1, len(truth))
    return Figures(
        accuracy=sum(right) / count,
        macro_f1=_macro_f1([label for label, _ in first], truth),
        top2=sum(two) / count,
        ece=_ece([p for _, p in first], right),
        loss=sum(loss) / count,
    )


def _macro_f1(said: Sequence[str], truth: Sequence[str]) -> float:
    """The mean of each label's F1, over the labels that occur in either."""
    names = sorted({*said, *truth} - {""})
    scores = []
    for name in names:
        both = sum(a == b == name for a, b in zip(said, truth, strict=True))
        scores.append(2 * both / (said.count(name) + truth.count(name)))
    return sum(scores) / max(1, len(scores))


def _ece(sure: Sequence[float], right: Sequence[bool]) -> float:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for p, was in zip(sure, right, strict=True):
        bins.setdefault(min(BINS - 1, int(p * BINS)), []).append((p, was))
    gaps = (abs(sum(p for p, _ in each) - sum(was for _, was in each)) for each in bins.values())
    return sum(gaps) / max(1, len(sure))
