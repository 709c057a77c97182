"""`linli invite REF` and `linli bindcode GRID`: the first codes of a new deployment."""

import asyncio
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from telegram.error import TelegramError

from bot.account import log_in
from bot.cannot import Cannot
from bot.commands.importing import refusal, terminal_language
from bot.config import Settings, accounts_of, load
from bot.errands.asking import ask
from bot.errands.errand import Errand
from bot.errands.listed import BINDCODE, INVITE, BindCode, Invite
from bot.picture import draw
from bot.transport import Transport
from domain.refused import Refused
from services import territory

G = TypeVar("G")
A = TypeVar("A")
Bot = Annotated[str, typer.Option(help="the bot's username; empty: asked at Telegram")]


def register(app: typer.Typer) -> None:
    app.command("invite")(invite)
    app.command("bindcode")(bindcode)


def invite(
    ref: Annotated[str, typer.Argument(help="the person's id in the imported list")],
    district: Annotated[str, typer.Option(help="needed if several districts have this id")] = "",
    bot: Bot = "",
    qr: Annotated[Path | None, typer.Option(help="write the link as a QR picture (PNG)")] = None,
) -> None:
    """Print the link by which a person of the list enrols; an earlier one stops working."""
    settings, language = load(), terminal_language()
    text, url = asyncio.run(_invite(settings, ref, district, bot, language))
    typer.echo(text)
    typer.echo(url)
    if qr is not None:
        qr.write_bytes(asyncio.run(draw({"kind": "qr", "url": url})))


async def _invite(
    settings: Settings, ref: str, district: str, bot: str, language: str
) -> tuple[str, str]:
    names = {"": bot} if bot else await _usernames(settings)
    return await _done(settings, INVITE, Invite(ref, district, names, language))


def bindcode(
    grid: Annotated[str, typer.Argument(help="the grid's code (15 digits)")],
    place: Annotated[str, typer.Option(help="the building where the group's people live")] = "",
    bot: Bot = "",
) -> None:
    """Print the one-time code that binds a group to a grid."""
    settings, language = load(), terminal_language()
    for line in asyncio.run(_bindcode(settings, grid, place, bot, language)):
        typer.echo(line)


async def _bindcode(
    settings: Settings, grid: str, place: str, bot: str, language: str
) -> tuple[str, ...]:
    names = {"": bot} if bot else await _usernames(settings)
    username = names.get(territory.district_of(grid)) or names[""]

    return await _done(settings, BINDCODE, BindCode(grid, place, username, language))


async def _done(settings: Settings, errand: Errand[G, A], given: G) -> A:
    """The errand's answer. Raises Cannot with the sentence for what was refused."""
    try:
        return await ask(settings, errand, lambda: given)
    except Refused as refused:
        raise Cannot(refusal(refused)) from None


async def _usernames(settings: Settings) -> dict[str, str]:
    """The bot of each district, by username; under "" the first of all."""
    transport, base = Transport(), settings.telegram.base_url
    await transport.initialize()
    try:
        found = [
            (each, await log_in(each.token, base, transport)) for each in accounts_of(settings)
        ]
    except TelegramError:
        raise Cannot(f"{base} can't be reached: try again, or name the bot with --bot.") from None
    finally:
        await transport.shutdown()
    names = {given.district: account.me.username for given, account in reversed(found)}
    return names | {"": found[0][1].me.username}
