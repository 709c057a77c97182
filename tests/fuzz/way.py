"""One update's way through the service, in one process: decode, sieve, inbox, event, handlers.

The same functions as in the running service, on a real SQLite file, without threads and without
the network: what takes a batch there takes a batch here, and each update has its savepoint.
"""

import asyncio
import json
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from time import thread_time
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from bot import pages
from bot.sieve import Sieve
from domain.lifecycle import ENDED
from handlers import updates, wiring
from handlers.turn import Answer, Event, Said
from handlers.updates import Update
from models import Case, Due, Inbox, Outbox, Posted
from models import inbox as queue
from models.inbox import Arrived
from models.migrate import migrate
from models.sqlite import JOB_SECONDS, writing_engine
from sandbox.entities import formatted
from sandbox.errors import ApiError
from services import clock
from services.buttons import MOST_BYTES
from services.equipment import Equipment
from services.vault import Vault
from tests.fuzz.described import Town
from tests.people import ADDRESSES, BOT, GROUP_CHAT, WEDNESDAY, peopled

BATCH = 100
# seconds between two updates, and how often: now and then a night passes
STEPS, STEPS_WEIGHTS = (0, 1, 20, 40_000), (50, 40, 10, 0.3)
STRANGE = -100_777


@dataclass
class Found:
    """Something that must not be: what broke, and on which update."""

    what: str
    where: str
    raw: str


@dataclass
class Tally:
    """What became of the updates of a run."""

    fates: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.fates.update(other.fates)
        self.found += other.found

    @property
    def done(self) -> int:
        return sum(self.fates[each] for each in ("rubbish", "dropped", "stored"))


def the_town() -> Town:
    """Who and where the updates are about: the street of tests/people.py, and strangers."""
    users = [int(number) for number in ADDRESSES.values()] + [900, 901]
    chats = dict.fromkeys(users, "private")
    chats |= {int(GROUP_CHAT): "group", STRANGE: "supergroup", -100_100: "channel"}
    forged = [*wiring.PRESSES, "x"]
    return Town(users, chats, int(GROUP_CHAT), int(BOT.bot), BOT.username, forged=forged)


class Way:
    """A town on a database of its own, and the way in for updates."""

    def __init__(self, template: Path, rng: Random) -> None:
        """`template`: a migrated SQLite file, of which a copy is used."""
        self.rng = rng
        self.now = WEDNESDAY
        self.tally = Tally()
        self._folder = tempfile.TemporaryDirectory(prefix="linli-fuzz-")
        copy = shutil.copy(template, self._folder.name)
        self._engine = writing_engine(f"sqlite:///{copy}")
        equipment = Equipment(vault=Vault(Vault.new_key()), usernames={BOT.bot: BOT.username})
        self._info = {"equipment": equipment}
        self._sieve = Sieve(BOT, wiring.COMMANDS)
        self._connection = self._engine.connect()
        self._wants_admin = wiring.NEEDS_GROUP_ADMIN
        with self._unit() as session:
            peopled(session)
            clock.begin(session, self.now)
        self._connection.commit()
        self.town = the_town()

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()
        self._folder.cleanup()

    @contextmanager
    def _unit(self) -> Iterator[Session]:
        """A unit of work as the writer gives one: a savepoint in the batch's transaction."""
        session = Session(
            self._connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
            info=dict(self._info),
        )
        with session:
            yield session
            session.commit()

    def take(self, raws: list[bytes]) -> None:
        """A batch: what is for us is stored and handled, then the clock fires what is due."""
        arrived = [each for raw in raws for each in self._received(raw)]
        with self._noted("inbox", b""), self._unit() as session:
            queue.store(session, BOT.bot, arrived, self.now, self.now)
            waiting = list(session.exec(select(Inbox.id, Inbox.payload).order_by(col(Inbox.id))))
            session.execute(delete(Inbox))
        for _, payload in waiting:
            self._handle(payload)
        self._sweep()
        self._deliver()
        self._connection.commit()

    def _received(self, raw: bytes) -> list[Arrived]:
        with self._noted("receive", raw):
            update = updates.decode(raw)
            if update is None:
                self.tally.fates["rubbish"] += 1
                return []
            ours = self._sieve.pass_through([update], self.now)
            self.tally.fates["stored" if ours else "dropped"] += 1
            return [_arrived(each) for each in ours]
        return []

    def _handle(self, payload: dict[str, Any]) -> None:
        self.now += timedelta(seconds=self.rng.choices(STEPS, STEPS_WEIGHTS)[0])
        with self._noted("handle", json.dumps(payload, ensure_ascii=True).encode()):
            update = updates.decode(payload)
            event = updates.event(update, BOT) if update else None
            if event is None:
                return
            began = thread_time()
            with self._unit() as session:
                answers = wiring.handle(session, self._with_facts(event), BOT, self.now)
            assert thread_time() - began < JOB_SECONDS, "the writer would have ended it"
            self.tally.fates["handled"] += 1
            self._look_at(answers)

    def _with_facts(self, event: Event) -> Event:
        """What the dispatcher would have asked Telegram."""
        if isinstance(event, Said) and not event.private and event.command in self._wants_admin:
            return replace(event, group_admin=self.rng.choice((True, False, None)))
        return event

    def _look_at(self, answers: list[Answer]) -> None:
        for answer in answers:
            answer.text.encode()
            self.tally.fates["refused" if answer.alert else "answered"] += 1

    def _sweep(self) -> None:
        with self._noted("sweep", b""), self._unit() as session:
            self.tally.fates["fired"] += clock.sweep(session, self.now)
            failed = select(Due).where(col(Due.trace).startswith("failed"), Due.state == "pending")
            for row in session.exec(failed).all():
                self._broke("sweep", f"{row.name}: {row.trace}", b"")
                row.trace = None

    def _deliver(self) -> None:
        """Everything that waits has gone out; what Telegram would not take is a finding."""
        with self._unit() as session:
            query = select(Outbox).where(Outbox.state == "pending")
            for row in session.exec(query.order_by(col(Outbox.made_at))).all():
                self.tally.fates["queued"] += 1
                self._check(row)
                row.state = "sent"
                if row.card and row.act == "card":
                    self._stand(session, row)
            session.flush()
            ended = [str(state) for state in ENDED]
            idle = select(Case).where(col(Case.state).not_in(ended), col(Case.next_at).is_(None))
            for case in session.exec(idle):
                self._broke("next moment", f"{case.state} case without one", b"")

    def _check(self, row: Outbox) -> None:
        text = row.payload.get("text", "")
        try:
            for piece in pages.split(text):
                shown, _ = formatted(piece, "HTML", None)
                assert len(shown) <= pages.TEXT, f"{len(shown)} letters at once"
        except (ApiError, AssertionError) as error:
            self._broke("text", f"{error}: {text[:300]!r}", b"")
        for button in (each for line in row.payload.get("buttons", ()) for each in line):
            data = button.get("data")
            if not button["label"].strip():
                self._broke("button", f"no label: {data}", b"")
            if data is not None and not 1 <= len(data.encode()) <= MOST_BYTES:
                self._broke("button", f"data of {len(data.encode())} bytes: {data}", b"")
            if data is not None and len(self.town.buttons) < 4000:
                self.town.buttons.append((row.chat, data))
        if row.payload.get("reply_to") is not None:
            int(row.payload["reply_to"])

    def _stand(self, session: Session, row: Outbox) -> None:
        key = (row.bot, row.platform, row.chat, row.card)
        if session.get(Posted, key) is None:
            session.add(
                Posted(
                    bot=row.bot, platform=row.platform, chat=row.chat, card=row.card,
                    message="7", digest="", posted_at=self.now,
                )
            )  # fmt: skip

    @contextmanager
    def _noted(self, at: str, raw: bytes) -> Iterator[None]:
        """Whatever is raised here is a finding, and the run goes on."""
        try:
            yield
        except Exception as error:
            self._broke(at, where(error), raw)

    def _broke(self, at: str, what: str, raw: bytes) -> None:
        self.tally.found.append(Found(at, what, raw.decode("utf-8", "backslashreplace")))


def _arrived(update: Update) -> Arrived:
    return Arrived(update.update_id, updates.chat_of(update) or "", updates.kept(update))


def where(error: Exception) -> str:
    """The error with the last lines of ours that it passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "site-packages" not in each.filename]
    lines = [f"{each.filename.rsplit('/', 2)[-1]}:{each.lineno} {each.name}" for each in ours[-4:]]
    return f"{type(error).__name__}: {str(error)[:300]} at {' < '.join(reversed(lines))}"


def migrated(path: Path) -> Path:
    """A SQLite file with this release's tables, made anew."""
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path
