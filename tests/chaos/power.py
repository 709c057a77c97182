"""Power cuts at the level of the file: every state that a disk may be left in.

    python -m tests.chaos.power --cuts 200 --seed 3

The real writer stores updates, and all that it writes and syncs is noted. A cut may come between
any two of those steps: what was synced is there, and of what was written since, any part (whole
pages, or half of one). In each such state the database must be sound and hold every update whose
storing was acknowledged before the cut.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from models import inbox
from models.database import open_database
from models.inbox import Arrived
from models.migrate import migrate
from tests.chaos.disk import Disk
from tests.chaos.servers import folder

UPDATES = 400
AT_ONCE = 12
SECTOR = 512  # bytes that a disk writes as a whole
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


async def record(path: Path, chance: random.Random) -> list[tuple[Any, ...]]:
    """What happens to the files while updates are stored; ("stored", id) when we are told so."""
    with Disk(path.parent) as disk:
        database = open_database(f"sqlite:///{path}")

        async def store(key: int) -> None:
            arrived = [Arrived(key, str(key % 7), {"update_id": key, "words": "字" * 50})]
            await database.write(_stored(arrived), queue=True)
            disk.log.append(("stored", key))

        key = 0
        while key < UPDATES:
            count = chance.randint(1, AT_ONCE)
            await asyncio.gather(*(store(key + each) for each in range(count)))
            key += count
        noted = list(disk.log)
        await database.close()
        return noted


def _stored(arrived: list[Arrived]) -> Any:
    def job(session: Session) -> None:
        inbox.store(session, "7", arrived, NOW, NOW)

    return job


class Files:
    """The files as the disk has them: what is sure, and what was written since the last sync."""

    def __init__(self, path: Path) -> None:
        self.sure: dict[str, bytearray] = {str(path): bytearray(path.read_bytes())}
        self.since: dict[str, list[tuple[Any, ...]]] = {}

    def step(self, entry: tuple[Any, ...]) -> None:
        kind, path = entry[0], entry[1]
        if kind != "sync":
            self.since.setdefault(path, []).append(entry)
            return
        content = self.sure.setdefault(path, bytearray())
        for each in self.since.pop(path, []):
            _apply(content, each)

    def cut(self, chance: random.Random, into: Path) -> Path:
        """One state that a cut may leave, below `into`; the database's path there."""
        first = ""
        kept = chance.choice((0.0, 0.5, 0.9, 1.0))
        for path in sorted(self.sure.keys() | self.since.keys()):
            left = bytearray(self.sure.get(path, b""))
            for each in self.since.get(path, []):
                if chance.random() < kept:
                    _apply(left, _torn(each, chance))
            (into / Path(path).name).write_bytes(left)
            first = first or path
        return into / Path(first).name


def _torn(entry: tuple[Any, ...], chance: random.Random) -> tuple[Any, ...]:
    """A write that may have been cut off between two sectors."""
    if entry[0] != "write" or chance.random() < 0.8:
        return entry
    content = entry[3][: SECTOR * chance.randint(0, len(entry[3]) // SECTOR)]
    return (*entry[:3], content)


def _apply(content: bytearray, entry: tuple[Any, ...]) -> None:
    if entry[0] == "truncate":
        del content[entry[2] :]
        return
    offset, written = entry[2], entry[3]
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(written)] = written


def judge(path: Path, stored: set[int]) -> list[str]:
    """What is wrong with the database at `path` after a cut."""
    with closing(sqlite3.connect(path)) as raw:
        answer = raw.execute("PRAGMA integrity_check").fetchone()[0]
        there = {row[0] for row in raw.execute("SELECT update_id FROM inbox")}
    wrong = [] if answer == "ok" else [f"integrity check: {answer}"]
    return wrong + [f"update {each} was acknowledged and is lost" for each in stored - there]


def cuts(count: int, seed: int) -> tuple[int, list[str]]:
    """So many power cuts; how many steps of the disk there were, and what was wrong."""
    chance = random.Random(seed)
    with folder() as made:
        path = made / "linli.db"
        asyncio.run(migrate(f"sqlite:///{path}"))
        files = Files(path)
        log = asyncio.run(record(path, chance))
        moments = sorted(chance.sample(range(len(log)), min(count, len(log))))
        return len(log), _judged(files, log, moments, chance, made)


def _judged(
    files: Files, log: list[tuple[Any, ...]], moments: list[int], chance: random.Random, made: Path
) -> list[str]:
    wrong: list[str] = []
    stored: set[int] = set()
    after = made / "after"
    for moment, entry in enumerate(log):
        if entry[0] == "stored":
            stored.add(entry[1])
        else:
            files.step(entry)
        if moment in moments:
            shutil.rmtree(after, ignore_errors=True)
            after.mkdir()
            found = judge(files.cut(chance, after), stored)
            wrong += [f"cut after step {moment}: {each}" for each in found]
    return wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.power")
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args(arguments)
    steps, wrong = cuts(given.cuts, given.seed)
    print(f"seed {given.seed}: {given.cuts} power cuts in {steps} steps of the disk")
    print("\n".join(wrong[:20]) or "sound, and nothing acknowledged is lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
