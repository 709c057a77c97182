"""A district's own days and hours: what a list changes, what it refuses, and what never moves."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from domain.worktime import add_work
from models import CalendarDay, WorkShift
from services import duty
from tests.people import DISTRICT as EAST
from tests.people import peopled
from tests.services.lists import DISTRICT, bring, codes, settle

DAYS = """district,date,work,name
320116,2026-11-23,off,区运动会
320116,2026-11-28,on,补运动会
320116,2027-02-08,holiday,春节
320116,2027-02-14,makeup,春节调休"""
HOURS = """district,opens,closes
320116,9:00,13:00
320116,15:00,19:30"""


def deadline(
    session: Session, start: str, amount: int, unit: str = "work_days"
) -> tuple[str, bool]:
    """As a clerk there reads it, and whether it is provisional."""
    calendar = duty.calendar(session, DISTRICT)
    zone = ZoneInfo(calendar.zone)
    found = add_work(calendar, datetime.fromisoformat(start).replace(tzinfo=zone), amount, unit)  # type: ignore[arg-type]
    return f"{found.at.astimezone(zone):%Y-%m-%d %H:%M}", found.provisional


def test_the_districts_own_days_count_at_once_and_only_there(session: Session) -> None:
    settle(session)
    before = deadline(session, "2026-11-20 10:00", 1)
    assert bring(session, "days", DAYS).added == 4
    assert before == ("2026-11-23 10:00", False)
    assert deadline(session, "2026-11-20 10:00", 1) == ("2026-11-24 10:00", False)
    assert deadline(session, "2026-11-27 10:00", 1) == ("2026-11-28 10:00", False)  # a Saturday
    assert not duty.calendar(session, "320117").days_off


def test_an_announced_year_is_no_longer_provisional(session: Session) -> None:
    settle(session)
    assert deadline(session, "2027-02-05 10:00", 1) == ("2027-02-08 10:00", True)
    bring(session, "days", DAYS)
    assert deadline(session, "2027-02-05 10:00", 1) == ("2027-02-09 10:00", False)
    assert deadline(session, "2027-02-12 17:00", 2, "work_hours") == ("2027-02-14 09:00", False)


def test_the_districts_own_hours_take_the_place_of_the_usual_ones(session: Session) -> None:
    settle(session)
    assert bring(session, "hours", HOURS).added == 2
    assert deadline(session, "2026-11-20 18:30", 2, "work_hours") == ("2026-11-23 10:00", False)
    assert bring(session, "hours", HOURS).unchanged == 2
    fewer = bring(session, "hours", "district,opens,closes\n320116,09:00,14:00")
    assert (fewer.changed, fewer.ended) == (1, 1)
    assert deadline(session, "2026-11-20 13:00", 2, "work_hours") == ("2026-11-23 10:00", False)


def test_hours_that_end_at_midnight_end_with_the_day(session: Session) -> None:
    settle(session)
    bring(session, "hours", "district,opens,closes\n320116,16:00,24:00")
    assert deadline(session, "2026-11-20 16:00", 8, "work_hours") == ("2026-11-21 00:00", False)


def test_a_year_in_the_file_is_the_whole_year_and_others_are_left_alone(session: Session) -> None:
    settle(session)
    bring(session, "days", DAYS)
    outcome = bring(session, "days", "district,date,work,name\n320116,2026-11-23,off,区运动会")
    assert (outcome.unchanged, outcome.ended) == (1, 1)
    left = {row.day for row in session.exec(select(CalendarDay))}
    assert left == {date(2026, 11, 23), date(2027, 2, 8), date(2027, 2, 14)}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("320116,2026-02-30,off,运动会", (3, "date", "not_a_day")),
        ("320116,下周一,off,运动会", (3, "date", "not_a_day")),
        ("320116,2062-11-23,off,运动会", (3, "date", "day_too_far")),
        ("320116,2026-11-23,on,运动会", (3, "date", "off_and_on")),
        ("320116,2026-11-23,off,运动会", (3, "date", "doubled")),
        ("320116,2026-11-24,maybe,运动会", (3, "work", "not_a_choice")),
        ("320116,2026-11-24,off,", (3, "name", "missing")),
        ("320117,2026-11-24,off,运动会", (3, "district", "unknown_unit")),
        ("320116001,2026-11-24,off,运动会", (3, "district", "unknown_unit")),
    ],
)
def test_one_wrong_day_and_nothing_of_the_file_comes_in(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    text = "district,date,work,name\n320116,2026-11-23,off,区运动会\n" + row
    assert codes(bring(session, "days", text)) == [problem]
    assert session.exec(select(CalendarDay)).all() == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("320116,11:00,15:00", (3, "opens", "hours_overlap")),
        ("320116,12:00,15:00", (3, "opens", "hours_overlap")),
        ("320116,18:00,14:00", (3, "opens", "hours_overlap")),
        ("320116,08:00,09:00", (3, "opens", "doubled")),
        ("320116,25:00,26:00", (3, "opens", "not_a_clock")),
        ("320116,早上,中午", (3, "opens", "not_a_clock")),
    ],
)
def test_hours_that_make_no_day_are_refused_whole(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    text = "district,opens,closes\n320116,08:00,12:00\n" + row
    assert codes(bring(session, "hours", text))[0] == problem
    assert session.exec(select(WorkShift)).all() == []


def test_a_new_calendar_never_moves_an_old_deadline(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    promised = street.case().due_at
    week = [f"{EAST},{street.now.date() + timedelta(n)},off,停工" for n in range(1, 8)]
    assert not bring(session, "days", "\n".join(["district,date,work,name", *week])).failed
    assert street.case().due_at == promised
    street.say("王阿姨", "5号楼1单元楼道灯坏了", command="report")
    assert street.case().due_at > promised + timedelta(days=5)
