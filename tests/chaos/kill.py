"""kill -9 of the real service, again and again, at named points and at any moment.

    python -m tests.chaos.kill --kills 25 --seed 7 --way postgresql-webhook

People report and press without a pause while processes die and are started again; on PostgreSQL
there are two. At the end the last ones finish what is left, and the promises are checked.
"""

import argparse
import asyncio
import contextlib
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine
from sqlmodel import Session, col, select

from bot.assembly import WEBHOOK_PATH
from domain.lifecycle import Timer
from models import Case, Due, crash, inbox, outgoing
from models.database import Database
from models.sqlite import _open_readonly, path_of
from services import due, sealing
from tests.chaos.cast import Cast
from tests.chaos.player import Players
from tests.chaos.promises import Expected, check_promises, history, is_ours
from tests.chaos.servers import (
    Process,
    environment,
    folder,
    kept_port,
    opened,
    postgres_server,
    postgres_town,
    sandbox,
    sqlite_town,
)
from tests.chaos.store import Dice

SECRET = "of-a-service-that-dies-a-lot"
WAYS = ("sqlite-polling", "sqlite-webhook", "postgresql-polling", "postgresql-webhook")
LIFE = (0.2, 2.5)  # seconds between a start and the kill
BEAT = 0.08  # seconds between two things that people do
MOST_WAITING = 40  # updates; people don't talk for ever to somebody who doesn't answer
STEPS = {"report": 5, "press": 8, "again": 1, "chat": 1, "private": 1, "stale": 1}
REST_SECONDS = 120.0
POINT_SECONDS = 6.0  # until one that does not come by its point is killed all the same
# of those that are armed; the others die at a random moment
AT_A_POINT = 0.6
OVERDUE = 5


@dataclass
class Round:
    """One town, its processes, and what has been seen of them."""

    cast: Cast
    players: Players
    dice: Dice
    settings: dict[str, str]
    url: str
    replicas: int
    kills: int = 0
    points: Counter[str] = field(default_factory=Counter)
    seen: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    async def people(self) -> None:
        """What people do, until cancelled."""
        while True:
            await asyncio.sleep(BEAT)
            if len(self.cast.queue.pending) > MOST_WAITING:
                continue
            step = self.dice.random.choices(list(STEPS), list(STEPS.values()))[0]
            await getattr(self.players, step)(None)

    async def start(self, point: str = "") -> Process:
        """A process, which may die at a point of its own."""
        given = {crash.VARIABLE: f"{point}:{self.dice.count(3)}"} if point else {}
        return await Process.start(self.settings | given)

    async def doomed(self) -> tuple[Process, str]:
        """One that is to be killed, and the point at which it may kill itself."""
        armed = self.dice.random.random() < AT_A_POINT
        point = self.dice.random.choice(crash.POINTS) if armed else ""
        return await self.start(point), point

    async def kill_some(self, kills: int) -> None:
        """`kills` deaths, one after the other; the other replica lives on."""
        alive = [await self.doomed() for _ in range(self.replicas)]
        for _ in range(kills):
            dying, point = alive.pop(0)
            if await dying.ended(POINT_SECONDS if point else self.dice.random.uniform(*LIFE)):
                self.points[point] += 1
            await self._end(dying)
            if not alive:
                await self._look_at_the_file()
            alive.append(await self.doomed())
        for each, _ in alive:
            await self._end(each)

    async def _end(self, process: Process) -> None:
        await process.kill()
        self.kills += 1
        self.cast.caller_died()

    async def _look_at_the_file(self) -> None:
        """With nobody alive: what holds at every instant; then something is made overdue."""
        async with opened(self.url) as database:
            await self.check(database, at_rest=False)
            await database.write(self._overdue)

    def _overdue(self, session: Session) -> None:
        overdue(session, self.dice.random)

    async def check(self, database: Database, at_rest: bool) -> None:
        expected = Expected(
            confirmed=[each.id for each in self.cast.confirmed if is_ours(each.body)],
            reports=self.players.counted() if at_rest else (),
            shown=self.cast.shown() if at_rest else {},
            ambiguous=self.cast.unheard,
            chain=self.seen,
            at_rest=at_rest,
        )
        now = datetime.now(UTC)
        self.broken += await database.read(lambda s: check_promises(s, expected, now))
        self.seen |= await database.read(history)

    async def finish(self) -> None:
        """Let processes that nobody kills do what is left."""
        alive = [await self.start() for _ in range(self.replicas)]
        try:
            await self._rest()
        finally:
            for each in alive:
                await each.kill()
        async with opened(self.url) as database:
            await self.check(database, at_rest=True)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS), reading(self.url) as read:
                while self.cast.queue.pending or not await read():
                    await asyncio.sleep(0.5)


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """A question that may be asked while others write: whether nothing is left to do."""
    if url.startswith("sqlite"):
        engine = create_engine("sqlite://", creator=lambda: _open_readonly(path_of(url)))

        async def look() -> bool:
            with Session(engine) as session:
                return at_rest(session)

        yield look
        engine.dispose()
        return
    async with opened(url) as database:
        yield lambda: database.read(at_rest)


def overdue(session: Session, chance: random.Random) -> None:
    """Some of what was to happen later should have happened a moment ago.

    Not what waits for years: an archived case has no words and no voices left to be counted.
    """
    query = select(Due).where(Due.state == "pending", col(Due.case).is_not(None))
    query = query.where(Due.name != f"case.{Timer.ARCHIVE}")
    rows = list(session.exec(query.order_by(col(Due.at))))
    now = datetime.now(UTC)
    for row in chance.sample(rows, min(OVERDUE, len(rows))):
        row.at = now - timedelta(seconds=chance.randint(1, 60))
        session.add(row)
        session.flush()
        case = session.get_one(Case, (row.district, row.case))
        case.next_at = min(each.at for each in _timers(session, case))
        session.add(case)


def _timers(session: Session, case: Case) -> list[Due]:
    rows = due.of_case(session, case.district, case.id)
    return [row for row in rows.values() if row.state == "pending"]


def at_rest(session: Session) -> bool:
    """Nothing is left to do at this moment."""
    now = datetime.now(UTC)
    due_at = due.next_at(session)
    waits = outgoing.waits(session, now) or inbox.count(session, "new") or sealing.waiting(session)
    return not waits and (due_at is None or due_at > now)


@asynccontextmanager
async def _town(way: str, server: str | None) -> AsyncIterator[str]:
    if way.startswith("sqlite"):
        async with sqlite_town() as url:
            yield url
        return
    with contextlib.ExitStack() as stack:
        async with postgres_town(server or stack.enter_context(postgres_server())) as url:
            yield url


async def kills(way: str, count: int, seed: int, server: str | None = None) -> Round:
    """One round: a town, `count` deaths, and what became of it all."""
    async with _town(way, server) as url, sandbox() as (address, cast):
        with folder() as files, kept_port() as port:
            settings = environment(address, url, files)
            if way.endswith("webhook"):
                settings |= _webhook(port)
            dice = Dice(seed, {})
            players = Players(cast, dice, lambda *_: None)
            made = Round(cast, players, dice, settings, url, 1 if way.startswith("sqlite") else 2)
            busy = asyncio.create_task(made.people())
            try:
                await made.kill_some(count)
            finally:
                busy.cancel()
            await made.finish()
            return made


def _webhook(port: int) -> dict[str, str]:
    return {
        "LINLI_TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{port}{WEBHOOK_PATH}",
        "LINLI_TELEGRAM__WEBHOOK_SECRET": SECRET,
        "LINLI_WEB__PORT": str(port),
        "LINLI_WEB__REUSE_PORT": "true",
    }


def told(way: str, seed: int, made: Round) -> str:
    """A round in one line."""
    return (
        f"{way} seed {seed}: {made.kills} kills ({made.points.total()} at named points), "
        f"{len(made.players.reports)} reports, {len(made.cast.confirmed)} updates confirmed, "
        f"{len(made.seen)} case events: {'BROKEN' if made.broken else 'ok'}"
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.kill")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args(arguments)
    made = asyncio.run(kills(given.way, given.kills, given.seed))
    print(told(given.way, given.seed, made))
    for line in made.broken:
        print(f"  {line}")
    return 1 if made.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
