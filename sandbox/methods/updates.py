"""Getting updates: long polling, webhooks, and the bot itself."""

from __future__ import annotations

import time
from typing import Any

from sandbox.errors import ApiError
from sandbox.methods.call import Call, method
from sandbox.people import Json
from sandbox.updates import Queue, Update

MAX_WAIT = 50  # seconds of long polling
REORDER_WAIT = 1.0  # seconds that an ordered swap waits for a second update
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
OTHER_GET_UPDATES = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
SET_WEBHOOK = "Conflict: terminated by setWebhook request"


class Raw(str):
    """JSON that is ready to be sent."""


@method("getUpdates")
async def get_updates(call: Call) -> Raw:
    """Updates as a JSON array, in order; waits for the first one if `timeout` says so."""
    queue = call.world.queues[call.bot.id]
    if call.backend.webhooks.is_set(call.bot):
        raise ApiError(409, WEBHOOK_ACTIVE)
    queue.end_waiting(ApiError(409, OTHER_GET_UPDATES))
    queue.allow(call.args.get("allowed_updates"))
    queue.confirm(call.args.get("offset") or 0)
    limit = min(max(call.args.get("limit", 100), 1), 100)
    updates = await _wait(call, queue, limit)
    return Raw(f"[{','.join(update.body for update in _disturbed(call, updates))}]")


async def _wait(call: Call, queue: Queue, limit: int) -> list[Update]:
    end = time.monotonic() + min(max(call.args.get("timeout", 0), 0), MAX_WAIT)
    updates = queue.first(limit, call.world.now())
    while not updates and (left := end - time.monotonic()) > 0:
        await queue.wait(left)
        updates = queue.first(limit, call.world.now())
    if len(updates) == 1 and limit > 1 and call.backend.faults.has("reorder"):
        await queue.wait(REORDER_WAIT)
        updates = queue.first(limit, call.world.now())
    return updates


def _disturbed(call: Call, updates: list[Update]) -> list[Update]:
    """With the duplicates and swaps that were ordered."""
    faults, result = call.backend.faults, list[Update]()
    if len(updates) > 1 and faults.for_update("reorder", updates[0].chat):
        updates = [updates[1], updates[0], *updates[2:]]
    for update in updates:
        result += [update] * (2 if faults.for_update("duplicate", update.chat) else 1)
    return result


@method("setWebhook")
async def set_webhook(call: Call) -> bool:
    """Turns the webhook on, or off with an empty url."""
    queue = call.world.queues[call.bot.id]
    url = call.args.get("url", "")
    if url:
        call.backend.webhooks.check(url, call.args.get("secret_token", ""))
        queue.end_waiting(ApiError(409, SET_WEBHOOK))
    queue.allow(call.args.get("allowed_updates"))
    if call.args.get("drop_pending_updates"):
        queue.clear()
    await call.backend.webhooks.set(
        call.bot, url, call.args.get("secret_token", ""), call.args.get("max_connections", 40)
    )
    return True


@method("deleteWebhook")
async def delete_webhook(call: Call) -> bool:
    """Turns the webhook off."""
    if call.args.get("drop_pending_updates"):
        call.world.queues[call.bot.id].clear()
    await call.backend.webhooks.set(call.bot, "", "", 0)
    return True


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    """As Bot API `WebhookInfo`."""
    queue = call.world.queues[call.bot.id]
    queue.expire(call.world.now())
    info: dict[str, Any] = call.backend.webhooks.info(call.bot)
    info["pending_update_count"] = len(queue.pending)
    if queue.allowed is not None:
        info["allowed_updates"] = sorted(queue.allowed)
    return info


@method("getMe")
def get_me(call: Call) -> Json:
    """The bot."""
    return call.bot.own_shape()
