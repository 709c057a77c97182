"""What a drill has to account for: nothing lost, nothing doubled, nothing out of order or late."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

import asyncpg

from bench.drills.traffic import Kept
from bench.rounds import cards_of
from bench.standin import StandIn
from models.postgres import connect, options

# nothing new for so long: what is missing will not come
STALL_SECONDS = 30.0
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
_LEFT = """
SELECT (payload -> 'message' ->> 'message_id')::bigint FROM inbox WHERE state <> 'done'
"""


@dataclass(frozen=True, slots=True)
class Account:
    """`late`: seconds from when each report was due to its worker's card, sorted."""

    confirmed: int
    lost: int
    doubled: int
    undelivered: int
    out_of_order: int
    undone: int
    late: list[float]

    @property
    def whole(self) -> bool:
        """Whether nothing that was confirmed is missing, double or out of order."""
        wrong = (self.lost, self.doubled, self.undelivered, self.out_of_order, self.undone)
        return not any(wrong)

    def lines(self) -> list[str]:
        """What it says, a line each."""
        middle = self.late[len(self.late) // 2] if self.late else 0.0
        return [
            f"confirmed to Telegram: {self.confirmed}",
            f"confirmed and lost (neither case nor update): {self.lost}",
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
        async with connection.transaction(isolation="repeatable_read"):
            rows = await connection.fetch(_CASES, min(kept.due))
            left = {row[0] for row in await connection.fetch(_LEFT)}
            out_of_order = await connection.fetchval(OUT_OF_ORDER)
    finally:
        await connection.close()
    cases = Counter({message: count for message, count in rows})
    workers = cards_of(standin.sent).workers
    return Account(
        confirmed=len(kept.confirmed),
        lost=sum(not cases[each] and each not in left for each in kept.confirmed),
        doubled=sum(count > 1 for count in cases.values()),
        undelivered=sum(message not in workers for message in kept.confirmed),
        out_of_order=out_of_order,
        undone=len(left),
        late=sorted(workers[each] - due for each, due in kept.due.items() if each in workers),
    )


async def _settled(connection: asyncpg.Connection, standin: StandIn, kept: Kept) -> None:
    """Until every confirmed report has its card, or nothing comes any more."""
    looked, grew = -1, time.monotonic()
    while time.monotonic() - grew < STALL_SECONDS:
        cards = cards_of(standin.sent).workers
        done = all(each in cards for each in kept.confirmed)
        if done and not await connection.fetch(_LEFT):
            return
        if len(standin.sent) != looked:
            looked, grew = len(standin.sent), time.monotonic()
        await asyncio.sleep(0.5)
