"""What people do and see, over the sandbox's user side and by no other way."""

import asyncio
import base64
import io
import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from PIL import Image, ImageDraw

Json = dict[str, Any]

NUMBER = re.compile(r"\b[A-Z0-9]{2,5}-\d{4}-\d{3,}\b")
PATIENCE = 20.0  # seconds that a person waits for an answer


class Unanswered(Exception):
    """Somebody said or pressed something and nothing came back."""


class Side:
    """The user side of a sandbox at `base` (http://127.0.0.1:PORT)."""

    def __init__(self, base: str, http: aiohttp.ClientSession) -> None:
        self._base = f"{base}/sandbox"
        self.http = http

    async def post(self, path: str, **body: Any) -> Any:
        """A call as docs/sandbox has it; `by` stands for `from`. Raises ValueError if refused."""
        given = {"from" if key == "by" else key: value for key, value in body.items()}
        async with self.http.post(f"{self._base}/{path}", json=given) as answer:
            return await self._result(path, answer)

    async def get(self, path: str, **query: Any) -> Any:
        """A question to the sandbox. Raises ValueError if refused."""
        async with self.http.get(f"{self._base}/{path}", params=query) as answer:
            return await self._result(path, answer)

    async def _result(self, path: str, answer: aiohttp.ClientResponse) -> Any:
        result = await answer.json()
        if answer.status != 200:
            raise ValueError(f"{path}: {answer.status} {result}")
        return result

    async def user(self, name: str, language: str = "zh-hans") -> int:
        """A new person."""
        made = await self.post("users", first_name=name, language_code=language)
        return int(made["id"])

    async def say(self, chat: int, by: int, text: str, **more: Any) -> int:
        """Words in a chat; the message's number."""
        return await self._send(chat, by, text=text, **more)

    async def photo(self, chat: int, by: int, picture: bytes, caption: str = "") -> int:
        """A photo in a chat."""
        shown = {"base64": base64.b64encode(picture).decode(), "name": "p.jpg"}
        more = {"caption": caption} if caption else {}
        return await self._send(chat, by, photo={**shown, "mime": "image/jpeg"}, **more)

    async def _send(self, chat: int, by: int, **content: Any) -> int:
        said = await self.post(f"chats/{chat}/messages", by=by, **content)
        return int(said["messages"][0]["message_id"])

    async def press(self, chat: int, by: int, message: int, data: str) -> Json:
        """A button, by its data; what is shown at once: `text`, `show_alert`, or nothing."""
        told = await self.post(f"chats/{chat}/press", by=by, message_id=message, data=data)
        shown: Json = told["answer"] or {}
        return shown


@dataclass
class Chat:
    """What one chat shows, as far as it was looked at. `id` > 0: a private chat."""

    side: Side
    id: int
    seq: int = 0
    messages: dict[int, Json] = field(default_factory=dict)

    async def look(self, wait: float = 0.0) -> list[Json]:
        """What is new since the last look, waiting up to `wait` seconds for it."""
        where = "users" if self.id > 0 else "chats"
        path = f"{where}/{self.id}/messages"
        found = await self.side.get(path, after=self.seq, wait=wait)
        self.seq = int(found["seq"])
        changed: list[Json] = []
        for event in found["events"]:
            message = event["message"]
            if event["kind"] == "deleted":
                self.messages.pop(message["message_id"], None)
            else:
                self.messages[message["message_id"]] = message
                changed.append(message)
        return changed

    async def until(self, *words: str, after: int = 0) -> Json:
        """The newest message of the bot, numbered above `after`, that holds all the words."""
        await self.look()
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := self.find(*words, after=after)) is None:
                    await self.look(wait=1.0)
                return found
        except TimeoutError:
            raise Unanswered(f"chat {self.id}: {words}") from None

    def find(self, *words: str, after: int = 0) -> Json | None:
        """The newest message of the bot that holds all the words, among text and buttons."""
        for key in sorted(self.messages, reverse=True):
            message = self.messages[key]
            if key > after and from_bot(message) and all(w in _whole(message) for w in words):
                return message
        return None


def from_bot(message: Json) -> bool:
    """Whether a bot wrote it."""
    return bool(message.get("from", {}).get("is_bot"))


def text_of(message: Json) -> str:
    """Text or caption."""
    return str(message.get("text") or message.get("caption") or "")


def labels(message: Json) -> dict[str, str]:
    """The data of each button by its label."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {b["text"]: b["callback_data"] for row in rows for b in row if "callback_data" in b}


def number_in(message: Json) -> str | None:
    """The first case number that a message names."""
    found = NUMBER.search(text_of(message))
    return found.group() if found else None


def _whole(message: Json) -> str:
    return text_of(message) + "\n" + "\n".join(labels(message))


def picture(bright: bool, mark: int = 0) -> bytes:
    """A stairwell with its lamp off or on, as a small JPEG; `mark` makes it another one."""
    image = Image.new("RGB", (480, 360), (214, 200, 170) if bright else (38, 40, 52))
    draw = ImageDraw.Draw(image)
    for step in range(8):
        left, top = 40 + step * 50, 330 - step * 34
        draw.rectangle((left, top, left + 50, 360), fill=_grey(bright, step))
    draw.line((120, 0, 120, 46), fill=(90, 90, 90), width=4)
    draw.ellipse((92, 44, 148, 100), fill=(255, 240, 170) if bright else (70, 72, 80))
    for bit in range(mark.bit_length()):
        if mark >> bit & 1:
            draw.rectangle((200 + bit * 16, 40, 212 + bit * 16, 90), fill=(120, 60, 40))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def _grey(bright: bool, step: int) -> tuple[int, int, int]:
    shade = (150 if bright else 52) + step * (8 if bright else 3)
    return shade, shade, shade + 4
