"""`linli import FILE…`: lists of territory, people, duty, contacts and the catalogue.

A file is brought in whole or not at all; sheets of the catalogue given together count as one,
because a kind needs its conditions. What leans on something comes after it.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlmodel import Session

from bot.assembly import equipment_of, opened
from bot.cannot import Cannot
from bot.config import Settings, load
from bot.errands.asking import ask
from bot.errands.errand import When
from bot.errands.listed import BRING, Lists, Sheet
from bot.errands.listed import bring as bring_in
from domain.refused import Refused
from models.sqlite import writing_engine
from services.imports import (
    CATALOGUE,
    ORDER,
    Outcome,
    Problem,
    Table,
    read_tables,
)
from services.imports.cells import Row
from services.imports.outcome import Unreadable
from services.texts import language_of, plain

T = TypeVar("T")
LONGEST_VALUE = 60  # characters of a wrong cell that are shown
TICK = 1_000  # rows between two movements of the bar


@dataclass(frozen=True, slots=True)
class Listed:
    """A table and the file that it came from."""

    path: Path
    table: Table

    @property
    def rank(self) -> int:
        """Where in the order of dependence the table stands."""
        sheet = self.table.sheet
        return ORDER.index(sheet.name) if sheet is not None else -1


Unit = list[Listed]  # tables that stand or fall together
Read = Callable[[Listed], Iterator[Row]]


def register(app: typer.Typer) -> None:
    app.command("import")(bring)


def bring(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV, XLSX or GeoJSON")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="check everything and write nothing")
    ] = False,
) -> None:
    """Bring in lists of territory, people, duty, contacts or the catalogue."""
    language = terminal_language()
    units = _units([each for path in files for each in _listed(path, language)])
    for unit in units:
        _stop_at_problems(unit, [each.table.outcome for each in unit], language)
    asyncio.run(_bring(load(), units, dry_run, language))


def terminal_language() -> str:
    """The language of who sits at the terminal, by the usual variables."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    tag = next((os.environ[name] for name in names if os.environ.get(name)), "en")
    return language_of(tag)


def refusal(refused: Refused) -> str:
    """The sentence for what was refused, in that language."""
    return plain(f"refused.{refused.code}", terminal_language(), **refused.facts)


def _listed(path: Path, language: str) -> list[Listed]:
    try:
        return [Listed(path, table) for table in read_tables(path.name, lambda: path.open("rb"))]
    except OSError:
        raise Cannot(plain("importing.no_file", language, file=path)) from None


def _units(listed: list[Listed]) -> list[Unit]:
    """A file each, in order of dependence; files of the catalogue are one unit."""
    by_file: dict[Path | None, Unit] = {}
    for each in listed:
        sheet = each.table.sheet
        shared = sheet is not None and sheet.name in CATALOGUE
        by_file.setdefault(None if shared else each.path, []).append(each)
    units = [sorted(unit, key=lambda each: each.rank) for unit in by_file.values()]
    return sorted(units, key=lambda unit: unit[0].rank)


async def _bring(settings: Settings, units: list[Unit], dry_run: bool, language: str) -> None:
    """One by one; a trial all in one transaction, so that a later file finds what an earlier
    one brings."""
    read = _reader(language)
    key = "importing.tried" if dry_run else "importing.done"
    steps = [units] if dry_run else [[unit] for unit in units]
    for number, step in enumerate(steps):
        outcomes = await _one(settings, step, read, dry_run)
        later = [] if dry_run else units[number + 1 :]
        for place, (unit, found) in enumerate(zip(step, outcomes, strict=False)):
            _stop_at_problems(unit, found, language, step[place + 1 :] + later)
            _tell(unit, found, key, language)
    if dry_run:
        typer.echo(plain("importing.nothing_written", language))


async def _one(
    settings: Settings, units: list[Unit], read: Read, trial: bool
) -> list[list[Outcome]]:
    def given() -> Lists:
        return Lists([[_sheet(each, read) for each in unit] for unit in units], trial)

    def do(session: Session, when: When) -> list[list[Outcome]]:
        tables = [[(_name_of(each), read(each)) for each in unit] for unit in units]
        return bring_in(session, tables, trial, when)

    return await ask(settings, BRING, given, lambda job: _in_one_go(settings, job), do)


def _sheet(listed: Listed, read: Read) -> Sheet:
    """The table as a whole, for who can't open the file."""
    rows: list[dict[str, str]] = []
    try:
        rows.extend(map(dict, read(listed)))
    except Unreadable as error:
        return Sheet(_name_of(listed), rows, (error.row, error.code, error.facts))
    return Sheet(_name_of(listed), rows)


def _name_of(listed: Listed) -> str:
    return listed.table.sheet.name if listed.table.sheet is not None else ""


async def _in_one_go(settings: Settings, job: Callable[[Session], T]) -> T:
    """Run a unit of work that may take minutes. `opened` holds the database meanwhile.

    The service's own writer ends a job after two seconds; here nobody else is waiting.
    """
    async with opened(settings, patient=True) as database:
        if not database.alone:
            return await database.write(job)
        return await asyncio.to_thread(_on_sqlite, settings, job)


def _on_sqlite(settings: Settings, job: Callable[[Session], T]) -> T:
    engine = writing_engine(settings.database.url)
    info = {"equipment": equipment_of(settings)}
    with Session(engine, expire_on_commit=False, info=info) as session, session.begin():
        return job(session)


def _bar() -> Progress:
    """A bar on standard error, if somebody is looking."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _reader(language: str) -> Read:
    def read(each: Listed) -> Iterator[Row]:
        named = plain("importing.reading", language, file=each.path.name)
        with _bar() as bar:
            task = bar.add_task(named, total=each.path.stat().st_size)
            for number, row in enumerate(each.table.rows()):
                if number % TICK == 0:
                    bar.update(task, completed=each.table.position())
                yield row

    return read


def _tell(unit: Unit, outcomes: list[Outcome], key: str, language: str) -> None:
    for each, outcome in zip(unit, outcomes, strict=True):
        sentence = plain(
            key,
            language,
            file=each.path.name,
            sheet=outcome.sheet,
            added=outcome.added,
            changed=outcome.changed,
            unchanged=outcome.unchanged,
            ended=outcome.ended,
        )
        typer.echo(sentence)
        for remark in outcome.remarks:
            sentence = plain(f"importing.remark.{remark.code}", language, **remark.facts)
            typer.echo("  " + sentence)
        more = outcome.remark_count - len(outcome.remarks)
        if more:
            typer.echo("  " + plain("importing.more_remarks", language, n=more))


def _stop_at_problems(
    unit: Unit, outcomes: list[Outcome], language: str, later: list[Unit] | None = None
) -> None:
    """Exit with status 1 and everything that is wrong, if anything is."""
    if not any(each.failed for each in outcomes):
        return
    for each, outcome in zip(unit, outcomes, strict=True):
        for problem in outcome.problems:
            typer.echo(_sentence(_name(each, unit), problem, language), err=True)
        more = outcome.problem_count - len(outcome.problems)
        if more:
            typer.echo(plain("importing.more", language, n=more), err=True)
    if later:
        waiting = _files([each for one in later for each in one])
        typer.echo(plain("importing.not_tried", language, files=waiting), err=True)
    raise Cannot(plain("importing.refused", language, files=_files(unit)))


def _files(listed: list[Listed]) -> str:
    return ", ".join(dict.fromkeys(each.path.name for each in listed))


def _name(each: Listed, unit: Unit) -> str:
    """The file, with the sheet if several of the file are in the unit."""
    alone = sum(other.path == each.path for other in unit) == 1
    sheet = each.table.outcome.sheet
    return each.path.name if alone or not sheet else f"{each.path.name} ({sheet})"


def _sentence(file: str, problem: Problem, language: str) -> str:
    value = _printable(problem.value)
    what = plain(f"importing.problem.{problem.code}", language, value=value, **problem.facts)
    if not problem.row:
        return plain("importing.at_file", language, file=file, what=what)
    if not problem.column:
        return plain("importing.at_row", language, file=file, row=problem.row, what=what)
    return plain(
        "importing.at", language, file=file, row=problem.row, column=problem.column, what=what
    )


def _printable(value: str) -> str:
    """A cell as a terminal may show it: nothing that moves the cursor or turns the line."""
    shown = "".join(each if each.isprintable() else "�" for each in value[:LONGEST_VALUE])
    return shown + "…" if len(value) > LONGEST_VALUE else shown
