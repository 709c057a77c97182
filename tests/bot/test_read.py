"""`linli read` as a program that pipes texts through it meets it."""

import io
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from bot.commands.read import LONGEST_LINE, answers, shipped
from bot.explained import explained
from domain.catalogue import Language

WORDS = shipped()
KEYS = {"report", "kinds", "condition", "urgency", "place", "place_norm", "language", "personal"}
PARTS = {"building", "unit", "floor", "room", "landmark"}


def read(*lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(each) for each in answers(io.BytesIO(b"\n".join(lines)), WORDS)]


def said(text: str, **more: object) -> bytes:
    return json.dumps({"text": text, **more}, ensure_ascii=False).encode()


def test_a_text_is_read_with_its_place_as_written_and_as_digits() -> None:
    (found,) = read(said("三号樓電梯又壞咗", grid="KL8", minutes=3.5, colour="red"))
    assert found.keys() == KEYS
    assert found["kinds"][0][0] == "LS03"
    assert (found["place"]["building"], found["place_norm"]["building"]) == ("三号樓", "3")
    assert found["language"] == "zh-Hant"


@pytest.mark.parametrize("text", ["", "哈哈", "🌸", "e\u0301" * 5000, "\u202e" * 10])
def test_all_keys_are_there_whatever_is_said(text: str) -> None:
    (found,) = read(said(text))
    assert found.keys() == KEYS
    assert found["place"].keys() == found["place_norm"].keys() == PARTS
    assert 0 <= found["report"] <= 1
    assert len(found["kinds"]) <= 3


def test_spans_of_personal_data_count_in_the_text_as_it_came() -> None:
    text = "😰\u200b３号楼漏水，电话１３９１２３４５６７８"
    (found,) = read(said(text))
    ((start, end, kind),) = found["personal"]
    assert (text[start:end], kind) == ("１３９１２３４５６７８", "phone")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"text": "\xff"}', "not_json"),
        (b'{"text": "\\ud800"}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (b"{}", "no_text"),
        (b'{"text": null}', "text_not_text"),
        (b'{"text": "a", "grid": 8}', "grid_not_text"),
        (b'{"text": "a", "minutes": "3"}', "minutes_not_a_number"),
        (b'{"text": "a", "minutes": true}', "minutes_not_a_number"),
        (b'{"text": "' + b"a" * (3 * LONGEST_LINE) + b'"}', "too_long"),
    ],
)
def test_a_bad_line_is_answered_in_its_place(line: bytes, code: str) -> None:
    before, bad, after = read(said("灯坏了"), line, said("灯坏了"))
    assert bad == {"error": code}
    assert before == after
    assert before["report"] > 0.5


def test_a_file_with_a_mark_at_its_head_and_windows_lines_is_read() -> None:
    assert len(read(b"\xef\xbb\xbf" + said("灯坏了") + b"\r", said("水管爆了") + b"\r")) == 2


def test_it_answers_each_line_as_it_comes_and_keeps_quiet_when_nobody_listens() -> None:
    command = [sys.executable, "-m", "bot.cli", "read"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdin.write(said("灯坏了") + b"\n")
        program.stdin.flush()
        assert json.loads(program.stdout.readline())["report"] > 0.5
        program.stdout.close()
        program.stdin.write((said("灯坏了") + b"\n") * 100)
        program.stdin.close()
        assert program.stderr.read() == b""
        assert program.wait() == 0


def test_with_duplicates_each_line_leads_to_the_first_of_its_matter() -> None:
    lines = [
        said("3号楼左边电梯又坏了", grid="KL8", minutes=0),
        said("大家早上好", grid="KL8", minutes=2),
        said("Building 3 left lift is dead again", grid="KL8", minutes=30),
        b"nonsense",
        said("7号楼电梯坏了", grid="KL8", minutes=31),
        said("三号楼左边的电梯还没修好", grid="KL8", minutes=90),
    ]
    found = [json.loads(each) for each in _followed(lines)]
    assert [each.get("same_as", "none") for each in found] == [None, None, 0, "none", None, 0]


def test_without_being_asked_for_duplicates_no_line_says_same_as() -> None:
    (found,) = read(said("3号楼左边电梯又坏了", grid="KL8", minutes=0))
    assert "same_as" not in found


def test_what_one_grid_said_is_no_duplicate_in_another() -> None:
    lines = [said("3号楼左边电梯又坏了", grid=grid, minutes=0) for grid in ("KL8", "KL9")]
    assert [json.loads(each)["same_as"] for each in _followed(lines)] == [None, None]


def _followed(lines: list[bytes]) -> list[bytes]:
    return list(answers(io.BytesIO(b"\n".join(lines)), WORDS, duplicates=True))


# --- why ---


def page(text: str, language: Language = "en") -> str:
    return explained(text, WORDS.lexicon, WORDS.catalogue, None, language)


def test_an_explanation_names_the_words_and_what_they_count() -> None:
    found = page("三号楼电梯坏了")
    assert re.search(r"^\d+% LS03 .*\n  by words: .*电梯[^\n]* \d", found, re.MULTILINE)
    assert "Place: building 三号楼 → 3" in found
    assert re.search(r"^A report: \d+%", found)
    assert re.search(r"^Filing condition", found, re.MULTILINE)
    assert re.search(r"^Urgency: ", found, re.MULTILINE)


def test_a_danger_word_that_is_past_stands_in_brackets_with_what_silenced_it() -> None:
    assert re.search(r"\([^)]*着火", page("去年三号楼着火了"))
    assert "(BEFORE): 去年" in page("去年三号楼着火了")
    assert not re.search(r"\([^)]*着火", page("三号楼着火了"))


@pytest.mark.parametrize(
    ("language", "word"), [("zh-Hans", "报事"), ("zh-Hant", "報事"), ("en", "A report")]
)
def test_an_explanation_is_in_the_reader_s_language(language: Language, word: str) -> None:
    assert word in page("路灯坏了,快来", language).splitlines()[0]


@pytest.mark.parametrize("text", ["", "哈哈", "x" * 4096, "着火" * 2048, "🌸\u202e"])
def test_any_text_can_be_explained(text: str) -> None:
    assert page(text)
