"""`linli invite REF` and `linli bindcode GRID`: the first codes of a new deployment."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlmodel import Session, select
from telegram.error import TelegramError

from bot.account import log_in
from bot.assembly import opened
from bot.cannot import Cannot
from bot.commands.importing import terminal_language
from bot.config import Settings, accounts_of, load
from bot.picture import draw
from bot.transport import Transport
from domain.refused import Refused
from models import Person
from services import binding, enrolment, territory
from services.equipment import policy
from services.people import name_of
from services.texts import plain

T = TypeVar("T")
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

    def job(session: Session) -> tuple[str, str]:
        person = _person(session, ref, district, language)
        username = names.get(person.district) or names[""]
        code = enrolment.invite(session, None, person.district, person.id, datetime.now(UTC))
        text = plain(
            "importing.invited",
            language,
            name=name_of(person, language),
            roles=enrolment.roles_in_words(session, person, language),
            hours=policy(session).invite_hours,
        )
        return text, enrolment.link(username, code)

    return await _done(settings, job, language)


def _person(session: Session, ref: str, district: str, language: str) -> Person:
    query = select(Person).where(Person.ref == ref).order_by(Person.district)
    if district:
        query = query.where(Person.district == district)
    found = session.exec(query).all()
    if len(found) > 1:
        districts = ", ".join(each.district for each in found)
        raise Cannot(plain("importing.which_district", language, ref=ref, districts=districts))
    if not found:
        raise Refused("person_unknown")
    return found[0]


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

    def job(session: Session) -> tuple[str, ...]:
        code = binding.make_code(session, None, grid, place, datetime.now(UTC))
        named = territory.name(session, territory.district_of(grid), grid)
        hours = policy(session).invite_hours
        text = plain("importing.bind_code", language, grid=named, hours=hours)
        return text, code, binding.group_link(username, code)

    return await _done(settings, job, language)


async def _done(settings: Settings, job: Callable[[Session], T], language: str) -> T:
    """The job's result. Raises Cannot with the sentence for what was refused."""
    async with opened(settings) as database:
        try:
            return await database.write(job)
        except Refused as refused:
            sentence = plain(f"refused.{refused.code}", language, **refused.facts)
            raise Cannot(sentence) from None


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
