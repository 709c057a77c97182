"""Updates come in: what is for us is stored and committed, and only then confirmed."""

import asyncio
import hmac
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot import counters
from bot.account import Account
from bot.cannot import Cannot
from bot.clock import Clock
from bot.disk import Floor
from bot.ears import Ears
from bot.halts import seconds_of
from bot.sieve import Sieve
from handlers import updates
from handlers.updates import Update
from models import crash, inbox, leases
from models.database import Database, Unavailable
from models.inbox import Arrived

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
LONG_POLL_SECONDS = 25
ANSWER_SECONDS = 40.0
MOST_BYTES = 256 * 1024
CONFLICT_SECONDS = 5.0
DOWN_SECONDS = 1.0
MOST_PAUSE_SECONDS = 30.0
LEASE_NAME = "poll"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of it
WEBHOOK_CONNECTIONS = 40
WATCH_SECONDS = 300.0
OTHER_PROGRAM = (
    "another program uses this bot's token: stop it, or get a new token from @BotFather with "
    "/revoke"
)
OTHER_WEBHOOK = (
    "another program has set a webhook for this bot: stop it, then start this service again with "
    "`linli run --take-over`"
)

log = structlog.get_logger("bot.receive")


class Receive:
    """One bot's way in. `stored` is called after each commit that may have brought work."""

    def __init__(
        self,
        account: Account,
        database: Database,
        clock: Clock,
        sieve: Sieve,
        ears: Ears,
        floor: Floor,
        stored: Callable[[], None],
        holder: str,
    ) -> None:
        self._account = account
        self._database = database
        self._clock = clock
        self._sieve = sieve
        self._ears = ears
        self._floor = floor
        self._stored = stored
        self._bot = account.me.bot
        self._holder = holder
        self._waiting: list[tuple[Arrived, asyncio.Future[None]]] = []
        self._storing: asyncio.Task[None] | None = None
        self._failures = 0
        self._cleared = False
        # somebody else has set a webhook since: nothing comes to ours
        self.lost = False
        self.looked_at = time.monotonic()

    async def take(self, raw: Sequence[Any], next_update: int | None = None) -> None:
        """Store what is for us of a batch, with the offset. Raises Unavailable."""
        self._floor.check()
        read = [updates.decode(each) for each in raw]
        counters.RUBBISH.inc(sum(each is None for each in read))
        found = [each for each in read if each is not None]
        now = self._clock.now()
        ours = await self._ours(found, now)
        if ours or next_update is not None:
            await self._store(ours, now, next_update)

    async def _ours(self, found: Sequence[Update], now: datetime) -> list[Arrived]:
        heard = await self._ears.hear(self._sieve.chatter(found))
        ours = self._sieve.pass_through(found, now, heard)
        counters.DROPPED.inc(len(found) - len(ours))
        return [_arrived(each) for each in ours]

    async def take_one(self, update: Update) -> None:
        """Store an update, if it is for us, together with those that come at the same moment.

        Raises Unavailable.
        """
        self._floor.check()
        for each in await self._ours([update], self._clock.now()):
            stored = asyncio.get_running_loop().create_future()
            self._waiting.append((each, stored))
            if self._storing is None:
                self._storing = asyncio.create_task(self._store_waiting())
            await stored

    async def _store_waiting(self) -> None:
        """What comes while one commit is under way shares the next."""
        try:
            while waiting := self._waiting:
                self._waiting = []
                await self._store_these(waiting)
        finally:
            self._storing = None

    async def _store_these(self, waiting: Sequence[tuple[Arrived, asyncio.Future[None]]]) -> None:
        problem: Exception | None = None
        try:
            await self._store([each for each, _ in waiting], self._clock.now(), None)
        except Exception as error:
            problem = error
        for _, stored in waiting:
            if stored.done():
                continue
            if problem is None:
                stored.set_result(None)
            else:
                stored.set_exception(problem)

    async def _store(
        self, arrived: Sequence[Arrived], now: datetime, next_update: int | None
    ) -> None:
        wall = self._clock.wall()

        def job(session: Session) -> None:
            inbox.store(session, self._bot, arrived, now, wall, next_update)
            crash.point("receive.stored")

        try:
            with counters.CONFIRMING.time():
                await self._database.write(job, queue=True, awaited=True)
        except DBAPIError as error:
            await self._store_apart(arrived, now, next_update, error)
        crash.point("receive.committed")
        if arrived:
            counters.RECEIVED.inc(len(arrived))
            self._stored()

    async def _store_apart(
        self,
        arrived: Sequence[Arrived],
        now: datetime,
        next_update: int | None,
        error: DBAPIError,
    ) -> None:
        """One update that no database takes must not stop those around it for ever."""
        if len(arrived) > 1:
            for each in arrived:
                await self._store([each], now, None)
        elif arrived:
            counters.RUBBISH.inc()
            log.error("update_unstorable", update=arrived[0].update_id, exc_info=error)
        if next_update is not None:
            await self._store([], now, next_update)

    async def poll(self, take_over: bool = False) -> None:
        """Ask for updates until cancelled.

        Raises InvalidToken when the token is revoked, and Cannot if a webhook is set that isn't
        ours, unless we may `take_over`.
        """
        while True:
            try:
                if not self._cleared:
                    await self.clear(take_over)
                await self._poll_once()
                self._failures = 0
            except asyncio.CancelledError:
                raise
            except InvalidToken:
                raise
            except (TelegramError, Unavailable) as error:
                await asyncio.sleep(self._pause(error))

    async def _poll_once(self) -> None:
        if not self._database.alone and not await self._hold():
            self.looked_at = time.monotonic()  # another process asks: nothing is stuck
            await asyncio.sleep(DOWN_SECONDS)
            return
        self._floor.check()
        now = self._clock.now()
        offset = await self._database.read(lambda session: inbox.offset(session, self._bot, now))
        params = {
            "offset": offset,
            "timeout": LONG_POLL_SECONDS,
            "limit": 100,
            "allowed_updates": ALLOWED,
        }
        raw = await self._account.call("getUpdates", params, ANSWER_SECONDS)
        self.looked_at = time.monotonic()
        if raw:
            await self.take(raw, raw[-1]["update_id"] + 1)

    async def _hold(self) -> bool:
        wall = self._clock.wall()
        return await self._database.write(
            lambda session: leases.take(session, self._bot, LEASE_NAME, self._holder, wall),
            queue=True,
        )

    def _pause(self, error: Exception) -> float:
        """Seconds to wait, after saying what is wrong and what helps."""
        self._failures += 1
        pause = min(MOST_PAUSE_SECONDS, 0.5 * 2.0 ** min(self._failures, 10))
        if isinstance(error, Conflict):
            counters.CONFLICTS.inc()
            webhook = "webhook" in error.message
            log.warning("polling_conflict", cure=OTHER_WEBHOOK if webhook else OTHER_PROGRAM)
            return CONFLICT_SECONDS
        if isinstance(error, RetryAfter):
            return max(pause, seconds_of(error))
        log.warning("polling_failed", error=type(error).__name__, pause=pause)
        return pause

    async def _webhook_set(self, wanted: str, take_over: bool) -> str:
        """The webhook that is set now. Raises Cannot if it is neither wanted nor ours."""
        info = await self._account.call("getWebhookInfo")
        url = str(info.get("url", ""))
        known = await self._database.read(lambda session: inbox.webhook(session, self._bot))
        if url in ("", wanted, known) or take_over:
            return url
        host = urlsplit(url).hostname
        raise Cannot(
            f"@{self._account.me.username} has a webhook at {host} that this service has not set: "
            "stop the program there, or take the bot over with `linli run --take-over`."
        )

    async def clear(self, take_over: bool) -> None:
        """We poll, so a webhook of ours from before is taken away. Raises TelegramError, and
        Cannot if it isn't ours."""
        if await self._webhook_set("", take_over):
            await self._account.call("deleteWebhook")
            await self._remember(None)
        self._cleared = True

    async def _remember(self, url: str | None) -> None:
        await self._database.write(lambda session: inbox.set_webhook(session, self._bot, url))

    async def watch(self, url: str) -> None:
        """Look now and then whether updates still come to our webhook."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(TelegramError):
                info = await self._account.call("getWebhookInfo")
                self.lost = info.get("url", "") != url
                if self.lost:
                    log.error("webhook_lost", cure=OTHER_WEBHOOK)

    async def set_webhook(self, url: str, secret: str, take_over: bool = False) -> None:
        """Tell Telegram where to send updates. Raises TelegramError, and Cannot as `poll` does."""
        await self._webhook_set(url, take_over)
        params = {
            "url": url,
            "secret_token": secret,
            "allowed_updates": ALLOWED,
            "max_connections": WEBHOOK_CONNECTIONS,
        }
        await self._account.call("setWebhook", params)
        await self._remember(url)

    def webhook(self, secret: str) -> Callable[[web.Request], Any]:
        """The handler of the webhook's route."""

        async def handle(request: web.Request) -> web.Response:
            given = request.headers.get(SECRET_HEADER, "")
            # a header is any bytes, which the server shows as half pairs of UTF-16
            if not hmac.compare_digest(given.encode(errors="surrogateescape"), secret.encode()):
                return refused(401)
            if request.content_type != "application/json" or "Content-Encoding" in request.headers:
                return refused(415)
            if (request.content_length or 0) > MOST_BYTES:
                return refused(413)
            return await self._webhook(await read_most(request))

        return handle

    async def _webhook(self, body: bytes | None) -> web.Response:
        self.looked_at = time.monotonic()
        if body is None:
            return refused(413)
        update = updates.decode(body)
        if update is None:
            return self._unreadable(body)
        try:
            await self.take_one(update)
        except Unavailable as error:
            log.warning("database_unavailable", at_work="webhook", reason=str(error))
            return refused(503, {"Retry-After": "1"})
        return web.Response()

    def _unreadable(self, body: bytes) -> web.Response:
        """What can't be read today can't be read tomorrow: refused, Telegram would send an update
        again for a day, and nothing else of its chat meanwhile."""
        counters.RUBBISH.inc()
        number = updates.number_of(body)
        if number is None:
            return refused(400)
        log.error("update_unreadable", update=number)
        return web.Response()


def refused(status: int, headers: dict[str, str] | None = None) -> web.Response:
    """An answer that makes Telegram send again, or a stranger go away."""
    counters.REFUSED.labels(str(status)).inc()
    return web.Response(status=status, headers=headers)


async def read_most(request: web.Request) -> bytes | None:
    """The body, or None if it is longer than MOST_BYTES, whatever its header says."""
    body = bytearray()
    async for part in request.content.iter_chunked(64 * 1024):
        body += part
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _arrived(update: Update) -> Arrived:
    return Arrived(update.update_id, updates.chat_of(update) or "", updates.kept(update))
