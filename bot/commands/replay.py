"""`linli replay [ID…]`: what failed is tried again."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from bot.assembly import opened
from bot.config import load
from models import inbox


def register(app: typer.Typer) -> None:
    app.command("replay")(replay)


def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(help="updates to try again; none: all")
    ] = None,
) -> None:
    """Put updates that failed three times back in line; the running service takes them up."""
    count = asyncio.run(_replay(ids or []))
    typer.echo(f"{count} back in line")


async def _replay(ids: list[UUID]) -> int:
    async with opened(load()) as database:
        wall = datetime.now(UTC)
        return await database.write(lambda session: inbox.replay(session, ids, wall))
