"""A whistle through Telegram's own door: a unit in its chat, another by telephone."""

from tests.acceptance.play import AUNT, Play

CABLES = "8号楼有人从窗户拉线给电动车充电"


async def test_the_street_calls_units_and_they_answer_in_chat_and_by_telephone(play: Play):
    number = await play.report(AUNT, CABLES)
    await play.work("w01", number, "btn.take", "btn.more", "btn.rise")
    await play.tap("w01", "reason.many_units", number)
    case = await play.case(number)
    assert (case.circle, case.state, case.owner) == ("small", "filed", None)
    # few taps: who leads, who else, what, by when, a look, and off it goes
    await play.tap("s03", "btn.whistle", number)
    await play.tap("s03", "大厂城管中队", number)
    await play.tap("s03", "大厂派出所 📞", number)
    await play.tap("s03", "☑️ 大厂派出所 📞", number)
    await play.tap("s03", "大厂派出所 📞", number)
    await play.tap("s03", "btn.whistle_on", number)
    await play.say("s03", "周五前一起上门劝拆")
    await play.quiet()
    await play.tap("s03", "whistle.due_days", number)
    await play.tap("s03", "btn.whistle_send", number)
    assert (await play.case(number)).waits_for == "task"
    # the one in its own chat
    assert await play.sees("d04", number, "周五前一起上门劝拆", CABLES)
    assert not await play.sees("d04", AUNT)
    await play.tap("d04", "btn.task_accept", number)
    # it needs longer: the desk says yes in the notice itself
    await play.tap("d04", "btn.task_time", number)
    await play.tap("d04", "btn.task_plus_1", number)
    await play.tap("s03", "btn.task_grant", number, "想延到")
    assert await play.sees("d04", number, "同意延到")
    # the other by telephone: the desk writes down who said what
    await play.tap("s03", "btn.task_note", number, "大厂派出所")
    await play.say("s03", "民警老秦：晚上七点到")
    await play.quiet()
    assert await play.sees("s03", "大厂派出所", "民警老秦：晚上七点到")
    await play.tap("s03", "btn.task_done", number, "大厂派出所")
    await play.say("s03", "民警老秦：劝拆了十二户")
    await play.quiet()
    await play.tap("d04", "btn.task_done", number)
    await play.photo("d04")
    case = await play.case(number)
    assert (case.waits_for, case.done_at is not None) == (None, True)
