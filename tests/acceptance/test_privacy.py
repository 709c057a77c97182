"""A private matter in public, a name that isn't shown, photos on somebody's word."""

from typing import Any

from bot.demo.actors import labels, text_of
from services.buttons import data
from services.texts import plain
from tests.acceptance.play import AFTER, AUNT, BEFORE, LI, LIN, ZHAO, Play, media

LAMP = "3号楼2单元楼道灯坏了"
QUARREL = "楼上602天天半夜吵架砸东西，我们两家吵起来了"


async def stands(play: Play, chat: int, message: int) -> bool:
    """Whether a message is still to be seen in a chat."""
    seen = play.town.chat(chat)
    await seen.look()
    return message in seen.messages


async def everything(play: Play, chat: int | str) -> str:
    """All that the bot shows in a chat, with its buttons and whom its messages answer."""
    key = play.who(chat) if isinstance(chat, str) else chat
    seen = play.town.chat(key)
    await seen.look()
    return "\n".join(str(each) for each in seen.messages.values() if each["from"].get("is_bot"))


async def own_card(play: Play, name: str, number: str) -> None:
    """The reporter opens their own case from their list."""
    await play.say(name, "/mine")
    message = await play.town.chat(play.who(name)).until(number)
    await play.press(name, int(message["message_id"]), labels(message)[number])


async def test_a_quarrel_written_in_the_group_is_taken_out_and_goes_on_in_private(play: Play):
    before = len(await play.texts(play.group))
    said = await play.say(AUNT, f"/report {QUARREL}", play.group)
    await play.quiet()
    number = (await play.cases())[-1].number
    neutral = text_of(await play.card(play.group, number))
    assert not any(word in neutral for word in ("602", "吵", "纠纷"))
    offered = text_of(await play.card(AUNT, "删掉吗"))
    assert "吵" not in offered
    # a neighbour's press does nothing
    shown, pressed = await play.button(LIN, "btn.unsay", number, chat=play.group)
    answer = await play.press(LIN, shown, pressed, play.group)
    assert answer["show_alert"]
    assert await stands(play, play.group, said)
    # the writer's does
    await play.tap(AUNT, "btn.unsay", number)
    assert not await stands(play, play.group, said)
    assert len(await play.texts(play.group)) == before
    # and it goes on in private: taken, asked, answered, done, settled
    await play.work("w01", number, "btn.take", "btn.more", "btn.ask", "ask.still")
    await play.tap(AUNT, "answer.yes", number)
    await play.work("w01", number, "btn.arrive", "btn.done")
    await play.tap("w01", "note.talked")
    await play.tap(AUNT, "btn.settled", number)
    assert (await play.case(number)).state == "closed"
    assert len(await play.texts(play.group)) == before


async def test_an_album_goes_with_its_words(play: Play):
    album = [media(BEFORE, "a.jpg", "image/jpeg"), media(AFTER, "b.jpg", "image/jpeg")]
    said = await play.post(
        f"chats/{play.group}/messages",
        by=play.who(AUNT),
        album=album,
        caption=f"@linli_bot {QUARREL}",
    )
    await play.quiet()
    messages = [each["message_id"] for each in said["messages"]]
    assert len(messages) == 2
    number = (await play.cases())[-1].number
    await play.tap(AUNT, "btn.unsay", number)
    assert not any([await stands(play, play.group, each) for each in messages])


async def test_where_the_bot_administers_nothing_it_says_how_to_do_it_oneself(play: Play):
    said = await play.say(LI, f"@linli_bot {QUARREL}", play.second)
    await play.quiet()
    number = (await play.cases())[-1].number
    card = await play.card(play.second, number)
    assert "长按" in text_of(card)
    assert plain("btn.unsay") not in str(card)
    assert await stands(play, play.second, said)
    assert await play.calls("deleteMessage") == []


async def test_a_right_that_was_taken_away_is_noticed_and_told(play: Play):
    """The platform tells of a change; what isn't told is learned from the refusal."""
    second, bot = play.second, play.town.bot["id"]
    await play.post(f"chats/{second}/members", user=bot, status="administrator")
    await play.quiet()
    said = await play.say(LI, f"/report {QUARREL}", second)
    await play.quiet()
    number = (await play.cases())[-1].number
    shown, pressed = await play.button(LI, "btn.unsay", number, chat=second)
    rights = ["can_pin_messages"]
    await play.post(f"chats/{second}/members", user=bot, status="administrator", rights=rights)
    await play.press(LI, shown, pressed, second)
    await play.quiet()
    assert await stands(play, second, said)
    assert await play.sees(second, "长按")
    await play.post(f"chats/{second}/members", user=bot, status="administrator")
    await play.quiet()
    await play.press(LI, shown, pressed, second)
    assert not await stands(play, second, said)


async def test_a_telephone_number_in_a_public_report_is_offered_to_go_and_the_case_stays(
    play: Play,
):
    said = await play.say(AUNT, f"/report {LAMP}，打我电话13812345678", play.group)
    await play.quiet()
    number = (await play.cases())[-1].number
    assert "138" not in text_of(await play.card(AUNT, "删掉吗"))
    await play.tap(AUNT, "btn.unsay", number)
    assert not await stands(play, play.group, said)
    assert "楼道灯" in text_of(await play.card(play.group, number))


async def test_who_is_hidden_from_the_worker_is_asked_and_visited_through_the_bot(play: Play):
    number = await play.report(AUNT, LAMP)
    await own_card(play, AUNT, number)
    await play.work(AUNT, number, "btn.fix", "btn.my_name", "btn.name_w")
    await play.forget(play.group, "w01", AUNT)
    await play.work("w01", number, "btn.take", "btn.more", "btn.ask", "ask.when_home")
    await play.tap(AUNT, "answer.evening", number)
    assert await play.sees("w01", number, plain("answer.evening"))
    await play.work("w01", number, "btn.more", "btn.appoint", "btn.slots_tomorrow")
    await play.tap(AUNT, "明天 10:00" if await play.lists(AUNT, "明天 10:00") else "明天 09:00")
    assert (await play.case(number)).appointment_at is not None
    who = str(play.who(AUNT))
    for chat in ("w01", "w02", "l01", "s01", play.group):
        shown = (await everything(play, chat)).replace(f"'id': {play.group}", "")
        mentions = [line for line in shown.splitlines() if number in line]
        assert not any(AUNT in line or f"id={who}" in line for line in mentions), chat
        assert not any("reply_to_message" in line for line in mentions), chat
    assert await play.fresh(play.group) == []


async def test_a_name_is_hidden_before_the_report_with_one_tap(play: Play):
    await play.say(LIN, "/report")
    await play.tap(LIN, "btn.veil_on")
    await play.say(LIN, LAMP)
    await play.quiet()
    case = (await play.cases())[-1]
    assert case.hide_name
    assert LIN not in text_of(await play.card("w01", case.number))


async def test_the_desk_says_why_it_looks_and_the_reporter_reads_it(play: Play):
    number = await play.report(AUNT, LAMP)
    await own_card(play, AUNT, number)
    await play.work(AUNT, number, "btn.fix", "btn.my_name", "btn.name_b")
    await play.say("s01", f"/case {number}")
    shown, pressed = await play.button("s01", "btn.whois", number)
    answer: dict[str, Any] = await play.press("s01", shown, pressed)
    assert AUNT not in answer["text"]
    shown, pressed = await play.button("s01", "reason.look_call", number)
    answer = await play.press("s01", shown, pressed)
    assert AUNT in answer["text"]
    await play.say(AUNT, "/mydata")
    await play.quiet()
    assert await play.sees(AUNT, number, plain("reason.look_call"))


async def test_a_public_case_that_turns_private_takes_its_photos_along(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.finish("w01", number)
    await play.tap("w01", "btn.publish", number)
    photo = (await play.card(play.group, number, "处理后"))["message_id"]
    case = await play.case(number)
    hush = data("hush", case.district, case.id, case.version)
    await play.press(AUNT, photo, hush, play.group)
    assert not await stands(play, play.group, photo)
    assert "楼道灯" not in " ".join(await play.texts(play.group))


async def test_an_album_that_was_shown_goes_whole(play: Play):
    number = await play.report(AUNT, LAMP)
    await play.work("w01", number, "btn.take", "btn.arrive", "btn.done")
    album = [media(BEFORE, "a.jpg", "image/jpeg"), media(AFTER, "b.jpg", "image/jpeg")]
    await play.send("w01", album=album)
    await play.forget(play.group)
    await play.tap("w01", "btn.publish", number)
    seen = play.town.chat(play.group)
    await seen.look()
    photos = [key for key, each in seen.messages.items() if "photo" in each]
    assert len(photos) == 2
    case = await play.case(number)
    hush = data("hush", case.district, case.id, case.version)
    await play.press(AUNT, photos[0], hush, play.group)
    assert not any([await stands(play, play.group, each) for each in photos])


async def test_somebody_without_a_private_chat_has_the_button_in_the_group(play: Play):
    said = await play.say(ZHAO, f"/report {QUARREL}", play.group)
    await play.quiet()
    number = (await play.cases())[-1].number
    await play.tap(ZHAO, "btn.unsay", number, chat=play.group)
    assert not await stands(play, play.group, said)
    card = await play.card(play.group, number)
    assert plain("btn.unsay") not in str(card)
    assert plain("btn.go_private") in str(card)
