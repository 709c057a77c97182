"""HTML texts in pieces that the platform takes."""

import re
from collections.abc import Iterator
from html import unescape

TEXT = 4_096
CAPTION = 1_024
_TAG = re.compile(r"<(/?)([a-z][a-z-]*)([^>]*)>")
_ENTITY = re.compile(r"&[#a-zA-Z0-9]+;|<[^>]*>|.", re.DOTALL)


def plain(html: str) -> str:
    """The text without its tags."""
    return unescape(_TAG.sub("", html))


def length(html: str) -> int:
    """How long the platform finds a text: UTF-16 units once parsed."""
    return len(plain(html).encode("utf-16-le", "surrogatepass")) // 2


def split(html: str, most: int = TEXT) -> list[str]:
    """Pieces of at most `most`, divided between lines; tags stay balanced in each piece."""
    if length(html) <= most:
        return [html]
    return list(_balanced(_pieces(html, most)))


def _pieces(html: str, most: int) -> Iterator[str]:
    piece = ""
    for line in _lines(html, most):
        if piece and length(f"{piece}\n{line}") > most:
            yield piece
            piece = line
        else:
            piece = f"{piece}\n{line}" if piece else line
    yield piece


def _lines(html: str, most: int) -> Iterator[str]:
    """Lines; one that is too long by itself is cut, never inside of a tag or an entity."""
    for line in html.split("\n"):
        if length(line) <= most:
            yield line
            continue
        part, size = "", 0
        for token in _ENTITY.findall(line):
            more = length(token)
            if size + more > most:
                yield part
                part, size = "", 0
            part, size = part + token, size + more
        yield part


def _balanced(pieces: Iterator[str]) -> Iterator[str]:
    """Tags left open at the end of a piece are closed there and opened again in the next."""
    open_tags: list[tuple[str, str]] = []
    for piece in pieces:
        before = "".join(whole for _, whole in open_tags)
        for match in _TAG.finditer(piece):
            if not match[1]:
                open_tags.append((match[2], match[0]))
            elif open_tags and open_tags[-1][0] == match[2]:
                open_tags.pop()
        yield before + piece + "".join(f"</{name}>" for name, _ in reversed(open_tags))
