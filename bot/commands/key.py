"""`linli key`: a fresh key for the vault."""

import typer

from services.vault import Vault


def register(app: typer.Typer) -> None:
    app.command("key")(key)


def key() -> None:
    """Print a new vault.key; keep it outside of the database, and keep a copy of it."""
    typer.echo(Vault.new_key())
