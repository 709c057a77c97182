"""What a desk does to many at once, and what happens when two hands or an old button come along."""

import asyncio

from tests.acceptance.play import AUNT, EMMA, LIN, Play

LAMPS = ("8号楼1单元楼道灯坏了", "8号楼电梯按钮失灵", "8号楼门禁坏了打不开")


async def test_a_desk_gives_several_cases_away_after_a_look_at_what_that_means(play: Play):
    numbers = [await play.report(AUNT, words) for words in LAMPS]
    await play.say("s01", "/cases")
    await play.pick("s01", "全部在办")
    await play.tap("s01", "btn.assign_all")
    assert await play.sees("s01", "派给谁？名字后面是能接的件数。")
    await play.pick("s01", "周快步")
    assert await play.sees("s01", "将把 3 件派给 周快步")
    owners = {(await play.case(each)).owner for each in numbers}
    # somebody takes one before the desk says yes: that one is left alone
    await play.tap("w01", "btn.take", numbers[0])
    await play.pick("s01", "确定派这 3 件")
    assert await play.sees("s01", "已把 2 件派给 周快步。")
    assert await play.sees("s01", "1 件看过之后有变化，没有动", numbers[0])
    assert await play.sees("w02", "📥 值班台派给您 2 件", numbers[1], numbers[2])
    after = [await play.case(each) for each in numbers]
    assert [each.state for each in after] == ["taken", "dispatched", "dispatched"]
    assert after[1].owner == after[2].owner != after[0].owner
    assert after[0].owner in owners


async def test_two_take_the_same_case_in_the_same_second(play: Play):
    number = await play.report(AUNT, LAMPS[0])
    await play.say("w02", f"/case {int(number[-3:])}")  # as it is said aloud
    buttons = {name: await play.button(name, "btn.take", number) for name in ("w01", "w02")}
    answers = await asyncio.gather(
        *(
            play.town.side.press(play.who(name), play.who(name), message, data)
            for name, (message, data) in buttons.items()
        )
    )
    await play.quiet()
    case = await play.case(number)
    assert case.state == "taken"
    names = {"w01": "陈小暖", "w02": "周快步"}
    read = dict(zip(buttons, answers, strict=True))
    lost = [name for name, answer in read.items() if answer.get("show_alert")]
    assert len(lost) == 1
    (winner,) = set(names) - set(lost)
    assert read[lost[0]]["text"] == f"{number} 已由 {names[winner]} 接单。"


async def test_a_button_from_last_week_says_so_and_changes_nothing(play: Play):
    number = await play.report(AUNT, LAMPS[0])
    take = await play.button("w01", "btn.take", number)
    join = await play.button(AUNT, "btn.join", number, chat=play.group)
    await play.finish("w01", number)
    await play.tap(AUNT, "btn.settled", number, chat=play.group)
    await play.later(days=7)
    before = await play.case(number)
    answer = await play.press("w01", *take)
    assert answer["show_alert"]
    assert number in answer["text"]
    answer = await play.press(LIN, *join, chat=play.group)
    assert answer["text"]
    after = await play.case(number)
    assert (after.state, after.version, after.voices) == ("closed", before.version, before.voices)


async def test_a_unit_that_is_no_more_leaves_its_task_to_another(play: Play):
    number = await play.report(EMMA, "8号楼有人从窗户拉线给电动车充电")
    await play.work("w01", number, "btn.take", "btn.more", "btn.rise")
    await play.tap("w01", "reason.many_units", number)
    await play.tap("s03", "btn.whistle", number)
    await play.tap("s03", "大厂城管中队", number)
    await play.tap("s03", "btn.whistle_on", number)
    await play.tap("s03", "whistle.preset_duty", number)
    await play.tap("s03", "whistle.due_week", number)
    await play.tap("s03", "btn.whistle_send", number)
    accept = await play.button("d04", "btn.task_accept", number)
    await play.bring(
        "units",
        {
            "unit": "320116001:urban_management", "name": "大厂城管中队", "by": "chat",
            "ends_on": "2026-11-24", "successor": "320116001:police",
        },
    )  # fmt: skip
    await play.at(1, 9)
    assert await play.sees("s03", "大厂城管中队", "已撤并", "接手的是", "大厂派出所", number)
    answer = await play.press("d04", *accept)
    assert "大厂城管中队已撤并" in answer["text"]
    await play.pick("s03", f"{number} 交给大厂派出所")
    case = await play.case(number)
    assert (case.waits_for, case.lead_unit) == ("task", "320116001:police")
    assert await play.sees("s03", number, "大厂派出所", "牵头")


async def test_a_desk_gives_a_case_to_a_specialist_from_elsewhere(play: Play):
    number = await play.report(AUNT, "8号楼门口摆摊占道，过不去人")
    await play.say("s03", f"/case {number}")
    await play.tap("s03", "btn.assign", number)
    await play.tap("s03", "btn.elsewhere", number)
    assert await play.lists("s03", "路好走 · 大厂街道·城管 · 对口")
    answer = await play.pick("s03", "路好走", number)
    assert answer["text"] == "已派给 路好走"
    await play.tap("d04", "btn.take", number)
    assert (await play.case(number)).state == "taken"
