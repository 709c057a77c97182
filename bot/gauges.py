"""What /metrics shows of the state of things, measured when somebody looks and at no other time.

Of several processes on one database each shows the same queues: take the largest, not the sum.
"""

import asyncio
import platform as machine
import sqlite3
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import structlog
from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import Session

from bot.clock import Clock
from bot.config import Settings
from bot.disk import free_bytes
from bot.doctor.platform import platform_time
from models.backlog import Backlog, backlog, reach
from models.database import Database, Unavailable
from models.sqlite import path_of

# several watchers, one question to the database
FRESH_SECONDS = 5.0
SLOW_SECONDS = 60.0
CLOCK_SECONDS = 600.0
WAIT_SECONDS = 4.0
PRIORITIES = {0: "urgent", 1: "answer", 2: "notice", 3: "digest"}

BUILD = Gauge("linli_build_info", "Which release runs on what", ["version", "python", "sqlite"])
READY = Gauge("linli_ready", "Whether a part of this process works (1) or not (0)", ["part"])
UPDATES = Gauge("linli_inbox_waiting", "Updates that were received and not handled yet")
UPDATES_OLDEST = Gauge("linli_inbox_oldest_seconds", "How long the oldest of them has waited")
UPDATES_FAILED = Gauge("linli_inbox_failed", "Updates that failed three times")
CHATS = Gauge("linli_inbox_chats", "Chats that have work")
MESSAGES = Gauge("linli_outbox_waiting", "Messages that may be sent now", ["priority"])
MESSAGES_OLDEST = Gauge(
    "linli_outbox_oldest_seconds", "How long the oldest of them has waited", ["priority"]
)
MESSAGES_HELD = Gauge("linli_outbox_held", "Messages for later")
MESSAGES_DEAD = Gauge("linli_outbox_dead", "Messages that can't be delivered")
DUES = Gauge("linli_due_waiting", "Reminders that are due and have not fired")
DUES_LATE = Gauge("linli_due_late_seconds", "How late the oldest of them is")
HALTED = Gauge("linli_halted_chats", "Chats that Telegram wants left alone")
HALTED_ALL = Gauge("linli_halted_bot", "Whether Telegram wants a whole bot to pause")
PEOPLE = Gauge("linli_people", "People with a role")
UNREACHABLE = Gauge("linli_people_unreachable", "Those of them who can't be written to", ["why"])
DATABASE_BYTES = Gauge("linli_database_bytes", "Size of the database")
WAL_BYTES = Gauge("linli_wal_bytes", "Size of SQLite's write-ahead log")
FREE_BYTES = Gauge("linli_disk_free_bytes", "Free space where we write", ["what"])
BACKUP_AGE = Gauge("linli_backup_age_seconds", "Age of the newest backup in backup.folder")
CLOCK_OFF = Gauge("linli_clock_off_seconds", "Our clock less Telegram's")

log = structlog.get_logger("bot.gauges")


class Gauges:
    """One service's gauges. `ready` names its parts and whether each works."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        ready: Callable[[], Awaitable[dict[str, bool]]],
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ready = ready
        self._done: dict[str, float] = {}
        self._one_at_a_time = asyncio.Lock()
        self._asking: asyncio.Task[None] | None = None
        url = settings.database.url
        lite = make_url(url).get_backend_name() == "sqlite"
        self._file: Path | None = path_of(url) if lite else None
        BUILD.labels(version("linli"), machine.python_version(), sqlite3.sqlite_version).set(1)

    async def refresh(self) -> None:
        """Bring them up to date; what can't be measured within a few seconds stays as it was."""
        async with self._one_at_a_time:
            if not self._is_due("fresh", FRESH_SECONDS):
                return
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._measure()
            except (Unavailable, TimeoutError) as error:
                log.warning("not_measured", error=type(error).__name__)

    async def _measure(self) -> None:
        for part, works in (await self._ready()).items():
            READY.labels(part).set(works)
        await asyncio.to_thread(self._look_at_disks)
        now, wall = self._clock.now(), self._clock.wall()
        _show(await self._database.read(lambda session: backlog(session, now, wall)), now)
        if self._is_due("slow", SLOW_SECONDS):
            await self._database.read(self._ask_slowly)
        if self._is_due("clock", CLOCK_SECONDS):
            self._asking = asyncio.create_task(self._ask_the_time())

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._done.get(what, float("-inf")) < seconds:
            return False
        self._done[what] = now
        return True

    def _look_at_disks(self) -> None:
        FREE_BYTES.labels("files").set(free_bytes(self._settings.files.folder))
        if self._file is not None:
            FREE_BYTES.labels("database").set(free_bytes(self._file.parent))
            DATABASE_BYTES.set(_size(self._file))
            WAL_BYTES.set(_size(Path(f"{self._file}-wal")))
        folder = self._settings.backup.folder
        if folder is not None and folder.is_dir():
            from bot.backup.take import backups  # 3 MB that only backups need

            made = backups(folder)
            newest = made[-1].stat().st_mtime if made else 0.0
            BACKUP_AGE.set(time.time() - newest)

    def _ask_slowly(self, session: Session) -> None:
        found = reach(session)
        PEOPLE.set(found.people)
        UNREACHABLE.labels("never_enrolled").set(found.new)
        UNREACHABLE.labels("blocked").set(found.lost)
        if self._file is None:
            size = text("SELECT pg_database_size(current_database())")
            DATABASE_BYTES.set(session.connection().execute(size).scalar_one())

    async def _ask_the_time(self) -> None:
        there = await platform_time(self._settings)
        if there is not None:
            CLOCK_OFF.set((datetime.now(UTC) - there).total_seconds())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _show(waits: Backlog, now: datetime) -> None:
    UPDATES.set(waits.updates.count)
    UPDATES_OLDEST.set(waits.updates.seconds(now))
    UPDATES_FAILED.set(waits.failed)
    CHATS.set(waits.chats)
    for priority, name in PRIORITIES.items():
        each = waits.messages.get(priority)
        MESSAGES.labels(name).set(each.count if each else 0)
        MESSAGES_OLDEST.labels(name).set(each.seconds(now) if each else 0.0)
    MESSAGES_HELD.set(waits.held)
    MESSAGES_DEAD.set(waits.dead)
    DUES.set(waits.dues.count)
    DUES_LATE.set(waits.dues.seconds(now))
    HALTED.set(waits.halted)
    HALTED_ALL.set(waits.all_halted)
