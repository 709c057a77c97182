"""What is measured, part by part. Each takes the ground and gives figures."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from bench.figures import Figure, middle
from bench.ground import OWN, Contestant, Ground
from bench.rounds import Round, saturated

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How long to measure. `seconds`: of a round; `rounds`: of each contestant."""

    seconds: float
    rounds: int


FULL = Scale(seconds=10.0, rounds=3)
QUICK = Scale(seconds=4.0, rounds=1)

Measure = Callable[[Ground, Scale, Tell], Awaitable[list[Figure]]]


async def cases(ground: Ground, scale: Scale, tell: Tell) -> list[Figure]:
    """Cases a second from webhook to the worker's card, in rounds by turns."""
    found = {each: [] for each in CONTESTANTS}  # type: dict[Contestant, list[Round]]
    async for contestant, one in _by_turns(ground, scale):
        found[contestant].append(one)
        tell(_told(one))
    return _rates(found)


CONTESTANTS = (OWN,)


async def _by_turns(ground: Ground, scale: Scale) -> AsyncIterator[tuple[Contestant, Round]]:
    for _ in range(scale.rounds):
        for contestant in CONTESTANTS:
            yield contestant, await saturated(ground, contestant, scale.seconds)


def _rates(found: dict[Contestant, list[Round]]) -> list[Figure]:
    own = found[OWN]
    how = f"median of {len(own)} rounds, all delivered and counted, SQLite FULL"
    return [
        Figure(
            "cases", "cases a second", middle([each.rate for each in own]), "/s", how, 1000, True
        ),
        Figure(
            "cases", "processor time for a case", middle([each.cpu_ms for each in own]), "ms", how
        ),
    ]


def _told(one: Round) -> str:
    missing = "" if one.whole else f", {one.wanted - one.done} undelivered, {one.stored} stored"
    return (
        f"{one.name}: {one.done} cases in {one.seconds:.1f} s = {one.rate:.0f}/s; processor "
        f"{one.cpu_ms:.2f} ms a case, measuring {one.own_cpu_ms:.2f} ms; "
        f"{one.calls / max(1, one.done):.2f} calls a case; {one.complaints} complaints{missing}"
    )


MEASURES: dict[str, Measure] = {"cases": cases}
