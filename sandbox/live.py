"""What the console needs: its page, the state of everything, live events, and files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from aiohttp import WSMsgType, web

from sandbox.bot_api import BACKEND
from sandbox.people import Bot, Chat, Json
from sandbox.world import World

CONSOLE = Path(__file__).parent / "console"
HEARTBEAT = 20.0  # seconds
CONTROLS = web.AppKey("controls", str)
# the console's first windows, as [{chat, user}]
Layout = Callable[[], list[Json]]
LAYOUT: web.AppKey[Layout] = web.AppKey("layout")
Sockets = set[web.WebSocketResponse]
SOCKETS: web.AppKey[Sockets] = web.AppKey("sockets")


def state(world: World, controls: str, layout: Layout) -> Json:
    """Bots, users and chats; a demo's controls and first windows, if it has any."""
    chats = [*world.chats.values(), *world.privates.values()]
    return {
        "bots": [_bot(bot) for bot in world.bots.values()],
        "users": [user.shape() for user in world.users.values()],
        "chats": [_chat(chat) for chat in chats if not chat.migrated_to],
        "controls": controls or None,
        "layout": layout(),
    }


def _bot(bot: Bot) -> Json:
    lists = [
        {"scope": scope, "language": language, "commands": commands}
        for (scope, language), commands in bot.commands.items()
    ]
    return {**bot.shape(), "commands": lists}


def _chat(chat: Chat) -> Json:
    shape: Json = {"id": chat.id, "type": chat.type}
    if chat.bot is not None and chat.user is not None:
        shape |= {"bot": chat.bot.id, "started": chat.started, "blocked": chat.blocked}
        shape["members"] = [
            {"user": chat.user.id, "status": "member"},
            {"user": chat.bot.id, "status": "member"},
        ]
    else:
        shape["title"] = chat.title
        shape["members"] = [
            {"user": key, "status": member.status} for key, member in chat.members.items()
        ]
    pinned = chat.messages.get(chat.pinned[-1]) if chat.pinned else None
    return {**shape, "pinned": pinned.seen()} if pinned else shape


async def show_state(request: web.Request) -> web.Response:
    """`GET /sandbox/state`."""
    return web.json_response(_state(request.app))


def _state(app: web.Application) -> Json:
    return state(app[BACKEND].world, app[CONTROLS], app[LAYOUT])


async def live(request: web.Request) -> web.WebSocketResponse:
    """`GET /sandbox/live`: a greeting with the state, then every event as it happens."""
    world = request.app[BACKEND].world
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT)
    await socket.prepare(request)
    events: asyncio.Queue[Json] = asyncio.Queue()
    world.listeners.add(events.put_nowait)
    request.app[SOCKETS].add(socket)
    sender = asyncio.create_task(_send(socket, events, request.app))
    try:
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
    finally:
        sender.cancel()
        world.listeners.discard(events.put_nowait)
        request.app[SOCKETS].discard(socket)
    return socket


async def _send(
    socket: web.WebSocketResponse, events: asyncio.Queue[Json], app: web.Application
) -> None:
    await socket.send_json({"type": "hello", "state": _state(app)}, dumps=_dumps)
    stale = False  # whether the state has changed since it was sent; many changes cost one
    while True:
        event = await events.get()
        stale = stale or event["type"] == "state"
        if event["type"] != "state":
            await socket.send_json(event, dumps=_dumps)
        if stale and events.empty():
            stale = False
            now = {"type": "state", "state": _state(app)}
            await socket.send_json(now, dumps=_dumps)


def _dumps(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


async def show_file(request: web.Request) -> web.Response:
    """`GET /sandbox/files/{file_id}`: the bytes, with their type, for the page."""
    file = request.app[BACKEND].world.files.get(request.match_info["file_id"])
    if file is None:
        return web.json_response({"error": "no such file", "field": "file_id"}, status=404)
    headers = {"Content-Type": file.mime, "Cache-Control": "max-age=86400"}
    return web.Response(body=file.data, headers=headers)


async def to_console(_: web.Request) -> web.Response:
    """`GET /`: the console."""
    raise web.HTTPFound("/console/")


async def console_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/…`: the page and what belongs to it."""
    wanted = (CONSOLE / (request.match_info["path"] or "index.html")).resolve()
    if not wanted.is_relative_to(CONSOLE) or not wanted.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(wanted, headers={"Cache-Control": "no-cache"})


async def close_sockets(app: web.Application) -> None:
    """Ends all consoles' connections when the server stops."""
    sockets = app[SOCKETS]
    for socket in tuple(sockets):
        await socket.close()


def add_routes(app: web.Application) -> None:
    """Adds the console's routes."""
    app[SOCKETS] = set()
    app.on_shutdown.append(close_sockets)
    app.router.add_get("/", to_console)
    app.router.add_get("/console/{path:.*}", console_page)
    app.router.add_get("/console", to_console)
    app.router.add_get("/sandbox/state", show_state)
    app.router.add_get("/sandbox/live", live)
    app.router.add_get("/sandbox/files/{file_id}", show_file)
