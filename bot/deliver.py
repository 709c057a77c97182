"""From the outbox to the platform: at least once, or dead with a reason.

One deliverer per bot (a lease), one message at a time per chat. What became of messages is
written in batches together with taking the next ones.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlmodel import Session
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot import counters
from bot.account import Account
from bot.clock import Clock
from bot.doors import Doors
from bot.halts import Halts
from bot.pace import FULL_AFTER, Pace
from bot.sending import NotYet, Sending
from models import crash, leases, outgoing
from models.append import savepoint
from models.database import Database, Unavailable
from models.outgoing import Outcome, Parcel, Spent
from services.outbox import Address, addressed

IN_FLIGHT = 100
POLL_SECONDS = 1.0
# the same, where nothing waits and no other process can queue anything
IDLE_POLL_SECONDS = 30.0
DOWN_SECONDS = 1.0
# how often a deliverer makes sure that it still is the one
RENEW_SECONDS = 3.0
LEASE_NAME = "deliver"
# a pin waits this often for its card
NOT_YET_TRIES = 20
NOT_YET = timedelta(seconds=2)
MOST_BACK_OFF_SECONDS = 60.0
GIVE_UP_TRIES = 20
GIVE_UP_AGE = timedelta(hours=24)
STOP_SECONDS = 10.0
REASON = 200
UNMISSED = ("react", "pin", "strip")
# a row with several photos may take its time, but not for ever
FLIGHT_SECONDS = 180.0

log = structlog.get_logger("bot.deliver")


class Deliver:
    """Sends one bot's outbox. `limited`: keep to Telegram's rates. `committed` is told which bots
    have something to send."""

    def __init__(
        self,
        account: Account,
        halts: Halts,
        database: Database,
        clock: Clock,
        folder: Path,
        limited: bool,
        doors: Doors,
        committed: Callable[[Collection[str]], None],
        holder: str,
    ) -> None:
        self._account = account
        self._halts = halts
        self._database = database
        self._clock = clock
        self._sending = Sending(account, folder, halts)
        self._doors = doors
        self._committed = committed
        self._pace = Pace(limited)
        self._bot = account.me.bot
        self._holder = holder
        self._wake = asyncio.Event()
        self._free = asyncio.Event()
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._outcomes: list[Outcome] = []
        self._held_until = 0.0
        self._holds = False
        # rows may have been taken although the answer was lost
        self._unsure = False
        self._waiting = True
        self.looked_at = time.monotonic()

    def wake(self) -> None:
        """There may be something new in the outbox."""
        self._wake.set()

    def take_over(self) -> None:
        """Who delivered until now has perhaps ended: look at once."""
        self._free.set()

    @property
    def holds(self) -> bool:
        """Whether this process is the one that delivers."""
        return self._holds

    @property
    def idle(self) -> bool:
        return not self._flying and not self._outcomes

    async def run(self) -> None:
        """Until cancelled; then what is in flight gets a moment, and is written down."""
        try:
            while True:
                try:
                    await self._round()
                except Unavailable as error:
                    log.warning("database_unavailable", at_work="deliver", reason=str(error))
                    await asyncio.sleep(DOWN_SECONDS)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        if self._flying:
            await asyncio.wait(self._flying.values(), timeout=STOP_SECONDS)
        await self._database.write(self._last_words, queue=True)

    def _last_words(self, session: Session) -> None:
        self._settle(session, self._outcomes, self._clock.now())
        outgoing.note_spent(session, self._bot, self._pace.unwritten(self._clock.wall()))

    def _settle(self, session: Session, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Write down what became of parcels, and tell the desk what never arrived."""
        outgoing.settle(session, self._bot, outcomes, now)
        dead = [each.parcel.id for each in outcomes if each.state == "dead"]
        if not dead:
            return
        try:
            with savepoint(session):
                self._doors.died(session, self._bot, dead, now)
        except Exception as error:
            log.error("telling_failed", rows=len(dead), exc_info=error)

    async def _round(self) -> None:
        self._free.clear()
        if not await self._hold():
            self.looked_at = time.monotonic()  # another process does the work: nothing is stuck
            await _until(self._free, DOWN_SECONDS)
            return
        self._wake.clear()
        resting = self._pace.resting()
        for parcel in await self._take(set(resting)):
            self._pace.spend(parcel.chat)
            self._flying[parcel.chat] = asyncio.create_task(self._fly(parcel))
        self.looked_at = time.monotonic()
        idle = self._database.alone and not self._waiting and not self._flying
        poll = IDLE_POLL_SECONDS if idle else POLL_SECONDS
        await _until(self._wake, max(0.01, min([poll, *resting.values()])))

    async def _hold(self) -> bool:
        """Be the one deliverer; whoever becomes it delivers what the one before had begun."""
        now = time.monotonic()
        if self._holds and (self._database.alone or now < self._held_until):
            return True
        began = not self._holds
        wall = self._clock.wall()
        self._holds, spent = await self._database.write(self._lease, queue=True)
        self._held_until = now + RENEW_SECONDS
        if self._holds and began:
            self._pace.learn(spent, wall)
        return self._holds

    def _lease(self, session: Session) -> tuple[bool, list[Spent]]:
        """Whether we are the one; if we have just become it, what was spent before."""
        wall = self._clock.wall()
        alone = self._database.alone
        held = alone or leases.take(session, self._bot, LEASE_NAME, self._holder, wall)
        if not held or self._holds:
            return held, []
        if not self._flying:
            outgoing.free_rows(session, self._bot)
        since = wall - FULL_AFTER
        return held, outgoing.spent_since(session, self._bot, since) if self._pace.limited else []

    async def _take(self, resting: set[str]) -> list[Parcel]:
        outcomes, self._outcomes = self._outcomes, []
        room = self._pace.room(IN_FLIGHT - len(self._flying))
        flying, unsure = set(self._flying), self._unsure
        busy = resting | flying
        now, wall = self._clock.now(), self._clock.wall()
        spent = self._pace.unwritten(wall)

        def job(session: Session) -> tuple[list[Parcel], bool, Collection[str]]:
            self._settle(session, outcomes, now)
            outgoing.note_spent(session, self._bot, spent)
            if unsure:
                outgoing.let_go(session, self._bot, self._holder, flying)
            waiting = outgoing.any_pending(session, self._bot)
            if room <= 0 or not waiting:
                return [], waiting, addressed(session)
            taken = outgoing.take(session, self._bot, self._holder, now, wall, busy, room)
            return taken, waiting, addressed(session)

        try:
            parcels, self._waiting, bots = await self._database.write(job, queue=True)
        except BaseException:
            self._unsure = True
            self._outcomes = outcomes + self._outcomes
            raise
        self._unsure = False
        self._pace.written(spent)
        if outcomes:
            crash.point("deliver.settled")
        if parcels:
            crash.point("deliver.taken")
        self._committed(bots)
        return parcels

    async def _fly(self, parcel: Parcel) -> None:
        """Deliver one row; whatever happens, there is an outcome."""
        try:
            async with asyncio.timeout(FLIGHT_SECONDS):
                outcome = await self._deliver(parcel)
        except TimeoutError:
            outcome = self._again(parcel, TimedOut())
        except Unavailable:
            outcome = Outcome(parcel, "pending", counted=False)
        except Exception as error:
            log.error("delivery_failed", id=str(parcel.id), act=parcel.act, exc_info=error)
            outcome = self._dead(parcel, type(error).__name__)
        self._outcomes.append(outcome)
        del self._flying[parcel.chat]
        self._wake.set()

    async def _deliver(self, parcel: Parcel) -> Outcome:
        try:
            sent = await self._sending.send(parcel)
            crash.point("deliver.sent")
        except NotYet:
            return self._not_yet(parcel)
        except RetryAfter as error:
            await self._halts.told(parcel.chat, error)
            return Outcome(parcel, "pending", counted=False)
        except ChatMigrated as error:
            return await self._follow(parcel, str(error.new_chat_id))
        except Forbidden as error:
            return await self._forbidden(parcel, error.message)
        except BadRequest as error:
            if "chat not found" in error.message.lower():
                return await self._forbidden(parcel, error.message)
            return self._dead(parcel, f"BadRequest: {error.message}")
        except TelegramError as error:
            return self._again(parcel, error)
        counters.SENT.labels(parcel.act).inc()
        return Outcome(parcel, "sent", message=sent.message, digest=sent.digest)

    def _not_yet(self, parcel: Parcel) -> Outcome:
        if parcel.tries >= NOT_YET_TRIES:
            return self._dead(parcel, "its card was never delivered")
        return Outcome(parcel, "pending", not_before=self._clock.now() + NOT_YET)

    def _again(self, parcel: Parcel, error: TelegramError) -> Outcome:
        """The network, or Telegram itself: later, for a day."""
        name = type(error).__name__
        old = self._clock.now() - parcel.made_at > GIVE_UP_AGE
        if old and parcel.tries >= GIVE_UP_TRIES:
            return self._dead(parcel, name)
        seconds = min(MOST_BACK_OFF_SECONDS, 0.5 * 2.0 ** min(parcel.tries, 10))
        log.warning("delivery_postponed", id=str(parcel.id), error=name, tries=parcel.tries + 1)
        pause = timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        return Outcome(parcel, "pending", error=name, not_before=self._clock.now() + pause)

    def _dead(self, parcel: Parcel, reason: str) -> Outcome:
        # the row keeps what Telegram said; it may quote the message, so that the log may not
        kind = reason.partition(":")[0]
        if _is_missed_by_nobody(parcel, kind):
            log.info("message_dropped", id=str(parcel.id), act=parcel.act, reason=kind)
            return Outcome(parcel, "dropped", error=reason[:REASON])
        counters.DEAD.labels(kind).inc()
        log.warning("message_dead", id=str(parcel.id), act=parcel.act, reason=kind)
        return Outcome(parcel, "dead", error=reason[:REASON])

    async def _follow(self, parcel: Parcel, new_chat: str) -> Outcome:
        """The group has a new id: everything that is meant for it follows, this row too."""
        if parcel.tries >= NOT_YET_TRIES:
            return self._dead(parcel, "ChatMigrated: again and again")
        at, now = self._at(parcel), self._clock.now()
        await self._write(lambda session: self._doors.moved(session, at, new_chat, now))
        log.info("chat_migrated", id=str(parcel.id))
        return Outcome(parcel, "pending")

    async def _forbidden(self, parcel: Parcel, message: str) -> Outcome:
        """Blocked or thrown out: a reminder nobody receives is none, so the next is told."""
        if parcel.act == "leave":
            return Outcome(parcel, "sent")
        await self._write(lambda session: self._lose(session, parcel))
        return self._dead(parcel, f"Forbidden: {message.removeprefix('Forbidden: ')}")

    def _lose(self, session: Session, parcel: Parcel) -> None:
        """The group is ours no longer; or a person's cases go to the next in line."""
        now = self._clock.now()
        if parcel.chat.startswith("-"):
            return self._doors.removed(session, self._at(parcel), now)
        for district, person in outgoing.people_at(
            session, self._bot, parcel.platform, parcel.chat
        ):
            if outgoing.mark_unreachable(session, district, person):
                self._doors.unreachable(session, person, district, now)
        return None

    def _at(self, parcel: Parcel) -> Address:
        return Address(self._bot, parcel.chat, parcel.platform)

    async def _write(self, change: Callable[[Session], None]) -> None:
        def job(session: Session) -> Collection[str]:
            change(session)
            return addressed(session)

        self._committed(await self._database.write(job))


async def _until(happened: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await happened.wait()


def _is_missed_by_nobody(parcel: Parcel, kind: str) -> bool:
    """A reaction, a pin, buttons that stay; words for who belongs to no desk and is gone."""
    return parcel.act in UNMISSED or (parcel.district is None and kind == "Forbidden")
