"""When the service examines itself: every ten seconds, and what that leads to.

The heart beats only after an examination that was finished and found nothing wrong (bot/heart).
"""

import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from prometheus_client import Gauge
from sqlmodel import Session

from models.database import Database, one_snapshot
from services import auditing, findings, territory
from services.auditing import CASE_CODES, CODES, MERGED, Found, Pair, Place, Where
from services.findings import Open

NAME = "audit"
EVERY = timedelta(seconds=10)
# a link of a chain is followed once in so many looks
CHAIN_EVERY = 6
# a round through the open cases begins no sooner after the last one, and takes no longer with
# this many of them
ROUND = timedelta(minutes=10)
MANY_OPEN = 100_000
SHARE = math.ceil(MANY_OPEN * (EVERY / ROUND))
# of the cases that others went into, in one look: they are few, and most ended long ago
PAIRS = 200

WRONG = Gauge("linli_findings", "Things that the auditor finds wrong now", ["code"])

log = structlog.get_logger("scheduler.audit")

Key = tuple[str, str, str]
Sorted = dict[Key, list[Found]]
SCANNED = (*CASE_CODES, MERGED, "history_broken")


class Auditor:
    """Looks, writes down what it finds, and calls `well` when nothing is wrong.

    `now` is the service's time, `wall` real time; `own`: what this process knows is wrong with
    itself; `wrote` is called after something was queued.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        own: Callable[[], Sequence[Found]],
        well: Callable[[], Awaitable[None]],
        wrote: Callable[[], None],
    ) -> None:
        self._database = database
        self._now = now
        self._wall = wall
        self._own = own
        self._well = well
        self._wrote = wrote
        self._here = uuid4().hex
        self._place: Place | None = None
        self._round_began: datetime | None = None
        self._pair: Pair | None = None
        self._link: Where | None = None
        self._looks = 0

    async def look(self) -> list[Found]:
        """One examination; what is wrong and nobody knows of yet. Beats if that is nothing."""
        unended, seen = await self._database.read(self._see)
        found = _sorted(seen, "") | _sorted(self._own(), self._here)
        unseen = await self._write(found, unended)
        for code in CODES:
            WRONG.labels(code).set(sum(len(some) for key, some in found.items() if key[1] == code))
        if not unseen:
            await self._well()
        return unseen

    async def work(self) -> None:
        """One tick."""
        await self.look()

    def _see(self, session: Session) -> tuple[list[Open], list[Found]]:
        one_snapshot(session)
        unended = findings.unended(session)
        seen = auditing.look(session, self._now(), self._wall())
        for each in unended:
            if each.code in SCANNED:
                seen += auditing.again(session, each.district, each.code, each.refs)
        return unended, seen + self._scan(session)

    def _scan(self, session: Session) -> list[Found]:
        found = self._go_round(session)
        unlike, self._pair = auditing.pairs(session, self._pair, PAIRS)
        found += unlike
        if self._looks % CHAIN_EVERY == 0:
            broken, self._link = auditing.chain(session, self._link)
            found += broken
        self._looks += 1
        return found

    def _go_round(self, session: Session) -> list[Found]:
        wall = self._wall()
        if self._place is None:
            if self._round_began is not None and wall - self._round_began < ROUND:
                return []
            self._round_began = wall
        found, self._place = auditing.scan(session, self._place, SHARE)
        return found

    async def _write(self, found: Sorted, unended: Sequence[Open]) -> list[Found]:
        """Rows follow what was found; what nobody knows of yet."""
        before = {(each.district, each.code, each.source): each for each in unended}
        wall, unseen = self._wall(), list[Found]()
        for key, some in found.items():
            known = before.pop(key, None)
            if known is None or known.to_write(some, wall):
                known = await self._note(key, some, known)
            if not known.known(some, self._wall()):
                unseen += some
        for each in before.values():
            if each.has_ended(self._here, wall):
                await self._end(each, wall)
        return unseen

    async def _note(self, key: Key, some: Sequence[Found], before: Open | None) -> Open:
        now, wall = self._now(), self._wall()
        noted = await self._database.write(
            lambda session: findings.note(session, *key, some, now, wall)
        )
        if not noted.district and noted.to_tell(some, wall):
            await self._tell_everywhere(noted, some)
        if before is None:
            refs = noted.refs[: findings.SHOWN]
            log.error("found_wrong", id=str(noted.id), code=noted.code, district=noted.district,
                      count=noted.count, refs=refs)  # fmt: skip
        self._wrote()
        return noted

    async def _tell_everywhere(self, noted: Open, found: Sequence[Found]) -> None:
        """What concerns the deployment is told in each district, a unit of work each."""
        now, wall = self._now(), self._wall()
        count = 0
        for district in await self._database.read(territory.districts):
            count += await self._database.write(
                lambda session, at=district: findings.tell(session, at, noted, found, now)  # type: ignore[misc]
            )
        if count:
            await self._database.write(lambda session: findings.told(session, noted, found, wall))

    async def _end(self, found: Open, wall: datetime) -> None:
        await self._database.write(lambda session: findings.end(session, found, wall))
        log.info("found_well", id=str(found.id), code=found.code, district=found.district)


def _sorted(found: Sequence[Found], source: str) -> Sorted:
    """By district, code and source; each thing once."""
    some: Sorted = defaultdict(list)
    for each in sorted(set(found)):
        some[(each.district, each.code, source)].append(each)
    return some
