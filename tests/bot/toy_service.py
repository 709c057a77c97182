"""The toy service as a process: to be killed or stopped. Settings from the environment."""

from bot.assembly import assemble
from bot.cli import until_stopped
from bot.config import load
from tests.bot import toy


async def main() -> None:
    async with assemble(load(), doors=toy.DOORS) as service:
        print(service.address, flush=True)  # noqa: T201 - who waits for it reads this
        await service.failed


if __name__ == "__main__":
    until_stopped(main())
