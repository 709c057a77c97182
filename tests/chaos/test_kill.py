"""A handful of kills in every test run; `make chaos` has a hundred."""

import pytest

from tests.chaos.kill import kills, told

KILLS = 4


@pytest.mark.timeout(300)
async def test_kill_9_loses_nothing_and_doubles_nothing_on_a_file():
    made = await kills("sqlite-polling", KILLS, seed=1)
    assert made.broken == [], told("sqlite-polling", 1, made)


@pytest.mark.timeout(300)
async def test_kill_9_of_either_replica_loses_nothing_and_doubles_nothing(postgres: str):
    made = await kills("postgresql-webhook", KILLS, seed=1, server=postgres)
    assert made.broken == [], told("postgresql-webhook", 1, made)
