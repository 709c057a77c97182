"""What is measured, part by part. Each takes the ground and gives figures."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import reading, recording, rules, stored
from bench.figures import Figure, middle, share
from bench.ground import OWN, Contestant, Ground
from bench.load import loading
from bench.postgres import by_processes
from bench.recorded import Recording
from bench.rounds import Round, paced, pushed, saturated, stored_in, told
from bench.scale import Scale, Tell

USUAL = Contestant("usual", "bench.usual")
STARTS = 5
# after the start, until nothing is left of it
REST_SECONDS = 5.0
SMALL = 10_000
# of a hundred stored cases, how many are open
STILL = 2
MANY_OPEN = 100_000

Measure = Callable[[Ground, Scale, Tell], Awaitable[list[Figure]]]


async def cases(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """Cases a second of the service alone: to steer by."""
    one = await saturated(ground, OWN, scale.seconds)
    tell(told(one))
    return rates([one], "cases")


async def compare(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """Cases a second from webhook to the worker's card, of all three by turns."""
    contestants = (OWN, USUAL, await _floor(ground))
    found: dict[str, list[Round]] = {each.name: [] for each in contestants}
    for _ in range(scale.rounds):
        for contestant in contestants:
            one = await saturated(ground, contestant, scale.seconds)
            found[contestant.name].append(one)
            tell(told(one))
    own, usual, floor = found.values()
    figures = rates(own, "compare")
    figures += _beside("usual way", own, usual, 7.0)
    return figures + _beside("floor", own, floor, None)


async def _floor(ground: Ground) -> Contestant:
    kept = ground.folder / "opened.json"
    (await recording.opened(ground)).save(kept)
    return Contestant("floor", "bench.floor", (str(kept.resolve()),))


def rates(own: list[Round], part: str) -> list[Figure]:
    """Cases a second, and what a case costs."""
    how = f"median of {len(own)} rounds, webhook to both cards, counted"
    lost = sum(each.wanted - min(each.done, each.stored) for each in own)
    return [
        Figure(part, "cases a second", _rate(own), "/s", how, 1000, True),
        Figure(part, "processor time for a case", _cpu(own), "ms", "user and system, all threads"),
        Figure(part, "reports without both cards and a row", lost, "", how, 0),
    ]


def _beside(name: str, own: list[Round], other: list[Round], target: float | None) -> list[Figure]:
    how = "medians of the same run, by turns"
    part = "compare"
    return [
        Figure(part, f"{name}: cases a second", _rate(other), "/s", how),
        Figure(part, f"{name}: processor time for a case", _cpu(other), "ms", how),
        Figure(part, f"of the {name}", _rate(own) / _rate(other), "x", how, target, True),
        Figure(part, f"of the {name}, by processor time", _cpu(other) / _cpu(own), "x", how),
    ]


def _rate(rounds: list[Round]) -> float:
    return middle([each.rate for each in rounds])


def _cpu(rounds: list[Round]) -> float:
    return middle([each.cpu_ms for each in rounds])


# --- how long somebody waits ---


async def confirm(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """How long Telegram waits for its answer, at 500 updates a second."""
    one = await _at_rate(ground, 500, scale.seconds)
    tell(told(one))
    how = f"{len(one.confirm)} reports at 500/s, from due to 200; on disk by then"
    return [
        Figure("confirm", "confirmed, p50", _ms(one.confirm, 0.5), "ms", how),
        Figure("confirm", "confirmed, p99", _ms(one.confirm, 0.99), "ms", how, 15),
        Figure("confirm", "confirmed, longest", _ms(one.confirm, 1.0), "ms", how),
        Figure("confirm", "refused and sent again", one.refused, "", how),
    ]


async def card(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """How long a resident waits for the answer, at 50 reports a second."""
    one = await _at_rate(ground, 50, 2 * scale.seconds)
    tell(told(one))
    how = f"{len(one.answer)} reports at 50/s, from due to the stand-in"
    return [
        Figure("card", "answer in the group, p50", _ms(one.answer, 0.5), "ms", how, 25),
        Figure("card", "answer in the group, p99", _ms(one.answer, 0.99), "ms", how, 100),
        Figure("card", "worker's card, p50", _ms(one.card, 0.5), "ms", how, 25),
        Figure("card", "worker's card, p99", _ms(one.card, 0.99), "ms", how, 100),
    ]


def _ms(waits: list[float], part: float) -> float:
    return 1000 * share(waits, part)


async def _at_rate(ground: Ground, rate: float, seconds: float) -> Round:
    folder = ground.place(f"rate-{rate:.0f}")
    url = ground.fresh(folder)
    async with ground.start(OWN, url, folder) as process:
        found = await paced(ground, OWN, [process], rate, seconds)
    found.stored = stored_in(folder / "linli.db", found.first, found.wanted)
    return found


# --- with years of cases ---


async def grown(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """The same with many cases stored, beside few."""
    files = [
        await _filled(ground, count, count * STILL // 100, tell) for count in (SMALL, scale.stored)
    ]
    found: list[list[tuple[Round, Round]]] = [[], []]
    for _ in range(scale.rounds):
        for file, rounds in zip(files, found, strict=True):
            rounds.append(await _on(ground, file, scale, tell))
    few, many = found
    return _growth(few, many, f"{scale.stored:,} stored beside {SMALL:,}, by turns")


async def _on(ground: Ground, file: Path, scale: Scale, tell: Tell) -> tuple[Round, Round]:
    async with ground.start(OWN, f"sqlite:///{file}", file.parent) as process:
        full = await pushed(ground, OWN, [process], scale.seconds)
        slow = await paced(ground, OWN, [process], 50, scale.seconds)
    for one in (full, slow):
        one.stored = stored_in(file, one.first, one.wanted)
        tell(told(one))
    return full, slow


def _growth(
    few: list[tuple[Round, Round]], many: list[tuple[Round, Round]], how: str
) -> list[Figure]:
    rate = _rate([full for full, _ in few]) / _rate([full for full, _ in many])
    cpu = _cpu([full for full, _ in many]) / _cpu([full for full, _ in few])
    before, after = (middle([share(s.answer, 0.5) for _, s in each]) for each in (few, many))
    return [
        Figure("grown", "time for a case, full speed", rate, "x", how, 1.2),
        Figure("grown", "processor time for a case", cpu, "x", how, 1.2),
        Figure("grown", "answer in the group, p50 at 50/s", after / before, "x", how, 1.2),
        Figure("grown", "answer in the group, p50 with many", 1000 * after, "ms", how),
    ]


async def _filled(ground: Ground, count: int, still: int, tell: Tell) -> Path:
    """A database with cases of years."""
    closed, taken = await _lived(ground)
    folder = ground.place(f"stored-{count}")
    ground.fresh(folder)
    file = folder / "linli.db"
    began = time.monotonic()
    await asyncio.to_thread(stored.fill, file, closed, taken, count, still)
    size = file.stat().st_size / 1e6
    tell(f"{count:,} cases stored: {size:,.0f} MB in {time.monotonic() - began:.0f} s")
    return file


async def _lived(ground: Ground) -> tuple[Recording, Recording]:
    files = [ground.folder / f"{name}.json" for name in ("closed", "taken")]
    if not files[0].exists():
        for file, found in zip(files, await recording.lived(ground), strict=True):
            found.save(file)
    closed, taken = (Recording.load(file) for file in files)
    return closed, taken


# --- starting, resting ---


async def start(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """From the command to the first answer in a group."""
    waits: list[float] = []
    spent: list[float] = []
    folder = ground.place("start")
    url = ground.fresh(folder)
    for _ in range(max(scale.rounds, STARTS if scale.rounds > 1 else 1)):
        began = time.monotonic()
        async with ground.start(OWN, url, folder) as process:
            waits.append(await _first_answer(ground, process.port) - began)
            spent.append(process.cpu())
        tell(f"first answer after {waits[-1]:.2f} s")
    how = f"median of {len(waits)} starts on a peopled database, command to card"
    return [
        Figure("start", "start to the first answer", middle(waits), "s", how, 1.5),
        Figure("start", "processor time until then", middle(spent), "s", "user and system"),
    ]


async def _first_answer(ground: Ground, port: int) -> float:
    load = await loading([port], OWN.path)
    await load.all_at_once(ground.writer.write(1))
    while not ground.standin.sent:
        await asyncio.sleep(0.001)
    load.close()
    return ground.standin.sent[0].at


async def rest(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """Memory and processor time with nothing to do."""
    folder = ground.place("rest")
    memory, spent = await _resting(ground, ground.fresh(folder), folder, scale.idle)
    how = f"{scale.idle:.0f} s of nothing after one report, times {3600 / scale.idle:.0f}"
    tell(f"{spent:.3f} s of processor time in {scale.idle:.0f} s")
    return [
        Figure("rest", "idle memory", memory, "MB", "resident, after one report", 120),
        Figure("rest", "processor time in an idle hour", spent * 3600 / scale.idle, "s", how, 10),
    ]


async def many_open(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """Memory with 100,000 open cases."""
    still = min(MANY_OPEN, scale.stored)
    file = await _filled(ground, still + SMALL, still, tell)
    memory, spent = await _resting(ground, f"sqlite:///{file}", file.parent, scale.idle / 2)
    how = f"resident, after one report, {still:,} open"
    hour = spent * 3600 / (scale.idle / 2)
    return [
        Figure("open", "memory with many open cases", memory, "MB", how, 250),
        Figure("open", "processor time in an idle hour, many open", hour, "s", how),
    ]


async def _resting(ground: Ground, url: str, folder: Path, seconds: float) -> tuple[float, float]:
    """Resident megabytes, and seconds of processor time in `seconds`."""
    async with ground.start(OWN, url, folder) as process:
        await _first_answer(ground, process.port)
        await asyncio.sleep(REST_SECONDS)
        before = process.cpu()
        await asyncio.sleep(seconds)
        return process.memory(), process.cpu() - before


async def postgres(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """Cases a second on PostgreSQL with one process and with four, and their order."""
    found = await by_processes(ground, scale, tell)
    one, four = found[1], found[4]
    how = f"median of {scale.rounds} rounds, webhook to both cards, one PostgreSQL server"
    disorder = sum(each.disorder for each in (*one, *four))
    lost = sum(each.wanted - min(each.done, each.stored) for each in (*one, *four))
    part = "postgres"
    return [
        Figure(part, "cases a second, one process", _rate(one), "/s", how, 500, True),
        Figure(part, "processor time for a case", _cpu(one), "ms", "without the server's"),
        Figure(part, "cases a second, four processes", _rate(four), "/s", how),
        Figure(part, "four beside one", _rate(four) / _rate(one), "x", how, 0.85, True),
        Figure(part, "order violations", disorder, "", "stored, done and numbered by chat", 0),
        Figure(part, "reports without both cards and a row", lost, "", how, 0),
    ]


async def deciding(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """What a decision and a deadline cost, without a database."""
    return rules.figures()


async def read(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """How well texts are read, and how fast. The even lines were tuned on, the odd ones weren't."""
    return [
        figure
        for half in ("even", "odd")
        for figure in reading.figures(reading.readings(reading.KNOWN, half), f"{half} lines")
    ]


MEASURES: dict[str, Measure] = {
    "cases": cases,
    "compare": compare,
    "confirm": confirm,
    "card": card,
    "grown": grown,
    "postgres": postgres,
    "start": start,
    "rest": rest,
    "open": many_open,
    "rules": deciding,
    "reading": read,
}
# all but what another part shows too
USUALLY = [name for name in MEASURES if name != "cases"]
QUICKLY = ["compare", "confirm", "card", "start", "rest", "rules"]
