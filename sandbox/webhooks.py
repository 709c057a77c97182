"""Webhooks: one update in flight per lane, again at once, then after 2, 4, 8 … seconds."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from sandbox.errors import bad_request
from sandbox.faults import Faults
from sandbox.people import Bot, Json
from sandbox.updates import Update
from sandbox.world import World

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PORTS = {443, 80, 88, 8443}
SECRET = re.compile(r"[A-Za-z0-9_-]*")
MAX_SECRET = 256
MAX_DELAY = 60  # seconds; the longest wait is drawn between this and twice this
MAX_RETRY_AFTER = 3_600  # seconds
ANSWER_TIMEOUT = 60  # seconds
REORDER_WAIT = 1.0  # seconds that an ordered swap waits for a second update
NOT_IN_REPLIES = ("get", "setwebhook", "deletewebhook", "close", "logout")

Execute = Callable[[Bot, str, Json], Awaitable[None]]


@dataclass
class Hook:
    """The webhook of one bot."""

    url: str
    secret: str
    max_connections: int
    free: asyncio.Semaphore
    lanes: dict[tuple[str, int], deque[Update]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    last_error: str = ""
    last_error_date: int = 0


class Webhooks:
    """All webhooks of a sandbox. `execute` runs a method that an answer names."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.hooks: dict[int, Hook] = {}
        self.session: aiohttp.ClientSession | None = None
        self.execute: Execute | None = None
        world.on_update = self.add

    def is_set(self, bot: Bot) -> bool:
        """Whether updates of `bot` go to a webhook."""
        return bot.id in self.hooks

    def check(self, url: str, secret: str) -> None:
        """ApiError 400 for an address or a secret that Telegram, or the sandbox, doesn't take."""
        if len(secret) > MAX_SECRET:
            raise bad_request("secret token is too long")
        if not SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        _check_address(url)

    async def set(self, bot: Bot, url: str, secret: str, max_connections: int) -> None:
        """Replaces the webhook; an empty `url` removes it. What is pending goes to the new one."""
        old = self.hooks.get(bot.id)
        if old and (old.url, old.secret, old.max_connections) == (url, secret, max_connections):
            return
        await self._stop(bot.id)
        if url:
            count = min(max(max_connections, 1), 100)
            self.hooks[bot.id] = Hook(url, secret, count, asyncio.Semaphore(count))
            for update in list(self.world.queues[bot.id].pending.values()):
                self.add(bot, update)

    def add(self, bot: Bot, update: Update) -> None:
        """Puts an update into its lane; starts a task if the lane was empty."""
        hook = self.hooks.get(bot.id)
        if hook is None:
            return
        lane = hook.lanes.setdefault(update.lane, deque())
        lane.append(update)
        if len(lane) == 1:
            task = asyncio.get_running_loop().create_task(self._serve(bot, hook, update.lane))
            hook.tasks.add(task)
            task.add_done_callback(hook.tasks.discard)

    async def _serve(self, bot: Bot, hook: Hook, key: tuple[str, int]) -> None:
        lane = hook.lanes[key]
        while lane:
            await self._maybe_swap(lane)
            update = lane[0]
            for _ in range(2 if self.faults.for_update("duplicate", update.chat) else 1):
                await self._deliver(bot, hook, update)
            lane.remove(update)
            self.world.queues[bot.id].forget(update.id)
        del hook.lanes[key]

    async def _maybe_swap(self, lane: deque[Update]) -> None:
        if not self.faults.has("reorder"):
            return
        if len(lane) == 1:
            await asyncio.sleep(REORDER_WAIT)
        if len(lane) > 1 and self.faults.for_update("reorder", lane[0].chat):
            lane[0], lane[1] = lane[1], lane[0]

    async def _deliver(self, bot: Bot, hook: Hook, update: Update) -> None:
        """Until it is taken, or too old, or was dropped."""
        delay, fails = 1, 0
        while self._is_alive(bot, update):
            async with hook.free:
                error, retry_after = await self._post(bot, hook, update)
            if not error:
                return
            hook.last_error, hook.last_error_date = error, self.world.date()
            if fails and not retry_after:
                delay = min(delay * 2, MAX_DELAY + secrets.randbelow(MAX_DELAY + 1))
            await asyncio.sleep(retry_after or (delay if fails else 0))
            fails += 1

    def _is_alive(self, bot: Bot, update: Update) -> bool:
        pending = self.world.queues[bot.id].pending
        return update.id in pending and update.expires > self.world.now()

    async def _post(self, bot: Bot, hook: Hook, update: Update) -> tuple[str, int]:
        """What went wrong (empty: nothing) and the seconds that the bot asked to wait."""
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        try:
            async with self._session().post(
                hook.url, data=update.body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return await self._judge(bot, answer)
        except TimeoutError:
            return "Read timeout expired", 0
        except aiohttp.ClientConnectorError:
            return "Connection refused", 0
        except aiohttp.ClientError:
            return "Webhook connection closed", 0

    async def _judge(self, bot: Bot, answer: aiohttp.ClientResponse) -> tuple[str, int]:
        if 200 <= answer.status <= 299:
            await self._execute(bot, await answer.read())
            return "", 0
        wait = answer.headers.get("Retry-After", "")
        seconds = min(int(wait), MAX_RETRY_AFTER) if wait.isdigit() else 0
        return f"Wrong response from the webhook: {answer.status} {answer.reason}", seconds

    async def _execute(self, bot: Bot, body: bytes) -> None:
        """Runs the method that an answer names; its result is seen by nobody."""
        try:
            parsed = json.loads(body or b"{}")
        except ValueError:
            return
        call: Json = parsed if isinstance(parsed, dict) else {}
        name = str(call.pop("method", ""))
        if name and not name.lower().startswith(NOT_IN_REPLIES) and self.execute:
            await self.execute(bot, name, call)

    def _session(self) -> aiohttp.ClientSession:
        if self.session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT)
            connector = aiohttp.TCPConnector(limit=0)
            self.session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        return self.session

    def info(self, bot: Bot) -> Json:
        """`WebhookInfo` without what the queue knows."""
        hook = self.hooks.get(bot.id)
        if hook is None:
            return {"url": "", "has_custom_certificate": False}
        info: dict[str, Any] = {
            "url": hook.url, "has_custom_certificate": False, "ip_address": "127.0.0.1",
            "max_connections": hook.max_connections,
        }  # fmt: skip
        if hook.last_error:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
        return info

    async def _stop(self, bot_id: int) -> None:
        hook = self.hooks.pop(bot_id, None)
        for task in list(hook.tasks) if hook else []:
            task.cancel()

    async def clear(self) -> None:
        """Removes all webhooks."""
        for bot_id in list(self.hooks):
            await self._stop(bot_id)

    async def close(self) -> None:
        """Removes all webhooks and closes connections."""
        await self.clear()
        if self.session is not None:
            await self.session.close()
            self.session = None


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if parts.hostname in LOOPBACK:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    raise bad_request("bad webhook: the sandbox delivers to this machine only")
