"""Halts (429) and clocks that are set back."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from models import outgoing
from models.database import Database

WALL = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


async def test_a_halt_noted_by_a_clock_that_was_set_back_holds_nobody(database: Database):
    def job(session: Session) -> tuple[object, object, object]:
        outgoing.halt(session, "7", outgoing.WHOLE_BOT, WALL + timedelta(seconds=30))
        before = outgoing.halted_until(session, "7", WALL)
        back = WALL - timedelta(hours=1)
        after = outgoing.halted_until(session, "7", back)
        outgoing.halt(session, "7", outgoing.WHOLE_BOT, back + timedelta(seconds=30))
        return before, after, outgoing.halted_until(session, "7", back)

    before, after, again = await database.write(job)
    assert before == WALL + timedelta(seconds=30)
    assert after is None
    assert again == WALL - timedelta(hours=1) + timedelta(seconds=30)
