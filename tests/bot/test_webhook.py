"""The webhook: nothing is confirmed that isn't stored, and nothing is read that isn't signed."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from bot import disk, receive
from bot.assembly import WEBHOOK_PATH, Service, assemble
from bot.config import Settings, load
from bot.receive import SECRET_HEADER
from models import inbox
from models.database import Unavailable
from tests.bot import toy
from tests.bot.conftest import Town, until

SECRET = "a-secret_1"


@pytest.fixture
async def service(settings: Settings, unused_tcp_port: int) -> AsyncIterator[Service]:
    """The toy service behind a webhook that the sandbox calls."""
    port = unused_tcp_port
    telegram = settings.telegram.model_copy(
        update={"webhook_url": f"http://127.0.0.1:{port}{WEBHOOK_PATH}"}
    )
    telegram.webhook_secret = type(telegram.webhook_secret)(SECRET)
    web = settings.web.model_copy(update={"port": port})
    changed = settings.model_copy(update={"telegram": telegram, "web": web})
    async with assemble(changed, doors=toy.DOORS) as running:
        yield running


async def post(town: Town, service: Service, body: Any, **headers: str) -> int:
    given = {SECRET_HEADER: SECRET, "Content-Type": "application/json"} | headers
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = service.address + WEBHOOK_PATH
    async with town.http.post(url, data=data, headers=given) as answer:
        return answer.status


def update(n: int, text: str = "quiet") -> dict[str, Any]:
    chat = {"id": 7, "type": "private"}
    sender = {"id": 7, "first_name": "Li"}
    message = {"message_id": n, "chat": chat, "from": sender, "text": text}
    return {"update_id": n, "message": message}


async def stored(service: Service) -> int:
    return len(await service.database.read(toy.heard))


async def test_telegram_reaches_the_service_through_it(town: Town, service: Service):
    li = await town.person()
    await town.say(li, li, "hello")
    assert await until(lambda: town.texts(li)) == ["heard hello"]


async def test_a_wrong_secret_is_refused_before_anything_is_read(town: Town, service: Service):
    for secret in ("", "wrong", SECRET + "x", "ü"):
        assert await post(town, service, update(1), **{SECRET_HEADER: secret}) == 401
    assert await post(town, service, b"{" * 300_000, **{SECRET_HEADER: "wrong"}) == 401


async def test_what_is_no_update_is_refused(town: Town, service: Service):
    assert await post(town, service, b"{") == 400
    assert await post(town, service, b"[]") == 400
    assert await post(town, service, b"\xff\xfe") == 400
    assert await post(town, service, update(1), **{"Content-Type": "text/plain"}) == 415
    assert await post(town, service, update(1, "x" * 300_000)) == 413
    url = service.address + WEBHOOK_PATH
    async with town.http.get(url) as answer:
        assert answer.status == 405


async def test_the_same_update_again_changes_nothing(town: Town, service: Service):
    for n in (1, 2, 1, 2, 3, 1):
        assert await post(town, service, update(n)) == 200
    await service.settle()
    assert await stored(service) == 3


async def test_what_cannot_be_stored_is_not_confirmed(
    town: Town, service: Service, monkeypatch: pytest.MonkeyPatch
):
    def full(*_args: Any) -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "store", full)
        assert await post(town, service, update(1)) == 503
    assert await post(town, service, update(1)) == 200
    await service.settle()
    assert await stored(service) == 1


async def test_below_the_floor_of_free_space_nothing_new_is_accepted(
    town: Town, service: Service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(disk, "LOOK_SECONDS", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(disk, "free_bytes", lambda _path: 1)
        assert await post(town, service, update(1)) == 503
    assert await post(town, service, update(1)) == 200


async def test_a_webhook_that_another_program_took_over_makes_the_service_unready(
    town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(receive, "WATCH_SECONDS", 0.05)
    old = settings.telegram
    given = {"webhook_url": "http://127.0.0.1:9/telegram/webhook", "webhook_secret": SECRET}
    telegram = {"token": old.token, "base_url": old.base_url} | given
    hooked = load(telegram=telegram, database=settings.database, web={"port": 0})
    async with assemble(hooked, doors=toy.DOORS) as service:
        assert (await service.ready())["receive"]
        url = f"{town.url}/bot{town.bot['token']}/setWebhook"
        async with town.http.post(url, json={"url": "http://127.0.0.1:9/other"}) as answer:
            assert answer.status == 200

        async def unready() -> bool:
            return not (await service.ready())["receive"]

        await until(unready)


async def test_two_services_may_share_a_port(
    town: Town, settings: Settings, unused_tcp_port: int, database_url: str
):
    if database_url.startswith("sqlite"):
        return
    web = settings.web.model_copy(update={"port": unused_tcp_port, "reuse_port": True})
    shared = settings.model_copy(update={"web": web})
    async with assemble(shared, doors=toy.DOORS) as one:
        async with assemble(shared, doors=toy.DOORS) as two:
            assert one.address == two.address
        async with town.http.get(f"{one.address}/health") as answer:
            assert answer.status == 200


async def test_an_update_that_cannot_be_read_does_not_stop_its_chat(town: Town, service: Service):
    """Refused, it would come again for a day, and what follows it in the chat not at all."""
    unknown = update(1) | {"message": {"message_id": "of a kind that is yet to come"}}
    assert await post(town, service, unknown) == 200
    assert await post(town, service, update(2)) == 200
    await service.settle()
    assert await stored(service) == 1


async def test_a_webhook_that_telegram_asks_to_set_later_is_set_later(
    town: Town, settings: Settings
):
    old = settings.telegram
    given = {"webhook_url": "http://127.0.0.1:9/telegram/webhook", "webhook_secret": SECRET}
    telegram = {"token": old.token, "base_url": old.base_url} | given
    hooked = load(telegram=telegram, database=settings.database, web={"port": 0})
    await town.fault("429", method="setWebhook", retry_after=1)
    async with assemble(hooked, doors=toy.DOORS):
        assert len(await town.calls("setWebhook")) == 2


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_of_the_last_moment_is_answered_or_closed(service: Service, turns: int):
    host, _, port = service.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as late:
        late.setblocking(False)
        for _ in range(turns):  # of the loop, in which it is accepted, or not yet
            await asyncio.sleep(0)
        body = json.dumps(update(1)).encode()
        head = f"POST {WEBHOOK_PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        head += f"{SECRET_HEADER}: {SECRET}\r\nContent-Type: application/json\r\n\r\n"
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(late, head.encode() + body)
        closing = asyncio.create_task(service.close_web())
        async with asyncio.timeout(3):
            with suppress(ConnectionError):
                answer = await loop.sock_recv(late, 1000)
                assert answer == b"" or answer.startswith(b"HTTP/1.1 200")
        await closing
