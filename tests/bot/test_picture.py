"""Pictures: readable, without holes in the lettering, wherever they are drawn."""

import asyncio
import io
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from bot import chart, picture
from services.data import default_rows
from services.texts import LANGUAGES, keys, plain

HOUSE = Path(picture.__file__).parent.parent


def spec(**more: Any) -> dict[str, Any]:
    """A day in Chinese, simplified and traditional, with a foreign name in it."""
    return {
        "kind": "day",
        "title": "快乐社区",
        "subtitle": "11月20日周五 · 截至 18:00",
        "note": "▲▼ 与昨天此时相比",
        "tiles": [{"label": "新立案", "n": 14, "change": "▲3"}] * 5,
        "now": {
            "title": "现在在办",
            "parts": [
                {"label": "超期或危急", "n": 3, "colour": "red"},
                {"label": "快到期", "n": 4, "colour": "yellow"},
                {"label": "時限內", "n": 16, "colour": "green"},
            ],
        },
        "grids": {
            "title": "各網格在辦，最要緊的在前",
            "rows": [
                {"label": "深水埗鲤魚門網格", "red": 2, "yellow": 1, "green": 5},
                {"label": "Café Zürich “é”", "red": 0, "yellow": 0, "green": 1},
            ],
        },
        "kinds": {"title": "新立案是什么事", "rows": [{"label": "楼道灯不亮", "n": 5}]},
    } | more


def opened(png: bytes) -> Image.Image:
    """The picture, checked to be one."""
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


async def test_the_day_is_drawn_as_wide_as_a_phone_shows_well() -> None:
    image = opened(await picture.draw(spec()))
    assert image.format == "PNG"
    assert image.width == 1080
    assert 800 < image.height < 3000


def test_no_glyph_is_missing_on_a_machine_without_any_font(tmp_path: Path) -> None:
    """A missing glyph is a warning of matplotlib's, and warnings are errors here."""
    (tmp_path / "fonts.conf").write_text("<fontconfig></fontconfig>")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot.chart"],
        input=json.dumps(spec()).encode(),
        capture_output=True,
        cwd=HOUSE,
        timeout=120,
        env={
            "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"),
            "MPLCONFIGDIR": str(tmp_path),
            "HOME": str(tmp_path),
            "PATH": "/nowhere",
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert opened(done.stdout).width == 1080


def test_a_hole_in_the_lettering_would_be_noticed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="missing from font"):
            chart.day(spec(title="\U0002070e"))


def lettering(name: str) -> set[int]:
    """The code points that a shipped font has."""
    return set(TTFont(chart.FONTS / name).getBestCmap())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_day_can_be_lettered(language: str) -> None:
    said = [
        plain(key, language, date="", clock="", count="0")
        for key in keys(language)
        if key.startswith(("day.picture", "day.subtitle", "day.compared"))
    ]
    assert len(said) > 10
    assert not {ord(each) for text in said for each in text} - lettering("linli-regular.otf")


def test_every_kind_of_the_catalogue_can_be_lettered() -> None:
    columns = ("name_zh_hans", "name_zh_hant", "name_en")
    names = [row[column] for row in default_rows("kinds") for column in columns]
    assert not {ord(each) for name in names for each in name} - lettering("linli-regular.otf")


def test_all_of_gb2312_and_big5_level_1_is_there() -> None:
    there = lettering("linli-regular.otf")
    hans = bytes(range(256))
    pairs = [bytes([high, low]) for high in range(0xB0, 0xF8) for low in hans[0xA1:]]
    assert not {ord(c) for p in pairs for c in p.decode("gb2312", "ignore")} - there
    lows = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    pairs = [bytes([high, low]) for high in range(0xA4, 0xC6) for low in lows]
    assert not {ord(c) for p in pairs for c in p.decode("big5", "ignore")} - there


def test_the_colours_differ_without_colour() -> None:
    """Each in pattern, and any two in lightness (Rec. 601) by a fifth of the scale."""

    def light(look: chart.Look) -> float:
        red, green, blue = (int(look.fill[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    assert len({look.hatch for look in chart.LOOKS.values()}) == 3
    red, yellow, green = (light(chart.LOOKS[each]) for each in ("red", "yellow", "green"))
    assert yellow - red > 0.2
    assert green - yellow > 0.05  # dots on one of them tell these two apart


def test_long_names_keep_their_end_and_never_leave_their_column() -> None:
    lines, size = chart.in_lines("滨江花园商业街专属网格第二十四", 310)
    assert len(lines) == 2
    assert lines[1].endswith("第二十四")
    assert size == 30
    endless, _ = chart.in_lines("很长" * 60, 310)
    assert endless[1].endswith("…")


@pytest.mark.parametrize("number", [0, 7, 123_456])
async def test_any_number_can_be_drawn(number: int) -> None:
    grid = {"label": "一", "red": number, "yellow": 0, "green": number}
    drawn = spec(
        tiles=[{"label": "新立案", "n": number, "change": "="}],
        grids={"title": "一", "rows": [grid]},
        kinds={"title": "一", "rows": []},
    )
    assert opened(await picture.draw(drawn)).width == 1080


async def test_a_qr_code_carries_the_link() -> None:
    image = opened(await picture.draw({"kind": "qr", "url": "https://t.me/linli_bot?start=abc"}))
    assert image.width == image.height > 300


@pytest.mark.parametrize("wrong", [{}, {"kind": "map"}, {"kind": "day", "title": "no numbers"}])
async def test_what_cannot_be_drawn_says_so(wrong: dict[str, Any]) -> None:
    with pytest.raises(picture.PictureFailed):
        await picture.draw(wrong)


async def test_drawing_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "SECONDS", 0.05)
    with pytest.raises(picture.PictureFailed, match="too_slow"):
        await picture.draw(spec())


async def test_drawing_ends_with_who_asked_for_it() -> None:
    asked = asyncio.create_task(picture.draw(spec()))
    await asyncio.sleep(0.2)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


def test_the_drawing_process_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_TELEGRAM__TOKEN", "secret")
    assert not [name for name in picture._surroundings() if name.startswith("LINLI_")]
