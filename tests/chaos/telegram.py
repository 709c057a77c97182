"""Telegram for a simulated service: the sandbox's rules without its server, in virtual time.

Calls take a while, get lost on the way there or back, and are refused; updates come twice,
swapped, by polling or by webhook, and one that was confirmed may come again.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from sandbox import bot_api, user_side
from sandbox.bot_api import Incoming
from sandbox.errors import ApiError, UserError
from sandbox.faults import Faults
from sandbox.keyboards import buttons
from sandbox.limits import Limits
from sandbox.media import Upload
from sandbox.methods.call import Backend
from sandbox.people import Bot, Chat, Json, Member, Message, User
from sandbox.updates import Update
from sandbox.webhooks import Webhooks
from sandbox.world import World
from tests.chaos.loop import SimulatedClock
from tests.chaos.store import Dice, Killed
from tests.people import ADDRESSES, BOT, GROUP_CHAT

TOKEN = f"{BOT.bot}:simulated-simulated-simulated"
WAY = (0.001, 0.3)  # seconds of a call, one way
PATIENCE = 20.0  # seconds until the service gives up on an answer, unless it says otherwise
RETRY = (0.1, 2.0)  # seconds until a webhook is called again


class Telegram:
    """The platform with the cast of tests/people.py in it."""

    def __init__(self, clock: SimulatedClock, dice: Dice) -> None:
        self.dice = dice
        self.world = World(clock.true)  # our clock may be wrong, Telegram's isn't
        faults = Faults()
        self.backend = Backend(
            self.world, Limits(time.monotonic), faults, Webhooks(self.world, faults)
        )
        self.backend.limits.enforced = False
        self.bot = self.world.add_bot(BOT.username, TOKEN, privacy=False)
        self.queue = self.world.queues[self.bot.id]
        self.pushed: dict[int, Update] = {}
        self.world.on_update = self._pushed
        self.accepted: list[tuple[str, str, str]] = []  # (method, chat, text) that was carried out
        self._known = 0
        self.hook = ""
        self.unheard: Counter[str] = Counter()  # by chat: carried out, and the answer lost
        self.trace: Callable[..., None] = lambda *_: None
        self._people()

    def _pushed(self, _bot: Bot, update: Update) -> None:
        self.pushed[update.id] = update

    def _people(self) -> None:
        for name, address in ADDRESSES.items():
            user = User(int(address), name, language_code="en" if name == "Emily" else "zh-hans")
            self.world.users[user.id] = user
            self.world.private(user, self.bot).started = True
        self.group = Chat(int(GROUP_CHAT), "group", "快乐8号楼")
        for address in ("201", "202", "203", "101"):
            user = self.world.users[int(address)]
            self.group.members[user.id] = Member(user, "member")
        self.group.members[201].status = "creator"
        role = "administrator" if self.dice.random.random() < 0.5 else "member"
        self.group.members[self.bot.id] = Member(self.bot, role)
        self.world.chats[self.group.id] = self.group

    # --- the bot's side ---

    async def call(self, method: str, raw: Json, files: Json, seconds: float) -> tuple[int, bytes]:
        """One call of the Bot API over a network that is not to be relied on."""
        try:
            await asyncio.sleep(self.dice.seconds(*WAY))
        except asyncio.CancelledError:
            # who called is gone; the call may be on its way all the same
            if self.dice.random.random() < 0.5 and method != "getUpdates":
                await self._carry_out(method, raw, files)
                self._lost(raw)
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
                self._lost(raw)
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
            about = (method, str(raw.get("chat_id", "")), _words(raw))
            self.accepted.append(about)
            self.trace("accepted", *about[:2], about[2][:20])
        return status, bot_api._dumped(body).encode()

    def _hooked(self, method: str, raw: Json) -> Any:
        """The webhook's own calls: the sandbox would send updates over a real network."""
        if method == "getWebhookInfo":
            return {"url": self.hook, "pending_update_count": len(self.queue.pending)}
        self.hook = str(raw.get("url", "")) if method == "setWebhook" else ""
        return True

    def _lost(self, raw: Json) -> None:
        self.unheard[self._now(str(raw.get("chat_id", "")))] += 1

    def caller_died(self) -> None:
        """What was carried out last in each chat may not have been written down."""
        for chat in {self._now(chat) for _, chat, _ in self.accepted[self._known :]}:
            self.unheard[chat] += 1
        self._known = len(self.accepted)

    def shown(self) -> Counter[tuple[str, str]]:
        """(chat, text) of the messages that were put into chats."""
        sent = [each for each in self.accepted if each[0].startswith("send")]
        return Counter((self._now(chat), words) for _, chat, words in sent)

    def moved(self) -> dict[str, str]:
        """The groups' old numbers."""
        groups = self.world.chats.values()
        return {str(each.id): str(each.migrated_to) for each in groups if each.migrated_to}

    def _now(self, chat: str) -> str:
        """The chat's number today."""
        found = self.world.chats.get(int(chat or 0))
        return str(found.migrated_to) if found and found.migrated_to else chat

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

    @property
    def confirmed(self) -> list[Update]:
        """What Telegram will not send again."""
        return [each for key, each in self.pushed.items() if key not in self.queue.pending]

    # --- the people's side ---

    def act(self, action: Callable[..., Any], chat: int, **body: Any) -> Any:
        """A call of the user side; what is refused there just doesn't happen."""
        request: Any = SimpleNamespace(match_info={"id": str(chat), "mid": "0"}, query={})
        given = {"from" if key == "by" else key: value for key, value in body.items()}
        try:
            return action(user_side.Person(self.backend, request, given))
        except UserError:
            return None

    def say(self, chat: int, by: int, text: str, **more: Any) -> int | None:
        """Words in a chat; the message's number."""
        said = self.act(user_side.send, chat, by=by, text=text, **more)
        return int(said["messages"][0]["message_id"]) if said else None

    def press(self, message: Message, by: int, data: str) -> None:
        """A button; nobody waits for what it shows."""
        self.world.press(message, self.world.users[by], data)

    def pressable(self) -> list[tuple[Message, int, str]]:
        """(message, who may see it, data) of the newest buttons."""
        found = []
        for chat in [*self.world.chats.values(), *self.world.privates.values()]:
            if chat.migrated_to or chat.blocked:
                continue
            people = [chat.user.id] if chat.user else [201, 202, 203, 101]
            shown = [each for each in chat.messages.values() if each.keyboard][-4:]
            found += [
                (message, who, button["callback_data"])
                for message in shown
                for button in buttons(message.keyboard)
                if "callback_data" in button
                for who in people
            ]
        return found


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


def _words(raw: Json) -> str:
    return str(raw.get("text") or raw.get("caption") or "")
