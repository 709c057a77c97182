"""Lists to import and settings to start with, as an office's bad day or an attacker makes them."""

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from time import perf_counter
from typing import IO
from unittest import mock

from openpyxl import Workbook
from sqlalchemy import Engine
from sqlmodel import Session

from bot import config
from bot.assembly import equipment_of
from bot.cannot import Cannot
from models.append import savepoint
from models.sqlite import writing_engine
from services.equipment import Equipment
from services.imports import import_tables, read_tables
from services.imports.town import LISTS
from services.vault import Vault
from tests.fuzz import words
from tests.fuzz.way import Found, Tally, where
from tests.people import WEDNESDAY

ROWS = 25  # of each list: many short files find more than a few long ones
SLOW_SECONDS = 10.0
CATALOGUE = ("kinds.csv", "conditions.csv", "not_admitted.csv", "lexicon.csv")
CELLS = (
    "", " ", "0", "-1", "1e400", "NaN", "9" * 5000, "110101001001001", "１１０１０１", "=1+1",
    "=HYPERLINK(\"http://x\")", "\0", "\ud800", "1900-02-29", "2026-13-45",
    "9999-12-31T23:59:59+14:00", "0001-01-01", "2026-11-18 25:00", "supervisor", "a;b；c、d",
    "null", "true", "²", "Asia/Nowhere", "../../etc",
    "/etc/passwd", "zh-Hans", "x" * 140_000, "\u202e", '"', "now", "soon",
)  # fmt: skip


@cache
def lists() -> dict[str, str]:
    """The shipped lists by name, cut short."""
    data = files("services.data")
    found = {name: data.joinpath(name).read_text("utf-8-sig") for name in CATALOGUE}
    town = data / "town"
    found |= {name: (town / name).read_text("utf-8-sig") for name in LISTS}
    return {
        name: text if name.endswith("geojson") else "\n".join(text.splitlines()[: ROWS + 1])
        for name, text in found.items()
    }


def spoiled(rng: Random) -> tuple[str, bytes]:
    """A file's name and its bytes, with something wrong in most."""
    name = rng.choice(sorted(lists()))
    text = lists()[name]
    if name.endswith("geojson"):
        return name, _spoiled_bytes(rng, _spoiled_outline(rng, text).encode(errors="surrogatepass"))
    rows = [line.split(",") for line in text.split("\n")]
    for _ in range(rng.choice((0, 1, 1, 3))):
        _spoil_row(rng, rows)
    if rng.random() < 0.35:
        return name.replace(".csv", ".xlsx"), _spoiled_book(rng, rows)
    whole = "\n".join(",".join(row) for row in rows)
    return name, _spoiled_bytes(rng, _encoded(rng, whole))


def _encoded(rng: Random, text: str) -> bytes:
    names = ("utf-8",) * 6 + ("utf-8-sig", "utf-16", "gb18030", "big5", "latin-1", "utf-7")
    return text.encode(rng.choice(names), "replace")


def _spoil_row(rng: Random, rows: list[list[str]]) -> None:
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    draw = rng.random()
    if draw < 0.7:
        row[at] = rng.choice(CELLS) if rng.random() < 0.8 else words.text(rng)
    elif draw < 0.8:
        del row[at]
    elif draw < 0.9:
        rows.append(list(row))
    else:
        rows.insert(
            rng.randrange(len(rows)), [rng.choice(CELLS) for _ in range(rng.randrange(1, 40))]
        )


def _spoiled_bytes(rng: Random, raw: bytes) -> bytes:
    if rng.random() < 0.7:
        return raw
    at = rng.randrange(len(raw) + 1)
    junk = bytes(rng.randrange(256) for _ in range(rng.randrange(9)))
    return rng.choice(
        (raw[:at], raw[:at] + junk + raw[at:], junk + raw, raw * 2, raw[:at] + b'"' + raw[at:])
    )


def _spoiled_outline(rng: Random, text: str) -> str:
    whole = json.loads(text)
    for _ in range(rng.choice((1, 2))):
        feature = rng.choice(whole["features"])
        odd = rng.choice(
            (None, {}, [], "x", 1e308, [[[0, 0], [1, 1]]], {"type": "Polygon"}, _bow())
        )
        feature[rng.choice(("properties", "geometry", "type"))] = odd
        if rng.random() < 0.3:
            feature["geometry"] = {"type": rng.choice(_SHAPES), "coordinates": odd}
    return json.dumps(whole)


def _bow() -> dict[str, object]:
    """An outline that crosses itself."""
    return {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


_SHAPES = ("Polygon", "MultiPolygon", "Point", "GeometryCollection", "Circle", "")


# --- workbooks ---


def _spoiled_book(rng: Random, rows: list[list[str]]) -> bytes:
    raw = _book(rng, rows)
    draw = rng.random()
    if draw < 0.4:
        return raw
    if draw < 0.55:
        return _spoiled_bytes(rng, raw)
    return _with_part(rng, raw)


def _book(rng: Random, rows: list[list[str]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append([_cell(rng, each) for each in row])
    if rng.random() < 0.2:
        sheet.merge_cells("A2:C4")
    if rng.random() < 0.2:
        sheet["A2"] = rng.choice(
            (1e300, True, WEDNESDAY.replace(tzinfo=None), "=A1", "#REF!", -0.5)
        )
    if rng.random() < 0.1:
        book.create_chartsheet("c")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(rng: Random, text: str) -> object:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    shown = ILLEGAL_CHARACTERS_RE.sub("?", text)[:32_000].encode("utf-8", "replace").decode()
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 16 else shown


def _with_part(rng: Random, raw: bytes) -> bytes:
    """The workbook with one of its parts replaced, gone or there twice."""
    source = zipfile.ZipFile(io.BytesIO(raw))
    chosen = rng.choice(source.namelist())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            content = source.read(name)
            if name == chosen:
                content = _part(rng, content)
                if rng.random() < 0.15:
                    continue
            made.writestr(name, content)
    return target.getvalue()


def _part(rng: Random, xml: bytes) -> bytes:
    laughs = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 99 + b'">]><l>&b;</l>'
    outside = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>'
    at = rng.randrange(len(xml) + 1)
    numbers = xml.replace(b'r="1"', b'r="99999999999"').replace(b'"A1"', b'"ZZZZ9"')
    return rng.choice(
        (b"", b"<", laughs, outside, xml[:at], numbers, xml.replace(b"sheet", b"shet"),
         xml.replace(b"<v>", b"<v>x"), xml.replace(b'="', b'="-'), xml[:at] + b"\xff" + xml[at:])
    )  # fmt: skip


def opened(raw: bytes) -> Callable[[], IO[bytes]]:
    """What opens a file of these bytes, again and again."""
    return lambda: io.BytesIO(raw)


def bring(session: Session, name: str, raw: bytes) -> int:
    """What `linli import` does with a file; how many problems it names."""
    tables = read_tables(name, opened(raw))
    wrong = sum(each.outcome.problem_count for each in tables)
    given = [(each.sheet.name, each.rows()) for each in tables if each.sheet is not None]
    if wrong or not given:
        return wrong
    return sum(each.problem_count for each in import_tables(session, given, WEDNESDAY))


def take_lists(template: Path, rng: Random, count: int, until: float) -> Tally:
    """Import at most `count` files, each into the same town; until `perf_counter` says so.

    `template`: a migrated SQLite file, of which a copy is used.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(template, folder)
        return _take_lists(writing_engine(f"sqlite:///{copy}"), rng, count, until)


class _Undone(Exception):
    pass


def _take_lists(engine: Engine, rng: Random, count: int, until: float) -> Tally:
    tally = Tally()
    info = {"equipment": Equipment(vault=Vault(Vault.new_key()))}
    with Session(engine, expire_on_commit=False, info=info) as session:
        for name in LISTS:
            bring(session, name, lists()[name].encode())
        while count > 0 and perf_counter() < until:
            count -= 1
            name, raw = spoiled(rng)
            tally.fates["lists"] += 1
            began = perf_counter()
            with noted(tally, "import", f"{name} {raw!r}"):
                with suppress(_Undone), savepoint(session):
                    wrong = bring(session, name, raw)
                    raise _Undone
                tally.fates["lists refused" if wrong else "lists taken"] += 1
                assert perf_counter() - began < SLOW_SECONDS, "took too long"
        session.rollback()
    engine.dispose()
    return tally


# --- settings ---

KEYS = (
    "telegram.token", "telegram.base_url", "telegram.webhook_url", "telegram.webhook_secret",
    "telegram.limits", "database.url", "web.host", "web.port", "files.folder", "vault.key",
    "log.level", "policy.keep_updates_days", "policy.nonsense", "nonsense.x", "telegram",
)  # fmt: skip
SECRETS = {
    "telegram.token": ("123456:" + "s" * 35, "secret-" * 4, "鑰" * 20, "1:secret"),
    "telegram.webhook_secret": ("secret-" * 4, "鑰" * 20, "a secret, not of its letters"),
    "vault.key": ("k" * 43 + "=", "secret-" * 4, "鑰" * 20),
    "database.url": ("postgresql://u:secret-word@h/d", "sqlite:///secret-word?x=%", "secret://"),
}
SHOWN = ("sssss", "secret-", "鑰鑰", "kkkkk", "1:secret", "a secret")
VALUES = (
    "", "0", "-1", "99999999999999999999", "true", "x", "\0", "sqlite:///", "sqlite://:memory:",
    "postgresql://u:p@h/d", "mysql://x", "http://[", "65536", "1e9", "[]", "{}", "inf",
)  # fmt: skip


def take_settings(rng: Random, count: int, until: float) -> Tally:
    """Load `count` settings: each is taken, or refused with one sentence that shows no secret."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        while count > 0 and perf_counter() < until:
            count -= 1
            tally.fates["settings"] += 1
            _load(rng, Path(folder) / "config.toml", tally)
    return tally


def _load(rng: Random, path: Path, tally: Tally) -> None:
    pairs = {key: _value(rng, key) for key in rng.sample(KEYS, rng.randrange(4))}
    lines = [_line(rng, key, value) for key, value in pairs.items()]
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    variables = {"LINLI_CONFIG": str(path)}
    if rng.random() < 0.5:
        key = rng.choice(KEYS)
        name = "LINLI_" + key.upper().replace(".", "__")
        variables[name] = _value(rng, key).replace("\0", "")
    said = ""
    with noted(tally, "settings", "\n".join([*lines, str(variables)])):
        with mock.patch.dict(os.environ, variables):
            try:
                settings = config.load()
                said = f"{settings!r} {settings}"
                config.token_of(settings)
                config.secret_of(settings)
                equipment_of(settings)
            except Cannot as cannot:
                said += str(cannot)
        assert not any(each in said for each in SHOWN), f"shows a secret: {said}"


def _value(rng: Random, key: str) -> str:
    secrets = SECRETS.get(key, ())
    return rng.choice(secrets) if secrets and rng.random() < 0.6 else rng.choice(VALUES)


def _line(rng: Random, key: str, value: str) -> str:
    shown = value if rng.random() < 0.3 else json.dumps(value)
    if "." not in key:
        return f"{key} = {shown}"
    section, _, name = key.partition(".")
    return f"[{section}]\n{name} = {shown}"


@contextmanager
def noted(tally: Tally, at: str, raw: str) -> Iterator[None]:
    """Whatever is raised here is a finding, and the run goes on."""
    try:
        yield
    except Exception as error:
        tally.found.append(Found(at, where(error), raw))
