"""The bot's own card: its commands per scope and language, its names and descriptions."""

from __future__ import annotations

import re

from sandbox.errors import bad_request
from sandbox.methods.call import Call, method
from sandbox.people import Json

MAX_COMMANDS = 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"[a-z]{2}|")
MAX_NAME, MAX_DESCRIPTION, MAX_SHORT = 64, 512, 120  # characters
MAX_COMMAND_DESCRIPTION = 256  # characters


def _key(call: Call) -> tuple[str, str]:
    """Scope and language that a list of commands is kept under."""
    scope = call.args.get("scope") or {"type": "default"}
    parts = [scope["type"], scope.get("chat_id"), scope.get("user_id")]
    _check_chat(call, scope)
    return ":".join(str(part) for part in parts if part is not None), _language(call)


def _check_chat(call: Call, scope: Json) -> None:
    if "chat_id" in scope:
        Call(call.backend, call.bot, call.method, scope, {}).chat("read")


def _language(call: Call) -> str:
    language = call.args.get("language_code", "")
    if not LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return str(language)


@method("setMyCommands")
def set_my_commands(call: Call) -> bool:
    """Replaces the commands of one scope and language."""
    commands = call.args["commands"]
    key = _key(call)
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for one in commands:
        if not COMMAND.fullmatch(one["command"].removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(one["description"]) <= MAX_COMMAND_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    call.bot.commands[key] = [
        {"command": one["command"].removeprefix("/"), "description": one["description"]}
        for one in commands
    ]
    call.world.state_changed()
    return True


@method("getMyCommands")
def get_my_commands(call: Call) -> list[Json]:
    """The commands of exactly this scope and language."""
    return call.bot.commands.get(_key(call), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    """Removes the commands of one scope and language."""
    call.bot.commands.pop(_key(call), None)
    call.world.state_changed()
    return True


def _store(call: Call, kept: dict[str, str], name: str, limit: int, complaint: str) -> bool:
    value = call.args.get(name, "")
    if len(value) > limit:
        raise bad_request(complaint)
    kept[_language(call)] = value
    return True


def _stored(call: Call, kept: dict[str, str], name: str, default: str = "") -> Json:
    return {name: kept.get(_language(call)) or kept.get("") or default}


@method("setMyName")
def set_my_name(call: Call) -> bool:
    """The name shown to people of one language."""
    done = _store(call, call.bot.names, "name", MAX_NAME, "BOT_TITLE_INVALID")
    call.bot.first_name = call.bot.names.get("") or call.bot.first_name
    call.world.state_changed()
    return done


@method("getMyName")
def get_my_name(call: Call) -> Json:
    """As Bot API `BotName`."""
    return _stored(call, call.bot.names, "name", call.bot.first_name)


@method("setMyDescription")
def set_my_description(call: Call) -> bool:
    """What an empty chat with the bot shows."""
    kept = call.bot.descriptions
    return _store(call, kept, "description", MAX_DESCRIPTION, "BOT_DESCRIPTION_INVALID")


@method("getMyDescription")
def get_my_description(call: Call) -> Json:
    """As Bot API `BotDescription`."""
    return _stored(call, call.bot.descriptions, "description")


@method("setMyShortDescription")
def set_my_short_description(call: Call) -> bool:
    """What the bot's profile shows."""
    kept = call.bot.short_descriptions
    return _store(call, kept, "short_description", MAX_SHORT, "BOT_SHARE_TEXT_INVALID")


@method("getMyShortDescription")
def get_my_short_description(call: Call) -> Json:
    """As Bot API `BotShortDescription`."""
    return _stored(call, call.bot.short_descriptions, "short_description")
