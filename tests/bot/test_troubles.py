"""What hangs, fails or is told to wait: within bounds, and somebody hears of it."""

import asyncio
import socket
import time

import pytest
from sqlmodel import select

import bot.deliver
import bot.dispatch
import models.postgres
import models.sqlite
from bot.assembly import Service, assemble
from bot.cannot import Cannot
from bot.config import Settings
from models import Inbox, Lane, Outbox
from tests.bot import toy
from tests.bot.conftest import Town, until
from tests.bot.test_dispatch import arrived, states, store, texts


async def test_an_update_that_waits_too_long_is_given_up_and_its_chat_goes_on(
    town: Town, service: Service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bot.dispatch, "UPDATE_SECONDS", 0.2)
    monkeypatch.setattr(bot.dispatch, "LOOK_UP_SECONDS", 60.0)
    await town.fault("hang_after_accept", method="getChatMember", count=3)
    li = await town.person()
    group = await town.group(li)
    await town.say(group, li, "/bind@linli_bot quiet")
    await town.say(group, li, "@linli_bot quiet after")

    async def after():
        return "quiet after" in await texts(service)

    await until(after)
    assert ("failed", 3, "TimeoutError") in await states(service)


async def test_a_handler_that_never_ends_is_ended_and_the_others_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    for module in (models.sqlite, models.postgres):
        monkeypatch.setattr(module, "JOB_SECONDS", 0.4)
    async with assemble(settings, doors=toy.DOORS) as service:
        await store(service, [arrived(1, 7, "spin"), arrived(2, 7, "quiet after")])
        await store(service, [arrived(3, 8, "quiet other")])
        assert await service.settle()
        assert sorted(await texts(service)) == ["quiet after", "quiet other"]
        assert ("failed", 3, "TooLong") in await states(service)


async def test_a_port_that_is_taken_is_said_in_one_sentence(settings: Settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        web = settings.web.model_copy(update={"port": port})
        there = settings.model_copy(update={"web": web})
        with pytest.raises(Cannot, match=rf"web\.port {port} is taken"):
            async with assemble(there, doors=toy.DOORS):
                pass


async def test_a_bug_in_telling_of_a_bug_does_not_keep_the_update_for_ever(
    settings: Settings,
):
    def boom(*_what: object) -> None:
        raise toy.Boom("telling")

    doors = toy.doors(given_up=boom)
    async with assemble(settings, doors=doors) as service:
        await store(service, [arrived(1, 7, "boom"), arrived(2, 7, "quiet after")])
        assert await service.settle()
        assert [state for state, _, _ in await states(service)] == ["failed", "done"]


async def test_a_press_is_answered_after_the_pause_that_telegram_asks_for(
    town: Town, service: Service
):
    li = await town.person()
    await town.say(li, li, "card one")
    (message,) = await until(lambda: cards(town, li))
    await town.fault("429", method="answerCallbackQuery", retry_after=1)
    began = time.monotonic()
    pressed = await town.do(f"chats/{li}/press", from_=li, message_id=message, data="go~1")
    assert pressed["answer"]["text"] == "you pressed go~1"
    assert time.monotonic() - began >= 1


async def cards(town: Town, chat: int) -> list[int]:
    events = (await town.get(f"users/{chat}/messages?after=0&wait=0"))["events"]
    return [each["message"]["message_id"] for each in events if "reply_markup" in each["message"]]


async def test_stopping_finishes_what_was_begun_and_gives_the_rest_back(settings: Settings):
    async with assemble(settings, doors=toy.DOORS) as service:
        await store(service, [arrived(n, n % 3, f"quiet {n}") for n in range(300)])
        await asyncio.sleep(0.05)
    async with assemble(settings, doors=toy.doors(handle=nothing)) as service:
        before = await service.database.read(
            lambda s: list(s.exec(select(Inbox.state, Inbox.tries).distinct()))
        )
        assert {tries for _, tries in before} == {0}
        assert await service.settle()

        async def nobody_holds() -> bool:
            return not await service.database.read(lambda s: s.exec(select(Lane.holder)).first())

        await until(nobody_holds)


def nothing(*_what: object) -> list[object]:
    return []


async def test_a_deliverer_that_was_silent_too_long_takes_nothing_back(
    town: Town, service: Service
):
    """What its successor has sent meanwhile stays sent."""
    from datetime import UTC, datetime

    from models import outgoing
    from models.outgoing import Outcome, Parcel

    li = await town.person()
    await town.say(li, li, "hello")

    async def sent():
        return await service.database.read(lambda s: s.exec(select(Outbox)).first())

    row = await until(sent)
    assert await service.settle()
    parcel = Parcel(
        row.id, row.platform, row.chat, row.act, 2, {}, None, None, None, 0, row.made_at
    )
    late = [Outcome(parcel, "pending"), Outcome(parcel, "dead", error="late")]
    now = datetime.now(UTC)
    await service.database.write(lambda s: outgoing.settle(s, row.bot, late, now))
    assert (await sent()).state == "sent"


async def test_stopping_waits_for_what_hangs_only_so_long(
    town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bot.dispatch, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(bot.dispatch, "LOOK_UP_SECONDS", 60.0)
    async with assemble(settings, doors=toy.DOORS) as service:
        li = await town.person()
        group = await town.group(li)
        await town.fault("hang_after_accept", method="getChatMember")
        await town.say(group, li, "/bind@linli_bot quiet")
        await until(lambda: town.calls("getChatMember"))
        began = time.monotonic()
    assert time.monotonic() - began < 5
    async with assemble(settings, doors=toy.DOORS) as service:
        assert await service.settle()
        assert await texts(service) == ["quiet"]


async def test_a_call_that_hangs_is_made_again(
    town: Town, service: Service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bot.deliver, "FLIGHT_SECONDS", 0.3)
    await town.fault("hang_after_accept", method="sendMessage")
    li = await town.person()
    await town.say(li, li, "hello")

    async def twice() -> bool:
        return len(await town.calls("sendMessage")) == 2

    await until(twice)
    assert await service.settle()
    assert set(await town.texts(li)) == {"heard hello"}
