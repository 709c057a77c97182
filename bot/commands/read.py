"""`linli read`: what texts say, by the words that are shipped or a district's own.

Lines of JSON come in, one reading each goes out, in order; a line that isn't one is answered in its
place. Nothing is kept. The answers' form is stable.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, BinaryIO, cast

import msgspec
import typer

from domain.catalogue import Catalogue, Language, parse_conditions, parse_kinds, parse_not_admitted
from domain.reading import Lexicon, Model, Reading, read
from domain.reading.same import Matters
from services.data import default_rows, each_row, ear

LONGEST_LINE = 1 << 20  # bytes; a Telegram message has 4,096 characters


@dataclass(frozen=True, slots=True)
class Told:
    """A line that came in. `minutes`: when it was said, from any beginning."""

    text: str
    grid: str | None
    minutes: float | None


class BadLine(Exception):
    """A line that can't be read. `code` is what its answer says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Words:
    """What a district reads with."""

    lexicon: Lexicon
    catalogue: Catalogue
    model: Model | None = None


def register(app: typer.Typer) -> None:
    app.command("read")(reading)


def reading(
    duplicates: Annotated[
        bool,
        typer.Option(
            "--duplicates",
            help="The lines are one grid's, in time order: say in same_as "
            "which line told of the same matter first.",
        ),
    ] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="TEXT", help="say why this one text is read so")
    ] = None,
    district: Annotated[
        str, typer.Option(help="read by a district's own words and what it has learnt")
    ] = "",
) -> None:
    """Read lines of JSON ({"text": ...}) from standard input; one answer each, in order."""
    words = _of_district(district) if district else shipped()
    if explain is not None:
        _explain(explain, words)
        return
    try:
        for answer in answers(sys.stdin.buffer, words, duplicates=duplicates):
            sys.stdout.buffer.write(answer + b"\n")
            sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever listened has heard enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(text: str, words: Words) -> None:
    from bot.commands.importing import terminal_language
    from bot.explained import explained

    rest = words.lexicon, words.catalogue, words.model
    typer.echo(explained(text, *rest, cast(Language, terminal_language())))


def _of_district(district: str) -> Words:
    """What a district of this deployment reads with. Raises Cannot."""
    from bot import learning
    from bot.config import load

    beside = asyncio.run(learning.beside(load(), district))
    return Words(beside.words, beside.found, beside.now.model if beside.now else None)


def shipped() -> Words:
    """The catalogue and lexicon that every deployment begins with."""
    found = Catalogue.build(
        parse_kinds(default_rows("kinds")).items,
        parse_conditions(default_rows("conditions")).items,
        parse_not_admitted(default_rows("not_admitted")).items,
    )
    return Words(Lexicon.build(each_row("lexicon"), found, ear()), found)


def answers(lines: BinaryIO, words: Words, *, duplicates: bool = False) -> Iterator[bytes]:
    """An answer for each line: its reading, or the code of what is wrong with it.

    `duplicates`: it says as well which line, counted from 0, told of the same matter first.
    """
    encode = msgspec.json.Encoder().encode
    chat = _Chat() if duplicates else None
    for index, line in enumerate(_lines(lines)):
        try:
            told = parsed(line)
        except BadLine as error:
            yield encode({"error": error.code})
        else:
            found = read(told.text, words.lexicon, words.catalogue, words.model)
            same = {} if chat is None else {"same_as": chat.same_as(index, told, found)}
            yield encode(told_of(found) | same)


class _Chat:
    """The matters told so far, each grid's for itself. A line without a time is of its last's."""

    def __init__(self) -> None:
        self._matters: dict[str | None, Matters] = {}
        self._minutes = 0.0

    def same_as(self, index: int, told: Told, found: Reading) -> int | None:
        """The line that told first of what this one tells; None if it did itself."""
        if told.minutes is not None:
            self._minutes = told.minutes
        matters = self._matters.setdefault(told.grid, Matters())
        return matters.told(index, told.text, found, self._minutes)


def _lines(lines: BinaryIO) -> Iterator[bytes | None]:
    """Line after line without its end; None for one that is too long, which is never kept."""
    first = True
    while line := lines.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := lines.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield line.removeprefix(b"\xef\xbb\xbf") if first else line
        first = False


def parsed(line: bytes | None) -> Told:
    """What a line tells. Raises BadLine: too_long, not_json, not_an_object, no_text, text_not_text,
    grid_not_text, minutes_not_a_number."""
    if line is None:
        raise BadLine("too_long")
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadLine("not_json") from None
    if not isinstance(found, dict):
        raise BadLine("not_an_object")
    if "text" not in found:
        raise BadLine("no_text")
    text, grid, minutes = found["text"], found.get("grid"), found.get("minutes")
    if not isinstance(text, str):
        raise BadLine("text_not_text")
    if grid is not None and not isinstance(grid, str):
        raise BadLine("grid_not_text")
    if minutes is not None and type(minutes) not in (int, float):
        raise BadLine("minutes_not_a_number")
    return Told(text, grid, minutes)


def told_of(found: Reading) -> dict[str, Any]:
    """A reading in the form of the answers; all keys are always there."""
    return {
        "report": found.report,
        "kinds": found.kinds,
        "condition": found.condition,
        "urgency": found.urgency,
        "place": asdict(found.place),
        "place_norm": asdict(found.place_norm),
        "language": found.language,
        "personal": found.personal,
    }
