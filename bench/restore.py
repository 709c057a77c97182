"""How long a backup takes, and how long until a machine that lost everything has it back.

`python -m bench.restore 1` fills an SQLite file with cases as they look after months (history,
updates, messages; sealed) until it holds that many GB, then runs `linli backup` and
`linli restore` as an operator does, and prints seconds and memory of each.
"""

import asyncio
import json
import os
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import Session, SQLModel

from models.columns import new_id
from models.migrate import migrate
from models.sqlite import writing_engine
from services import sealing

DISTRICT = "110101"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
# of each case
EVENTS, UPDATES, MESSAGES = 8, 3, 8
CASES = 2_000
WORDS = (
    *("路灯", "楼道", "漏水", "垃圾", "堆放", "电梯", "停运", "井盖", "松动", "噪音"),
    *("请", "尽快", "处理", "三单元", "门口", "已经", "两天"),
)


def text(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(WORDS, k=count)) + str(chance.random())


def cases(chance: random.Random, start: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of some cases: (table, values)."""
    for number in range(start, start + CASES):
        case, at = new_id(), NOW + timedelta(seconds=number)
        grid = f"{DISTRICT}001001{number % 200:03}"
        yield "case_file", {
            "district": DISTRICT, "id": case, "number": f"KL-{number}", "version": 3, "grid": grid,
            "community": grid[:12], "state": "closed", "kind": "PS01", "kind_p": 0.9,
            "alternatives": [], "urgency": "normal", "reach": "owner", "evidence": "note",
            "verify": "reporter", "private": False, "hide_name": False, "hide_group": False,
            "text": text(chance, 12), "words_key": text(chance, 2), "language": "zh-Hans",
            "source": "group", "channel": "group", "bot": "777", "platform": "telegram",
            "owner_unit": grid, "circle": "micro", "passed": [], "due_at": at,
            "due_provisional": False, "opened_at": at, "voices": 1, "reopenings": 0,
            "hand_backs": 0, "revisits_done": 0,
        }  # fmt: skip
        for seq in range(EVENTS):
            yield "case_event", {
                "district": DISTRICT, "id": new_id(), "case": case, "seq": seq, "at": at,
                "verb": "take", "standing": "owner", "before": "dispatched", "after": "taken",
                "facts": {"unit": grid}, "personal": {"note": text(chance, 6)} if seq < 2 else {},
            }  # fmt: skip
        for part in range(UPDATES):
            yield "inbox", {
                "bot": "777", "id": new_id(), "update_id": number * UPDATES + part, "lane": "-1008",
                "received_at": at, "payload": {"message": {"text": text(chance, 20)}},
                "state": "done", "tries": 1, "done_at": at,
            }  # fmt: skip
        for part in range(MESSAGES):
            yield "outbox", {
                "bot": "777", "id": new_id(), "district": DISTRICT, "platform": "telegram",
                "chat": "-1008", "act": "send", "priority": 2,
                "payload": {"text": text(chance, 30), "buttons": [[{"data": str(case)}]]},
                "dedupe": f"{number}/{part}", "case": case, "made_at": at, "state": "sent",
                "tries": 1, "sent_at": at, "message": str(number),
            }  # fmt: skip


def fill(path: Path, size: int) -> int:
    """Add cases until the file has `size` bytes, and seal their history; how many cases."""
    chance, count = random.Random(1), 0
    engine = writing_engine(f"sqlite:///{path}")
    while path.stat().st_size < size:
        batch: dict[str, list[dict[str, Any]]] = {}
        for table, row in cases(chance, count):
            batch.setdefault(table, []).append(row)
        with Session(engine) as session:
            for table, rows in batch.items():
                session.execute(SQLModel.metadata.tables[table].insert(), rows)
            session.commit()
            while sealing.seal(session, DISTRICT, NOW, 5_000):
                session.commit()
            session.commit()
        count += CASES
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def run(*args: str) -> dict[str, Any]:
    """One command: its words, seconds, and the most memory it had (MB)."""
    began = time.monotonic()
    given = [sys.executable, "-m", "bot.cli", *args]
    reading, writing = os.pipe()
    pid = os.posix_spawn(
        given[0], given, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)]
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        words = said.read().strip()
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{args[0]} failed")
    seconds = round(time.monotonic() - began, 1)
    cpu = round(usage.ru_utime + usage.ru_stime, 1)
    return {"seconds": seconds, "cpu": cpu, "memory_mb": usage.ru_maxrss // 1024, "said": words}


def main(gigabytes: float) -> None:
    with TemporaryDirectory(prefix="linli-restore-", dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        path = folder / "linli.db"
        os.environ |= {
            "LINLI_DATABASE__URL": f"sqlite:///{path}",
            "LINLI_BACKUP__KEY": run("key", "--backup")["said"],
            "LINLI_FILES__FOLDER": str(folder / "files"),
        }
        asyncio.run(migrate(f"sqlite:///{path}"))
        count = fill(path, int(gigabytes * 1e9))
        size = path.stat().st_size
        backup = run("backup", str(folder / "kept"))
        (made,) = (folder / "kept").glob("*.age")
        figures = {"cases": count, "database_bytes": size, "backup_bytes": made.stat().st_size}
        path.unlink()
        restore = run("restore", str(made))
        shown = figures | {"backup": backup, "restore": restore}
        print(json.dumps(shown, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
