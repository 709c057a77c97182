"""`linli dead`: messages that never arrived; listed, sent again, or let be."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from bot.assembly import equipment_of, explained, server_of
from bot.cannot import Cannot
from bot.commands.importing import refusal
from bot.config import Settings, load
from bot.errands.asking import ask
from bot.errands.listed import SETTLE, Settle
from domain.refused import Refused
from models.reading import Missing, open_reading
from services import trouble


def register(app: typer.Typer) -> None:
    app.command("dead")(dead)


def dead(
    again: Annotated[
        list[UUID] | None, typer.Option(help="try this one once more; may be repeated")
    ] = None,
    drop: Annotated[
        list[UUID] | None, typer.Option(help="nobody needs this one; may be repeated")
    ] = None,
) -> None:
    """List the messages that never arrived, newest first; or settle some of them."""
    settings = load()
    if again or drop:
        count = asyncio.run(_settle(settings, again or [], drop or []))
        typer.echo(f"{count} settled")
        return
    for row in asyncio.run(_listed(settings)):
        typer.echo(f"{row.id}  {row.at:%Y-%m-%d %H:%M}Z  {row.case or '-'}  {row.act}  {row.error}")


async def _listed(settings: Settings) -> list[trouble.Dead]:
    """Read beside whoever uses the database."""
    url = settings.database.url
    with explained(url):
        try:
            reading = open_reading(url, equipment_of(settings), server_of(settings))
        except Missing:
            raise Cannot("There is no database yet: `linli run` makes one.") from None
        try:
            return await reading.read(trouble.dead)
        finally:
            await reading.close()


async def _settle(settings: Settings, again: list[UUID], drop: list[UUID]) -> int:
    try:
        return await ask(settings, SETTLE, lambda: Settle(again, drop))
    except Refused as refused:
        raise Cannot(refusal(refused)) from None
