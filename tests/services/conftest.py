"""A session for tests of services, on SQLite and on a real PostgreSQL.

The PostgreSQL driver is asynchronous, so a test that asks for `session` there runs as the
service's units of work do: inside SQLAlchemy's bridge (a greenlet on an event loop).
"""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.util import greenlet_spawn
from sqlmodel import Session

from models.postgres import address
from models.sqlite import writing_engine
from services.equipment import Equipment
from services.vault import Vault

LOOP = "loop"


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """An open unit of work with a vault; nothing of it is kept."""
    info = {"equipment": Equipment(vault=Vault(Vault.new_key()))}
    if database_url.startswith("sqlite"):
        engine = writing_engine(database_url)
        with Session(engine, expire_on_commit=False, info=info) as opened:
            yield opened
        return
    yield from _on_postgres(database_url, info)


def _on_postgres(url: str, info: dict[str, Equipment]) -> Iterator[Session]:
    loop = asyncio.new_event_loop()
    engine = create_async_engine(address(url), poolclass=NullPool)
    opened = AsyncSession(
        engine, sync_session_class=Session, expire_on_commit=False, info={**info, LOOP: loop}
    )
    yield opened.sync_session  # type: ignore[misc]
    loop.run_until_complete(opened.close())
    loop.run_until_complete(engine.dispose())
    loop.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test on PostgreSQL inside the bridge; leave all others to pytest."""
    found = pyfuncitem.funcargs.get("session")
    loop = found.info.get(LOOP) if isinstance(found, Session) else None
    if loop is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    test = partial(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    loop.run_until_complete(greenlet_spawn(test))
    return True
