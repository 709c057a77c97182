"""A unit of work is durable or undone, alone, on both databases."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from models import Lane, NumberSeries
from models.database import Database, Taken, TooLong, Unavailable, open_database

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def add_lane(name: str):
    def job(session: Session) -> str:
        session.add(Lane(bot="1", lane=name, since=NOW))
        session.flush()
        return name

    return job


def lanes(session: Session) -> list[str]:
    return list(session.exec(select(Lane.lane).order_by(col(Lane.lane))))


def count_up(session: Session) -> int:
    row = session.get(NumberSeries, ("320106", "KL8"))
    if row is None:
        row = NumberSeries(district="320106", series="KL8")
    row.last += 1
    session.add(row)
    session.flush()
    return row.last


async def test_what_was_answered_is_there_for_readers(database: Database):
    assert await database.write(add_lane("a")) == "a"
    assert await database.read(lanes) == ["a"]


async def test_a_failing_job_is_undone_alone(database: Database):
    def fail(session: Session) -> None:
        add_lane("lost")(session)
        raise KeyError("a bug")

    jobs = [database.write(add_lane(f"{n:03}")) for n in range(30)]
    jobs.insert(15, database.write(fail))
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(a) for a in answers if isinstance(a, Exception)] == [KeyError]
    assert await database.read(lanes) == [f"{n:03}" for n in range(30)]


async def test_a_key_taken_twice_fails_only_the_second(database: Database):
    await database.write(add_lane("a"))
    answers = await asyncio.gather(
        database.write(add_lane("b")),
        database.write(add_lane("a")),
        database.write(add_lane("c")),
        return_exceptions=True,
    )
    assert [isinstance(a, DBAPIError) for a in answers] == [False, True, False]
    assert await database.read(lanes) == ["a", "b", "c"]


async def test_no_increment_is_lost_when_many_count_at_once(database: Database):
    numbers = await asyncio.gather(*(database.write(count_up) for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))


async def test_a_reader_can_not_write(sqlite_file: str):
    database = open_database(sqlite_file)
    with pytest.raises((DBAPIError, Unavailable)):
        await database.read(add_lane("a"))
    await database.close()


async def test_the_session_knows_its_equipment(database_url: str):
    database = open_database(database_url, "the equipment")
    assert await database.write(lambda session: session.info["equipment"]) == "the equipment"
    assert await database.read(lambda session: session.info["equipment"]) == "the equipment"
    await database.close()


@pytest.fixture
def sqlite_file(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "one.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


async def test_a_second_process_is_kept_out_of_a_sqlite_file(sqlite_file: str):
    first = open_database(sqlite_file)
    with pytest.raises(Taken):
        open_database(sqlite_file)
    await first.close()
    await open_database(sqlite_file).close()


@pytest.mark.parametrize("kind", ["python", "sql", "sleep"])
async def test_a_job_that_hangs_is_ended_and_the_others_are_kept(sqlite_file: str, kind: str):
    def hang(session: Session) -> None:
        add_lane("lost")(session)
        if kind == "sql":
            session.connection().exec_driver_sql(
                "INSERT INTO number_series WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                "SELECT i + 1 FROM n) SELECT 'x', i, 0 FROM n LIMIT 1000000000"
            )
        while True:
            if kind == "sleep":
                time.sleep(0.01)

    database = open_database(sqlite_file)
    started = time.process_time()  # a stalled machine is not its fault
    answers = await asyncio.gather(
        database.write(add_lane("a")),
        database.write(hang),
        database.write(add_lane("b")),
        return_exceptions=True,
    )
    assert isinstance(answers[1], TooLong)
    assert time.process_time() - started < 4
    assert await database.read(lanes) == ["a", "b"]
    await database.close()


async def test_a_queue_that_took_too_long_found_the_database_too_slow(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    def slow(_session: Session) -> None:
        raise TooLong

    with pytest.raises(Unavailable, match="too slow"):
        await database.write(slow, queue=True)
    with pytest.raises(TooLong):
        await database.write(slow)


async def test_a_job_that_a_busy_machine_keeps_waiting_is_not_undone(sqlite_file: str):
    def waits(session: Session) -> None:
        add_lane("a")(session)
        time.sleep(3)

    database = open_database(sqlite_file)
    await database.write(waits)
    assert await database.read(lanes) == ["a"]
    await database.close()


async def test_sqlite_writes_with_full_durability(sqlite_file: str):
    database = open_database(sqlite_file)

    def settings(session: Session) -> list[str]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        run = session.connection().exec_driver_sql
        return [str(run(f"PRAGMA {name}").scalar()) for name in names]

    assert await database.write(settings) == ["wal", "2", "1"]
    await database.close()
