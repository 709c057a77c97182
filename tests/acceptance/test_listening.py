"""A group's administrator lets the bot listen: it asks, a tap files, and chatter is nowhere."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from bot import ears
from bot.demo.actors import text_of
from models import Inbox
from tests.acceptance.play import AUNT, EMMA, LIN, ZHAO, Play
from tests.acceptance.test_groups import everything

LINES = 400
ASK = "立案吗？点一下"
LAMP = "8号楼2单元楼道灯坏了三天了也没人修"
DESPAIR = "我真的不想活了，今晚就从楼顶跳下去"


@pytest.fixture(autouse=True)
def known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which groups listen is otherwise known for a second."""
    monkeypatch.setattr(ears, "KNOWN_SECONDS", 0.0)


async def turn_on(play: Play) -> None:
    """王阿姨 administers the group of building 8."""
    await play.say(AUNT, "/listen", play.group)
    await play.tap(AUNT, "listen.button.on", chat=play.group)
    await play.card(play.group, "从现在起我听着")
    await play.forget(play.group)


async def test_a_report_among_chatter_is_asked_about_and_filed_with_a_tap(play: Play):
    await play.say(LIN, LAMP, play.group)
    await play.quiet()
    assert await play.fresh(play.group) == []  # nobody has turned it on
    await turn_on(play)
    await play.say(LIN, "今晚吃什么", play.group)
    said = await play.say(LIN, LAMP, play.group)
    question = await play.card(play.group, ASK)
    assert question["reply_to_message"]["message_id"] == said
    assert len(await play.fresh(play.group)) == 1
    assert await play.cases() == []
    await play.tap(LIN, "listen.button.file", ASK, chat=play.group)
    (case,) = await play.cases()
    assert (case.text, case.source_message) == (LAMP, str(said))
    assert case.number in text_of(await play.card(play.group, case.number))
    assert await play.sees("w01", case.number)
    assert not await play.sees(play.group, ASK)  # it is no question any more


async def test_only_the_groups_administrator_turns_it_on_and_off(play: Play):
    await play.say(LIN, "/listen", play.group)
    assert "群管理员" in text_of(await play.card(play.group, "只有群管理员"))
    await play.say(AUNT, "/listen", play.group)
    answer = await play.tap(LIN, "listen.button.on", chat=play.group)
    assert answer["show_alert"]
    assert not await play.sees(play.group, "从现在起我听着")
    await play.tap(AUNT, "listen.button.on", chat=play.group)
    answer = await play.tap(LIN, "listen.button.off", "从现在起我听着", chat=play.group)
    assert answer["show_alert"]
    await play.tap(AUNT, "listen.button.off", "从现在起我听着", chat=play.group)
    await play.forget(play.group)
    await play.say(LIN, LAMP, play.group)
    await play.quiet()
    assert await play.fresh(play.group) == []
    assert "别的不看也不存" in text_of(await play.card(play.group, "快乐苑东网格"))


async def test_in_a_listening_group_chatter_is_found_nowhere(
    play: Play, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """Nor what reads like a report, before somebody has tapped."""
    await turn_on(play)
    for n in range(LINES):
        await play.say(EMMA if n % 2 else LIN, f"今晚吃什么好呢鸳鸯锅{n}号", play.group)
    await play.say(LIN, f"{LAMP}，鸳鸯锅店门口", play.group)
    await play.card(play.group, ASK)
    await play.quiet()
    kept = (await play.town.service.database.read(everything)).replace("\\\\", "\\")
    logged = capfd.readouterr()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert found("从现在起我听着", kept, files)
    assert not found("鸳鸯锅", kept, files)
    assert "鸳鸯锅" not in logged.out + logged.err
    updates = await play.town.service.database.read(lambda s: list(s.exec(select(Inbox.payload))))
    assert sum(each == {} for each in updates) == 1
    assert not any("heard" in each for each in updates)  # nor whose it was
    assert await play.cases() == []


async def test_what_comes_twice_is_asked_about_once(play: Play):
    await turn_on(play)
    await play.post("faults", kind="duplicate", count=3)
    await play.say(LIN, LAMP, play.group)
    await play.card(play.group, ASK)
    await play.quiet()
    assert len([text for text in await play.fresh(play.group) if ASK in text]) == 1


async def test_a_question_that_nobody_answers_goes_within_a_day(play: Play):
    await turn_on(play)
    await play.say(LIN, LAMP, play.group)
    await play.card(play.group, ASK)
    await play.later(hours=23)
    assert await play.sees(play.group, ASK)
    await play.later(hours=2)
    assert not await play.sees(play.group, ASK)
    assert await play.cases() == []


async def test_danger_is_asked_about_however_often_it_was_asked(play: Play):
    await turn_on(play)
    for n in range(1, 9):
        await play.say(LIN, f"{n}号楼2单元楼道灯坏了三天了也没人修", play.group)
    await play.say(ZHAO, "3号楼2单元楼道里好大的煤气味，快来人", play.group)
    await play.card(play.group, "119", ASK)
    await play.quiet()
    asked = [text for text in await play.fresh(play.group) if ASK in text]
    assert len(asked) == 6
    await play.tap(AUNT, "listen.button.file", "119", chat=play.group)
    (case,) = await play.cases()
    assert case.urgency == "now"


async def test_a_cry_is_answered_in_private_and_the_group_reads_nothing(play: Play):
    await turn_on(play)
    await play.forget(LIN, "n01")
    await play.say(LIN, DESPAIR, play.group)
    await play.card(LIN, "110")
    await play.quiet()
    assert await play.fresh(play.group) == []
    assert await play.fresh("n01") == []
    assert await play.cases() == []
    # who has no private chat is asked, in words that name nothing
    await play.say(ZHAO, DESPAIR, play.group)
    await play.tap(ZHAO, "listen.button.file", ASK, chat=play.group)
    (case,) = await play.cases()
    assert (case.reach, case.private) == ("named", True)
    assert await play.sees("n01", case.number)
    assert not await play.sees(play.group, "不想活")


def found(word: str, rows: str, files: bytes) -> bool:
    """Whether a word stands in a row or in a file (SQLite's log among them), escaped or not."""
    shapes = word, json.dumps(word).strip('"')
    return any(each in rows or each.encode() in files for each in shapes)
