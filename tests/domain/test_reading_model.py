"""A model's artefact is numbers and words: it adds to the rules, and nothing else can be in it."""

import hashlib
import json
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reading.model import MAGIC, BadModel, Trained, dump, grams_of, load

LIFT_AND_LIGHT = Trained(
    labels=("LS03", "UM05"),
    grams=("电", "电梯", "灯", "路灯"),
    weights=((0.5, 0.0, 1.0), (2.0, -2.0, 1.0), (-1.0, 1.0, 1.0), (-2.0, 2.5, 1.0)),
    biases=(0.0, 0.1),
    temperature=0.5,
    numbers=False,
    share=0.4,
)


def test_a_text_speaks_for_the_label_of_its_words() -> None:
    model = load(dump(LIFT_AND_LIGHT))
    assert model.likeliest("电梯坏了")[0][0] == "LS03"
    assert model.likeliest("路灯坏了")[0][0] == "UM05"
    assert model.spoke("电梯坏了", "LS03") == ("电梯",)


def test_the_packed_sums_are_those_of_the_weights() -> None:
    """Σ weights / √Σ lengths + bias, divided by the temperature, as shares of 1."""
    from math import exp

    lift = (2.5 / 2**0.5 / 0.5, (-2.0 / 2**0.5 + 0.1) / 0.5)
    share = exp(lift[0]) / (exp(lift[0]) + exp(lift[1]))
    found = load(dump(LIFT_AND_LIGHT)).probabilities("电梯")
    assert found == pytest.approx((share, 1 - share), abs=1e-3)


@pytest.mark.parametrize("text", ["", "   ", "x" * 4096, "电梯" * 2048, "🌸" * 4096])
def test_any_text_has_probabilities_that_are_together_one(text: str) -> None:
    assert sum(load(dump(LIFT_AND_LIGHT)).probabilities(text)) == pytest.approx(1.0)


def test_a_wall_of_characters_is_read_as_far_as_anybody_reports() -> None:
    wall = "".join(chr(0x4E00 + n) for n in range(4096))
    assert len(grams_of(wall, numbers=True)) < 2_000


def test_without_numbers_no_run_has_a_digit_or_spans_one() -> None:
    assert grams_of("电话139", numbers=False) == {"电", "话", "电话"}
    assert "话1" in grams_of("电话139", numbers=True)
    assert "楼灯" not in grams_of("楼5灯", numbers=False)


def broken(**head: object) -> bytes:
    """The artefact with other values in its header and a checksum that fits."""
    data = dump(LIFT_AND_LIGHT)[:-32]
    start = len(MAGIC) + 8
    size = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 4], "little")
    new = json.dumps({**json.loads(data[start : start + size]), **head}).encode()
    body = MAGIC + len(new).to_bytes(4, "little") + data[len(MAGIC) + 4 : start] + new
    body += data[start + size :]
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    "head",
    [
        {"labels": []},
        {"labels": ["A", "A"]},
        {"labels": ["A", 5]},
        {"labels": "AB"},
        {"labels": ["A" * 500, "B"]},
        {"labels": [f"L{n}" for n in range(5000)]},
        {"grams": 5_000_000},
        {"grams": None},
        {"biases": [0.0]},
        {"biases": [0.0, 1e300]},
        {"biases": [0.0, float("nan")]},
        {"scales": [0.0, 1.0]},
        {"scales": [True, 1.0]},
        {"temperature": 0},
        {"temperature": "1"},
        {"share": 2},
        {"numbers": 1},
    ],
)
def test_a_hostile_header_is_refused(head: dict[str, object]) -> None:
    with pytest.raises(BadModel) as refused:
        load(broken(**head))
    assert refused.value.code == "out_of_bounds"


def test_sizes_that_point_beyond_the_end_are_refused() -> None:
    data = dump(LIFT_AND_LIGHT)[:-32]
    for at in (len(MAGIC), len(MAGIC) + 4):
        body = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
        with pytest.raises(BadModel):
            load(body + hashlib.sha256(body).digest())


def test_what_is_pickled_damaged_or_too_large_is_refused_unread() -> None:
    good = dump(LIFT_AND_LIGHT)
    for data, code in [
        (pickle.dumps(LIFT_AND_LIGHT), "not_ours"),
        (b"", "not_ours"),
        (good[:60] + b"!" + good[61:], "damaged"),
        (good[:-1], "damaged"),
        (MAGIC + b"\0" * 6_000_000, "too_large"),
    ]:
        with pytest.raises(BadModel) as refused:
            load(data)
        assert refused.value.code == code


@given(st.data())
def test_any_changed_bytes_with_a_fitting_checksum_load_or_are_refused(data: st.DataObject) -> None:
    body = bytearray(dump(LIFT_AND_LIGHT)[:-32])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    whole = bytes(body) + hashlib.sha256(body).digest()
    try:
        found = load(whole).probabilities("电梯坏了")
    except BadModel:
        return
    assert sum(found) == pytest.approx(1.0)


def test_too_much_for_one_artefact_is_refused() -> None:
    many = replace(
        LIFT_AND_LIGHT,
        labels=tuple(f"L{n}" for n in range(300)),
        biases=(0.0,) * 300,
        grams=tuple(chr(0x4E00 + n) for n in range(9000)),
        weights=[[0.0] * 300 + [1.0]] * 9000,
    )
    with pytest.raises(BadModel) as refused:
        dump(many)
    assert refused.value.code == "too_large"
