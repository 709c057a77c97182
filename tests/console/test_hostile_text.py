"""Words are words: nothing that people, bots or file names say is read as markup or as a script."""

from __future__ import annotations

import pytest
from playwright.async_api import expect
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, Update

from tests.console.conftest import Open, window
from tests.console.town import Town, media

MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=1</script><b>粗</b>'
BIDI = "\u202egpj.exe\u202c 王"
ZALGO = "灯" + "\u0301" * 60 + "坏了"


@pytest.mark.parametrize("text", [MARKUP, BIDI, ZALGO, "&lt;b&gt;", "{{7*7}}"])
async def test_hostile_text_shows_letter_for_letter(town: Town, console: Open, text: str) -> None:
    await town.say(town.aunt, text)
    page = await console((town.group, town.worker))
    win = window(page, town.worker)
    assert await win.locator(".words").last.text_content() == text
    assert await page.evaluate("window.hit") is None
    assert await win.locator(".words :is(b, img, script)").count() == 0


async def test_hostile_names_titles_and_file_names_stay_text(town: Town, console: Open) -> None:
    stranger = (await town.call("users", first_name=MARKUP[:64]))["id"]
    made = {"type": "group", "title": MARKUP, "members": [stranger], "bot_id": town.bot.id}
    group = (await town.call("chats", **made))["id"]
    document = media(b"x", MARKUP, "text/html")
    await town.call(f"chats/{group}/messages", **{"from": stranger, "document": document})
    page = await console((group, stranger))
    await expect(window(page, stranger).locator("h2")).to_have_text(MARKUP)
    await expect(window(page, stranger).locator(".file-name")).to_have_text(MARKUP)
    assert await page.evaluate("window.hit") is None
    assert await page.locator("#app :is(script, img[src='x'])").count() == 0


async def test_a_link_with_a_script_is_not_a_link(town: Town, console: Open) -> None:
    await town.say(town.aunt, "点这里")
    page = await console((town.group, town.aunt))
    made = await page.evaluate("""async () => {
        const { rich } = await import("/console/entities.js");
        const url = "javascript:window.hit=1";
        const entities = [{type: "text_link", offset: 0, length: 2, url}];
        return rich("点我", entities).map((node) => node.outerHTML);
    }""")
    assert made == ["<span>点我</span>"]


async def test_hostile_button_labels_and_answers_stay_text(town: Town, console: Open) -> None:
    async def answer(update: Update) -> None:
        if update.callback_query:
            await update.callback_query.answer(MARKUP)

    town.on_update = answer
    button = InlineKeyboardButton(MARKUP, callback_data="x")
    await town.bot.send_message(town.group, "卡片", reply_markup=InlineKeyboardMarkup([[button]]))
    page = await console((town.group, town.aunt))
    await window(page, town.aunt).get_by_test_id("button").click()
    await expect(window(page, town.aunt).get_by_test_id("toast")).to_have_text(MARKUP)
    assert await page.evaluate("window.hit") is None


async def test_entities_become_their_elements_and_count_in_utf16(town: Town, console: Open) -> None:
    text = "🔴 紧急 code 秘密"
    entities = [
        MessageEntity("bold", 3, 2), MessageEntity("italic", 3, 1), MessageEntity("code", 6, 4),
        MessageEntity("spoiler", 11, 2),
    ]  # fmt: skip
    await town.bot.send_message(town.group, text, entities=entities)
    page = await console((town.group, town.aunt))
    words = window(page, town.aunt).locator(".words").last
    await expect(words.locator("b")).to_have_text("紧急")
    await expect(words.locator("b > i")).to_have_text("紧")
    await expect(words.locator("code")).to_have_text("code")
    await words.locator(".spoiler").click()
    await expect(words.locator(".spoiler.open > span")).to_be_visible()
