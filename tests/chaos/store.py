"""The database of a simulated service: models/sqlite's own writer, without its thread.

Jobs wait for each other and share commits as they do there; when and how many is for the dice.
What can happen to a commit: it works, it fails, nobody learns that it worked, the machine dies
before it, or after it.
"""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from queue import PriorityQueue
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, event
from sqlmodel import Session

from models.database import Job, Unavailable, told_apart
from models.known import MEMORY
from models.sqlite import TOGETHER, _tell, _Work, _Writer, writing_engine

T = TypeVar("T")
WAIT = (0.0005, 0.02)  # seconds of one commit
COMPILED: dict[Any, Any] = {}  # statements, once for all lives


def engine_of(url: str) -> Engine:
    """The real writer's engine, which need not learn its statements anew in every life."""
    engine = writing_engine(url)
    engine.update_execution_options(compiled_cache=COMPILED)
    return engine


class Killed(BaseException):
    """The process that ran this exists no more."""


class Memory:
    """The one database file of a simulation: it outlives the service's lives."""

    def __init__(self, name: str, prepared: sqlite3.Connection) -> None:
        self.url = f"sqlite:///file:{name}?mode=memory&cache=shared&uri=true"
        self.raw = sqlite3.connect(f"file:{name}?mode=memory&cache=shared", uri=True)
        prepared.backup(self.raw)

    def close(self) -> None:
        self.raw.close()


class Writer(_Writer):
    """The real one's transactions, run by whoever calls `commit`."""

    def __init__(self, url: str, info: dict[str, Any]) -> None:
        self._engine = engine_of(url)
        self._info = info
        self._connection = None
        self._queue = PriorityQueue()
        self._ended = False
        self._watch = nullcontext()  # type: ignore[assignment]
        self.dead = False
        event.listen(self._engine, "commit", self._before_commit)

    def _before_commit(self, _connection: Connection) -> None:
        if self.dead:
            raise Killed

    def commit(self, works: list[_Work]) -> None:
        """All of them in one transaction."""
        while works:
            works = self._commit(works)
            if self.dead:
                raise Killed

    def let_go(self) -> None:
        self._drop_connection()


class Store:
    """models.database.Database for one life of the service. `die` ends that life."""

    alone = True

    def __init__(
        self, memory: Memory, info: dict[str, Any], dice: "Dice", die: Callable[[], None]
    ) -> None:
        self.url = memory.url
        self.together, self.writes = TOGETHER, 0
        info = {MEMORY: {}, **info}
        self._writer = Writer(memory.url, info)
        self._reader = Writer(memory.url, info)
        self._waiting: list[_Work] = []
        self._dice, self._die = dice, die
        self._planned = False

    @property
    def dead(self) -> bool:
        return self._writer.dead

    @property
    def pressed(self) -> bool:
        """A commit may be awaited at any moment."""
        return self._dice.hits("awaited")

    def kill(self) -> None:
        """From now on nothing is committed."""
        self._writer.dead = True

    def end(self) -> None:
        """The power is gone: what was not committed never was."""
        self.kill()
        self._writer.let_go()
        self._reader.let_go()

    async def write(self, job: Job[T], *, queue: bool = False, awaited: bool = False) -> T:
        self.check()
        self.writes += 1
        work = _Work(job, Future(), 0)
        self._waiting.append(work)
        if not self._planned:
            self._planned = True
            asyncio.get_running_loop().call_later(self._dice.seconds(*WAIT), self._turn)
        with told_apart(queue):
            result = await asyncio.wrap_future(work.future)
        self.check()
        return cast(T, result)

    async def read(self, job: Job[T]) -> T:
        self.check()
        await asyncio.sleep(self._dice.seconds(*WAIT) / 4)
        self.check()
        if self._dice.hits("unreadable"):
            raise Unavailable("simulated")
        connection, info = self._reader._connect(), dict(self._reader._info)
        with Session(connection, expire_on_commit=False, info=info) as session:
            return job(session)

    async def close(self) -> None:
        self.end()

    def check(self) -> None:
        """Raises Killed once this life has ended."""
        if self.dead:
            raise Killed

    def _turn(self) -> None:
        """Some of what waits, in one transaction."""
        self._planned = False
        if self.dead:
            return
        count = self._dice.count(len(self._waiting))
        works, self._waiting = self._waiting[:count], self._waiting[count:]
        if self._waiting:
            self._planned = True
            asyncio.get_running_loop().call_later(self._dice.seconds(*WAIT), self._turn)
        try:
            self._happens(self._dice.of_commit(), works)
        except Killed:
            self._die()

    def _happens(self, mishap: str, works: list[_Work]) -> None:
        if mishap == "commit_failed":
            return _all_unavailable(works)
        if mishap == "killed_before_commit":
            raise Killed
        if mishap == "works":
            return self._writer.commit(works)
        unheard = [_Work(work.run, Future(), work.rank) for work in works]
        self._writer.commit(unheard)
        if mishap == "killed_after_commit":
            raise Killed
        return _all_unavailable(works)


def _all_unavailable(works: list[_Work]) -> None:
    for work in works:
        _tell(work, None, Unavailable("simulated"))


class Dice:
    """All chance of a run comes from its seed. `chances`: of each mishap, while `on`.

    `happened` counts the mishaps that struck.
    """

    def __init__(self, seed: int, chances: dict[str, float]) -> None:
        self.random = random.Random(seed)
        self.chances = chances
        self.on = True
        self.happened: dict[str, int] = {}
        self.told: Callable[[str], None] = lambda _: None

    def seconds(self, least: float, most: float) -> float:
        """Mostly short, sometimes long."""
        return least + (most - least) * self.random.random() ** 3

    def count(self, most: int) -> int:
        return self.random.randint(1, max(most, 1))

    def hits(self, mishap: str) -> bool:
        """Whether this mishap strikes now."""
        struck = self.random.random() < self.chances.get(mishap, 0.0) and self.on
        if struck:
            self.happened[mishap] = self.happened.get(mishap, 0) + 1
            self.told(mishap)
        return struck

    def of_commit(self) -> str:
        for mishap in COMMIT:
            if self.hits(mishap):
                return mishap
        return "works"


COMMIT = ("commit_failed", "killed_before_commit", "killed_after_commit", "commit_unheard")
