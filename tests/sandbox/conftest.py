"""A sandbox for each test, with a small cast, driven through its two doors over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.server import serve

Json = dict[str, Any]


class Time:
    """A clock that a test can move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def skip(self, **amount: float) -> None:
        """Moves on by a timedelta's arguments."""
        self.ahead += timedelta(**amount)


class Town:
    """A running sandbox: `do` is its user side, `call` its Bot API."""

    def __init__(self, port: int, session: aiohttp.ClientSession, time: Time) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.session = session
        self.time = time
        self.bot: Json = {}

    async def ask(self, method: str, path: str, body: Json | None = None) -> tuple[int, Any]:
        """Status and JSON of a user-side call."""
        async with self.session.request(method, f"{self.url}/sandbox/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def do(self, path: str, **body: Any) -> Any:
        """A user-side POST that must work; `sender` stands for `from`."""
        body = {"from" if key == "sender" else key: value for key, value in body.items()}
        status, answer = await self.ask("POST", path, body)
        assert status == 200, answer
        return answer

    async def get(self, path: str) -> Any:
        """A user-side GET that must work."""
        status, answer = await self.ask("GET", path)
        assert status == 200, answer
        return answer

    async def raw(self, method: str, token: str | None = None, **params: Any) -> tuple[int, Json]:
        """Status and body of a Bot API call."""
        url = f"{self.url}/bot{token or self.bot['token']}/{method}"
        async with self.session.post(url, json=params) as answer:
            return answer.status, await answer.json()

    async def call(self, method: str, **params: Any) -> Any:
        """The result of a Bot API call that must work."""
        status, body = await self.raw(method, **params)
        assert body["ok"], body
        assert status == 200
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        """The description of a Bot API call that must be refused."""
        status, body = await self.raw(method, **params)
        assert not body["ok"], body
        assert body["error_code"] == status
        return str(body["description"])

    async def updates(self, **params: Any) -> list[Json]:
        """All waiting updates, confirmed."""
        found: list[Json] = await self.call("getUpdates", **params)
        if found:
            await self.call("getUpdates", offset=found[-1]["update_id"] + 1)
        return found

    async def person(self, name: str, start: bool = True, **more: Any) -> int:
        """A new user, who has started the bot unless told otherwise."""
        user = (await self.do("users", first_name=name, **more))["id"]
        if start:
            await self.do("start", sender=user, bot_id=self.bot["id"])
        return int(user)

    async def group(self, *members: int, kind: str = "group", role: str = "member") -> int:
        """A new group with the bot in it."""
        body = {"type": kind, "title": "快乐8号楼", "members": list(members)}
        return int((await self.do("chats", **body, bot_id=self.bot["id"], bot_role=role))["id"])

    async def say(self, chat: int, sender: int, text: str, **more: Any) -> Json:
        """A text by a person; gives the message."""
        said = await self.do(f"chats/{chat}/messages", sender=sender, text=text, **more)
        message: Json = said["messages"][0]
        return message


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A sandbox with one bot, `linli_bot`, limits off and nobody else."""
    time = Time()
    async with serve("127.0.0.1", 0, clock=time) as port, aiohttp.ClientSession() as session:
        made = Town(port, session, time)
        made.bot = await made.do("bots", username="linli_bot")
        await made.do("limits", enforced=False)
        yield made
