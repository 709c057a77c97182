"""Each update once, chats apart from each other, failures visible."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, select

from bot.assembly import Service, assemble
from bot.config import Settings
from handlers.turn import Answer, Event
from handlers.updates import Me
from models import Inbox, Lane, inbox
from models.inbox import Arrived
from tests.bot import toy
from tests.bot.conftest import Town, until

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def arrived(n: int, chat: int, text: str) -> Arrived:
    place = {"id": chat, "type": "private"}
    sender = {"id": chat, "first_name": "Li"}
    message = {"message_id": n, "chat": place, "from": sender, "text": text}
    return Arrived(n, str(chat), {"update_id": n, "message": message})


async def store(service: Service, updates: list[Arrived]) -> None:
    def job(session: Session) -> None:
        for at in range(0, len(updates), 500):
            part = updates[at : at + 500]
            inbox.store(session, service.me.bot, part, NOW, datetime.now(UTC))

    await service.database.write(job, queue=True)
    service.wake()


async def texts(service: Service) -> list[str]:
    return [text for _, text in await service.database.read(toy.heard)]


async def states(service: Service) -> list[tuple[str, int, str | None]]:
    def job(session: Session):
        rows = session.exec(select(Inbox).order_by(Inbox.id)).all()
        return [(row.state, row.tries, row.error) for row in rows]

    return await service.database.read(job)


async def test_an_update_that_comes_three_times_is_handled_once(service: Service):
    for _ in range(3):
        await store(service, [arrived(1, 7, "quiet a"), arrived(2, 8, "quiet b")])
    assert await service.settle()
    assert sorted(await texts(service)) == ["quiet a", "quiet b"]


async def test_what_fails_three_times_is_kept_and_the_sender_gets_one_apology(
    town: Town, service: Service
):
    li = await town.person()
    await town.say(li, li, "boom")
    await town.say(li, li, "hello")
    assert await until(lambda: town.texts(li))
    assert await service.settle()
    found = await states(service)
    assert ("failed", 3, "Boom") in found
    shown = await town.texts(li)
    assert len(shown) == 2
    assert shown[-1] == "heard hello"
    assert "boom" not in str(found)


async def test_replay_runs_what_failed_again(service: Service):
    await store(service, [arrived(1, 7, "boom")])

    async def failed():
        return ("failed", 3, "Boom") in await states(service)

    await until(failed)
    wall = datetime.now(UTC)
    assert await service.database.write(lambda session: inbox.replay(session, [], wall)) == 1
    service.wake()
    await until(failed)
    assert len(await states(service)) == 1


async def test_a_number_that_comes_again_after_days_is_another_update(service: Service):
    """Telegram begins anew at random after a quiet week, and tries for a day at most."""
    later = NOW + inbox.KNOWN_FOR + timedelta(hours=1)

    def job(session: Session) -> None:
        wall = datetime.now(UTC)
        for at, text in ((NOW, "quiet a"), (NOW, "quiet a again"), (later, "quiet b")):
            inbox.store(session, service.me.bot, [arrived(1, 7, text)], at, wall)

    await service.database.write(job, queue=True)
    service.wake()
    assert await service.settle()
    assert await texts(service) == ["quiet a", "quiet b"]


async def test_the_same_update_is_the_same_however_far_a_clock_has_jumped(service: Service):
    def job(session: Session) -> None:
        wall = datetime.now(UTC)
        for at in (NOW, NOW + timedelta(days=30)):
            inbox.store(session, service.me.bot, [arrived(1, 7, "quiet a")], at, wall)

    await service.database.write(job, queue=True)
    service.wake()
    assert await service.settle()
    assert await texts(service) == ["quiet a"]


async def test_a_flood_in_one_chat_delays_no_other(service: Service):
    """The others wait for a few of its turns at most, however much of it is left."""
    await store(service, [arrived(n, 7, f"quiet {n}") for n in range(1_000)])
    await until(lambda: texts(service))
    await store(service, [arrived(10_000 + n, 100 + n, "quiet other") for n in range(50)])
    before = len(await texts(service))

    async def others_done():
        return (await texts(service)).count("quiet other") == 50

    await until(others_done)
    order = await texts(service)
    last = len(order) - order[::-1].index("quiet other")
    assert last <= before + 50 + 5 * inbox.BATCH < 1_050
    assert await service.database.read(out_of_order) == 0


def out_of_order(session: Session) -> int:
    """Updates that were done before an earlier one of their chat."""
    here = {"partition_by": Inbox.lane, "order_by": Inbox.id}
    before = select(Inbox.done_at, func.lag(Inbox.done_at).over(**here).label("last")).subquery()
    late = select(func.count()).select_from(before).where(before.c.done_at < before.c.last)
    return session.exec(late).one()


async def test_nothing_is_left_behind_when_all_is_done(service: Service):
    await store(service, [arrived(n, n % 7, "quiet") for n in range(70)])
    assert await service.settle()

    async def no_lanes():
        return not await service.database.read(lambda s: s.exec(select(Lane.lane)).all())

    await until(no_lanes)


async def test_a_unit_ends_when_telegram_waits_and_the_rest_follows_in_order(
    settings: Settings, database_url: str
):
    """What comes meanwhile is stored between two of its updates, and not after all of them."""
    if not database_url.startswith("sqlite"):
        return  # storing has connections of its own there
    loop = asyncio.get_running_loop()
    seen: list[asyncio.Task[int]] = []

    def done(session: Session) -> int:
        return session.exec(select(func.count()).where(Inbox.state == "done")).one()

    def begin() -> None:
        seen.append(asyncio.create_task(database.write(done, queue=True, awaited=True)))

    def handle(session: Session, event: Event, me: Me, now: datetime) -> list[Answer]:
        if not seen:
            loop.call_soon_threadsafe(begin)
            while not database.pressed:
                time.sleep(0.001)
        return toy.handle(session, event, me, now)

    async with assemble(settings, doors=replace(toy.DOORS, handle=handle)) as service:
        database = service.database
        chats = range(7, 10)
        await store(
            service,
            [arrived(n * 20 + chat, chat, f"quiet {chat}.{n}") for n in range(3) for chat in chats],
        )
        assert await service.settle()
        assert await seen[0] == 1
        heard = await texts(service)
        for chat in chats:
            order = [text for text in heard if f" {chat}." in text]
            assert order == [f"quiet {chat}.{n}" for n in range(3)]
        assert await service.database.read(out_of_order) == 0


async def test_a_restart_takes_up_what_was_not_done(settings: Settings):
    async with assemble(settings, doors=toy.DOORS) as service:
        await service.settle()
        bot = service.me.bot
        await store(service, [arrived(n, 7, f"quiet {n}") for n in range(300)])
    async with assemble(settings, doors=toy.DOORS) as service:
        assert service.me.bot == bot
        assert await service.settle()
        assert await texts(service) == [f"quiet {n}" for n in range(300)]


async def test_two_replicas_keep_each_chats_order_and_do_each_update_once(
    settings: Settings, database_url: str
):
    if database_url.startswith("sqlite"):
        return
    updates = [arrived(n, n % 5, f"quiet {n}") for n in range(200)]
    async with (
        assemble(settings, doors=toy.DOORS) as one,
        assemble(settings, doors=toy.DOORS) as two,
    ):
        await store(one, updates[:100])
        await store(two, updates[100:])
        assert await one.settle()
        heard = await one.database.read(toy.heard)
    for chat in range(5):
        order = [int(text.split()[1]) for where, text in heard if where == str(chat)]
        assert order == list(range(chat, 200, 5))


async def test_group_administrators_are_looked_up_before_the_unit_of_work(
    town: Town, service: Service
):
    li = await town.person()
    group = await town.group(li)
    await town.say(group, li, "/bind@linli_bot quiet")
    await until(lambda: town.calls("getChatMember"))
    assert await service.settle()
    assert await texts(service) == ["quiet"]
