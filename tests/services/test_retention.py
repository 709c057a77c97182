"""What is kept ends after its time, a batch at a time, and its history stays whole."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from domain.policy import Policy
from domain.refused import Refused
from models import (
    Asked,
    Attachment,
    BindCode,
    Case,
    CaseEvent,
    Cause,
    Due,
    FailedTry,
    Group,
    Inbox,
    Invite,
    Outbox,
    Voice,
)
from models.database import Database
from services import retention
from services.equipment import Equipment
from tests.services import histories as h

DAY = timedelta(days=1)
POLICY = Policy()
SECRET = "我家的秘密"


def full_case(session: Session, state: str, closed_at: datetime | None, number: int = 1) -> Case:
    """A case full of personal things: words, a flat, a photo, a voice, an event."""
    reporter = uuid4()
    case = Case(
        district=h.DISTRICT,
        number=f"KL8-2611-{number:03}",
        grid=h.GRIDS[0],
        community=h.COMMUNITY,
        state=state,
        kind="PS01",
        owner_unit=h.GRIDS[0],
        text=SECRET,
        words_key=SECRET,
        place_building="3号楼",
        place_room="502",
        lat=32.0,
        lon=118.0,
        reporter=reporter,
        source_chat="77",
        due_at=h.NOW,
        opened_at=h.NOW - 300 * DAY,
        closed_at=closed_at,
    )
    session.add(case)
    session.flush()
    shared: dict[str, Any] = {"district": h.DISTRICT, "case": case.id}
    session.add(
        CaseEvent(**shared, seq=1, at=h.NOW, verb="add", after=state, personal={"text": SECRET})
    )
    session.add(
        Attachment(
            **shared,
            kind="photo",
            bot="b",
            file_id=SECRET,
            unique_id=SECRET,
            by=case.reporter,
            at=h.NOW - 299 * DAY,
        )
    )
    session.add(Voice(**shared, person=reporter, at=h.NOW))
    session.flush()
    return case


def leftovers(session: Session) -> str:
    """Everything that is stored of cases, as one text to search in."""
    tables = (Case, CaseEvent, Attachment, Voice)
    rows = [row.model_dump() for table in tables for row in session.exec(select(table))]
    return str(rows)


@pytest.mark.parametrize("state", ["closed", "withdrawn", "not_admitted"])
async def test_an_ended_case_loses_everything_personal_after_its_time(
    database: Database, state: str
) -> None:
    before = h.NOW - (POLICY.keep_closed_days + 1) * DAY

    def job(session: Session) -> tuple[int, int, str, Case]:
        case = full_case(session, state, before)
        done = retention.purge(session, h.DISTRICT, h.NOW)
        session.flush()
        again = retention.purge(session, h.DISTRICT, h.NOW)
        return done, again, leftovers(session), case

    done, again, left, case = await database.write(job)
    assert (done, again) == (1, 0)
    assert SECRET not in left
    assert (case.state, case.kind, case.number) == ("archived", "PS01", "KL8-2611-001")
    assert {case.place_building, case.place_room, case.lat, case.reporter} == {None}
    assert case.archived_at == h.NOW


async def test_archiving_appends_to_the_history(database: Database) -> None:
    def job(session: Session) -> list[str]:
        case = full_case(session, "closed", h.NOW - 200 * DAY)
        retention.archive(session, case, h.NOW)
        session.flush()
        return list(session.exec(select(CaseEvent.verb).order_by(col(CaseEvent.seq))))

    assert await database.write(job) == ["add", "archive"]


@pytest.mark.parametrize("state", ["dispatched", "done", "reopened"])
async def test_an_open_case_keeps_what_its_worker_needs(database: Database, state: str) -> None:
    def job(session: Session) -> tuple[int, str]:
        case = full_case(session, state, None)
        done = retention.purge(session, h.DISTRICT, h.NOW + 900 * DAY)
        with pytest.raises(Refused):
            retention.archive(session, case, h.NOW)
        return done, case.text

    assert await database.write(job) == (0, SECRET)


async def test_photos_may_go_before_their_case(database: Database) -> None:
    def job(session: Session) -> tuple[int, str]:
        session.info["equipment"] = Equipment(Policy(keep_photos_days=10))
        case = full_case(session, "closed", h.NOW - 11 * DAY)
        done = retention.purge(session, h.DISTRICT, h.NOW)
        session.flush()
        assert case.text == SECRET
        return done, str([a.model_dump() for a in session.exec(select(Attachment))])

    done, left = await database.write(job)
    assert done == 1
    assert SECRET not in left


async def test_a_purge_takes_no_more_than_its_batch(database: Database) -> None:
    def job(session: Session) -> list[int]:
        for number in range(5):
            full_case(session, "closed", h.NOW - 200 * DAY, number)
        done = []
        for _ in range(4):
            done.append(retention.purge_cases(session, h.DISTRICT, h.NOW, 2))
            session.flush()
        return done

    assert await database.write(job) == [2, 2, 1, 0]


async def test_updates_and_messages_go_in_their_time_but_never_what_still_waits(
    database: Database,
) -> None:
    def job(session: Session) -> tuple[int, list[int], list[str]]:
        for number, (days, state) in enumerate([(31, "done"), (31, "new"), (29, "done")]):
            at = h.NOW - days * DAY
            row = Inbox(
                bot="b", update_id=number, lane="1", received_at=at, payload={}, state=state
            )
            session.add(row)
        for chat, days, state in [
            ("old", 91, "sent"),
            ("waits", 91, "pending"),
            ("new", 89, "sent"),
        ]:
            session.add(Outbox(bot="b", chat=chat, made_at=h.NOW - days * DAY, state=state))
        session.flush()
        done = retention.purge_bot(session, "b", h.NOW)
        updates = sorted(session.exec(select(Inbox.update_id)))
        return done, updates, sorted(session.exec(select(Outbox.chat)))

    assert await database.write(job) == (2, [1, 2], ["new", "waits"])


async def test_what_somebody_took_along_does_not_lie_in_the_outbox(database: Database) -> None:
    def job(session: Session) -> tuple[int, list[bool]]:
        for state in ("sent", "pending"):
            payload = {"document": {"content": SECRET, "name": "my-data.json"}}
            session.add(Outbox(bot="b", chat="1", made_at=h.NOW, state=state, payload=payload))
        session.add(Outbox(bot="b", chat="1", made_at=h.NOW, state="sent", payload={"text": "x"}))
        session.flush()
        done = retention.purge_bot(session, "b", h.NOW + DAY)
        session.flush()
        rows = session.exec(select(Outbox).order_by(col(Outbox.state)))
        return done, [SECRET in str(row.payload) for row in rows]

    assert await database.write(job) == (1, [True, False, False])


async def test_codes_questions_and_wrong_tries_end(database: Database) -> None:
    def job(session: Session) -> tuple[int, int]:
        for days in (40, 1):
            ended = h.NOW - days * DAY
            code: dict[str, Any] = {"made_at": ended, "expires_at": ended, "district": h.DISTRICT}
            session.add(Invite(code_hash=f"i{days}", person=uuid4(), **code))
            session.add(BindCode(code_hash=f"b{days}", grid=h.GRIDS[0], **code))
            session.add(FailedTry(bot="b", platform="telegram", address="1", at=ended - DAY / 2))
        for chat, hours in (("1", -1), ("2", 1)):
            expires = h.NOW + timedelta(hours=hours)
            session.add(Asked(bot="b", chat=chat, address="1", what="x", expires_at=expires))
        session.flush()
        district = retention.purge(session, h.DISTRICT, h.NOW)
        return district, retention.purge_bot(session, "b", h.NOW)

    assert await database.write(job) == (2, 3)


async def test_the_purge_runs_every_night_and_again_at_once_while_there_is_more(
    database: Database,
) -> None:
    def job(session: Session) -> tuple[datetime, datetime, datetime]:
        session.add_all(h.territory_rows())
        group = Group(district=h.DISTRICT, grid=h.GRIDS[0], bot="b", chat="1", bound_at=h.NOW)
        session.add(group)
        full_case(session, "closed", h.NOW - 200 * DAY)
        retention.plan_purge(session, h.DISTRICT, h.NOW)
        row = session.exec(select(Due).where(Due.name == "purge")).one()
        first = row.at
        retention.fire_purge(session, row, first)
        second = row.at
        retention.fire_purge(session, row, second)
        return first, second, row.at

    first, second, third = await database.write(job)
    assert first.astimezone(h.ZONE) == datetime(2026, 11, 21, 3, 30, tzinfo=h.ZONE)
    assert second == first + retention.PAUSE
    assert third.astimezone(h.ZONE) == datetime(2026, 11, 22, 3, 30, tzinfo=h.ZONE)


async def test_a_timer_of_a_case_that_is_open_again_does_nothing(database: Database) -> None:
    def job(session: Session) -> str:
        case = full_case(session, "reopened", None)
        row = Due(district=h.DISTRICT, key="k", name="case.archive", at=h.NOW, case=case.id)
        with pytest.raises(Refused, match="moved_on"):
            retention.fire_archive(session, row, h.NOW)
        return case.text

    assert await database.write(job) == SECRET


def test_a_desks_words_for_a_cause_go_with_the_last_of_its_cases(session: Session) -> None:
    long_ago = h.NOW - 400 * DAY
    cause = Cause(district=h.DISTRICT, unit=h.COMMUNITY, name="停电", kind="LS01", made_at=long_ago)
    session.add(cause)
    case = full_case(session, "closed", h.NOW - 181 * DAY)
    case.cause = cause.id
    session.add(case)
    session.flush()
    assert retention.purge_causes(session, h.DISTRICT, h.NOW, 500) == 0
    retention.purge_cases(session, h.DISTRICT, h.NOW, 500)
    assert retention.purge_causes(session, h.DISTRICT, h.NOW, 500) == 1
    assert (cause.name, cause.words) == ("", "")
    assert retention.purge_causes(session, h.DISTRICT, h.NOW, 500) == 0
