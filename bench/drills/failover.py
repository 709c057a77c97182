"""The primary is killed under load: nothing confirmed is lost, and the service is back by itself.

`python -m bench.drills.failover` (`make drill-failover`). Exit status 1 if anything confirmed was
lost, doubled or out of order, or if nothing was confirmed again within BACK_SECONDS.
"""

import argparse
import asyncio
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.drills.account import Account, account
from bench.drills.cluster import Cluster, cluster
from bench.drills.restart import Replicas
from bench.drills.traffic import Traffic
from bench.ground import people, prepare
from bench.standin import standing_in

BACK_SECONDS = 30.0
CALM_SECONDS = 8.0
# what a restart of the service would take: it is not restarted
GIVE_UP_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Outage:
    """`seconds`: from the kill to the first update confirmed after it by the new primary."""

    killed: str
    now: str
    waited_for: str
    seconds: float
    again: int
    complaints: dict[str, int]


async def drill(found: Cluster, folder: Path, rate: float) -> tuple[Account, Outage]:
    """Load, kill, wait, count."""
    async with standing_in() as standin:
        ground = await prepare(folder, standin)
        await people(found.direct, ground.folder, ground.key)
        more = {
            "LINLI_DATABASE__PGBOUNCER": "true",
            "LINLI_DATABASE__LISTEN_URL": found.direct,
        }
        replicas = Replicas(ground, found.url, more)
        async with replicas.all(("one", "two")):
            standin.forget()
            traffic = Traffic(lambda: (replicas.port,))
            killing = asyncio.create_task(_kill(found, traffic))
            await traffic.until(killing.done, ground.writer, rate)
            killed, waited_for, at = await killing
            counted = await account(found.direct, standin, traffic.kept)
        seconds, _ = traffic.kept.longest_gap(at)
        now = await asyncio.to_thread(found.primary)
        complaints = dict(replicas.complaints)
        outage = Outage(killed, now, waited_for, seconds, traffic.kept.again, complaints)
        return counted, outage


async def _kill(found: Cluster, traffic: Traffic) -> tuple[str, str, float]:
    """(who was killed, what its commits waited for, when)."""
    await asyncio.sleep(CALM_SECONDS)
    primary = await asyncio.to_thread(found.primary)
    waited_for = await asyncio.to_thread(found.standby_names, primary)
    at = time.monotonic()
    found.kill(primary)
    # what was on its way may still be answered; the outage begins with silence
    await asyncio.sleep(1.0)
    last = len(traffic.kept.confirmed)
    while len(traffic.kept.confirmed) == last and time.monotonic() - at < GIVE_UP_SECONDS:
        await asyncio.sleep(0.1)
    await asyncio.sleep(CALM_SECONDS)
    return primary, waited_for, at


def main() -> int:
    """The drill, with its figures on standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.drills.failover")
    parser.add_argument("--rate", type=float, default=50.0, help="reports a second")
    given = parser.parse_args()
    folder = Path("build") / "drill" / str(os.getpid())
    began = time.monotonic()
    try:
        with cluster() as found:
            print(f"a cluster with a synchronous standby: {time.monotonic() - began:.0f} s")
            counted, outage = asyncio.run(drill(found, folder, given.rate))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"primary {outage.killed} killed under {given.rate:.0f} reports a second; its commits")
    print(f"waited for {outage.waited_for}; {outage.now} serves now")
    print(f"back by itself, kill to the next confirmed update: {outage.seconds:.1f} s")
    print("\n".join(counted.lines()))
    print(f"brought again by Telegram (refused or reset): {outage.again}")
    print(f"errors in the logs: {outage.complaints or 'none'}")
    return 0 if counted.whole and outage.seconds <= BACK_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
