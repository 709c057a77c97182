"""Is it alive, can it work, and how much of what has it done."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Ready = Callable[[], Awaitable[dict[str, bool]]]
Measure = Callable[[], Awaitable[None]]


def make_app(ready: Ready, measure: Measure) -> web.Application:
    """The server's routes. `ready` names each part of the service and whether it works;
    `measure` brings what is shown up to date before it is."""
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_get("/health", _health)
    app.router.add_get("/metrics", _metrics(measure))
    app.router.add_get("/ready", _ready(ready))
    return app


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _metrics(measure: Measure) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        await measure()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return handle


def _ready(ready: Ready) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        parts = await ready()
        return web.json_response(parts, status=200 if all(parts.values()) else 503)

    return handle
