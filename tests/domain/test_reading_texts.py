"""The texts that measure the reading: whole, and the ones held back untouched."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "data" / "reading"
# written before any tuning; a changed digest is a changed measure
HELD = {
    "held.jsonl": (600, "0aa610087bac01478007da63444021f80855c33557849281d4325d055b9189e0"),
    "streams_held.jsonl": (300, "4001f9f696e8269776ac88a10d773fcdbcd35ac349fa09063667ef817b8b8d39"),
}
URGENCIES = {"now", "soon", "normal", None}
LANGUAGES = {"zh-Hans", "zh-Hant", "yue", "en", "mixed"}


def lines(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", HELD)
def test_what_is_held_back_is_what_was_written(name: str) -> None:
    count, digest = HELD[name]
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
    assert len(lines(name)) == count


@pytest.mark.parametrize("name", [each.name for each in sorted(FOLDER.glob("*.jsonl"))])
def test_every_label_can_be_right(name: str) -> None:
    for line in lines(name):
        assert line["report"] == (line["kind"] is not None) == (line["urgency"] is not None)
        assert line["urgency"] in URGENCIES
        assert line["language"] in LANGUAGES
        assert all(part in line["text"] for part in line["place"].values()), line
