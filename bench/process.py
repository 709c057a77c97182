"""What is measured, as a process of its own."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 120.0
STOP_SECONDS = 60.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Failed(Exception):
    """What is measured didn't start, or ended. Argument: what it said."""


@dataclass
class Running:
    """A process that has said that it is ready, at `port`. `log`: its standard error."""

    pid: int
    port: int
    log: Path
    child: asyncio.subprocess.Process

    def cpu(self) -> float:
        """Seconds of processor time until now, all its threads together."""
        return cpu_of(self.pid)

    def memory(self) -> float:
        """Resident megabytes (10^6 bytes) now."""
        return _status(self.pid, "VmRSS") / 1000

    def complaints(self) -> list[str]:
        """Lines of the log that say something went wrong."""
        marks = ('"level":"error"', '"level":"critical"', '"level": "error"', "Traceback")
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(mark in line for mark in marks)]

    def last_words(self) -> str:
        """Its last complaint, for whoever wants to know why it ended."""
        return (self.complaints() or [self.log.read_text(errors="replace")])[-1][-1500:]


def cpu_of(pid: int) -> float:
    """Seconds of processor time of a process (user and system, all its threads)."""
    # the clock that clock_getcpuclockid(3) gives for it
    return time.clock_gettime(~pid << 3 | 2)


def _status(pid: int, name: str) -> int:
    """A line of /proc/PID/status in kB."""
    found = re.search(
        rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
    )
    return round(int(found[1]) * 1.024) if found else 0


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def running(
    module: str, arguments: Sequence[str], env: Mapping[str, str], log: Path
) -> AsyncIterator[Running]:
    """`python -m module arguments`, from its first line with an address until the block ends."""
    with log.open("wb") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            env=_clean() | dict(env),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield Running(child.pid, await _port(child, log), log, child)
    finally:
        await stop(child)


def _clean() -> dict[str, str]:
    """This machine's environment without anybody's settings of Linli."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LINLI_")}
    return kept | {"LINLI_CONFIG": ""}


async def _port(child: asyncio.subprocess.Process, log: Path) -> int:
    assert child.stdout is not None
    async with asyncio.timeout(READY_SECONDS):
        while line := await child.stdout.readline():
            if found := _ADDRESS.search(line.decode()):
                return int(found[1])
    raise Failed(log.read_text(encoding="utf-8", errors="replace")[-2000:])


async def stop(child: asyncio.subprocess.Process) -> None:
    """Ask it to end; it writes down what it has begun."""
    if child.returncode is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


async def run(module: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """A command from beginning to end. Raises Failed if it refuses."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, env=_clean() | dict(env), stdout=pipe, stderr=pipe
    )
    _, said = await child.communicate()
    if child.returncode:
        raise Failed(said.decode()[-2000:])


def own_cpu() -> float:
    """Seconds of processor time of this process."""
    return time.process_time()
