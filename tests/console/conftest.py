"""A browser, a small town, and a console to look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright

from tests.browser import ARGUMENTS, MISSING, chromium_path
from tests.console.town import Town, open_town

PATIENCE_MS = 15_000
Open = Callable[..., Awaitable[Page]]
# Chromium then plays a beep into the "microphone" and asks nobody
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these tests run on one event loop, since one browser serves them all."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            # in front of the mark that automatic mode has put there already
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium or Chrome; skips with one reason where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        arguments = [*ARGUMENTS, *MICROPHONE]
        running = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def town() -> AsyncIterator[Town]:
    """A sandbox with three people, a group and a bot."""
    async with open_town() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def console(browser: Browser, town: Town) -> AsyncIterator[Open]:
    """Opens the console with the windows (chat, user); errors on the page fail the test."""
    errors: list[str] = []
    opened: list[BrowserContext] = []

    async def open_console(*windows: tuple[int, int], query: str = "", **context: Any) -> Page:
        opened.append(await browser.new_context(**{"locale": "zh-CN", **context}))
        page = await opened[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        asked = ",".join(f"{chat}:{user}" for chat, user in windows)
        await page.goto(f"{town.origin}/console/?windows={asked}{query}")
        await page.wait_for_selector("body[data-ready]")
        return page

    yield open_console
    for one in opened:
        await one.close()
    assert errors == []


def window(page: Page, user: int, chat: int | None = None) -> Locator:
    """The window of a person, in `chat` if the person has several."""
    where = "" if chat is None else f'[data-chat="{chat}"]'
    return page.locator(f'[data-testid="window"][data-user="{user}"]{where}')


async def write(win: Locator, text: str) -> None:
    """Type into a window's composer and press Enter."""
    await win.get_by_test_id("composer").fill(text)
    await win.get_by_test_id("composer").press("Enter")
