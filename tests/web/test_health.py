"""Health and metrics over real HTTP."""

import aiohttp
from aiohttp import web

from web.health import make_app


async def nothing() -> None:
    pass


async def get(path: str, parts: dict[str, bool]) -> tuple[int, str]:
    async def ready() -> dict[str, bool]:
        return parts

    runner = web.AppRunner(make_app(ready, nothing), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://{host}:{port}{path}") as answer,
        ):
            return answer.status, await answer.text()
    finally:
        await runner.cleanup()


async def test_it_is_alive_whatever_its_parts_do():
    assert (await get("/health", {"database": False}))[0] == 200


async def test_it_is_ready_only_if_every_part_is():
    assert (await get("/ready", {"database": True, "clock": True}))[0] == 200
    status, text = await get("/ready", {"database": True, "clock": False})
    assert status == 503
    assert '"clock": false' in text


async def test_metrics_are_prometheus_text():
    status, text = await get("/metrics", {})
    assert status == 200
    assert "# TYPE" in text
