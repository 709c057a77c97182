"""Buttons under a bot's messages, links into private chats, asked-for replies, pinned cards."""

from __future__ import annotations

from playwright.async_api import expect
from telegram import CopyTextButton, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, Update

from tests.console.conftest import Open, window, write
from tests.console.town import Town


def keys(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    """One row of buttons."""
    return InlineKeyboardMarkup([buttons])


TAKE = keys(InlineKeyboardButton("接单", callback_data="take:7"))
ARRIVE = keys(InlineKeyboardButton("到场", callback_data="arrive", api_kwargs={"style": "success"}))


async def test_a_press_reaches_the_bot_and_its_answer_shows_as_a_toast(
    town: Town, console: Open
) -> None:
    async def answer(update: Update) -> None:
        if update.callback_query:
            await update.callback_query.answer(f"收到 {update.callback_query.data}")

    town.on_update = answer
    await town.bot.send_message(town.group, "新任务", reply_markup=TAKE)
    page = await console((town.group, town.worker), (town.group, town.aunt))
    await window(page, town.worker).get_by_test_id("button").filter(has_text="接单").click()
    await expect(window(page, town.worker).get_by_test_id("toast")).to_have_text("收到 take:7")
    await expect(window(page, town.aunt).get_by_test_id("toast")).to_have_count(0)


async def test_an_answer_that_wants_reading_covers_only_its_own_window(
    town: Town, console: Open
) -> None:
    async def answer(update: Update) -> None:
        if update.callback_query:
            await update.callback_query.answer("您没有这个权限", show_alert=True)

    town.on_update = answer
    await town.bot.send_message(town.group, "新任务", reply_markup=TAKE)
    page = await console((town.group, town.aunt), (town.group, town.worker))
    await window(page, town.aunt).get_by_test_id("button").click()
    alert = window(page, town.aunt).get_by_role("alertdialog")
    await expect(alert).to_contain_text("您没有这个权限")
    await write(window(page, town.worker), "我在")
    await window(page, town.aunt).get_by_role("button", name="知道了").click()
    await expect(alert).to_have_count(0)


async def test_a_card_that_the_bot_edits_changes_in_place(town: Town, console: Open) -> None:
    async def answer(update: Update) -> None:
        if update.callback_query:
            await update.callback_query.edit_message_text("李网格员 已接单", reply_markup=ARRIVE)
            await update.callback_query.answer()

    town.on_update = answer
    sent = await town.bot.send_message(town.group, "待接单", reply_markup=TAKE)
    page = await console((town.group, town.worker))
    card = window(page, town.worker).locator(f'[data-message-id="{sent.message_id}"]')
    await card.get_by_test_id("button").click()
    await expect(card.locator(".words")).to_have_text("李网格员 已接单")
    await expect(card.get_by_test_id("button")).to_have_class("key success")


async def test_a_deep_link_opens_the_private_chat_and_starts_the_bot(
    town: Town, console: Open
) -> None:
    async def greet(update: Update) -> None:
        if update.message and (update.message.text or "").startswith("/start"):
            await update.message.reply_text(f"您好：{update.message.text}")

    town.on_update = greet
    link = InlineKeyboardButton("我要上报", url="https://t.me/linli_bot?start=report_8")
    await town.bot.send_message(town.group, "邻里服务", reply_markup=keys(link))
    page = await console((town.group, town.aunt))
    await window(page, town.aunt).get_by_test_id("button").click()
    private = window(page, town.aunt, town.aunt)
    await expect(private.get_by_test_id("message").last).to_contain_text("您好：/start report_8")


async def test_a_new_person_starts_the_bot_with_one_button(town: Town, console: Open) -> None:
    page = await console((town.aunt, town.aunt))
    private = window(page, town.aunt)
    await private.get_by_test_id("start").click()
    await expect(private.get_by_test_id("message").last).to_contain_text("/start")
    await expect(private.get_by_test_id("start")).to_be_hidden()


async def test_a_button_copies_its_text(town: Town, console: Open) -> None:
    button = InlineKeyboardButton("复制编号", copy_text=CopyTextButton("KL8-2611-014"))
    await town.bot.send_message(town.group, "已受理", reply_markup=keys(button))
    page = await console((town.group, town.aunt), permissions=["clipboard-read", "clipboard-write"])
    await window(page, town.aunt).get_by_test_id("button").click()
    await expect(window(page, town.aunt).get_by_test_id("toast")).to_have_text("已复制")
    assert await page.evaluate("navigator.clipboard.readText()") == "KL8-2611-014"


async def test_a_reply_the_bot_asks_for_is_opened_for_the_person_it_asks(
    town: Town, console: Open
) -> None:
    page = await console((town.group, town.aunt), (town.group, town.neighbour))
    said = await town.say(town.aunt, "@linli_bot 灯坏了")
    asked = await town.bot.send_message(
        town.group, "在几单元？", reply_to_message_id=said,
        reply_markup=ForceReply(selective=True, input_field_placeholder="单元"),
    )  # fmt: skip
    mine = window(page, town.aunt)
    await expect(mine.locator(".composer-context")).to_contain_text("在几单元？")
    await expect(mine.get_by_test_id("composer")).to_have_attribute("placeholder", "单元")
    await expect(window(page, town.neighbour).locator(".composer-context")).to_be_hidden()
    await write(mine, "2单元")
    await expect(mine.locator(".composer-context")).to_be_hidden()
    last = (await town.history(town.group))[-1]
    assert last["reply_to_message"]["message_id"] == asked.message_id


async def test_the_pinned_card_is_one_press_away(town: Town, console: Open) -> None:
    card = await town.bot.send_message(town.group, "邻里服务 · 我要上报")
    await town.bot.pin_chat_message(town.group, card.message_id)
    for number in range(40):
        await town.say(town.neighbour, f"闲聊 {number}")
    page = await console((town.group, town.aunt))
    win = window(page, town.aunt)
    await expect(win.get_by_test_id("message").last).to_be_in_viewport()
    await win.get_by_test_id("pinned").click()
    await expect(win.locator(f'[data-message-id="{card.message_id}"]').first).to_be_in_viewport()


async def test_the_bot_s_commands_are_offered_after_a_slash(town: Town, console: Open) -> None:
    page = await console((town.aunt, town.aunt))
    await town.bot.set_my_commands([("report", "上报一个问题"), ("my", "我的上报")])
    field = window(page, town.aunt).get_by_test_id("composer")
    await expect(window(page, town.aunt).get_by_role("button", name="命令")).to_be_visible()
    await field.fill("/re")
    hints = window(page, town.aunt).locator(".suggest-row")
    await expect(hints).to_have_text(["/report上报一个问题"])
    await field.press("Tab")
    await expect(field).to_have_value("/report")
