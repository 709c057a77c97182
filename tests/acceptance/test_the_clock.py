"""What happens by itself, and when it does not."""

from bot.demo.actors import text_of
from tests.acceptance.play import AUNT, Play

LAMP = "8号楼2单元楼道灯坏了"
BIKE = "8号楼门口有人从窗户拉线给电动车充电"


async def test_half_an_hour_of_duty_without_a_taker_brings_it_to_the_backup(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.later(minutes=29)
    assert not await play.sees("w02", number)
    await play.later(minutes=2)
    assert await play.sees("w02", number)


async def test_lunch_is_no_duty_time(play: Play):
    await play.at(0, 11, 50)
    number = await play.report(AUNT, LAMP)
    await play.at(0, 14, 15)
    assert not await play.sees("w02", number)
    await play.at(0, 14, 21)
    assert (await play.case(number)).passed[1:]


async def test_overdue_turns_red_and_leader_and_desk_hear(play: Play):
    number = await play.report(AUNT, BIKE)
    await play.tap("w01", "btn.take", number)
    await play.forget("w01", "l01", "s01")
    await play.later(days=1)
    for name in ("w01", "l01", "s01"):
        assert any(number in text and "🔴" in text for text in await play.fresh(name)), name
    assert "🔴" in text_of(await play.card(play.group, number))


async def test_what_is_due_soon_is_said_once(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap("w01", "btn.take", number)
    await play.forget("w01")
    await play.later(days=3)
    heard = [text for text in await play.fresh("w01") if number in text and "快到时限" in text]
    assert len(heard) == 1


async def test_silence_brings_one_nudge_and_an_unconfirmed_end_that_counts_as_no_satisfaction(
    play: Play,
):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    await play.forget(play.group)
    await play.later(days=3, hours=1)
    nudges = [text for text in await play.fresh(play.group) if "解决了吗" in text]
    assert len(nudges) == 1
    await play.later(days=2)
    case = await play.case(number)
    assert (case.state, case.closing, case.stars) == ("closed", "unconfirmed", None)


async def test_what_was_urgent_never_closes_by_silence(play: Play):
    number = await play.report(AUNT, "8号楼楼道里有很浓的燃气味")
    await play.finish("w01", number)
    await play.later(days=5)
    assert (await play.case(number)).state == "checking"
    await play.tap("s01", "btn.check", number)
    await play.later(days=5)
    assert (await play.case(number)).state == "done"


async def test_what_is_private_never_closes_by_silence_and_the_desk_is_asked(play: Play):
    await play.say(AUNT, "楼上邻居天天半夜吵架，我睡不着")
    await play.quiet()
    (case,) = await play.cases()
    await play.finish("w01", case.number)
    await play.forget("s01")
    await play.later(days=5)
    assert (await play.case(case.number)).state == "done"
    assert any(case.number in text for text in await play.fresh("s01"))


async def test_the_workers_list_comes_at_eight(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap("w01", "btn.take", number)
    await play.forget("w01")
    await play.at(1, 7, 55)
    assert await play.fresh("w01") == []
    await play.at(0, 8)
    assert any(number in text for text in await play.fresh("w01"))


async def test_the_supervisors_day_comes_at_six_with_a_picture(play: Play):
    await play.report(AUNT, LAMP)
    await play.forget("s01")
    await play.at(0, 18)
    await play.town.chat(play.who("s01")).look()
    assert await play.fresh("s01")
    assert any("photo" in each for each in play.town.chat(play.who("s01")).messages.values())


async def test_the_day_can_be_read_at_any_hour_and_each_number_opens_its_cases(play: Play):
    number = await play.report(AUNT, LAMP)
    said = await play.say("s01", "/day")
    day = await play.town.chat(play.who("s01")).until(after=said)
    rows = day["reply_markup"]["inline_keyboard"]
    data = next(b["callback_data"] for row in rows for b in row if "callback_data" in b)
    await play.press("s01", day["message_id"], data)
    assert await play.sees("s01", number)


async def test_night_brings_no_routine_message(play: Play):
    await play.at(0, 22)
    await play.forget("w01", "w02", "l01")
    number = await play.report(AUNT, LAMP)
    await play.at(1, 7)
    for name in ("w01", "w02", "l01"):
        assert await play.fresh(name) == []
    await play.at(0, 9)
    assert await play.sees("w01", number)


async def test_what_is_urgent_does_not_wait_for_the_morning(play: Play):
    await play.at(0, 23)
    number = await play.report(AUNT, "8号楼楼道里有很浓的燃气味")
    assert await play.sees("w01", number)
    assert await play.sees("l01", number)


async def test_leave_brings_nothing_and_the_next_in_line_has_it(play: Play):
    await play.say("w01", "/away")
    await play.tap("w01", "away.today")
    await play.forget("w01")
    number = await play.report(AUNT, LAMP)
    assert await play.fresh("w01") == []
    assert await play.sees("w02", number)


async def test_later_reminds_at_the_chosen_time(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.work("w01", number, "btn.take", "btn.more", "btn.later", "btn.later_hour")
    await play.forget("w01")
    await play.later(minutes=61)
    assert any(number in text and "⏰" in text for text in await play.fresh("w01"))


async def test_a_worker_who_blocks_the_bot_loses_the_case_to_the_next_in_line(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.post(f"users/{play.who('w01')}/block", bot_id=play.town.bot["id"], blocked=True)
    await play.quiet()
    assert await play.sees("w02", number)
    assert len((await play.case(number)).passed) == 2
