"""kill -9 under load: nothing that was confirmed is lost, nothing is done twice."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel import Session, select

from bot.config import Settings
from models import Outbox
from models.database import open_database
from tests.bot import toy
from tests.bot.conftest import Town, until

KILLS = 3
PEOPLE = 6
EACH = 25


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """A service process that has said that it is ready; killed with -9 at the end."""
    environment = os.environ | {
        "LINLI_TELEGRAM__TOKEN": settings.telegram.token.get_secret_value(),
        "LINLI_TELEGRAM__BASE_URL": settings.telegram.base_url,
        "LINLI_TELEGRAM__LIMITS": "false",
        "LINLI_DATABASE__URL": settings.database.url,
        "LINLI_WEB__PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bot.toy_service",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline()
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_kill_9_under_load_loses_nothing_and_doubles_nothing(town: Town, settings: Settings):
    people = [await town.person(start=False) for _ in range(PEOPLE)]
    talking = asyncio.create_task(talk(town, people))
    for _ in range(KILLS):
        async with running(settings):
            await asyncio.sleep(random.uniform(0.1, 0.6))
    await talking
    said = {(str(person), f"say {n}") for person in people for n in range(EACH)}
    async with running(settings):
        await until(lambda: all_shown(town, people), 60)
    await check(settings, people, said)


async def talk(town: Town, people: list[int]) -> None:
    for n in range(EACH):
        for person in people:
            await town.say(person, person, f"say {n}")
        await asyncio.sleep(0.1)


async def all_shown(town: Town, people: list[int]) -> bool:
    return all([len(set(await town.texts(person))) == EACH for person in people])


async def check(settings: Settings, people: list[int], said: set[tuple[str, str]]) -> None:
    database = open_database(settings.database.url)
    heard = await database.read(toy.heard)
    queued = await database.read(outbox)
    await database.close()
    assert Counter(heard) == Counter(said)
    assert Counter(queued) == Counter((chat, f"heard {text}") for chat, text in said)
    for person in people:
        order = [text for chat, text in heard if chat == str(person)]
        assert order == [f"say {n}" for n in range(EACH)]


def outbox(session: Session) -> list[tuple[str, str]]:
    return [(row.chat, row.payload["text"]) for row in session.exec(select(Outbox)).all()]
