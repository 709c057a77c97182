"""Which windows stand where: by address, by memory, by guess; on a phone one at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from sandbox.live import CONTROLS
from tests.console.conftest import Open, window
from tests.console.town import Town, upload

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LONG = "超长标签：请物业、街道、社区一起到现场看一看再决定怎么办"


async def test_without_a_word_a_group_and_private_chats_open(town: Town, console: Open) -> None:
    await town.call("start", **{"from": town.worker, "bot_id": town.bot.id})
    page = await console()
    await expect(page.get_by_test_id("window")).to_have_count(2)
    await expect(window(page, town.aunt, town.group)).to_be_visible()
    await expect(window(page, town.worker, town.worker)).to_be_visible()


async def test_the_browser_remembers_its_windows(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt), (town.worker, town.worker))
    await window(page, town.aunt).get_by_role("button", name="关闭窗口").click()
    await page.goto(f"{town.origin}/console/")
    await page.wait_for_selector("body[data-ready]")
    await expect(page.get_by_test_id("window")).to_have_count(1)
    await expect(window(page, town.worker, town.worker)).to_be_visible()


async def test_one_window_can_go_on_as_another_person(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    await page.get_by_test_id("identity").select_option("阿强")
    await expect(window(page, town.neighbour, town.group)).to_be_visible()
    await expect(window(page, town.aunt)).to_have_count(0)


async def test_the_list_can_show_one_person_s_chats(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    await page.get_by_label("看谁的聊天").select_option("李网格员")
    items = page.get_by_test_id("chatlist-item")
    await expect(items).to_have_count(2)
    await items.filter(has_text="快乐8号楼").click()
    await expect(window(page, town.worker, town.group)).to_be_visible()


async def _crowd(town: Town) -> None:
    """Long labels, a long word, a wide table, a picture: all that tends to stick out."""
    await town.call("limits", enforced=False)
    rows = [[{"text": LONG, "callback_data": "a"}, {"text": LONG, "callback_data": "b"}]]
    markup: Any = {"inline_keyboard": rows}
    await town.bot.send_message(town.group, "卡片 " + "x" * 300, reply_markup=markup)
    await town.bot.send_message(town.group, f"<pre>{'|列' * 200}</pre>", parse_mode="HTML")
    await town.bot.send_photo(town.group, upload("x.jpg")["buffer"], caption=LONG)
    await town.bot.send_location(town.group, 32.06, 118.79)
    await town.bot.send_poll(town.group, LONG, [LONG, "周六"])


async def _sticks_out(page: Page) -> list[str]:
    """The elements that reach over the right edge, unless something scrolls or cuts them."""
    found: list[str] = await page.evaluate("""() => {
        const out = (node) => {
            const box = node.getBoundingClientRect();
            return box.width && box.right > innerWidth + 0.5;
        };
        const all = [...document.querySelectorAll("body *")].filter(out);
        const scrolling = "pre, .clock-actions, .tray, svg";
        return all.filter((node) => !node.closest(scrolling)).map((node) => node.outerHTML);
    }""")
    return found


@pytest.mark.parametrize("width", [320, 390])
async def test_nothing_sticks_out_on_a_phone(town: Town, console: Open, width: int) -> None:
    await _crowd(town)
    phone = {**PHONE, "viewport": {"width": width, "height": 844}}
    page = await console((town.group, town.aunt), **phone)
    await expect(window(page, town.aunt).locator(".photo img")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    assert await _sticks_out(page) == []
    await page.get_by_role("button", name="返回").click()
    await expect(page.get_by_test_id("chatlist-item").first).to_be_visible()
    assert await _sticks_out(page) == []


async def test_labels_on_a_phone_are_whole_and_large_enough_to_touch(
    town: Town, console: Open
) -> None:
    await _crowd(town)
    page = await console((town.group, town.aunt), **PHONE)
    bad = await page.evaluate("""() => {
        const cut = (node) => node.scrollWidth > node.clientWidth
            || node.scrollHeight > node.clientHeight || node.offsetHeight < 44;
        return [...document.querySelectorAll("[data-testid=button]")].filter(cut).length;
    }""")
    assert bad == 0


async def test_a_phone_shows_one_pane_and_goes_back_to_the_list(town: Town, console: Open) -> None:
    page = await console(**PHONE)
    await expect(page.get_by_test_id("window").first).to_be_hidden()
    await page.get_by_test_id("chatlist-item").filter(has_text="快乐8号楼").tap()
    await expect(window(page, town.aunt, town.group)).to_be_visible()
    await expect(page.get_by_test_id("chatlist-item").first).to_be_hidden()
    await page.go_back()
    await expect(page.get_by_test_id("chatlist-item").first).to_be_visible()


@pytest_asyncio.fixture(loop_scope="session")
async def clock(town: Town) -> AsyncIterator[list[str]]:
    """A clock of somebody else's on another port; gives the actions that were pressed."""
    pressed: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            pressed.append(request.match_info["id"])
        label = f"周六 11月21日 0{8 + len(pressed)}:00"
        actions = [{"id": "next", "label": "下一个到期"}, {"id": "evening", "label": "18:00"}]
        body = {"now": "2026-11-21T08:00:00+08:00", "label": label, "actions": actions}
        return web.json_response(body, headers={"Access-Control-Allow-Origin": "*"})

    app = web.Application()
    app.add_routes([web.get("/clock", answer), web.post("/clock/{id}", answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    town.runner.app._state[CONTROLS] = f"http://127.0.0.1:{port}/clock"
    yield pressed
    await runner.cleanup()


async def test_a_foreign_clock_is_shown_and_its_buttons_pressed(
    town: Town, console: Open, clock: list[str]
) -> None:
    page = await console((town.group, town.aunt))
    await expect(page.get_by_test_id("clock")).to_have_text("周六 11月21日 08:00")
    await page.locator('[data-testid="control"][data-action="next"]').click()
    await expect(page.get_by_test_id("clock")).to_have_text("周六 11月21日 09:00")
    assert clock == ["next"]


async def test_without_a_clock_there_is_no_bar(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    await expect(page.locator(".clock")).to_be_hidden()


async def test_english_browsers_read_english(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt), locale="en-GB")
    await expect(page.get_by_placeholder("Message…")).to_be_visible()


async def test_every_control_has_a_name(town: Town, console: Open) -> None:
    await _crowd(town)
    page = await console((town.group, town.aunt), (town.aunt, town.aunt))
    nameless = await page.evaluate("""() => {
        const named = (node) => node.hidden || node.getAttribute("aria-label")
            || node.labels?.length || node.textContent.trim() || node.hasAttribute("alt");
        const all = [...document.querySelectorAll("button, input, select, textarea, a, img")];
        return all.filter((node) => !named(node)).map((node) => node.outerHTML.slice(0, 120));
    }""")
    assert nameless == []
