"""The smaller share: the whole service behind its real webhook, with the sandbox as Telegram.

Whatever is posted, signed or not, JSON or not: the status is one of those that are described, no
update ends as failed, and no part of the service breaks.
"""

import asyncio
import io
import logging
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from time import perf_counter

import aiohttp
from sqlmodel import Session, col, select

from bot import log
from bot.assembly import WEBHOOK_PATH, Service, assemble
from bot.config import Settings, load
from bot.receive import MOST_BYTES, SECRET_HEADER
from models import Inbox
from models.sqlite import writing_engine
from sandbox.server import serve
from services.equipment import Equipment
from services.vault import Vault
from tests.fuzz.described import Maker
from tests.fuzz.real import recorded
from tests.fuzz.way import Found, Tally, the_town
from tests.people import BOT, peopled

SECRET = "fuzz-secret_1"
EXPECTED = {200, 400, 401, 413, 415}
# what a log line must not be called
BROKEN = ("update_failed", "delivery_failed", "part_failed", "update_unstorable", "tick_failed")
AT_ONCE = 20
WRONG = 0.05  # how many are unsigned, too long, of another type, or packed


async def take(template: Path, rng: Random, count: int, until: float) -> Tally:
    """Post at most `count` updates, until `perf_counter` says so."""
    tally = Tally()
    broken = _Broken()
    log.set_up("INFO", io.StringIO())
    logging.getLogger().addHandler(broken)
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with _service(template, Path(folder)) as service:
                await _post_all(service, rng, count, until, tally)
                await service.settle(20)
                failed = await service.database.read(_failed)
    finally:
        logging.getLogger().removeHandler(broken)
    tally.found += [Found("webhook", what, "") for what in broken.said]
    tally.found += [Found("webhook", f"failed: {error}", raw) for error, raw in failed]
    return tally


class _Broken(logging.Handler):
    """Hears of everything that broke behind the webhook."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = str(record.msg)
        if record.name.startswith("aiohttp"):  # malformed HTTP, which its status tells too
            return
        if "update_unreadable" in text:  # confirmed on purpose, or its chat would stand still
            return
        if "message_dead" in text:  # to one of the many chats that are made up
            return
        if record.levelno >= logging.ERROR or any(each in text for each in BROKEN):
            self.said.append(text[:500])


def _failed(session: Session) -> list[tuple[str, str]]:
    query = select(Inbox.error, Inbox.payload).where(col(Inbox.tries) > 0)
    return [(str(error), str(payload)) for error, payload in session.exec(query)]


@asynccontextmanager
async def _service(template: Path, folder: Path) -> AsyncIterator[Service]:
    """The real service with the street of tests/people.py, on a webhook."""
    copy = shutil.copy(template, folder)
    key = Vault.new_key()
    engine = writing_engine(f"sqlite:///{copy}")
    with Session(engine, info={"equipment": Equipment(vault=Vault(key))}) as session:
        peopled(session)
        session.commit()
    engine.dispose()
    async with serve("127.0.0.1", 0) as port, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{port}"
        bot = {"username": BOT.username, "token": f"{BOT.bot}:{'A' * 35}"}
        await (await http.post(f"{url}/sandbox/bots", json=bot)).read()
        settings = _settings(url, bot["token"], copy, folder, key)
        async with assemble(settings) as service:
            yield service


def _settings(url: str, token: str, copy: str, folder: Path, key: str) -> Settings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return load(
        telegram={
            "token": token,
            "base_url": f"{url}/bot",
            "limits": False,
            "webhook_url": f"http://127.0.0.1:{port}{WEBHOOK_PATH}",
            "webhook_secret": SECRET,
        },
        database={"url": f"sqlite:///{copy}"},
        web={"port": port},
        files={"folder": folder},
        vault={"key": key},
    )


async def _post_all(service: Service, rng: Random, count: int, until: float, tally: Tally) -> None:
    maker = Maker(rng, the_town(), recorded())
    url = service.address + WEBHOOK_PATH
    async with aiohttp.ClientSession() as http:

        async def client() -> None:
            while tally.fates["posted"] < count and perf_counter() < until:
                tally.fates["posted"] += 1
                body, headers = _request(rng, maker.raw())
                await _post(http, url, body, headers, tally)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))


async def _post(
    http: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str], tally: Tally
) -> None:
    try:
        async with http.post(url, data=body, headers=headers) as answer:
            status = answer.status
    except aiohttp.ClientError:  # closed while a body that is too long was still being sent
        tally.fates["closed"] += 1
        return
    tally.fates[f"status {status}"] += 1
    if status not in EXPECTED:
        tally.found.append(Found("webhook", f"status {status}", repr((headers, body[:2000]))))


def _request(rng: Random, body: bytes) -> tuple[bytes, dict[str, str]]:
    headers = {SECRET_HEADER: SECRET, "Content-Type": "application/json"}
    if rng.random() < WRONG:
        name, value = rng.choice(_SPOILED)
        headers[name] = value
    if rng.random() < WRONG / 5:
        body += b" " * MOST_BYTES
    return body, headers


_SPOILED = (
    (SECRET_HEADER, ""), (SECRET_HEADER, SECRET + "x"), (SECRET_HEADER, "ü\udcff"),
    ("Content-Type", "text/plain"), ("Content-Type", ""), ("Content-Type", "application/json; x=y"),
    ("Content-Encoding", "gzip"), ("Content-Encoding", "br"), ("Content-Encoding", "identity"),
    ("Expect", "100-continue"), ("X-Forwarded-For", "1" * 4000),
)  # fmt: skip
