"""Real updates, bent: a field gone, doubled, of another type, or the bytes themselves broken."""

import json
from random import Random
from typing import Any

from tests.fuzz import words

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53, 2**70, 1.5, "", "x", "-1008", [], {}, [[]], {"id": 1},
    [None], {"": ""},
)  # fmt: skip


NAMES = ("text", "data", "from", "chat", "id", "type", "entities")


def bent(rng: Random, value: Any) -> Any:
    """A copy with some of its values replaced, removed or moved."""
    made = _copy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        _bend(rng, made)
    return made


def _bend(rng: Random, value: Any) -> None:
    places = list(_places(value))
    if not places:
        return
    holder, key = rng.choice(places)
    draw = rng.random()
    if draw < 0.25:
        holder[key] = _copy(rng.choice(ODD))
    elif draw < 0.5 and isinstance(holder[key], str):
        holder[key] = words.text(rng)
    elif draw < 0.7:
        del holder[key]
    elif draw < 0.85:
        other, name = rng.choice(places)
        if name in other if isinstance(other, dict) else name < len(other):
            holder[key] = _copy(other[name])
    elif isinstance(holder, dict):
        holder[rng.choice(("text", "data", "from", "chat", "id", "type", "entities"))] = _copy(
            holder[key]
        )


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _places(value: Any) -> Any:
    """Every (holder, key) below a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def broken(rng: Random, raw: bytes) -> bytes:
    """Bytes that may be JSON no more."""
    at = rng.randrange(len(raw) + 1)
    junk = bytes(rng.randrange(256) for _ in range(rng.randrange(4)))
    return rng.choice(
        (
            raw[:at],
            raw[:at] + junk + raw[at:],
            raw[:at] + junk + raw[at + 3 :],
            raw + raw,
            b"[" * 9999,
        )
    )
