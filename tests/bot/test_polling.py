"""Polling: the offset moves only with what is stored, and trouble is waited out."""

import asyncio
import io
import json

import pytest

from bot import log
from bot.assembly import Service
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
