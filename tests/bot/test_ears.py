"""Listening costs what it must: nothing where no group listens, and never the loop."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot import ears
from bot.ears import Ears
from domain.reading.hearing import Heard
from handlers.updates import Me, Update, decode
from services import listening

ME = Me("42", "linli_bot")


class Reads:
    """A database that counts what is read of it."""

    def __init__(self) -> None:
        self.count = 0

    async def read(self, job: Any) -> Any:
        self.count += 1
        return job(SimpleNamespace())


def said(number: int, text: str = "灯坏了", chat: int = -5) -> Update:
    sender = {"id": 7, "first_name": "Li"}
    where = {"id": chat, "type": "supergroup"}
    message = {"message_id": number, "chat": where, "from": sender, "text": text}
    update = decode({"update_id": number, "message": message})
    assert update is not None
    return update


class Loud:
    """An ear that hears what is loud, and takes its time over it."""

    def hear(self, text: str) -> Heard | None:
        return Heard() if text.endswith("!") else None


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The group -5 listens, whatever the database says."""
    monkeypatch.setattr(listening, "chats", lambda *_: frozenset({"-5"}))
    monkeypatch.setattr(listening, "ears", lambda _, __, ___, among: {c: Loud() for c in among})
    return Reads()


async def test_where_no_group_listens_chatter_is_looked_up_once_a_second(
    reads: Reads, monkeypatch: pytest.MonkeyPatch
):
    hearing: Any = Ears(ME, reads)  # type: ignore[arg-type]
    for number in range(100):
        assert await hearing.hear([said(number, "!", -6)]) == {}
    assert reads.count == 1
    hearing._known_until = 0.0
    await hearing.hear([said(1, "!", -6)])
    assert reads.count == 2


async def test_no_chatter_costs_nothing(reads: Reads):
    hearing = Ears(ME, reads)  # type: ignore[arg-type]
    assert await hearing.hear([]) == {}
    assert reads.count == 0


async def test_only_what_is_heard_in_a_listening_group_comes_out(reads: Reads):
    hearing = Ears(ME, reads)  # type: ignore[arg-type]
    batch = [said(1, "!"), said(2, "?"), said(3, "!", -6)]
    assert await hearing.hear(batch) == {1: Heard()}


async def test_a_group_that_was_turned_off_a_moment_ago_is_not_read(
    reads: Reads, monkeypatch: pytest.MonkeyPatch
):
    hearing = Ears(ME, reads)  # type: ignore[arg-type]
    await hearing.hear([said(1, "!")])
    monkeypatch.setattr(listening, "ears", lambda *_: {})
    assert await hearing.hear([said(2, "!")]) == {}


async def test_reading_does_not_hold_up_the_loop(reads: Reads, monkeypatch: pytest.MonkeyPatch):
    going, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(_ears: object, _spoken: object) -> dict[int, Heard]:
        loop.call_soon_threadsafe(going.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return {}

    monkeypatch.setattr(ears, "_hear", slowly)
    hearing = asyncio.create_task(Ears(ME, reads).hear([said(1)]))  # type: ignore[arg-type]
    await asyncio.wait_for(going.wait(), 10)
    go_on.set()  # the loop is ours while it reads
    assert await hearing == {}
