"""`linli demo`: one address, one clock, and a replay that loses nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.demo import run
from bot.demo.actors import Json
from bot.demo.replay import replay
from bot.demo.run import Demo, day_before, opening
from bot.demo.story import live
from bot.demo.town import people
from domain.worktime import Calendar

TEXTS = [
    f"{n}号楼{what}" for n in range(1, 7) for what in ("楼道灯坏了", "垃圾没人清", "退款不给退")
]


@pytest.fixture
async def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Demo]:
    monkeypatch.chdir(tmp_path)
    async with run.demo(0) as running:
        yield running


async def controls(demo: Demo) -> str:
    state = await demo.town.side.get("state")
    return str(state["controls"])


async def ask(demo: Demo, method: str, path: str = "", **headers: str) -> tuple[int, Json]:
    url = await controls(demo) + path
    async with demo.town.side.http.request(method, url, headers=headers) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await answer.json() if is_json else {}


async def test_the_first_look_finds_a_lived_in_town(demo: Demo):
    await people(demo.town, demo.town.clock.now())
    await live(demo.town, demo.stepper, demo.start)
    state = await demo.town.side.get("state")
    assert [window["chat"] > 0 for window in state["layout"]] == [False, True, True]
    for chat in demo.town.chats.values():
        await chat.look()
    shown = [str(chat.messages) for chat in demo.town.chats.values()]
    for word in ("已解决，报事人确认", "等报事人确认", "還沒有人確認接單", "已经晚了", "12315"):
        assert any(word in each for each in shown), word


async def test_the_controls_step_through_everything_due(demo: Demo):
    demo.town.clock.set(demo.start)
    await people(demo.town, demo.start)
    assert (await ask(demo, "GET"))[1]["actions"] == []
    demo.hand_over()
    _, body = await ask(demo, "GET", **{"Accept-Language": "en-GB,en;q=0.9"})
    assert [each["id"] for each in body["actions"]] == ["next", "hour", "evening", "morning"]
    before = datetime.fromisoformat(body["now"])
    _, body = await ask(demo, "POST", "morning")
    after = datetime.fromisoformat(body["now"])
    assert (after.hour, (after.date() - before.date()).days) == (8, 1)
    assert await demo.town.service.next_due() > after.astimezone(UTC)


async def test_a_page_from_elsewhere_cannot_move_the_clock(demo: Demo):
    demo.hand_over()
    assert (await ask(demo, "POST", "hour", Origin="http://evil.example"))[0] == 403
    assert (await ask(demo, "POST", "hour", Origin=demo.address))[0] == 200
    assert (await ask(demo, "POST", "yesterday"))[0] == 404


@pytest.mark.parametrize(
    ("now", "starts"),
    [
        ("2026-11-20T02:30", "2026-11-20 10:30"),  # Friday morning: now
        ("2026-11-20T12:00", "2026-11-23 09:00"),  # Friday evening: Monday
        ("2026-11-21T03:00", "2026-11-23 09:00"),  # Saturday
        ("2026-11-20T04:30", "2026-11-20 14:00"),  # lunch: when work goes on
        ("2026-11-19T20:00", "2026-11-20 09:00"),  # before dawn
        ("2026-11-20T00:31", "2026-11-20 09:00"),  # half past eight: nothing is late yet
    ],
)
def test_it_starts_when_routine_words_flow(now: str, starts: str):
    start = opening(datetime.fromisoformat(now).replace(tzinfo=UTC), Calendar())
    assert f"{start:%Y-%m-%d %H:%M}" == starts


def test_its_story_begins_on_the_working_day_before():
    start = opening(datetime(2026, 11, 21, 3, tzinfo=UTC), Calendar())
    assert f"{day_before(start, Calendar()):%Y-%m-%d %H:%M}" == "2026-11-20 14:40"


async def test_a_replay_gives_every_text_a_number_of_its_own_or_one_it_joined(demo: Demo):
    demo.town.clock.set(demo.start)
    await people(demo.town, demo.start)
    texts = [*TEXTS, *TEXTS]
    became = await replay(demo.town, texts, 0, demo.live)
    assert became.texts == len(texts)
    assert became.own + became.joined == len(texts)
    assert became.whole
    assert became.not_admitted > 0
    assert sum(became.states.values()) == became.own


async def test_the_command_prints_one_address_and_ends_on_a_signal(tmp_path: Path):
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "demo", "--port", "0",
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(root), "LANG": "en_US.UTF-8"},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
    async with aiohttp.ClientSession() as http, http.get(lines[1]) as page:
        assert page.status == 200
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert list((tmp_path / "build" / "demo").iterdir()) == []
