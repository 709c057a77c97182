"""Two bots in one service: each with its own voice, queue and limits."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

import bot.demo.run as demo
from bot import log
from bot.assembly import WEBHOOK_PATH, Service, assemble
from bot.cannot import Cannot
from bot.config import AnotherBot, Settings, accounts_of, load
from bot.receive import SECRET_HEADER
from handlers.turn import Answer, Event, Said
from handlers.updates import Me
from models import Outbox
from services.outbox import About, Address, Message, put
from tests.bot import toy
from tests.bot.conftest import Town, until


@pytest.fixture
async def second(town: Town) -> dict[str, Any]:
    made: dict[str, Any] = await town.do("bots", username="linli_two_bot")
    return made


@pytest.fixture
async def service(settings: Settings, second: dict[str, Any]) -> AsyncIterator[Service]:
    """What is said to the first bot is passed on by the second one."""
    telegram = settings.telegram.model_copy(
        update={
            "bots": [AnotherBot(token=second["token"], district="320106")],
            "district": "110101",
        }
    )
    both = settings.model_copy(update={"telegram": telegram})

    def pass_on(session: Session, event: Event, me: Me, now: datetime) -> list[Answer]:
        if isinstance(event, Said) and event.command != "start":
            to = Address(str(second["id"]), event.at.chat)
            put(session, to, Message(f"{me.username}: {event.text}"), now, About())
        return []

    async with assemble(both, doors=toy.doors(handle=pass_on)) as running:
        yield running


async def test_what_one_bot_hears_another_may_say_at_once(
    town: Town, service: Service, second: dict[str, Any]
):
    assert [me.username for me in service.bots] == ["linli_bot", "linli_two_bot"]
    li = await town.person()
    await town.do("start", from_=li, bot_id=second["id"])
    assert await service.settle()
    began = datetime.now(UTC)
    await town.say(li, li, "hello")

    async def row() -> Outbox | None:
        query = select(Outbox).where(Outbox.state == "sent").order_by(col(Outbox.id))
        return await service.database.read(lambda session: session.exec(query).first())

    sent = await until(row)
    assert sent.bot == str(second["id"])
    assert (datetime.now(UTC) - began).total_seconds() < 5


async def test_each_webhook_has_its_own_path_and_secret(
    town: Town, settings: Settings, second: dict[str, Any]
):
    given = {"webhook_url": "http://127.0.0.1:9/telegram/webhook", "webhook_secret": "one"}
    bots = [{"token": second["token"], "district": "320106"}]
    old = settings.telegram
    telegram = {
        "token": old.token,
        "base_url": old.base_url,
        "bots": bots,
        "district": "110101",
    } | given
    both = load(telegram=telegram, database=settings.database, web={"port": 0})
    async with assemble(both, doors=toy.DOORS) as service:
        first, other = accounts_of(both)
        url, path = service.address + WEBHOOK_PATH, f"/{second['id']}"
        calls = await town.calls("setWebhook")
        assert [each["params"]["url"] for each in calls] == [
            given["webhook_url"],
            given["webhook_url"] + path,
        ]
        for where, secret, status in (
            (url, first.secret, 400),
            (url, other.secret, 401),
            (url + path, other.secret, 400),
            (url + path, first.secret, 401),
        ):
            headers = {SECRET_HEADER: secret, "Content-Type": "application/json"}
            async with town.http.post(where, data=b"{", headers=headers) as answer:
                assert answer.status == status


def test_the_same_bot_twice_is_refused():
    bots = [{"token": "1:b"}]
    with pytest.raises(Cannot, match="twice"):
        accounts_of(load(telegram={"token": "1:a", "bots": bots}))


def test_on_a_server_each_of_several_bots_has_its_district():
    telegram = {"token": "1:a", "bots": [{"token": "2:b", "district": "320106"}]}
    server = {"url": "postgresql://localhost/linli"}
    with pytest.raises(Cannot, match="district"):
        accounts_of(load(telegram=telegram, database=server))
    both = load(telegram=telegram | {"district": "110101"}, database=server)
    assert [each.district for each in accounts_of(both)] == ["110101", "320106"]


def test_more_bots_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LINLI_TELEGRAM__TOKEN", "1:a")
    monkeypatch.setenv("LINLI_TELEGRAM__BOTS", '[{"token": "2:b"}]')
    assert [each.place for each in accounts_of(load())] == ["", "/2"]
    monkeypatch.setenv("LINLI_TELEGRAM__BOTS", '[{"token": "secret"}]')
    with pytest.raises(Cannot, match=r"telegram\.bots") as caught:
        accounts_of(load())
    assert "secret" not in str(caught.value)


async def test_messages_of_a_bot_that_is_served_no_more_are_named_at_the_start(
    town: Town, settings: Settings, database_url: str
):
    if not database_url.startswith("sqlite"):
        return  # there another process may serve it
    async with assemble(settings, doors=toy.DOORS) as running:
        row = Outbox(bot="5", chat="7", made_at=datetime.now(UTC))
        await running.database.write(lambda session: session.add(row))
    stream = io.StringIO()
    log.set_up("INFO", stream)
    async with assemble(settings, doors=toy.DOORS):
        pass
    lines = [json.loads(each) for each in stream.getvalue().splitlines()]
    (said,) = [each for each in lines if each["event"] == "bot_not_served"]
    assert (said["of_bot"], said["waiting"]) == ("5", 1)
    assert "telegram.bots" in said["cure"]


def test_no_bot_of_a_real_service_reaches_a_demonstration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("LINLI_TELEGRAM__BOTS", '[{"token": "2:b"}]')
    monkeypatch.setenv("LINLI_TELEGRAM__DISTRICT", "110101")
    found = accounts_of(demo._settings("http://127.0.0.1:9", {"token": "1:a"}, tmp_path))
    assert [(each.token, each.district) for each in found] == [("1:a", "")]
