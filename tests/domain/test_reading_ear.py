"""The ear: numbers learnt from our own texts, read from a file and added up."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.ear import digest
from domain.catalogue import Catalogue
from domain.reading import Lexicon, read
from domain.reading.ear import BadEar, Ear, dump, learnt_from, load, pieces_of
from services import data
from services.data import default_rows
from tests.domain.test_reading import catalogue, lexicon

KINDS = ("LS02", "LS04")
HEAD = {
    "labels": [*KINDS, "report", "now"],
    "biases": [0.1, -0.1, 0.5, -2.0],
    "temperature": 0.7,
    "dangers": [0.1, 0.3],
    "bounds": [[-9.0, 9.0]] * 4,
    "second": {"report": [[1.0] + [0.0] * 13, 0.0], "now": [[0.0, 1.0] + [0.0] * 12, 0.0]},
    "learnt_from": "nothing",
}
PIECES = ["灯", "漏", "灯坏", "@drip"]
WEIGHTS = [[1.0, -1.0, 0.5, 0.1], [-1.0, 1.2, 0.6, 0.4], [0.7, 0.0, 0.2, 0.0], [0, 0.9, 0.1, 0.3]]


def small(weights: Sequence[Sequence[float]] = WEIGHTS) -> Ear:
    return load(dump(PIECES, weights, HEAD))


def test_what_is_written_is_read_again_but_for_the_last_half_per_cent():
    scores = [*small()._scores({"灯": 1, "@drip": 2})]
    assert scores == pytest.approx([1.1, 0.7, 1.2, -1.3], abs=0.02)


@given(st.dictionaries(st.sampled_from([*PIECES, "?"]), st.integers(1, 300), max_size=5))
def test_however_much_is_noticed_no_weight_runs_into_another(noticed):
    ear = small()
    wanted = [
        bias
        + sum(WEIGHTS[PIECES.index(p)][at] * min(n, 255) for p, n in noticed.items() if p != "?")
        for at, bias in enumerate(HEAD["biases"])
    ]
    near = 0.005 * sum(noticed.values()) + 1e-6
    assert [*ear._scores(noticed)] == pytest.approx(wanted, abs=near)


def test_what_is_kept_unpacked_changes_nothing():
    ear = small()
    first = ear.hear({"灯": 1, "漏": 1})
    assert ear.hear({"灯": 1, "漏": 1}) == first == replace(ear, kept={}).hear({"灯": 1, "漏": 1})


def test_kinds_are_probabilities_that_make_one():
    heard = data.ear().hear(dict.fromkeys(pieces_of("楼道灯又坏了"), 1))
    assert sum(heard.kinds.values()) == pytest.approx(1)
    assert 0 <= heard.report <= 1
    assert 0 <= heard.danger <= 1


@pytest.mark.parametrize("noticed", [{}, dict.fromkeys("的了是在", 255), {"+NOW": 10**9}])
def test_whatever_is_noticed_is_heard_in_bounds(noticed):
    heard = data.ear().hear(noticed)
    assert all(map(math.isfinite, (heard.report, heard.danger, *heard.kinds.values())))


@pytest.mark.parametrize(
    "harm", [lambda b: b[:-1], lambda b: b"x" + b, lambda b: b[:40], lambda _: b""]
)
def test_it_refuses_a_file_that_is_not_whole(harm):
    with pytest.raises(BadEar):
        load(harm(dump(PIECES, WEIGHTS, HEAD)))


def test_it_refuses_a_file_whose_numbers_do_not_fit():
    body = dump(PIECES, WEIGHTS, HEAD)[:-32].replace(b'"LS02", "LS04"', b'"LS02_, _LS04"')
    with pytest.raises(BadEar):
        load(body + hashlib.sha256(body).digest())


def test_the_shipped_ear_has_learnt_from_the_texts_that_are_here():
    # else: python -m bench.ear
    file = data.files(data.__name__).joinpath(data.EAR)
    assert learnt_from(file.read_bytes()) == digest()


def test_the_shipped_ear_knows_every_kind_and_matter():
    assert {*data.ear().kinds} == {*catalogue().kinds, *catalogue().matters}


def test_a_kind_that_the_ear_has_never_heard_of_is_known_by_its_words():
    own = replace(catalogue().kind("LS02"), code="LS77")
    found = Catalogue.build([catalogue().kind("LS03"), own], (), ())
    rows = [{"code": "LS77", "language": "zh-Hans", "word": "荷花池", "weight": "6"}]
    told = read("荷花池又干了", Lexicon.build(rows, found, data.ear())).kinds
    assert told[0][0] == "LS77"
    assert {code for code, _ in told} <= {"LS77", "LS03", "LS99"}


def test_a_kind_is_heard_that_no_word_of_the_lexicon_names():
    words = Lexicon.build([], catalogue(), data.ear())
    assert read("晚上回家楼梯黑咕隆咚的，摸着墙上来", words).kinds[0][0] == "LS02"


def test_without_an_ear_the_words_speak_alone():
    words = Lexicon.build(default_rows("lexicon"), catalogue())
    found = read("楼道灯坏了，麻烦修一下", words)
    assert found.kinds[0][0] == "LS02"
    assert found.report >= 0.5


def test_the_shipped_lexicon_is_read_with_the_shipped_ear():
    assert lexicon().ear is data.ear()
