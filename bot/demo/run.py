"""The demonstration put together: one process, one clock, one address."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot.assembly import Service, assemble
from bot.cannot import Cannot
from bot.clock import Clock
from bot.config import Settings, load
from bot.demo import controls as clock_controls
from bot.demo.actors import Json, Side
from bot.demo.controls import Controls, Stepper
from bot.demo.town import BOT, Town
from domain.worktime import Calendar, is_work_time, is_workday, next_work_time
from sandbox.server import serve
from services.vault import Vault

HOST = "127.0.0.1"
FOLDER = Path("build") / "demo"
BEFORE = time(14, 40)  # the town's story begins on the working day before, at this local hour
OPENING = time(9)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demonstration with nobody in it yet."""

    town: Town
    stepper: Stepper
    controls: Controls
    address: str
    start: datetime

    @property
    def live(self) -> str:
        """Where the sandbox tells everything that happens (WebSocket)."""
        return f"{self.address}/sandbox/live"

    def hand_over(self) -> None:
        """From now on whoever sits before the console moves the clock."""
        self.controls.stepper = self.stepper


def opening(now: datetime, calendar: Calendar) -> datetime:
    """When the demonstration starts: now, or at nine of a working day, so that words flow and what
    was forgotten the day before is late."""
    at_work = now if is_work_time(calendar, now) else next_work_time(calendar, now)
    found = at_work.astimezone(ZoneInfo(calendar.zone))
    return max(found, datetime.combine(found.date(), OPENING, found.tzinfo))


def day_before(start: datetime, calendar: Calendar) -> datetime:
    """The afternoon of the working day before."""
    day = start.date() - timedelta(days=1)
    while not is_workday(calendar, day):
        day -= timedelta(days=1)
    return datetime.combine(day, BEFORE, start.tzinfo)


@asynccontextmanager
async def demo(port: int, *, apart: bool = False) -> AsyncIterator[Demo]:
    """Sandbox, service and controls while the block runs. Raises Cannot if the port is taken.

    `apart`: the sandbox in a process of its own, so that a crowd doesn't slow the service down;
    it then runs by real time, whatever the service's clock says.
    """
    clock, handles = Clock(), Controls()
    calendar = Calendar()
    start = opening(clock.now(), calendar)
    clock.set(day_before(start, calendar))
    windows: list[Town] = []

    def layout() -> list[Json]:
        return windows[0].layout() if windows else []

    async with (
        clock_controls.serve(handles, HOST) as control_url,
        _apart(port, control_url) if apart else _sandbox(port, control_url, clock, layout) as bound,
        _http() as http,
    ):
        address = f"http://{HOST}:{bound}"
        handles.origins = frozenset({address, f"http://localhost:{bound}"})
        side = Side(address, http)
        bot = await side.post("bots", username=BOT)
        await side.post("limits", enforced=False)
        async with _service(address, bot, clock, FOLDER / str(bound)) as service:
            windows.append(Town(side, service, clock, bot))
            stepper = Stepper(clock, service, calendar.zone)
            yield Demo(windows[0], stepper, handles, address, start)


@asynccontextmanager
async def _sandbox(
    port: int, controls: str, clock: Clock, layout: Callable[[], list[Json]]
) -> AsyncIterator[int]:
    try:
        async with serve(HOST, port, controls, clock.now, layout) as bound:
            yield bound
    except OSError:
        raise Cannot(f"Port {port} is taken: choose another with --port.") from None


@asynccontextmanager
async def _apart(port: int, controls: str) -> AsyncIterator[int]:
    command = ("-m", "bot.cli", "sandbox", "--port", str(port), "--controls", controls)
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe)
    assert child.stdout is not None  # it is a pipe
    try:
        said = (await child.stdout.readline()).decode()
        found = re.search(r"127\.0\.0\.1:(\d+)", said)
        if found is None:
            raise Cannot(f"Port {port} is taken: choose another with --port.")
        yield int(found[1])
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()


@asynccontextmanager
async def _http() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        yield http


@asynccontextmanager
async def _service(address: str, bot: Json, clock: Clock, folder: Path) -> AsyncIterator[Service]:
    """The service on a fresh database. The port in the folder's name keeps two demos apart."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        async with assemble(_settings(address, bot, folder), clock=clock) as service:
            yield service
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _settings(address: str, bot: Json, folder: Path) -> Settings:
    """Nothing that a config.toml nearby says about a real bot may reach a demonstration."""
    return load(
        telegram={
            "token": bot["token"],
            "bots": [],
            "district": "",
            "base_url": f"{address}/bot",
            "webhook_url": "",
            "limits": False,
        },
        database={"url": f"sqlite:///{folder / 'linli.db'}"},
        web={"host": HOST, "port": 0},
        files={"folder": folder / "files"},
        vault={"key": Vault.new_key()},
        # told twice, the town's story goes the same way; kinds that are always checked still are
        policy={"check_share": 0.0},
    )
