"""`linli key`: a fresh key for the vault, or for backups."""

from typing import Annotated

import typer

from bot.backup.tape import Key
from services.vault import Vault


def register(app: typer.Typer) -> None:
    app.command("key")(key)


def key(
    backup: Annotated[bool, typer.Option("--backup", help="a backup.key instead")] = False,
) -> None:
    """Print a new vault.key; keep it outside of the database, and keep a copy of it."""
    typer.echo(Key.new() if backup else Vault.new_key())
