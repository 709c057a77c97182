"""Sending: texts, photos, documents, voice notes, stickers, locations, albums, copies, forwards."""

from __future__ import annotations

from typing import Any

from sandbox import keyboards, media
from sandbox.entities import entity_text, formatted
from sandbox.errors import ApiError, bad_request
from sandbox.methods.call import Call, method
from sandbox.people import Chat, Json, Message

MAX_TEXT = 4_096  # characters
MAX_CAPTION = 1_024  # characters
ALBUM = range(2, 11)
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


def resolved(call: Call, entities: list[Json]) -> list[Json]:
    """Entities with the person that a mention without a name means; unknown people are dropped."""
    result = []
    for entity in entities:
        if entity["type"] == "text_mention":
            user = call.world.everybody(entity.get("user_id") or entity.get("user", {}).get("id"))
            if user is None:
                continue
            entity = {k: v for k, v in entity.items() if k != "user_id"} | {"user": user.shape()}
        result.append(entity)
    return result


def text_content(call: Call, too_long: str = "message is too long") -> Json:
    """`text` and its entities as fields of a message."""
    args = call.args
    if "rich_message" in args:
        raise ApiError(501, "Not Implemented: the sandbox has no rich messages")
    if "text" not in args:
        raise bad_request("message text is empty")
    text, entities = formatted(args["text"], args.get("parse_mode"), args.get("entities"))
    if not text:
        raise bad_request("text must be non-empty")
    if len(text) > MAX_TEXT:
        raise bad_request(too_long)
    content: Json = {"text": text, "entities": resolved(call, entities)}
    if args.get("link_preview_options"):
        content["link_preview_options"] = args["link_preview_options"]
    return {key: value for key, value in content.items() if value}


def caption_content(call: Call, args: Json) -> Json:
    """`caption` and its entities as fields of a message; empty without a caption."""
    text, entities = formatted(
        args.get("caption") or "", args.get("parse_mode"), args.get("caption_entities")
    )
    if len(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    content = {
        "caption": text,
        "caption_entities": resolved(call, entities),
        "show_caption_above_media": bool(args.get("show_caption_above_media")),
        "has_media_spoiler": bool(args.get("has_spoiler")),
    }
    return {key: value for key, value in content.items() if value}


def media_value(call: Call, kind: str, given: str, **more: Any) -> Any:
    """The message field for a file that was uploaded, or that the sandbox knows."""
    if not given.startswith("attach://"):
        return media.again(call.world, kind, given)
    upload = call.files.get(given.removeprefix("attach://"))
    if upload is None:
        raise bad_request(f"there is no {kind} in the request")
    if kind == "photo":
        media.check_photo_size(upload)
    if kind == "voice":
        return media.voice(call.world, upload, **more)
    return media.make(call.world, kind, upload)


def reply_target(call: Call, chat: Chat) -> tuple[int | None, Json]:
    """The id of the message replied to and the quote from it; ApiError 400 if it isn't there."""
    wanted = call.args.get("reply_parameters")
    if not wanted:
        return None, {}
    here = wanted.get("chat_id") in (None, chat.id)
    replied = chat.messages.get(wanted["message_id"]) if here else None
    if replied is None and not wanted.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    if replied is None:
        return None, {}
    return replied.id, _quote(wanted.get("quote"), replied)


def _quote(quote: str | None, replied: Message) -> Json:
    if not quote:
        return {}
    if quote not in replied.text:
        raise bad_request("QUOTE_TEXT_INVALID")
    return {"quote": {"text": quote, "position": replied.text.index(quote), "is_manual": True}}


def send(call: Call, content: Json, **more: Any) -> Message:
    """Sends one message with what all sending methods share: reply, mark-up, silence, limits."""
    chat = call.chat()
    reply_to, quote = reply_target(call, chat)
    markup = call.args.get("reply_markup")
    keyboard = keyboards.inline(markup, chat.is_private)
    call.spend(chat)
    extra = {
        **quote,
        **({"has_protected_content": True} if call.args.get("protect_content") else {}),
    }
    other = keyboards.other(markup)
    more.setdefault("markup_for", _selected(other, content, chat, reply_to))
    return call.world.say(
        chat, call.bot, content, reply_to=reply_to, keyboard=keyboard, markup=other, extra=extra,
        silent=bool(call.args.get("disable_notification")), **more,
    )  # fmt: skip


def _selected(markup: Json | None, content: Json, chat: Chat, reply_to: int | None) -> list[int]:
    """Whom a selective mark-up is for: who is mentioned, and who is replied to."""
    if not markup or not markup.get("selective"):
        return []
    names, ids = set[str](), set[int]()
    text = content.get("text") or content.get("caption") or ""
    for entity in content.get("entities") or content.get("caption_entities") or []:
        ids |= {entity["user"]["id"]} if entity["type"] == "text_mention" else set()
        names |= {entity_text(text, entity)[1:].lower()} if entity["type"] == "mention" else set()
    ids |= {m.user.id for m in chat.members.values() if (m.user.username or "").lower() in names}
    replied = chat.messages.get(reply_to or 0)
    return sorted(ids - {0} | ({replied.sender.id} if replied else set()))


@method("sendMessage")
def send_message(call: Call) -> Json:
    """A text."""
    return send(call, text_content(call)).shape()


@method("sendPhoto")
def send_photo(call: Call) -> Json:
    """A picture, in Telegram's sizes."""
    photo = media_value(call, "photo", call.args["photo"])
    return send(call, {"photo": photo, **caption_content(call, call.args)}).shape()


@method("sendDocument")
def send_document(call: Call) -> Json:
    """Any file."""
    document = media_value(call, "document", call.args["document"])
    return send(call, {"document": document, **caption_content(call, call.args)}).shape()


@method("sendVoice")
def send_voice(call: Call) -> Json:
    """A voice note."""
    seconds = call.args.get("duration", 0)
    voice = media_value(call, "voice", call.args["voice"], duration=seconds)
    return send(call, {"voice": voice, **caption_content(call, call.args)}).shape()


@method("sendSticker")
def send_sticker(call: Call) -> Json:
    """A sticker."""
    return send(call, {"sticker": media_value(call, "sticker", call.args["sticker"])}).shape()


@method("sendLocation")
def send_location(call: Call) -> Json:
    """A point on the map."""
    latitude, longitude = call.args["latitude"], call.args["longitude"]
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("wrong location specified")
    return send(call, {"location": {"latitude": latitude, "longitude": longitude}}).shape()


@method("sendMediaGroup")
def send_media_group(call: Call) -> list[Json]:
    """An album of 2–10 photos or of 2–10 documents."""
    items = call.args["media"]
    if len(items) not in ALBUM:
        raise bad_request("number of items in the media group must be between 2 and 10")
    kinds = {item["type"] for item in items}
    if not kinds <= {"photo", "document"} or len(kinds) > 1:
        raise bad_request("can't use the media of the specified type in the album")
    contents = [_item_content(call, item) for item in items]
    chat = call.chat()
    reply_to, quote = reply_target(call, chat)
    call.spend(chat, len(items))
    extra = {**quote, "media_group_id": str(call.world.new_number())}
    silent = bool(call.args.get("disable_notification"))
    return [
        call.world.say(
            chat, call.bot, content, reply_to=reply_to, extra=extra, silent=silent
        ).shape()
        for content in contents
    ]


def _item_content(call: Call, item: Json) -> Json:
    value = media_value(call, item["type"], item["media"])
    return {item["type"]: value, **caption_content(call, item)}


@method("sendChatAction")
def send_chat_action(call: Call) -> bool:
    """ "typing …"; nothing is kept of it."""
    if call.args["action"] not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.chat()
    return True


def _source(call: Call, what: str) -> Message:
    message = call.message(call.chat("read", "from_chat_id"), what)
    if message.service or message.poll or message.extra.get("has_protected_content"):
        raise bad_request(
            "message can't be copied" if "copy" in what else "message can't be forwarded"
        )
    return message


def origin(message: Message) -> Json:
    """`forward_origin` of a forwarded message: where it was written first."""
    already: Json | None = message.extra.get("forward_origin")
    return already or {
        "type": "user", "sender_user": message.sender.shape(), "date": message.date,
    }  # fmt: skip


@method("forwardMessage")
def forward_message(call: Call) -> Json:
    """Another message, with its origin."""
    source = _source(call, "message to forward")
    chat = call.chat()
    call.spend(chat)
    extra = {"forward_origin": origin(source)}
    silent = bool(call.args.get("disable_notification"))
    return call.world.say(chat, call.bot, dict(source.content), extra=extra, silent=silent).shape()


@method("copyMessage")
def copy_message(call: Call) -> Json:
    """Another message's content, without its origin; gives a `MessageId`."""
    source = _source(call, "message to copy")
    content = dict(source.content)
    if "text" not in content and "caption" in call.args:
        content.pop("caption_entities", None)
        content |= caption_content(call, call.args)
    return {"message_id": send(call, content).id}
