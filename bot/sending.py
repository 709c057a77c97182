"""A row of the outbox becomes calls of the Bot API. Only here does the service speak."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from telegram import InputFile, InputMediaPhoto
from telegram.error import BadRequest, RetryAfter

from bot import pages
from bot.account import Account
from bot.halts import Halts
from bot.picture import PictureFailed, draw
from models.outgoing import Parcel

PLACEHOLDER = 64
# in the middle of a message; longer, and it begins anew after its rest
MOST_REST_SECONDS = 60.0
ALBUM = 10
# what Telegram says when the message of a card is no longer there to be edited
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message not found",
    "there is no text in the message to edit",
)
_NOTHING_TO_DELETE = "message to delete not found"
_MAY_NOT_DELETE = "message can't be deleted"
_UNCHANGED = "message is not modified"
_NO_RIGHT = "not enough rights"
_BAD_HTML = "can't parse entities"


class NotYet(Exception):
    """Something else must be delivered before this: a card before its pin."""


@dataclass(frozen=True, slots=True)
class Sent:
    """`message`: its id, if it has one; of several pictures all, with commas. `digest`: what a
    card shows now."""

    message: str | None = None
    digest: str | None = None


def digest_of(payload: dict[str, Any]) -> str:
    """What a card shows, in short: unchanged, it isn't sent again."""
    shown = [payload.get("text"), payload.get("buttons")]
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:32]


class Sending:
    """The voice of one account. `folder`: where our own copies of photos lie."""

    def __init__(self, account: Account, folder: Path, halts: Halts) -> None:
        self._call = account.call
        self._halts = halts
        self._folder = folder
        self._acts: dict[str, Callable[[Parcel], Awaitable[Sent]]] = {
            "send": self._send,
            "card": self._card,
            "pin": self._pin,
            "delete": self._delete,
            "strip": self._strip,
            "react": self._react,
            "leave": self._leave,
        }

    async def send(self, parcel: Parcel) -> Sent:
        """Do what the row says. Raises TelegramError, NotYet, KeyError for an unknown act."""
        return await self._acts[parcel.act](parcel)

    async def _send(self, parcel: Parcel) -> Sent:
        payload = parcel.payload
        try:
            return Sent(await self._message(parcel.chat, payload))
        except BadRequest as error:
            # a picture that Telegram doesn't take must not cost the words
            if _says(error, _BAD_HTML) or not payload.get("text") or not _has_media(payload):
                raise
        words = {key: payload[key] for key in _WORDS if key in payload}
        return Sent(await self._message(parcel.chat, words))

    async def _card(self, parcel: Parcel) -> Sent:
        digest = digest_of(parcel.payload)
        if parcel.stands and parcel.digest == digest:
            return Sent(parcel.stands, digest)
        if parcel.stands and await self._edit(parcel.chat, parcel.stands, parcel.payload):
            return Sent(parcel.stands, digest)
        payload = parcel.payload | {"text": pages.split(parcel.payload.get("text", ""))[0]}
        return Sent(await self._message(parcel.chat, payload), digest)

    async def _edit(self, chat: str, message: str, payload: dict[str, Any]) -> bool:
        """False: it is no longer there to be edited."""
        text = pages.split(payload.get("text", ""))[0]
        params = _text_params(chat, text) | {"message_id": int(message)} | _markup(payload)
        try:
            await self._say("editMessageText", params, "text")
        except BadRequest as error:
            if _says(error, _UNCHANGED):
                return True
            if _says(error, *_GONE):
                return False
            raise
        return True

    async def _pin(self, parcel: Parcel) -> Sent:
        if not parcel.stands:
            raise NotYet
        params = {"message_id": int(parcel.stands), "disable_notification": True}
        try:
            await self._call("pinChatMessage", {"chat_id": parcel.chat, **params})
        except BadRequest as error:
            # without the right, a member is asked to do it
            if not _says(error, _NO_RIGHT) or "otherwise" not in parcel.payload:
                raise
            await self._message(parcel.chat, {"text": parcel.payload["otherwise"], "silent": True})
        return Sent(parcel.stands)

    async def _delete(self, parcel: Parcel) -> Sent:
        params = {"chat_id": parcel.chat, "message_id": int(parcel.payload["message"])}
        try:
            await self._call("deleteMessage", params)
        except BadRequest as error:
            # who asked for it is told that it wasn't possible (services/unsaying)
            quiet = not parcel.payload.get("asked") and _says(error, _MAY_NOT_DELETE)
            if not quiet and not _says(error, _NOTHING_TO_DELETE):
                raise
        return Sent()

    async def _strip(self, parcel: Parcel) -> Sent:
        params = {"chat_id": parcel.chat, "message_id": int(parcel.payload["message"])}
        try:
            await self._call("editMessageReplyMarkup", params)
        except BadRequest as error:
            if not _says(error, _UNCHANGED, *_GONE):
                raise
        return Sent()

    async def _react(self, parcel: Parcel) -> Sent:
        reaction = [{"type": "emoji", "emoji": parcel.payload["emoji"]}]
        message = int(parcel.payload["message"])
        params = {"chat_id": parcel.chat, "message_id": message, "reaction": reaction}
        await self._call("setMessageReaction", params)
        return Sent()

    async def _leave(self, parcel: Parcel) -> Sent:
        await self._call("leaveChat", {"chat_id": parcel.chat})
        return Sent()

    async def _message(self, chat: str, payload: dict[str, Any]) -> str | None:
        """Media first, then the words with the buttons; the id of the last message, and of an
        album's pictures."""
        head = {"chat_id": chat} | _manner(payload)
        message = await self._attachments(head, payload)
        album = message if "," in (message or "") else None
        captioned = await self._captioned(head, payload)
        if captioned is not None:
            return captioned
        text = payload.get("text", "")
        parts = pages.split(text) if text else []
        for n, part in enumerate(parts):
            last = _markup(payload) if n == len(parts) - 1 else {}
            params = head | _text_params(chat, part) | last
            say = self._say if message is None else self._say_on
            sent = _id(await say("sendMessage", params, "text"))
            message = f"{album},{sent}" if album else sent
            head.pop("reply_parameters", None)
        return message

    async def _attachments(self, head: dict[str, Any], payload: dict[str, Any]) -> str | None:
        """What has no words of its own: a place, a voice, several photos."""
        message = None
        if place := payload.get("location"):
            where = {"latitude": place[0], "longitude": place[1]}
            message = _id(await self._call("sendLocation", head | where))
        if voice := payload.get("voice"):
            message = _id(await self._call("sendVoice", head | {"voice": voice}))
        photos = [each for each in map(self._file, payload.get("photos", ())) if each]
        if len(photos) > 1:
            album = [InputMediaPhoto(each) for each in photos[:ALBUM]]
            message = _ids(await self._call("sendMediaGroup", head | {"media": album}))
        return message

    async def _captioned(self, head: dict[str, Any], payload: dict[str, Any]) -> str | None:
        """One photo, picture or document, with the words under it if they fit. None: the words
        have still to be sent."""
        kind, file = await self._single(payload)
        if file is None:
            return None
        text = payload.get("text", "")
        fits = pages.length(text) <= pages.CAPTION
        words = {"caption": text, "parse_mode": "HTML"} | _markup(payload) if fits else {}
        params = head | {kind: file} | words
        sent = _id(await self._say(f"send{kind.capitalize()}", params, "caption"))
        return sent if fits else None

    async def _single(self, payload: dict[str, Any]) -> tuple[str, Any]:
        if spec := payload.get("picture"):
            try:
                return "photo", InputFile(await draw(spec), filename="picture.png")
            except PictureFailed:
                return "photo", None
        if document := payload.get("document"):
            return "document", self._file(document)
        photos = payload.get("photos", ())
        return "photo", self._file(photos[0]) if len(photos) == 1 else None

    def _file(self, named: dict[str, str]) -> Any:
        """A file id as it is, a copy of ours as an upload; None if it isn't there any more."""
        if "file_id" in named:
            return named["file_id"]
        if "content" in named:  # somebody's own data, made for them (services/privacy)
            return InputFile(named["content"].encode(), filename=named["name"], attach=True)
        path = self._folder / named["path"]
        if not path.is_file():
            return None
        return InputFile(path.read_bytes(), filename=named.get("name", path.name), attach=True)

    async def _say(self, method: str, params: dict[str, Any], field: str) -> Any:
        """A call with words in `field`; without their tags if Telegram can't read those."""
        try:
            return await self._call(method, params)
        except BadRequest as error:
            if not _says(error, _BAD_HTML):
                raise
        bare = {key: value for key, value in params.items() if key != "parse_mode"}
        return await self._call(method, bare | {field: pages.plain(params[field])})

    async def _say_on(self, method: str, params: dict[str, Any], field: str) -> Any:
        """What follows in the same message: told to wait, we wait, and don't begin anew."""
        chat = str(params["chat_id"])
        while True:
            try:
                return await self._say(method, params, field)
            except RetryAfter as error:
                await self._halts.told(chat, error)
                if not await self._halts.rest(chat, MOST_REST_SECONDS):
                    raise


_WORDS = ("text", "buttons", "reply_to", "ask", "silent")
_MEDIA = ("photos", "picture", "document", "voice")


def _has_media(payload: dict[str, Any]) -> bool:
    return any(payload.get(name) for name in _MEDIA)


def _says(error: BadRequest, *texts: str) -> bool:
    said = error.message.lower()
    return any(text in said for text in texts)


def _id(result: Any) -> str | None:
    last = result[-1] if isinstance(result, list) else result
    return str(last["message_id"]) if isinstance(last, dict) else None


def _ids(result: Any) -> str | None:
    """All of an album's, so that it can be taken back whole."""
    return ",".join(str(each["message_id"]) for each in result) or None


def _manner(payload: dict[str, Any]) -> dict[str, Any]:
    """How it arrives: without a sound, as an answer to something."""
    manner: dict[str, Any] = {}
    if payload.get("silent"):
        manner["disable_notification"] = True
    if reply := payload.get("reply_to"):
        manner["reply_parameters"] = {
            "message_id": int(reply),
            "allow_sending_without_reply": True,
        }
    return manner


def _text_params(chat: str, text: str) -> dict[str, Any]:
    return {
        "chat_id": chat,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def _markup(payload: dict[str, Any]) -> dict[str, Any]:
    if rows := payload.get("buttons"):
        keyboard = [[_button(each) for each in row] for row in rows]
        return {"reply_markup": {"inline_keyboard": keyboard}}
    if ask := payload.get("ask"):
        box = {"force_reply": True, "selective": True, "input_field_placeholder": ask[:PLACEHOLDER]}
        return {"reply_markup": box}
    return {}


def _button(button: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"text": button["label"]}
    if "data" in button:
        found["callback_data"] = button["data"]
    if "url" in button:
        found["url"] = button["url"]
    if "copy" in button:
        found["copy_text"] = {"text": button["copy"]}
    if "style" in button:
        found["style"] = button["style"]
    return found
