"""The worker's morning list: everything of theirs, the most pressing first, each a tap away."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from models import Case, Due, Person
from models.database import Database
from services.outbox import Message
from services.worklist import MOST, items, worklist
from tests.services import histories as h

HOUR = timedelta(hours=1)
MORNING = h.NOW.replace(hour=0, minute=0, second=0, microsecond=0)  # 08:00 in Shanghai


def case(number: int, owner: Person, **more: Any) -> Case:
    """One of the worker's cases, due in two days."""
    given: dict[str, Any] = {
        "district": h.DISTRICT,
        "number": f"KL8-2611-{number:03}",
        "grid": h.GRIDS[0],
        "community": h.COMMUNITY,
        "state": "taken",
        "kind": "PS01",
        "owner": owner.id,
        "owner_unit": h.GRIDS[0],
        "place_building": f"{number}号楼",
        "place_room": "502",
        "due_at": MORNING + 48 * HOUR,
        "opened_at": MORNING - 5 * HOUR,
    }
    return Case(**given | more)


async def morning(database: Database, *made: dict[str, Any]) -> tuple[Message | None, list[str]]:
    """The list of a worker who has these cases, and the order of their numbers."""

    def job(session: Session) -> tuple[Message | None, list[str]]:
        session.add_all(h.territory_rows())
        worker = h.worker_row()
        session.add(worker)
        session.flush()
        rows = [case(number, worker, **more) for number, more in enumerate(made, 1)]
        session.add_all(rows)
        session.flush()
        for row in rows:
            if row.state == "closed":
                _revisit(session, row)
        session.flush()
        order = [each.case.number[-3:] for each in items(session, worker, MORNING)]
        return worklist(session, worker, MORNING), order

    return await database.write(job)


def _revisit(session: Session, row: Case) -> None:
    key = f"case:{row.id}:revisit"
    at = MORNING + row.revisits_done * 24 * HOUR + HOUR
    session.add(Due(district=row.district, key=key, name="case.revisit", at=at, case=row.id))


async def test_the_most_pressing_stands_first(database: Database) -> None:
    _, order = await morning(
        database,
        {"state": "closed", "closed_at": MORNING - 90 * HOUR},
        {"state": "waiting"},
        {"state": "dispatched"},
        {"due_at": MORNING + 3 * HOUR},
        {"due_at": MORNING - 3 * HOUR},
        {"due_at": MORNING - 2 * HOUR, "urgency": "now"},
        {},
        {"state": "dispatched", "urgency": "now"},
    )
    assert order == ["008", "006", "005", "004", "003", "002", "001", "007"]


async def test_each_line_says_number_place_kind_and_time_left_and_has_a_button(
    database: Database,
) -> None:
    message, _ = await morning(database, {"due_at": MORNING + 3 * HOUR}, {"state": "waiting"})
    assert message is not None
    assert "KL8-2611-001" in message.text
    assert "1号楼 502" in message.text
    labels = [button.label for row in message.buttons for button in row]
    assert labels == ["KL8-2611-001", "KL8-2611-002"]


async def test_nothing_to_do_is_no_message(database: Database) -> None:
    message, order = await morning(database, {"state": "done"}, {"state": "withdrawn"})
    assert message is None
    assert order == []


async def test_a_revisit_that_is_due_another_day_is_not_listed(database: Database) -> None:
    closed = {"state": "closed", "closed_at": MORNING - 90 * HOUR}
    _, order = await morning(database, closed, closed | {"revisits_done": 1})
    assert order == ["001"]


@pytest.mark.parametrize("hidden", [{"reach": "named"}, {"kind": "PO03"}, {"kind": "LS18"}])
async def test_a_matter_for_one_named_person_is_a_number_without_words(
    database: Database, hidden: dict[str, Any]
) -> None:
    message, _ = await morning(database, {}, hidden)
    assert message is not None
    assert "2号楼" not in message.text
    assert "KL8-2611-002" not in message.text
    assert [b.label for row in message.buttons for b in row] == ["KL8-2611-001", "私密"]


async def test_a_long_list_fits_one_message_and_says_what_is_left_out(database: Database) -> None:
    message, order = await morning(database, *[{"place_landmark": "很长的地名" * 50}] * 60)
    assert message is not None
    assert len(order) == 60
    assert len(message.text) <= 4096
    assert str(60 - MOST) in message.text.splitlines()[-1]
    assert sum(len(row) for row in message.buttons) == MOST


async def test_it_says_good_morning_in_the_morning_only(database: Database) -> None:
    def job(session: Session) -> list[str]:
        session.add_all(h.territory_rows())
        worker = h.worker_row()
        session.add(worker)
        session.flush()
        session.add(case(1, worker))
        session.flush()
        made = [worklist(session, worker, MORNING + later) for later in (0 * HOUR, 9 * HOUR)]
        return [each.text for each in made if each is not None]

    early, late = await database.write(job)
    assert "早上好" in early
    assert "早上好" not in late
    assert "1" in late


async def test_a_phone_shows_each_number_whole(database: Database) -> None:
    message, _ = await morning(database, {}, {}, {})
    assert message is not None
    assert max(len(row) for row in message.buttons) == 2
