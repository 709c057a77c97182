"""The real runtime with a toy behind it, on a sandbox, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.assembly import Service, assemble
from bot.clock import Clock
from bot.config import Settings, load
from sandbox.server import serve
from tests.bot import toy

Json = dict[str, Any]


class Town:
    """A running sandbox with one bot: its user side, and what the bot has called."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.http = http
        self.bot: Json = {}

    async def do(self, path: str, **body: Any) -> Any:
        body = {key.removesuffix("_"): value for key, value in body.items()}
        async with self.http.post(f"{self.url}/sandbox/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.url}/sandbox/{path}") as answer:
            return await answer.json()

    async def person(self, name: str = "Li", start: bool = True) -> int:
        user: int = (await self.do("users", first_name=name))["id"]
        if start:
            await self.do("start", from_=user, bot_id=self.bot["id"])
        return user

    async def group(self, *members: int, role: str = "member", kind: str = "group") -> int:
        made = await self.do(
            "chats",
            type=kind,
            title="8",
            members=list(members),
            bot_id=self.bot["id"],
            bot_role=role,
        )
        return int(made["id"])

    async def say(self, chat: int, sender: int, text: str, **more: Any) -> Json:
        said = await self.do(f"chats/{chat}/messages", from_=sender, text=text, **more)
        message: Json = said["messages"][0]
        return message

    async def calls(self, *methods: str) -> list[Json]:
        answer = await self.get("calls?after=0")
        calls = answer if isinstance(answer, list) else answer["calls"]
        return [each for each in calls if not methods or each["method"] in methods]

    async def texts(self, chat: int) -> list[str]:
        """What the bot has shown in a chat: its messages as they stand now, in order."""
        shown: dict[int, str] = {}
        path = f"users/{chat}" if chat > 0 else f"chats/{chat}"
        for event in (await self.get(f"{path}/messages?after=0&wait=0"))["events"]:
            message = event["message"]
            if message.get("from", {}).get("id") == self.bot["id"] and "text" in message:
                shown[message["message_id"]] = message["text"]
        return list(shown.values())

    async def fault(self, kind: str, **more: Any) -> None:
        await self.do("faults", kind=kind, **more)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A sandbox with one bot, limits off."""
    async with serve("127.0.0.1", 0) as port, aiohttp.ClientSession() as http:
        made = Town(f"http://127.0.0.1:{port}", http)
        made.bot = await made.do("bots", username="linli_bot")
        await made.do("limits", enforced=False)
        yield made


@pytest.fixture
def settings(town: Town, database_url: str, tmp_path: Path) -> Settings:
    """The service's settings for that sandbox."""
    return load(
        telegram={"token": town.bot["token"], "base_url": f"{town.url}/bot", "limits": False},
        database={"url": database_url},
        web={"port": 0},
        files={"folder": tmp_path},
        policy={"check_share": 0.0},
    )


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    """The toy service, running."""
    async with assemble(settings, clock=Clock(), doors=toy.DOORS) as running:
        yield running


async def until(check: Callable[[], Awaitable[Any]], seconds: float = 15.0) -> Any:
    """Wait until `check` gives something true, and answer it."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.02)
        return found
