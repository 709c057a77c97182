"""People write to each other: text, photos, files, voice, places; replies, edits, reactions."""

from __future__ import annotations

from playwright.async_api import expect

from tests.console.conftest import Open, window, write
from tests.console.town import Town, media, upload


async def test_what_one_person_types_shows_in_the_other_s_window_at_once(
    town: Town, console: Open
) -> None:
    page = await console((town.group, town.aunt), (town.group, town.worker))
    await write(window(page, town.aunt), "楼道灯坏了")
    for person in (town.aunt, town.worker):
        shown = window(page, person).get_by_test_id("message").last
        await expect(shown).to_contain_text("楼道灯坏了")
    await expect(window(page, town.worker).locator(".sender").last).to_have_text("王阿姨")
    mine = window(page, town.aunt).get_by_test_id("message").last
    await expect(mine).to_have_class("message own first last")


async def test_shift_enter_makes_a_new_line_and_enter_sends(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    field = window(page, town.aunt).get_by_test_id("composer")
    await field.fill("第一行")
    await field.press("Shift+Enter")
    await field.press_sequentially("第二行")
    await field.press("Enter")
    await expect(window(page, town.aunt).locator(".words").last).to_have_text("第一行\n第二行")
    await expect(field).to_have_value("")


async def test_enter_while_an_input_method_composes_does_not_send(
    town: Town, console: Open
) -> None:
    page = await console((town.group, town.aunt))
    field = window(page, town.aunt).get_by_test_id("composer")
    await field.fill("dengh")
    await field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await expect(field).to_have_value("dengh")


async def test_a_photo_goes_with_its_caption(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt), (town.group, town.worker))
    mine = window(page, town.aunt)
    await mine.get_by_test_id("file").set_input_files([upload("灯.jpg")])
    await expect(mine.locator(".tray-photo img")).to_be_visible()
    await write(mine, "3号楼2单元")
    shown = window(page, town.worker).get_by_test_id("message").last
    await expect(shown).to_contain_text("3号楼2单元")
    await expect(shown.locator("img")).to_have_js_property("naturalWidth", 640)
    await expect(mine.locator(".tray")).to_be_hidden()


async def test_several_photos_become_one_album_that_opens_in_full(
    town: Town, console: Open
) -> None:
    page = await console((town.group, town.aunt))
    mine = window(page, town.aunt)
    photos = [upload(f"{red}.jpg", red) for red in (10, 90, 200)]
    await mine.get_by_test_id("file").set_input_files(photos)
    await write(mine, "车库进水")
    await expect(mine.locator(".album .photo")).to_have_count(3)
    await mine.locator(".album .photo").nth(1).click()
    await expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    await page.keyboard.press("Escape")
    sent = [one for one in await town.history(town.group) if "photo" in one]
    assert len({one["media_group_id"] for one in sent}) == 1
    assert [one.get("caption") for one in sent] == ["车库进水", None, None]


async def test_a_file_that_is_no_picture_goes_as_a_document(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    mine = window(page, town.aunt)
    await mine.get_by_test_id("file").set_input_files([upload("明细.csv", mime="text/csv")])
    await mine.get_by_test_id("send").click()
    await expect(mine.locator(".file-name")).to_have_text("明细.csv")
    await expect(mine.locator("a.file")).to_have_attribute("download", "明细.csv")


async def test_a_reply_quotes_what_it_answers(town: Town, console: Open) -> None:
    asked = await town.say(town.aunt, "几点来？")
    page = await console((town.group, town.worker))
    win = window(page, town.worker)
    await win.locator(f'[data-message-id="{asked}"]').hover()
    await win.get_by_role("button", name="消息操作").last.click()
    await page.get_by_role("menuitem", name="回复", exact=True).click()
    await write(win, "下午三点")
    await expect(win.locator(".quote-reply")).to_contain_text("几点来？")
    assert (await town.history(town.group))[-1]["reply_to_message"]["message_id"] == asked


async def test_an_edited_message_changes_everywhere_and_says_so(town: Town, console: Open) -> None:
    await town.say(town.aunt, "2单元")
    page = await console((town.group, town.aunt), (town.group, town.worker))
    mine = window(page, town.aunt)
    await mine.get_by_test_id("message").last.hover()
    await mine.get_by_role("button", name="消息操作").last.click()
    await page.get_by_role("menuitem", name="编辑").click()
    await expect(mine.get_by_test_id("composer")).to_have_value("2单元")
    await write(mine, "3单元")
    shown = window(page, town.worker).get_by_test_id("message").last
    await expect(shown.locator(".words")).to_have_text("3单元")
    await expect(shown.locator(".stamp")).to_contain_text("已编辑")


async def test_the_same_reaction_again_takes_it_back(town: Town, console: Open) -> None:
    await town.say(town.aunt, "修好了")
    page = await console((town.group, town.worker))
    win = window(page, town.worker)
    await win.get_by_test_id("message").last.hover()
    await win.get_by_role("button", name="消息操作").last.click()
    await page.get_by_role("menuitem", name="👍").click()
    await expect(win.locator(".reaction.mine")).to_have_text("👍")
    await win.locator(".reaction.mine").click()
    await expect(win.locator(".reaction")).to_have_count(0)


async def test_a_place_is_chosen_by_typing_coordinates(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    mine = window(page, town.aunt)
    await mine.get_by_test_id("attach").click()
    await page.get_by_role("menuitem", name="位置").click()
    await page.get_by_label("纬度").fill("31.23")
    await page.get_by_label("经度").fill("121.47")
    await page.get_by_role("button", name="发送位置").click()
    await expect(mine.locator(".place")).to_contain_text("31.23000, 121.47000")


async def test_a_voice_note_is_recorded_from_the_microphone(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt), permissions=["microphone"])
    mine = window(page, town.aunt)
    await mine.get_by_test_id("voice").click()
    await expect(mine.locator(".recording-time")).to_have_text("0:01")
    await mine.get_by_test_id("voice-send").click()
    await expect(mine.locator(".voice")).to_be_visible()
    assert (await town.history(town.group))[-1]["voice"]["file_size"] > 0


async def test_a_message_can_be_forwarded_to_the_bot(town: Town, console: Open) -> None:
    await town.say(town.neighbour, "电梯停了")
    page = await console((town.group, town.aunt))
    mine = window(page, town.aunt)
    await mine.get_by_test_id("message").last.hover()
    await mine.get_by_role("button", name="消息操作").last.click()
    await page.get_by_role("menuitem", name="转发").click()
    await page.get_by_role("dialog").get_by_role("button", name="linli_bot").click()
    private = window(page, town.aunt, town.aunt)
    await expect(private.locator(".forwarded")).to_contain_text("阿强")
    await expect(private.locator(".words")).to_have_text("电梯停了")


async def test_a_refused_message_comes_back_to_the_composer(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    mine = window(page, town.aunt)
    await write(mine, "长" * 4097)
    await expect(mine.get_by_test_id("toast")).to_contain_text("4096")
    await expect(mine.get_by_test_id("composer")).to_have_value("长" * 4097)


async def test_a_photo_sent_by_somebody_else_arrives(town: Town, console: Open) -> None:
    page = await console((town.group, town.aunt))
    photo = media(upload("x.jpg")["buffer"], "x.jpg", "image/jpeg")
    await town.call(f"chats/{town.group}/messages", **{"from": town.worker, "photo": photo})
    await expect(window(page, town.aunt).locator(".photo img")).to_be_visible()
