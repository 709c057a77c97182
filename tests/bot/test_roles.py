"""Two roles on PostgreSQL: one changes tables, the other one serves and can't."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from bot.assembly import assemble
from bot.clock import Clock
from bot.config import Settings, load
from models import Audit, CaseEvent, partitions
from models.database import Database, open_database
from models.migrate import migrate
from models.roles import NoSuchRole
from services import retention
from services.equipment import Equipment
from services.vault import Vault
from tests.bot import toy
from tests.bot.conftest import Town, until
from tests.conftest import BACKENDS, WITH_POSTGRES, _admin
from tests.people import DISTRICT, Street, peopled

pytestmark = pytest.mark.skipif(not WITH_POSTGRES, reason="needs PostgreSQL")
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
async def app_url(postgres: str) -> AsyncIterator[str]:
    """A database made by its owner, as the service's role reaches it."""
    name = f"roles_{uuid4().hex[:8]}"
    owner, app = f"{name}_owner", f"{name}_app"
    roles = [f"CREATE ROLE {role} LOGIN" for role in (owner, app)]
    await _admin(postgres, *roles, f"CREATE DATABASE {name} OWNER {owner}")
    url = make_url(postgres).set(database=name)
    await migrate(_of(url, owner), app)
    yield _of(url, app)
    await _admin(
        postgres,
        f"DROP DATABASE {name} WITH (FORCE)",
        f"DROP ROLE {owner}",
        f"DROP ROLE {app}",
    )


def _of(url, role: str) -> str:
    return url.set(username=role).render_as_string(hide_password=False)


@pytest.fixture
async def database(app_url: str) -> AsyncIterator[Database]:
    opened = open_database(app_url, Equipment(vault=Vault(Vault.new_key())))
    yield opened
    await opened.close()


async def test_the_services_role_serves(town: Town, app_url: str, tmp_path):
    settings: Settings = load(
        telegram={"token": town.bot["token"], "base_url": f"{town.url}/bot", "limits": False},
        database={"url": app_url},
        web={"port": 0},
        files={"folder": tmp_path},
    )
    async with assemble(settings, clock=Clock(), doors=toy.DOORS):
        li = await town.person("Li")
        await town.say(li, li, "hello")
        await until(lambda: _heard(town, li))


async def _heard(town: Town, chat: int) -> bool:
    return "heard hello" in await town.texts(chat)


async def test_the_services_role_files_a_case_and_erases_it_again(database: Database):
    def file(session: Session) -> None:
        street: Street = peopled(session, NOW)
        street.say("王阿姨", "8号楼路灯坏了，晚上看不清路")
        case = street.case()
        retention.erase_case(session, case, NOW)
        assert session.exec(select(CaseEvent.personal)).first() is not None
        retention.purge(session, DISTRICT, NOW)
        retention.purge_bot(session, "777", NOW)

    await database.write(file)
    assert await database.write(lambda session: partitions.turn(session, 30, 90), queue=True) == 0


FORBIDDEN = (
    "CREATE TABLE mine (id integer)",
    "ALTER TABLE inbox ADD COLUMN mine integer",
    "DROP TABLE audit",
    "TRUNCATE case_event",
    "DROP TRIGGER audit_kept ON audit",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "UPDATE audit SET act = 'nothing'",
    "UPDATE case_event SET verb = 'nothing'",
    "UPDATE case_event SET facts = '{}'",
    "UPDATE seal SET hash = ''",
    "DELETE FROM seal",
    "DELETE FROM audit",
    "UPDATE alembic_version SET version_num = '0'",
    "SELECT linli_drop_periods('inbox', 10, 'false', 0, now())",
    "DROP FUNCTION linli_turn_periods",
    "SET session_replication_role = replica",
)


async def test_the_services_role_can_change_neither_tables_nor_history(database: Database):
    audit = Audit(district=DISTRICT, at=NOW, act="looked")
    await database.write(lambda session: session.add(audit))

    async def tried(statement: str) -> str:
        with pytest.raises(DBAPIError) as refused:
            await database.write(lambda session: session.execute(text(statement)))
        return str(refused.value.orig)

    answers = await asyncio.gather(*(tried(each) for each in FORBIDDEN))
    for statement, answer in zip(FORBIDDEN, answers, strict=True):
        assert any(
            word in answer for word in ("permission denied", "must be owner", "append-only")
        ), (statement, answer)


@pytest.mark.parametrize("database_url", BACKENDS[1:], indirect=True)
async def test_a_role_that_is_not_there_is_named(database_url: str):
    with pytest.raises(NoSuchRole, match="nobody_here"):
        await migrate(database_url, "nobody_here")
