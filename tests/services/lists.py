"""Lists as an office would hand them over: a small district and its people."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from models import Group, Person
from services import binding, people
from services.imports import Outcome, import_rows
from services.outbox import Address

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # Friday 10:00 in Nanjing
LATER = NOW + timedelta(minutes=5)
DISTRICT = "320116"
STREET = "320116001"
COMMUNITY = "320116001001"
GRID = "320116001001001"
MALL = "320116001001002"
BOT = "linli"

DIVISIONS = """code,parent,level,name
320116,,district,六合区
320116001,320116,street,大厂街道
320116001001,320116001,community,化建社区居委会
320116001002,320116001,community,晓山社区居委会"""
GRIDS = """code,parent,name,kind,short,lon,lat
320116001001001,320116001001,快乐苑网格,comprehensive,KL,118.75,32.21
320116001001002,320116001001,广场网格,exclusive,GC,118.76,32.22"""
PEOPLE = """id,name,role,unit,skills,lang
w1,甲一,worker,320116001001001,,zh-Hans
w2,乙二,worker,320116001001001,,
l1,丙三,leader,320116001001,,
s1,丁四,supervisor,320116001001,named,
s2,戊五,supervisor,320116001,,
d1,己六,department,320116:utility_gas,,
a1,庚七,admin,320116,,en"""


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a small table without quotes."""
    header, *lines = text.splitlines()
    names = header.split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]


def bring(session: Session, sheet: str, text: str) -> Outcome:
    """Import a small table."""
    return import_rows(session, sheet, rows(text), NOW)


def settle(session: Session) -> None:
    """The whole small district."""
    for sheet, text in (("divisions", DIVISIONS), ("grids", GRIDS), ("people", PEOPLE)):
        outcome = bring(session, sheet, text)
        assert not outcome.failed, outcome.problems


def who(session: Session, ref: str) -> Person:
    """Somebody of the list."""
    return people.person_by_ref(session, DISTRICT, ref)


def account(user: str) -> Address:
    """Somebody's own chat with the bot."""
    return Address(BOT, user)


def bound(session: Session, chat: str = "-1", place: str = "快乐8号楼") -> Group:
    """A group bound to the first grid."""
    code = binding.make_code(session, who(session, "a1"), GRID, place, NOW)
    group = binding.bind(
        session, Address(BOT, chat), "邻居群", code, account("77"), NOW, group_admin=True
    )
    assert isinstance(group, Group)
    return group


def codes(outcome: Outcome) -> list[tuple[int, str, str]]:
    """What is wrong: row, column, code."""
    return [(each.row, each.column, each.code) for each in outcome.problems]


def everyone(session: Session) -> Iterable[Person]:
    """Every person of the district."""
    return session.exec(select(Person).where(Person.district == DISTRICT)).all()
