"""What it is for: from one message in the group to the day in one message."""

from tests.acceptance.play import AUNT, LIN, Play

LAMP = "8号楼2单元楼道灯坏了，晚上看不见路"


async def test_one_message_behind_the_pinned_button_becomes_a_numbered_case(play: Play):
    shown, data = await play.button(AUNT, "binding.button.report", chat=play.group)
    answer = await play.press(AUNT, shown, data, play.group)
    assert answer["text"]
    asked = await play.card(play.group, "回复")
    await play.say(AUNT, "灯坏了", play.group, reply_to=asked["message_id"])
    card = await play.card(play.group, "KL8-2611-001")
    assert "快乐8号楼" in card["text"]
    assert (await play.card("w01", "KL8-2611-001"))["text"].count("灯坏了")


async def test_a_worker_closes_it_in_three_taps_and_a_photo(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.work("w01", number, "btn.take", "btn.arrive", "btn.done")
    await play.photo("w01")
    assert (await play.case(number)).state == "done"
    assert await play.sees(play.group, number, "解决了吗")


async def test_the_whole_loop_from_the_group_to_the_supervisors_evening(play: Play):
    number = await play.report(AUNT, LAMP)
    card = await play.card(play.group, number)
    assert all(word in card["text"] for word in ("8号楼", "待接单", "⏰", "陈小暖"))
    await play.finish("w01", number)
    await play.tap(AUNT, "btn.settled", number, chat=play.group)
    await play.tap(AUNT, "★★★★", number, chat=play.group)
    case = await play.case(number)
    assert (case.state, case.closing, case.stars) == ("closed", "settled", 4)
    assert await play.sees(play.group, number, "报事人确认")
    await play.at(0, 18)
    evening = await play.card("s01", "1")
    assert evening.get("photo")
    assert not await play.sees(play.group, "★")


async def test_the_group_reads_who_has_it_and_where_it_stands_on_one_card(play: Play):
    number = await play.report(LIN, LAMP)
    first = await play.card(play.group, number)
    await play.tap("w01", "btn.take", number)
    await play.tap("w01", "btn.arrive", number)
    card = await play.card(play.group, number)
    assert card["message_id"] == first["message_id"]
    assert "到现场了" in card["text"]


async def test_the_worker_is_asked_to_revisit_days_later(play: Play):
    number = await play.report(AUNT, "8号楼楼道里有人给电动车充电")
    await play.finish("w01", number)
    await play.tap(AUNT, "btn.settled", number, chat=play.group)
    await play.forget("w01")
    await play.later(days=8)
    assert any(number in text and "回访" in text for text in await play.fresh("w01"))
    await play.tap("w01", "btn.flared_up", number)
    assert (await play.case(number)).state == "reopened"
