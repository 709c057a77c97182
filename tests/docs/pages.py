"""The documents as their tests see them: pages, tables, links and the names in code style."""

import re
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
# made by tools or installed: not ours to read
_NOT_OURS = {"build", "files", "node_modules"}
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PICTURE = re.compile(r'<img[^>]*\ssrc="([^"]+)"')
_CODE = re.compile(r"`([^`\n]+)`")


def pages() -> list[Path]:
    """Every document of the repository."""
    found = HOUSE.rglob("*.md")
    return sorted(each for each in found if _is_ours(each.relative_to(HOUSE)))


def _is_ours(path: Path) -> bool:
    return not any(part.startswith(".") or part in _NOT_OURS for part in path.parts)


def name(page: Path) -> str:
    """The page as a test's id."""
    return str(page.relative_to(HOUSE))


def read(path: str) -> str:
    """A file of the repository, by its path in it."""
    return (HOUSE / path).read_text(encoding="utf-8")


def links(text: str) -> list[str]:
    """Where links and pictures lead; nothing in fenced code is one."""
    prose = _FENCE.sub("", text)
    return _LINK.findall(prose) + _PICTURE.findall(prose)


def in_code_style(text: str) -> list[str]:
    """Everything between single backticks, outside of fenced code."""
    return _CODE.findall(_FENCE.sub("", text))


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]


def rows(text: str) -> list[list[str]]:
    """The cells of every table's body."""
    table = [each for each in text.splitlines() if each.startswith("|")]
    cells = [[cell.strip() for cell in each.strip("|").split("|")] for each in table]
    rules = [number for number, row in enumerate(cells) if all(set(c) <= {"-"} for c in row)]
    heads = {number - 1 for number in rules} | set(rules)
    return [row for number, row in enumerate(cells) if number not in heads]


def is_chinese(text: str) -> bool:
    """Whether it holds a hanzi."""
    return any("一" <= each <= "鿿" for each in text)
