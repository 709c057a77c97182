"""A session for tests of services, on SQLite and on a real PostgreSQL (tests/units.py)."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import event
from sqlmodel import Session

from models.sqlite import writing_engine
from services.equipment import Equipment
from services.vault import Vault
from tests.conftest import BACKENDS
from tests.units import refuse

UNITS = "units"


@pytest.fixture(params=BACKENDS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """An open unit of work with a vault; nothing of it is kept."""
    info = {"equipment": Equipment(vault=Vault(Vault.new_key()))}
    if request.param == "sqlite":
        engine = writing_engine(f"sqlite:///{request.getfixturevalue('sqlite_template')}")
        event.listen(engine, "commit", refuse)
        with Session(engine, expire_on_commit=False, info=info) as opened:
            yield opened
        return
    units = request.getfixturevalue("postgres_for_units")
    with units.unit({**info, UNITS: units}) as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test on PostgreSQL inside the bridge; leave all others to pytest."""
    found = pyfuncitem.funcargs.get("session")
    units = found.info.get(UNITS) if isinstance(found, Session) else None
    if units is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    units.run(partial(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names}))
    return True
