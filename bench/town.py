"""A district to measure in: 200 grids, each with a group, a worker who can be reached and is on
duty at every hour, leaders and desks. Its lists come in as `linli import` brings them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bench.standin import BOT
from domain.policy import Policy
from models import Group, Person
from models.database import open_database
from services.equipment import Equipment
from services.imports import import_rows
from services.vault import Vault

DISTRICT = "320116"
STREET = f"{DISTRICT}001"
COMMUNITIES = 20
PER_COMMUNITY = 10
GROUPS = COMMUNITIES * PER_COMMUNITY
FIRST_STAFF = 1_000
DUTY_DAYS = 7  # either side of now

Rows = list[dict[str, str]]


def chat_of(number: int) -> int:
    """The chat of a group by its number from 0."""
    return -1_001_000_000_000 - number


def community_of(number: int) -> str:
    """The community of a grid by its number."""
    return f"{STREET}{1 + number // PER_COMMUNITY:03d}"


def grid_of(number: int) -> str:
    """The code of a grid by its number."""
    return f"{community_of(number)}{1 + number % PER_COMMUNITY:03d}"


def lists(now: datetime) -> dict[str, Rows]:
    """The sheets in their order of dependence."""
    start, end = now - timedelta(days=DUTY_DAYS), now + timedelta(days=DUTY_DAYS)
    grids = range(GROUPS)
    duty = [
        {"person": f"w{n}", "unit": grid_of(n), "from": start.isoformat(), "to": end.isoformat()}
        for n in grids
    ]
    return {"divisions": _divisions(), "grids": _grids(), "people": _people(), "duty": duty}


def _divisions() -> Rows:
    rows = [
        _division(DISTRICT, "", "district", "六合区"),
        _division(STREET, DISTRICT, "street", "大厂街道"),
    ]
    communities = dict.fromkeys(community_of(n) for n in range(GROUPS))
    return rows + [
        _division(code, STREET, "community", f"第{code[-3:]}社区居委会") for code in communities
    ]


def _division(code: str, parent: str, level: str, name: str) -> dict[str, str]:
    return {"code": code, "parent": parent, "level": level, "name": name}


def _grids() -> Rows:
    return [
        {
            "code": grid_of(n),
            "parent": community_of(n),
            "name": f"第{n + 1}网格",
            "kind": "comprehensive",
            "short": f"B{n:03d}",
            "lon": f"{118.70 + n % 20 / 100:.2f}",
            "lat": f"{32.20 + n // 20 / 100:.2f}",
        }
        for n in range(GROUPS)
    ]


def _people() -> Rows:
    rows = [_person(f"w{n}", f"网格员{n}", "worker", grid_of(n)) for n in range(GROUPS)]
    for n in range(0, GROUPS, PER_COMMUNITY):
        rows.append(_person(f"l{n}", f"网格长{n}", "leader", community_of(n)))
        rows.append(_person(f"s{n}", f"社区{n}", "supervisor", community_of(n)))
    rows.append(_person("d", "区指挥中心", "supervisor", DISTRICT))
    return [*rows, _person("a", "管理员", "admin", DISTRICT)]


def _person(key: str, name: str, role: str, unit: str) -> dict[str, str]:
    return {"id": key, "name": name, "role": role, "unit": unit, "skills": "", "lang": "zh-Hans"}


async def settle(url: str, key: str, now: datetime) -> None:
    """Fill a migrated database. `key`: of the vault."""
    database = open_database(url, Equipment(policy=Policy(), vault=Vault(key)))
    try:
        for sheet, rows in lists(now).items():
            await database.write(_bringing(sheet, rows, now))
        await database.write(_enrol)
        await database.write(lambda session: _bind(session, now))
    finally:
        await database.close()


def _bringing(sheet: str, rows: Rows, now: datetime) -> Callable[[Session], None]:
    def job(session: Session) -> None:
        outcome = import_rows(session, sheet, rows, now)
        if outcome.failed:
            raise ValueError(f"{sheet}: {outcome.problems[0]}")

    return job


def _enrol(session: Session) -> None:
    """Everybody of the list has opened their link."""
    staff: Any = session.exec(select(Person).order_by(col(Person.id)))
    for number, person in enumerate(staff):
        person.bot, person.address, person.reachable = str(BOT), str(FIRST_STAFF + number), True
        session.add(person)


def _bind(session: Session, now: datetime) -> None:
    session.add_all(
        Group(
            district=DISTRICT,
            grid=grid_of(n),
            bot=str(BOT),
            chat=str(chat_of(n)),
            title=f"{n}号群",
            place=f"{n}号楼",
            bound_at=now,
        )
        for n in range(GROUPS)
    )
