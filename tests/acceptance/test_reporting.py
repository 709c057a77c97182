"""Every way in which something may be reported, as a resident does it."""

from bot.demo.actors import labels, number_in, text_of
from tests.acceptance.play import AFTER, AUNT, BEFORE, EMMA, LI, LIN, VOICE, ZHAO, Play, media

LAMP = "8号楼2单元楼道灯坏了"
PHOTO = media(BEFORE, "p.jpg", "image/jpeg")


async def test_a_mention_of_the_bot_is_a_report(play: Play):
    await play.say(AUNT, f"@linli_bot {LAMP}", play.group)
    assert "楼道灯" in text_of(await play.card(play.group, "KL8-2611-001"))


async def test_a_mention_that_reads_like_no_report_is_asked_about_and_filed_on_a_tap(play: Play):
    await play.say(AUNT, "@linli_bot 你好呀", play.group)
    await play.tap(AUNT, "btn.file_it", chat=play.group)
    assert [case.text for case in await play.cases()] == ["你好呀"]


async def test_a_photo_with_a_caption_reaches_the_worker_with_its_picture(play: Play):
    await play.send(AUNT, play.group, photo=PHOTO, caption=f"@linli_bot {LAMP}")
    number = (await play.cases())[0].number
    assert (await play.card("w01", number, "的照片"))["photo"]


async def test_an_album_is_one_case_with_all_of_its_pictures(play: Play):
    album = [PHOTO, media(AFTER, "q.jpg", "image/jpeg")]
    # where the bot is no administrator, privacy mode shows it the first picture only
    await play.send(AUNT, play.group, album=album, caption=f"@linli_bot {LAMP}")
    assert len(await play.cases()) == 1
    await play.card("w01", "的照片")
    seen = play.town.chat(play.who("w01")).messages.values()
    assert sum("photo" in each for each in seen) == 2


async def test_a_voice_note_in_answer_to_the_question_opens_a_case(play: Play):
    await play.tap(AUNT, "binding.button.report", chat=play.group)
    asked = await play.card(play.group, "回复")
    await play.send(AUNT, play.group, voice=VOICE, reply_to=asked["message_id"])
    number = (await play.cases())[0].number
    assert (await play.card("w01", number))["message_id"]
    assert any("voice" in each for each in play.town.chat(play.who("w01")).messages.values())


async def test_a_shared_location_in_answer_to_the_question_places_the_case(play: Play):
    await play.tap(AUNT, "binding.button.report", chat=play.group)
    asked = await play.card(play.group, "回复")
    there = {"latitude": 32.2215, "longitude": 118.746}
    await play.send(AUNT, play.group, location=there, reply_to=asked["message_id"])
    (case,) = await play.cases()
    assert (case.lat, case.lon) == (32.2215, 118.746)
    assert case.grid == "320116001010002"


async def test_who_replies_with_report_is_the_reporter_of_anothers_words(play: Play):
    said = await play.say(ZHAO, LAMP, play.group)
    await play.say(AUNT, "/report", play.group, reply_to=said)
    await play.card(play.group, "KL8-2611-001")
    (case,) = await play.cases()
    assert case.text == LAMP
    assert await play.sees("w01", AUNT)
    answer = await play.tap(ZHAO, "btn.join", "KL8-2611-001", chat=play.group)
    assert "KL8-2611-001" in answer["text"]
    assert (await play.case(case.number)).voices == 2


async def test_words_to_the_bot_alone_become_a_case_that_the_group_does_not_see(play: Play):
    await play.report(AUNT, "8号楼门口垃圾桶满了")
    await play.forget(play.group)
    await play.say(AUNT, "我家水管漏水了，厨房地上都是水")
    card = await play.card(AUNT, "-002")
    assert number_in(card)
    await play.quiet()
    assert await play.fresh(play.group) == []


async def test_a_private_kind_is_shown_to_the_group_as_a_number_only(play: Play):
    await play.say(ZHAO, "/report 楼上邻居一直和我家吵架，快打起来了", play.group)
    await play.quiet()
    (case,) = await play.cases()
    assert case.private
    shown = " ".join(await play.fresh(play.group))
    assert case.number in shown
    assert "邻里纠纷" not in shown
    assert "吵架" not in shown


async def test_who_never_started_the_bot_gets_a_neutral_reply_with_a_link(play: Play):
    await play.say(ZHAO, "/report 楼上邻居一直和我家吵架，快打起来了", play.group)
    message = await play.card(play.group, "KL8-2611-001")
    url = message["reply_markup"]["inline_keyboard"][0][0]["url"]
    payload = url.partition("start=")[2]
    await play.post("start", by=play.who(ZHAO), bot_id=play.town.bot["id"], payload=payload)
    assert "吵架" in text_of(await play.card(ZHAO, "KL8-2611-001"))


async def test_an_edited_message_updates_its_case_until_somebody_takes_it(play: Play):
    said = await play.say(AUNT, f"/report {LAMP}", play.group)
    await play.card(play.group, "楼道灯")
    edit = f"chats/{play.group}/messages/{said}/edit"
    await play.post(edit, by=play.who(AUNT), text="/report 8号楼门口垃圾没人清运")
    await play.card(play.group, "KL8-2611-001", "垃圾没清运")
    await play.tap("w01", "btn.take", "KL8-2611-001")
    await play.post(edit, by=play.who(AUNT), text="/report 8号楼电梯坏了")
    await play.quiet()
    assert "垃圾" in (await play.case("KL8-2611-001")).text


async def test_withdrawing_is_one_tap_and_the_worker_need_not_go(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap(AUNT, "btn.fix", number, chat=play.group)
    await play.tap(AUNT, "btn.withdraw", number, chat=play.group)
    assert (await play.case(number)).state == "withdrawn"
    assert await play.sees("w01", number, "撤回")


async def test_somebody_else_can_withdraw_nothing(play: Play):
    number = await play.report(AUNT, LAMP)
    shown, _ = await play.button(AUNT, "btn.fix", number, chat=play.group)
    await play.tap(AUNT, "btn.fix", number, chat=play.group)
    _, data = await play.button(AUNT, "btn.withdraw", number, chat=play.group)
    answer = await play.press(ZHAO, shown, data, play.group)
    assert answer["show_alert"]
    assert (await play.case(number)).state == "dispatched"


async def test_the_same_words_from_the_same_place_join_the_open_case(play: Play):
    first = await play.report(AUNT, LAMP)
    assert await play.report(LIN, LAMP) == first
    assert (await play.case(first)).voices == 2
    assert len(await play.cases()) == 1


async def test_the_kind_is_corrected_with_one_tap_from_the_list(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap(AUNT, "btn.fix", number, chat=play.group)
    await play.tap(AUNT, "btn.kind", number, chat=play.group)
    await play.tap(AUNT, "class.EN", number, chat=play.group)
    await play.tap(AUNT, "垃圾没清运", number, chat=play.group)
    assert (await play.case(number)).kind == "EN01"
    assert "垃圾没清运" in text_of(await play.card("w01", number))


async def test_a_kind_with_several_conditions_asks_which_and_the_promise_follows(play: Play):
    number = await play.report(AUNT, "8号楼门口路面坏了")
    asked = await play.card(play.group, number)
    before = (await play.case(number)).due_at
    choices = [data for data in labels(asked).values() if data.startswith("cond~")]
    assert len(choices) >= 2
    await play.press(AUNT, asked["message_id"], choices[0], play.group)
    case = await play.case(number)
    assert case.condition == 0
    assert case.due_at != before


async def test_a_matter_that_belongs_elsewhere_gets_a_number_and_where_to_go(play: Play):
    number = await play.report(AUNT, "网上买的东西坏了商家不肯退款")
    card = text_of(await play.card(play.group, number))
    assert "12315" in card
    assert (await play.case(number)).state == "not_admitted"
    assert await play.fresh("w01") == []


async def test_its_reporters_word_admits_it_after_all(play: Play):
    number = await play.report(AUNT, "网上买的东西坏了商家不肯退款")
    await play.tap(AUNT, "btn.admit", number, chat=play.group)
    assert (await play.case(number)).state == "dispatched"
    assert await play.sees("w01", number)


async def test_a_hidden_name_is_not_shown_to_the_worker(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.tap(AUNT, "btn.fix", number, chat=play.group)
    await play.tap(AUNT, "btn.my_name", number, chat=play.group)
    await play.tap(AUNT, "btn.name_w", number, chat=play.group)
    assert AUNT not in text_of(await play.card("w01", number))


async def test_the_group_never_reads_the_flat(play: Play):
    number = await play.report(AUNT, "8号楼2单元1502室门口的灯坏了")
    await play.finish("w01", number)
    ours = " ".join(await play.texts(play.group))
    assert "8号楼" in ours
    assert "1502" not in ours
    assert await play.sees("w01", "1502")


async def test_a_foreign_report_shows_kind_and_urgency_in_the_workers_language(play: Play):
    number = await play.report(EMMA, "The light in the stairwell of building 8 is broken")
    card = text_of(await play.card("w01", number))
    assert "英文" in card
    assert "The light in the stairwell" in card


async def test_a_worker_reports_for_somebody_and_cannot_confirm_it(play: Play):
    await play.say("w01", "8号楼李大爷说楼道灯坏了")
    await play.tap("w01", "source.door")
    (case,) = await play.cases()
    assert (case.source, case.reporter) == ("door", None)
    await play.finish("w01", case.number)
    assert (await play.case(case.number)).state == "done"
    assert not any("解决了吗" in text for text in await play.texts("w01"))


async def test_who_asks_reads_worker_and_duty(play: Play):
    said = await play.say(LI, "/who", play.second)
    assert "陈小暖" in text_of(await play.town.chat(play.second).until("值班", after=said))


async def test_the_same_lift_in_other_words_has_its_number_and_a_tap_makes_it_one(play: Play):
    await play.say(AUNT, "@linli_bot 8号楼电梯坏了", play.group)
    await play.card(play.group, "KL8-2611-001")
    await play.say(ZHAO, "@linli_bot 八栋的電梯仲未整好", play.group)
    asked = await play.card(play.group, "KL8-2611-002")
    assert "像是 KL8-2611-001（电梯故障）那件事" in text_of(asked)
    await play.tap(ZHAO, "btn.alike_yes", chat=play.group)
    states = {case.number: (case.state, case.voices) for case in await play.cases()}
    assert states["KL8-2611-001"][1] == 2
    assert states["KL8-2611-002"][0] == "merged"


async def test_a_lift_in_another_building_is_asked_about_by_nobody(play: Play):
    await play.say(AUNT, "@linli_bot 8号楼电梯坏了", play.group)
    await play.card(play.group, "KL8-2611-001")
    await play.say(ZHAO, "@linli_bot 9号楼电梯坏了", play.group)
    assert "像是" not in text_of(await play.card(play.group, "KL8-2611-002"))
