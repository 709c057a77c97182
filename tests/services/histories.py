"""Random days of a district, written row by row, and a recount of them in plain Python."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlmodel import Session

from models import Case, CaseEvent, Division, Person

DISTRICT, STREET, COMMUNITY = "320102", "320102001", "320102001002"
GRIDS = [f"{COMMUNITY}{n:03}" for n in (1, 2, 3)] + ["320102001003001", "320102005001001"]
UNITS = [DISTRICT, STREET, COMMUNITY, *GRIDS]
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 18, 0, 0, 250_000, ZONE).astimezone(UTC)

OPEN = ("dispatched", "taken", "in_hand", "waiting", "done", "reopened")
STATES = (*OPEN, "closed", "withdrawn", "not_admitted", "merged", "archived")
KINDS = ("PS01", "EN01", "LS01", "LS04", "PO01", "PO03", "LS18")
VERBS = {
    "file": ("collected", "dispatched"),
    "not_admit": ("collected", "not_admitted"),
    "take": ("dispatched", "taken"),
    "ask": ("taken", "waiting"),
    "done": ("taken", "done"),
    "settle": ("done", "closed"),
    "silence": ("done", "closed"),
    "check": ("done", "closed"),
    "rate": ("closed", "closed"),
    "refuse": ("done", "reopened"),
    "check_failed": ("done", "reopened"),
    "revisit_again": ("closed", "reopened"),
    "withdraw": ("taken", "withdrawn"),
    "merge": ("taken", "merged"),
}


def territory_rows() -> list[Division]:
    """The district with its parts; the names are made up."""
    codes = [DISTRICT, STREET, COMMUNITY, "320102001003", "320102005", "320102005001", *GRIDS]
    level = {6: "district", 9: "street", 12: "community", 15: "grid"}
    return [
        Division(district=DISTRICT, code=code, level=level[len(code)], name=f"快乐{code[6:]}")
        for code in codes
    ]


def worker_row() -> Person:
    """王师傅, who owns the cases."""
    return Person(
        district=DISTRICT,
        name="王师傅",
        ref="W1",
        address="9001",
        bot="b",
        reachable=True,
        made_at=NOW - timedelta(days=90),
    )


def write(session: Session, seed: int, cases: int = 60) -> tuple[list[Case], list[CaseEvent]]:
    """A district with random cases and events around TODAY; returns what was written."""
    chance = random.Random(seed)
    session.add_all(territory_rows())
    owner = worker_row()
    session.add(owner)
    session.flush()
    made = [_case(chance, number, owner.id) for number in range(cases)]
    session.add_all(made)
    session.flush()
    events = [event for case in made for event in _events(chance, case)]
    session.add_all(events)
    session.flush()
    return made, events


def _case(chance: random.Random, number: int, owner: UUID) -> Case:
    opened = NOW - timedelta(minutes=chance.randrange(0, 4 * 1440))
    due = NOW + timedelta(minutes=chance.choice((-500, -1, 0, 30, 300, 9000)))
    kind = chance.choice(KINDS)
    return Case(
        district=DISTRICT,
        number=f"KL8-2611-{number:03}",
        grid=(grid := chance.choice(GRIDS)),
        community=grid[:12],
        state=chance.choice(STATES),
        kind=kind,
        reach=chance.choice(("owner", "owner", "owner", "named")),
        urgency=chance.choice(("now", "soon", "normal")),
        owner=owner if chance.random() < 0.8 else None,
        owner_unit=grid,
        place_building="3号楼",
        due_at=due,
        warn_at=chance.choice((None, due - timedelta(minutes=60))),
        opened_at=opened,
    )


def _events(chance: random.Random, case: Case) -> list[CaseEvent]:
    """A few things that happened, some at the very edges of a day."""
    edges = [
        datetime(2026, 11, 20, 0, 0, tzinfo=ZONE),
        datetime(2026, 11, 19, 23, 59, 59, 999_999, ZONE),
        datetime(2026, 11, 19, 18, 0, 0, 500_000, ZONE),
        datetime(2026, 11, 19, 18, 0, 1, 0, ZONE),
        NOW,
        NOW - timedelta(days=1),
    ]
    made = []
    for seq in range(chance.randrange(1, 7)):
        verb = chance.choice(tuple(VERBS))
        before, after = VERBS[verb]
        random_at = NOW - timedelta(minutes=chance.randrange(0, 3 * 1440))
        at = chance.choice([*edges, random_at, random_at, random_at])
        made.append(
            CaseEvent(
                id=uuid4(),
                district=DISTRICT,
                case=case.id,
                seq=seq + 1,
                at=at,
                verb=verb,
                before=before,
                after=after,
            )
        )
    return made


WHAT = {
    "opened": {"file"},
    "taken": {"take"},
    "handled": {"done"},
    "confirmed": {"settle"},
    "unconfirmed": {"silence"},
    "closed": {"settle", "silence", "check"},
    "reopened": {"refuse", "check_failed", "revisit_again"},
    "withdrawn": {"withdraw"},
    "not_admitted": {"not_admit"},
    "merged": {"merge"},
}


def hidden(case: Case) -> bool:
    """A matter for one named person."""
    return case.reach == "named" or case.kind in ("PO03", "LS18")


def happened(
    cases: list[Case], events: list[CaseEvent], unit: str, on: date, until: datetime, what: str
) -> set[UUID]:
    """The listed cases of a unit to which `what` happened on a local day before `until`."""
    listed = {case.id for case in cases if case.grid.startswith(unit) and not hidden(case)}
    return {
        event.case
        for event in events
        if event.verb in WHAT[what]
        and event.case in listed
        and event.at.astimezone(ZONE).date() == on
        and event.at < until
    }


def stock(case: Case, now: datetime) -> str | None:
    """Where an open case stands, written out; None for an ended one."""
    if case.state not in OPEN:
        return None
    if case.state == "done":
        return "awaiting"
    if case.due_at <= now:
        return "overdue"
    if case.urgency == "now" and case.state in ("dispatched", "reopened"):
        return "danger"
    if case.warn_at is not None and case.warn_at <= now:
        return "due_soon"
    return "in_time"
