"""The whole story by hand, in a real browser, in the demonstration as people get it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.demo import run
from bot.demo.actors import picture
from bot.demo.run import Demo
from bot.demo.town import people
from tests.browser import ARGUMENTS, MISSING, chromium_path

PATIENCE_MS = 20_000
PHOTO = {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": picture(bright=True)}


@pytest.fixture
async def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Demo]:
    """The demonstration, peopled, with its clock handed over."""
    monkeypatch.chdir(tmp_path)
    async with run.demo(0) as running:
        running.town.clock.set(running.start)
        await people(running.town, running.start)
        running.hand_over()
        yield running


@pytest.fixture
async def page(shown: Demo) -> AsyncIterator[Page]:
    """The one address that `linli demo` prints, as a browser shows it."""
    path = chromium_path()
    if path is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = await browser.new_context(
            locale="zh-CN", viewport={"width": 1600, "height": 1000}
        )
        opened = await context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        await opened.goto(f"{shown.address}/")
        await opened.wait_for_selector("body[data-ready]")
        yield opened
        await browser.close()


def window(page: Page, user: int) -> Locator:
    return page.locator(f'[data-testid="window"][data-user="{user}"]')


async def tap(window: Locator, label: str) -> None:
    """The newest button with this label."""
    await window.get_by_test_id("button").get_by_text(label, exact=True).last.click()


async def write(window: Locator, text: str) -> None:
    await window.get_by_test_id("composer").fill(text)
    await window.get_by_test_id("composer").press("Enter")


async def test_a_group_lets_the_bot_listen_and_one_tap_files_what_was_only_talked_about(
    shown: Demo, page: Page
) -> None:
    owner = window(page, shown.town.residents["王阿姨"])
    await write(owner, "/listen")
    await tap(owner, "打开")
    messages = owner.get_by_test_id("message")
    await expect(messages.last).to_contain_text("从现在起我听着")
    await page.wait_for_timeout(1_500)  # which groups listen is known for a second
    await write(owner, "8号楼2单元楼道灯坏了三天了也没人修")
    await tap(owner, "立案")
    await expect(messages.last).to_contain_text("楼道灯不亮")
    await expect(messages.filter(has_text="点一下就行")).to_have_count(0)


async def test_the_story_from_the_pinned_button_to_the_supervisors_evening(
    shown: Demo, page: Page
) -> None:
    town = shown.town
    group = window(page, town.residents["王阿姨"])
    worker, supervisor = window(page, town.staff["w01"]), window(page, town.staff["s01"])
    await report(group)
    await expect(worker.get_by_test_id("message").last).to_contain_text("楼道灯坏了")
    await handle(worker)
    await settle(group)
    await press_clock(page, "evening")
    evening = supervisor.get_by_test_id("message").last
    await expect(supervisor.locator("img").last).to_be_visible()
    await expect(evening).to_contain_text("1")
    await press_clock(page, "morning")
    await expect(page.get_by_test_id("clock")).to_contain_text("08:0")


async def report(group: Locator) -> None:
    """One sentence behind the card's button becomes a case with a number."""
    await tap(group, "📝 我要报事")
    await expect(group.get_by_test_id("message").last).to_contain_text("请直接回复")
    await write(group, "8号楼2单元楼道灯坏了")
    card = group.get_by_test_id("message").filter(has_text="KL8-")
    await expect(card).to_contain_text("待接单")


async def handle(worker: Locator) -> None:
    """Three taps and a photo."""
    last = worker.get_by_test_id("message").last
    for label, shows in (("接单", "已接单"), ("到现场了", "处理中"), ("办好了", "发一张")):
        await tap(worker, label)
        await expect(last).to_contain_text(shows)
    await worker.get_by_test_id("file").set_input_files([PHOTO])
    await worker.get_by_test_id("send").click()
    await expect(last).to_contain_text("辛苦")


async def settle(group: Locator) -> None:
    """Settled, four stars, and the card in the group says so."""
    await tap(group, "✅ 解决了")
    await tap(group, "★★★★")
    card = group.get_by_test_id("message").filter(has_text="楼道灯不亮").first
    await expect(card).to_contain_text("报事人确认")


async def press_clock(page: Page, action: str) -> None:
    """The clock has moved when its buttons can be pressed again."""
    button = page.locator(f'[data-testid="control"][data-action="{action}"]')
    await button.click()
    await expect(button).to_be_enabled(timeout=60_000)
