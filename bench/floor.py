"""The floor: what the same rows and the same two messages cost with nothing around them.

aiohttp takes the update, one `sqlite3` transaction writes the rows that the service itself wrote
for such a case (bench/recorded.py), up to 256 of them in one commit; then the two messages go out.
Nothing is read, decided, ordered, or noted about the sending: no service can be this fast.
"""

import asyncio
import json
import os
import queue
import sqlite3
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bench.recorded import Copier, Place, Recording, Values, naive, places

MOST = 256  # cases in one commit, as the service has it
Written = tuple[list[str], list[Values], "asyncio.Future[None]"]


class Writer:
    """The one connection that writes, in a thread of its own."""

    def __init__(self, file: Path, columns: dict[str, list[str]]) -> None:
        self._file = file
        self._insert = {
            table: f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(names))})'
            for table, names in columns.items()
        }
        self._queue: queue.SimpleQueue[Written] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    async def write(self, tables: list[str], rows: list[Values]) -> None:
        """Returns when the rows are on disk."""
        done = self._loop.create_future()
        self._queue.put((tables, rows, done))
        await done

    def _run(self) -> None:
        database = sqlite3.connect(self._file, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        while True:
            batch = [self._queue.get()]
            while len(batch) < MOST and not self._queue.empty():
                batch.append(self._queue.get())
            self._commit(database, batch)
            self._loop.call_soon_threadsafe(_tell, [done for _, _, done in batch])

    def _commit(self, database: sqlite3.Connection, batch: Sequence[Written]) -> None:
        by_table: dict[str, list[Values]] = defaultdict(list)
        for tables, rows, _ in batch:
            for table, row in zip(tables, rows, strict=True):
                by_table[table].append(row)
        database.execute("BEGIN IMMEDIATE")
        for table, values in by_table.items():
            database.executemany(self._insert[table], values)
        database.execute("COMMIT")


def _tell(futures: Sequence["asyncio.Future[None]"]) -> None:
    for future in futures:
        future.set_result(None)


class Floor:
    """Takes updates, writes rows, sends messages."""

    def __init__(self, file: Path, recording: Recording, base_url: str, token: str) -> None:
        self._places = {place.chat: (n, place) for n, place in enumerate(places(file))}
        self._copiers = [
            Copier(case, self._places[case.facts["source_chat"]][1]) for case in recording.cases
        ]
        self._writer = Writer(file, recording.columns)
        self._url = f"{base_url}{token}/sendMessage"
        self._numbers: dict[str, int] = defaultdict(int)
        self._sending: set[asyncio.Task[None]] = set()
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))

    async def webhook(self, request: web.Request) -> web.Response:
        """One update: answered when it is on disk."""
        update = json.loads(await request.read())
        message = update["message"]
        index, place = self._places[str(message["chat"]["id"])]
        copier = self._copiers[update["update_id"] % len(self._copiers)]
        given = copier.given(
            place,
            naive(datetime.now(UTC)),
            number=self._number(index, place),
            message=str(message["message_id"]),
            resident=str(message["from"]["id"]),
            update=update["update_id"],
        )
        await self._writer.write(copier.tables, copier.rows(given))
        for body in copier.bodies(given):
            task = asyncio.create_task(self._send(body))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return web.Response()

    def _number(self, index: int, place: Place) -> str:
        self._numbers[place.grid] += 1
        return f"B{index:03d}-2601-{self._numbers[place.grid]:03d}"

    async def _send(self, body: str) -> None:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self._http.post(self._url, data=body.encode(), headers=kind) as response:
            await response.read()


async def serve(handle: Any, path: str = "/telegram/webhook") -> None:
    """Listen as the service does, and say where."""
    app = web.Application()
    app.router.add_post(path, handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def main(recorded: Path) -> None:
    """Run until stopped."""
    file = Path(os.environ["LINLI_DATABASE__URL"].removeprefix("sqlite:///"))
    base_url, token = os.environ["LINLI_TELEGRAM__BASE_URL"], os.environ["LINLI_TELEGRAM__TOKEN"]
    await serve(Floor(file, Recording.load(recorded), base_url, token).webhook)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
