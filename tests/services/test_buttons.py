"""A button brings back exactly what it was given, and nothing forged passes for it."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.buttons import Pressed, data, parse

VERBS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
DISTRICTS = st.from_regex(r"[0-9]{6}|", fullmatch=True)
ARGS = st.text(alphabet="ab~-:0123", max_size=12)


@given(VERBS, DISTRICTS, st.none() | st.uuids(), st.none() | st.integers(0, 9999), ARGS)
def test_what_was_written_comes_back(
    verb: str, district: str, case: UUID | None, version: int | None, arg: str
) -> None:
    pressed = parse(data(verb, district, case, version, arg))
    assert pressed == Pressed(verb, district, case, version, arg)


@given(st.text(max_size=64))
def test_whatever_is_pressed_parses_or_is_nothing_of_ours(text: str) -> None:
    pressed = parse(text)
    assert pressed is None or pressed.verb


def test_a_bare_verb_is_its_own_data() -> None:
    assert data("report") == "report"


def test_more_than_64_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        data("done", "320116", uuid4(), 12345, "楼" * 10)


@pytest.mark.parametrize("text", ["", "~320116", "done~320116~short", "done~320116~~²", "a~1~~-1"])
def test_a_forged_button_is_nothing_of_ours(text: str) -> None:
    assert parse(text) is None


def test_more_than_a_button_can_carry_is_nothing_of_ours() -> None:
    assert parse("done~320116~~" + "9" * 5000) is None
    assert parse("done~320116~~1~" + "楼" * 22) is None
