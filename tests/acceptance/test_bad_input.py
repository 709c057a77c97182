"""What goes wrong gets one clear sentence, and nothing is lost or half done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.play import AUNT, BEFORE, Play, media

ROOT = Path(__file__).parents[2]


async def test_a_report_without_words_is_asked_for_them(play: Play):
    await play.say(AUNT, "/report", play.group)
    await play.quiet()
    assert len(await play.fresh(play.group)) == 1
    assert await play.cases() == []


async def test_a_mention_without_words_is_answered_with_an_example(play: Play):
    await play.say(AUNT, "@linli_bot", play.group)
    await play.quiet()
    (answer,) = await play.fresh(play.group)
    assert "灯坏了" in answer


async def test_four_thousand_characters_are_one_case_and_cards_that_fit(play: Play):
    await play.say(AUNT, "楼道灯坏了" * 819, play.who(AUNT))
    await play.quiet()
    assert len(await play.cases()) == 1
    assert all(len(text) <= 4_096 for text in await play.texts("w01"))


@pytest.mark.parametrize("words", ["😀😀😀", "🔥", "。。。", "\u202e‮txet\u202c", "<b>&amp;</b>"])
async def test_odd_words_are_answered_once(play: Play, words: str):
    await play.say(AUNT, words)
    await play.quiet()
    assert len(await play.fresh(AUNT)) >= 1


async def test_hostile_markup_is_shown_as_it_was_written(play: Play):
    hostile = "8号楼楼道灯坏了<b>x</b><script>&lt;"
    number = await play.report(AUNT, hostile)
    assert await play.sees("w01", number, hostile)


async def test_a_sticker_opens_nothing_and_stops_nothing(play: Play):
    sticker = media(BEFORE, "s.webp", "image/webp")
    await play.send(AUNT, sticker=sticker)
    number = await play.report(AUNT, "8号楼楼道灯坏了")
    assert (await play.case(number)).state == "dispatched"


async def test_a_forwarded_message_is_asked_about_before_it_becomes_a_case(play: Play):
    await play.say(AUNT, "转发：专家提醒冬季用电安全", forward=True)
    await play.quiet()
    assert await play.cases() == []
    assert len(await play.fresh(AUNT)) == 1


async def test_a_word_in_a_strange_tongue_is_answered(play: Play):
    await play.say(AUNT, "Привет, сломался лифт")
    await play.quiet()
    assert len(await play.fresh(AUNT)) >= 1


def command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`linli …` in an empty folder, with nothing set but `settings`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LINLI_")}
    environment = kept | settings | {"PYTHONPATH": str(ROOT), "LANG": "en_US.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One sentence on standard error that names the thing, and status 1."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_a_missing_token_says_where_to_get_one(tmp_path: Path):
    refused(command(tmp_path, "run"), "telegram.token", "@BotFather")


def test_a_token_that_is_none_says_what_one_looks_like(tmp_path: Path):
    refused(command(tmp_path, "run", LINLI_TELEGRAM__TOKEN="hello"), "telegram.token")


def test_an_unknown_key_says_its_name(tmp_path: Path):
    (tmp_path / "config.toml").write_text("[telegram]\ntokn = '1:a'\n", encoding="utf-8")
    refused(command(tmp_path, "run"), "tokn")


def test_an_unknown_variable_says_its_name(tmp_path: Path):
    refused(command(tmp_path, "run", LINLI_TELEGRAMM__TOKEN="1:a"), "LINLI_TELEGRAMM__TOKEN")


def test_a_broken_csv_says_row_and_cure_and_writes_nothing(tmp_path: Path):
    (tmp_path / "grids.csv").write_text(
        "code,parent,name,kind,short,lon,lat\n12,,x,castle,TOOLONG,1,2\n", encoding="utf-8"
    )
    url = f"sqlite:///{tmp_path}/linli.db"
    done = command(tmp_path, "import", "grids.csv", LINLI_DATABASE__URL=url)
    assert done.returncode == 1
    assert "grids.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_replay_of_nonsense_names_the_line(tmp_path: Path):
    (tmp_path / "t.jsonl").write_text('{"text": "灯坏了"}\n{"words": 1}\n', encoding="utf-8")
    refused(command(tmp_path, "demo", "--replay", "t.jsonl"), "line 2")
