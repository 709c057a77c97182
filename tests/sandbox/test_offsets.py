"""getUpdates: an offset confirms all before it; the queue gives everything once, in order."""

from __future__ import annotations

import asyncio
import json
import time

from hypothesis import given
from hypothesis import strategies as st

from sandbox.updates import LEEWAY, Queue
from tests.sandbox.conftest import Town

OTHER = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


def filled(count: int) -> tuple[Queue, int]:
    """A queue of `count` updates and the id of its first."""
    queue = Queue()
    first = queue.next_id
    for number in range(count):
        queue.push("message", {"chat": {"id": 1}, "n": number}, ("chat", 1), 0.0)
    return queue, first


@given(count=st.integers(0, 30), offset=st.integers(-40, 60), limit=st.integers(1, 100))
def test_an_offset_confirms_exactly_what_is_before_it(count: int, offset: int, limit: int) -> None:
    queue, first = filled(count)
    queue.confirm(first + offset if offset >= 0 else offset)
    if offset < 0:
        left = list(range(max(0, count + offset), count))
    else:
        left = list(range(min(offset, count) if offset <= count + LEEWAY else 0, count))
    given_out = [json.loads(update.body) for update in queue.first(limit, 0.0)]
    assert [one["message"]["n"] for one in given_out] == left[:limit]
    assert [one["update_id"] for one in given_out] == [first + n for n in left[:limit]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 7)), max_size=20))
def test_a_poller_that_confirms_gets_every_update_once_in_order(
    steps: list[tuple[int, int]],
) -> None:
    queue, _ = filled(0)
    sent, got, offset = 0, list[int](), 0
    for arriving, limit in [*steps, (0, 1_000)]:
        for _ in range(arriving):
            queue.push("message", {"chat": {"id": 1}, "n": sent}, ("chat", 1), 0.0)
            sent += 1
        queue.confirm(offset)
        batch = queue.first(limit, 0.0)
        got += [json.loads(update.body)["message"]["n"] for update in batch]
        offset = batch[-1].id + 1 if batch else offset
    assert got == list(range(sent))


async def test_unconfirmed_updates_come_again(town: Town) -> None:
    await town.person("Li")
    assert await town.call("getUpdates") == await town.call("getUpdates", timeout=0, limit=5)


async def test_a_negative_offset_forgets_all_but_the_last(town: Town) -> None:
    user = await town.person("Li")
    for text in "abc":
        await town.say(user, user, text)
    assert [u["message"]["text"] for u in await town.call("getUpdates", offset=-2)] == ["b", "c"]
    assert len(await town.call("getUpdates")) == 2


async def test_long_polling_ends_with_the_first_update(town: Town) -> None:
    user = await town.person("Li")
    await town.updates()
    waiting = asyncio.create_task(town.call("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    begun = time.monotonic()
    await town.say(user, user, "hello")
    assert (await waiting)[0]["message"]["text"] == "hello"
    assert time.monotonic() - begun < 1


async def test_long_polling_gives_an_empty_list_when_the_time_is_up(town: Town) -> None:
    begun = time.monotonic()
    assert await town.call("getUpdates", timeout=1) == []
    assert 0.9 < time.monotonic() - begun < 3


async def test_a_second_poller_ends_the_first_with_409(town: Town) -> None:
    first = asyncio.create_task(town.raw("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(town.raw("getUpdates", timeout=1))
    assert await first == (409, {"ok": False, "error_code": 409, "description": OTHER})
    assert (await second)[0] == 200


async def test_polling_is_refused_while_a_webhook_is_set(town: Town) -> None:
    waiting = asyncio.create_task(town.raw("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    await town.call("setWebhook", url="http://127.0.0.1:9/hook")
    status, body = await waiting
    assert (status, body["description"]) == (409, "Conflict: terminated by setWebhook request")
    status, body = await town.raw("getUpdates")
    assert status == 409
    assert body["description"].startswith("Conflict: can't use getUpdates method while webhook is")
    await town.call("deleteWebhook")
    assert await town.call("getUpdates") == []


async def test_allowed_updates_are_remembered_until_others_are_named(town: Town) -> None:
    await town.call("getUpdates", allowed_updates=["callback_query"])
    user = await town.person("Li")
    assert await town.updates() == []
    await town.call("getUpdates", allowed_updates=[])
    await town.say(user, user, "now")
    assert len(await town.updates()) == 1


async def test_updates_live_a_day(town: Town) -> None:
    await town.person("Li")
    town.time.skip(hours=23)
    assert len(await town.call("getUpdates")) == 1
    town.time.skip(hours=2)
    assert await town.call("getUpdates") == []
