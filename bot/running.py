"""`linli run`: the service, from its settings until it is told to stop."""

import gc

import typer
from telegram.error import InvalidToken

from bot import log
from bot.assembly import assemble
from bot.cannot import Cannot
from bot.config import load


async def run(take_over: bool) -> None:
    """Until cancelled. Raises Cannot with what to do about it."""
    settings = load()
    log.set_up(settings.log.level)
    async with assemble(settings, take_over=take_over) as service:
        how = "webhook" if settings.telegram.webhook_url else "polling"
        names = ", ".join(f"@{each.username}" for each in service.bots)
        # what is loaded by now stays: no collection need look at it again, which takes 50 ms
        gc.freeze()
        are = "is" if len(service.bots) == 1 else "are"
        typer.echo(f"{names} {are} ready ({how}); health at {service.address}/health")
        try:
            await service.failed
        except InvalidToken:
            raise Cannot(
                "Telegram no longer accepts telegram.token: get a new one from @BotFather."
            ) from None
