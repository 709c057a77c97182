"""Examining costs what is wrong or due, not what exists: each question is answered by an index."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from models.sqlite import writing_engine
from services import auditing, findings, sealing, told, trouble
from services.told import DeadLetter, GivenUp
from tests.services import histories as h
from tests.services.test_sealing import a_case

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
# these hold what waits or is wrong, and nothing else: read whole they cost just that
QUEUES = ("unsealed", "lane", "chain", "finding")
# an index of some rows only may be read whole, one of all rows may not
PARTIAL = (
    "ix_case_absorbed",
    "ix_case_merged",
    "ix_case_open_words",
    "ix_case_wrong",
    "ix_due_failing",
    "ix_inbox_failed",
    "ix_inbox_new",
    "ix_outbox_card",
    "ix_outbox_dead",
    "ix_outbox_pending",
    "uq_finding_open",
)

ASKED: dict[str, Callable[[Session], Any]] = {
    "look": lambda session: auditing.look(session, NOW, NOW),
    "scan": lambda session: auditing.scan(session, ("3", "", ""), 1),
    "pairs": lambda session: auditing.pairs(session, ("3", uuid4()), 1),
    "cases": lambda session: auditing.cases(session, h.DISTRICT, ["KL8-2611-001"]),
    "given_up": lambda session: told.of_given_up(
        session, [GivenUp("1", uuid4(), "Boom", NOW)], [h.DISTRICT]
    ),
    "dead": lambda session: told.of_dead(
        session, [DeadLetter(uuid4(), h.DISTRICT, None, {trouble.TOLD: {str(uuid4()): "dead:1"}})]
    ),
    "waiting": sealing.waiting,
    "unended": findings.unended,
}


@pytest.fixture
def session(sqlite_template: Path, tmp_path: Path) -> Iterator[Session]:
    """SQLite only: on empty tables PostgreSQL's planner ignores indexes."""
    shutil.copy(sqlite_template, tmp_path / "linli.db")
    with Session(writing_engine(f"sqlite:///{tmp_path}/linli.db")) as opened:
        yield opened


@pytest.mark.parametrize("name", ASKED)
def test_no_question_reads_a_table_that_grows(session: Session, name: str):
    a_case(session, state="taken", owner=uuid4())
    connection, asked = session.connection(), []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    ASKED[name](session)
    event.remove(connection.engine, "before_cursor_execute", note)
    assert asked
    for statement, parameters in asked:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row[3] for row in plan.all()]
        assert [step for step in steps if is_dear(step)] == [], statement


def is_dear(step: str) -> bool:
    """Whether a step of SQLite's plan reads all rows of a table that grows."""
    if not step.startswith("SCAN") or step.startswith("SCAN CONSTANT ROW"):
        return False
    table = step.split()[1]
    return table not in QUEUES and not any(index in step for index in PARTIAL)


def test_a_plan_that_reads_everything_is_recognized(session: Session):
    plan = session.execute(text("EXPLAIN QUERY PLAN SELECT * FROM due WHERE trace = 'x'"))
    assert any(is_dear(row[3]) for row in plan)
