"""Long texts in pieces, each whole in itself."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.pages import length, plain, split

WORDS = st.lists(
    st.sampled_from(["灯", "<b>坏</b>", "a &lt; b", "🔥", "\n", " ", "x" * 30]), max_size=80
)


def test_a_short_text_is_one_piece():
    assert split("a\nb") == ["a\nb"]


def test_pieces_end_between_lines():
    assert split("aaaa\nbbbb\ncc", 9) == ["aaaa\nbbbb", "cc"]


def test_a_tag_over_several_lines_is_closed_and_opened_again():
    text = "<blockquote>aaaa\n<b>bbbb</b>\ncccc</blockquote>"
    assert split(text, 9) == [
        "<blockquote>aaaa\n<b>bbbb</b></blockquote>",
        "<blockquote>cccc</blockquote>",
    ]


def test_length_is_what_telegram_counts():
    assert length("<b>🔥</b>&lt;") == 3


@given(WORDS)
def test_no_letter_is_lost_and_no_piece_is_too_long(words: list[str]):
    text = "".join(words)
    pieces = split(text, 50)
    assert all(length(piece) <= 50 for piece in pieces)
    assert re.sub(r"\s", "", "".join(map(plain, pieces))) == re.sub(r"\s", "", plain(text))
    for piece in pieces:
        assert piece.count("<b>") == piece.count("</b>")
