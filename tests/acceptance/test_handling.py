"""What handling a case takes, and what can't be done to it."""

import base64
import uuid

from bot.demo.actors import labels, text_of
from tests.acceptance.play import AUNT, EMMA, LIN, ZHAO, Play

LAMP = "8号楼2单元楼道灯坏了"
NOISE = "8号楼广场舞音乐太吵了"


async def test_not_settled_reopens_the_same_case_with_its_running_promise(play: Play):
    number = await play.report(AUNT, LAMP)
    due = (await play.case(number)).due_at
    await play.finish("w01", number)
    answer = await play.tap(AUNT, "btn.not_settled", number, chat=play.group)
    assert answer["show_alert"]
    case = await play.case(number)
    assert (case.state, case.due_at, case.reopenings) == ("reopened", due, 1)
    await play.finish("w01", number)
    assert (await play.case(number)).state == "done"


async def test_the_old_photo_is_no_evidence_after_reopening(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    await play.tap(AUNT, "btn.not_settled", number, chat=play.group)
    await play.work("w01", number, "btn.take", "btn.arrive", "btn.done")
    assert (await play.case(number)).state == "in_hand"


async def test_a_preset_note_closes_without_typing_where_no_photo_is_asked(play: Play):
    number = await play.report(AUNT, NOISE)
    assert (await play.case(number)).evidence == "note"
    await play.work("w01", number, "btn.take", "btn.arrive", "btn.done")
    await play.tap("w01", "note.talked")
    assert (await play.case(number)).state == "done"


async def test_not_mine_goes_to_the_desk_with_its_reason_which_gives_it_to_somebody(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap("w01", "btn.not_mine", number)
    await play.tap("w01", "reason.not_my_kind", number)
    assert await play.sees("s01", number, "不是我管的事")
    case = await play.case(number)
    assert (case.owner, case.hand_backs) == (None, 1)


async def test_a_question_is_put_in_the_reporters_language_and_its_answer_in_the_workers(
    play: Play,
):
    number = await play.report(EMMA, "The light in the stairwell of building 8 is broken")
    await play.work("w01", number, "btn.take", "btn.more", "btn.ask")
    await play.tap("w01", "ask.still", number)
    assert (await play.case(number)).state == "waiting"
    where = EMMA if await play.sees(EMMA, number) else play.group
    question = await play.card(where, number, "still so")
    yes = next(data for data in labels(question).values() if data.startswith("answer~"))
    chat = None if where == EMMA else play.group
    await play.press(EMMA, question["message_id"], yes, chat)
    assert await play.sees("w01", number, "是的")
    assert (await play.case(number)).state == "taken"


async def test_three_times_are_proposed_and_one_is_chosen_with_a_tap(play: Play):
    await play.say(AUNT, "我家厨房天花板漏水，楼上渗下来的")
    await play.quiet()
    (case,) = await play.cases()
    await play.work("w01", case.number, "btn.take", "btn.more", "btn.appoint")
    await play.tap("w01", "btn.slots_tomorrow", case.number)
    offer = await play.card(AUNT, case.number, "上门")
    times = [data for data in labels(offer).values() if data.startswith("appoint~")]
    assert len(times) == 3
    await play.press(AUNT, offer["message_id"], times[2])
    after = (await play.case(case.number)).appointment_at
    assert after is not None
    assert await play.sees("w01", case.number, "19:00")
    seen = play.town.chat(play.who(AUNT))
    await seen.look()
    assert not labels(seen.messages[offer["message_id"]])  # it is answered


async def test_a_residents_press_on_a_workers_button_changes_nothing_and_says_why(play: Play):
    number = await play.report(AUNT, LAMP)
    _, data = await play.button("w01", "btn.take", number)
    mine = await play.card(play.group, number)
    answer = await play.press(ZHAO, mine["message_id"], data, play.group)
    assert answer["show_alert"]
    assert answer["text"]
    assert (await play.case(number)).state == "dispatched"


async def test_only_the_reporter_says_whether_it_is_settled(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    shown, data = await play.button(AUNT, "btn.settled", number, chat=play.group)
    answer = await play.press(LIN, shown, data, play.group)
    assert answer["show_alert"]
    assert (await play.case(number)).state == "done"


async def test_an_old_button_does_nothing_and_says_so(play: Play):
    number = await play.report(AUNT, LAMP)
    shown, data = await play.button("w01", "btn.take", number)
    await play.tap("w01", "btn.take", number)
    answer = await play.press("w01", shown, data)
    assert answer["show_alert"]
    assert (await play.case(number)).state == "taken"


async def test_forged_buttons_do_nothing_and_say_so(play: Play):
    number = await play.report(AUNT, LAMP)
    shown, _ = await play.button("w01", "btn.take", number)
    key = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    for data in ("take", f"take~320116~{key}~1~", f"take~999999~{key}~1~", "~~~~", "drop~table"):
        answer = await play.press("w01", shown, data)
        assert answer["show_alert"], data
        assert answer["text"]
    assert (await play.case(number)).state == "dispatched"


async def test_a_revoked_person_has_no_button_that_works(play: Play):
    number = await play.report(AUNT, LAMP)
    shown, data = await play.button("w01", "btn.take", number)
    await play.say("a01", "/people")
    while not await play.lists("a01", "✓ 陈小暖"):
        await play.tap("a01", "btn.next_page")
    await play.tap("a01", "✓ 陈小暖")
    await play.tap("a01", "btn.revoke")
    answer = await play.press("w01", shown, data)
    assert answer["show_alert"]
    case = await play.case(number)
    assert case.state == "dispatched"
    assert await play.sees("w02", number)


async def test_the_group_sees_the_after_photo_only_when_the_worker_says_so(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    await play.town.chat(play.group).look()
    ours = play.town.chat(play.group).messages.values()
    assert not any("photo" in each for each in ours)
    await play.tap("w01", "btn.publish", number)
    assert (await play.card(play.group, number, "处理后"))["photo"]


async def test_stars_are_shown_to_nobody(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    await play.tap(AUNT, "btn.settled", number, chat=play.group)
    await play.tap(AUNT, "★★", number, chat=play.group)
    await play.at(0, 18)
    for chat in (play.group, "w01", "w02", "l01"):
        assert not any("★" in text for text in await play.texts(chat))


async def test_the_answer_on_the_card_says_confirmed_by_the_reporter(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    await play.tap(AUNT, "btn.settled", number, chat=play.group)
    assert "报事人确认" in text_of(await play.card(play.group, number, "🟢"))
