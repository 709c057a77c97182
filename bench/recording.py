"""Let the service open cases, have workers and residents close them, keep what it wrote."""

import asyncio
import itertools
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bench.ground import OWN, Ground
from bench.load import Load, loading
from bench.process import Running
from bench.recorded import Recording, Row, record, rows_of
from bench.reports import Report
from bench.standin import Sent, StandIn

CASES = 60
# a second and more after the last card, everything that follows a case by itself is written
SETTLE_SECONDS = 1.5
MOST_SECONDS = 180.0
# what the next press is, the last step first; photos and look-rounds are left to people
STEPS = ("settle", "note", "done", "take")
FIRST_PRESS = 120_000_000
_PRESS = re.compile(r'"callback_data": ?"((\w+)~\d+~([\w-]{22})~\d+(?:~(\w+))?)"')


@dataclass
class Scene:
    """The service at work on a fresh town."""

    ground: Ground
    file: Path
    process: Running
    load: Load
    before: set[Row]
    reports: list[Report]

    async def settle(self) -> None:
        """Until everything is said and written."""
        async with asyncio.timeout(MOST_SECONDS):
            while _waiting(self.file):
                await asyncio.sleep(SETTLE_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)

    def recorded(self) -> Recording:
        """What there is by now."""
        bodies = [each.body.decode() for each in self.ground.standin.sent]
        return record(self.file, self.before, bodies)


async def opened(ground: Ground) -> Recording:
    """Cases just opened, with both their cards sent."""
    async with _playing(ground) as scene:
        await scene.settle()
    return scene.recorded()


async def lived(ground: Ground) -> tuple[Recording, Recording]:
    """Cases that were closed, and cases that a worker has taken."""
    async with _playing(ground) as scene:
        await scene.settle()
        presses = itertools.count(FIRST_PRESS)
        await _press(scene, presses, ("take",))
        taken = scene.recorded()
        for _ in STEPS:
            await _press(scene, presses, STEPS)
    closed = scene.recorded()
    ended = [case for case in closed.cases if case.facts["state"] == "closed"]
    if not ended:
        raise ValueError("no recorded case was closed: the buttons of cards have changed")
    return Recording(closed.columns, ended), taken


@asynccontextmanager
async def _playing(ground: Ground) -> AsyncIterator[Scene]:
    folder = ground.place("recording")
    url = ground.fresh(folder)
    before = rows_of(folder / "linli.db")
    async with ground.start(OWN, url, folder) as process:
        load = await loading([process.port], OWN.path)
        reports = ground.writer.write(CASES)
        await load.all_at_once(reports)
        yield Scene(ground, folder / "linli.db", process, load, before, reports)
        load.close()


async def _press(scene: Scene, numbers: "itertools.count[int]", steps: tuple[str, ...]) -> None:
    """The most advanced of the steps that each case offers."""
    best: dict[str, tuple[int, str, int]] = {}
    for shown in _newest(scene.ground.standin):
        for data, verb, case, argument in _PRESS.findall(shown.words):
            if verb not in steps or (verb == "note" and argument != "fixed"):
                continue
            rank = (steps.index(verb), data, shown.chat)
            best[case] = min(rank, best.get(case, rank))
    people = _reporters(scene.file)
    presses = [
        _pressed(next(numbers), data, chat, chat if chat > 0 else people[chat])
        for _, data, chat in best.values()
    ]
    await scene.load.all_at_once(presses)
    await scene.settle()


def _waiting(file: Path) -> int:
    """What is still to be handled or to be sent at once."""
    query = (
        "SELECT (SELECT count(*) FROM inbox WHERE state = 'new') + (SELECT count(*) FROM outbox "
        "WHERE state = 'pending' AND (not_before IS NULL OR not_before < datetime('now')))"
    )
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return int(database.execute(query).fetchone()[0])


def _newest(standin: StandIn) -> Iterator[Sent]:
    """Every message of the bot as it is now."""
    shown: dict[tuple[int, int], Sent] = {}
    for each in sorted([*standin.sent, *standin.edited], key=lambda each: each.at):
        shown[each.chat, each.message] = each
    return iter(shown.values())


def _reporters(file: Path) -> dict[int, int]:
    """Who reported in each group (each has one case here)."""
    query = (
        "SELECT c.source_chat, p.address FROM case_file c "
        "JOIN person p ON p.district = c.district AND p.id = c.reporter"
    )
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return {int(chat): int(address) for chat, address in database.execute(query)}


def _pressed(number: int, data: str, chat: int, person: int) -> Report:
    kind = "private" if chat > 0 else "supergroup"
    query = {
        "id": str(number),
        "from": {"id": person, "is_bot": False, "first_name": "甲"},
        "message": {"message_id": 1, "date": 1_795_680_000, "chat": {"id": chat, "type": kind}},
        "data": data,
    }
    body = json.dumps({"update_id": number, "callback_query": query}).encode()
    return Report(chat, number, body)
