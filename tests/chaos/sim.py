"""The whole way of a message on one loop, in virtual time, with everything that can go wrong.

    python -m tests.chaos.sim --seed 17 --trace     one run, told step by step
    python -m tests.chaos.sim --seeds 0-199 --jobs 2

A run is made by its seed alone. A town of two grids (tests/people.py) reports, presses and works
while calls are lost, updates doubled and swapped, commits fail or are never heard of, the process
is killed at named points and between any two steps, and the clock jumps. Then everything is
mended, the service comes to rest, and the promises are checked.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog
from sqlmodel import Session, select

import sandbox.world
from bot.account import log_in
from bot.assembly import Service
from bot.cannot import Cannot
from bot.config import accounts_of, load
from bot.doors import Doors, real_doors
from handlers.turn import Answer, Event, Said
from handlers.updates import Me
from models import Case, Due, crash, inbox, outgoing
from models.database import TooLong, Unavailable
from models.migrate import migrate
from models.sqlite import writing_engine
from services import due
from services.equipment import Equipment
from services.vault import Vault
from tests.chaos.cast import TOKEN
from tests.chaos.loop import LIFE, Keys, Loop, SimulatedClock, told
from tests.chaos.player import POISON, SLOW, Players
from tests.chaos.promises import (
    Expected,
    check_promises,
    history,
    install_witness,
    is_ours,
    note_handled,
)
from tests.chaos.store import Dice, Killed, Memory, Store, engine_of
from tests.chaos.telegram import Line, Telegram
from tests.people import BOT, peopled

PEACEFUL_STEPS = 2
LATE_SECONDS = 1.0
OTHERS_SECONDS = 5.0
REST_SECONDS = 300.0  # virtual; what was held back by faults comes within it
VAULT = Vault("A" * 43 + "=")
# of each call, commit, step; so that a run has some of each
CHANCES = {
    "reset": 0.02, "5xx": 0.02, "429": 0.02, "answer_lost": 0.02, "answer_garbled": 0.01,
    "commit_failed": 0.01, "commit_unheard": 0.015, "unreadable": 0.01, "awaited": 0.2,
    "killed_before_commit": 0.004, "killed_after_commit": 0.004,
    "webhook_twice": 0.1, "webhook_200_lost": 0.05,
}  # fmt: skip


@dataclass
class Outcome:
    """What became of one seed."""

    seed: int
    broken: list[str]
    trace: list[str] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)
    cases: int = 0
    events: int = 0


class Simulated(Service):
    """The service as it is, but for the web server."""

    async def _serve_web(self) -> None:
        pass


@cache
def prepared() -> sqlite3.Connection:
    """A migrated database with the town of tests/people.py in it, made once per process."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/town.db"
        asyncio.run(migrate(url))
        engine = writing_engine(url)
        with Session(engine, info={"equipment": Equipment(vault=VAULT)}) as session:
            peopled(session)
            session.commit()
        engine.dispose()
        raw = sqlite3.connect(":memory:")
        with contextlib.closing(sqlite3.connect(f"{folder}/town.db")) as file:
            file.backup(raw)
        return raw


class Run:
    """One seed's world and the lives that the service leads in it."""

    def __init__(
        self, seed: int, without: Collection[str], loop: Loop, clock: SimulatedClock, keys: Keys
    ) -> None:
        self.without = without
        self.dice = Dice(seed, {each: p for each, p in CHANCES.items() if each not in without})
        self.loop, self.clock, self.keys = loop, clock, keys
        self.trace: list[str] = []
        self.memory = Memory(f"chaos-{os.getpid()}-{seed}", prepared())
        self.telegram = Telegram(clock, self.dice)
        self.telegram.trace = self.note
        self.dice.told = partial(self.note, "mishap")
        self.webhook = self.dice.random.random() < 0.5
        self.players = Players(self.telegram, self.dice, self.note)
        self.broken: list[str] = []
        self.seen: dict[str, str] = {}
        self.life = 0
        self.killed = asyncio.Event()
        self.store: Store | None = None
        self.service: Simulated | None = None
        self.beginning: asyncio.Task[None] | None = None
        self.doors = self._doors()
        self.engine = engine_of(self.memory.url)
        with self._session() as session:
            install_witness(session)
            session.commit()

    def note(self, *what: object) -> None:
        self.trace.append(f"{self.loop.time():9.3f} {' '.join(map(str, what))}")

    # --- a life of the service ---

    def _doors(self) -> Doors:
        real = real_doors()

        def handle(session: Session, event: Event, me: Me, now: Any) -> list[Answer]:
            if isinstance(event, Said) and POISON in event.text:
                raise RuntimeError("poisoned")
            if isinstance(event, Said) and SLOW in event.text:
                raise TooLong
            answers = real.handle(session, event, me, now)
            if isinstance(event, Said) and not event.edited:
                note_handled(session, event.at.chat, event.message)
            return answers

        return replace(real, handle=handle)

    def die(self) -> None:
        """kill -9, seen from inside: nothing after this line is ever committed."""
        if self.store is not None and not self.store.dead:
            self.store.kill()
            self.telegram.caller_died()
            self.note("killed")
            self.dice.happened["kill"] = self.dice.happened.get("kill", 0) + 1
        self.killed.set()

    def _burn(self) -> None:
        self.note("at a crash point")
        self.die()
        raise Killed

    def live(self) -> None:
        """Start the service; a crash point may be armed for this life."""
        self.life += 1
        self.killed.clear()
        self.keys.restart()
        info = {"equipment": Equipment(vault=VAULT, usernames={BOT.bot: BOT.username})}
        self.store = Store(self.memory, info, self.dice, self.die)
        self.service = None
        armed = self.dice.on and self.life < 6 and "points" not in self.without
        name = self.dice.random.choice(crash.POINTS) if armed else ""
        crash.arm(name, self.dice.count(6), self._burn)
        LIFE.set(self.life)
        self.beginning = asyncio.create_task(self._begin(self.store))
        LIFE.set(0)

    async def _begin(self, store: Store) -> None:
        try:
            account = await self._account(Line(self.telegram, store.check))
            settings = self._settings()
            given = accounts_of(settings)[0]
            service = Simulated(
                settings, [(account, given)], store, self.clock, self.doors, take_over=False
            )
            service.failed.add_done_callback(self._part_failed)
            self.service = service
            await service.start()
        except (Killed, Unavailable, Cannot):
            # whoever manages the process starts it again
            return self.die()
        except Exception as error:
            self.broken.append(f"start: {error!r}")
            raise
        if self.webhook:
            await self.telegram.push_by_webhook(self._take)

    def _part_failed(self, failed: "asyncio.Future[None]") -> None:
        """`linli run` ends then, and whoever manages the process starts it again."""
        failed.exception()
        self.die()

    async def _account(self, line: Line) -> Any:
        while True:
            try:
                return await log_in(TOKEN, "http://telegram/bot", line)  # type: ignore[arg-type]
            except Exception:
                await asyncio.sleep(1.0)

    def _settings(self) -> Any:
        url = {"webhook_url": "http://127.0.0.1:8443/x", "webhook_secret": "s"}
        return load(
            telegram={"token": TOKEN, "limits": False, **(url if self.webhook else {})},
            database={"floor_megabytes": 0},
            files={"folder": Path("/nonexistent")},
        )

    async def _take(self, body: bytes) -> bool:
        service = self.service
        if service is None or self.killed.is_set():
            return False
        try:
            await service.line.receive.take([body])
        except Unavailable:
            return False
        return True

    async def bury(self) -> None:
        """What a killed process leaves behind: nothing that runs."""
        if self.service is not None:
            with contextlib.suppress(Exception):
                self.service._look.stop()
        if self.store is not None:
            self.store.end()
        mates = list(self.loop.lives.get(self.life, ()))
        for task in mates:
            task.cancel()
        await asyncio.gather(*mates, return_exceptions=True)
        self._check_now()

    # --- the run ---

    async def play(self) -> None:
        """Trouble first, then peace, then the questions."""
        undertaker = asyncio.create_task(self._keep_alive())
        await self.players.play(self)
        self.dice.on = False
        crash.arm("", 0)
        self.telegram.backend.faults.clear()
        await self.rest()
        await self._in_peace()
        await self.rest()
        undertaker.cancel()
        self._check_at_the_end()
        self.die()
        await self.bury()
        self.engine.dispose()
        self.memory.close()

    async def _keep_alive(self) -> None:
        """Whenever the service dies it is started again, after a while."""
        self.live()
        while True:
            await self.killed.wait()
            await self.bury()
            await asyncio.sleep(self.dice.seconds(0.1, 8.0))
            self.note("started")
            self.live()

    async def _in_peace(self) -> None:
        """Nothing goes wrong any more: what is due comes within a second, and who needs something
        while another floods and a third poisons gets it within five."""
        if self.dice.random.random() < 0.5:
            self.clock.skew -= timedelta(hours=1)  # and that is no trouble
        for _ in range(PEACEFUL_STEPS):
            at = self.next_due()
            if at is None:
                return
            self.clock.set(at - timedelta(seconds=1))
            await asyncio.sleep(1 + LATE_SECONDS)
            self.broken += self._late(at)
        await self.rest()
        await self.players.flood(self)
        await self.players.poison(self)
        said = self.players.say_report(201)
        await asyncio.sleep(OTHERS_SECONDS)
        if said and not self._is_case(said):
            self.broken.append(f"P6: {said!r} waited for more than {OTHERS_SECONDS} s")

    def _is_case(self, words: str) -> bool:
        with self._session() as session:
            return session.exec(select(Case.id).where(Case.text == words)).first() is not None

    def _late(self, at: datetime) -> list[str]:
        """Whether what was due at this instant has not happened."""
        with self._session() as session:
            left = session.exec(select(Due.key).where(Due.state == "pending", Due.at <= at))
            return [f"P4: {key} of {at} did not come within a second" for key in left]

    async def rest(self) -> None:
        """Until nothing is left to do, or for REST_SECONDS."""
        end = self.loop.time() + REST_SECONDS
        while self.loop.time() < end:
            await asyncio.sleep(1.0)
            if self._at_rest():
                return

    def _at_rest(self) -> bool:
        if self.killed.is_set() or self.telegram.queue.pending:
            return False
        now = self.clock.now()
        with self._session() as session:
            due_at = due.next_at(session)
            waits = outgoing.waits(session, now) or inbox.count(session, "new")
            return not waits and (due_at is None or due_at > now)

    def next_due(self) -> Any:
        """The next instant at which the service acts by itself."""
        with self._session() as session:
            return due.next_at(session)

    def _session(self) -> Session:
        return Session(self.engine, expire_on_commit=False)

    def _check_now(self) -> None:
        """In the middle of it, after a death: what holds at every instant."""
        with self._session() as session:
            expected = self._expected(at_rest=False)
            self.broken += check_promises(session, expected, self.clock.now())
            self.seen |= history(session)

    def _check_at_the_end(self) -> None:
        with self._session() as session:
            self.broken += check_promises(session, self._expected(True), self.clock.now())
            self.seen |= history(session)

    def _expected(self, at_rest: bool) -> Expected:
        telegram = self.telegram
        return Expected(
            confirmed=[each.id for each in telegram.confirmed if is_ours(each.body)],
            reports=self.players.counted() if at_rest else (),
            shown=telegram.shown() if at_rest else {},
            ambiguous=telegram.unheard,
            moved=telegram.moved(),
            wall=self.clock.wall(),
            chain=self.seen,
            at_rest=at_rest,
        )


class Numbers(random.Random):
    """What the sandbox takes for secrets."""

    def randbelow(self, most: int) -> int:
        return self.randrange(most)


CURRENT: list[Run] = []


def run(seed: int, without: Collection[str] = ()) -> Outcome:
    """One seed, from nothing."""
    prepared()
    loop = Loop()
    asyncio.set_event_loop(loop)
    clock = SimulatedClock(loop)
    keys = Keys(clock)
    random.seed(seed)
    with told(loop, clock, keys), patch.object(sandbox.world, "secrets", Numbers(seed)):
        made = Run(seed, without, loop, clock, keys)
        CURRENT[:] = [made]
        try:
            loop.run_until_complete(made.play())
        finally:
            crash.arm("", 0)
            loop.close()
    return Outcome(seed, made.broken, made.trace, made.dice.happened, 0, len(made.seen))


def _told(_logger: Any, _name: str, event: Any) -> Any:
    """What the service logs belongs to the trace."""
    more = {key: value for key, value in event.items() if key in ("error", "at_work", "reason")}
    if run_now := CURRENT[-1:]:
        run_now[0].note("log", event["event"], *more.values(), _error(event.get("exc_info")))
    raise structlog.DropEvent


def _error(given: Any) -> str:
    return repr(given) if isinstance(given, BaseException) else ""


def quiet() -> None:
    """A run's own trace tells more than the logs of a service in trouble."""
    structlog.configure(processors=[_told])
    logging.disable(logging.CRITICAL)


def shown(outcome: Outcome, trace: bool) -> None:
    """A line about a seed; all of it if it failed or if asked to."""
    print(f"seed {outcome.seed}: {'BROKEN' if outcome.broken else 'ok'}", flush=True)
    for line in outcome.trace if trace else ():
        print(f"  {line}")
    for line in outcome.broken:
        print(f"  {line}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.sim")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", default="0-199", help="first-last")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--without", default="", help="mishaps and steps to leave out, by comma")
    given = parser.parse_args(arguments)
    first, _, last = given.seeds.partition("-")
    seeds = [given.seed] if given.seed is not None else range(int(first), int(last) + 1)
    outcomes = []
    for outcome in runs(seeds, given.jobs, given.without.split(",")):
        outcomes.append(outcome)
        if outcome.broken or given.seed is not None:
            shown(outcome, given.trace)
    happened: Counter[str] = Counter()
    for outcome in outcomes:
        happened.update(outcome.happened)
    failed = [outcome.seed for outcome in outcomes if outcome.broken]
    print(f"{len(outcomes)} seeds, {sum(o.events for o in outcomes)} case events, broken: {failed}")
    print(", ".join(f"{name} {n}" for name, n in sorted(happened.items())))
    return 1 if failed else 0


def runs(seeds: Any, jobs: int, without: Collection[str] = ()) -> Iterator[Outcome]:
    """The seeds' outcomes, on several processes if told to."""
    if jobs == 1:
        yield from (run(seed, without) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs, initializer=quiet) as pool:
        yield from pool.map(partial(run, without=without), seeds, chunksize=5)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is chance too
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.chaos.sim", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    quiet()
    sys.exit(main(sys.argv[1:]))
