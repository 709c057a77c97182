"""The command line: `linli run`, `linli migrate`, `linli sandbox`, and what bot/commands holds.

Exit status: 0 done, 1 refused with one sentence on standard error, 2 wrong usage.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from sqlalchemy.engine import make_url
from telegram.error import InvalidToken

from bot import commands, log
from bot.assembly import assemble, explained
from bot.cannot import Cannot
from bot.config import Settings, load
from models.migrate import migrate as migrate_tables
from models.roles import NoSuchRole

HOST = "127.0.0.1"
SANDBOX_PORT = 8081

# tracebacks with local variables would show tokens and people's words
app = typer.Typer(name="linli", no_args_is_help=True, pretty_exceptions_enable=False)


def main() -> None:
    """The `linli` program."""
    if sys.argv[1:2] not in (["run"], ["sandbox"]):  # a service needs none of what those bring in
        for module in iter_modules(commands.__path__):
            import_module(f"bot.commands.{module.name}").register(app)
    try:
        app()
    except Cannot as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


@app.command()
def run(
    take_over: Annotated[
        bool, typer.Option("--take-over", help="remove a webhook that another program has set")
    ] = False,
) -> None:
    """Run the service until it is told to stop (SIGTERM or Ctrl-C)."""
    settings = load()
    log.set_up(settings.log.level)
    until_stopped(_run(settings, take_over))


@app.command()
def migrate() -> None:
    """Create or upgrade the database's tables."""
    asyncio.run(_migrate(load()))
    typer.echo("The database has this release's tables.")


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="port to listen on; 0: any free one")] = SANDBOX_PORT,
    controls: Annotated[str | None, typer.Option(help="address of a demo's clock controls")] = None,
) -> None:
    """Run a local Telegram: a Bot API server with a console in the browser."""
    until_stopped(_sandbox(port, controls))


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends or a signal asks it to; what it began is finished first.

    A second signal ends the process at once: what was begun is taken up at the next start.
    """
    with suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(_stoppable(work))


async def _stoppable(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, task)
    await task


def _stop(task: "asyncio.Task[None]") -> None:
    if task.cancelling():
        os.write(2, b"Stopped at once; what was begun is taken up at the next start.\n")
        os._exit(1)
    task.cancel()


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


async def _run(settings: Settings, take_over: bool) -> None:
    async with assemble(settings, take_over=take_over) as service:
        how = "webhook" if settings.telegram.webhook_url else "polling"
        names = ", ".join(f"@{each.username}" for each in service.bots)
        are = "is" if len(service.bots) == 1 else "are"
        typer.echo(f"{names} {are} ready ({how}); health at {service.address}/health")
        try:
            await service.failed
        except InvalidToken:
            raise Cannot(
                "Telegram no longer accepts telegram.token: get a new one from @BotFather."
            ) from None


async def _sandbox(port: int, controls: str | None) -> None:
    from sandbox.server import serve

    try:
        async with serve(HOST, port, controls) as bound:
            typer.echo(f"http://{HOST}:{bound}")
            await asyncio.Event().wait()
    except OSError:
        raise Cannot(f"Port {port} is taken: choose another with --port.") from None


if __name__ == "__main__":
    main()
