"""Changing what was sent: texts, captions, media, keyboards, reactions; deleting; pinning."""

from __future__ import annotations

import re
from functools import cache

from sandbox import keyboards
from sandbox.errors import ApiError, bad_request
from sandbox.methods.call import Call, method
from sandbox.methods.messages import caption_content, media_value, text_content
from sandbox.people import Chat, Json, Message
from sandbox.spec import type_fields

# seconds in which a bot can delete a message, but for one that administers a supergroup
LIFE = 48 * 3_600
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
TEXT_FIELDS = ("text", "entities", "link_preview_options")
CAPTION_FIELDS = ("caption", "caption_entities", "show_caption_above_media")
MEDIA_FIELDS = ("photo", "document", "has_media_spoiler", *CAPTION_FIELDS)


def _apply(call: Call, message: Message, fields: tuple[str, ...], new: Json) -> Json:
    """Replaces `fields` of the content, and the keyboard: without a new one the old one goes."""
    keyboard = keyboards.inline(call.args.get("reply_markup"), message.chat.is_private)
    old = {key: message.content[key] for key in fields if key in message.content}
    if old == new and keyboard == message.keyboard:
        raise bad_request(NOT_MODIFIED)
    call.spend(message.chat)
    message.content = {k: v for k, v in message.content.items() if k not in fields} | new
    message.keyboard = keyboard
    call.world.edited(message)
    return message.shape()


@method("editMessageText")
def edit_message_text(call: Call) -> Json:
    """A new text."""
    content = text_content(call, too_long="MESSAGE_TOO_LONG")
    message = call.own_message()
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    return _apply(call, message, TEXT_FIELDS, content)


@method("editMessageCaption")
def edit_message_caption(call: Call) -> Json:
    """A new caption; without one the old one goes."""
    try:
        content = caption_content(call, call.args)
    except ApiError as error:
        raise _as_edit(error) from None
    message = call.own_message()
    if not {"photo", "document", "voice"} & set(message.content):
        raise bad_request("there is no caption in the message to edit")
    return _apply(call, message, CAPTION_FIELDS, content)


def _as_edit(error: ApiError) -> ApiError:
    """In an edit it is the distant server that measures, and it says so in its own way."""
    return bad_request("MEDIA_CAPTION_TOO_LONG") if "too long" in error.description else error


@method("editMessageMedia")
def edit_message_media(call: Call) -> Json:
    """Another photo or document in the place of a photo, a document or a text."""
    item = call.args["media"]
    if item["type"] not in ("photo", "document"):
        raise ApiError(501, f"Not Implemented: media of type {item['type']} in editMessageMedia")
    content = {
        item["type"]: media_value(call, item["type"], item["media"]),
        **caption_content(call, item),
    }
    message = call.own_message()
    if message.poll or not {"photo", "document", "text"} & set(message.content):
        raise bad_request("message can't be edited")
    return _apply(call, message, MEDIA_FIELDS + TEXT_FIELDS, content)


@method("editMessageReplyMarkup")
def edit_message_reply_markup(call: Call) -> Json:
    """Another keyboard, or none."""
    return _apply(call, call.own_message(), (), {})


def _refuse_deletion(call: Call, message: Message) -> None:
    chat, own = message.chat, message.sender is call.bot
    member = None if chat.is_private else chat.members[call.bot.id]
    may = member is not None and member.may("can_delete_messages")
    if may and chat.type == "supergroup":
        return
    if not (own or may or chat.is_private):
        raise bad_request("message can't be deleted")
    if call.world.now() - message.date >= LIFE:
        raise bad_request("message can't be deleted for everyone")


@method("deleteMessage")
def delete_message(call: Call) -> bool:
    """Takes a message away, where the bot may."""
    message = call.message(call.chat(), "message to delete")
    _refuse_deletion(call, message)
    call.world.delete(message)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> bool:
    """Takes up to 100 messages away; those that aren't there are passed over."""
    if not 1 <= len(call.args["message_ids"]) <= 100:
        raise bad_request("too many message identifiers specified")
    chat = call.chat()
    found = [
        chat.messages[one]
        for one in dict.fromkeys(call.args["message_ids"])
        if one in chat.messages
    ]
    for message in found:
        _refuse_deletion(call, message)
    for message in found:
        call.world.delete(message)
    return True


def _pinnable(call: Call) -> Chat:
    chat = call.chat()
    call.need_right(chat, "not enough rights to manage pinned messages in the chat")
    return chat


@method("pinChatMessage")
def pin_chat_message(call: Call) -> bool:
    """Pins a message; the chat says so."""
    chat = _pinnable(call)
    message = call.message(chat, "message to pin")
    if message.service:
        raise bad_request("message can't be pinned")
    call.world.pin(message, call.bot, bool(call.args.get("disable_notification")))
    return True


@method("unpinChatMessage")
def unpin_chat_message(call: Call) -> bool:
    """Unpins one message, the newest if none is named."""
    chat = _pinnable(call)
    wanted = call.args.get("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if wanted not in chat.pinned:
        raise bad_request("message to unpin not found")
    call.world.unpin(chat, [wanted])
    return True


@method("unpinAllChatMessages")
def unpin_all_chat_messages(call: Call) -> bool:
    """Unpins everything."""
    chat = _pinnable(call)
    call.world.unpin(chat, list(chat.pinned))
    return True


@cache
def reaction_emoji() -> frozenset[str]:
    """The emoji that Telegram takes as reactions, from the description."""
    text = type_fields("ReactionTypeEmoji")["emoji"]["description"]
    return frozenset(re.findall(r'"([^"]+)"', text))


def _plain(reaction: Json) -> Json:
    """Without the variation selector that some keyboards add."""
    return {**reaction, "emoji": reaction.get("emoji", "").replace("\ufe0f", "")}


@method("setMessageReaction")
def set_message_reaction(call: Call) -> bool:
    """The bot's reaction to a message: one, or none."""
    message = call.message(call.chat("edit"), "message to react")
    given = [_plain(one) for one in call.args.get("reaction", [])]
    if len(given) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(one.get("emoji") not in reaction_emoji() for one in given):
        raise bad_request("REACTION_INVALID")
    call.world.react(message, call.bot, given)
    return True
