"""The trial resident: every five minutes a report goes the whole way, from the inbox to closing.

Its updates are made here and enter as any other does; what the service answers is delivered as
anything is, up to the last step, where `bot/account` answers in Telegram's place. Updates have
negative numbers, so they never meet Telegram's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import cycle
from typing import Any, TypeVar
from uuid import UUID

import structlog
from prometheus_client import Histogram
from sqlmodel import Session

from bot.clock import Clock
from handlers.updates import Me
from models import leases
from models.database import Database
from services import trial

NAME = "trial"
EVERY = timedelta(minutes=5)
LOOK_SECONDS = 0.1
WORDS = "/report 试报：请问居住证怎么办"
COMMAND = len("/report")
# who presses what, and what the step is called
STEPS = (
    ("shown", trial.WORKER, "take"),
    ("taken", trial.WORKER, "done"),
    ("noting", trial.WORKER, "note"),
    ("asked", None, "settle"),
)

SECONDS = Histogram(
    "linli_trial_seconds",
    "How long each step of the trial resident's report took",
    ["step"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)

log = structlog.get_logger("bot.trial")
T = TypeVar("T")


class Trial:
    """`take` stores raw updates as receiving does; `within`: seconds for the whole way.

    `late` names the step that the last trial did not get through, or None.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        me: Me,
        holder: str,
        take: Callable[[Sequence[Any]], Awaitable[None]],
        within: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._me = me
        self._holder = holder
        self._take = take
        self._within = within
        self._residents = cycle(trial.RESIDENTS)
        self._update = 0
        self.late: str | None = None

    async def work(self) -> None:
        """One trial, by one process; what earlier ones have left is deleted first."""
        if not await self._mine():
            self.late = None
            return
        now = self._clock.now()
        await self._database.write(lambda session: trial.tidy(session, self._me.bot, now))
        await self._database.write(lambda session: trial.prepare(session, self._me.bot, now))
        await self._try()

    async def _mine(self) -> bool:
        if self._database.alone:
            return True
        bot, holder, wall = self._me.bot, self._holder, self._clock.wall()
        return await self._database.write(
            lambda session: leases.take(session, bot, NAME, holder, wall), queue=True
        )

    async def _try(self) -> None:
        self._step, began = "filed", time.monotonic()
        try:
            async with asyncio.timeout(self._within):
                await self._whole_way(next(self._residents))
        except TimeoutError:
            self.late = self._step
            log.error("trial_slow", step=self._step, seconds=self._within)
            return
        self.late = None
        log.info("trial_done", seconds=round(time.monotonic() - began, 3))

    async def _whole_way(self, resident: int) -> None:
        since = self._clock.now()
        await self._say(resident)
        case = await self._until("filed", lambda session: trial.newest(session, since))
        for step, presser, verb in STEPS:
            who = presser or resident
            found = await self._until(step, self._button(who, verb, case, since))
            await self._press(who, found)
        await self._until("closed", lambda session: trial.state(session, case) == "closed")

    def _button(
        self, who: int, verb: str, case: UUID, since: Any
    ) -> Callable[[Session], trial.Button | None]:
        return lambda session: trial.button(session, self._me.bot, who, verb, case, since)

    async def _until(self, step: str, look: Callable[[Session], T | None]) -> T:
        """Wait until `look` finds something, and count how long that took."""
        self._step, began = step, time.monotonic()
        while not (found := await self._database.read(look)):
            await asyncio.sleep(LOOK_SECONDS)
        SECONDS.labels(step).observe(time.monotonic() - began)
        return found

    async def _say(self, who: int) -> None:
        command = {"type": "bot_command", "offset": 0, "length": COMMAND}
        await self._enter(message=self._message(who) | {"text": WORDS, "entities": [command]})

    async def _press(self, who: int, found: trial.Button) -> None:
        message = self._message(who) | {"message_id": int(found.message)}
        query = {"id": f"{NAME}{self._next()}", "from": _user(who), "data": found.data}
        await self._enter(callback_query=query | {"message": message})

    async def _enter(self, **what: Any) -> None:
        await self._take([{"update_id": -self._next(), **what}])

    def _message(self, who: int) -> dict[str, Any]:
        chat = {"id": who, "type": "private"}
        return {"message_id": self._next(), "chat": chat, "from": _user(who), "date": 0}

    def _next(self) -> int:
        """Numbers that never come twice, also after a restart."""
        self._update = max(self._update + 1, int(self._clock.wall().timestamp() * 1000))
        return self._update


def _user(who: int) -> dict[str, Any]:
    return {"id": who, "first_name": "试报", "language_code": "zh-hans"}


def answer(method: str, params: dict[str, Any]) -> Any:
    """What Telegram would answer, for a call about the trial resident; None: it isn't."""
    query = str(params.get("callback_query_id", ""))
    if not query.startswith(NAME) and not trial.is_trial(params.get("chat_id", "")):
        return None
    if not method.startswith("send"):
        return True
    message = {"message_id": int(time.time() * 1000), "chat": {"id": params["chat_id"]}}
    return [message] if method == "sendMediaGroup" else message
