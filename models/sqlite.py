"""SQLite: one writing thread whose jobs share commits, and readers that can't write.

Competing writers starve each other, and SQLite before 3.51.3 can damage its log under two of
them: so there is one, and a lock file keeps a second process out.
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import Empty, PriorityQueue
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from models.database import Job, Taken, Unavailable, told_apart
from models.known import forget_stamps
from models.measures import COMMITTING
from models.statement import RAW
from models.watch import Watch

T = TypeVar("T")

# updates that may share a unit of work; more would save little
TOGETHER = 10
# jobs that share one commit; more would make the first wait for the last
GROUP = 256
# and after this the commit comes, so that who waits for it doesn't wait for those after them
GROUP_SECONDS = 0.01
READERS = 4
JOB_SECONDS = 2.0
BUSY_MILLISECONDS = 5_000
WAL_BYTES = 64 * 1024 * 1024
# seconds without work after which the log is emptied: what was erased would else stay readable
# there until something happens to be written over it
IDLE_SECONDS = 5.0

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    # what a person has had deleted must not stay readable in free pages
    "PRAGMA secure_delete = ON",
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    f"PRAGMA journal_size_limit = {WAL_BYTES}",
)
_TROUBLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
}


@dataclass(slots=True)
class _Work:
    """A job and where its result is awaited."""

    run: Job[Any]
    future: "Future[Any]"
    rank: int


_Done = tuple[_Work, Any, BaseException | None]

# who is served first: what Telegram waits for, what keeps the queues, then units of work
_AWAITED, _QUEUES, _UNITS, _AT_THE_END = range(4)
_Place = tuple[int, int, _Work | None]


class SqliteDatabase:
    """A file, one writer, a few readers (models.database.Database)."""

    alone = True

    def __init__(self, url: str, info: dict[str, Any]) -> None:
        self.url = url
        path = path_of(url)
        self._lock = hold(path)
        self.writes = 0
        self._writer = _Writer(url, info)
        self._reader = _Reader(path, info)

    @property
    def together(self) -> int:
        return TOGETHER

    @property
    def pressed(self) -> bool:
        """Telegram waits for a commit that can't be made before the unit under way ends."""
        return self._writer.pressed

    async def write(self, job: Job[T], *, queue: bool = False, awaited: bool = False) -> T:
        try:
            with told_apart(queue):
                rank = _AWAITED if awaited else _QUEUES if queue else _UNITS
                return cast(T, await asyncio.wrap_future(self._writer.submit(job, rank)))
        finally:
            self.writes += 1

    async def read(self, job: Job[T]) -> T:
        return cast(T, await asyncio.wrap_future(self._reader.submit(job)))

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.stop)
        self._reader.stop()
        self._lock.close()


def path_of(url: str) -> Path:
    """The file that a sqlite:/// address names."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ValueError("SQLite needs a file: sqlite:///linli.db")
    return Path(name)


def writing_engine(url: str) -> Engine:
    """An engine whose transactions begin as writers, so that none fails half-way for a lock."""
    engine = create_engine(
        make_url(url),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: Any, _record: Any) -> None:
    # the driver's own BEGIN comes too late for savepoints
    raw.isolation_level = None
    for setting in _SETTINGS:
        raw.execute(setting)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def hold(path: Path) -> IO[str]:
    """The lock file, locked until it is closed or the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite would make it readable by all; its log and shared memory take the same mode
    path.touch(mode=0o600)
    lock = Path(f"{path}.lock").open("a+", encoding="ascii")  # noqa: SIM115 - held on purpose
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Taken(str(path)) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


class _Writer:
    """The thread that holds the only writing connection."""

    def __init__(self, url: str, info: dict[str, Any]) -> None:
        self._engine = writing_engine(url)
        self._info = info
        self._connection: Connection | None = None
        self._queue: PriorityQueue[_Place] = PriorityQueue()
        self._numbers = count()
        self._ended = False
        self._watch = Watch(JOB_SECONDS, self._interrupt)
        self._thread = threading.Thread(target=self._main, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job[Any], rank: int) -> "Future[Any]":
        if self._ended:
            raise Unavailable("the database is closed")
        work = _Work(job, Future(), rank)
        self._queue.put((rank, next(self._numbers), work))
        return work.future

    @property
    def pressed(self) -> bool:
        try:
            return self._queue.queue[0][0] == _AWAITED
        except IndexError:
            return False

    def stop(self) -> None:
        self._ended = True
        self._queue.put((_AT_THE_END, next(self._numbers), None))
        self._thread.join()

    def _main(self) -> None:
        self._watch.start()
        while (first := self._first()) is not None:
            waiting = [first]
            while waiting:
                waiting = self._commit(waiting)
        self._watch.stop()
        self._drop_connection()

    def _first(self) -> _Work | None:
        """What comes next, however long that takes; meanwhile the log is emptied."""
        emptied = False
        while not emptied:
            try:
                return self._queue.get(timeout=IDLE_SECONDS)[2]
            except Empty:
                emptied = self._empty_log()
        return self._queue.get()[2]

    def _empty_log(self) -> bool:
        """False: somebody is reading, so it must be tried again."""
        if self._connection is None:
            return True
        raw = _raw(self._connection)
        try:
            raw.execute("PRAGMA busy_timeout = 0")
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        except sqlite3.Error:  # a full or broken disk: the next commit says so
            return False
        return not busy

    def _commit(self, waiting: list[_Work]) -> list[_Work]:
        """Run the jobs in one transaction; answers those that must be run once more."""
        done: list[_Done] = []
        try:
            connection = self._connect()
            transaction = connection.begin()
            if not self._fill(connection, waiting, done):
                # the last job broke the transaction that all share: the others start again
                self._drop_connection()
                _tell(*done.pop())
                return [work for work, _, _ in done] + waiting
            with COMMITTING.time():
                transaction.commit()
        except Exception as error:
            self._drop_connection()
            return _fail_all([work for work, _, _ in done] + waiting, error)
        for each in done:
            _tell(*each)
        return []

    def _fill(self, connection: Connection, waiting: list[_Work], done: list[_Done]) -> bool:
        """Run what waits and what arrives meanwhile; False: the last one broke everything."""
        end = time.monotonic() + GROUP_SECONDS
        while work := self._next(waiting, done, end):
            result, problem = self._run(connection, work.run)
            alive = _raw(connection).in_transaction
            done.append((work, result, problem if alive else _named(problem)))
            if not alive:
                return False
        return True

    def _next(self, waiting: list[_Work], done: list[_Done], end: float) -> _Work | None:
        if waiting:
            return waiting.pop(0)
        if len(done) >= GROUP or (done and time.monotonic() > end):
            return None
        try:
            place = self._queue.get_nowait()
        except Empty:
            return None
        work = place[2]
        awaited = any(each.rank == _AWAITED for each, _, _ in done)
        if work is None or (awaited and work.rank == _UNITS):
            # Telegram waits for what was done: its commit comes before the next unit of work
            self._queue.put(place)
            return None
        return work

    def _run(self, connection: Connection, job: Job[Any]) -> tuple[Any, BaseException | None]:
        """A job in a savepoint of its own: (its result, None) or (None, what it raised)."""
        raw = _raw(connection)
        # the session leaves the transaction alone: the savepoint is ours, and cheaper than its own
        session = Session(
            connection,
            join_transaction_mode="rollback_only",
            expire_on_commit=False,
            info=self._info | {RAW: raw},
        )
        try:
            raw.execute("SAVEPOINT job")
            with self._watch:
                result = job(session)
                session.commit()
            raw.execute("RELEASE SAVEPOINT job")
            return result, None
        except BaseException as error:
            self._undo(connection)
            return None, _named(error)
        finally:
            _close(session)

    def _undo(self, connection: Connection) -> None:
        """What a job did, if the error has left the transaction in which it did it."""
        raw = _raw(connection)
        forget_stamps(connection)
        with suppress(sqlite3.Error):
            if raw.in_transaction:
                raw.execute("ROLLBACK TO SAVEPOINT job")
                raw.execute("RELEASE SAVEPOINT job")

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _interrupt(self) -> None:
        connection = self._connection
        if connection is not None:
            _raw(connection).interrupt()


class _Reader:
    """A few threads with connections that can't write."""

    def __init__(self, path: Path, info: dict[str, Any]) -> None:
        self._engine = create_engine(
            "sqlite://",
            creator=lambda: _open_readonly(path),
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(self._engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
        self._info = info
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")

    def submit(self, job: Job[Any]) -> "Future[Any]":
        return self._pool.submit(self._run, job)

    def stop(self) -> None:
        self._pool.shutdown(wait=True)

    def _run(self, job: Job[Any]) -> Any:
        try:
            with Session(self._connect(), expire_on_commit=False, info=dict(self._info)) as session:
                return job(session)
        except DBAPIError as error:
            self._local.connection = None
            raise _named(error) from None

    def _connect(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._engine.connect()
        return connection


def _open_readonly(path: Path) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    raw = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    raw.execute("PRAGMA query_only = ON")
    return raw


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def _close(session: Session) -> None:
    try:
        session.close()
    except DBAPIError:
        # the savepoint went with its transaction; the writer sees that by itself
        session.invalidate()


def _named(error: BaseException | None) -> BaseException:
    """Unavailable if the file system is to blame, else the error itself."""
    if error is None:
        return Unavailable("the transaction was broken")
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _TROUBLE:
        return Unavailable(f"SQLite error {code}")
    return error


def _fail_all(works: list[_Work], error: BaseException) -> list[_Work]:
    for work in works:
        _tell(work, None, _named(error))
    return []


def _tell(work: _Work, result: Any, problem: BaseException | None) -> None:
    if not work.future.set_running_or_notify_cancel():
        return
    if problem is not None:
        work.future.set_exception(problem)
    else:
        work.future.set_result(result)
