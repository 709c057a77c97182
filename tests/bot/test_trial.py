"""The trial resident's report goes the whole way, touches nobody, and is missed if it doesn't."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlmodel import Session, func, select

from bot.assembly import Service, assemble
from bot.config import Settings
from bot.trial import STEPS
from models import Case, CaseEvent, Inbox, Outbox, Unsealed
from models.database import Database
from models.territory import TRIAL_DISTRICT
from services import auditing, territory, trial
from services.auditing import Found
from services.daily import begin
from services.equipment import Equipment
from services.vault import Vault
from tests.bot.conftest import Town
from tests.people import DISTRICT, peopled

HOUR = timedelta(hours=1)


@pytest.fixture
def trying(settings: Settings) -> Settings:
    """The settings with the trial resident switched on, and no heart."""
    return settings.model_copy(update={"trial": settings.trial.model_copy(update={"on": True})})


def counted(table: Any, *where: Any) -> Any:
    query = select(func.count()).select_from(table).where(*where)
    return lambda session: session.exec(query).one()


def took(step: str) -> float:
    return REGISTRY.get_sample_value("linli_trial_seconds_count", {"step": step}) or 0.0


async def tried(service: Service) -> str | None:
    assert service.oversight.trial is not None
    await service.oversight.trial.work()
    return service.oversight.trial.late


async def test_a_report_is_filed_and_closed_by_the_real_handlers(town: Town, trying: Settings):
    before = took("closed")
    async with assemble(trying) as service:
        for _ in range(2):
            assert await tried(service) is None
        cases = await service.database.read(lambda session: session.exec(select(Case)).all())
        assert await service.settle()
        found = await service.oversight.auditor.look()
    assert [(each.district, each.state, each.closing) for each in cases] == [
        (TRIAL_DISTRICT, "closed", "settled")
    ] * 2
    assert {each.number.partition("-")[0] for each in cases} == {"00000"}
    assert took("closed") == before + 2
    assert all(took(step) for step, _, _ in STEPS)
    # nothing of it has left the house, and nothing is wrong
    assert not [call for call in await town.calls() if "chat_id" in call["params"]]
    assert found == []


async def test_it_is_seen_by_nobody_and_deleted_after_an_hour(trying: Settings):
    async with assemble(trying) as service:
        await tried(service)
        await service.settle()
        assert await service.database.read(counted(Unsealed)) == 0  # its history isn't chained
        assert await service.database.read(territory.only_district) is None
        now = service.clock.now() + 1.5 * HOUR
        assert await service.database.write(lambda s: trial.tidy(s, service.me.bot, now)) == 1
        for table in (Case, CaseEvent, Outbox, Inbox):
            assert await service.database.read(counted(table)) == 0, table.__name__


async def test_a_step_that_is_late_is_named_and_stops_the_heart(trying: Settings):
    short = trying.trial.model_copy(update={"within_seconds": 3.0})
    async with assemble(trying.model_copy(update={"trial": short})) as service:
        deliverer = next(each for each in service._tasks if each.get_name() == "Deliver.run")
        deliverer.cancel()
        await asyncio.wait({deliverer})
        late = await tried(service)
        assert late == "shown"
        assert await service.oversight.auditor.look() == [Found("trial_slow", "", "shown")]


def street(session: Session) -> None:
    session.info["equipment"] = Equipment(vault=Vault(Vault.new_key()))
    peopled(session)
    trial.prepare(session, "777", datetime.now(UTC))
    trial.prepare(session, "777", datetime.now(UTC))  # again, as after a restart
    begin(session, datetime.now(UTC))


async def test_the_trial_district_is_no_district_of_the_deployments(database: Database):
    await database.write(street)

    def look(session: Session) -> None:
        assert territory.only_district(session) == DISTRICT
        assert auditing.district_of(session, "777") == DISTRICT
        assert len(territory.grids(session, DISTRICT, DISTRICT, datetime.now(UTC))) == 2

    await database.read(look)


@pytest.mark.parametrize("address", [201, "-1008", 2**52 - 1, "", "@name", None])
def test_an_address_that_somebody_may_have_is_never_the_trial_residents(address: Any):
    assert not trial.is_trial(address)
    assert all(trial.is_trial(each) for each in (*trial.RESIDENTS, trial.WORKER, trial.GROUP))
