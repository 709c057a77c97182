"""Reply mark-up: what Telegram accepts, and what it says when it doesn't."""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.entities import HTTP_LINK
from sandbox.errors import bad_request
from sandbox.people import Json

MAX_BUTTONS = 100
MAX_ROW = 8
MAX_DATA = 64  # bytes
MAX_COPY = 256  # characters
MAX_PLACEHOLDER = 64  # characters
STYLES = {"primary", "success", "danger"}
ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text",
    "callback_game", "pay",
)  # fmt: skip


def inline(markup: Json | None, private: bool) -> Json | None:
    """The inline keyboard in `markup`, None if it has none; ApiError 400 if it is wrong."""
    rows = (markup or {}).get("inline_keyboard")
    if not rows:
        return None
    kept = [[_button(button, private) for button in row] for row in rows if row]
    if sum(map(len, kept)) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    if any(len(row) > MAX_ROW for row in kept):
        raise bad_request("inline keyboard row has too many buttons")
    return {"inline_keyboard": kept} if kept else None


def _button(button: Json, private: bool) -> Json:
    if not button["text"].strip():
        raise bad_request("text buttons are unallowed in the inline keyboard")
    if not any(name in button for name in ACTIONS):
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if sum(name in button for name in ACTIONS) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one action must be given")
    if button.get("style") not in (None, *STYLES):
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    _check_action(button, private)
    return button


def _check_action(button: Json, private: bool) -> None:
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= MAX_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(button["url"])
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= MAX_COPY:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if "web_app" in button and not private:
        raise bad_request("BUTTON_TYPE_INVALID")


def _check_url(url: str) -> None:
    host = urlsplit(url).hostname or ""
    if not HTTP_LINK.fullmatch(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if host == "localhost":
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def other(markup: Json | None) -> Json | None:
    """Force reply, a reply keyboard or its removal: seen by people's apps only."""
    if not markup or "inline_keyboard" in markup:
        return None
    placeholder = markup.get("input_field_placeholder", "")
    if len(placeholder) > MAX_PLACEHOLDER:
        raise bad_request("input field placeholder is too long")
    return markup


def buttons(message_keyboard: Json | None) -> list[Json]:
    """All buttons of an inline keyboard, in order."""
    return [one for row in (message_keyboard or {}).get("inline_keyboard", []) for one in row]
