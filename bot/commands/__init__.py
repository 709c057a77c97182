"""One module per command. Each has `register(app: typer.Typer) -> None`; bot/cli finds it."""
