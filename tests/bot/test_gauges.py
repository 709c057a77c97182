"""What /metrics and /ready show of a running service, over real HTTP."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import Session

from bot import gauges
from bot.assembly import Service, assemble
from bot.clock import Clock
from bot.config import Settings
from models import Due, Inbox, Outbox
from tests.bot import toy


async def numbers(address: str) -> dict[str, float]:
    """Every series with its value; labels as in name{label="value"}."""
    async with aiohttp.ClientSession() as http, http.get(f"{address}/metrics") as answer:
        text = await answer.text()
    return {
        sample.name + "".join(f"{{{k}={v}}}" for k, v in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
async def service(settings: Settings, tmp_path: Path):
    settings.backup.folder = tmp_path / "backups"
    settings.backup.folder.mkdir()
    async with assemble(settings, clock=Clock(), doors=toy.DOORS) as running:
        yield running


def add_trouble(service: Service):
    """Rows that nobody takes: of another bot, in a chat that isn't in line."""
    now = service.clock.now()

    def job(session: Session) -> None:
        old, later = now - timedelta(minutes=10), now + timedelta(hours=1)
        session.add_all(
            [
                Inbox(bot="x", update_id=1, lane="1", received_at=old, payload={}),
                Inbox(bot="x", update_id=2, lane="1", received_at=old, payload={}, state="failed"),
                Outbox(bot="x", chat="1", priority=1, made_at=old),
                Outbox(bot="x", chat="1", priority=1, made_at=old, not_before=later),
                Outbox(bot="x", chat="1", made_at=old, state="dead"),
                Due(district="1", key="k", name="n", at=later),
            ]
        )

    return job


async def test_what_waits_is_shown_with_its_age(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gauges, "FRESH_SECONDS", 0.0)
    quiet = await numbers(service.address)
    assert quiet["linli_inbox_waiting"] == 0
    assert quiet["linli_outbox_oldest_seconds{priority=answer}"] == 0
    await service.database.write(add_trouble(service))
    seen = await numbers(service.address)
    assert seen["linli_inbox_waiting"] == 1
    assert 590 < seen["linli_inbox_oldest_seconds"] < 700
    assert seen["linli_inbox_failed"] == 1
    assert seen["linli_outbox_waiting{priority=answer}"] == 1
    assert 590 < seen["linli_outbox_oldest_seconds{priority=answer}"] < 700
    assert (seen["linli_outbox_held"], seen["linli_outbox_dead"]) == (1, 1)
    assert seen["linli_due_waiting"] == 0


async def test_the_house_is_shown_too(service: Service):
    folder = service.settings.backup.folder
    assert folder is not None
    made = folder / "linli-20261120T000000Z.tar.gz.age"
    made.touch()
    os.utime(made, (made.stat().st_mtime - 7200,) * 2)
    seen = await numbers(service.address)
    assert seen["linli_database_bytes"] > 100_000
    assert seen["linli_disk_free_bytes{what=files}"] > 0
    assert 7100 < seen["linli_backup_age_seconds"] < 7400
    assert seen["linli_ready{part=database}"] == 1
    assert seen["linli_commit_seconds_count"] > 0
    assert [name for name in seen if name.startswith("linli_build_info")]


async def test_it_is_not_ready_while_it_stops(settings: Settings):
    running = assemble(settings, clock=Clock(), doors=toy.DOORS)
    service = await running.__aenter__()
    assert all((await service.ready()).values())
    stopping = asyncio.create_task(running.__aexit__(None, None, None))
    await asyncio.sleep(0)
    assert (await service.ready())["serving"] is False
    await stopping
