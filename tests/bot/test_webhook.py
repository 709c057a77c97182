"""The webhook: nothing is confirmed that isn't stored, and nothing is read that isn't signed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.assembly import WEBHOOK_PATH, Service, assemble
from bot.config import Settings
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
