"""A stand-in for the Bot API server that answers at once and remembers what came when.

It checks nothing (the sandbox does that); it costs as little as it can.
"""

import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from bench.wire import response, serve

BOT = 7_000_000_001
TOKEN = f"{BOT}:bench-bench-bench-bench-bench-bench"
USERNAME = "linli_bot"
NUMBER = re.compile(r"\bB\d{3}-\d{4}-\d{3,}\b")

_ME = b'{"id":%d,"is_bot":true,"first_name":"Linli","username":"%s",' % (BOT, USERNAME.encode())
_ME += (
    b'"can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false}'
)
_OK = response(b'{"ok":true,"result":true}')
_FIXED = {
    b"getMe": response(b'{"ok":true,"result":' + _ME + b"}"),
    b"getUpdates": response(b'{"ok":true,"result":[]}'),
    b"getWebhookInfo": response(
        b'{"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}'
    ),
}
_MESSAGE = b'{"ok":true,"result":{"message_id":%d,"date":1795680000,"chat":{"id":%s,"type":"%s"}}}'
_CHAT = re.compile(rb'chat_id(?:=|"\s*:\s*"?)(?:%22)?(-?\d+)')
_EDITED = re.compile(rb'(?:^|&|")message_id(?:=|"\s*:\s*)(\d+)')
_REPLY = re.compile(r'reply_parameters.{1,12}?"?message_id"?\s*:\s*"?(\d+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the bot sent or changed. `at`: seconds of the monotonic clock; `message`:
    its id."""

    at: float
    body: bytes
    message: int

    @property
    def chat(self) -> int:
        found = _CHAT.search(self.body)
        return int(found[1]) if found else 0

    @property
    def words(self) -> str:
        """The request as people would read it."""
        return unquote_plus(self.body.decode())

    @property
    def replies_to(self) -> int | None:
        found = _REPLY.search(self.words)
        return int(found[1]) if found else None

    @property
    def number(self) -> str | None:
        """The number of the case that it is about."""
        found = NUMBER.search(self.words)
        return found[0] if found else None


@dataclass
class StandIn:
    """What has come in so far."""

    port: int = 0
    sent: list[Sent] = field(default_factory=list)
    edited: list[Sent] = field(default_factory=list)
    calls: Counter[bytes] = field(default_factory=Counter)
    _last: int = 1_000_000

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot"

    def forget(self) -> None:
        """Begin to count anew."""
        self.sent.clear()
        self.edited.clear()
        self.calls.clear()

    def answer(self, head: bytes, body: bytes) -> bytes:
        """The answer to one call."""
        target = head[: head.index(b" HTTP/")]
        method = target[target.rindex(b"/") + 1 :]
        self.calls[method] += 1
        if method == b"editMessageText":
            found = _EDITED.search(body)
            self.edited.append(Sent(time.monotonic(), body, int(found[1]) if found else 0))
        elif method in _FIXED:
            return _FIXED[method]
        elif not method.startswith((b"send", b"edit")):
            return _OK
        self._last += 1
        if method == b"sendMessage":
            self.sent.append(Sent(time.monotonic(), body, self._last))
        return self._message(body)

    def _message(self, body: bytes) -> bytes:
        found = _CHAT.search(body)
        chat = found[1] if found else b"0"
        kind = b"supergroup" if chat.startswith(b"-") else b"private"
        return response(_MESSAGE % (self._last, chat, kind))


@asynccontextmanager
async def standing_in() -> AsyncIterator[StandIn]:
    """The stand-in, listening until the block ends."""
    standin = StandIn()
    server, standin.port = await serve(standin.answer)
    try:
        yield standin
    finally:
        server.close()
