"""The Bot API door: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

Reads urlencoded, multipart and JSON bodies, lets ordered faults strike, checks parameters against
the description, runs the method and records the call.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from sandbox import spec
from sandbox.errors import ApiError, bad_request, forbidden, too_many_requests
from sandbox.faults import Fault
from sandbox.media import Upload
from sandbox.methods import METHODS, Call
from sandbox.methods.call import Backend, kicked
from sandbox.methods.updates import Raw
from sandbox.people import Bot, Json

HANG = 600.0  # seconds that a hanging call is kept, unless the client goes first
BACKEND = web.AppKey("backend", Backend)
UNAUTHORIZED = ApiError(401, "Unauthorized")
NOT_FOUND = ApiError(404, "Not Found")


@dataclass
class Incoming:
    """A call as it came in: parameters not yet checked."""

    bot: Bot
    method: str  # the description's spelling
    raw: Json
    files: dict[str, Upload] = field(default_factory=dict)

    @property
    def chat(self) -> int | None:
        """The chat that the call is about, if it is about one."""
        value = str(self.raw.get("chat_id", ""))
        return int(value) if value.lstrip("-").isdigit() else None


class Hung(Exception):
    """The call was carried out, and its caller must never hear of it."""


class Reset(Exception):
    """The connection breaks before anything happens."""


class Garbled(Exception):
    """The call was carried out, and its answer can't be read."""


async def answer(request: web.Request) -> web.StreamResponse:
    """Serves one call."""
    backend = request.app[BACKEND]
    try:
        incoming = await _incoming(request, backend)
    except ApiError as error:
        return _refusal(error)
    try:
        status, body = await _logged(backend, incoming)
    except Reset:
        return _broken(request)
    except Garbled:
        return web.Response(text='{"ok":true,"result":', content_type="application/json")
    except Hung:
        await asyncio.sleep(HANG)
        return _broken(request)
    retry = body.get("parameters", {}).get("retry_after") if status == 429 else None
    headers = {"Retry-After": str(retry)} if retry else None
    return web.Response(
        text=_dumped(body), status=status, content_type="application/json", headers=headers
    )


def _dumped(body: Json) -> str:
    if isinstance(body.get("result"), Raw):
        return f'{{"ok":true,"result":{body["result"]}}}'
    return json.dumps(body, ensure_ascii=False)


def _refusal(error: ApiError) -> web.Response:
    return web.Response(
        text=json.dumps(error.body()), status=error.code, content_type="application/json"
    )


def _broken(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _incoming(request: web.Request, backend: Backend) -> Incoming:
    bot = backend.world.tokens.get(request.match_info["token"])
    if bot is None:
        raise UNAUTHORIZED
    name = spec.method_names().get(request.match_info["method"].lower())
    if name is None:
        raise NOT_FOUND
    raw, files = await _body(request)
    return Incoming(bot, name, {**dict(request.query), **raw}, files)


async def _body(request: web.Request) -> tuple[Json, dict[str, Upload]]:
    if request.content_type == "application/json":
        return _json_body(await request.read()), {}
    try:
        form = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "Request Entity Too Large") from None
    except (ValueError, AssertionError):
        raise bad_request("can't parse the request body") from None
    uploads = {name: _upload(one) for name, one in form.items() if isinstance(one, FileField)}
    return {name: one for name, one in form.items() if name not in uploads}, uploads


def _json_body(body: bytes) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("can't parse the request body as JSON") from None
    if not isinstance(parsed, dict):
        raise bad_request("object expected as the request body")
    return parsed


def _upload(part: FileField) -> Upload:
    return Upload(part.file.read(), part.filename, part.content_type)


async def _logged(backend: Backend, incoming: Incoming) -> tuple[int, Json]:
    """Runs a call and records it; its status is filled in when it is known (0: no answer)."""
    entry = backend.world.calls.add(
        at=backend.world.clock().isoformat(), bot=incoming.bot.id, method=incoming.method,
        params={**incoming.raw, **_file_facts(incoming)}, status=None,
    )  # fmt: skip
    unknown = spec.unknown_arguments(incoming.method, {**incoming.raw})
    if unknown:
        entry["unknown"] = unknown
    try:
        status, body = await execute(backend, incoming, entry)
    except (Hung, Garbled):
        entry["status"] = 200
        raise
    except Reset:
        entry["status"] = 0
        raise
    entry["status"] = status
    return status, body


def _file_facts(incoming: Incoming) -> Json:
    return {
        name: {"file_name": file.name, "size": len(file.data), "mime_type": file.mime}
        for name, file in incoming.files.items()
    }


async def execute(backend: Backend, incoming: Incoming, entry: Json) -> tuple[int, Json]:
    """Status and body of the answer; `entry` of the record gets the checked parameters."""
    fault = backend.faults.for_call(incoming.method, incoming.chat, _impossible(backend, incoming))
    try:
        _strike_before(backend, incoming, fault)
        result = await _run(backend, incoming, entry)
    except ApiError as error:
        return error.code, error.body()
    _strike_after(fault)
    return 200, {"ok": True, "result": result}


async def _run(backend: Backend, incoming: Incoming, entry: Json) -> Any:
    handler = METHODS.get(incoming.method)
    if handler is None:
        raise ApiError(
            501, f"Not Implemented: the sandbox has no {incoming.method}; see sandbox/README.md"
        )
    args = spec.check_arguments(incoming.method, incoming.raw, incoming.files)
    entry["params"] = {**entry["params"], **args, **_file_facts(incoming)}
    _refuse_elsewhere(args)
    key = (incoming.bot.id, incoming.chat or 0)
    backend.limits.unsent[key] += 1
    try:
        result = handler(Call(backend, incoming.bot, incoming.method, args, incoming.files))
        return await result if inspect.isawaitable(result) else result
    finally:
        backend.limits.unsent[key] -= 1


def _refuse_elsewhere(args: Json) -> None:
    """What names a business account, a topic or an inline message, of which there are none here."""
    if args.get("business_connection_id"):
        raise bad_request("business connection not found")
    if args.get("message_thread_id"):
        raise bad_request("message thread not found")
    if args.get("inline_message_id") and "chat_id" not in args:
        raise bad_request("MESSAGE_ID_INVALID")


def _impossible(backend: Backend, incoming: Incoming) -> set[str]:
    """Faults that can't happen to this call: they need a chat, some of them a group."""
    chat = backend.world.chats.get(incoming.chat or 0)
    kinds = set() if (incoming.chat or 0) > 0 else {"blocked"}
    kinds |= set() if chat else {"kicked"}
    return kinds if chat and chat.type == "group" and not chat.migrated_to else kinds | {"migrated"}


def _strike_before(backend: Backend, incoming: Incoming, fault: Fault | None) -> None:
    kind = fault.kind if fault else ""
    chat = backend.world.chats.get(incoming.chat or 0)
    if fault and kind == "429":
        raise too_many_requests(fault.retry_after)
    if kind == "5xx":
        raise ApiError(502, "Bad Gateway")
    if kind == "reset":
        raise Reset
    if kind == "blocked":
        raise forbidden("bot was blocked by the user")
    if kind == "kicked" and chat:
        raise kicked(chat)
    if kind == "migrated" and chat:
        backend.world.migrate(chat)


def _strike_after(fault: Fault | None) -> None:
    if fault and fault.kind == "hang_after_accept":
        raise Hung
    if fault and fault.kind == "bad_json":
        raise Garbled


async def execute_reply(backend: Backend, bot: Bot, method: str, raw: Json) -> None:
    """Runs the method that a webhook's answer names; nobody sees what comes of it."""
    name = spec.method_names().get(method.lower())
    if name is not None:
        try:
            await _logged(backend, Incoming(bot, name, raw))
        except (Hung, Garbled, Reset):
            return


async def download(request: web.Request) -> web.Response:
    """Serves a file to the bot that asked for it."""
    world = request.app[BACKEND].world
    if request.match_info["token"] not in world.tokens:
        return _refusal(UNAUTHORIZED)
    file = world.files_by_path.get(request.match_info["path"])
    if file is None:
        return _refusal(NOT_FOUND)
    return web.Response(body=file.data, content_type="application/octet-stream")


def add_routes(app: web.Application) -> None:
    """Adds the Bot API's routes."""
    app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", answer)
    app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", download)
