"""Files become tables: CSV, XLSX and GeoJSON. The door opens them; nothing here knows a path."""

import codecs
import csv
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import PurePath
from typing import IO, Any
from zipfile import ZipFile

from openpyxl import load_workbook

from services.imports.cells import Row
from services.imports.outcome import HEADER, Outcome, Unreadable
from services.imports.rows import BEYOND
from services.imports.sheets import SHEETS, Sheet, check_header, recognise

Open = Callable[[], IO[bytes]]
LOOK = 1 << 20  # bytes read at once while the encoding is checked
MOST_UNPACKED = 512 << 20  # bytes; a list of a million people has a tenth of it
LONGEST_CELL = 1 << 17  # characters; a quote that is never closed would swallow the file


@dataclass(slots=True)
class Table:
    """A sheet of a file. `rows` can be read again and again and raises Unreadable.

    With problems in `outcome` (an unknown header, no UTF-8) there is nothing to read.
    `position`: how many of the file's bytes have been read, for a progress bar.
    """

    sheet: Sheet | None
    outcome: Outcome
    rows: Callable[[], Iterator[Row]]
    position: Callable[[], int] = field(default=lambda: 0)


def read_tables(name: str, opened: Open) -> list[Table]:
    """The tables of a file; its ending says what it is. Each call of `opened` starts anew."""
    ending = PurePath(name).suffix.lower()
    if ending in (".xlsx", ".xlsm"):
        return _from_workbook(opened)
    if ending in (".geojson", ".json"):
        return [_from_geojson(opened)]
    return [_from_csv(opened)]


def _broken(code: str, **facts: Any) -> Table:
    outcome = Outcome("")
    outcome.wrong(0, "", code, **facts)
    return Table(None, outcome, lambda: iter(()))


def _table(header: list[str], rows: Callable[[], Iterator[Row]]) -> Table:
    sheet = recognise(header)
    if sheet is None:
        return _broken("unknown_sheet", sheets=", ".join(SHEETS))
    outcome = Outcome(sheet.name)
    check_header(sheet, header, outcome)
    return Table(sheet, outcome, rows)


def _header(cells: Iterable[Any]) -> list[str]:
    names = [_text(cell).strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _row(header: list[str], cells: list[str]) -> Row:
    """A row by its header; cells beyond it are kept aside if they hold anything."""
    row = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    row |= dict.fromkeys(header[len(cells) :], "")
    beyond = "".join(cells[len(header) :])
    return row | {BEYOND: beyond} if beyond.strip() else row


def _from_csv(opened: Open) -> Table:
    code = _encoding_problem(opened)
    if code is not None:
        return _broken(code)
    source = _Csv(opened)
    try:
        header = source.header()
    except Unreadable as broken:
        return _broken(broken.code, **broken.facts)
    table = _table(header, source.rows)
    table.position = source.position
    return table


class _Csv:
    """A CSV file in UTF-8."""

    def __init__(self, opened: Open) -> None:
        self._opened = opened
        self._stream: IO[bytes] | None = None

    def position(self) -> int:
        stream = self._stream
        return 0 if stream is None or stream.closed else stream.tell()

    def header(self) -> list[str]:
        lines = self._lines()
        try:
            return _header(next(lines, []))
        finally:
            lines.close()

    def rows(self) -> Iterator[Row]:
        lines = self._lines()
        header = _header(next(lines, []))
        for cells in lines:
            yield _row(header, cells)

    def _lines(self) -> Generator[list[str], None, None]:
        with self._opened() as self._stream:
            text = TextIOWrapper(self._stream, "utf-8-sig", newline="")
            csv.field_size_limit(LONGEST_CELL)
            number = HEADER
            try:
                for cells in csv.reader(text, strict=True):
                    yield cells
                    number += 1
            except csv.Error as error:
                raise Unreadable(number, "broken_csv", detail=str(error)) from None


def _encoding_problem(opened: Open) -> str | None:
    """What is wrong with the bytes: `empty`, `gbk`, `no_text`; None if they are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened() as stream:
        first = head = stream.read(LOOK)
        if not head.strip():
            return "empty"
        try:
            while head:
                decoder.decode(head)
                head = stream.read(LOOK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gbk" if _reads_as_gbk(first) else "no_text"
    return None


def _reads_as_gbk(head: bytes) -> bool:
    """Chinese spreadsheets save CSV in GBK; other bytes rarely read as it."""
    try:
        return "\x00" not in codecs.getincrementaldecoder("gb18030")().decode(head)
    except UnicodeDecodeError:
        return False


def _from_workbook(opened: Open) -> list[Table]:
    """One table for each worksheet that holds anything."""
    try:
        with opened() as stream:
            _check_size(stream)
            book = load_workbook(stream, read_only=True, data_only=True)
            heads = {name: _first_row(book, name) for name in book.sheetnames}
            book.close()
    except Unreadable as broken:
        return [_broken(broken.code, **broken.facts)]
    except Exception:  # hostile bytes make the reader raise anything; each is the same sentence
        return [_broken("broken_xlsx")]
    found = [(name, head) for name, head in heads.items() if any(head)]
    tables = [_table(head, _worksheet(opened, name)) for name, head in found]
    return tables or [_broken("empty")]


def _check_size(stream: IO[bytes]) -> None:
    """A small file may unpack to more than any memory. Raises Unreadable `too_big_unpacked`."""
    with ZipFile(stream) as packed:
        if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
            raise Unreadable(0, "too_big_unpacked", megabytes=MOST_UNPACKED >> 20)
    stream.seek(0)


def _first_row(book: Any, name: str) -> list[str]:
    rows = getattr(book[name], "iter_rows", None)  # a chart sheet has none
    return _header(next(rows(values_only=True), ())) if rows is not None else []


def _worksheet(opened: Open, name: str) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        with opened() as stream:
            book = load_workbook(stream, read_only=True, data_only=True)
            lines = _whole(book[name].iter_rows(values_only=True))
            header = _header(next(lines, ()))
            for cells in lines:
                yield _row(header, [_text(cell) for cell in cells])
            book.close()

    return rows


def _whole(lines: Iterator[Any]) -> Iterator[Any]:
    """The rows as they come. Raises Unreadable where the sheet breaks off."""
    number = HEADER
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except Exception:  # as above
            raise Unreadable(number, "broken_xlsx") from None
        yield cells
        number += 1


def _text(cell: Any) -> str:
    """A cell as text: a code that the spreadsheet took for a number has no decimals."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _from_geojson(opened: Open) -> Table:
    try:
        with opened() as stream:
            found = json.load(stream)
        features = [(each["properties"], each["geometry"]) for each in found["features"]]
        rows = [
            {"code": _text(named["code"]), "geometry": json.dumps(geometry)}
            for named, geometry in features
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _broken("broken_geojson")
    return _table(["code", "geometry"], lambda: iter(rows))
