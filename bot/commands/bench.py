"""`linli bench`: measure the service from outside, by the program in `bench/`."""

import sys
from pathlib import Path
from subprocess import call
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("bench")(bench)


def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="one short round, without the large parts")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help="one part; may be repeated")] = None,
    stored: Annotated[int | None, typer.Option(help="cases of the large database")] = None,
    json: Annotated[Path | None, typer.Option(help="write the figures into this file")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="leave databases and logs behind")] = False,
) -> None:
    """Measure the service in a process of its own, on a database made for it."""
    arguments = ["--quick"] * quick + ["--keep"] * keep
    for name in only or ():
        arguments += ["--only", name]
    if stored is not None:
        arguments += ["--stored", str(stored)]
    if json is not None:
        arguments += ["--json", str(json)]
    raise typer.Exit(call([sys.executable, "-m", "bench", *arguments]))  # noqa: S603 - our own
