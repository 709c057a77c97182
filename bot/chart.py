"""Draws the day as one picture: `python -m bot.chart`, specification on stdin, PNG on stdout.

A process of its own, because matplotlib costs 56 MB and a second: it ends when the picture is
there. The specification holds plain numbers and finished labels (services/summary.py makes it):

    {"kind": "day", "title", "subtitle", "note",
     "tiles": [{"label", "n", "change"}],
     "now": {"title", "parts": [{"label", "n", "colour"}]},
     "grids": {"title", "rows": [{"label", "red", "yellow", "green"}]},
     "kinds": {"title", "rows": [{"label", "n"}]}}

Lengths are pixels of a picture 1,080 wide, which a phone shows at about a third: nothing is
lettered smaller than 30. The three colours differ in pattern and in lightness too, and each
carries its word.
"""

import io
import json
import sys
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextPath

FONTS = Path(__file__).parent / "font"
REGULAR = FONTS / "linli-regular.otf"
BOLD = FONTS / "linli-bold.otf"

WIDTH = 1080
DPI = 100
MARGIN = 40
PAD = 40
INNER = WIDTH - 2 * (MARGIN + PAD)
LABEL = 330  # what a row's name may take
COUNT = 76  # kept free behind a bar for its total
ROW = 72
BAR = 46
GAP = 24  # between two cards
HEADING = 108

PAPER, CARD, INK, SOFT, LINE = "#F1EFEA", "#FFFFFF", "#1F2328", "#5F6670", "#E3E0D8"
BLUE = "#3B6EA8"


@dataclass(frozen=True, slots=True)
class Look:
    """How a colour is told apart: by hue, lightness, pattern and the ink on it."""

    fill: str
    mark: str
    hatch: str
    ink: str


LOOKS = {
    "red": Look("#B3261E", "#E58A82", "//", "#FFFFFF"),
    "yellow": Look("#F6C445", "#A87900", ".", "#1F2328"),
    "green": Look("#CBE8D6", "#CBE8D6", "", "#1F2328"),
}


@dataclass(slots=True)
class Sheet:
    """A page being filled from the top; `y` is how far it is, in pixels."""

    height: float
    figure: Figure = field(init=False)
    axes: Any = field(init=False)
    y: float = 0

    def __post_init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH / DPI, self.height / DPI), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, WIDTH), ylim=(self.height, 0))
        self.axes.axis("off")

    def card(self, height: float) -> None:
        """A white card `height` high from here on; the caller moves `y` past it."""
        box = FancyBboxPatch(
            (MARGIN, self.y),
            WIDTH - 2 * MARGIN,
            height,
            boxstyle="round,pad=0,rounding_size=28",
            facecolor=CARD,
            edgecolor=LINE,
            linewidth=1.5,
        )
        self.axes.add_patch(box)

    def bar(self, x: float, y: float, width: float, height: float, look: Look) -> None:
        """One stretch of a bar with its pattern."""
        self.axes.add_patch(
            Rectangle(
                (x, y),
                width,
                height,
                facecolor=look.fill,
                edgecolor=look.mark,
                hatch=look.hatch,
                linewidth=0,
            )
        )

    def write(self, x: float, y: float, text: str, size: float, **how: Any) -> None:
        """Text with its middle at height `y`, `size` pixels high; `bold`, `fat`, `halo`."""
        face = BOLD if how.pop("bold", False) else REGULAR
        colour = how.pop("color", INK)
        edge = how.pop("halo", colour if how.pop("fat", False) else None)
        effects = [withStroke(linewidth=how.pop("edge", 1.1), foreground=edge)] if edge else []
        self.axes.text(
            x,
            y,
            text,
            color=colour,
            va="center_baseline",
            parse_math=False,
            path_effects=effects,
            fontproperties=FontProperties(fname=str(face), size=_points(size)),
            **how,
        )

    def png(self) -> bytes:
        """The page as PNG. Numbers and labels only: no software or time is written into it."""
        target = io.BytesIO()
        self.figure.savefig(target, format="png", facecolor=PAPER, metadata={"Software": None})
        return target.getvalue()


def day(spec: dict[str, Any]) -> bytes:
    """The day as PNG: how much happened, what is still open, which grids, which kinds."""
    sheet = Sheet(_height(spec))
    _head(sheet, spec)
    _tiles(sheet, spec["tiles"], spec.get("note", ""))
    _now(sheet, spec["now"])
    for part, draw in (("grids", _grid_rows), ("kinds", _kind_rows)):
        if spec[part]["rows"]:
            _section(sheet, spec[part]["title"], len(spec[part]["rows"]))
            draw(sheet, spec[part]["rows"])
            sheet.y += 20 + GAP
    return sheet.png()


def _height(spec: dict[str, Any]) -> float:
    """As high as what it holds: head, tiles, the open ones, and a line for each row."""
    tables = [len(spec[part]["rows"]) for part in ("grids", "kinds") if spec[part]["rows"]]
    return 190 + 304 + 350 + sum(HEADING + ROW * rows + 20 + GAP for rows in tables) + 16


def _head(sheet: Sheet, spec: dict[str, Any]) -> None:
    x = MARGIN + 12
    sheet.write(x, 76, shortened(spec["title"], 60, WIDTH - 2 * x), 60, fat=True)
    sheet.write(x, 142, shortened(spec["subtitle"], 36, WIDTH - 2 * x), 36, color=SOFT)
    sheet.y = 190


def _tiles(sheet: Sheet, tiles: list[dict[str, Any]], note: str) -> None:
    sheet.card(280)
    step = (WIDTH - 2 * MARGIN) / max(len(tiles), 1)
    for index, tile in enumerate(tiles):
        middle = MARGIN + step * (index + 0.5)
        label = shortened(tile["label"], 34, step - 16)
        number = f"{tile['n']}"
        size = min(84, 84 * 3.4 / len(number))
        sheet.write(middle, sheet.y + 80, number, size, bold=True, ha="center")
        sheet.write(middle, sheet.y + 152, label, 34, ha="center")
        sheet.write(middle, sheet.y + 200, tile["change"], 32, color=SOFT, ha="center")
    sheet.write(WIDTH / 2, sheet.y + 248, note, 30, color=SOFT, ha="center")
    sheet.y += 280 + GAP


def _now(sheet: Sheet, now: dict[str, Any]) -> None:
    sheet.card(326)
    x, parts = MARGIN + PAD, now["parts"]
    sheet.write(x, sheet.y + 60, now["title"], 42, fat=True)
    total = sum(part["n"] for part in parts)
    sheet.write(x + INNER, sheet.y + 60, f"{total}", 64, bold=True, ha="right")
    _stretch(sheet, sheet.y + 112, 76, x, INNER, [(part["colour"], part["n"]) for part in parts])
    step = INNER / max(len(parts), 1)
    for index, part in enumerate(parts):
        _legend(sheet, x + step * index, sheet.y + 246, step, part)
    sheet.y += 326 + GAP


def _legend(sheet: Sheet, x: float, y: float, width: float, part: dict[str, Any]) -> None:
    """A swatch with its pattern, the number, and the word below it."""
    sheet.bar(x, y - 26, 44, 44, LOOKS[part["colour"]])
    sheet.write(x + 60, y - 4, f"{part['n']}", 48, bold=True)
    sheet.write(x, y + 48, shortened(part["label"], 34, width - 28), 34, color=SOFT)


def _section(sheet: Sheet, title: str, rows: int) -> None:
    sheet.card(HEADING + ROW * rows + 20)
    sheet.write(MARGIN + PAD, sheet.y + 60, shortened(title, 42, INNER), 42, fat=True)
    sheet.y += HEADING


def _grid_rows(sheet: Sheet, rows: list[dict[str, Any]]) -> None:
    most = max(_total(row) for row in rows) or 1
    for row in rows:
        room = (INNER - LABEL - COUNT) * _total(row) / most
        parts = [(colour, row[colour]) for colour in LOOKS]
        x = _row(sheet, row["label"], _total(row), room)
        _stretch(sheet, sheet.y + (ROW - BAR) / 2, BAR, x, room, parts)
        sheet.y += ROW


def _kind_rows(sheet: Sheet, rows: list[dict[str, Any]]) -> None:
    most = max(row["n"] for row in rows) or 1
    for row in rows:
        room = (INNER - LABEL - COUNT) * row["n"] / most
        x = _row(sheet, row["label"], row["n"], room)
        sheet.bar(x, sheet.y + (ROW - BAR) / 2, room, BAR, Look(BLUE, BLUE, "", CARD))
        sheet.y += ROW


def _row(sheet: Sheet, label: str, count: int, room: float) -> float:
    """A row's name and, behind its bar, its number. Returns where the bar starts."""
    left = MARGIN + PAD
    lines, size = in_lines(label, LABEL - 20)
    for index, line in enumerate(lines):
        sheet.write(left, sheet.y + ROW / 2 + 34 * (index - (len(lines) - 1) / 2), line, size)
    behind = left + LABEL + room + 16
    sheet.write(behind, sheet.y + ROW / 2, f"{count}", 38, bold=True)
    return left + LABEL


def _total(row: dict[str, Any]) -> int:
    return sum(int(row[colour]) for colour in LOOKS)


def _stretch(
    sheet: Sheet, y: float, height: float, x: float, room: float, parts: list[tuple[str, int]]
) -> None:
    """A bar of several colours, `room` wide together, each with its number if that fits."""
    total = sum(count for _, count in parts)
    if not total:
        sheet.bar(x, y, room, height, Look(LINE, LINE, "", INK))
    for colour, count in (part for part in parts if part[1]):
        look, width = LOOKS[colour], room * count / total
        sheet.bar(x, y, width, height, look)
        if width > 22 * len(str(count)) + 12:
            sheet.write(
                x + width / 2,
                y + height / 2,
                f"{count}",
                34,
                bold=True,
                color=look.ink,
                halo=look.fill,
                edge=9,
                ha="center",
            )
        x += width


def shortened(text: str, size: float, width: float) -> str:
    """`text`, cut with an ellipsis where it would be wider than `width` pixels."""
    if _wide(text, size) <= width:
        return text
    return text[: _fitting(text, size, width, "…")].rstrip() + "…"


def in_lines(text: str, width: float) -> tuple[list[str], int]:
    """A row's name and its size: 36 pixels, else 30, else two lines (names differ at the end)."""
    for size in (36, 30):
        if _wide(text, size) <= width:
            return [text], size
    cut = _fitting(text, 30, width)
    cut = text.rfind(" ", 1, cut) + 1 or cut
    return [text[:cut].rstrip(), shortened(text[cut:].strip(), 30, width)], 30


def _fitting(text: str, size: float, width: float, tail: str = "") -> int:
    """How many letters from the start, with the tail, are no wider than that; at least one."""
    counts = range(1, len(text) + 1)
    return max(1, bisect_right(counts, width, key=lambda n: _wide(text[:n] + tail, size)))


def _wide(text: str, size: float) -> float:
    if not text.strip():
        return 0
    return float(TextPath((0, 0), text, size=size, prop=_prop()).get_extents().width)


def _prop() -> FontProperties:
    return FontProperties(fname=str(REGULAR))


def _points(pixels: float) -> float:
    return pixels * 72 / DPI


def _no_network(event: str, _args: tuple[Any, ...]) -> None:
    """Drawing asks nobody: a connection from here would be a fault in a library."""
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        raise PermissionError("drawing uses no network")


def main() -> None:
    """Read one specification, write one PNG."""
    sys.addaudithook(_no_network)
    matplotlib.rcParams["hatch.linewidth"] = 4
    spec = json.load(sys.stdin)
    sys.stdout.buffer.write(day(spec))


if __name__ == "__main__":
    main()
