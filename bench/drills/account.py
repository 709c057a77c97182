"""What a drill has to account for: nothing lost, nothing doubled, nothing out of order or late."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from bench.drills.traffic import Kept
from bench.rounds import cards_of
from bench.standin import StandIn
from models.postgres import connect, options

SETTLE_SECONDS = 60.0
# a chat's update that was done before one that had arrived earlier
OUT_OF_ORDER = """
SELECT count(*) FROM (
    SELECT done_at < lag(done_at) OVER (PARTITION BY bot, lane ORDER BY id) AS overtook
    FROM inbox WHERE state = 'done') moved WHERE overtook
"""
_CASES = """
SELECT source_message::bigint, count(*) FROM case_file
WHERE source_message::bigint >= $1 GROUP BY 1
"""
_LEFT = "SELECT count(*) FROM inbox WHERE state <> 'done'"


@dataclass(frozen=True, slots=True)
class Account:
    """`late`: seconds from when each report was due to its worker's card, sorted."""

    confirmed: int
    without_case: int
    doubled: int
    undelivered: int
    out_of_order: int
    undone: int
    late: list[float]

    @property
    def whole(self) -> bool:
        """Whether nothing that was confirmed is missing, double or out of order."""
        wrong = (self.without_case, self.doubled, self.undelivered, self.out_of_order, self.undone)
        return not any(wrong)

    def lines(self) -> list[str]:
        """What it says, a line each."""
        middle = self.late[len(self.late) // 2] if self.late else 0.0
        return [
            f"confirmed to Telegram: {self.confirmed}",
            f"confirmed and lost (no case): {self.without_case}",
            f"cases twice: {self.doubled}",
            f"worker's cards missing: {self.undelivered}",
            f"updates left undone: {self.undone}",
            f"order violations: {self.out_of_order}",
            f"report due to card sent: middle {middle:.2f} s, "
            f"latest {max(self.late, default=0.0):.2f} s",
        ]


async def account(url: str, standin: StandIn, kept: Kept) -> Account:
    """Wait until nothing is left to do, then count. `url`: past any pooler."""
    connection = await connect(**options(url))
    try:
        await _settled(connection, standin, kept)
        first = min(kept.due)
        cases = Counter({row[0]: row[1] for row in await connection.fetch(_CASES, first)})
        out_of_order = await connection.fetchval(OUT_OF_ORDER)
        undone = await connection.fetchval(_LEFT)
    finally:
        await connection.close()
    workers = cards_of(standin.sent).workers
    return Account(
        confirmed=len(kept.confirmed),
        without_case=sum(not cases[message] for message in kept.confirmed),
        doubled=sum(count > 1 for count in cases.values()),
        undelivered=sum(message not in workers for message in kept.confirmed),
        out_of_order=out_of_order,
        undone=undone,
        late=sorted(workers[each] - due for each, due in kept.due.items() if each in workers),
    )


async def _settled(connection: asyncpg.Connection, standin: StandIn, kept: Kept) -> None:
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        cards = cards_of(standin.sent).workers
        if not await connection.fetchval(_LEFT) and all(each in cards for each in kept.confirmed):
            return
        await asyncio.sleep(0.5)


def quantile(found: Sequence[float], share: float) -> float:
    """The value that `share` of the sorted ones don't exceed."""
    return found[min(len(found) - 1, int(share * len(found)))] if found else 0.0
