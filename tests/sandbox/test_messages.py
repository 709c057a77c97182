"""Sending, editing, deleting, pinning, reacting: what Telegram takes and what it says when not."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.sandbox.conftest import Json, Town

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)


def picture(width: int = 1600, height: int = 900, colour: str = "teal") -> bytes:
    """A real JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


async def upload(town: Town, method: str, params: Json, **files: bytes) -> Json:
    """The body of a multipart Bot API call."""
    form = aiohttp.FormData()
    for name, value in params.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    for name, data in files.items():
        form.add_field(name, data, filename=f"{name}.bin")
    async with town.session.post(
        f"{town.url}/bot{town.bot['token']}/{method}", data=form
    ) as answer:
        body: Json = await answer.json()
        return body


def keyboard(*rows: list[Json]) -> Json:
    """An inline keyboard."""
    return {"inline_keyboard": list(rows)}


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"text": "字" * 4097}, "message is too long"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "chat_id": 4711}, "chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        (
            {"text": "x", "reply_markup": keyboard([{"text": "a"}])},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": keyboard([{"text": "a", "callback_data": "字" * 22}])},
            "BUTTON_DATA_INVALID",
        ),
        (
            {"text": "x", "reply_markup": keyboard([{"text": "a", "url": "nonsense"}])},
            "inline keyboard button URL 'nonsense' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "reply_markup": keyboard(*[[{"text": "a", "callback_data": "1"}]] * 101)},
            "reply markup is too long",
        ),
        (
            {
                "text": "x",
                "reply_markup": keyboard([{"text": "a", "callback_data": "1", "style": "pink"}]),
            },
            "can't parse inline keyboard button: invalid button style specified",
        ),
    ],
)
async def test_a_wrong_message_is_refused_in_telegrams_words(
    town: Town, params: Json, complaint: str
) -> None:
    user = await town.person("Li")
    refusal = await town.refusal("sendMessage", **{"chat_id": user, **params})
    assert refusal == f"Bad Request: {complaint}"


async def test_texts_and_data_at_the_limit_are_taken(town: Town) -> None:
    user = await town.person("Li")
    row = [{"text": str(n), "callback_data": "x" * 64} for n in range(8)]
    markup = keyboard(*[row] * 12, row[:4])
    sent = await town.call("sendMessage", chat_id=user, text="字" * 4096, reply_markup=markup)
    assert sent["reply_markup"] == markup
    html = "<b>" + "字" * 4096 + "</b>"
    await town.call("sendMessage", chat_id=user, text=html, parse_mode="HTML")


async def test_web_app_buttons_are_for_private_chats(town: Town) -> None:
    user = await town.person("Li")
    markup = keyboard([{"text": "a", "web_app": {"url": "https://example.org"}}])
    await town.call("sendMessage", chat_id=user, text="x", reply_markup=markup)
    chat = await town.group(user)
    refusal = await town.refusal("sendMessage", chat_id=chat, text="x", reply_markup=markup)
    assert refusal == "Bad Request: BUTTON_TYPE_INVALID"


async def test_bodies_may_be_json_urlencoded_or_in_the_address(town: Town) -> None:
    user = await town.person("Li")
    url = f"{town.url}/bot{town.bot['token']}/SENDMESSAGE"
    params = {"chat_id": str(user), "text": "x", "disable_notification": "true"}
    for request in ({"data": params}, {"json": params}, {"params": params}):
        async with town.session.post(url, **request) as answer:  # type: ignore[arg-type]
            assert (await answer.json())["result"]["text"] == "x"
    async with town.session.post(
        url, data="{", headers={"Content-Type": "application/json"}
    ) as bad:
        assert bad.status == 400


async def test_an_edit_replaces_text_and_keyboard(town: Town) -> None:
    user = await town.person("Li")
    markup = keyboard([{"text": "a", "callback_data": "1"}])
    sent = await town.call("sendMessage", chat_id=user, text="x", reply_markup=markup)
    place = {"chat_id": user, "message_id": sent["message_id"]}
    assert (
        await town.refusal("editMessageText", text="x", reply_markup=markup, **place)
        == NOT_MODIFIED
    )
    edited = await town.call("editMessageText", text="x", **place)
    assert "reply_markup" not in edited
    assert edited["edit_date"]
    with_keyboard = await town.call("editMessageReplyMarkup", reply_markup=markup, **place)
    assert with_keyboard["reply_markup"] == markup
    assert (
        await town.refusal("editMessageReplyMarkup", reply_markup=markup, **place) == NOT_MODIFIED
    )
    assert (await town.refusal("editMessageText", text="字" * 4097, **place)).endswith(
        "MESSAGE_TOO_LONG"
    )


async def test_only_the_bots_own_messages_can_be_edited(town: Town) -> None:
    user = await town.person("Li")
    theirs = await town.say(user, user, "mine")
    place = {"chat_id": user, "message_id": theirs["message_id"]}
    assert (
        await town.refusal("editMessageText", text="x", **place)
        == "Bad Request: message can't be edited"
    )
    refusal = await town.refusal("editMessageText", text="x", chat_id=user, message_id=99)
    assert refusal == "Bad Request: message to edit not found"
    photo = (await upload(town, "sendPhoto", {"chat_id": user}, photo=picture()))["result"]
    place["message_id"] = photo["message_id"]
    refusal = await town.refusal("editMessageText", text="x", **place)
    assert refusal == "Bad Request: there is no text in the message to edit"
    assert (await town.call("editMessageCaption", caption="后", **place))["caption"] == "后"
    refusal = await town.refusal("editMessageCaption", caption="字" * 1025, **place)
    assert refusal == "Bad Request: MEDIA_CAPTION_TOO_LONG"


async def test_photos_have_real_sizes_and_ids_that_stay(town: Town) -> None:
    user = await town.person("Li")
    body = await upload(town, "sendPhoto", {"chat_id": user, "caption": "前"}, photo=picture())
    photo = body["result"]["photo"]
    assert [(p["width"], p["height"]) for p in photo] == [
        (90, 51),
        (320, 180),
        (800, 450),
        (1280, 720),
    ]
    again = await town.call("sendPhoto", chat_id=user, photo=photo[0]["file_id"])
    assert again["photo"] == photo
    file = await town.call("getFile", file_id=photo[-1]["file_id"])
    async with town.session.get(
        f"{town.url}/file/bot{town.bot['token']}/{file['file_path']}"
    ) as got:
        data = await got.read()
    assert Image.open(io.BytesIO(data)).size == (1280, 720)
    assert len(data) == file["file_size"]


async def test_photos_lose_what_the_camera_wrote_into_them(town: Town) -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "3号楼502"
    Image.new("RGB", (100, 50)).save(out, "JPEG", exif=exif)
    user = await town.person("Li")
    photo = {
        "base64": base64.b64encode(out.getvalue()).decode(),
        "name": "a.jpg",
        "mime": "image/jpeg",
    }
    sent = (await town.do(f"chats/{user}/messages", sender=user, photo=photo))["messages"][0]
    async with town.session.get(f"{town.url}/sandbox/files/{sent['photo'][-1]['file_id']}") as got:
        assert got.content_type == "image/jpeg"
        assert not Image.open(io.BytesIO(await got.read())).getexif()


async def test_photos_stand_upright_as_the_camera_meant(town: Town) -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # the top is on the right
    Image.new("RGB", (400, 300)).save(out, "JPEG", exif=exif)
    user = await town.person("Li")
    body = await upload(town, "sendPhoto", {"chat_id": user}, photo=out.getvalue())
    largest = body["result"]["photo"][-1]
    assert (largest["width"], largest["height"]) == (300, 400)


async def test_protected_messages_cant_be_copied_or_forwarded(town: Town) -> None:
    user = await town.person("Li")
    sent = await town.call("sendMessage", chat_id=user, text="x", protect_content=True)
    place = {"chat_id": user, "from_chat_id": user, "message_id": sent["message_id"]}
    assert await town.refusal("copyMessage", **place) == "Bad Request: message can't be copied"
    assert (
        await town.refusal("forwardMessage", **place) == "Bad Request: message can't be forwarded"
    )


async def test_a_bot_that_is_gone_gets_no_presses(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    markup = keyboard([{"text": "a", "callback_data": "1"}])
    sent = await town.call("sendMessage", chat_id=chat, text="?", reply_markup=markup)
    await town.call("leaveChat", chat_id=chat)
    press = {"from": user, "message_id": sent["message_id"], "data": "1"}
    status, answer = await town.ask("POST", f"chats/{chat}/press", press)
    assert (status, answer["field"]) == (409, "message_id")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (picture(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (
            b"x" * (10 * 1024 * 1024 + 1),
            "file of size 10485761 bytes is too big for a photo; "
            "the maximum size is 10485760 bytes",
        ),
    ],
)
async def test_what_is_no_photo_is_refused(town: Town, data: bytes, complaint: str) -> None:
    user = await town.person("Li")
    body = await upload(town, "sendPhoto", {"chat_id": user}, photo=data)
    assert body["description"] == f"Bad Request: {complaint}"


async def test_files_over_20_mb_go_up_and_not_down(town: Town) -> None:
    user = await town.person("Li")
    body = await upload(
        town, "sendDocument", {"chat_id": user}, document=b"x" * (20 * 1024 * 1024 + 1)
    )
    file_id = body["result"]["document"]["file_id"]
    assert await town.refusal("getFile", file_id=file_id) == "Bad Request: file is too big"
    assert await town.refusal("getFile", file_id="x") == "Bad Request: invalid file_id"
    refusal = await town.refusal("sendDocument", chat_id=user, document="x")
    assert refusal == "Bad Request: wrong file identifier/HTTP URL specified"


async def test_an_album_is_two_to_ten_of_a_kind_under_one_number(town: Town) -> None:
    user = await town.person("Li")
    items: list[Json] = [{"type": "photo", "media": "attach://a", "caption": "前"},
                         {"type": "photo", "media": "attach://b"}]  # fmt: skip
    params = {"chat_id": user, "media": items}
    sent = (await upload(town, "sendMediaGroup", params, a=picture(), b=picture(colour="red")))[
        "result"
    ]
    assert len({message["media_group_id"] for message in sent}) == 1
    params["media"] = items[:1]
    body = await upload(town, "sendMediaGroup", params, a=picture())
    assert body["description"].startswith("Bad Request: number of items")
    params["media"] = [items[0], {"type": "document", "media": "attach://b"}]
    body = await upload(town, "sendMediaGroup", params, a=picture(), b=b"x")
    assert (
        body["description"] == "Bad Request: can't use the media of the specified type in the album"
    )


async def test_media_of_a_message_can_be_replaced(town: Town) -> None:
    user = await town.person("Li")
    sent = (await upload(town, "sendPhoto", {"chat_id": user, "caption": "前"}, photo=picture()))[
        "result"
    ]
    media = {"type": "photo", "media": "attach://new", "caption": "后"}
    params = {"chat_id": user, "message_id": sent["message_id"], "media": media}
    edited = (await upload(town, "editMessageMedia", params, new=picture(colour="red")))["result"]
    assert edited["caption"] == "后"
    assert edited["photo"] != sent["photo"]


async def test_own_messages_can_be_deleted_for_48_hours(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    old, new = [await town.call("sendMessage", chat_id=chat, text=str(n)) for n in range(2)]
    town.time.skip(hours=47)
    assert await town.call("deleteMessage", chat_id=chat, message_id=new["message_id"])
    town.time.skip(hours=2)
    refusal = await town.refusal("deleteMessage", chat_id=chat, message_id=old["message_id"])
    assert refusal == "Bad Request: message can't be deleted for everyone"
    refusal = await town.refusal("deleteMessage", chat_id=chat, message_id=new["message_id"])
    assert refusal == "Bad Request: message to delete not found"


async def test_others_messages_are_deleted_by_administrators_only(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    theirs = await town.say(chat, user, "502的门锁坏了")
    place = {"chat_id": chat, "message_id": theirs["message_id"]}
    assert await town.refusal("deleteMessage", **place) == "Bad Request: message can't be deleted"
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="administrator")
    assert await town.call("deleteMessages", chat_id=chat, message_ids=[99, theirs["message_id"]])
    assert (await town.get(f"chats/{chat}/messages"))["events"][-1]["kind"] == "deleted"


async def test_an_administrator_without_the_right_deletes_nobodys_message(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user, kind="supergroup")
    theirs = await town.say(chat, user, "502的门锁坏了")
    place = {"chat_id": chat, "message_id": theirs["message_id"]}
    member = {"user": town.bot["id"], "status": "administrator"}
    await town.updates()
    await town.do(f"chats/{chat}/members", **member, rights=["can_pin_messages"])
    told = (await town.updates())[-1]["my_chat_member"]["new_chat_member"]
    assert (told["can_delete_messages"], told["can_pin_messages"]) == (False, True)
    assert await town.refusal("deleteMessage", **place) == "Bad Request: message can't be deleted"
    await town.do(f"chats/{chat}/members", **member, rights=["can_delete_messages"])
    assert (await town.updates())[-1]["my_chat_member"]["new_chat_member"]["can_delete_messages"]
    assert await town.call("deleteMessage", **place)


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_only_a_supergroups_administrator_deletes_what_is_two_days_old(
    town: Town, kind: str
) -> None:
    user = await town.person("Li")
    chat = await town.group(user, kind=kind)
    theirs = await town.say(chat, user, "502的门锁坏了")
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="administrator")
    town.time.skip(hours=49)
    place = {"chat_id": chat, "message_id": theirs["message_id"]}
    if kind == "supergroup":
        assert await town.call("deleteMessage", **place)
        return
    refusal = await town.refusal("deleteMessage", **place)
    assert refusal == "Bad Request: message can't be deleted for everyone"


async def test_pinning_in_a_group_needs_an_administrator(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    sent = await town.call("sendMessage", chat_id=chat, text="card")
    place = {"chat_id": chat, "message_id": sent["message_id"]}
    refusal = await town.refusal("pinChatMessage", **place)
    assert refusal == "Bad Request: not enough rights to manage pinned messages in the chat"
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="administrator")
    await town.updates()
    assert await town.call("pinChatMessage", **place)
    assert (await town.updates())[0]["message"]["pinned_message"]["text"] == "card"
    assert (await town.call("getChat", chat_id=chat))["pinned_message"]["text"] == "card"
    assert await town.call("unpinChatMessage", chat_id=chat)
    refusal = await town.refusal("unpinChatMessage", chat_id=chat)
    assert refusal == "Bad Request: message to unpin not found"


async def test_a_reaction_must_be_one_that_telegram_has(town: Town) -> None:
    user = await town.person("Li")
    said = await town.say(user, user, "灯坏了")
    place = {"chat_id": user, "message_id": said["message_id"]}
    for emoji in ("👀", "❤️"):
        assert await town.call(
            "setMessageReaction", reaction=[{"type": "emoji", "emoji": emoji}], **place
        )
    refusal = await town.refusal(
        "setMessageReaction", reaction=[{"type": "emoji", "emoji": "✅"}], **place
    )
    assert refusal == "Bad Request: REACTION_INVALID"
    shown = (await town.get(f"chats/{user}/messages"))["events"][-1]
    assert shown["kind"] == "reaction"
    assert shown["message"]["reactions"] == [
        {"user": town.bot["id"], "type": "emoji", "emoji": "❤"}
    ]


async def test_peoples_reactions_reach_administrators_that_asked(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    await town.updates(allowed_updates=["message_reaction"])
    said = await town.say(chat, user, "x")
    react = {"sender": user, "message_id": said["message_id"]}
    await town.do(f"chats/{chat}/react", emoji="👍", **react)
    assert await town.updates() == []
    await town.do(f"chats/{chat}/members", user=town.bot["id"], status="administrator")
    await town.do(f"chats/{chat}/react", emoji="👎", **react)
    (update,) = await town.updates()
    reaction = update["message_reaction"]
    assert [one["emoji"] for one in reaction["old_reaction"] + reaction["new_reaction"]] == [
        "👍",
        "👎",
    ]


async def test_copies_have_no_origin_and_forwards_do(town: Town) -> None:
    user = await town.person("Li")
    chat = await town.group(user)
    said = await town.say(user, user, "灯坏了")
    source = {"from_chat_id": user, "message_id": said["message_id"]}
    forwarded = await town.call("forwardMessage", chat_id=chat, **source)
    assert forwarded["forward_origin"]["sender_user"]["id"] == user
    copied = await town.call("copyMessage", chat_id=chat, **source)
    events = (await town.get(f"chats/{chat}/messages"))["events"]
    assert copied == {"message_id": events[-1]["message"]["message_id"]}
    assert "forward_origin" not in events[-1]["message"]


async def test_a_selective_force_reply_is_for_who_is_replied_to_or_mentioned(town: Town) -> None:
    asked, named = await town.person("Li"), await town.person("Wang", username="wang")
    chat = await town.group(asked, named)
    said = await town.say(chat, asked, "@linli_bot 灯坏了")
    sent = await town.call("sendMessage", chat_id=chat, text="@wang 哪栋楼?",
                           reply_parameters={"message_id": said["message_id"]},
                           reply_markup={"force_reply": True, "selective": True})  # fmt: skip
    assert "reply_markup" not in sent
    assert sent["reply_to_message"]["message_id"] == said["message_id"]
    shown = (await town.get(f"chats/{chat}/messages"))["events"][-1]["message"]
    assert shown["markup"]["force_reply"] is True
    assert shown["markup_for"] == sorted([asked, named])


async def test_what_was_sent_with_other_mark_up_cant_be_edited(town: Town) -> None:
    user = await town.person("Li")
    markup = {"keyboard": [[{"text": "是"}]], "one_time_keyboard": True}
    sent = await town.call("sendMessage", chat_id=user, text="?", reply_markup=markup)
    place = {"chat_id": user, "message_id": sent["message_id"]}
    refusal = await town.refusal("editMessageText", text="x", **place)
    assert refusal == "Bad Request: message can't be edited"


async def pressing(town: Town, **press: Any) -> tuple[int, Json]:
    """A user, a message with two buttons, and a press; gives the user and the waiting call."""
    user = await town.person("Li")
    markup = keyboard(
        [{"text": "是", "callback_data": "yes"}, {"text": "否", "callback_data": "no"}]
    )
    sent = await town.call("sendMessage", chat_id=user, text="?", reply_markup=markup)
    await town.updates()
    return user, {"from": user, "message_id": sent["message_id"], **press}


async def test_a_press_waits_for_its_answer(town: Town) -> None:
    user, press = await pressing(town, label="是")
    waiting = asyncio.create_task(town.ask("POST", f"chats/{user}/press", press))
    (update,) = await town.call("getUpdates", timeout=5)
    query = update["callback_query"]
    assert (query["data"], query["from"]["id"], query["message"]["text"]) == ("yes", user, "?")
    too_long = {"callback_query_id": query["id"], "text": "字" * 201}
    assert await town.refusal("answerCallbackQuery", **too_long) == "Bad Request: MESSAGE_TOO_LONG"
    answer = {"callback_query_id": query["id"], "text": "好", "show_alert": True}
    assert await town.call("answerCallbackQuery", **answer)
    assert await waiting == (200, {"answer": {"text": "好", "show_alert": True}})
    assert "query is too old" in await town.refusal("answerCallbackQuery", **answer)


async def test_an_unanswered_press_ends_after_five_seconds_and_expires_after_a_minute(
    town: Town,
) -> None:
    user, press = await pressing(town, data="forged")
    begun = time.monotonic()
    assert await town.ask("POST", f"chats/{user}/press", press) == (200, {"answer": None})
    assert 4.9 < time.monotonic() - begun < 7
    (update,) = await town.call("getUpdates")
    assert update["callback_query"]["data"] == "forged"
    town.time.skip(seconds=61)
    refusal = await town.refusal(
        "answerCallbackQuery", callback_query_id=update["callback_query"]["id"]
    )
    assert refusal == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    town.time.skip(seconds=90)
    assert await town.call("getUpdates") == []


async def test_an_unknown_or_ambiguous_label_is_refused(town: Town) -> None:
    user, press = await pressing(town, label="maybe")
    assert (await town.ask("POST", f"chats/{user}/press", press))[1]["field"] == "label"
    twice = keyboard(*[[{"text": "是", "callback_data": "1"}]] * 2)
    place = {"chat_id": user, "message_id": press["message_id"]}
    await town.call("editMessageReplyMarkup", reply_markup=twice, **place)
    status, _ = await town.ask("POST", f"chats/{user}/press", {**press, "label": "是"})
    assert status == 400


async def test_polls_are_counted_and_stopped(town: Town) -> None:
    user = await town.person("Li")
    options = [{"text": "8"}, {"text": "9"}]
    sent = await town.call(
        "sendPoll", chat_id=user, question="几点?", options=options, is_anonymous=False
    )
    await town.updates()
    vote = {"sender": user, "message_id": sent["message_id"]}
    await town.do(f"chats/{user}/vote", options=[1], **vote)
    answer, poll = await town.updates()
    assert answer["poll_answer"]["option_ids"] == [1]
    assert [one["voter_count"] for one in poll["poll"]["options"]] == [0, 1]
    stopped = await town.call("stopPoll", chat_id=user, message_id=sent["message_id"])
    assert stopped["is_closed"] is True
    status, _ = await town.ask("POST", f"chats/{user}/vote", {"from": user, "options": [0], **vote})
    assert status == 400
    refusal = await town.refusal("sendPoll", chat_id=user, question="?", options=options * 7)
    assert refusal == "Bad Request: poll can't have more than 12 options"
