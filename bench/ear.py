"""Teach the ear: `python -m bench.ear` writes services/data/ear.bin.

It learns from our own texts: `learn.jsonl`, `own.jsonl` and the even lines of `known.jsonl` in
tests/data/reading, and the everyday texts of tests/data. The odd lines stay a measure
(`python -m bench.reading --half odd`), and what is held back is held back.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.reading import usual
from domain.reading import Lexicon
from domain.reading.ear import NOW, REPORT, by_each_other, dump, signs_of
from domain.reading.folding import fold
from domain.reading.kinds import noticed_in
from domain.reading.place import MAX_MENTIONS, NOWHERE, find_mentions, find_place

DATA = Path("tests/data")
EAR = Path("services/data/ear.bin")
MEASURE = "reading/known"
FILES = ("reading/learn", "reading/own", MEASURE, "reports", "paraphrases")
SEEN = 4  # texts that a piece must occur in
LOGISTIC, MARGIN = 1.0, 0.05  # scikit-learn's C of the two that hear kinds
SOUND = 0.3  # and of those that hear reports and danger
WORDS = 0.25  # how far what the words count is let in, beside what is only there
CAREFUL = 0.3  # of the weight of a kind that a careful clerk may choose as well
PARTS = 4  # of the texts, each held back once to find how sure it may be
RARE = 0.005  # of all signs at either end are taken for less than they are
TEMPERATURES = tuple(round(0.1 + 0.05 * n, 2) for n in range(60))

# what people put before and after whatever they report, which must not matter: one report in so
# many is learnt a second time with it, at half weight
DRESSED, DRESS = 2, 0.5
HEADS = {
    "zh": "3栋2单元501|12号楼|您好，|网格员你好，|麻烦问下，|师傅，|我家|我们楼|各位邻居，|急，",
    "yue": "3座12樓|唔該，|你好，|我哋呢座|管理處，|姑娘，",
    "en": "Hi, |Hello, |Block 5, |Excuse me, |Unit 1203: |Dear grid worker, ",
}
TAILS = {
    "zh": "，麻烦来看一下|，谢谢|，请尽快处理，谢谢网格员|，辛苦了|，已经三天了|，家里有老人小孩"
    "|，求处理|，昨天晚上就这样|，物业电话打了几次都没人接|，跟物业说过了没人管|，快点来人|，拜托了|，有图"
    "|，早上出门的时候看到的，到现在还没有人管|，谢谢大家|，3号楼2单元",
    "yue": "，唔該晒|，麻煩跟進下|，多謝|，打咗俾管理處冇人聽|，幾日喇|，快啲嚟睇下",
    "en": ", please have a look|, thank you|, thanks in advance|, since yesterday|, nobody came"
    "|, I called the management twice|, please hurry|, see photo",
}

Noticed = dict[str, int]


@dataclass(frozen=True, slots=True)
class Text:
    """A labelled text. `now`: None where nobody said. `part`: which is held back together, a text
    with all that it was dressed in. `weight`: less than 1 for what was."""

    noticed: Noticed
    report: bool
    kind: str
    also: tuple[str, ...]
    now: bool | None
    part: int
    weight: float


def lines() -> list[str]:
    """All that it learns from, a JSON object each."""
    told = {
        name: (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() for name in FILES
    }
    told[MEASURE] = told[MEASURE][::2]
    return [line for name in FILES for line in told[name]]


def digest() -> str:
    """Of all that it learns from."""
    return hashlib.sha256("\n".join(lines()).encode()).hexdigest()


def noticed(text: str, lexicon: Lexicon) -> Noticed:
    """What the ear hears of a text."""
    folded = fold(text)
    scan = lexicon.scan(folded.text)
    place, _ = find_place(folded, scan.hits, find_mentions(folded.text, MAX_MENTIONS))
    return noticed_in(folded.text, scan, lexicon, place != NOWHERE)


def _text(line: Mapping[str, Any], lexicon: Lexicon, part: int, weight: float = 1.0) -> Text:
    kind = None if line["kind"] == "CHAT" else line["kind"]
    told = "urgency" in line or kind is None
    now = line.get("urgency") == "now" if told else None
    also, heard = tuple(line.get("also", ())), noticed(line["text"], lexicon)
    return Text(heard, kind is not None, kind or "", also, now, part, weight)


def _dressed(line: Mapping[str, Any], chance: Random) -> dict[str, Any] | None:
    """A report as somebody else would send it, with a head or a tail or both."""
    if not line.get("report", True) or line["kind"] == "CHAT" or chance.randrange(DRESSED):
        return None
    language = line.get("language", "zh-Hans")
    which = language if language in HEADS else "zh"
    head = chance.choice(("", chance.choice(HEADS[which].split("|"))))
    tail = chance.choice(TAILS[which].split("|"))
    return {**line, "text": f"{head}{line['text'].rstrip('。.!！')}{tail}"}


def texts_of(lexicon: Lexicon) -> list[Text]:
    """All that it learns from, as it hears it."""
    chance = Random(5)
    found = []
    for number, told in enumerate(map(json.loads, lines())):
        found.append(_text(told, lexicon, number % PARTS))
        dressed = _dressed(told, chance)
        if dressed is not None:
            found.append(_text(dressed, lexicon, number % PARTS, DRESS))
    return found


class Table:
    """Texts as rows of a sparse matrix over the pieces that occur often enough."""

    def __init__(self, texts: Sequence[Text]) -> None:
        count: dict[str, int] = {}
        for text in texts:
            for piece in text.noticed if text.weight == 1 else ():
                count[piece] = count.get(piece, 0) + 1
        self.pieces = sorted(piece for piece in count if count[piece] >= SEEN)
        self._number = {piece: number for number, piece in enumerate(self.pieces)}

    def rows(self, texts: Sequence[Text]) -> Any:
        """One row for each text."""
        from scipy.sparse import csr_matrix

        values, columns, ends = [], [], [0]
        for text in texts:
            for piece, times in text.noticed.items():
                number = self._number.get(piece)
                if number is not None:
                    columns.append(number)
                    values.append(times * self.share(piece))
            ends.append(len(values))
        return csr_matrix((values, columns, ends), shape=(len(texts), len(self.pieces)))

    @staticmethod
    def share(piece: str) -> float:
        """What one of it counts."""
        return WORDS if piece[0] == "=" and "/" not in piece else 1.0


@dataclass(frozen=True, slots=True)
class Learnt:
    """A line for each kind, and for a report and danger: weights by piece, and biases."""

    table: Table
    kinds: tuple[str, ...]
    weights: Any  # pieces by labels
    biases: Any

    def scores(self, texts: Sequence[Text]) -> Any:
        return self.table.rows(texts) @ self.weights + self.biases


def learnt(texts: Sequence[Text]) -> Learnt:
    """Kinds by the mean of a logistic regression and a support vector machine, which err
    differently; a report and danger by a logistic regression each."""
    import numpy as np

    table = Table(texts)
    kinds, weights, biases = _kinds(table, [text for text in texts if text.report])
    report, r = _sound(table, texts, [text.report for text in texts])
    known = [text for text in texts if text.now is not None]
    danger, d = _sound(table, known, [bool(text.now) for text in known])
    return Learnt(
        table,
        kinds,
        np.column_stack([weights, report, danger]),
        np.concatenate([biases, [r, d]]),
    )


def _kinds(table: Table, texts: Sequence[Text]) -> tuple[tuple[str, ...], Any, Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    told = [(text, text.kind, text.weight) for text in texts]
    told += [(text, code, CAREFUL * text.weight) for text in texts for code in text.also]
    rows = table.rows([text for text, _, _ in told])
    labels, much = [code for _, code, _ in told], [weight for _, _, weight in told]
    weights: Any = 0.0
    biases: Any = 0.0
    kinds: list[str] = []
    for each in (
        LogisticRegression(C=LOGISTIC, max_iter=300, tol=1e-3),
        LinearSVC(C=MARGIN, random_state=0),
    ):
        each.fit(rows, labels, sample_weight=much)
        size = float((rows @ each.coef_.T + each.intercept_).std())
        weights, biases = weights + each.coef_ / size, biases + each.intercept_ / size
        kinds = [*map(str, each.classes_)]
    return tuple(kinds), weights.T, biases


def _sound(table: Table, texts: Sequence[Text], so: Sequence[bool]) -> tuple[Any, float]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=SOUND, max_iter=300, tol=1e-3)
    fitted.fit(table.rows(texts), so, sample_weight=[text.weight for text in texts])
    return fitted.coef_[0], float(fitted.intercept_[0])


# --- the second hearing ---


def second(texts: Sequence[Text]) -> dict[str, Any]:
    """How sure it may be, by texts that were held back, a part at a time: the fields of Ear."""
    import numpy as np

    dangers = _dangers(texts)
    held: list[tuple[Text, Any]] = []
    kinds: list[tuple[Any, int]] = []
    for part in range(PARTS):
        found = learnt([text for text in texts if text.part != part])
        mine = [text for text in texts if text.part == part]
        scored = [*zip(mine, found.scores(mine), strict=True)]
        at = {code: number for number, code in enumerate(found.kinds)}
        held += [(text, _in_order(row, at, dangers)) for text, row in scored]
        kinds += [(row[:-2], at[t.kind]) for t, row in scored if t.report and t.kind in at]
    right = np.mean([row.argmax() == at for row, at in kinds])
    print(f"held back in {PARTS} parts: kind first {right:.1%} of {len(kinds)}")
    temperature = min(TEMPERATURES, key=lambda t: _loss(kinds, t))
    signs = np.array([_signs(row, temperature, dangers) for _, row in held])
    bounds = np.quantile(signs, (RARE, 1 - RARE), axis=0).T
    signs = np.clip(signs, bounds[:, 0], bounds[:, 1])
    known = [number for number, (text, _) in enumerate(held) if text.now is not None]
    return {
        "temperature": temperature,
        "dangers": [dangers[code] for code in sorted(dangers)],
        "bounds": bounds.tolist(),
        "second": {
            REPORT: _fitted(signs, [text.report for text, _ in held]),
            NOW: _fitted(signs[known], [bool(held[number][0].now) for number in known]),
        },
    }


def _dangers(texts: Sequence[Text]) -> dict[str, float]:
    """By kind, how often it is danger."""
    whole: dict[str, list[bool]] = {}
    for text in texts:
        if text.report:
            whole.setdefault(text.kind, []).extend([] if text.now is None else [text.now])
    return {code: (sum(so) + 1) / (len(so) + 4) for code, so in whole.items()}


def _in_order(row: Any, at: Mapping[str, int], dangers: Mapping[str, float]) -> Any:
    """A row of scores by all kinds, also those that a part hadn't heard of."""
    import numpy as np

    lowest = row[:-2].min()
    kinds = [row[at[code]] if code in at else lowest for code in sorted(dangers)]
    return np.array([*kinds, *row[-2:]])


def _signs(row: Any, temperature: float, dangers: Mapping[str, float]) -> tuple[float, ...]:
    from scipy.special import softmax

    shares = softmax(row[:-2] / temperature)
    return signs_of(row[-2], row[-1], shares, [dangers[code] for code in sorted(dangers)])


def _loss(kinds: Sequence[tuple[Any, int]], temperature: float) -> float:
    from scipy.special import log_softmax

    return -sum(float(log_softmax(row / temperature)[at]) for row, at in kinds)


def _fitted(signs: Any, so: Sequence[bool]) -> tuple[list[float], float]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rows = np.array([by_each_other(row) for row in signs])
    middle, width = rows.mean(0), rows.std(0)
    fitted = LogisticRegression(C=10.0, max_iter=2000).fit((rows - middle) / width, so)
    weights = fitted.coef_[0] / width
    return weights.tolist(), float(fitted.intercept_[0] - weights @ middle)


def ear_of(found: Learnt, heard_again: dict[str, Any], learnt_from: str) -> bytes:
    """The file."""
    weights = found.weights.copy()
    for number, piece in enumerate(found.table.pieces):
        weights[number] *= found.table.share(piece)
    head = heard_again | {
        "labels": [*found.kinds, REPORT, NOW],
        "biases": found.biases.tolist(),
        "learnt_from": learnt_from,
    }
    return dump(found.table.pieces, weights.tolist(), head)


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.ear", description=__doc__)
    parser.add_argument("--to", type=Path, default=EAR)
    given = parser.parse_args(arguments)
    lexicon = usual(None)
    texts = texts_of(lexicon)
    made = ear_of(learnt(texts), second(texts), digest())
    given.to.write_bytes(made)
    print(f"{len(texts)} texts, {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
