"""A power cut in several buildings, told through Telegram's own door: two who say the same in other
words become one case, all are under one cause, and one word ends it for everybody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.town import Resident
from tests.acceptance.play import AUNT, EMMA, FANG, LI, LIN, MONDAY, RESIDENTS, Play, played

NOTICE = "变压器坏了，供电公司正在抢修，预计18点来电"
BACK = "供电公司换了变压器，17点40分已来电"


@pytest.fixture
async def street(database_url: str, tmp_path: Path) -> AsyncIterator[Play]:
    """The small town with a third building's group."""
    residents = (*RESIDENTS, Resident(FANG, 2, started=True))
    async with played(database_url, tmp_path, MONDAY, residents, groups=3) as town:
        yield town


async def test_a_power_cut_in_three_buildings_is_one_cause(street: Play) -> None:
    play = street
    first = await play.report(AUNT, "8号楼整栋停电了，电梯也不走")
    await play.later(minutes=3)
    again = await play.report(LIN, "八号楼没电，跳闸了吗，全楼都黑")
    second = await play.report(LI, "9号楼停电了，没有通知", chat=play.second)
    third = await play.report(FANG, "我们2号楼也停电了", chat=play.third)
    assert {(await play.case(each)).kind for each in (first, again, second, third)} == {"LS01"}
    await play.tap(EMMA, "btn.join", first, chat=play.group)

    # the desk sees that two are the same and puts them together
    await play.say("s01", f"/case {again}")
    await play.work("s01", again, "btn.desk", "btn.same")
    offered = await play.card("s01", again, first)
    label = next(each for each in _labels(offered) if each.startswith(first))
    await play.tap("s01", label, again)
    await play.tap("s01", "btn.merge_yes")
    merged = await play.case(again)
    assert (merged.state, merged.merged_into) == ("merged", (await play.case(first)).id)
    assert (await play.case(first)).voices == 3
    assert await play.sees(play.group, again, first, "并在一起办")

    # all that are left have one cause
    await play.say("s01", "/cases")
    await play.tap("s01", await _label(play, "s01", "全部在办"))
    await play.tap("s01", "btn.cause_all")
    await play.tap("s01", await _label(play, "s01", "停电"))
    await play.tap("s01", "btn.cause_yes")
    cases = [await play.case(each) for each in (first, second, third)]
    assert len({each.cause for each in cases}) == 1
    assert cases[0].cause is not None
    owners = [(each.owner, each.due_at, each.state) for each in cases]

    # one notice, once in each group
    await play.tap("s01", "btn.cause_tell")
    await play.say("s01", NOTICE)
    await play.tap("s01", "btn.cause_sure_tell")
    await play.later(minutes=2)
    for chat in (play.group, play.second, play.third):
        assert sum(NOTICE in each for each in await play.texts(chat)) == 1
    cases = [await play.case(each) for each in (first, second, third)]
    assert [(each.owner, each.due_at, each.state) for each in cases] == owners

    # one closing, each asked
    await play.later(minutes=20)
    await play.tap("s01", "btn.cause_over")
    await play.say("s01", BACK)
    await play.tap("s01", "btn.cause_sure_over")
    await play.later(minutes=2)
    for chat in (play.group, play.second, play.third):
        assert sum(BACK in each for each in await play.texts(chat)) == 1
    cases = [await play.case(each) for each in (first, second, third)]
    assert [each.state for each in cases] == ["done"] * 3

    # two say yes; one says no, and only that case goes on
    await play.tap(AUNT, "btn.settled", first, chat=play.group)
    await play.tap(FANG, "btn.not_settled", third, chat=play.third)
    states = [(await play.case(each)).state for each in (first, second, third)]
    assert states == ["closed", "done", "reopened"]
    assert (await play.case(third)).owner is not None

    # who was merged hears of the end and may still say that it isn't
    assert await play.sees(EMMA, first, "is closed")
    assert await play.sees(LIN, f"{again} → {first}", "已结案")
    await play.tap(LIN, "btn.not_settled", f"{again} → {first}")
    assert (await play.case(first)).state == "reopened"

    # who was merged steps out under their own number, and it goes on for the others
    await play.say(LIN, "/withdraw")
    answer = await play.pick(LIN, again, "撤回哪一件")
    assert f"{again} 里不再有您" in answer["text"]
    kept = await play.case(first)
    assert (kept.state, kept.voices) == ("reopened", 2)
    await play.say(LIN, "/mine")
    assert again not in (await play.texts(LIN))[-1]


def _labels(message: dict) -> list[str]:  # type: ignore[type-arg]
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [each["text"] for row in rows for each in row]


async def _label(play: Play, name: str, beginning: str) -> str:
    """The whole label of the newest button that begins so."""
    message = await play.card(name, beginning)
    return next(each for each in _labels(message) if each.startswith(beginning))
