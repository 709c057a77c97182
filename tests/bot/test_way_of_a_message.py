"""From a person's message to the answer, through inbox and outbox."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import await_only
from sqlmodel import Session, func, select

from bot.assembly import Service
from models import Inbox
from tests.bot import toy
from tests.bot.conftest import Town, until


async def test_what_is_said_in_private_is_answered(town: Town, service: Service):
    li = await town.person(start=False)
    await town.say(li, li, "hello")
    assert await until(lambda: town.texts(li)) == ["heard hello"]


async def test_a_press_is_answered_at_once(town: Town, service: Service):
    li = await town.person(start=False)
    await town.say(li, li, "card one")
    await until(lambda: town.texts(li))
    events = (await town.get(f"users/{li}/messages?after=0&wait=0"))["events"]
    message = events[-1]["message"]["message_id"]
    pressed = await town.do(f"chats/{li}/press", from_=li, message_id=message, label="go")
    assert pressed["answer"] == {"text": "you pressed go~1", "show_alert": True}


async def test_a_card_is_edited_in_place_and_not_sent_again_unchanged(town: Town, service: Service):
    li = await town.person(start=False)
    for text in ("card one", "card two", "card two"):
        await town.say(li, li, text)
        await until(partial(shown, town, li, text.removeprefix("card ")))
        await service.settle()
    sent = await town.calls("sendMessage", "editMessageText")
    assert [call["method"] for call in sent] == ["sendMessage", "editMessageText"]


async def shown(town: Town, chat: int, text: str) -> bool:
    return text in await town.texts(chat)


async def test_one_chats_words_are_handled_in_their_order(town: Town, service: Service):
    people = [await town.person(start=False) for _ in range(3)]
    for n in range(20):
        for person in people:
            await town.say(person, person, f"quiet {n}")

    async def all_heard():
        return len(await service.database.read(toy.heard)) == 60

    await until(all_heard)
    order: dict[str, list[str]] = {}
    for chat, text in await service.database.read(toy.heard):
        order.setdefault(chat, []).append(text)
    assert list(order.values()) == [[f"quiet {n}" for n in range(20)]] * 3


PAUSE_SECONDS = 0.03


@contextmanager
def slow_statements() -> Iterator[None]:
    """Each statement takes a while, so that others commit between any two of them."""

    def pause(connection: Connection, *_more: Any) -> None:
        if connection.dialect.is_async:
            await_only(asyncio.sleep(PAUSE_SECONDS))
        else:
            time.sleep(PAUSE_SECONDS)

    event.listen(Engine, "after_cursor_execute", pause)
    yield
    event.remove(Engine, "after_cursor_execute", pause)


def stored(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Inbox)).one()


async def test_settled_means_that_all_that_was_stored_is_handled_and_sent(
    town: Town, service: Service
):
    li = await town.person(start=False)

    async def shown_when_settled(after: float) -> int:
        await asyncio.sleep(after)
        assert await service.settle()
        return len(await town.texts(li))

    with slow_statements():
        for n in (1, 2):
            await town.say(li, li, f"hello {n}")
            while await service.database.read(stored) < n:
                await asyncio.sleep(0)
            looks = [shown_when_settled(PAUSE_SECONDS * step / 4) for step in range(16)]
            assert set(await asyncio.gather(*looks)) == {n}
