"""The texts that measure the reading: whole, and the ones held back untouched."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "data" / "reading"
# written before any tuning; a changed digest is a changed measure
HELD = "0aa610087bac01478007da63444021f80855c33557849281d4325d055b9189e0"
URGENCIES = {"now", "soon", "normal", None}
LANGUAGES = {"zh-Hans", "zh-Hant", "yue", "en", "mixed"}


def lines(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_held_back_is_what_was_written() -> None:
    held = (FOLDER / "held.jsonl").read_bytes()
    assert hashlib.sha256(held).hexdigest() == HELD
    assert len(lines("held.jsonl")) == 600


@pytest.mark.parametrize("name", ["held.jsonl", "known.jsonl"])
def test_every_label_can_be_right(name: str) -> None:
    for line in lines(name):
        assert line["report"] == (line["kind"] is not None) == (line["urgency"] is not None)
        assert line["urgency"] in URGENCIES
        assert line["language"] in LANGUAGES
        assert all(part in line["text"] for part in line["place"].values()), line
