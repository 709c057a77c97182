"""The toy service as a process of its own, to be killed: settings from the environment."""

import asyncio

from bot.assembly import assemble
from bot.config import load
from tests.bot import toy


async def main() -> None:
    async with assemble(load(), doors=toy.DOORS) as service:
        print(service.address, flush=True)  # noqa: T201 - who waits for it reads this
        await service.failed


if __name__ == "__main__":
    asyncio.run(main())
