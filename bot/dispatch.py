"""From the inbox to the handlers: chats in parallel, one chat in order, each update once."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import Session
from telegram.error import RetryAfter, TelegramError, TimedOut

from bot import counters
from bot.account import Account
from bot.clock import Clock
from bot.doors import Doors
from bot.halts import Halts
from handlers import updates
from handlers.turn import Answer, Event, Press, Said
from models import crash, inbox
from models.database import Database, Unavailable
from models.inbox import Claimed, Waiting
from services import texts
from services.outbox import About, Address, Message, Priority, addressed, put

# chats served at the same time by one process
LANES = 16
POLL_SECONDS = 1.0
# where no other process can have stored anything, being woken is enough; this is a safety net
ALONE_POLL_SECONDS = 10.0
PAUSE_SECONDS = 0.2
DOWN_SECONDS = 1.0
LOOK_UP_SECONDS = 10.0
# one update, with all that it waits for
UPDATE_SECONDS = 30.0
# what was begun when the service is told to stop
STOP_SECONDS = 15.0
# a press is worth an answer for about this long
PRESS_SECONDS = 15.0
ANSWER_TEXT = 200
ADMINISTRATORS = {"creator", "administrator"}

log = structlog.get_logger("bot.dispatch")


class Dispatch:
    """Works through one bot's inbox. `committed` is told which bots have something to send."""

    def __init__(
        self,
        account: Account,
        halts: Halts,
        database: Database,
        clock: Clock,
        doors: Doors,
        committed: Callable[[Collection[str]], None],
        holder: str,
    ) -> None:
        self._account = account
        self._halts = halts
        self._database = database
        self._clock = clock
        self._doors = doors
        self._committed = committed
        self._me = account.me
        self._holder = holder
        self._poll_seconds = ALONE_POLL_SECONDS if database.alone else POLL_SECONDS
        self._wake = asyncio.Event()
        self._lanes: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.Task[None]] = set()
        self._serving: set[str] = set()
        self._finished: list[str] = []
        # a claim may have been committed although its answer was lost
        self._unsure = False
        self._stopping = False
        self.looked_at = time.monotonic()

    def wake(self) -> None:
        """There is something new in the inbox."""
        self._wake.set()

    @property
    def full(self) -> bool:
        """Whether this process serves as many chats as it can."""
        return len(self._lanes) >= LANES

    @property
    def idle(self) -> bool:
        return not self._lanes and not self._finished

    async def run(self) -> None:
        """Until cancelled; then what was begun is finished and the chats are given back."""
        try:
            while True:
                await self._round()
        finally:
            await self._wind_up()
            await self._give_back()

    async def _wind_up(self) -> None:
        """Each chat finishes the update it is at, within a bound; the rest stays in the inbox."""
        self._stopping = True
        begun = self._lanes | self._answers
        if begun:
            _, late = await asyncio.wait(begun, timeout=STOP_SECONDS)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _round(self) -> None:
        self._wake.clear()
        try:
            claimed = await self._claim()
        except Unavailable as error:
            log.warning("database_unavailable", at_work="claim", reason=str(error))
            await asyncio.sleep(DOWN_SECONDS)
            return
        crash.point("dispatch.claimed")
        self.looked_at = time.monotonic()
        for each in claimed:
            self._serving.add(each.lane)
            _keep(self._lanes, self._serve(each))
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> list[Claimed]:
        finished, self._finished = self._finished, []
        room = LANES - len(self._lanes)
        wall = self._clock.wall()
        known = self._serving | set(finished) if self._unsure else None

        def job(session: Session) -> list[Claimed]:
            if known is not None:
                inbox.let_go(session, self._me.bot, self._holder, known)
            inbox.release(session, self._me.bot, self._holder, finished, wall)
            return inbox.claim(session, self._me.bot, self._holder, wall, room) if room else []

        try:
            claimed = await self._database.write(job, queue=True)
        except BaseException:
            self._finished += finished
            self._unsure = True
            raise
        self._unsure = False
        return claimed

    async def _give_back(self) -> None:
        finished, self._finished = self._finished, []
        wall = self._clock.wall()
        await self._database.write(
            lambda session: inbox.release(session, self._me.bot, self._holder, finished, wall),
            queue=True,
        )

    async def _serve(self, claimed: Claimed) -> None:
        """One chat's turn: its updates one after the other, until one must be tried again."""
        try:
            for waiting in claimed.updates:
                if self._stopping or not await self._one(waiting):
                    break
        except Unavailable as error:
            log.warning("database_unavailable", at_work="handle", reason=str(error))
            await asyncio.sleep(DOWN_SECONDS)
        finally:
            self._serving.discard(claimed.lane)
            self._finished.append(claimed.lane)
            self._wake.set()

    async def _one(self, waiting: Waiting) -> bool:
        """False: it failed and is to be tried again before what follows it."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(UPDATE_SECONDS):
                answers, bots = await self._commit(waiting)
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(waiting, error)
        crash.point("dispatch.committed")
        counters.HANDLED.inc()
        counters.HANDLING.observe(time.monotonic() - began)
        self._committed(bots)
        self._answer(waiting, answers)
        return True

    async def _commit(self, waiting: Waiting) -> tuple[list[Answer], Collection[str]]:
        update = updates.decode(waiting.payload)
        event = updates.event(update, self._me) if update else None
        if event is not None:
            event = await self._with_facts(event)
        now = self._clock.now()

        def unit(session: Session) -> tuple[list[Answer], Collection[str]]:
            if not inbox.finish(session, self._me.bot, waiting.id, now) or event is None:
                return [], ()
            answers = self._doors.handle(session, event, self._me, now)
            crash.point("dispatch.handled")
            return answers, addressed(session)

        return await self._database.write(unit)

    async def _with_facts(self, event: Event) -> Event:
        """What the network knows is asked before the unit of work, never inside."""
        if not isinstance(event, Said) or event.private:
            return event
        if event.command not in self._doors.needs_group_admin:
            return event
        if event.sender.anonymous_admin:
            return replace(event, group_admin=True)
        return replace(event, group_admin=await self._is_admin(event))

    async def _is_admin(self, said: Said) -> bool | None:
        """None: the platform doesn't say."""
        params = {"chat_id": said.at.chat, "user_id": int(said.sender.address)}
        try:
            member = await self._call(said.at.chat, "getChatMember", params, LOOK_UP_SECONDS)
        except TelegramError as error:
            log.warning("look_up_failed", error=type(error).__name__)
            return None
        return member["status"] in ADMINISTRATORS

    async def _call(self, chat: str, method: str, params: dict[str, Any], seconds: float) -> Any:
        """A call that obeys halts; once more after a 429. Raises TelegramError."""
        for last in (False, True):
            if not await self._halts.rest(chat, seconds):
                raise TimedOut
            try:
                return await self._account.call(method, params, seconds)
            except RetryAfter as error:
                await self._halts.told(chat, error)
                if last:
                    raise
        raise AssertionError("the last try answers or raises")

    def _answer(self, waiting: Waiting, answers: list[Answer]) -> None:
        """A press is answered at once, also with nothing: its button stops spinning."""
        query = waiting.payload.get("callback_query")
        if query:
            answer = answers[0] if answers else Answer()
            _keep(self._answers, self._call_answer(waiting.lane, query["id"], answer))

    async def _call_answer(self, chat: str, query: str, answer: Answer) -> None:
        params: dict[str, Any] = {"callback_query_id": query}
        if answer.url:
            params["url"] = answer.url
        elif answer.text:
            params |= {"text": answer.text[:ANSWER_TEXT], "show_alert": answer.alert}
        try:
            await self._call(chat, "answerCallbackQuery", params, PRESS_SECONDS)
        except TelegramError as error:
            # too old, or the network: what the press did is done and shown by its card
            log.info("answer_failed", error=type(error).__name__)

    async def _failed(self, waiting: Waiting, error: Exception) -> bool:
        name = type(error).__name__
        counters.FAILED.labels(name).inc()
        last, bots = await self._record(waiting, name)
        log.error("update_failed", id=str(waiting.id), last_try=last, exc_info=error)
        if last:
            self._committed(bots)
            self._answer(waiting, [])
            return True
        await asyncio.sleep(PAUSE_SECONDS)
        return False

    async def _record(self, waiting: Waiting, error: str) -> tuple[bool, Collection[str]]:
        """Count the failure; True, and to whom to send, if the update is given up."""
        now = self._clock.now()

        def job(session: Session) -> tuple[bool, Collection[str]]:
            last = inbox.fail(session, self._me.bot, waiting.id, error, now)
            if last:
                self._tell(session, waiting, error, now)
            return last, addressed(session)

        return await self._database.write(job)

    def _tell(self, session: Session, waiting: Waiting, error: str, now: datetime) -> None:
        """Who caused it gets one apology, an administrator is told; a failure here ends here."""
        at = Address(self._me.bot, waiting.lane, self._me.platform)
        update = updates.decode(waiting.payload)
        try:
            with session.begin_nested():
                event = updates.event(update, self._me) if update else None
                if isinstance(event, (Said, Press)):
                    self._apologize(session, event, waiting.id, now)
                self._doors.given_up(session, at, waiting.id, error, now)
        except Exception as problem:
            log.error("telling_failed", id=str(waiting.id), exc_info=problem)

    def _apologize(self, session: Session, event: Said | Press, key: UUID, now: datetime) -> None:
        language = texts.language_of(event.sender.language)
        text = texts.say("sorry.failed", language, number=inbox.number_of(key))
        reply_to = event.message if isinstance(event, Said) else None
        about = About(priority=Priority.ANSWER, dedupe=f"sorry:{key}")
        put(session, event.at, Message(text, reply_to=reply_to), now, about)


def _keep(tasks: set[asyncio.Task[None]], work: Any) -> None:
    """Start a task and hold on to it until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
