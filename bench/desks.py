"""What a desk's list costs with a district's open cases: `python -m bench.desks [CASES]`.

The town of bench/town.py with so many open cases and as many ended ones, of all states and ages,
in one SQLite file. Each figure is the best of some rounds, with the message as it is sent.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from bench import town
from domain.lifecycle import OPEN, State
from models import Case, new_id
from models.migrate import migrate
from models.row import draft
from models.sqlite import writing_engine
from services import caselist
from services.caselist_message import found_message, list_message, overview_message
from services.vault import Vault

CASES, CHUNK, ROUNDS = 100_000, 5_000, 9
LANGUAGE = "zh-Hans"
STATES = sorted(OPEN - {State.COLLECTED})
KINDS = ("LS02", "LS05", "UM04", "EN02", "PS03")
WORDS = ("三单元楼道灯坏了，晚上看不见", "门口垃圾没人收", "楼上漏水到我家厨房", "电动车飞线充电")
LIMITS = (4, 24, 72, 240)  # hours
NOTHING = "没有这样的话"


def cases(count: int, now: datetime, is_open: bool) -> Iterator[dict[str, Any]]:
    """`count` cases as rows, spread over the town and over 20 or 170 days."""
    chance = random.Random(count + is_open)
    minutes = 24 * 60 * (20 if is_open else 170)
    for number in range(count):
        grid = chance.randrange(town.GROUPS)
        opened = now - timedelta(minutes=chance.randrange(minutes))
        limit = timedelta(hours=chance.choice(LIMITS))
        case = draft(
            Case,
            district=town.DISTRICT,
            number=f"B{grid:03d}-{opened:%y%m}-{2 * number + is_open:06d}",
            grid=town.grid_of(grid),
            community=town.community_of(grid),
            owner_unit=town.community_of(grid),
            state=str(chance.choice(STATES)) if is_open else "closed",
            kind=chance.choice(KINDS),
            text=f"{chance.choice(WORDS)}{number}" * 2,
            words_key=str(new_id()),
            place_building=f"{chance.randrange(40)}号楼",
            due_at=opened + limit,
            warn_at=opened + limit * 0.7,
            opened_at=opened,
            next_at=now + timedelta(days=1),
            closed_at=None if is_open else min(opened + limit, now),
            reopenings=int(chance.random() < 0.05),
        )
        yield case.__dict__


def fill(session: Session, count: int, now: datetime) -> None:
    """So many open cases and so many ended ones."""
    for is_open in (True, False):
        rows = list(cases(count, now, is_open))
        for at in range(0, count, CHUNK):
            session.connection().execute(insert(Case), rows[at : at + CHUNK])
    session.commit()


def measured(session: Session, work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of time and of processor time, the best of some rounds each."""
    waits, costs = [], []
    for _ in range(ROUNDS):
        session.expire_all()
        began, worked = time.perf_counter(), time.process_time()
        work()
        costs.append(time.process_time() - worked)
        waits.append(time.perf_counter() - began)
    return min(waits) * 1000, min(costs) * 1000


def asked(session: Session, now: datetime) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a desk asks, by name."""
    district, community = town.DISTRICT, town.community_of(0)

    def overview(unit: str) -> Callable[[], Any]:
        return lambda: overview_message(
            session, district, caselist.overview(session, district, unit, now), [], LANGUAGE
        )

    def page(which: str, number: int = 0) -> Callable[[], Any]:
        return lambda: list_message(
            session,
            district,
            caselist.listed(session, district, district, which, number, now),
            LANGUAGE,
            now,
        )

    def search(unit: str, words: str) -> Callable[[], Any]:
        return lambda: found_message(
            session, district, caselist.search(session, district, [unit], words, now), LANGUAGE, now
        )

    yield "overview, the district", overview(district)
    yield "overview, a community", overview(community)
    for which in ("open", "overdue", "waiting"):
        yield f"first page of {which}", page(which)
    yield "page 900 of open", page("open", 900)
    yield "search by the end of a number", search(district, "17")
    yield "search for words of many", search(district, "飞线")
    yield "search for words of none", search(district, NOTHING)
    yield "the same in a community", search(community, NOTHING)


def main(count: int) -> None:
    """Fill a file and print each figure."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="desks-") as folder:
        url = f"sqlite:///{Path(folder) / 'desks.db'}"
        asyncio.run(migrate(url))
        asyncio.run(town.settle(url, Vault.new_key(), now))
        with Session(writing_engine(url), expire_on_commit=False) as session:
            fill(session, count, now)
            for name, work in asked(session, now):
                wait, cost = measured(session, work)
                print(f"{name:32} {wait:7.1f} ms, of these {cost:7.1f} ms of the processor")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
