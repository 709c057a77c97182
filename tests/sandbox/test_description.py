"""What isn't known, isn't implemented or isn't allowed; and the list of it in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

import sandbox
from sandbox import spec
from sandbox.methods import METHODS
from tests.sandbox.conftest import Json, Town

README = Path(sandbox.__file__).parent / "README.md"
LANGUAGES = {"": "report", "zh": "报"}


async def test_an_unknown_method_is_not_found(town: Town) -> None:
    body = {"ok": False, "error_code": 404, "description": "Not Found"}
    assert await town.raw("sendCake") == (404, body)


async def test_a_wrong_token_is_unauthorized(town: Town) -> None:
    body = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await town.raw("getMe", token="1:wrong") == (401, body)
    async with town.session.get(f"{town.url}/file/bot1:wrong/x") as answer:
        assert answer.status == 401


async def test_what_isnt_implemented_answers_501_and_is_in_the_readme(town: Town) -> None:
    listed = README.read_text(encoding="utf-8").split("## What answers 501")[1]
    for method in sorted(set(spec.description()["methods"]) - set(METHODS)):
        status, body = await town.raw(method)
        assert (status, body["error_code"]) == (501, 501)
        assert method in body["description"]
        assert f"`{method}`" in listed, method


def test_the_readme_lists_nothing_that_is_implemented() -> None:
    listed = README.read_text(encoding="utf-8").split("## What answers 501")[1].split("##")[0]
    assert not [method for method in METHODS if f"`{method}`" in listed]


@pytest.mark.parametrize(
    ("method", "params", "complaint"),
    [
        ("getUpdates", {"offset": "x"}, 'field "offset" must be of type Integer'),
        ("sendMessage", {"chat_id": 1}, "message text is empty"),
        ("getChatMember", {"chat_id": 1}, "invalid user_id specified"),
        ("sendPhoto", {"chat_id": 1}, "there is no photo in the request"),
        ("setMyCommands", {}, 'parameter "commands" is required'),
        (
            "setMyCommands",
            {"commands": [{"command": "a"}]},
            'can\'t find field "description" in commands[0]',
        ),
        ("setMyCommands", {"commands": "["}, "can't parse commands JSON object"),
        (
            "sendLocation",
            {"chat_id": 1, "latitude": "nan", "longitude": 1},
            'field "latitude" must be of type Float',
        ),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "reply_markup": 3},
            "object expected as reply_markup",
        ),
    ],
)
async def test_parameters_are_held_against_the_description(
    town: Town, method: str, params: Json, complaint: str
) -> None:
    assert await town.refusal(method, **params) == f"Bad Request: {complaint}"


async def test_unknown_parameters_are_passed_over_and_noted(town: Town) -> None:
    await town.call("getMe", colour="red")
    assert (await town.get("calls"))[-1]["unknown"] == ["colour"]


async def test_commands_are_kept_per_scope_and_language(town: Town) -> None:
    user = await town.person("Li")
    scope = {"type": "chat", "chat_id": user}
    for language, word in LANGUAGES.items():
        commands = [{"command": "report", "description": word}]
        await town.call("setMyCommands", commands=commands, language_code=language, scope=scope)
    assert await town.call("getMyCommands") == []
    for language, word in LANGUAGES.items():
        (command,) = await town.call("getMyCommands", language_code=language, scope=scope)
        assert command == {"command": "report", "description": word}
    await town.call("deleteMyCommands", scope=scope)
    assert await town.call("getMyCommands", scope=scope) == []
    assert len(await town.call("getMyCommands", scope=scope, language_code="zh")) == 1
    wrong = [{"command": "Report!", "description": "x"}]
    assert await town.refusal("setMyCommands", commands=wrong) == "Bad Request: BOT_COMMAND_INVALID"


async def test_the_bots_card_can_be_written_per_language(town: Town) -> None:
    await town.call("setMyName", name="邻里")
    await town.call("setMyDescription", description="有事就说", language_code="zh")
    assert await town.call("getMyName") == {"name": "邻里"}
    assert await town.call("getMyDescription") == {"description": ""}
    assert await town.call("getMyDescription", language_code="zh") == {"description": "有事就说"}
    assert (await town.call("getMe"))["first_name"] == "邻里"
