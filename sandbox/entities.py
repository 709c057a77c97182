"""Texts as Telegram reads them: HTML mark-up, entities in UTF-16 units, and what it finds itself.

The rules and the wording of errors are those of the official server's HTML parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from sandbox.errors import ApiError, bad_request

Entity = dict[str, Any]

MAX_ENTITIES = 100  # the server drops the rest without a word
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
SPACES = " \t\r\n\0\v"
KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link",
    "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
FOUND = [
    ("url", re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>\"]+[^\s<>\".,;:!?)\]]", re.I)),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.A)),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z][A-Za-z0-9_]{2,31}(?![A-Za-z0-9_])")),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])", re.A),
    ),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d])\w{1,256}")),
]
USER_LINK = re.compile(r"tg://user/?\?id=(\d+)", re.I)
HTTP_LINK = re.compile(
    r"(?:(?:https?|ton|tg|tonsite)://)?[^\s/?#]+\.[^\s]+|tg://\S+|https?://localhost\S*", re.I
)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, in which Telegram counts offsets."""
    return len(text) + sum(character > "\uffff" for character in text)


def entity_text(text: str, entity: Entity) -> str:
    """The part of `text` that `entity` covers."""
    units = text.encode("utf-16-le", "surrogatepass")
    start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
    return units[start:end].decode("utf-16-le", "replace")


def formatted(
    text: str, parse_mode: str | None, given: list[Entity] | None
) -> tuple[str, list[Entity]]:
    """The text and entities of a message that a bot sends; ApiError 400 if they can't be parsed."""
    mode = (parse_mode or "none").lower()
    if mode == "html":
        text, entities = parse_html(text)
    elif mode == "none":
        entities = [_checked(text, entity) for entity in given or []]
    elif mode in ("markdown", "markdownv2"):
        raise ApiError(501, "Not Implemented: the sandbox reads parse_mode HTML only")
    else:
        raise bad_request("unsupported parse_mode")
    return trimmed(text, entities)


def _checked(text: str, entity: Entity) -> Entity:
    end = entity["offset"] + entity["length"]
    if entity["offset"] < 0 or entity["length"] <= 0 or end > utf16_length(text):
        raise bad_request("entity begins or ends outside of the text")
    return dict(entity)


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The text without white space at its ends, with the entities moved along, found ones added."""
    left = len(text) - len(text.lstrip())
    stripped = text.strip()
    kept = [
        moved
        for entity in entities
        if (moved := _moved(entity, left, utf16_length(stripped))) is not None
    ]
    return stripped, with_found(stripped, kept)


def _moved(entity: Entity, left: int, length: int) -> Entity | None:
    start = max(entity["offset"] - left, 0)
    end = min(entity["offset"] + entity["length"] - left, length)
    return {**entity, "offset": start, "length": end - start} if end > start else None


def with_found(text: str, entities: list[Entity]) -> list[Entity]:
    """Adds the commands, mentions, links, addresses and hashtags that Telegram finds by itself."""
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities if _hides(e)]
    found: list[Entity] = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            entity = _entity(kind, utf16_length(text[: match.start()]), utf16_length(match[0]))
            span = (entity["offset"], entity["offset"] + entity["length"])
            if not any(start < span[1] and span[0] < end for start, end in taken):
                taken.append(span)
                found.append(entity)
    return in_order(entities + found)[:MAX_ENTITIES]


def _hides(entity: Entity) -> bool:
    """Inside of links and code nothing is looked for."""
    return entity["type"] in {"text_link", "text_mention", "code", "pre", "custom_emoji", "mention",
                              "bot_command", "url", "email", "hashtag"}  # fmt: skip


def in_order(entities: list[Entity]) -> list[Entity]:
    """By offset, the longer first."""
    return sorted(entities, key=lambda e: (e["offset"], -e["length"]))


def _entity(kind: str, offset: int, length: int, **more: Any) -> Entity:
    return {"type": kind, "offset": offset, "length": length, **more}


@dataclass
class _Open:
    """A start tag whose end has not come yet."""

    tag: str
    argument: str
    offset: int  # UTF-16 units
    start: int  # characters


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Plain text and entities of Telegram's HTML; ApiError 400 "can't parse entities: …"."""
    return _Reader(text).read()


class _Reader:
    """One pass over an HTML text. Offsets in errors are bytes of UTF-8, as the server's are."""

    def __init__(self, text: str) -> None:
        self.source = text
        self.at = 0
        self.out: list[str] = []
        self.length = 0  # of `out`, UTF-16 units
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            if self.source[self.at] == "<":
                self._tag()
            else:
                self._put(self._character())
        if self.open:
            self._refuse(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return self._joined(), in_order([_cleaned(entity) for entity in self.entities])

    def _joined(self) -> str:
        text = "".join(self.out)
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            self._refuse(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            )
        return text

    def _refuse(self, text: str) -> NoReturn:
        raise bad_request(f"can't parse entities: {text}")

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", "surrogatepass"))

    def _put(self, character: str) -> None:
        self.out.append(character)
        self.length += utf16_length(character)

    def _peek(self) -> str:
        """The character here, or an empty string at the end."""
        return self.source[self.at : self.at + 1]

    def _character(self) -> str:
        """One character, a character reference decoded."""
        match = REFERENCE.match(self.source, self.at)
        decoded = _decoded(match) if match else ""
        self.at += len(match[0]) if match and decoded else 1
        return decoded or self.source[self.at - 1]

    def _tag(self) -> None:
        begin = self.at
        self.at += 1
        if self._peek() == "/":
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _skip_spaces(self) -> None:
        while self._peek() and self._peek() in SPACES:
            self.at += 1

    def _word(self, stops: str) -> str:
        start = self.at
        while self._peek() and self._peek() not in SPACES + stops:
            self.at += 1
        return self.source[start : self.at]

    def _start_tag(self, begin: int) -> None:
        tag = self._word(">").lower()
        if not self._peek():
            self._refuse(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in KINDS:
            self._refuse(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument = self._attributes(tag, begin)
        if tag == "span" and argument != "spoiler":
            self._refuse(
                f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}'
            )
        self.open.append(_Open(tag, argument, self.length, len(self.out)))

    def _attributes(self, tag: str, begin: int) -> str:
        """Reads up to and including `>`; gives the one attribute that matters to `tag`."""
        argument = ""
        while True:
            self._skip_spaces()
            if self._peek() == ">":
                self.at += 1
                return argument
            argument = self._attribute(tag, begin) or argument

    def _attribute(self, tag: str, begin: int) -> str:
        name = self._word("=>")
        if not name:
            self._refuse(
                f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}'
            )
        self._skip_spaces()
        if tag == "blockquote" and name == "expandable" and self._peek() != "=":
            return "expandable"
        if self._peek() != "=":
            self._refuse(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                f"at byte offset {self._byte(begin)}"
            )
        self.at += 1
        return _meaning(tag, name, self._attribute_value(tag, begin))

    def _attribute_value(self, tag: str, begin: int) -> str:
        self._skip_spaces()
        if not self._peek():
            self._refuse(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')
        value = self._quoted() if self._peek() in "'\"" else self._name_token()
        if not self._peek():
            self._refuse(f"Unclosed start tag at byte offset {self._byte(begin)}")
        return value

    def _quoted(self) -> str:
        quote = self._peek()
        self.at += 1
        value: list[str] = []
        while self._peek() and self._peek() != quote:
            value.append(self._character())
        self.at += 1
        return "".join(value)

    def _name_token(self) -> str:
        match = NAME_TOKEN.match(self.source, self.at)
        start = self.at
        self.at += len(match[0]) if match else 0
        if self._peek() and self._peek() not in SPACES + ">":
            self._refuse(f"Unexpected end of name token at byte offset {self._byte(start)}")
        return self.source[start : self.at].lower()

    def _end_tag(self, begin: int) -> None:
        if not self.open:
            self._refuse(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self.at += 1
        found = self._word(">").lower()
        self._skip_spaces()
        if self._peek() != ">":
            self._refuse(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self.at += 1
        wanted = self.open[-1].tag
        if found and found != wanted:
            self._refuse(
                f"Unmatched end tag at byte offset {self._byte(begin)}, "
                f'expected "</{wanted}>", found "</{found}>"'
            )
        self._close(self.open.pop())

    def _close(self, tag: _Open) -> None:
        if self.length == tag.offset:
            return
        entity = _entity(KINDS[tag.tag], tag.offset, self.length - tag.offset)
        if tag.tag == "a":
            self._link(entity, tag)
        elif tag.tag in ("pre", "code"):
            self._code(entity, tag)
        else:
            self.entities.append(self._with_argument(entity, tag))

    def _with_argument(self, entity: Entity, tag: _Open) -> Entity:
        if tag.tag == "blockquote" and tag.argument:
            entity["type"] = "expandable_blockquote"
        if tag.tag == "tg-emoji":
            if not tag.argument.isdigit() or int(tag.argument) == 0:
                raise bad_request("can't parse entities: Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = tag.argument
        return entity

    def _link(self, entity: Entity, tag: _Open) -> None:
        url = tag.argument or "".join(self.out[tag.start :])
        person = USER_LINK.fullmatch(url)
        if person:
            self.entities.append({**entity, "type": "text_mention", "user_id": int(person[1])})
        elif HTTP_LINK.fullmatch(url):
            self.entities.append({**entity, "url": _whole_url(url)})

    def _code(self, entity: Entity, tag: _Open) -> None:
        """`<pre><code class="language-…">` in either order is one `pre` with a language."""
        last = self.entities[-1] if self.entities else {}
        same = last.get("offset") == entity["offset"] and last.get("length") == entity["length"]
        other = "code" if tag.tag == "pre" else "pre"
        language = tag.argument or last.get("language", "")
        if same and last.get("type") == other and language:
            last.update(type="pre", language=language)
        else:
            self.entities.append({**entity, "language": tag.argument})


REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,7})|#(\d{1,8})|([a-zA-Z]+));?")
NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")


def _decoded(match: re.Match[str]) -> str:
    """The character that a reference stands for, or nothing if Telegram doesn't know it."""
    if match[3]:
        return NAMED.get(match[3], "")
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code < 0x10FFFF else ""


def _meaning(tag: str, name: str, value: str) -> str:
    """What an attribute says to Telegram; nothing for those that it ignores."""
    wanted = {"a": "href", "code": "class", "span": "class", "tg-emoji": "emoji-id"}
    if tag == "blockquote" and name == "expandable":
        return "expandable"
    if wanted.get(tag) != name:
        return ""
    prefix = {"code": "language-", "span": "tg-"}.get(tag, "")
    return value.removeprefix(prefix) if value.startswith(prefix) else ""


def _whole_url(url: str) -> str:
    """With its scheme, and with a slash after a bare host, as Telegram gives it back."""
    whole = url if "://" in url else f"http://{url}"
    scheme, _, rest = whole.partition("://")
    return (
        whole if set(rest) & set("/?#") or scheme.lower() not in ("http", "https") else f"{whole}/"
    )


def _cleaned(entity: Entity) -> Entity:
    """Without a language where there is none; a lone `code` never has one."""
    if "language" in entity and (not entity["language"] or entity["type"] == "code"):
        return {key: value for key, value in entity.items() if key != "language"}
    return entity
