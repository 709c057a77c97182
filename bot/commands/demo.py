"""`linli demo`: a peopled town on one address, with nothing to set up."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot import log
from bot.commands.importing import terminal_language
from services.texts import plain

PORT = 8081


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    port: Annotated[int, typer.Option(help="port to listen on; 0: any free one")] = PORT,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help='play these texts: JSON lines {"text": …}')
    ] = None,
    pace: Annotated[
        float, typer.Option(min=0, help="with --replay, reports a minute; 0: as fast as it goes")
    ] = 0,
) -> None:
    """Try it out: a local Telegram, the service and a peopled town on one address."""
    from bot.cli import until_stopped
    from bot.demo.replay import read_texts

    log.set_up("ERROR")
    texts = read_texts(replay) if replay is not None else []
    until_stopped(_replay(port, texts, pace) if replay is not None else _show(port))


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


async def _replay(port: int, texts: list[str], pace: float) -> None:
    """Exits with status 1 if a text was lost, an update failed or an error was logged."""
    from bot.demo import replay, run, town

    language = terminal_language()
    async with run.demo(port, apart=True) as running:
        running.town.clock.set(running.start)
        await town.people(running.town, running.start)
        running.hand_over()
        typer.echo(f"{running.address}/")
        became = await replay.replay(running.town, texts, pace, running.live)
    Console().print(replay.table(became, language))
    if not became.whole:
        raise typer.Exit(1)
