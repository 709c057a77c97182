"""`linli doctor`: how the service is, and the cure for what isn't well."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.config import load
from bot.doctor.examine import examine
from bot.doctor.finding import Finding, Mark
from bot.doctor.history import verify as verify_history

GROUPS = 200


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    groups: Annotated[int, typer.Option(help="most groups to ask Telegram about")] = GROUPS,
    verify: Annotated[bool, typer.Option("--verify", help="only compute history's seals")] = False,
    known: Annotated[
        list[str] | None, typer.Option(help="with --verify: a head written down before")
    ] = None,
) -> None:
    """Look at token, webhook, groups, clock, disk, database and work; each line with its cure.

    Changes nothing, also while the service runs. Exit status 1 if anything is ✗.
    """
    work = verify_history(load(), known or []) if verify else examine(load(), groups)
    found = asyncio.run(work)
    typer.echo(_json(found) if as_json else "\n".join(each.line() for each in found))
    if not _well(found):
        raise typer.Exit(1)


def _well(found: list[Finding]) -> bool:
    return all(each.mark is not Mark.BAD for each in found)


def _json(found: list[Finding]) -> str:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    listed = [each.plain() for each in found]
    return json.dumps({"at": at, "well": _well(found), "findings": listed}, ensure_ascii=False)
