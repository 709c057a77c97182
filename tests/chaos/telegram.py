"""Telegram for a simulated service: the sandbox's rules without its server, in virtual time.

Calls take a while, get lost on the way there or back, and are refused; updates come twice,
swapped, by polling or by webhook, and one that was confirmed may come again.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from sandbox import bot_api
from sandbox.bot_api import Incoming
from sandbox.errors import ApiError
from sandbox.faults import Faults
from sandbox.limits import Limits
from sandbox.media import Upload
from sandbox.methods.call import Backend
from sandbox.people import Json
from sandbox.updates import Update
from sandbox.webhooks import Webhooks
from sandbox.world import World
from tests.chaos.cast import Cast, words
from tests.chaos.loop import SimulatedClock
from tests.chaos.store import Dice, Killed

WAY = (0.001, 0.3)  # seconds of a call, one way
PATIENCE = 20.0  # seconds until the service gives up on an answer, unless it says otherwise
RETRY = (0.1, 2.0)  # seconds until a webhook is called again


class Telegram(Cast):
    """The platform and the town's people in it."""

    def __init__(self, clock: SimulatedClock, dice: Dice) -> None:
        world = World(clock.true)  # our clock may be wrong, Telegram's isn't
        faults = Faults()
        backend = Backend(world, Limits(time.monotonic), faults, Webhooks(world, faults))
        backend.limits.enforced = False
        world.on_update = lambda _bot, _update: None
        super().__init__(backend, dice.random.choice(("administrator", "member")))
        self.dice = dice
        self.hook = ""
        self.trace: Callable[..., None] = lambda *_: None

    # --- the bot's side ---

    async def call(self, method: str, raw: Json, files: Json, seconds: float) -> tuple[int, bytes]:
        """One call of the Bot API over a network that is not to be relied on."""
        try:
            await asyncio.sleep(self.dice.seconds(*WAY))
        except asyncio.CancelledError:
            # who called is gone; the call may be on its way all the same
            if self.dice.random.random() < 0.5 and method != "getUpdates":
                await self._carry_out(method, raw, files)
                self.lost(raw.get("chat_id", ""))
            raise
        if self.dice.hits("reset"):
            raise NetworkError("simulated")
        if self.dice.hits("5xx"):
            return 502, b'{"ok":false,"error_code":502,"description":"Bad Gateway"}'
        if method != "getUpdates" and self.dice.hits("429"):
            return 429, _body(ApiError(429, "Too Many Requests", retry_after=2).body())
        return await self._answered(method, raw, files, seconds)

    async def _answered(
        self, method: str, raw: Json, files: Json, seconds: float
    ) -> tuple[int, bytes]:
        status, body = await self._carry_out(method, raw, files)
        try:
            if self.dice.hits("answer_lost"):
                await asyncio.sleep(seconds)
                raise TimedOut
            if self.dice.hits("answer_garbled"):
                raise NetworkError("not JSON")
            await asyncio.sleep(self.dice.seconds(*WAY))
        except BaseException:
            if status == 200:
                self.lost(raw.get("chat_id", ""))
            raise
        return status, body

    async def _carry_out(self, method: str, raw: Json, files: Json) -> tuple[int, bytes]:
        if "Webhook" in method:
            return 200, _body({"ok": True, "result": self._hooked(method, raw)})
        incoming = Incoming(self.bot, method, raw, files)
        status, body = await bot_api._logged(self.backend, incoming)
        if method == "getUpdates":
            self.trace("getUpdates", status, body.get("result", "").count('"update_id"'))
        elif status == 200:
            self.trace("accepted", method, raw.get("chat_id", ""), words(raw)[:20])
        return status, bot_api._dumped(body).encode()

    def _hooked(self, method: str, raw: Json) -> Any:
        """The webhook's own calls: the sandbox would send updates over a real network."""
        if method == "getWebhookInfo":
            return {"url": self.hook, "pending_update_count": len(self.queue.pending)}
        self.hook = str(raw.get("url", "")) if method == "setWebhook" else ""
        return True

    def disturb(self) -> None:
        """The next updates come twice or swapped."""
        kind = self.dice.random.choice(("duplicate", "reorder"))
        self.backend.faults.order({"kind": kind, "count": self.dice.count(4)})

    def renumber(self) -> None:
        """After a quiet week update ids begin anew somewhere else."""
        if not self.queue.pending:
            self.queue.next_id = 10**8 + self.dice.random.randrange(8 * 10**8)

    async def push_by_webhook(self, take: Callable[[bytes], Any]) -> None:
        """Deliver what waits until cancelled: one at a time per lane, again until it is taken."""
        lanes: dict[tuple[str, int], asyncio.Task[None]] = {}
        while True:
            for update in list(self.queue.pending.values()):
                task = lanes.get(update.lane)
                if task is None or task.done():
                    lanes[update.lane] = asyncio.create_task(self._deliver(update, take))
            await asyncio.sleep(0.05)

    async def _deliver(self, update: Update, take: Callable[[bytes], Any]) -> None:
        await asyncio.sleep(self.dice.seconds(*WAY))
        if update.id not in self.queue.pending:
            return
        times = 2 if self.dice.hits("webhook_twice") else 1
        try:
            for _ in range(times):
                confirmed = await take(update.body.encode())
        except (Killed, NetworkError):
            confirmed = False
        if confirmed and not self.dice.hits("webhook_200_lost"):
            self.trace("confirmed", update.kind)
            self.queue.forget(update.id)
        else:
            await asyncio.sleep(self.dice.seconds(*RETRY))


@dataclass
class Line(BaseRequest):
    """python-telegram-bot's transport, to a simulated Telegram. `alive`: raises once it is not."""

    telegram: Telegram
    alive: Callable[[], None]
    read_timeout: float = field(default=PATIENCE)

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        **more: Any,
    ) -> tuple[int, bytes]:
        self.alive()
        raw = request_data.json_parameters if request_data else {}
        files = _files(request_data)
        asked = more.get("read_timeout")
        seconds = float(asked) if isinstance(asked, int | float) else PATIENCE
        answer = await self.telegram.call(url.rpartition("/")[2], dict(raw), files, seconds)
        self.alive()
        return answer


def _files(data: RequestData | None) -> dict[str, Upload]:
    if data is None or not data.contains_files:
        return {}
    return {
        name: Upload(content, filename, mime)
        for name, (filename, content, mime) in data.multipart_data.items()
    }


def _body(answer: Json) -> bytes:
    return json.dumps(answer).encode()
