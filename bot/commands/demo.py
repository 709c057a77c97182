"""`linli demo`: a peopled town on one address, with nothing to set up."""

import asyncio
from typing import Annotated

import typer

from bot import log
from bot.commands.importing import terminal_language
from services.texts import plain

PORT = 8081


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    port: Annotated[int, typer.Option(help="port to listen on; 0: any free one")] = PORT,
) -> None:
    """Try it out: a local Telegram, the service and a peopled town on one address."""
    from bot.cli import until_stopped

    log.set_up("ERROR")
    until_stopped(_show(port))


async def _show(port: int) -> None:
    from bot.demo import run, story, town

    language = terminal_language()
    typer.echo(plain("demo.moving_in", language))
    async with run.demo(port) as running:
        await town.people(running.town, running.town.clock.now())
        await story.live(running.town, running.stepper, running.start)
        running.hand_over()
        typer.echo(f"{running.address}/")
        typer.echo(plain("demo.try", language))
        await asyncio.Event().wait()
