"""The service put together: everything that `linli run` runs, also inside another program."""

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from aiohttp import web
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session, select
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot import config, halts
from bot.account import Account, log_in
from bot.cannot import Cannot, InUse
from bot.clock import Clock
from bot.config import BotAccount, Settings
from bot.cures import sqlite_cure
from bot.disk import Floor
from bot.doors import Doors, real_doors
from bot.errands.hatch import Hatch
from bot.gauges import Gauges
from bot.line import House, Line
from bot.oversight import Oversight
from bot.transport import Transport
from handlers.updates import Me
from models import inbox, leases, outgoing, partitions
from models.database import Database, Taken, Unavailable, open_database
from models.migrate import Newer, is_current, migrate
from models.server import UNIT_SECONDS, Server
from scheduler.look import Look
from services import due
from services.equipment import Equipment
from services.vault import Vault, WrongKey
from web.health import make_app

if TYPE_CHECKING:
    from bot.bell import Bell

WEBHOOK_PATH = "/telegram/webhook"
# a part that has not come round for this long is stuck
STUCK_SECONDS = 60.0
SETTLE_SECONDS = 0.02
# two periods are always made ahead (models/partitions): once a day would do
PERIODS_EVERY = timedelta(hours=1)
# what replicas tell each other: there is work, or what another process held is free
INBOX, OUTBOX, FREE = "inbox", "outbox", "free"
# from being told to stop until the process ends, whatever still hangs
STOP_SECONDS = 25.0
# from the last connection that is accepted until its request has begun, and an answer's longest
BEGUN_SECONDS = 0.2
ANSWERED_SECONDS = 5.0

log = structlog.get_logger("bot.assembly")


class Service:
    """The running service of one or more bots. `me` is the first of them."""

    def __init__(
        self,
        settings: Settings,
        accounts: Sequence[tuple[Account, BotAccount]],
        database: Database,
        clock: Clock,
        doors: Doors,
        take_over: bool,
    ) -> None:
        self.settings = settings
        self._take_over = take_over
        self.database = database
        self.clock = clock
        self._holder = holder = uuid4().hex
        house = House(
            settings,
            database,
            clock,
            doors,
            Floor(_place(settings), settings.database.floor_megabytes),
            self._stored,
            self._queued,
            holder,
        )
        self._lines = {account.me.bot: Line(account, house, given) for account, given in accounts}
        self.me = self.bots[0]
        self._look = Look(database, clock.now, doors.sweep, self._swept)
        self.oversight = Oversight(settings, database, clock, self._look, self.stuck, self._swept)
        self._bell = None if database.alone else self._new_bell(holder)
        self._begin_days = doors.begin
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self._stopping = False
        self.address = ""
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def bots(self) -> list[Me]:
        """Who the service's bots are, the first one first."""
        return [line.me for line in self._lines.values()]

    @property
    def line(self) -> Line:
        """The first bot's parts."""
        return self._lines[self.me.bot]

    async def start(self) -> None:
        """Begin to serve. Raises Cannot if the web address is taken or the webhook refused."""
        if self.database.alone:
            await self.database.write(self._free_lanes)
        else:
            await self._beat()
        now = self.clock.now()
        await self.database.write(lambda session: self._begin_days(session, now))
        if self.database.alone:
            await self._look_for_strangers()
        await self._serve_web()
        # what is begun first ends last
        self._begin(self.oversight.sealer.run())
        if self._bell is not None:
            self._begin(self._bell.run())
            self._begin(self._live(self._bell))
        for line in self._lines.values():
            # cards go out while the last updates are finished
            self._begin(line.deliver.run())
            self._begin(line.dispatch.run())
            self._begin(line.copies.run())
        if not self.database.alone:
            self._look.every("periods", PERIODS_EVERY, self._turn_periods)
        if folder := self.settings.backup.folder:
            self._note_erasures(folder)
        self._look.start()
        self.oversight.start(self.line, self._holder)
        for line in self._lines.values():
            await self._let_in(line)

    async def _look_for_strangers(self) -> None:
        """Say whose messages nobody will send: a bot that was served before and isn't now."""
        others = await self.database.read(lambda s: outgoing.waiting_of_others(s, self._lines))
        for bot, count in others:
            log.warning(
                "bot_not_served",
                of_bot=bot,
                waiting=count,
                cure="name its token in telegram.bots; who uses another bot is written to there",
            )

    def _free_lanes(self, session: Session) -> None:
        for line in self._lines.values():
            inbox.free_lanes(session, line.me.bot)

    async def stop(self) -> None:
        """Take nothing new, finish what was begun, write it down; within STOP_SECONDS."""
        self._stopping = True
        self._look.stop()
        await self.close_web()
        end = time.monotonic() + STOP_SECONDS
        for task in reversed(self._tasks):
            task.cancel()
            await asyncio.wait({task}, timeout=max(0.1, end - time.monotonic()))
            if not task.done():
                log.error("stopped_in_the_middle", part=task.get_name())

    async def close_web(self) -> None:
        """No new connections, and an answer for those that there are.

        What aiohttp has accepted at the very moment of its clean-up it neither reads nor closes
        until that times out, and Telegram waits: so it gets the time to begin with it.
        """
        if self._runner is None:
            return
        if self._listening is not None:
            for each in self._listening.sockets:
                asyncio.get_running_loop().remove_reader(each.fileno())
            await asyncio.sleep(0)  # asyncio drops what it has accepted when it closes, unclosed
            self._listening.close()
            await asyncio.sleep(BEGUN_SECONDS)
        await self._runner.cleanup()

    async def _turn_periods(self) -> None:
        """Storage for what comes, and none for what is over (decision 20)."""
        rules = self.settings.rules()
        days = rules.keep_updates_days, rules.keep_messages_days
        turned = await self.database.write(
            lambda session: partitions.turn(session, *days), queue=True
        )
        if turned:
            log.info("periods_turned", count=turned)

    def _note_erasures(self, folder: Path) -> None:
        from bot.backup.erasures import EVERY, Noting  # 3 MB that only backups need

        noting = Noting(self.database, self.clock.now, folder)
        self._look.every("erasures", EVERY, noting.look)

    async def _live(self, bell: "Bell") -> None:
        """Tell the other processes that this one lives, and at its end that all it held is free."""
        try:
            while True:
                with suppress(Unavailable):
                    await self._beat()
                await asyncio.sleep(leases.BEAT_SECONDS)
        finally:
            for bot, line in self._lines.items():
                await line.leave()
                bell.ring(bot, FREE)
            await bell.silent()

    async def _beat(self) -> None:
        for line in self._lines.values():
            await line.beat()

    def _new_bell(self, holder: str) -> "Bell":
        from bot.bell import Bell  # a service on SQLite needs no driver of PostgreSQL's

        found = self.settings.database
        return Bell(found.listen_url or found.url, holder, self._heard)

    def _stored(self, bot: str) -> None:
        """Updates were stored here: the others help if this process has its hands full."""
        dispatch = self._lines[bot].dispatch
        dispatch.wake()
        if self._bell is not None and dispatch.full:
            self._bell.ring(bot, INBOX)

    def _queued(self, bots: Collection[str]) -> None:
        """A unit of work has queued something for these bots: who delivers it is to know."""
        for bot in bots:
            line = self._lines.get(bot)
            if line is not None:
                line.deliver.wake()
            if self._bell is not None and (line is None or not line.deliver.holds):
                self._bell.ring(bot, OUTBOX)

    def _swept(self) -> None:
        self._queued(self._lines)

    def _heard(self, bot: str, what: str) -> None:
        line = self._lines.get(bot)
        if line is not None and what == INBOX:
            line.dispatch.wake()
        elif line is not None and what == OUTBOX:
            line.deliver.wake()
        elif line is not None and what == FREE:
            line.take_over()

    def wake(self) -> None:
        """Something was written from outside (an import, a page): look into the queues now."""
        for line in self._lines.values():
            line.wake()

    async def look_now(self) -> int:
        """Fire what is due at this moment of the service's clock; how many rows."""
        fired = await self._look.look_now()
        self._swept()
        return fired

    async def next_due(self) -> datetime | None:
        """The earliest instant at which the service will act by itself, or None."""
        now = self.clock.now()

        def job(session: Session) -> datetime | None:
            found = [due.next_at(session), outgoing.held_until(session, now)]
            return min((each for each in found if each is not None), default=None)

        return await self.database.read(job)

    async def settle(self, seconds: float = 30.0) -> bool:
        """Wait until nothing is left to handle or to send now; False if time runs out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self._at_rest():
                    await asyncio.sleep(SETTLE_SECONDS)
                return True
        return False

    async def _at_rest(self) -> bool:
        now = self.clock.now()

        def job(session: Session) -> bool:
            # in the order of the way: what is done before the second look has queued its
            # messages before it, since both are one commit
            return not inbox.count(session, "new") and not outgoing.waits(session, now)

        return await self.database.read(job) and all(line.idle for line in self._lines.values())

    async def ready(self) -> dict[str, bool]:
        """Each part of the service, and whether it works."""
        try:
            async with asyncio.timeout(5):
                await self.database.read(lambda session: session.exec(select(1)).one())
            database = True
        except (Unavailable, TimeoutError):
            database = False
        works = {name: name not in self.stuck() for name in ("receive", "dispatch", "deliver")}
        return {
            "serving": not self._stopping,
            "database": database,
            **works,
            "clock": not self._look.stale(),
        }

    def stuck(self) -> list[str]:
        """The parts that have not come round for too long, or hear nothing any more."""
        since = time.monotonic() - STUCK_SECONDS
        polling = not self.settings.telegram.webhook_url
        lines = self._lines.values()
        parts = {
            "receive": [line.hears(polling, since) for line in lines],
            "dispatch": [line.dispatch.looked_at > since for line in lines],
            "deliver": [line.deliver.looked_at > since for line in lines],
        }
        return [name for name, works in parts.items() if not all(works)]

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=getattr(work, "__qualname__", "part"))
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """A part that ends by itself ends the service: half a service looks like a whole one."""
        if task.cancelled() or task.exception() is None or self.failed.done():
            return
        error = task.exception()
        log.critical("part_failed", exc_info=error)
        if error is not None:
            self.failed.set_exception(error)

    async def _let_in(self, line: Line) -> None:
        receive, url = line.receive, self.settings.telegram.webhook_url
        if not url:
            with suppress(TelegramError):  # then it is asked again before the first poll
                await receive.clear(self._take_over)
            self._begin(receive.poll(self._take_over))
            return
        url = url.rstrip("/") + line.place
        try:
            await _patiently(lambda: receive.set_webhook(url, line.secret, self._take_over))
        except TelegramError as error:
            raise Cannot(
                f"Telegram refuses telegram.webhook_url: {error.message}. It must be https, on "
                f"port 443, 80, 88 or 8443, and lead to {WEBHOOK_PATH} here."
            ) from None
        self._begin(receive.watch(url))

    async def _serve_web(self) -> None:
        gauges = Gauges(self.settings, self.database, self.clock, self.ready)
        app = make_app(self.ready, gauges.refresh)
        if self.settings.telegram.webhook_url:
            for line in self._lines.values():
                app.router.add_post(WEBHOOK_PATH + line.place, line.receive.webhook(line.secret))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=ANSWERED_SECONDS)
        await self._runner.setup()
        where = self.settings.web
        assert self._runner.server is not None
        try:
            self._listening = await asyncio.get_running_loop().create_server(
                self._runner.server, where.host, where.port, reuse_port=where.reuse_port or None
            )
        except OSError:
            raise Cannot(
                f"web.host {where.host} with web.port {where.port} is taken or not ours: choose "
                "another."
            ) from None
        bound = self._listening.sockets[0].getsockname()
        self.address = f"http://{bound[0]}:{bound[1]}"


def _place(settings: Settings) -> Path:
    """Whose disk must not get full: the file's, or, with a server, that of our copies."""
    url = make_url(settings.database.url)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).parent
    return settings.files.folder


@asynccontextmanager
async def assemble(
    settings: Settings,
    *,
    clock: Clock | None = None,
    doors: Doors | None = None,
    take_over: bool = False,
) -> AsyncIterator[Service]:
    """The service, running until the block ends. Raises Cannot with what to do about it.

    `clock`: one that the caller steps. `doors`: other handlers than the real ones (tests).
    `take_over`: remove a webhook that somebody else has set.
    """
    tokens = config.accounts_of(settings)
    transport = Transport()
    await transport.initialize()
    try:
        equipment = equipment_of(settings)
        time_of = clock or Clock()
        async with (
            opened(settings, equipment) as database,
            Hatch(database, time_of).opened() as hatch,
        ):
            accounts = [await _log_in(each, settings, transport) for each in tokens]
            for account, given in accounts:
                equipment.usernames[account.me.bot] = account.me.username
                if given.district:
                    equipment.districts[account.me.bot] = given.district
            service = Service(
                settings, accounts, database, time_of, doors or real_doors(), take_over
            )
            hatch.wake = service.wake
            try:
                await service.start()
                yield service
            finally:
                await service.stop()
    finally:
        await transport.shutdown()


@asynccontextmanager
async def opened(
    settings: Settings, equipment: Equipment | None = None, *, patient: bool = False
) -> AsyncIterator[Database]:
    """The database, equipped and with this release's tables. Raises Cannot.

    `patient`: a unit of work may take minutes.
    """
    url = settings.database.url
    server = server_of(settings, patient)
    with explained(url):
        await _prepare(url, server)
        database = open_database(url, equipment or equipment_of(settings), server)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def explained(url: str) -> Iterator[None]:
    """What can be wrong with a database, as a sentence with its cure (Cannot)."""
    shown = _shown(url)
    try:
        yield
    except Taken:
        raise InUse(
            f"{shown} is in use by another Linli process: stop that one first, or use PostgreSQL."
        ) from None
    except Newer:
        raise Cannot(f"{shown} was made by a newer release of Linli: use that one.") from None
    except Unavailable as error:
        raise Cannot(
            f"{shown} can't be reached ({error}): start the server, or correct database.url."
        ) from None
    except ValueError as error:
        raise Cannot(f"database.url is wrong: {error}.") from None
    except (DBAPIError, OSError) as error:
        if cure := sqlite_cure(error):
            raise Cannot(f"{shown} {cure}") from None
        raise


def server_of(settings: Settings, patient: bool = False) -> Server:
    """How the settings say that a PostgreSQL server is reached."""
    found = settings.database
    seconds = None if patient else UNIT_SECONDS
    return Server(pool=found.pool, pooled=found.pgbouncer, seconds=seconds)


async def _prepare(url: str, server: Server) -> None:
    """A file is brought up to date by itself; a server only by who may change its tables."""
    if make_url(url).get_backend_name() == "sqlite":
        await migrate(url)
    elif not await is_current(url, server):
        raise Cannot("The database has not this release's tables: run `linli migrate` first.")


def equipment_of(settings: Settings) -> Equipment:
    """Policy and vault, as units of work find them. Raises Cannot for a wrong key."""
    key = settings.vault.key.get_secret_value()
    try:
        safe = Vault(key) if key else None
        return Equipment(policy=settings.rules(), vault=safe, draw=SystemRandom().random)
    except WrongKey:
        raise Cannot(
            "vault.key must be 32 bytes in base64url: make one with `linli key`."
        ) from None


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        raise Cannot("database.url is wrong: it looks like 'sqlite:///linli.db'.") from None


async def _patiently(call: Callable[[], Awaitable[None]]) -> None:
    """Again while it is the network, or Telegram asks to wait (several replicas that start at
    once set the same webhook). Raises TelegramError for what won't change by itself."""
    pause = 1.0
    while True:
        try:
            return await call()
        except (BadRequest, Forbidden, InvalidToken):
            raise
        except TelegramError as error:
            wait = halts.seconds_of(error) if isinstance(error, RetryAfter) else pause
            log.warning("webhook_not_set_yet", error=type(error).__name__, pause=wait)
            await asyncio.sleep(wait)
            pause = min(30.0, 2 * pause)


async def _log_in(
    given: BotAccount, settings: Settings, transport: Transport
) -> tuple[Account, BotAccount]:
    base = settings.telegram.base_url
    pause = 1.0
    while True:
        try:
            return await log_in(given.token, base, transport), given
        except TelegramError as error:
            log.warning("log_in_failed", error=type(error).__name__, pause=pause)
            await asyncio.sleep(pause)
            pause = min(30.0, 2 * pause)
