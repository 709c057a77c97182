"""The clock controls of a demonstration: a step goes through everything due on its way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from babel.dates import format_date

from bot.assembly import Service
from bot.clock import Clock
from services.texts import language_of, plain

MOST_STEPS = 2_000  # due instants in one step; a row that never settles must not hold the clock
SETTLE_SECONDS = 20.0
ACTIONS = ("next", "hour", "evening", "morning")

log = structlog.get_logger("bot.demo")


class Stepper:
    """Moves the one clock that sandbox and service share."""

    def __init__(self, clock: Clock, service: Service, zone: str) -> None:
        self._clock, self._service, self._zone = clock, service, ZoneInfo(zone)
        self._one_at_a_time = asyncio.Lock()

    def local(self) -> datetime:
        """The town's time."""
        return self._clock.now().astimezone(self._zone)

    async def act(self, action: str) -> None:
        """One of ACTIONS."""
        async with self._one_at_a_time:
            if action == "next":
                await self._next()
            else:
                await self._to(self._target(action))

    async def to(self, target: datetime) -> None:
        """Step to an instant; what is due on the way happens in its order."""
        async with self._one_at_a_time:
            await self._to(target)

    def _target(self, action: str) -> datetime:
        here = self.local()
        if action == "hour":
            return here + timedelta(hours=1)
        if action == "morning":
            return datetime.combine(here.date() + timedelta(days=1), time(8), self._zone)
        today = datetime.combine(here.date(), time(18), self._zone)
        return today if today > here else today + timedelta(days=1)

    async def _next(self) -> None:
        due = await self._service.next_due()
        if due is not None:
            await self._to(due)

    async def _to(self, target: datetime) -> None:
        for _ in range(MOST_STEPS):
            due = await self._service.next_due()
            if due is None or due > target:
                break
            await self._at(due)
        await self._at(target)

    async def _at(self, instant: datetime) -> None:
        """The clock never goes back: an instant that has passed is looked at now."""
        if instant > self._clock.now():
            self._clock.set(instant)
        await self._service.look_now()
        if not await self._service.settle(SETTLE_SECONDS):
            log.warning("not_settled")


class Controls:
    """`GET /` → `{now, label, actions}`; `POST /{id}` acts and answers the same."""

    def __init__(self) -> None:
        self.stepper: Stepper | None = None
        self.origins: frozenset[str] = frozenset()

    def app(self) -> web.Application:
        """The controls as a server."""
        app = web.Application()
        app.router.add_get("/", self._show)
        app.router.add_post("/{action}", self._act)
        return app

    async def _show(self, request: web.Request) -> web.Response:
        return self._answer(request)

    async def _act(self, request: web.Request) -> web.Response:
        """A page from elsewhere must not move the clock."""
        action = request.match_info["action"]
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self.origins:
            raise web.HTTPForbidden
        if action not in ACTIONS:
            raise web.HTTPNotFound
        if self.stepper is not None:
            await self.stepper.act(action)
        return self._answer(request)

    def _answer(self, request: web.Request) -> web.Response:
        language = language_of(_first_tag(request))
        body: dict[str, object]
        if self.stepper is None:
            body = {"now": None, "label": plain("demo.moving_in", language), "actions": []}
        else:
            body = _shown(self.stepper.local(), language)
        origin = request.headers.get("Origin", "")
        headers = {"Access-Control-Allow-Origin": origin} if origin in self.origins else {}
        return web.json_response(body, headers={**headers, "Vary": "Origin"})


def _first_tag(request: web.Request) -> str:
    """The first language that the browser asks for."""
    return request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0]


def _shown(local: datetime, language: str) -> dict[str, object]:
    day = format_date(local.date(), plain("demo.day", language), _locale(language))
    actions = [{"id": each, "label": plain(f"demo.{each}", language)} for each in ACTIONS]
    return {"now": local.isoformat(), "label": f"{day} {local:%H:%M}", "actions": actions}


def _locale(language: str) -> str:
    return language.replace("-", "_")


@asynccontextmanager
async def serve(controls: Controls, host: str) -> AsyncIterator[str]:
    """The controls on a free port while the block runs; gives their address."""
    runner = web.AppRunner(controls.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0).start()
        yield f"http://{host}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
