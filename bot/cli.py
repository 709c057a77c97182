"""The command line: `linli run`, `linli sandbox`, and what bot/commands holds.

What a command needs is imported when it runs: a service that stays carries nothing else with it.

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

from bot import commands
from bot.cannot import Cannot

# what structlog and httpx bring in for terminals if it can be had, 5 MB that a service has no
# use for
FOR_TERMINALS = ("rich", "click")
HOST = "127.0.0.1"
SANDBOX_PORT = 8081

# tracebacks with local variables would show tokens and people's words
app = typer.Typer(name="linli", no_args_is_help=True, pretty_exceptions_enable=False)


def main() -> None:
    """The `linli` program."""
    if sys.argv[1:2] in (["run"], ["sandbox"]):  # a service needs none of what commands bring in
        for name in FOR_TERMINALS:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]
        app.rich_markup_mode = None
    else:
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
    from bot.running import run as serve

    until_stopped(serve(take_over))


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
