"""Time in the chat: more of it one level up, none of it while it stands still, told to all."""

from bot.demo.actors import text_of
from tests.acceptance.play import AUNT, Play

LAMP = "8号楼2单元楼道灯坏了"


async def test_more_time_is_granted_one_level_up_and_the_reporter_reads_the_new_promise(
    play: Play,
):
    number = await play.report(AUNT, LAMP)
    promised = (await play.case(number)).due_at
    await play.work("w01", number, "btn.take", "btn.more", "btn.more_time", "1 个工作日")
    await play.tap("w01", "reason.parts", number)
    await play.forget(play.group, "w01")
    await play.tap("s01", "btn.grant_time", number)
    case = await play.case(number)
    assert case.first_due_at == promised
    assert case.due_at > promised
    told = [text for text in await play.fresh(play.group) if "原因：等材料、配件" in text]
    assert any("原定" in text and "现在要到" in text for text in told)
    assert "改期原因" in text_of(await play.card(play.group, number, "原定", "改期"))
    assert any("延期批了" in text for text in await play.fresh("w01"))


async def test_what_is_suspended_says_why_in_the_group_and_is_taken_up_earlier(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap("w01", "btn.take", number)
    await play.say("s01", f"/case {number}")
    await play.quiet()
    await play.work("s01", number, "btn.suspend", "reason.budget", "btn.suspend_30")
    assert (await play.case(number)).waits_for == "suspended"
    assert "等经费" in text_of(await play.card(play.group, number, "⏸"))
    await play.later(days=3)  # its limit was one work day
    assert (await play.case(number)).overdue_at is None
    await play.forget(play.group)
    await play.tap("s01", "btn.take_up", number)
    case = await play.case(number)
    assert (case.state, case.waits_for) == ("taken", None)
    assert any("接着办了" in text for text in await play.fresh(play.group))
