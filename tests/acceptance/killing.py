"""A replay through kill -9: sandbox and service as processes of their own.

By hand, with as many texts as one likes:
    python -m tests.acceptance.killing FILE KILLS
"""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from rich.console import Console
from sqlmodel import Session, func, select

from bot.assembly import assemble
from bot.clock import Clock
from bot.config import Settings, load
from bot.demo.actors import Json, Side
from bot.demo.crowd import Crowd
from bot.demo.replay import ROOM, Became, count, read_texts, settle_in, table, until
from bot.demo.town import BOT, RESIDENTS, Town, people
from models import Case
from models.database import open_database
from services.vault import Vault

LIFE = (1.0, 4.0)  # seconds between a start and the next kill
ANSWER_SECONDS = 240.0


@asynccontextmanager
async def process(*arguments: str, **settings: str) -> AsyncIterator[tuple[str, int]]:
    """`linli …`: the first line that it prints, and its id; killed with -9 at the end."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        *arguments,
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
    )
    assert running.stdout is not None
    try:
        line = (await running.stdout.readline()).decode().strip()
        assert line, f"{arguments} ended at once"
        yield line, running.pid
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def settings_for(address: str, bot: Json, folder: Path) -> Settings:
    return load(
        telegram={"token": bot["token"], "base_url": f"{address}/bot", "limits": False},
        database={"url": f"sqlite:///{folder}/linli.db"},
        web={"port": 0},
        files={"folder": folder / "files"},
        vault={"key": Vault.new_key()},
    )


def environment(settings: Settings) -> dict[str, str]:
    """The same settings for a process."""
    return {
        "LINLI_TELEGRAM__TOKEN": settings.telegram.token.get_secret_value(),
        "LINLI_TELEGRAM__BASE_URL": settings.telegram.base_url,
        "LINLI_TELEGRAM__LIMITS": "false",
        "LINLI_DATABASE__URL": settings.database.url,
        "LINLI_WEB__PORT": "0",
        "LINLI_FILES__FOLDER": str(settings.files.folder),
        "LINLI_VAULT__KEY": settings.vault.key.get_secret_value(),
    }


async def replayed(texts: Sequence[str], kills: int, folder: Path) -> tuple[Became, int]:
    """What became of the texts, and how many cases there are in all."""
    async with process("sandbox", "--port", "0") as (address, _), aiohttp.ClientSession() as http:
        side = Side(address, http)
        bot = await side.post("bots", username=BOT)
        await side.post("limits", enforced=False)
        settings = settings_for(address, bot, folder)
        crowd = Crowd(side)
        places = await _peopled(side, bot, settings, crowd, len(texts))
        async with crowd.acting(http, f"{address}/sandbox/live"):
            reporting = asyncio.create_task(crowd.report(places, texts, ROOM, 0))
            await _through(kills, settings, reporting, crowd)
        return await _counted(settings, crowd)


async def _peopled(
    side: Side, bot: Json, settings: Settings, crowd: Crowd, texts: int
) -> list[tuple[int, int]]:
    clock = Clock()
    async with assemble(settings, clock=clock) as service:
        town = Town(side, service, clock, bot)
        await people(town, clock.now(), RESIDENTS)
        return await settle_in(town, crowd, texts)


async def _through(
    kills: int, settings: Settings, reporting: "asyncio.Task[None]", crowd: Crowd
) -> None:
    """Kill the service again and again while people report; then let it finish."""
    for _ in range(kills):
        async with process("run", **environment(settings)):
            # the time of a kill need not be a secret
            await asyncio.sleep(random.uniform(*LIFE))
    async with process("run", **environment(settings)):
        await reporting
        await until(lambda: not crowd.unanswered, ANSWER_SECONDS)
        await until(lambda: not crowd.busy, 10)


async def _counted(settings: Settings, crowd: Crowd) -> tuple[Became, int]:
    def job(session: Session) -> tuple[Became, int]:
        return count(session, crowd), session.exec(select(func.count()).select_from(Case)).one()

    database = open_database(settings.database.url)
    try:
        return await database.read(job)
    finally:
        await database.close()


async def main(file: str, kills: str) -> None:
    with tempfile.TemporaryDirectory(prefix="linli-kill-") as folder:
        became, cases = await replayed(read_texts(Path(file)), int(kills), Path(folder))
    Console().print(table(became, "en"), f"{cases} cases")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
