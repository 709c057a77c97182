"""Raw updates as events: what we use of them, and nothing that could raise."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.turn import Membership, Migrated, Press, Said
from handlers.updates import Me, decode, event, kept, read

ME = Me("42", "linli_bot")
LI = {"id": 7, "is_bot": False, "first_name": "Li", "last_name": "Hua", "language_code": "zh-hans"}
GROUP = {"id": -5, "type": "supergroup", "title": "快乐8号楼"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Li"}


def message(**more: Any) -> dict[str, Any]:
    return {"message_id": 3, "date": 1, "chat": GROUP, "from": LI, **more}


def said(**more: Any) -> Said:
    found = read({"update_id": 1, "message": message(**more)}, ME)
    assert isinstance(found, Said)
    return found


def entity(kind: str, offset: int, length: int) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length}


def test_a_message_says_who_where_and_what():
    found = said(text="灯坏了")
    assert (found.at.bot, found.at.chat, found.at.platform) == ("42", "-5", "telegram")
    assert (found.sender.address, found.sender.name, found.sender.language) == (
        "7",
        "Li Hua",
        "zh-hans",
    )
    assert (found.message, found.text, found.private, found.title) == (
        "3",
        "灯坏了",
        False,
        "快乐8号楼",
    )


@pytest.mark.parametrize(
    ("text", "entities", "command", "words"),
    [
        ("/report 灯坏了", [entity("bot_command", 0, 7)], "report", "灯坏了"),
        ("/Report@Linli_Bot 灯", [entity("bot_command", 0, 17)], "report", "灯"),
        ("/report@other_bot 灯", [entity("bot_command", 0, 17)], None, "/report@other_bot 灯"),
        ("@linli_bot 灯坏了", [entity("mention", 0, 10)], None, "灯坏了"),
        ("🔥🔥 @linli_bot 灯", [entity("mention", 5, 10)], None, "🔥🔥  灯"),
        (
            "@linli_bot /report 灯",
            [entity("mention", 0, 10), entity("bot_command", 11, 7)],
            "report",
            "灯",
        ),
        ("灯 /report", [entity("bot_command", 2, 7)], None, "灯 /report"),
        ("@somebody 灯", [entity("mention", 0, 9)], None, "@somebody 灯"),
    ],
)
def test_words_are_without_the_bots_name_and_the_command(
    text: str, entities: list[Any], command: str | None, words: str
):
    found = said(text=text, entities=entities)
    assert (found.command, found.text) == (command, words)


def test_a_caption_is_read_like_a_text_and_the_largest_photo_is_taken():
    sizes = [{"file_id": n, "file_unique_id": n, "file_size": 1} for n in ("s", "m", "l")]
    found = said(caption="@linli_bot 灯", caption_entities=[entity("mention", 0, 10)], photo=sizes)
    assert found.text == "灯"
    assert [(file.kind, file.file_id) for file in found.files] == [("photo", "l")]


def test_a_phone_number_is_taken_only_from_its_owner():
    assert said(contact={"phone_number": "138", "user_id": 7}).phone == "138"
    assert said(contact={"phone_number": "138", "user_id": 8}).phone is None
    assert said(contact={"phone_number": "138"}).phone is None


def test_what_was_replied_to_is_quoted():
    other = {"id": 42, "is_bot": True, "first_name": "Linli"}
    found = said(
        text="yes", reply_to_message=message(message_id=2, text="Settled?", **{"from": other})
    )
    assert found.reply_to is not None
    assert (found.reply_to.ours, found.reply_to.text, found.reply_to.message) == (
        True,
        "Settled?",
        "2",
    )


def test_an_anonymous_administrator_speaks_and_other_bots_do_not():
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    assert said(text="x", sender_chat=GROUP, **{"from": anonymous}).sender.anonymous_admin
    bot = {"id": 9, "is_bot": True, "first_name": "Bot"}
    assert read({"update_id": 1, "message": message(text="x", **{"from": bot})}, ME) is None


def test_a_press_a_membership_and_a_migration_are_told_apart():
    press = {"id": "1", "from": LI, "data": "take~1", "message": message()}
    found = read({"update_id": 1, "callback_query": press}, ME)
    assert isinstance(found, Press)
    assert (found.data, found.message) == ("take~1", "3")
    member = {"chat": GROUP, "from": LI, "new_chat_member": {"status": "administrator"}}
    found = read({"update_id": 1, "my_chat_member": member}, ME)
    assert isinstance(found, Membership)
    assert (found.present, found.administrator) == (True, True)
    for raw in (message(migrate_to_chat_id=-9), message(chat={"id": -9}, migrate_from_chat_id=-5)):
        moved = read({"update_id": 1, "message": raw}, ME)
        assert isinstance(moved, Migrated)
        assert (moved.at.chat, moved.new_chat) == ("-5", "-9")


@pytest.mark.parametrize(("data", "kept_too"), [("heard~110101", True), ("take~1", False)])
def test_what_a_button_answers_is_read_only_where_a_tap_reports_it(data: str, kept_too: bool):
    answered = message(message_id=2, text="灯坏了", **{"from": LI})
    press = {"id": "1", "from": LI, "data": data, "message": message(reply_to_message=answered)}
    raw = {"update_id": 1, "callback_query": press}
    update = decode(raw)
    assert update is not None
    assert ("灯坏了" in str(kept(update))) is kept_too
    found = read(raw, ME)
    assert isinstance(found, Press)
    assert (found.reply_to is not None) is kept_too


def test_being_blocked_is_being_absent():
    member = {"chat": PRIVATE, "from": LI, "new_chat_member": {"status": "kicked"}}
    found = read({"update_id": 1, "my_chat_member": member}, ME)
    assert isinstance(found, Membership)
    assert not found.present
    assert found.private


def test_only_the_fields_that_we_use_are_kept():
    raw = {
        "update_id": 1,
        "message": message(text="x", pinned_message={"text": "secret"}, quote={}),
    }
    update = decode(json.dumps(raw))
    assert update is not None
    assert kept(update)["message"].keys() == {"message_id", "date", "chat", "from", "text"}
    assert event(decode(kept(update)), ME) == event(update, ME)  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["text", "entities", "chat", "from", "photo", "reply_to_message", "migrate_to_chat_id"]
)


@given(JSON | st.binary() | st.text())
def test_rubbish_is_nothing(raw: Any):
    assert read(raw, ME) is None


@given(st.dictionaries(FIELDS, JSON), st.sampled_from(["message", "edited_message"]))
def test_a_message_with_rubbish_in_it_never_raises(more: dict[str, Any], kind: str):
    read({"update_id": 1, kind: message() | more}, ME)


@given(st.text(), st.integers(-5, 30), st.integers(-5, 30))
def test_entities_may_point_anywhere(text: str, offset: int, length: int):
    for kind in ("mention", "bot_command"):
        read(
            {
                "update_id": 1,
                "message": message(text=text, entities=[entity(kind, offset, length)]),
            },
            ME,
        )


def test_what_is_kept_can_be_stored_in_any_database():
    update = decode({"update_id": 1, "message": message(text="a\0b\ud800c")})
    assert update is not None
    assert kept(update)["message"]["text"] == "ab?c"
