"""Whatever a bot sends, it is answered or refused in Telegram's manner; nothing breaks."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import spec
from sandbox.bot_api import BACKEND, Incoming, execute
from sandbox.methods import METHODS
from sandbox.methods.call import Backend
from sandbox.people import Bot
from sandbox.server import create_app

USER, STRANGER = 10_001, 10_002
TEXTS = ["", "x", "<b>x</b>", "<b>", "字" * 30, "/start", "HTML", "photo", "emoji", "👀", "[]", "{"]
NUMBERS = [-1, 0, 1, 2, 3, 2**31, 2**70, USER, STRANGER, 10**400]
JUNK = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(TEXTS) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TEXTS), inner),
    max_leaves=4,
)


def of_kind(kind: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a described type, more or less."""
    if kind.startswith(spec.ARRAY):
        return st.lists(of_kind(kind.removeprefix(spec.ARRAY), depth + 1), max_size=3)
    if kind == "Integer":
        return st.sampled_from(NUMBERS)
    if kind in ("Boolean", "True"):
        return st.booleans()
    if kind == "Float":
        return st.floats(-200, 200)
    if kind in ("String", "InputFile") or depth > 3:
        return st.sampled_from(TEXTS)
    return st.deferred(lambda: objects(kind, depth))


def objects(kind: str, depth: int) -> st.SearchStrategy[Any]:
    """Objects of a described type: the required fields and some of the others."""
    subtypes = spec.description()["types"][kind].get("subtypes")
    if subtypes:
        return st.one_of([of_kind(one, depth + 1) for one in subtypes])
    fields = spec.type_fields(kind).items()
    made = {n: st.one_of([of_kind(k, depth + 1) for k in f["types"]]) for n, f in fields}
    needed = {name: made[name] for name, field in fields if field["required"]}
    return st.fixed_dictionaries(needed, optional={n: made[n] for n in set(made) - set(needed)})


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A method and parameters for it, mostly of the described types."""
    method = draw(st.sampled_from(sorted(set(METHODS) - {"setWebhook"})))
    raw = {}
    for name, field in spec.method_fields(method).items():
        if name != "timeout" and (field["required"] or draw(st.booleans())):
            right = st.one_of([of_kind(kind) for kind in field["types"]])
            raw[name] = draw(JUNK if draw(st.integers(0, 9)) == 0 else right)
    if "chat_id" in raw:
        raw["chat_id"] = draw(st.sampled_from([USER, STRANGER, -1, "x"]))
    return method, raw


def peopled() -> tuple[Backend, Bot]:
    """A sandbox with a bot, a user who started it and a message of each."""
    backend = create_app()[BACKEND]
    backend.limits.enforced = False
    world = backend.world
    bot = world.add_bot("linli_bot", None, privacy=True)
    user = world.add_user("Li", None, None)
    chat = world.private(user, bot)
    chat.started = True
    for sender in (user, bot):
        world.say(chat, sender, {"text": "x"})
    world.add_user("Stranger", None, None)
    return backend, bot


@settings(max_examples=200, deadline=None)
@given(calls())
def test_any_call_is_answered_or_refused(call: tuple[str, dict[str, Any]]) -> None:
    backend, bot = peopled()
    method, raw = call
    status, body = asyncio.run(execute(backend, Incoming(bot, method, raw), {"params": {}}))
    assert status in {200, 400, 403, 501}
    assert body["ok"] == (status == 200)
    if status == 400:
        assert body["description"].startswith("Bad Request: ")
    for update in backend.world.logs[USER].events:
        assert spec.problems("Message", update["message"]) == []
