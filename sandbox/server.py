"""The sandbox as an aiohttp application, and a runner for it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from sandbox import bot_api, live, user_side
from sandbox.bot_api import BACKEND
from sandbox.errors import ApiError
from sandbox.faults import Faults
from sandbox.limits import Limits
from sandbox.methods.call import Backend
from sandbox.webhooks import Webhooks
from sandbox.world import World

MAX_BODY = 80 * 1024 * 1024  # bytes: a 50 MB file, also in base64


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *,
    controls: str | None = None,
    clock: Callable[[], datetime] | None = None,
    layout: live.Layout = list,
) -> web.Application:
    """A sandbox with nobody in it.

    `controls` is the address of a demo's clock controls, shown to the console. `clock` gives the
    aware time of messages and expiry; limits and waiting always use real time. `layout` gives the
    console's first windows, as [{chat, user}].
    """
    world = World(clock or _utc_now)
    faults = Faults()
    backend = Backend(world, Limits(time.monotonic), faults, Webhooks(world, faults))
    backend.webhooks.execute = partial(bot_api.execute_reply, backend)
    app = web.Application(client_max_size=MAX_BODY)
    app[BACKEND] = backend
    app[live.CONTROLS] = controls or ""
    app[live.LAYOUT] = layout
    app.on_shutdown.append(_end_waiting)
    live.add_routes(app)
    user_side.add_routes(app)
    bot_api.add_routes(app)
    return app


async def _end_waiting(app: web.Application) -> None:
    """Nobody waits for an update that will not come any more."""
    for queue in app[BACKEND].world.queues.values():
        queue.end_waiting(ApiError(502, "Bad Gateway"))
    await app[BACKEND].webhooks.close()


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    controls: str | None = None,
    clock: Callable[[], datetime] | None = None,
    layout: live.Layout = list,
) -> AsyncIterator[int]:
    """Runs a sandbox while the block runs; gives the bound port (`port` 0: any free one)."""
    app = create_app(controls=controls, clock=clock, layout=layout)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
