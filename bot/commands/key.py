"""`linli key`: a fresh key for vault.key."""

import typer

from services.vault import Vault


def register(app: typer.Typer) -> None:
    app.command("key")(key)


def key() -> None:
    """Print a fresh key that seals phone numbers. Put it into config.toml and keep a copy."""
    typer.echo(Vault.new_key())
