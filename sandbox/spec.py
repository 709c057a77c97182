"""Parameters and results measured against the machine-readable Bot API description (10.1).

`check_arguments` reads what a bot sent; `problems` says where an object of ours departs from the
description, and is what the tests hold every result and update against.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from sandbox.errors import ApiError, bad_request

DESCRIPTION_FILE = Path(__file__).parent / "data" / "telegram-bot-api.json"
ARRAY = "Array of "
# setWebhook: an empty url removes the webhook.
MAY_BE_EMPTY = {"url"}
SCALARS = {"Integer", "Float", "String", "Boolean", "True"}

# The real server's words for the parameters that are forgotten most often.
WORDS_FOR_MISSING = {
    "chat_id": "chat_id is empty",
    "from_chat_id": "from_chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "user_id": "invalid user_id specified",
    "file_id": "file_id not specified",
    "action": "wrong parameter action in request",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "voice": "there is no voice in the request",
    "sticker": "there is no sticker in the request",
    "latitude": "latitude is empty",
    "longitude": "longitude is empty",
}
# The real server's words for JSON that can't be read.
WORDS_FOR_JSON = {
    "reply_markup": "can't parse reply keyboard markup JSON object",
    "reply_parameters": "can't parse reply parameters JSON object",
    "link_preview_options": "can't parse link preview options JSON object",
    "commands": "can't parse commands JSON object",
    "scope": "can't parse BotCommandScope JSON object",
    "media": "can't parse media JSON object",
    "options": "can't parse options JSON object",
    "reaction": "can't parse reaction types JSON object",
    "message_ids": "can't parse message_ids JSON object",
}


@cache
def description() -> dict[str, Any]:
    """The whole description: `methods` and `types` by name."""
    loaded: dict[str, Any] = json.loads(DESCRIPTION_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def method_names() -> dict[str, str]:
    """Lower-case name → the description's name; the real server ignores case."""
    return {name.lower(): name for name in description()["methods"]}


@cache
def method_fields(method: str) -> dict[str, dict[str, Any]]:
    """The parameters of `method` by name; empty if it takes none."""
    fields = description()["methods"][method].get("fields", [])
    return {field["name"]: field for field in fields}


@cache
def type_fields(name: str) -> dict[str, dict[str, Any]]:
    """The fields of a type by name."""
    return {field["name"]: field for field in description()["types"][name].get("fields", [])}


def check_arguments(
    method: str, raw: Mapping[str, Any], files: Mapping[str, Any]
) -> dict[str, Any]:
    """The described parameters of a call, each as its described type; ApiError 400 otherwise.

    Parameters that the description doesn't know are left out, as the real server does.
    """
    arguments: dict[str, Any] = {}
    for name, field in method_fields(method).items():
        value = raw.get(name)
        if name in files and value is None:
            arguments[name] = f"attach://{name}"
        elif value is None or value == "":
            _refuse_missing(field)
        else:
            arguments[name] = _argument(field, value)
    return arguments


def unknown_arguments(method: str, raw: Mapping[str, Any]) -> list[str]:
    """Names that the description of `method` doesn't have."""
    return sorted(set(raw) - set(method_fields(method)))


def _refuse_missing(field: Mapping[str, Any]) -> None:
    name = field["name"]
    if field["required"] and name not in MAY_BE_EMPTY:
        raise bad_request(WORDS_FOR_MISSING.get(name, f'parameter "{name}" is required'))


def _argument(field: Mapping[str, Any], value: Any) -> Any:
    for kind in field["types"]:
        read = _read(kind, value)
        if read is not None and not problems(kind, read, field["name"]):
            return read
    raise _unreadable(field, value)


def _unreadable(field: Mapping[str, Any], value: Any) -> ApiError:
    name = field["name"]
    if isinstance(value, str) and not _is_scalar(field) and _json(value) is None:
        return bad_request(WORDS_FOR_JSON.get(name, f"can't parse {name} JSON object"))
    read = _json(value) if isinstance(value, str) else value
    found = problems(field["types"][0], read, name)
    return bad_request(found[0] if found else f'can\'t parse "{name}" as {field["types"][0]}')


def _is_scalar(field: Mapping[str, Any]) -> bool:
    return set(field["types"]) <= SCALARS


def _read(kind: str, value: Any) -> Any:
    """`value` as `kind`, or None where it can't be."""
    if kind == "Integer":
        return _integer(value)
    if kind == "Float":
        return _number(value)
    if kind in ("Boolean", "True"):
        return _boolean(value)
    if kind in ("String", "InputFile"):
        return value if isinstance(value, str) else _text_of_number(value)
    return _json(value) if isinstance(value, str) else value


def _integer(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        str(value).lower()
    )


def _text_of_number(value: Any) -> str | None:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def problems(kind: str, value: Any, where: str = "") -> list[str]:
    """Where `value` isn't a `kind` of the description; empty if it is one."""
    if kind.startswith(ARRAY):
        return _array_problems(kind.removeprefix(ARRAY), value, where)
    if kind in SCALARS:
        return [] if _fits_scalar(kind, value) else [f'field "{where}" must be of type {kind}']
    if kind == "InputFile":
        return [] if isinstance(value, str) else [f'field "{where}" must be of type InputFile']
    return _object_problems(kind, value, where or kind)


def _array_problems(kind: str, value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        return [f'field "{where}" must be an Array of {kind}']
    return [
        one for index, item in enumerate(value) for one in problems(kind, item, f"{where}[{index}]")
    ]


def _fits_scalar(kind: str, value: Any) -> bool:
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "True":
        return value is True
    if kind == "String":
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) if kind == "Integer" else isinstance(value, int | float)


def _object_problems(kind: str, value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"object expected as {where}"]
    subtypes = description()["types"][kind].get("subtypes")
    if subtypes:
        return _subtype_problems(subtypes, value, where)
    return _field_problems(kind, value, where)


def _subtype_problems(subtypes: list[str], value: dict[str, Any], where: str) -> list[str]:
    found: list[str] = []
    for subtype in subtypes:
        found = problems(subtype, value, where)
        if not found and _constants_fit(subtype, value):
            return []
    return found or [f"unsupported type specified in {where}"]


def _constants_fit(kind: str, value: dict[str, Any]) -> bool:
    """Whether `type`, `status` or `source` has the one value that the description names for it."""
    for name in ("type", "status", "source"):
        text = type_fields(kind).get(name, {}).get("description", "")
        for mark in (' always "', " must be "):
            if mark in text and name in value:
                return bool(value[name] == text.split(mark, 1)[1].strip('"'))
    return True


def _field_problems(kind: str, value: dict[str, Any], where: str) -> list[str]:
    found: list[str] = []
    for name, field in type_fields(kind).items():
        if value.get(name) is not None:
            found += _one_of(field["types"], value[name], f"{where}.{name}")
        elif field["required"]:
            found.append(f'can\'t find field "{name}" in {where}')
    return found


def _one_of(kinds: list[str], value: Any, where: str) -> list[str]:
    tries = [problems(kind, value, where) for kind in kinds]
    return [] if [] in tries else tries[0]
