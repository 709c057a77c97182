"""The live line: reconnecting, catching up, changes of people and chats, unread counts."""

from __future__ import annotations

from playwright.async_api import expect

from tests.console.conftest import Open, window, write
from tests.console.town import Town


async def test_after_the_server_drops_the_line_nothing_is_missed(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    port = town.runner.addresses[0][1]
    await town.say(town.worker, "断线之前")
    await town.hang_up()
    await expect(page.locator(".offline")).to_be_visible()
    await town.second_door()
    await town.say(town.worker, "断线的时候")
    await town.listen_again(port)
    await expect(page.locator(".offline")).to_be_hidden(timeout=10_000)
    words = window(page, town.aunt).locator(".words")
    await expect(words).to_have_text(["断线之前", "断线的时候"])
    await write(window(page, town.aunt), "又通了")
    await expect(words).to_have_text(["断线之前", "断线的时候", "又通了"])


async def test_a_deleted_message_disappears(town: Town, console: Open) -> None:
    message = await town.bot.send_message(town.group, "发错了")
    page = await console((town.group, town.aunt))
    words = window(page, town.aunt).locator(".words")
    await expect(words).to_have_text(["发错了"])
    await town.bot.delete_message(town.group, message.message_id)
    await expect(words).to_have_count(0)


async def test_a_new_group_and_a_new_person_appear_in_the_list(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    await page.get_by_test_id("add").click()
    await page.get_by_label("名字").fill("周爷爷")
    await page.get_by_role("button", name="创建").click()
    await expect(page.get_by_role("region", name="linli_bot — 周爷爷")).to_be_visible()
    made = {"type": "group", "title": "阳光花园", "members": [town.aunt], "bot_id": town.bot.id}
    await town.call("chats", **made)
    await expect(page.get_by_test_id("chatlist-item").filter(has_text="阳光花园")).to_be_visible()


async def test_a_window_follows_its_group_to_the_supergroup(town: Town, console: Open) -> None:
    made = {"type": "group", "title": "老楼", "members": [town.aunt], "bot_id": town.bot.id}
    old = (await town.call("chats", **made))["id"]
    page = await console((old, town.aunt))
    new = (await town.call(f"chats/{old}/migrate"))["id"]
    await expect(window(page, town.aunt, new)).to_be_visible()
    await expect(window(page, town.aunt, old)).to_have_count(0)


async def test_unread_messages_are_counted_until_they_are_seen(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    await town.call("start", **{"from": town.worker, "bot_id": town.bot.id})
    for number in range(3):
        await town.bot.send_message(town.worker, f"提醒 {number}")
    item = page.get_by_test_id("chatlist-item").filter(has_text="李网格员")
    await expect(item.locator(".unread")).to_have_text("3")
    await item.click()
    await expect(window(page, town.worker).locator(".words").last).to_have_text("提醒 2")
    await expect(item.locator(".unread")).to_have_count(0)


async def test_who_reads_further_up_is_not_pulled_down(town: Town, console: Open) -> None:
    for number in range(40):
        await town.say(town.neighbour, f"闲聊 {number}")
    page = await console((town.group, town.aunt))
    win = window(page, town.aunt)
    await win.locator(".messages").evaluate("(node) => { node.scrollTop = 0; }")
    await expect(win.locator(".jump")).to_be_visible()
    await town.say(town.neighbour, "新的一句")
    await expect(win.locator(".jump .count")).to_have_text("1")
    await expect(win.locator(".words").first).to_be_in_viewport()
    await win.locator(".jump").click()
    await expect(win.get_by_text("新的一句")).to_be_in_viewport()


async def test_a_sandbox_that_began_anew_leaves_nothing_of_the_old_one(
    town: Town, console: Open
) -> None:
    page = await console((town.aunt, town.aunt))
    await town.call("start", **{"from": town.aunt, "bot_id": town.bot.id, "payload": "old"})
    words = window(page, town.aunt).locator(".words")
    await expect(words).to_have_text(["/start old"])
    port = town.runner.addresses[0][1]
    await town.hang_up()
    await town.second_door()
    await town.call("reset")
    bot = (await town.call("bots", username="linli_bot", token=town.bot.token))["id"]
    person = (await town.call("users", first_name="王阿姨"))["id"]
    assert person == town.aunt
    await town.call("start", **{"from": person, "bot_id": bot, "payload": "new"})
    await town.listen_again(port)
    await expect(words).to_have_text(["/start new"])
