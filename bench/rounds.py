"""One round: reports in, cards out, and the count of both at the end."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.ground import Contestant, Ground
from bench.load import Load, Log, loading
from bench.process import Failed, Running, own_cpu
from bench.reports import Report
from bench.standin import Sent, StandIn

WARM_UP = 100
LOOK_SECONDS = 0.05
SHOWN = 160  # characters of a complaint
# nothing new for so long: what is missing will not come
STALL_SECONDS = 20.0
FEWEST, MOST = 200, 15_000


@dataclass(frozen=True, slots=True)
class Cards:
    """When the reporter's answer and the worker's card of each report came (monotonic seconds)."""

    answers: dict[int, float]
    workers: dict[int, float]

    @property
    def both(self) -> dict[int, float]:
        """The later of the two, of reports that have both."""
        done = self.answers.keys() & self.workers.keys()
        return {each: max(self.answers[each], self.workers[each]) for each in done}


def cards_of(sent: Sequence[Sent]) -> Cards:
    """Which report each message answers: by its reply in the group, and by the case's number."""
    answers: dict[int, float] = {}
    numbers: dict[str, int] = {}
    for each in sent:
        told = each.replies_to if each.chat < 0 else None
        if told is not None and each.number:
            answers.setdefault(told, each.at)
            numbers.setdefault(each.number, told)
    workers: dict[int, float] = {}
    for each in sent:
        about = numbers.get(each.number or "") if each.chat > 0 else None
        if about is not None:
            workers.setdefault(about, each.at)
    return Cards(answers, workers)


@dataclass
class Round:
    """What one round showed. `cpu`, `own_cpu`: seconds of processor time of what was measured
    and of this process; `stored`: cases that the database has of the `wanted` ones, whose messages
    begin with `first`."""

    name: str
    wanted: int
    first: int
    done: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    own_cpu: float = 0.0
    calls: int = 0
    stored: int = 0
    refused: int = 0
    complaints: list[str] = field(default_factory=list)
    disorder: int = 0
    confirm: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    card: list[float] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Every report has its answer, its card and its row."""
        return self.done == self.stored == self.wanted

    @property
    def rate(self) -> float:
        """Cases a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time for a case."""
        return 1000 * self.cpu / self.done if self.done else 0.0

    @property
    def own_cpu_ms(self) -> float:
        """The same of this process."""
        return 1000 * self.own_cpu / self.done if self.done else 0.0


def told(one: Round) -> str:
    """A round in one line."""
    missing = "" if one.whole else f"; {one.done} delivered, {one.stored} stored of {one.wanted}"
    return (
        f"{one.name}: {one.done} cases in {one.seconds:.1f} s = {one.rate:.0f}/s; processor "
        f"{one.cpu_ms:.2f} ms a case, measuring {one.own_cpu_ms:.2f} ms; "
        f"{one.calls / max(1, one.done):.2f} calls a case; {_complained(one)}{missing}"
    )


def _complained(one: Round) -> str:
    """How much its log complains, and of what first: its lines hold nobody's words."""
    if not one.complaints:
        return "no complaints"
    return f"{len(one.complaints)} complaints, first {one.complaints[0][:SHOWN]}"


async def saturated(ground: Ground, contestant: Contestant, seconds: float) -> Round:
    """As many cases as take about `seconds`, given as fast as they are confirmed."""
    folder = ground.place(contestant.name)
    url = ground.fresh(folder)
    async with ground.start(contestant, url, folder) as process:
        found = await pushed(ground, contestant, [process], seconds)
    found.stored = stored_in(folder / "linli.db", found.first, found.wanted)
    return found


async def pushed(
    ground: Ground, contestant: Contestant, processes: Sequence[Running], seconds: float
) -> Round:
    """A saturated round on processes that run already."""
    load = await loading([each.port for each in processes], contestant.path)
    try:
        warm = await measured(ground, contestant, processes, load, WARM_UP, None)
        count = max(FEWEST, min(MOST, round(warm.rate * seconds)))
        found = await measured(ground, contestant, processes, load, count, None)
    finally:
        load.close()
    return found


async def paced(
    ground: Ground,
    contestant: Contestant,
    processes: Sequence[Running],
    rate: float,
    seconds: float,
) -> Round:
    """`rate` reports a second for `seconds`, after a warm-up."""
    load = await loading([each.port for each in processes], contestant.path)
    try:
        await measured(ground, contestant, processes, load, WARM_UP, None)
        return await measured(ground, contestant, processes, load, round(rate * seconds), rate)
    finally:
        load.close()


async def measured(
    ground: Ground,
    contestant: Contestant,
    processes: Sequence[Running],
    load: Load,
    count: int,
    rate: float | None,
) -> Round:
    standin, reports = ground.standin, ground.writer.write(count)
    standin.forget()
    cpu, own = sum(each.cpu() for each in processes), own_cpu()
    began = time.monotonic()
    log = await (load.at_rate(reports, rate) if rate else load.all_at_once(reports))
    cards = await until_delivered(standin, reports, processes)
    found = Round(contestant.name, count, reports[0].message)
    found.done, found.refused = len(cards.both), log.refused
    found.seconds = max(cards.both.values(), default=began) - began
    found.cpu = sum(each.cpu() for each in processes) - cpu
    found.own_cpu = own_cpu() - own
    found.calls = standin.calls.total()
    found.complaints = [line for each in processes for line in each.complaints()]
    _fill_waits(found, reports, log, cards)
    return found


def _fill_waits(found: Round, reports: Sequence[Report], log: Log, cards: Cards) -> None:
    found.confirm = log.waits()
    for report, due in zip(reports, log.due, strict=True):
        if report.message in cards.answers:
            found.answer.append(cards.answers[report.message] - due)
        if report.message in cards.workers:
            found.card.append(cards.workers[report.message] - due)


async def until_delivered(
    standin: StandIn, reports: Sequence[Report], processes: Sequence[Running]
) -> Cards:
    """Until every report has both its cards, or nothing comes any more."""
    looked, grew = -1, time.monotonic()
    while True:
        now, count = time.monotonic(), len(standin.sent)
        if count != looked:
            looked, grew = count, now
            if count >= 2 * len(reports) and len(cards_of(standin.sent).both) >= len(reports):
                break
        if now - grew > STALL_SECONDS:
            break
        for each in processes:
            if each.child.returncode is not None:
                raise Failed(f"it ended in the middle of a round: {each.last_words()}")
        await asyncio.sleep(LOOK_SECONDS)
    return cards_of(standin.sent)


def stored_in(file: Path, first: int, count: int) -> int:
    """How many of `count` messages from `first` on have a case in the database."""
    query = "SELECT count(*) FROM case_file WHERE CAST(source_message AS INTEGER) BETWEEN ? AND ?"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return int(database.execute(query, (first, first + count - 1)).fetchone()[0])
