"""Faults that no other test injects: databases and disks that fail under a running service, bodies
and crowds of any size, hostile words. tests/chaos/faults.py lists the tests for every fault."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from sqlalchemy.engine import make_url

from bot.assembly import WEBHOOK_PATH, Service, assemble
from bot.clock import Clock
from bot.config import Settings, load
from bot.files import EDGE, stripped
from bot.receive import SECRET_HEADER
from models.migrate import migrate
from sandbox.people import Member, User
from tests.bot import toy
from tests.bot.conftest import Town, until
from tests.chaos.disk import Disk
from tests.chaos.servers import postgres, sandbox
from tests.people import GROUP_CHAT

ANSWER_SECONDS = 60.0
# of the flood; the long form of the suite asks for 20,000
FLOOD = int(os.environ.get("LINLI_TEST_FLOOD", "2000"))
HOSTILE = (
    "'; DROP TABLE inbox; --",
    "Robert'); DELETE FROM case_file WHERE ('1'='1",
    "<b>bold</b> <script>alert(1)</script> &amp;",
    '=cmd|"/c calc"!A1,+1,-1,@SUM(A1)',
    "\u202eelbisrever\u202c and \u2066isolated\u2069",
    "Z\u0351\u036b\u0343a\u0300\u0301\u0302l\u0334\u0335g\u0336o" + "\u0300" * 200,
    "{{7*7}} ${7*7} %s %d {0}",
    "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 \u0000x",
)
HOLD_LOCK = """
import sqlite3, sys, time
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("PRAGMA busy_timeout = 20000"); raw.execute("BEGIN IMMEDIATE")
print("held", flush=True); time.sleep(float(sys.argv[2])); raw.execute("ROLLBACK")
"""


async def answered(town: Town, person: int, words: list[str]) -> None:
    """Each of the words has had its answer, in their order."""
    wanted = [f"heard {each}" for each in words]
    await until(lambda: _all_shown(town, person, wanted), ANSWER_SECONDS)
    # a message whose settling was not heard of may come twice
    assert list(dict.fromkeys(await town.texts(person))) == wanted


async def _all_shown(town: Town, person: int, wanted: list[str]) -> bool:
    return len(set(await town.texts(person))) >= len(wanted)


# --- SQLite ---


@pytest.fixture
def file_settings(town: Town, sqlite_template: Path, tmp_path: Path) -> Settings:
    path = tmp_path / "linli.db"
    path.write_bytes(sqlite_template.read_bytes())
    return load(
        telegram={"token": town.bot["token"], "base_url": f"{town.url}/bot", "limits": False},
        database={"url": f"sqlite:///{path}"},
        web={"port": 0},
        files={"folder": tmp_path},
    )


@pytest.fixture
def path(file_settings: Settings) -> Path:
    return Path(str(make_url(file_settings.database.url).database))


async def test_a_lock_that_another_process_holds_is_waited_out(
    town: Town, file_settings: Settings, path: Path
):
    async with assemble(file_settings, doors=toy.DOORS):
        li = await town.person(start=False)
        command = [sys.executable, "-c", HOLD_LOCK, str(path), "6"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            await asyncio.to_thread(other.stdout.readline)
            for n in range(5):
                await town.say(li, li, f"word {n}")
            await answered(town, li, [f"word {n}" for n in range(5)])


async def test_a_disk_that_was_full_costs_nothing_once_there_is_room(
    town: Town, file_settings: Settings, path: Path
):
    with Disk(path.parent) as disk:
        async with assemble(file_settings, doors=toy.DOORS):
            li = await town.person(start=False)
            await town.say(li, li, "before")
            await answered(town, li, ["before"])
            disk.full = True
            for n in range(5):
                await town.say(li, li, f"word {n}")
            await asyncio.sleep(2.0)
            assert await town.texts(li) == ["heard before"]
            disk.full = False
            await answered(town, li, ["before", *(f"word {n}" for n in range(5))])
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# --- PostgreSQL ---


async def test_a_server_that_crashes_or_hangs_costs_nothing(town: Town, tmp_path: Path):
    with postgres() as server:
        await migrate(server.url)
        settings = load(
            telegram={"token": town.bot["token"], "base_url": f"{town.url}/bot", "limits": False},
            database={"url": server.url},
            web={"port": 0},
            files={"folder": tmp_path},
        )
        async with assemble(settings, doors=toy.DOORS):
            li = await town.person(start=False)
            words = [f"word {n}" for n in range(40)]
            talking = asyncio.create_task(_talk(town, li, words))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.crash)
            await asyncio.sleep(0.5)
            await server.stop_backends(3.0)
            await talking
            await answered(town, li, words)


async def _talk(town: Town, person: int, words: list[str]) -> None:
    for each in words:
        await town.say(person, person, each)
        await asyncio.sleep(0.1)


# --- sizes ---


@asynccontextmanager
async def hooked(settings: Settings, port: int) -> AsyncIterator[Service]:
    """The toy service behind a webhook."""
    telegram = settings.telegram.model_copy(
        update={"webhook_url": f"http://127.0.0.1:{port}{WEBHOOK_PATH}"}
    )
    telegram.webhook_secret = type(telegram.webhook_secret)("chaos")
    web = settings.web.model_copy(update={"port": port})
    changed = settings.model_copy(update={"telegram": telegram, "web": web})
    async with assemble(changed, doors=toy.DOORS) as running:
        yield running


async def test_a_body_of_30_megabytes_is_refused_and_the_next_update_taken(
    town: Town, file_settings: Settings, unused_tcp_port: int
):
    async with hooked(file_settings, unused_tcp_port) as service:
        headers = {SECRET_HEADER: "chaos", "Content-Type": "application/json"}

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(30 * 16):
                yield b" " * 64 * 1024

        url = service.address + WEBHOOK_PATH
        for body in (b" " * 30_000_000, chunks()):
            try:
                async with town.http.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 413
            except aiohttp.ClientConnectionError:
                pass  # it need not listen to the end
        li = await town.person(start=False)
        await town.say(li, li, "hello")
        await answered(town, li, ["hello"])


async def test_a_group_of_100_000_is_answered_like_any_other(file_settings: Settings):
    async with sandbox() as (address, cast):
        for number in range(100_000):
            user = User(1_000_000 + number, "路人")
            cast.world.users[user.id] = user
            cast.group.members[user.id] = Member(user, "member")
        telegram = file_settings.telegram.model_copy(update={"base_url": f"{address}/bot"})
        telegram.token = type(telegram.token)(cast.bot.token)
        settings = file_settings.model_copy(update={"telegram": telegram})
        async with assemble(settings, clock=Clock(), doors=toy.DOORS):
            cast.say(int(GROUP_CHAT), 1_099_999, f"@{cast.bot.username} hello")
            await until(lambda: asyncio.sleep(0, _shown(cast, "heard hello")))


def _shown(cast: Any, words: str) -> bool:
    return any(each.text == words for each in cast.group.messages.values())


def test_a_photo_of_ten_megabytes_is_kept_small():
    noise = Image.frombytes("RGB", (3200, 2400), os.urandom(3200 * 2400 * 3))
    stream = BytesIO()
    noise.save(stream, "JPEG", quality=97)
    content = stream.getvalue()
    assert len(content) > 9_000_000
    with Image.open(BytesIO(stripped(content))) as kept:
        assert max(kept.size) <= EDGE


# --- words and floods ---


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_are_kept_and_shown_letter_for_letter(
    town: Town, service: Service, words: str
):
    li = await town.person(start=False, name=words.replace("\0", "")[:60])
    await town.say(li, li, f"note {words}")
    clean = words.replace("\0", "")
    await until(lambda: town.texts(li))
    assert [text for _, text in await service.database.read(toy.heard)] == [f"note {clean}".strip()]


@pytest.mark.timeout(600)
async def test_a_flood_by_one_user_delays_no_other_by_more_than_five_seconds(
    town: Town, service: Service
):
    li = await town.person(start=False)
    flood = [_said(n, 7, "quiet flood") for n in range(FLOOD)]
    storing = asyncio.create_task(_store(service, flood))
    await asyncio.sleep(0.5)
    for n in range(3):
        before = asyncio.get_running_loop().time()
        await town.say(li, li, f"word {n}")
        await answered(town, li, [f"word {each}" for each in range(n + 1)])
        assert asyncio.get_running_loop().time() - before < 5.0
    await storing


async def _store(service: Service, updates: list[dict[str, Any]]) -> None:
    for at in range(0, len(updates), 100):
        await service.line.receive.take(updates[at : at + 100])


def _said(number: int, chat: int, text: str) -> dict[str, Any]:
    message = {
        "message_id": number + 1,
        "chat": {"id": chat, "type": "private"},
        "from": {"id": chat, "first_name": "Li"},
        "text": text,
    }
    return {"update_id": 10**9 + number, "message": message}
