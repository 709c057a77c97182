"""From the inbox to the handlers: chats in parallel, one chat in order, each update once."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from telegram.error import RetryAfter, TelegramError, TimedOut

from bot import counters
from bot.account import Account
from bot.clock import Clock
from bot.doors import Doors
from bot.halts import Halts
from handlers import updates
from handlers.turn import Answer, Event, Overheard, Press, Said
from models import crash, inbox
from models.append import savepoint
from models.database import Database, TooLong, Unavailable
from models.inbox import Claimed, Waiting
from services import texts
from services.buttons import JOINT
from services.outbox import About, Address, Message, Priority, addressed, put

# chats served at the same time by one process
LANES = 64
POLL_SECONDS = 1.0
# where no other process can have stored anything, being woken is enough; this is a safety net
ALONE_POLL_SECONDS = 30.0
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


@dataclass(frozen=True, slots=True)
class _Read:
    """A stored update, and what it says (None: nothing that concerns us)."""

    waiting: Waiting
    event: Event | None


@dataclass(slots=True)
class _Chat:
    """A chat that is being served, and what is still to be handled of it in this turn."""

    lane: str
    waiting: deque[_Read]


@dataclass(frozen=True, slots=True)
class _Handled:
    """What became of an update in a unit of work that it shared."""

    read: _Read
    answers: list[Answer] = field(default_factory=list)
    error: Exception | None = None


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
        self._tasks: set[asyncio.Task[None]] = set()
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
        return len(self._serving) >= LANES

    @property
    def idle(self) -> bool:
        return not self._tasks and not self._finished

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
        begun = self._tasks | self._answers
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
        self._serving.update(each.lane for each in claimed)
        for share in _shares(claimed, self._database.together):
            _keep(self._tasks, self._serve_together(share))
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> list[Claimed]:
        finished, self._finished = self._finished, []
        room = LANES - len(self._serving)
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
        """All of our chats, also those that we were given without hearing of it."""
        finished, self._finished = self._finished, []
        wall = self._clock.wall()

        def job(session: Session) -> None:
            inbox.let_go(session, self._me.bot, self._holder, finished)
            inbox.release(session, self._me.bot, self._holder, finished, wall)

        await self._database.write(job, queue=True)

    async def _serve_together(self, share: Sequence[Claimed]) -> None:
        """Some chats' turn: what waits for nothing shares units of work, the rest goes alone."""
        chats: list[_Chat] = []
        for each in share:
            chat = _Chat(each.lane, deque(self._read(each.updates)))
            if any(self._asks(one.event) for one in chat.waiting):
                _keep(self._tasks, self._serve_alone(chat))
            else:
                chats.append(chat)
        try:
            while not self._stopping and (batch := _batch(chats, self._database.together)):
                stopped, rest = await self._commit_together(batch)
                _put_back(chats, rest)
                _keep(self._tasks, self._let_go_later(_take_out(chats, stopped)))
        except Unavailable as error:
            log.warning("database_unavailable", at_work="handle", reason=str(error))
            await asyncio.sleep(DOWN_SECONDS)
        finally:
            self._let_go(chats)

    async def _serve_alone(self, chat: "_Chat") -> None:
        """One chat's turn: its updates one after the other, until one must be tried again."""
        try:
            while chat.waiting and not self._stopping:
                if not await self._one(chat.waiting.popleft()):
                    await asyncio.sleep(PAUSE_SECONDS)
                    break
        except Unavailable as error:
            log.warning("database_unavailable", at_work="handle", reason=str(error))
            await asyncio.sleep(DOWN_SECONDS)
        finally:
            self._let_go([chat])

    def _let_go(self, chats: Sequence["_Chat"]) -> None:
        lanes = [each.lane for each in chats]
        self._serving.difference_update(lanes)
        self._finished += lanes
        self._wake.set()

    async def _let_go_later(self, chats: Sequence["_Chat"]) -> None:
        """Something in them failed and is to be tried again, after a moment."""
        if chats:
            await asyncio.sleep(PAUSE_SECONDS)
            self._let_go(chats)

    def _read(self, waiting: Sequence[Waiting]) -> Iterator["_Read"]:
        for each in waiting:
            update = updates.decode(each.payload)
            yield _Read(each, updates.event(update, self._me) if update else None)

    async def _commit_together(
        self, batch: Sequence["_Read"]
    ) -> tuple[set[str], Sequence["_Read"]]:
        """Handle a batch in one unit of work; if that is undone, each update in its own.

        Returns the chats whose turn is over, since something in them is to be tried again, and
        what was not begun.
        """
        began, now = time.monotonic(), self._clock.now()
        try:
            async with asyncio.timeout(UPDATE_SECONDS):
                handled, bots = await self._database.write(
                    lambda session: self._unit(session, batch, now)
                )
        except Unavailable:
            raise
        except Exception as error:
            log.info("batch_undone", updates=len(batch), error=type(error).__name__)
            return await self._commit_apart(batch), ()
        self._count(len(handled), began)
        self._committed(bots)
        for each in handled:
            self._answer(each.read.waiting, each.answers)
        reached = {each.read.waiting.id for each in handled}
        rest = [each for each in batch if each.waiting.id not in reached]
        return await self._settle_failures(handled), rest

    async def _commit_apart(self, batch: Sequence["_Read"]) -> set[str]:
        stopped: set[str] = set()
        for each in batch:
            if each.waiting.lane not in stopped and not await self._one(each):
                stopped.add(each.waiting.lane)
        return stopped

    def _unit(
        self, session: Session, batch: Sequence["_Read"], now: datetime
    ) -> tuple[list["_Handled"], Collection[str]]:
        """Each update in a savepoint of its own: one that fails takes nobody with it, and what
        follows it in its chat waits. Ends early when Telegram waits for a commit."""
        new = inbox.still_new(session, self._me.bot, [each.waiting.id for each in batch])
        handled: list[_Handled] = []
        failed: set[str] = set()
        for each in batch:
            if each.waiting.lane in failed:
                continue
            if each.waiting.id not in new or each.event is None:
                handled.append(_Handled(each))
                continue
            handled.append(self._try(session, each, each.event, now))
            if handled[-1].error is not None:
                failed.add(each.waiting.lane)
            if self._database.pressed:
                break  # the rest shares the next
        done = [each.read.waiting.id for each in handled if each.error is None]
        inbox.finish_all(session, self._me.bot, done, now)
        return handled, addressed(session)

    def _try(self, session: Session, read: "_Read", event: Event, now: datetime) -> "_Handled":
        try:
            with savepoint(session, late=True):
                answers = self._handle(session, read.waiting, event, now)
        except (DBAPIError, TooLong):
            raise  # not of this update alone
        except Exception as error:
            return _Handled(read, error=error)
        return _Handled(read, answers)

    async def _settle_failures(self, handled: Sequence["_Handled"]) -> set[str]:
        """What failed is counted; unless it is given up, its chat waits for the next try."""
        stopped: set[str] = set()
        for each in handled:
            if each.error is not None and not await self._failed(each.read.waiting, each.error):
                stopped.add(each.read.waiting.lane)
        return stopped

    def _count(self, updates: int, began: float) -> None:
        """They are committed, and nobody has been told yet."""
        crash.point("dispatch.committed")
        counters.HANDLED.inc(updates)
        seconds = time.monotonic() - began
        for _ in range(updates):
            counters.HANDLING.observe(seconds)

    async def _one(self, read: "_Read") -> bool:
        """False: it failed and is to be tried again before what follows it."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(UPDATE_SECONDS):
                answers, bots = await self._commit(read)
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(read.waiting, error)
        self._count(1, began)
        self._committed(bots)
        self._answer(read.waiting, answers)
        return True

    async def _commit(self, read: "_Read") -> tuple[list[Answer], Collection[str]]:
        waiting, event = read.waiting, read.event
        if event is not None:
            event = await self._with_facts(event)
        now = self._clock.now()

        def unit(session: Session) -> tuple[list[Answer], Collection[str]]:
            if not inbox.finish(session, self._me.bot, waiting.id, now) or event is None:
                return [], ()
            return self._handle(session, waiting, event, now), addressed(session)

        return await self._database.write(unit)

    def _handle(
        self, session: Session, waiting: Waiting, event: Event, now: datetime
    ) -> list[Answer]:
        answers = self._doors.handle(session, event, self._me, now)
        if isinstance(event, Overheard):  # nobody has said it to us: not even whose it was is kept
            inbox.empty(session, self._me.bot, waiting.id)
        crash.point("dispatch.handled")
        return answers

    def _asks(self, event: Event | None) -> bool:
        """Whether the network must be asked something first."""
        if not isinstance(event, (Said, Press)) or event.private:
            return False
        what = event.command if isinstance(event, Said) else event.data.partition(JOINT)[0]
        return what in self._doors.needs_group_admin

    async def _with_facts(self, event: Event) -> Event:
        """What the network knows is asked before the unit of work, never inside."""
        if not isinstance(event, (Said, Press)) or not self._asks(event):
            return event
        if event.sender.anonymous_admin:
            return replace(event, group_admin=True)
        return replace(event, group_admin=await self._is_admin(event))

    async def _is_admin(self, said: Said | Press) -> bool | None:
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
            with savepoint(session):
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


def _shares(claimed: Sequence[Claimed], most: int) -> Iterator[Sequence[Claimed]]:
    """At most `most` chats each: they are served side by side."""
    for start in range(0, len(claimed), most):
        yield claimed[start : start + most]


def _batch(chats: Sequence[_Chat], most: int) -> list[_Read]:
    """The chats' next updates, each chat's in its order, everybody's first before anybody's second;
    at most `most`."""
    found: list[_Read] = []
    while len(found) < most and (waiting := [each for each in chats if each.waiting]):
        found += [each.waiting.popleft() for each in waiting[: most - len(found)]]
    return found


def _put_back(chats: Sequence[_Chat], rest: Sequence[_Read]) -> None:
    """What was not begun comes first in its chat again."""
    of = {each.lane: each.waiting for each in chats}
    for each in reversed(rest):
        of[each.waiting.lane].appendleft(each)


def _take_out(chats: list[_Chat], lanes: Collection[str]) -> list[_Chat]:
    """Remove the chats of these names; returns them."""
    gone = [each for each in chats if each.lane in lanes]
    chats[:] = [each for each in chats if each.lane not in lanes]
    return gone


def _keep(tasks: set[asyncio.Task[None]], work: Any) -> None:
    """Start a task and hold on to it until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
