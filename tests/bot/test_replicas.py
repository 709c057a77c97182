"""Several processes on one PostgreSQL: they wake each other, and outlive lost answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlmodel import Session, select

from bot.assembly import Service, assemble
from bot.bell import QUIET_SECONDS, Bell
from bot.clock import Clock
from bot.config import Settings
from models import Lane, Outbox
from models.database import Unavailable
from tests.bot import toy
from tests.bot.conftest import Town, until
from tests.conftest import BACKENDS

pytestmark = pytest.mark.parametrize("database_url", BACKENDS[1:], indirect=True)


class Ears:
    """A process that only listens."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self.bell = Bell(url, uuid4().hex, lambda bot, what: self.heard.append(f"{bot} {what}"))

    async def begin(self) -> "Ears":
        self.task = asyncio.create_task(self.bell.run())
        await until(lambda: asyncio.sleep(0, self.bell.connected))
        return self

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def ears(database_url: str) -> AsyncIterator[list[Ears]]:
    made = [Ears(database_url), Ears(database_url), Ears(database_url)]
    yield [await each.begin() for each in made]
    for each in made:
        await each.end()


async def test_what_one_process_rings_only_the_others_hear_and_for_which_bot(ears: list[Ears]):
    mine, other, third = ears
    mine.bell.ring("777", "outbox")
    await until(lambda: asyncio.sleep(0, other.heard and third.heard))
    await asyncio.sleep(0.1)
    assert (mine.heard, other.heard, third.heard) == ([], ["777 outbox"], ["777 outbox"])


async def test_a_thousand_rings_are_a_few_notifications(ears: list[Ears]):
    mine, other, _ = ears
    began = time.monotonic()
    for n in range(1000):
        mine.bell.ring("777", "inbox" if n % 2 else "outbox")
        if n % 100 == 0:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.2)
    most = 2 + (time.monotonic() - began) / QUIET_SECONDS
    assert 2 <= len(other.heard) <= 2 * most
    assert set(other.heard) == {"777 inbox", "777 outbox"}


async def test_the_bell_looks_for_the_server_again_by_itself(ears: list[Ears], database_url: str):
    mine, other, _ = ears
    admin = await asyncpg.connect(database_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await admin.close()

    async def rung() -> list[str]:
        mine.bell.ring("777", "outbox")
        await asyncio.sleep(0.1)
        return other.heard

    assert await until(rung, seconds=10)


async def test_a_message_queued_by_one_process_is_sent_by_the_other_at_once(
    town: Town, settings: Settings, database_url: str
):
    async with (
        assemble(settings, clock=Clock(), doors=toy.DOORS) as first,
        assemble(settings, clock=Clock(), doors=toy.DOORS) as second,
    ):
        await until(lambda: asyncio.sleep(0, first.line.deliver.holds))
        await until(lambda: asyncio.sleep(0, second._bell and second._bell.connected))
        took: list[float] = []
        for n in range(5):
            await asyncio.sleep(0.3)
            began = time.monotonic()
            await second.database.write(lambda session, n=n: queue(session, second, n))
            second._queued([second.me.bot])
            await until(lambda n=n: sent(town, n))
            took.append(time.monotonic() - began)
        assert sorted(took)[2] < 0.5, took


async def test_who_ends_hands_delivery_over_at_once(settings: Settings):
    took: list[float] = []
    async with AsyncExitStack() as last:
        old = await last.enter_async_context(AsyncExitStack())
        first = await old.enter_async_context(assemble(settings, doors=toy.DOORS))
        await until(lambda: asyncio.sleep(0, first.line.deliver.holds))
        for _ in range(3):
            ends, old = old, await last.enter_async_context(AsyncExitStack())
            heir = await old.enter_async_context(assemble(settings, doors=toy.DOORS))
            await until(lambda s=heir: asyncio.sleep(0, s._bell and s._bell.connected))
            await ends.aclose()
            began = time.monotonic()
            await until(lambda s=heir: asyncio.sleep(0, s.line.deliver.holds))
            took.append(time.monotonic() - began)
    assert max(took) < 0.3, took  # by looking once a second it would take half of one


async def test_a_replica_whose_work_another_does_is_not_stuck(town: Town, settings: Settings):
    async with (
        assemble(settings, clock=Clock(), doors=toy.DOORS) as first,
        assemble(settings, clock=Clock(), doors=toy.DOORS) as second,
    ):
        parts = (first.line.deliver, second.line.deliver)
        for each in parts:
            each.looked_at = -1_000.0
        await until(lambda: asyncio.sleep(0, all(each.looked_at > 0 for each in parts)))


def queue(session: Session, service: Service, n: int) -> None:
    now = service.clock.now()
    session.add(
        Outbox(bot=service.me.bot, chat=str(9000 + n), made_at=now, payload={"text": f"word {n}"})
    )


async def sent(town: Town, n: int) -> bool:
    calls = await town.calls("sendMessage")
    return any(call["params"].get("text") == f"word {n}" for call in calls)


class Forgetful:
    """A database whose next answers are lost after their commits."""

    def __init__(self, inner: Any, lost: int) -> None:
        self.inner, self.lost = inner, lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def write(self, job: Any, *, queue: bool = False) -> Any:
        answer = await self.inner.write(job, queue=queue)
        if answer and self.lost > 0:
            self.lost -= 1
            raise Unavailable("the answer was lost")
        return answer


@pytest.mark.parametrize("part", ["dispatch", "deliver"])
async def test_what_was_claimed_without_an_answer_is_served_all_the_same(
    town: Town, service: Service, part: str
):
    worker = getattr(service.line, part)
    li, wu = await town.person("Li"), await town.person("Wu")
    await service.settle()
    worker._database = Forgetful(service.database, lost=2)
    await town.say(li, li, "one")
    await town.say(wu, wu, "two")
    await until(lambda: heard(town, li, "heard one"), seconds=20)
    await until(lambda: heard(town, wu, "heard two"), seconds=20)
    assert await service.settle()
    assert worker._database.lost == 0
    assert await service.database.read(lambda session: list(session.exec(select(Lane)))) == []


async def heard(town: Town, chat: int, text: str) -> bool:
    return text in await town.texts(chat)
