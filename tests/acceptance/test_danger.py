"""What is urgent, and what nobody else may know."""

from bot.demo.actors import labels, text_of
from tests.acceptance.play import AUNT, EMMA, LIN, ZHAO, Play

GAS = "8号楼楼道里有很浓的燃气味"
BLOWS = "我老公又喝醉了打我，我很害怕"


async def test_the_first_answer_names_the_number_to_ring_and_the_first_steps(play: Play):
    number = await play.report(ZHAO, GAS)
    card = text_of(await play.card(play.group, number))
    assert "119" in card
    assert "别开关电器" in card
    assert "还没有人确认" in card


async def test_the_whole_team_has_it_at_once(play: Play):
    number = await play.report(ZHAO, GAS)
    for name in ("w01", "w02", "l01"):
        assert await play.sees(name, number, "燃气")
        await play.forget(name)
        await play.say(name, "/list")
        await play.quiet()
        assert any(number in text for text in await play.fresh(name)), name


async def test_it_goes_to_one_of_them_and_the_others_read_who_has_it(play: Play):
    number = await play.report(ZHAO, GAS)
    shown, data = await play.button("w02", "btn.take", number)
    await play.tap("w01", "btn.take", number)
    answer = await play.press("w02", shown, data)
    assert answer["show_alert"]
    assert "陈小暖" in answer["text"]
    assert "陈小暖" in text_of(await play.card("w02", number))
    assert (await play.case(number)).taken_by is not None


async def test_nobody_has_confirmed_stays_until_a_person_takes_it(play: Play):
    number = await play.report(ZHAO, GAS)
    for _ in range(4):
        await play.later(minutes=6)
        assert "还没有人确认" in text_of(await play.card(play.group, number))
    await play.tap("l01", "btn.take", number)
    assert "还没有人确认" not in text_of(await play.card(play.group, number))


async def test_five_minutes_without_a_taker_bring_it_to_the_next_in_line(play: Play):
    number = await play.report(ZHAO, GAS)
    await play.forget("w02", "l01", "s01")
    await play.later(minutes=20)
    heard = [await play.fresh(name) for name in ("w02", "l01", "s01")]
    assert any(number in text for texts in heard for text in texts)
    assert len((await play.case(number)).passed) > 1


async def test_an_engaged_number_is_seen_by_the_team(play: Play):
    number = await play.report(ZHAO, GAS)
    card = await play.card("w01", number)
    engaged = [data for data in labels(card).values() if data.startswith("engaged~")]
    await play.press("w01", card["message_id"], engaged[0])
    assert await play.sees("w02", number, "占线")


async def test_a_number_is_masked_until_somebody_taps(play: Play):
    number = await play.report(ZHAO, GAS)
    card = await play.card("w01", number)
    assert "****" in text_of(card)
    ring = [data for data in labels(card).values() if data.startswith("ring~")]
    answer = await play.press("w01", card["message_id"], ring[0])
    assert answer["text"].endswith(tuple("0123456789"))
    assert "****" not in answer["text"]


async def test_an_urgent_answer_to_a_foreigner_carries_a_sentence_to_show(play: Play):
    await play.say(EMMA, "Strong smell of gas in the stairwell of building 8!")
    await play.quiet()
    card = " ".join(await play.fresh(EMMA))
    assert "119" in card
    assert any("\u4e00" <= letter <= "\u9fff" for letter in card)


async def test_violence_at_home_reaches_one_named_person_and_nobody_else(play: Play):
    await play.forget("w01", "w02", "l01", "s01", "s03", "n01")
    await play.say(AUNT, BLOWS)
    await play.quiet()
    (case,) = await play.cases()
    assert (case.kind, case.reach) == ("PO03", "named")
    await play.card("n01", case.number)
    for name in ("w01", "w02", "l01", "s01", "s03"):
        assert await play.fresh(name) == []
    assert not await play.sees(play.group, case.number)


async def test_nothing_lights_up_at_home_after_the_first_answer(play: Play):
    await play.say(AUNT, BLOWS)
    await play.quiet()
    (case,) = await play.cases()
    await play.forget(AUNT, play.group)
    await play.work("n01", case.number, "btn.take", "btn.arrive", "btn.done")
    if (await play.case(case.number)).state != "closed":
        await play.tap("n01", "note.talked")
    await play.later(days=8)
    assert (await play.case(case.number)).closing == "entrusted"
    assert await play.fresh(AUNT) == []
    assert not any("PO03" in text or "家暴" in text for text in await play.fresh(play.group))


async def test_the_desks_day_holds_no_more_of_it_than_a_number(play: Play):
    await play.say(AUNT, BLOWS)
    await play.quiet()
    await play.forget("s01")
    await play.at(0, 18)
    day = " ".join(await play.fresh("s01"))
    assert day
    assert "家暴" not in day
    assert (await play.cases())[0].number not in day


async def test_one_question_in_private_and_yes_is_seen_by_who_comes(play: Play):
    number = await play.report(LIN, GAS)
    assert await play.sees(LIN, number, "现在还闻得到煤气味吗")
    assert not await play.sees(play.group, "现在还闻得到煤气味吗")
    await play.tap(LIN, "btn.danger_yes", number)
    assert await play.sees("w01", number, "报事人确认：有危险")
    assert not await play.sees(LIN, number, "现在还闻得到煤气味吗")


async def test_no_calls_it_off_for_everybody_and_it_still_finds_a_worker(play: Play):
    number = await play.report(LIN, GAS)
    due = (await play.case(number)).due_at
    await play.tap("w02", "btn.take", number)
    await play.forget("w01", "w02", "l01", "n01", "s03")
    await play.tap(LIN, "btn.danger_no", number)
    for name in ("w01", "l01"):
        (line,) = await play.fresh(name)
        assert "不急" in line
    (line,) = await play.fresh("w02")
    assert "还是由您处理" in line
    for name in ("n01", "s03"):
        assert await play.fresh(name) == []
    case = await play.case(number)
    assert (case.urgency, case.state, case.due_at > due) == ("soon", "taken", True)
    assert "还没有人确认" not in text_of(await play.card(play.group, number))
    await play.work("w02", number, "btn.arrive", "btn.done")
    assert (await play.case(number)).state != "taken"


async def test_a_slip_is_taken_back_with_a_tap_and_the_team_hears_again(play: Play):
    number = await play.report(LIN, GAS)
    await play.tap(LIN, "btn.danger_no", number)
    await play.forget("w01", "w02", "l01")
    await play.tap(LIN, "btn.danger_after_all", number)
    assert (await play.case(number)).urgency == "now"
    for name in ("w01", "w02", "l01"):
        assert any(number in text for text in await play.fresh(name)), name


async def test_nobody_answers_and_it_stays_urgent_with_who_never_opened_the_bot(play: Play):
    number = await play.report(ZHAO, GAS)
    await play.later(hours=2)
    assert (await play.case(number)).urgency == "now"


CRIES = (
    ("LS18", "真的好想死啊", "12356"),
    ("LS18", "I want to end it all", "12356"),
    ("PO03", "他昨晚又动手了，我不敢回家", "110"),
    ("PO03", "my husband hits me", "110"),
)


async def test_a_cry_in_any_words_has_the_number_at_once_and_one_person(play: Play):
    others = ("w01", "w02", "l01", "s01", "s03", "a01", "d04")
    await play.forget(*others)
    for kind, words, number in CRIES:
        await play.forget(AUNT)
        await play.say(AUNT, words)
        await play.quiet()
        case = (await play.cases())[-1]
        assert (case.kind, case.reach) == (kind, "named"), words
        assert any(number in text for text in await play.fresh(AUNT)), words
        await play.card("n01", case.number)
    for name in others:
        assert await play.fresh(name) == [], name


async def test_a_cry_to_the_bot_in_the_group_says_nothing_of_it_there(play: Play):
    others = ("w01", "w02", "l01", "s01", "s03", "a01", "d04")
    await play.forget(*others, play.group)
    await play.say(LIN, "@linli_bot 我不想活了", play.group)
    await play.quiet()
    (case,) = await play.cases()
    assert (case.kind, case.reach) == ("LS18", "named")
    await play.card("n01", case.number)
    shown = " ".join(await play.fresh(play.group))
    assert "12356" in shown
    assert not any(word in shown for word in ("想不开", "危机", "活"))
    for name in others:
        assert await play.fresh(name) == [], name
