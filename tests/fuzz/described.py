"""Updates as the description of the Bot API allows them, about people and chats that there are.

The sandbox's copy of the description says which types there are and which fields each has; what
a field holds is drawn here, with a hand on the scales: mostly the town's own people, chats and
buttons, or else nothing would come further than the first look-up.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox import spec
from tests.fuzz import mutations, words

Json = dict[str, Any]
DEEPEST = 3
# how often each kind of update comes; the others share the last
KINDS = (
    ("message", 62),
    ("callback_query", 24),
    ("edited_message", 5),
    ("my_chat_member", 3),
    ("", 6),
)
NUMBERS = (0, 1, -1, 2, 7, 50, 100, 2**31 - 1, 2**31, 2**52, 2**53 + 1, -(2**63), 2**64, 10**40)
STRINGS = ("", "x", "photo", "member", "left", "kicked", "restricted", "image/jpeg", "AgADBA")


@dataclass
class Town:
    """Who and what an update may be about. `buttons`: (chat, callback data) that stand somewhere.

    `chats`: id → type; `home`: which of them most group messages are said in.
    """

    users: list[int]
    chats: dict[int, str]
    home: int
    bot: int
    username: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


class Maker:
    """Makes updates. The same dice and the same town make the same ones.

    `real`: updates as a server sends them, to be bent.
    """

    def __init__(self, rng: Random, town: Town, real: Sequence[Json] = ()) -> None:
        self.rng = rng
        self.town = town
        self._real = real
        self._next = rng.randrange(10**9)
        self._said = 1000
        self._own: dict[str, Callable[[int], Json]] = {
            "User": self._user,
            "Chat": self._chat,
            "Message": self._message,
            "CallbackQuery": self._callback,
            "MaybeInaccessibleMessage": self._message,
            "MessageEntity": self._entity,
        }

    def wide(self) -> bytes:
        """An update of any kind, about anybody, as the description alone would have it."""
        kind = self.rng.choice(_KINDS)
        self._next += 1
        described = spec.type_fields("Update")[kind]["types"][0]
        made = {"update_id": self._next, kind: self._object(described, 1)}
        return json.dumps(made).encode()

    def raw(self) -> bytes:
        """An update as it comes: described, or a real one, whole or bent, or broken bytes."""
        rng = self.rng
        draw = rng.random()
        made = rng.choice(self._real) if self._real and draw > 0.75 else self.update()
        if 0.6 < draw < 0.95:
            made = mutations.bent(rng, made)
        raw = json.dumps(made, ensure_ascii=draw < 0.3).encode("utf-8", "replace")
        return mutations.broken(rng, raw) if draw > 0.98 else raw

    def update(self) -> Json:
        """One update; its id is new, or one that was there before."""
        rng = self.rng
        kinds = [name for name, _ in KINDS]
        kind = rng.choices(kinds, [weight for _, weight in KINDS])[0] or rng.choice(_OTHERS)
        self._next += 1
        number = self._next if rng.random() < 0.97 else rng.choice([*NUMBERS, self._next - 3])
        described = spec.type_fields("Update")[kind]["types"][0]
        made: Json = {"update_id": number, kind: self.of(described, 0)}
        if rng.random() < 0.01:  # more than one thing at once
            other = rng.choice(_OTHERS)
            made[other] = self.of(spec.type_fields("Update")[other]["types"][0], 1)
        return made

    def of(self, kind: str, depth: int) -> Any:
        """A value of a described type."""
        rng = self.rng
        if kind.startswith(spec.ARRAY):
            inner = kind.removeprefix(spec.ARRAY)
            return [self.of(inner, depth + 1) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        if kind in ("Integer", "Float"):
            return self._number(kind)
        if kind in ("Boolean", "True"):
            return kind == "True" or rng.random() < 0.5
        if kind in ("String", "InputFile"):
            return rng.choice(STRINGS) if rng.random() < 0.6 else words.text(rng)
        own = self._own.get(kind)
        return own(depth) if own else self._object(kind, depth)

    def _number(self, kind: str) -> float:
        rng = self.rng
        if kind == "Float":
            return rng.choice(
                (0.0, -0.0, 39.9, 116.4, -200.5, 1e308, 5e-324, rng.uniform(-180, 180))
            )
        return rng.choice(NUMBERS) if rng.random() < 0.3 else rng.randrange(100_000)

    def _object(self, kind: str, depth: int, skip: tuple[str, ...] = ()) -> Any:
        subtypes = spec.description()["types"][kind].get("subtypes")
        if subtypes and depth < 2 * DEEPEST:
            return self.of(self.rng.choice(subtypes), depth + 1)
        made: Json = {}
        if depth >= 2 * DEEPEST:  # some types hold themselves
            return made
        chance = (0.05, 0.04, 0.15, 0.0)[min(depth, DEEPEST)]
        for name, described in spec.type_fields(kind).items():
            if name not in skip and (described["required"] or self.rng.random() < chance):
                made[name] = self.of(self.rng.choice(described["types"]), depth + 1)
        return made

    # --- who and where ---

    def _user(self, depth: int) -> Json:
        rng = self.rng
        known = rng.random() < 0.9
        user: Json = {
            "id": rng.choice(self.town.users) if known else self._number("Integer"),
            "is_bot": rng.random() < 0.03,
            "first_name": rng.choice(("王阿姨", "Emily", "李", "陈叔"))
            if known
            else words.text(rng)[:64],
        }
        if rng.random() < 0.5:
            user["language_code"] = rng.choice(("zh-hans", "zh-Hant", "en", "pt-br", "", "x-" * 9))
        if rng.random() < 0.1:
            user |= {"last_name": words.text(rng)[:64], "username": rng.choice(STRINGS)}
        return user

    def _chat(self, depth: int) -> Json:
        rng = self.rng
        if rng.random() < 0.95:
            number = rng.choice([self.town.home, *self.town.chats])
            kind = self.town.chats[number]
        else:
            number = int(self._number("Integer"))
            kind = rng.choice(("private", "group", "supergroup", "channel", "secret", ""))
        return {"id": number, "type": kind} | (
            {"title": words.text(rng)[:99]} if kind != "private" else {}
        )

    def _place(self) -> tuple[Json, Json]:
        """A chat and who writes there: their own private one, or a group."""
        user = self._user(1)
        if self.rng.random() < 0.45:
            return {"id": user["id"], "type": "private", "first_name": "x"}, user
        return self._chat(1), user

    # --- what is said ---

    def _message(self, depth: int) -> Json:
        rng = self.rng
        chat, user = self._place()
        said, entities = self._said_words(chat["type"] == "private")
        self._said += 1
        message: Json = {
            "message_id": self._said if rng.random() < 0.9 else rng.randrange(self._said),
            "date": 1_790_000_000,
            "chat": chat,
            "from": user,
        }
        named = "caption" if rng.random() < 0.12 else "text"
        message[named] = said
        message[f"{named[:-4]}entities" if named == "text" else "caption_entities"] = entities
        if depth < DEEPEST:
            self._more(message, depth)
        return message

    def _said_words(self, private: bool) -> tuple[str, list[Json]]:
        """Words and what Telegram finds in them; in groups mostly addressed to the bot."""
        rng = self.rng
        draw = rng.random()
        name = self.town.username
        if draw < 0.3:
            said = words.command(rng, name)
            if self.town.codes and rng.random() < 0.1:
                said = rng.choice(("/start ", "/bind ")) + rng.choice(self.town.codes)
            return said, self._entities(said, "bot_command", 0, len(said.split(" ")[0]))
        said = words.text(rng)
        if draw < (0.4 if private else 0.75):
            said = f"@{name} {said}"
            return said, self._entities(said, "mention", 0, len(name) + 1)
        return said, [] if rng.random() < 0.9 else [self._entity(2)]

    def _entities(self, said: str, kind: str, offset: int, length: int) -> list[Json]:
        found: list[Json] = [{"type": kind, "offset": offset, "length": length}]
        if self.rng.random() < 0.08:
            found.append(self._entity(2))
        return found

    def _entity(self, depth: int) -> Json:
        rng = self.rng
        kinds = ("mention", "bot_command", "text_mention", "url", "bold", "pre", "custom_emoji")
        made: Json = {
            "type": rng.choice(kinds),
            "offset": rng.choice((0, 0, 1, 3, -1, 4095, *NUMBERS)),
            "length": rng.choice((1, 2, 10, 0, -5, 4096, *NUMBERS)),
        }
        if made["type"] == "text_mention":
            made["user"] = {"id": self.town.bot, "is_bot": True, "first_name": "Linli"}
        return made

    def _more(self, message: Json, depth: int) -> None:
        """What else a message may carry: a file, a place, an album, a quote, an end of the chat."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.10:
            message["photo"] = [self._file() for _ in range(rng.choice((0, 1, 3)))]
            if rng.random() < 0.3:
                message["media_group_id"] = rng.choice(("a1", "a2", ""))
        elif draw < 0.13:
            message[rng.choice(_MEDIA)] = self._file()
        elif draw < 0.16:
            message["location"] = {
                "latitude": self._number("Float"),
                "longitude": self._number("Float"),
            }
        elif draw < 0.18:
            message["contact"] = {
                "phone_number": rng.choice(_PHONES),
                "first_name": "x",
                "user_id": message["from"]["id"],
            }
        elif draw < 0.28:
            message["reply_to_message"] = self._quoted(depth)
        elif draw < 0.30:
            message["forward_origin"] = self.of("MessageOrigin", depth + 1)
        elif draw < 0.32:
            message["sender_chat"] = message["chat"] if rng.random() < 0.7 else self._chat(1)
            message["from"] = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
        elif draw < 0.325:
            message[rng.choice(("migrate_to_chat_id", "migrate_from_chat_id"))] = self._group()
        elif draw < 0.40:
            message |= self._object("Message", 1, skip=_MADE)

    def _group(self) -> int:
        groups = [number for number, kind in self.town.chats.items() if kind != "private"]
        return self.rng.choice(groups) if self.rng.random() < 0.5 else -self.rng.randrange(10**12)

    def _quoted(self, depth: int) -> Json:
        quoted = self._message(depth + 1)
        if self.rng.random() < 0.5:
            quoted["from"] = {"id": self.town.bot, "is_bot": True, "first_name": "Linli"}
        return quoted

    def _file(self) -> Json:
        rng = self.rng
        unique = f"u{rng.randrange(30)}"
        size = rng.choice((0, 50_000, 20 * 2**20 + 1, -1, 2**53, 2**60, None))
        made = {"file_id": f"f-{unique}", "file_unique_id": unique, "file_size": size}
        if rng.random() < 0.5:
            made |= {
                "mime_type": rng.choice(("image/png", "image/", "audio/ogg", "", "a" * 300)),
                "file_name": rng.choice(("a.jpg", "../../etc/passwd", "\0", "x" * 500)),
            }
        return made

    # --- what is pressed ---

    def _callback(self, depth: int) -> Json:
        """A press: a button that stands there, or one that was forged."""
        rng = self.rng
        chat, user = self._place()
        data = self.forged()
        if self.town.buttons and rng.random() < 0.75:
            where, data = rng.choice(self.town.buttons)
            kind = self.town.chats.get(int(where), "private")
            chat = {"id": int(where), "type": kind}
            if kind == "private" and rng.random() < 0.9:
                user = user | {"id": int(where), "is_bot": False}
            if rng.random() < 0.25:
                data = self.bent(data)
        query: Json = {"id": str(rng.randrange(10**18)), "from": user, "chat_instance": "1"}
        query["data"] = data
        query["message"] = {"message_id": rng.randrange(9999), "date": 0, "chat": chat}
        if rng.random() < 0.03:
            query.pop(rng.choice(("data", "message", "from", "id")))
        return query

    def forged(self) -> str:
        """Callback data that nobody was given."""
        rng = self.rng
        parts = [
            rng.choice(self.town.forged or ["take"]),
            rng.choice(("110101", "310101", "", "１１０１０１", "x", "~")),
            self._key(),
            rng.choice(("", "0", "1", "3", "-1", "²", "٣", "9" * 30, "1.5", "9" * 5000)),
            rng.choice((*_ARGS, self._key(), words.text(rng))),
        ]
        return "~".join(parts[: rng.randint(1, 5)])

    def _key(self) -> str:
        """The key of something that there is (under any verb), or of nothing."""
        rng = self.rng
        if self.town.buttons and rng.random() < 0.7:
            parts = rng.choice(self.town.buttons)[1].split("~")
            return parts[2] if len(parts) > 2 else ""
        return rng.choice(("", "A" * 22, "_" * 22, "A" * 21, "é" * 22, "=" * 22))

    def bent(self, data: str) -> str:
        """Real callback data with one part changed."""
        rng = self.rng
        parts = data.split("~")
        at = rng.randrange(len(parts))
        parts[at] = rng.choice((parts[at][:-1], parts[at] * 2, "", *self.forged().split("~")))
        return "~".join(parts)


_KINDS = [name for name in spec.type_fields("Update") if name != "update_id"]
_OTHERS = [name for name in spec.type_fields("Update") if name not in {"update_id", *dict(KINDS)}]
_MEDIA = ("voice", "audio", "document", "video", "video_note", "sticker")
_MADE = (
    "message_id", "chat", "from", "date", "text", "entities", "caption", "caption_entities",
    "migrate_to_chat_id", "migrate_from_chat_id",
)  # fmt: skip
_PHONES = ("13800001111", "+1 (555) 0100", "", "x", "٠١٢٣", "1" * 400)
_ARGS = (
    "", "0", "1", "5", "99", "²", "٣", "-1", "more", "kind", "today", "week", "back", "zh-Hant",
    "LS02", "PO03", "not_mine", "evening", "photo_missing", "seen",
    "seen:110101001001002", "x" * 60, "9" * 5000, "261118:110101001001001",
    "2026-11-18T02:00:00+00:00", "1e5",
)  # fmt: skip
