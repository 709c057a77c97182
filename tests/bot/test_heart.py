"""The heart: a file, a metric and a call, and nothing that could keep the service from working."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.assembly import Service, assemble
from bot.config import Settings
from bot.heart import Heart
from services.auditing import Found
from tests.bot import toy

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


class Watcher:
    """Somebody outside who counts beats and answers with `status`."""

    def __init__(self) -> None:
        self.calls: list[web.Request] = []
        self.status = 200
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.calls.append(request)
        return web.Response(status=self.status)


@pytest.fixture
async def watcher() -> AsyncIterator[Watcher]:
    made = Watcher()
    app = web.Application()
    app.router.add_route("*", "/{secret}", made.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/my-secret"
    yield made
    await runner.cleanup()


async def test_a_beat_writes_the_file_moves_the_metric_and_calls(watcher: Watcher, tmp_path: Path):
    file = tmp_path / "heart.json"
    heart = Heart(file, watcher.url)
    await heart.beat(AT)
    await heart.beat(AT + timedelta(seconds=10))
    assert json.loads(file.read_text()) == {"at": "2026-11-20T10:00:10+00:00", "well": True}
    assert REGISTRY.get_sample_value("linli_heartbeat_seconds") == AT.timestamp() + 10
    (call,) = watcher.calls  # once a minute at most
    assert (call.method, call.path_qs) == ("GET", "/my-secret")


async def test_a_beat_that_nobody_hears_is_said_without_the_address(
    watcher: Watcher, tmp_path: Path
):
    watcher.status = 500
    with capture_logs() as logs:
        await Heart(tmp_path / "missing" / "file", watcher.url).beat(AT)
        for url in ("http://127.0.0.1:1/my-secret", "no address my-secret"):
            await Heart(None, url).beat(AT)
    assert [each["event"] for each in logs] == ["heart_unwritten", *["heart_unheard"] * 3]
    assert "my-secret" not in repr(logs)


async def test_a_running_service_beats_only_while_all_is_well(settings: Settings, tmp_path: Path):
    file = tmp_path / "heart.json"
    heart = settings.heart.model_copy(update={"file": file})
    settings = settings.model_copy(update={"heart": heart})
    async with assemble(settings, doors=toy.DOORS) as service:
        assert await looked(service) == []
        assert file.exists()
        file.unlink()
        service.line.dispatch.looked_at -= 3600
        assert await looked(service) == [Found("tick_unfinished", "", "dispatch")]
        assert not file.exists()


async def looked(service: Service) -> list[Found]:
    return await service.oversight.auditor.look()
