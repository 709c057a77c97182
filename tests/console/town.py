"""A small town in a sandbox of its own, and a bot that answers through the real Bot API."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image
from telegram import Bot, Update
from telegram.error import InvalidToken
from telegram.request import HTTPXRequest

from sandbox.live import SOCKETS
from sandbox.server import create_app

Answer = Callable[[Update], Awaitable[object]]


async def _ignore(update: Update) -> None:
    """What the bot does until a test gives it something to do."""


@dataclass
class Town:
    """王阿姨 and 阿强 live in 快乐8号楼, 李网格员 works there; `bot` is its administrator."""

    runner: web.AppRunner
    site: web.TCPSite
    origin: str
    http: aiohttp.ClientSession
    bot: Bot
    aunt: int = 0
    neighbour: int = 0
    worker: int = 0
    group: int = 0
    on_update: Answer = field(default=_ignore)

    async def call(self, path: str, **body: Any) -> Any:
        """`POST /sandbox/<path>`; fails the test if the sandbox refuses."""
        async with self.http.post(f"{self.origin}/sandbox/{path}", json=body) as response:
            answer = await response.json()
            assert response.ok, answer
            return answer

    async def say(self, person: int, text: str) -> int:
        """Write in the group; gives the message's id."""
        answer = await self.call(f"chats/{self.group}/messages", **{"from": person, "text": text})
        return int(answer["messages"][0]["message_id"])

    async def history(self, chat: int) -> list[Any]:
        """The messages that were ever sent to a chat, in order."""
        async with self.http.get(f"{self.origin}/sandbox/chats/{chat}/messages") as response:
            events = (await response.json())["events"]
        return [event["message"] for event in events if event["kind"] == "sent"]

    async def hang_up(self) -> None:
        """Stop listening and drop every console's connection; people can't reconnect."""
        await self.site.stop()
        for socket in list(self.runner.app[SOCKETS]):  # type: ignore[index]
            await socket.close()

    async def second_door(self) -> None:
        """Listen on another port, for the test itself."""
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.origin = f"http://127.0.0.1:{self.runner.addresses[-1][1]}"

    async def listen_again(self, port: int) -> None:
        """Listen on the port of before."""
        self.site = web.TCPSite(self.runner, "127.0.0.1", port)
        await self.site.start()


async def _people(town: Town) -> None:
    names = {
        "aunt": ("王阿姨", "wangayi"),
        "neighbour": ("阿强", "aqiang"),
        "worker": ("李网格员", "liwg"),
    }
    for key, (first_name, username) in names.items():
        person = await town.call("users", first_name=first_name, username=username)
        setattr(town, key, person["id"])
    members = [town.aunt, town.neighbour, town.worker]
    made = await town.call(
        "chats", type="supergroup", title="快乐8号楼", members=members, bot_role="administrator"
    )
    town.group = made["id"]


async def _listen(town: Town) -> None:
    offset = 0
    while True:
        for update in await town.bot.get_updates(offset=offset, timeout=5):
            offset = update.update_id + 1
            await town.on_update(update)


async def _serve(http: aiohttp.ClientSession) -> Town:
    runner = web.AppRunner(create_app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with http.post(f"{origin}/sandbox/bots", json={"username": "linli_bot"}) as response:
        token = (await response.json())["token"]
    # a long poll holds one connection, so answers need others
    request = HTTPXRequest(connection_pool_size=4)
    bot = Bot(token, f"{origin}/bot", f"{origin}/file/bot", request, HTTPXRequest())
    return Town(runner, site, origin, http, bot)


@asynccontextmanager
async def open_town() -> AsyncIterator[Town]:
    """A town with people, a group and a listening bot, for as long as the block runs."""
    async with aiohttp.ClientSession() as http:
        town = await _serve(http)
        await _people(town)
        async with town.bot:
            listening = asyncio.create_task(_listen(town))
            yield town
            listening.cancel()
            with suppress(asyncio.CancelledError, InvalidToken):  # a reset world knows no bot
                await listening
        await town.runner.cleanup()


def picture(red: int = 40, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, (red, 110, 120)).save(out, "JPEG")
    return out.getvalue()


def media(data: bytes, name: str, mime: str) -> dict[str, str]:
    """A file as the sandbox's user side takes it."""
    return {"base64": base64.b64encode(data).decode(), "name": name, "mime": mime}


def upload(name: str, red: int = 40, mime: str = "image/jpeg") -> Any:
    """A picture (or what `mime` says it is) for Playwright's `set_input_files`."""
    return {"name": name, "mimeType": mime, "buffer": picture(red)}
