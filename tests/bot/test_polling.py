"""Polling: the offset moves only with what is stored, and trouble is waited out."""

import asyncio
import io
import json
from datetime import timedelta

import pytest

from bot import disk, log
from bot.assembly import Service, assemble
from bot.cannot import Cannot
from bot.config import Settings, load
from models import inbox
from models.database import Unavailable
from tests.bot import toy
from tests.bot.conftest import Town, until


async def heard(service: Service) -> list[str]:
    return [text for _, text in await service.database.read(toy.heard)]


@pytest.mark.parametrize("kind", ["5xx", "reset", "bad_json", "429"])
async def test_trouble_with_telegram_is_waited_out(town: Town, service: Service, kind: str):
    await town.fault(kind, method="getUpdates")
    li = await town.person(start=False)
    await town.say(li, li, "one")
    await town.say(li, li, "two")
    await until(lambda: town.texts(li), 30)
    assert await until(lambda: all_heard(service, 2), 30) == ["one", "two"]


async def all_heard(service: Service, count: int) -> list[str]:
    found = await heard(service)
    return found if len(found) >= count else []


async def test_updates_that_come_twice_are_handled_once(town: Town, service: Service):
    await town.fault("duplicate", count=3)
    li = await town.person(start=False)
    for n in range(5):
        await town.say(li, li, f"quiet {n}")
    await until(lambda: all_heard(service, 5))
    await asyncio.sleep(0.3)
    assert sorted(await heard(service)) == [f"quiet {n}" for n in range(5)]


async def test_nothing_is_confirmed_while_the_database_is_down(
    town: Town, service: Service, monkeypatch: pytest.MonkeyPatch
):
    def full(*_args: object) -> None:
        raise Unavailable("the disk is full")

    li = await town.person(start=False)
    with monkeypatch.context() as patched:
        patched.setattr(inbox, "store", full)
        await town.say(li, li, "quiet one")
        await asyncio.sleep(0.5)
        assert await heard(service) == []
    assert await until(lambda: all_heard(service, 1), 30) == ["quiet one"]


async def test_another_program_on_the_same_token_is_named_with_the_cure(
    town: Town, service: Service
):
    stream = io.StringIO()
    log.set_up("INFO", stream)
    url = f"{town.url}/bot{town.bot['token']}/getUpdates"

    async def conflict() -> bool:
        async with town.http.post(url, json={"timeout": 0}) as answer:
            await answer.read()
        return "polling_conflict" in stream.getvalue()

    await until(conflict, 30)
    line = json.loads(stream.getvalue().splitlines()[-1])
    assert "another program uses this bot's token" in line["cure"]


async def test_an_edited_message_counts_where_it_addresses_the_bot(town: Town, service: Service):
    li = await town.person()
    group = await town.group(li, role="administrator", kind="supergroup")
    chatter = await town.say(group, li, "quiet chatter")
    ours = await town.say(group, li, "@linli_bot quiet one")
    for message, text in ((chatter, "quiet chatter!"), (ours, "@linli_bot quiet two")):
        path = f"chats/{group}/messages/{message['message_id']}/edit"
        await town.do(path, from_=li, text=text)
    assert await until(lambda: all_heard(service, 2)) == ["quiet one", "quiet two"]


async def test_a_webhook_that_another_program_has_set_is_not_taken_away_silently(
    town: Town, settings: Settings
):
    await set_elsewhere(town)
    with pytest.raises(Cannot, match=r"linli_bot has a webhook at 127\.0\.0\.1.*--take-over"):
        async with assemble(settings, doors=toy.DOORS):
            pass
    async with assemble(settings, doors=toy.DOORS, take_over=True) as service:
        li = await town.person(start=False)
        await town.say(li, li, "quiet one")
        assert await until(lambda: all_heard(service, 1)) == ["quiet one"]


async def set_elsewhere(town: Town) -> None:
    url = f"{town.url}/bot{town.bot['token']}/setWebhook"
    async with town.http.post(url, json={"url": "http://127.0.0.1:9/other"}) as answer:
        assert answer.status == 200


async def test_one_that_we_have_set_ourselves_goes_when_we_poll_again(
    town: Town, settings: Settings
):
    old = settings.telegram
    hooked = {"webhook_url": "http://127.0.0.1:9/telegram/webhook", "webhook_secret": "s"}
    given = {"token": old.token, "base_url": old.base_url} | hooked
    by_webhook = load(telegram=given, database=settings.database, web={"port": 0})
    async with assemble(by_webhook, doors=toy.DOORS):
        pass
    async with assemble(settings, doors=toy.DOORS):
        pass
    assert len(await town.calls("deleteWebhook")) == 1


async def test_a_webhook_set_while_we_poll_is_named_with_the_cure(town: Town, service: Service):
    stream = io.StringIO()
    log.set_up("INFO", stream)
    await until(lambda: town.calls("getUpdates"))
    await set_elsewhere(town)

    async def named() -> bool:
        return "another program has set a webhook" in stream.getvalue()

    await until(named)


async def test_after_a_quiet_week_numbers_may_begin_anew(town: Town, service: Service):
    li = await town.person(start=False)
    await town.say(li, li, "quiet one")
    await until(lambda: all_heard(service, 1))
    bot = service.me.bot

    async def offset(days: int) -> int | None:
        now = service.clock.now() + timedelta(days=days)
        return await service.database.read(lambda session: inbox.offset(session, bot, now))

    assert await offset(5) is not None
    assert await offset(7) is None


async def test_below_the_floor_of_free_space_nothing_is_asked_for(
    town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    free = [1]
    monkeypatch.setattr(disk, "free_bytes", lambda _path: free[0])
    monkeypatch.setattr(disk, "LOOK_SECONDS", 0.05)
    async with assemble(settings, doors=toy.DOORS) as service:
        li = await town.person(start=False)
        await town.say(li, li, "quiet one")
        await asyncio.sleep(0.3)
        assert await town.calls("getUpdates") == []
        free[0] = 10**12
        assert await until(lambda: all_heard(service, 1), 30) == ["quiet one"]
