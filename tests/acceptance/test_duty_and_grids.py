"""Shifts swapped by two people's word, and grids that change on a date, told as people read it."""

from bot.demo.actors import labels
from tests.acceptance.play import AUNT, LI, Play

KL8, COMMUNITY = "320116001010001", "320116001010"
EAST, WEST = COMMUNITY + "021", COMMUNITY + "022"
TOMORROW = "2026-11-24"
LAMP = "8号楼2单元楼道灯坏了"


async def split(play: Play) -> str:
    """The list of grids says that the first grid is split tomorrow; what the import answers."""
    row = {"kind": "", "starts_on": TOMORROW, "ends_on": "", "successors": ""}
    outcome = await play.bring(
        "grids",
        row | {
            "code": KL8, "parent": COMMUNITY, "name": "快乐苑东网格", "short": "KL8",
            "starts_on": "", "ends_on": TOMORROW, "successors": f"{EAST};{WEST}", "places": "",
        },
        row | {"code": EAST, "parent": COMMUNITY, "name": "八号楼网格", "short": "KE",
               "places": "快乐8号楼;8号楼"},
        row | {"code": WEST, "parent": COMMUNITY, "name": "九号楼网格", "short": "KW",
               "places": "快乐9号楼;9号楼"},
    )  # fmt: skip
    (remark,) = (each for each in outcome.remarks if each.code == "regrid")
    return str(remark.facts["into"])


async def test_two_people_swap_shifts_with_buttons_and_the_desk_reads_it(play: Play):
    await play.say("w01", "/shifts")
    await play.pick("w01", "换 11月24日")
    assert await play.sees("w01", "和谁换？", "11月24日 08:00")
    await play.pick("w01", "周快步")
    answer = await play.pick("w01", "换 11月24日", "周快步")
    assert answer["text"] == "已问 周快步，对方同意才算数。"
    assert await play.sees("w02", "🔄 陈小暖 想和您换班", "11月24日 08:00", "行吗？")
    # nothing has changed before the other says yes
    assert not await play.sees("s01", "换班说定")
    await play.tap("w02", "btn.swap_yes", "陈小暖 想和您换班")
    for name in ("w01", "w02", "s01"):
        assert await play.sees(name, "✅ 换班说定：周快步 上 ", "陈小暖 上 "), name
    # on the day the early case goes to who has the early shift now
    await play.at(1, 9)
    number = await play.report(AUNT, LAMP)
    assert await play.sees("w02", number)
    assert not await play.sees("w01", number)


async def test_a_grid_that_is_split_tomorrow_is_previewed_and_can_be_called_off(play: Play):
    number = await play.report(AUNT, LAMP)
    assert await split(play) == "八号楼网格、九号楼网格"
    await play.say("a01", "/grids")
    await play.quiet()
    told = " ".join(await play.texts("a01"))
    assert f"{TOMORROW} 快乐苑东网格 → 八号楼网格、九号楼网格" in told
    assert "在办 1 件（0 件要值班台定）" in told
    answer = await play.pick("a01", "撤销：快乐苑东网格")
    assert answer["text"] == "已撤销，快乐苑东网格 照旧"
    await play.at(1, 9)
    assert (await play.case(number)).grid == KL8
    assert not await play.sees("s01", "已划到")
    await play.say("a01", "/grids")
    await play.quiet()
    assert await play.sees("a01", "没有计划中的网格调整")


async def test_a_case_whose_grid_was_split_yesterday_still_answers_its_buttons(play: Play):
    in_eight = await play.report(AUNT, LAMP)
    in_nine = await play.report(LI, "9号楼楼道灯坏了", chat=play.second)
    due = (await play.case(in_eight)).due_at
    old = await play.button("w01", "btn.take", in_eight)
    await split(play)
    await play.at(1, 9)
    assert await play.sees("s01", "🗺 快乐苑东网格 已划到 八号楼网格、九号楼网格", "2 件在办")
    assert ((await play.case(in_eight)).grid, (await play.case(in_nine)).grid) == (EAST, WEST)
    assert (await play.case(in_eight)).due_at == due
    # yesterday's button, on yesterday's card
    await play.press("w01", *old)
    case = await play.case(in_eight)
    assert (case.state, case.number) == ("taken", in_eight)
    await play.work("w01", in_eight, "btn.arrive", "btn.done")
    await play.photo("w01")
    await play.tap(AUNT, "btn.settled", in_eight, chat=play.group)
    assert (await play.case(in_eight)).state == "closed"
    # what is reported today has the new grid's number
    assert (await play.report(AUNT, "8号楼电梯停了")).startswith("KE-")


async def test_nobody_but_who_administers_calls_a_change_off(play: Play):
    await split(play)
    await play.say("a01", "/grids")
    found = await play.card("a01", "撤销：快乐苑东网格")
    data = labels(found)["撤销：快乐苑东网格"]
    await play.say("w01", "/shifts")
    mine = await play.card("w01", "您的班")
    answer = await play.press("w01", int(mine["message_id"]), data)
    assert answer["show_alert"]
    await play.say("a01", "/grids")
    await play.quiet()
    assert sum("快乐苑东网格 → " in each for each in await play.texts("a01")) == 2
