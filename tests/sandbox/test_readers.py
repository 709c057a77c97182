"""Everything that the sandbox emits is read by python-telegram-bot, by aiogram and by the spec."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import aiogram.client.session.aiohttp
import aiogram.client.telegram
import aiogram.exceptions
import aiogram.types
import pytest
import telegram
from PIL import Image
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, MessageHandler, filters

from sandbox import spec
from tests.sandbox.conftest import Town

PHOTO = io.BytesIO()
Image.new("RGB", (1600, 900), "teal").save(PHOTO, "JPEG")
PICTURE = {
    "base64": base64.b64encode(PHOTO.getvalue()).decode(),
    "name": "a.jpg",
    "mime": "image/jpeg",
}
BYTES = {"base64": base64.b64encode(b"OggS" * 5_000).decode(), "name": "a.ogg", "mime": "audio/ogg"}
EVERYTHING = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member",
              "message_reaction", "poll", "poll_answer"]  # fmt: skip

KEYBOARD = {
    "inline_keyboard": [
        [{"text": "接单", "callback_data": "take:1", "style": "primary"}],
        [
            {"text": "Map", "url": "https://example.org/"},
            {"text": "No", "copy_text": {"text": "8"}},
        ],
    ]
}


async def play(town: Town) -> None:
    """A bit of everything that a bot can hear of."""
    await town.call("getUpdates", allowed_updates=EVERYTHING)
    worker, resident = await town.person("王姐", username="wang"), await town.person("Li")
    chat = await town.group(worker, resident, role="administrator")
    first = await town.say(
        chat, resident, "@linli_bot 3号楼 😀 /report https://example.org #灯 a@b.cn"
    )
    await town.say(chat, worker, "好的", reply_to=first["message_id"])
    for media in ({"photo": PICTURE, "caption": "灯坏了"}, {"voice": BYTES}, {"document": BYTES},
                  {"sticker": PICTURE}, {"location": {"latitude": 31.2, "longitude": 121}},
                  {"album": [PICTURE, PICTURE]}, {"text": "fwd", "forward": True}):  # fmt: skip
        await town.do(f"chats/{chat}/messages", sender=resident, **media)
    await town.do(f"chats/{chat}/messages/{first['message_id']}/edit", sender=resident, text="改了")
    sent = await town.call("sendMessage", chat_id=chat, text="<b>A</b>", reply_markup=KEYBOARD,
                           parse_mode="HTML")  # fmt: skip
    await town.call("pinChatMessage", chat_id=chat, message_id=sent["message_id"])
    await town.do(f"chats/{chat}/react", sender=resident, message_id=sent["message_id"], emoji="👀")
    options = [{"text": "a"}, {"text": "b"}]
    poll = await town.call("sendPoll", chat_id=chat, question="?", options=options,
                           is_anonymous=False)  # fmt: skip
    await town.do(f"chats/{chat}/vote", sender=resident, message_id=poll["message_id"], options=[1])
    press = {"from": resident, "message_id": sent["message_id"], "label": "接单"}
    pressing = asyncio.create_task(town.ask("POST", f"chats/{chat}/press", press))
    await asyncio.sleep(0.1)
    pressing.cancel()
    await town.do(f"users/{resident}/block", bot_id=town.bot["id"], blocked=True)
    newcomer = await town.person("New", start=False)
    await town.do(f"chats/{chat}/members", user=newcomer, status="member")
    await town.do(f"chats/{chat}/members", user=newcomer, status="kicked")
    new = (await town.do(f"chats/{chat}/migrate"))["id"]
    await town.do(f"chats/{new}/members", user=town.bot["id"], status="kicked")


async def test_every_update_fits_the_description_and_both_readers(town: Town) -> None:
    await play(town)
    updates = await town.call("getUpdates")
    kinds = {key for update in updates for key in update} - {"update_id"}
    assert kinds == set(EVERYTHING)
    for update in updates:
        assert spec.problems("Update", update) == []
        assert telegram.Update.de_json(update, None).update_id == update["update_id"]
        read = aiogram.types.Update.model_validate(update)
        assert read.event_type in kinds


async def test_every_event_shown_to_people_is_a_message_for_both_readers(town: Town) -> None:
    await play(town)
    state = await town.get("state")
    for chat in state["chats"]:
        for event in (await town.get(f"chats/{chat['id']}/messages"))["events"]:
            assert spec.problems("Message", event["message"]) == []
            assert telegram.Message.de_json(event["message"], None)
            assert aiogram.types.Message.model_validate(event["message"])


@pytest.fixture
async def bot(town: Town) -> AsyncIterator[telegram.Bot]:
    """python-telegram-bot's own client on its own network stack."""
    made = telegram.Bot(
        town.bot["token"], base_url=f"{town.url}/bot", base_file_url=f"{town.url}/file/bot"
    )
    async with made:
        yield made


async def test_python_telegram_bot_sends_and_edits_through_base_url(
    town: Town, bot: telegram.Bot
) -> None:
    user = await town.person("Li")
    button = telegram.InlineKeyboardButton("接单", callback_data="take:1")
    markup = telegram.InlineKeyboardMarkup([[button]])
    sent = await bot.send_message(user, "<b>灯</b>坏了 &amp; 😀", "HTML", reply_markup=markup)
    assert sent.text_html == "<b>灯</b>坏了 &amp; 😀"
    edited = await sent.edit_text("好了")
    assert isinstance(edited, telegram.Message)
    assert edited.reply_markup is None
    photo = await bot.send_photo(user, PHOTO.getvalue(), caption="前")
    assert [(p.width, p.height) for p in photo.photo][-1] == (1280, 720)
    file = await photo.photo[-1].get_file()
    assert len(await file.download_as_bytearray()) == photo.photo[-1].file_size
    album = await bot.send_media_group(
        user, [telegram.InputMediaPhoto(PHOTO.getvalue()), telegram.InputMediaPhoto(photo.photo[0])]
    )
    assert len({message.media_group_id for message in album}) == 1
    assert await bot.set_my_commands([telegram.BotCommand("report", "报事")], language_code="zh")
    assert (await bot.get_my_commands(language_code="zh"))[0].description == "报事"


async def test_python_telegram_bot_polls_and_answers_a_press(town: Town) -> None:
    heard: list[str] = []

    async def note(update: telegram.Update, context: Any) -> None:
        assert update.effective_message
        heard.append(str(update.effective_message.text))

    async def agree(update: telegram.Update, context: Any) -> None:
        assert update.callback_query
        await update.callback_query.answer("好")

    app = ApplicationBuilder().token(town.bot["token"]).base_url(f"{town.url}/bot").build()
    app.add_handler(MessageHandler(filters.TEXT, note))
    app.add_handler(CallbackQueryHandler(agree))
    assert app.updater
    user = await town.person("Li")
    async with app:
        await app.updater.start_polling(poll_interval=0)
        await app.start()
        sent = await app.bot.send_message(
            user, "?", reply_markup=telegram.InlineKeyboardMarkup.from_button(
                telegram.InlineKeyboardButton("是", callback_data="yes")))  # fmt: skip
        answer = await town.do(f"chats/{user}/press", sender=user, message_id=sent.id, label="是")
        await app.updater.stop()
        await app.stop()
    assert answer == {"answer": {"text": "好", "show_alert": False}}
    assert heard == ["/start"]


async def test_results_of_reading_methods_fit_the_description(town: Town) -> None:
    user = await town.person("Li", username="lili")
    chat = await town.group(user, kind="supergroup", role="administrator")
    for method, kind, params in (
        ("getMe", "User", {}), ("getWebhookInfo", "WebhookInfo", {}), ("getMyName", "BotName", {}),
        ("getChat", "ChatFullInfo", {"chat_id": chat}),
        ("getChat", "ChatFullInfo", {"chat_id": user}),
        ("getChatMember", "ChatMember", {"chat_id": chat, "user_id": town.bot["id"]}),
        ("getChatAdministrators", "Array of ChatMember", {"chat_id": chat}),
        ("getMyDescription", "BotDescription", {}), ("getMyCommands", "Array of BotCommand", {}),
    ):  # fmt: skip
        assert spec.problems(kind, await town.call(method, **params)) == [], method


async def test_aiograms_own_client_talks_to_it_too(town: Town) -> None:
    server = aiogram.client.telegram.TelegramAPIServer.from_base(town.url)
    session = aiogram.client.session.aiohttp.AiohttpSession(api=server)
    user = await town.person("Li")
    async with aiogram.Bot(town.bot["token"], session=session) as bot:
        (update,) = await bot.get_updates(allowed_updates=["message"])
        assert update.message
        assert update.message.text == "/start"
        photo = aiogram.types.BufferedInputFile(PHOTO.getvalue(), "a.jpg")
        sent = await bot.send_photo(user, photo, caption="<b>前</b>", parse_mode="HTML")
        assert sent.html_text == "<b>前</b>"
        assert sent.photo
        downloaded = await bot.download(sent.photo[-1])
        assert downloaded
        assert Image.open(downloaded).size == (1280, 720)
        with pytest.raises(aiogram.exceptions.TelegramBadRequest, match="chat not found"):
            await bot.send_message(4711, "x")
