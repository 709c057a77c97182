"""`linli migrate`."""

import asyncio

import typer
from sqlalchemy.engine import make_url

from bot.assembly import explained
from bot.cannot import Cannot
from bot.config import Settings, load
from models.migrate import migrate as migrate_tables
from models.roles import NoSuchRole


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)


def migrate() -> None:
    """Create or upgrade the database's tables."""
    asyncio.run(_migrate(load()))
    typer.echo("The database has this release's tables.")


async def _migrate(settings: Settings) -> None:
    """As the role that may change tables, if there is one; the service's own gets its rights."""
    url = settings.database.url
    by = settings.database.migration_url or url
    role = make_url(url).username if by != url else None
    with explained(by):
        try:
            await migrate_tables(by, role)
        except NoSuchRole:
            raise Cannot(
                f"The role {role} of database.url isn't there: create it (docs/scaling.md)."
            ) from None
