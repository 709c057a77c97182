"""`linli replay [ID…]`: what failed is tried again."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from bot.config import load
from bot.errands.asking import ask
from bot.errands.listed import REPLAY, Replay


def register(app: typer.Typer) -> None:
    app.command("replay")(replay)


def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(help="updates to try again; none: all")
    ] = None,
) -> None:
    """Put updates that failed three times back in line; the running service takes them up."""
    count = asyncio.run(ask(load(), REPLAY, lambda: Replay(ids or [])))
    typer.echo(f"{count} back in line")
