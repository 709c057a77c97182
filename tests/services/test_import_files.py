"""Files as offices save them: every broken one gets a sentence that says what to do."""

import ast
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlmodel import Session, func, select

import services.imports
from domain.catalogue import CURES
from models import Division
from services.imports import CATALOGUE, SHEETS, Table, import_tables, read_tables
from services.imports.rows import BEYOND
from services.texts import LANGUAGES, keys
from tests.services.lists import DIVISIONS, GRIDS, NOW


def opened(content: bytes) -> Callable[[], IO[bytes]]:
    return lambda: io.BytesIO(content)


def table(name: str, content: str | bytes) -> Table:
    data = content.encode() if isinstance(content, str) else content
    return read_tables(name, opened(data))[0]


def problems(found: Table) -> list[tuple[str, str]]:
    return [(each.column, each.code) for each in found.outcome.problems]


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_utf_8_is_read_with_and_without_a_mark(start: str, end: str) -> None:
    found = table("d.csv", start + DIVISIONS.replace("\n", end))
    assert found.sheet is not None
    assert found.sheet.name == "divisions"
    assert next(found.rows())["name"] == "六合区"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (DIVISIONS.encode("gbk"), "gbk"),
        (DIVISIONS.encode("utf-16"), "no_text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff", "no_text"),
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"name;code\n1;2", "unknown_sheet"),
        (b"hello\n", "unknown_sheet"),
        (b'code,parent,level,"name\n', "broken_csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(content: bytes, code: str) -> None:
    assert problems(table("d.csv", content)) == [("", code)]


def test_the_sheet_is_known_by_its_header_and_missing_columns_are_named() -> None:
    found = table("x.csv", "code,parent,name,kind\n")
    assert problems(found) == [("short", "no_column")]
    found = table("x.csv", "id,name,role\n")
    assert problems(found) == [("unit", "no_column")]


def test_a_column_given_twice_is_refused() -> None:
    assert problems(table("x.csv", "id,name,role,unit,name\n")) == [("name", "column_twice")]


def test_a_quote_that_never_closes_is_found_with_its_row(session: Session) -> None:
    found = table("d.csv", DIVISIONS + '\n320116002,320116,street,"名\n320116003,')
    outcome = import_tables(session, [("divisions", found.rows())], NOW)[0]
    assert [(each.row, each.code) for each in outcome.problems] == [(6, "broken_csv")]
    assert session.exec(select(func.count()).select_from(Division)).one() == 0


def test_cells_beyond_the_header_are_refused(session: Session) -> None:
    found = table("d.csv", DIVISIONS + "\n320116002,320116,street,名,字,")
    outcome = import_tables(session, [("divisions", found.rows())], NOW)[0]
    assert [(each.row, each.code) for each in outcome.problems] == [(6, "too_many_cells")]


def test_blank_rows_are_passed_over_and_counted(session: Session) -> None:
    found = table("d.csv", DIVISIONS + "\n,,,\n\n320116002,,street,名")
    outcome = import_tables(session, [("divisions", found.rows())], NOW)[0]
    assert [(each.row, each.column) for each in outcome.problems] == [(8, "parent")]


def test_a_zero_byte_is_refused(session: Session) -> None:
    found = table("d.csv", DIVISIONS + "\n320116002,320116,street,\x00")
    outcome = import_tables(session, [("divisions", found.rows())], NOW)[0]
    assert [each.code for each in outcome.problems] == ["no_text"]


def workbook(**sheets: str) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, text in sheets.items():
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            cells = [int(each) if each.isdigit() else each for each in line.split(",")]
            sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_s_sheets_come_in_together(session: Session) -> None:
    content = workbook(一=DIVISIONS, 二=GRIDS, 空="")
    found = read_tables("town.xlsx", opened(content))
    tables = [(each.sheet.name, each.rows()) for each in found if each.sheet is not None]
    outcomes = import_tables(session, tables, NOW)
    assert [(each.sheet, each.added) for each in outcomes] == [("divisions", 4), ("grids", 2)]


def test_sheets_of_one_workbook_stand_or_fall_together(session: Session) -> None:
    content = workbook(一=DIVISIONS, 二=GRIDS.replace("KL", "!"))
    found = read_tables("town.xlsx", opened(content))
    tables = [(each.sheet.name, each.rows()) for each in found if each.sheet is not None]
    outcomes = import_tables(session, tables, NOW)
    assert [each.failed for each in outcomes] == [False, True]
    assert session.exec(select(func.count()).select_from(Division)).one() == 0


def test_what_is_no_workbook_is_refused() -> None:
    assert problems(table("x.xlsx", "code,parent\n")) == [("", "broken_xlsx")]


def with_part(book: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one of its parts replaced."""
    source, target = zipfile.ZipFile(io.BytesIO(book)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for each in source.namelist():
            made.writestr(each, content if each == name else source.read(each))
    return target.getvalue()


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [b"", b"<", b"<x/>", b"\xff", b"<!DOCTYPE x [", b"<a><b></a>"])
def test_a_workbook_with_a_broken_part_is_refused_or_read(part: str, content: bytes) -> None:
    found = read_tables("x.xlsx", opened(with_part(workbook(一=DIVISIONS), part, content)))
    codes = {each.code for one in found for each in one.outcome.problems}
    assert codes <= {"broken_xlsx", "empty", "unknown_sheet"}


def test_a_sheet_that_breaks_off_is_named_with_its_row(session: Session) -> None:
    part = "xl/worksheets/sheet1.xml"
    whole = zipfile.ZipFile(io.BytesIO(workbook(一=DIVISIONS))).read(part)
    content = with_part(workbook(一=DIVISIONS), part, whole[: whole.index(b'<row r="4"')])
    found = table("x.xlsx", content)
    outcome = import_tables(session, [("divisions", found.rows())], NOW)[0]
    assert [(each.row, each.code) for each in outcome.problems] == [(4, "broken_xlsx")]
    assert session.exec(select(func.count()).select_from(Division)).one() == 0


def test_a_workbook_that_unpacks_to_more_than_memory_is_refused_unopened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services.imports.tables, "MOST_UNPACKED", 1 << 20)
    bomb = with_part(workbook(一=DIVISIONS), "xl/styles.xml", b" " * (2 << 20))
    assert len(bomb) < 1 << 15
    assert problems(table("x.xlsx", bomb)) == [("", "too_big_unpacked")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"features": 1}',
        '{"features": [{"properties": {}, "geometry": null}]}',
        "[" * 9999,
    ],
)
def test_what_is_no_feature_collection_is_refused(content: str) -> None:
    assert problems(table("x.geojson", content)) == [("", "broken_geojson")]


def test_features_are_read_by_their_code() -> None:
    feature = {"properties": {"code": 320116001001001}, "geometry": {"type": "Point"}}
    found = table("x.geojson", json.dumps({"features": [feature]}))
    assert next(found.rows())["code"] == "320116001001001"


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.xlsx", "a.geojson"]))
def test_no_bytes_at_all_make_the_reader_fail(content: bytes, name: str) -> None:
    for found in read_tables(name, opened(content)):
        assert found.sheet is not None or found.outcome.failed


@given(st.text(max_size=200))
def test_any_rows_below_a_good_header_are_read_or_refused(text: str) -> None:
    found = table("d.csv", "code,parent,level,name\n" + text.replace('"', ""))
    if found.sheet is not None:
        for row in found.rows():
            assert set(row) <= {"code", "parent", "level", "name", BEYOND}


def strings_in(node: ast.AST) -> list[str]:
    constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return [each for each in constants if isinstance(each, str) and each]


def codes_in(source: str) -> set[str]:
    """Every code that a call of `wrong` (row, column, code or column, code) can note."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "wrong":
            texts = [set(strings_in(each)) for each in node.args]
            first = getattr(node.args[0], "value", None)
            by_row = not isinstance(first, str) and len(texts) > 2 and texts[2]
            found |= texts[2] if by_row else texts[1]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_its_sentence(language: str) -> None:
    folder = Path(services.imports.__file__).parent
    used = set(CURES) | {"gbk", "empty", "unknown_sheet", "broken_csv", "broken_xlsx"}
    for path in folder.glob("*.py"):
        used |= codes_in(path.read_text(encoding="utf-8"))
    assert {"not_short", "a_department", "overlaps", "kind_in_use"} <= used
    assert {f"importing.problem.{code}" for code in used} <= keys(language)


def test_every_column_is_documented() -> None:
    text = (Path(services.imports.__file__).parents[2] / "docs" / "importing.md").read_text("utf-8")
    for name, sheet in SHEETS.items():
        if name not in (*CATALOGUE, "shapes"):
            assert [each for each in sheet.needs if f"`{each}`" not in text] == []
