"""Sealing by the clock: all that waits, each district for itself, and the heads in the log."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select
from structlog.testing import capture_logs

from models import Audit, Seal, Unsealed, crash
from models.database import Database
from scheduler.seal import Sealer
from services import sealing, verifying

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def audits(district: str, count: int) -> Callable[[Session], None]:
    return lambda session: session.add_all(
        Audit(district=district, at=NOW, act="seen") for _ in range(count)
    )


async def test_all_that_waits_is_sealed_in_links_of_a_limited_length(database: Database):
    await database.write(audits("110101", sealing.BATCH + 1))
    await database.write(audits("110102", 2))
    assert await Sealer(database, lambda: NOW).seal() == sealing.BATCH + 3
    assert await database.read(lambda session: session.exec(select(Unsealed)).all()) == []
    seals = await database.read(lambda session: session.exec(select(Seal)).all())
    assert sorted((each.district, each.position) for each in seals) == [
        ("110101", 1),
        ("110101", 2),
        ("110102", 1),
    ]
    for district in ("110101", "110102"):
        found = await database.read(lambda session, each=district: verifying.verify(session, each))
        assert isinstance(found, verifying.Head)


async def test_the_heads_are_logged_once_a_day(database: Database):
    wall = NOW
    sealer = Sealer(database, lambda: wall)
    await database.write(audits("110101", 1))
    with capture_logs() as logs:
        await sealer.work()
        await sealer.work()
        wall += timedelta(days=1)
        await sealer.work()
    heads = [each for each in logs if each["event"] == "chain_head"]
    assert [(each["district"], each["position"]) for each in heads] == [("110101", 1)] * 2
    assert all(len(each["hash"]) == 64 for each in heads)


async def test_what_is_written_is_sealed_within_a_second_and_at_the_end(database: Database):
    sealer = Sealer(database, lambda: NOW)
    running = asyncio.create_task(sealer.run())
    await database.write(audits("110101", 1))
    async with asyncio.timeout(5):
        while not await database.read(lambda session: session.exec(select(Seal)).all()):
            await asyncio.sleep(0.05)
    await database.write(audits("110101", 1))
    running.cancel()
    await asyncio.wait({running})
    assert await database.read(lambda session: session.exec(select(Unsealed)).all()) == []


async def test_an_idle_service_is_not_asked_again_and_again(database: Database):
    asked = []

    class Counting(Sealer):
        async def work(self) -> None:
            asked.append(1)
            await super().work()

    sealer = Counting(database, lambda: NOW)
    for _ in range(5):
        await sealer._tick()
    assert len(asked) == 1
    await database.write(audits("110101", 1))
    await sealer._tick()
    sealer.looked_at -= 60  # another process may have left something
    await sealer._tick()
    assert len(asked) == 3


@pytest.mark.parametrize("point", ["seal.linked", "seal.committed"])
async def test_a_sealer_that_ends_at_any_point_leaves_a_whole_chain(database: Database, point: str):
    class Ended(Exception):
        pass

    def burn() -> None:
        raise Ended

    await database.write(audits("110101", 3))
    crash.arm(point, 1, burn)
    with pytest.raises(Ended):
        await Sealer(database, lambda: NOW).seal()
    crash.arm("", 0)
    await Sealer(database, lambda: NOW).seal()
    head = await database.read(lambda session: verifying.verify(session, "110101"))
    assert isinstance(head, verifying.Head)
    assert (head.position, head.rows) == (1, 3)
