"""What sealing, verifying and examining cost: `python -m bench.watching [CASES]`.

One process, SQLite on this machine's disk, processor time only. CASES (10,000) are open, each
with five events and two reminders.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session

from bench.figures import Figure
from models import Case, CaseEvent, Due, new_id
from models.database import Database, open_database
from models.migrate import migrate
from services import auditing, findings, sealing, verifying

DISTRICT = "320102"
EVENTS = 5
PART = 200
GRID_CASES = 100
NOW = datetime.now(UTC)
DUE = NOW + timedelta(days=3)
TICKS = 200
# a look of the service, with its ten seconds, takes so many open cases (scheduler/audit)
SHARE = 1_667


async def main(cases: int) -> None:
    """Fill a database, and print a figure for each kind of work."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/linli.db"
        await migrate(url)
        database = open_database(url)
        for first in range(0, cases, PART):
            await database.write(_filling(first, min(PART, cases - first)))
        for figure in await _figures(database, cases):
            print(figure.line)
        await database.close()


async def _figures(database: Database, cases: int) -> list[Figure]:
    rows, how = cases * EVENTS, f"{cases:,} open cases"
    seconds, _ = await _timed(lambda: _seal(database))
    found = [_figure("sealing one row", seconds / rows * 1e6, "µs", how, 20.0)]
    seconds, head = await _timed(lambda: database.read(_verify))
    assert isinstance(head, verifying.Head), head
    assert head.rows == rows
    found.append(_figure("verifying one row", seconds / rows * 1e6, "µs", how))
    seconds, _ = await _timed(lambda: _often(database, _look))
    found.append(_figure("one look, nothing wrong", seconds / TICKS * 1e3, "ms", how))
    seconds, _ = await _timed(lambda: database.read(_scan))
    found.append(_figure("one round through the open cases", seconds, "s", how))
    seconds, _ = await _timed(lambda: _often(database, sealing.waiting))
    found.append(_figure("asking what to seal, nothing", seconds / TICKS * 1e3, "ms", how))
    return found


def _figure(name: str, value: float, unit: str, how: str, target: float | None = None) -> Figure:
    return Figure("watching", name, value, unit, how, target)


async def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of this process, and what `work` answered."""
    began = time.process_time()
    answer = await work()
    return time.process_time() - began, answer


async def _seal(database: Database) -> None:
    while await database.write(lambda session: sealing.seal(session, DISTRICT, NOW)):
        pass


def _verify(session: Session) -> Any:
    return verifying.verify(session, DISTRICT)


async def _often(database: Database, job: Callable[[Session], Any]) -> None:
    for _ in range(TICKS):
        await database.read(job)


def _look(session: Session) -> None:
    assert not findings.unended(session)
    assert not auditing.look(session, NOW, NOW)


def _scan(session: Session) -> None:
    found, place = auditing.scan(session, None, SHARE)
    while place is not None:
        more, place = auditing.scan(session, place, SHARE)
        found += more
    assert not found


def _filling(first: int, count: int) -> Callable[[Session], None]:
    """The rows are made here, since a unit of work may take two seconds and no more."""
    keys = {n: new_id() for n in range(first, first + count)}
    cases = [_case(key, n) for n, key in keys.items()]
    events = [_event(key, step) for key in keys.values() for step in range(1, EVENTS + 1)]
    dues = [_due(key, days) for key in keys.values() for days in (0, 1)]

    def job(session: Session) -> None:
        connection = session.connection()
        connection.execute(insert(Case), cases)
        connection.execute(insert(CaseEvent), events)
        connection.execute(insert(Due), dues)

    return job


def _case(key: UUID, n: int) -> dict[str, Any]:
    grid = f"{DISTRICT}001001{n // GRID_CASES:06}"
    return Case(
        id=key, district=DISTRICT, number=f"KL8-2611-{n:06}", grid=grid, community=grid[:12],
        state="taken", kind="PS01", owner_unit=grid, due_at=DUE, next_at=DUE, opened_at=NOW,
    ).model_dump()  # fmt: skip


def _event(case: UUID, step: int) -> dict[str, Any]:
    personal = {"text": "三号楼的灯坏了"} if step == 1 else {}
    return CaseEvent(
        district=DISTRICT, case=case, seq=step, at=NOW, verb="take", actor=new_id(),
        standing="owner", before="dispatched", after="taken", facts={"n": step, "next": "desk"},
        personal=personal,
    ).model_dump()  # fmt: skip


def _due(case: UUID, days: int) -> dict[str, Any]:
    key, at = f"case:{case}:{days}", DUE + timedelta(days=days)
    return Due(district=DISTRICT, key=key, name="case.soon", at=at, case=case).model_dump()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
