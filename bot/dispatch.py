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
from telegram.error import TelegramError

from bot import counters
from bot.account import Account
from bot.clock import Clock
from handlers import updates
from handlers.turn import Answer, Event, Press, Said
from handlers.updates import Me
from models import crash, inbox
from models.database import Database, Unavailable
from models.inbox import Claimed, Waiting
from services import texts
from services.outbox import About, Message, Priority, put

Handle = Callable[[Session, Event, Me, datetime], list[Answer]]

# chats served at the same time by one process
LANES = 16
POLL_SECONDS = 1.0
# where no other process can have stored anything, being woken is enough; this is a safety net
ALONE_POLL_SECONDS = 10.0
PAUSE_SECONDS = 0.2
DOWN_SECONDS = 1.0
LOOK_UP_SECONDS = 10.0
ANSWER_TEXT = 200
ADMINISTRATORS = {"creator", "administrator"}

log = structlog.get_logger("bot.dispatch")


class Dispatch:
    """Works through one bot's inbox. `committed` is called after every commit."""

    def __init__(
        self,
        account: Account,
        database: Database,
        clock: Clock,
        handle: Handle,
        needs_group_admin: Collection[str],
        committed: Callable[[], None],
        holder: str,
    ) -> None:
        self._account = account
        self._database = database
        self._clock = clock
        self._handle = handle
        self._needs_group_admin = needs_group_admin
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
            await asyncio.gather(*self._lanes, *self._answers, return_exceptions=True)
            await self._give_back()

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
                if not await self._one(waiting):
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
            answers = await self._commit(waiting)
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(waiting, error)
        crash.point("dispatch.committed")
        counters.HANDLED.inc()
        counters.HANDLING.observe(time.monotonic() - began)
        self._committed()
        self._answer(waiting, answers)
        return True

    async def _commit(self, waiting: Waiting) -> list[Answer]:
        update = updates.decode(waiting.payload)
        event = updates.event(update, self._me) if update else None
        if event is not None:
            event = await self._with_facts(event)
        now = self._clock.now()

        def unit(session: Session) -> list[Answer]:
            if not inbox.finish(session, self._me.bot, waiting.id, now) or event is None:
                return []
            answers = self._handle(session, event, self._me, now)
            crash.point("dispatch.handled")
            return answers

        return await self._database.write(unit)

    async def _with_facts(self, event: Event) -> Event:
        """What the network knows is asked before the unit of work, never inside."""
        if not isinstance(event, Said) or event.private:
            return event
        if event.command not in self._needs_group_admin:
            return event
        if event.sender.anonymous_admin:
            return replace(event, group_admin=True)
        return replace(event, group_admin=await self._is_admin(event))

    async def _is_admin(self, said: Said) -> bool | None:
        """None: the platform doesn't say."""
        params = {"chat_id": said.at.chat, "user_id": int(said.sender.address)}
        try:
            member = await self._account.call("getChatMember", params, LOOK_UP_SECONDS)
        except TelegramError as error:
            log.warning("look_up_failed", error=type(error).__name__)
            return None
        return member["status"] in ADMINISTRATORS

    def _answer(self, waiting: Waiting, answers: list[Answer]) -> None:
        """A press is answered at once, also with nothing: its button stops spinning."""
        query = waiting.payload.get("callback_query")
        if query:
            answer = answers[0] if answers else Answer()
            _keep(self._answers, self._call_answer(query["id"], answer))

    async def _call_answer(self, query: str, answer: Answer) -> None:
        params: dict[str, Any] = {"callback_query_id": query}
        if answer.url:
            params["url"] = answer.url
        elif answer.text:
            params |= {"text": answer.text[:ANSWER_TEXT], "show_alert": answer.alert}
        try:
            await self._account.call("answerCallbackQuery", params)
        except TelegramError as error:
            # too old, or the network: what the press did is done and shown by its card
            log.info("answer_failed", error=type(error).__name__)

    async def _failed(self, waiting: Waiting, error: Exception) -> bool:
        name = type(error).__name__
        counters.FAILED.labels(name).inc()
        now = self._clock.now()
        last = await self._database.write(lambda session: self._record(session, waiting, name, now))
        log.error("update_failed", id=str(waiting.id), last_try=last, exc_info=error)
        if last:
            self._committed()
            self._answer(waiting, [])
            return True
        await asyncio.sleep(PAUSE_SECONDS)
        return False

    def _record(self, session: Session, waiting: Waiting, error: str, now: datetime) -> bool:
        """Count the failure; whoever caused an update that is given up gets one apology."""
        last = inbox.fail(session, self._me.bot, waiting.id, error, now)
        update = updates.decode(waiting.payload)
        event = updates.event(update, self._me) if last and update else None
        if isinstance(event, (Said, Press)):
            self._apologize(session, event, waiting.id, now)
        return last

    def _apologize(self, session: Session, event: Said | Press, key: UUID, now: datetime) -> None:
        language = texts.language_of(event.sender.language)
        number = str(key)[-6:].upper()
        text = texts.say("sorry.failed", language, number=number)
        reply_to = event.message if isinstance(event, Said) else None
        about = About(priority=Priority.ANSWER, dedupe=f"sorry:{key}")
        put(session, event.at, Message(text, reply_to=reply_to), now, about)


def _keep(tasks: set[asyncio.Task[None]], work: Any) -> None:
    """Start a task and hold on to it until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
