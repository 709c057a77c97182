"""Two replicas on one port and one PostgreSQL: each is restarted in turn, and nobody notices."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bench.drills.account import OUT_OF_ORDER
from bench.drills.traffic import Traffic
from bench.load import SECRET
from bench.process import free_port, running
from bench.reports import Report
from bench.standin import TOKEN, StandIn, standing_in
from models.database import open_database
from tests.bot import toy
from tests.bot.conftest import until
from tests.conftest import BACKENDS

CHATS = 10
RATE = 15.0


class Words:
    """Writes what residents say: in every chat by turns, each another word."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def write(self, count: int) -> list[Report]:
        return [self._report(len(self.said)) for _ in range(count)]

    def _report(self, number: int) -> Report:
        chat = 100 + number % CHATS
        self.said.append((str(chat), f"word {number}"))
        person = {"id": chat, "is_bot": False, "first_name": "Li"}
        message = {
            "message_id": number + 1,
            "date": 1_795_680_000,
            "from": person,
            "chat": {"id": chat, "type": "private"},
            "text": f"word {number}",
        }
        body = json.dumps({"update_id": number + 1, "message": message}).encode()
        return Report(chat, number + 1, body)


@pytest.mark.parametrize("database_url", BACKENDS[1:], indirect=True)
async def test_nothing_is_lost_doubled_or_overtaken_while_replicas_restart_in_turn(
    database_url: str, tmp_path: Path
):
    async with standing_in() as standin, AsyncExitStack() as stack:
        port = free_port()
        replicas = [AsyncExitStack(), AsyncExitStack()]
        for number, each in enumerate(replicas):
            await each.enter_async_context(
                replica(database_url, standin, port, tmp_path / str(number))
            )
            stack.push_async_callback(each.aclose)
        words, traffic = Words(), Traffic(lambda: (port,))
        restarting = asyncio.create_task(in_turn(replicas, database_url, standin, port, tmp_path))
        await traffic.until(restarting.done, words, RATE)
        await restarting
        await until(lambda: asyncio.sleep(0, len(standin.sent) >= len(words.said)), 30)
    database = open_database(database_url)
    assert Counter(await database.read(toy.heard)) == Counter(words.said)
    assert await database.read(overtaken) == 0
    await database.close()


def replica(url: str, standin: StandIn, port: int, log: Path):
    return running(
        "tests.bot.toy_service",
        (),
        {
            "LINLI_TELEGRAM__TOKEN": TOKEN,
            "LINLI_TELEGRAM__BASE_URL": standin.base_url,
            "LINLI_TELEGRAM__LIMITS": "false",
            "LINLI_TELEGRAM__WEBHOOK_URL": "http://127.0.0.1:1/telegram/webhook",
            "LINLI_TELEGRAM__WEBHOOK_SECRET": SECRET,
            "LINLI_DATABASE__URL": url,
            "LINLI_WEB__PORT": str(port),
            "LINLI_WEB__REUSE_PORT": "true",
            "LINLI_FILES__FOLDER": str(log.with_suffix(".files")),
        },
        log,
    )


async def in_turn(
    replicas: list[AsyncExitStack], url: str, standin: StandIn, port: int, folder: Path
) -> None:
    for number, each in enumerate(replicas):
        await asyncio.sleep(0.5)
        await each.aclose()
        again = replica(url, standin, port, folder / f"again-{number}")
        await each.enter_async_context(again)
    await asyncio.sleep(0.5)


def overtaken(session: Session) -> int:
    return int(session.execute(text(OUT_OF_ORDER)).scalar_one())
