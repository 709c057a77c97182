"""People, duty and contact sheets: what a list changes, and what it leaves alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from models import Audit, Contact, Person, Role, Shift, Unit
from services import contacts, enrolment, people
from services.access import roles_of
from services.equipment import Equipment
from services.imports import LISTS, import_rows, load_list, town_groups, weekly
from services.territory import grid, zone
from tests.services.lists import (
    COMMUNITY,
    DISTRICT,
    GRID,
    LATER,
    NOW,
    PEOPLE,
    account,
    bring,
    codes,
    everyone,
    rows,
    settle,
    who,
)

DUTY = """person,unit,from,to
w1,320116001001001,2026-11-20 08:00,2026-11-20 18:00
w1,320116001001001,2026-11-20T10:00+00:00,2026/11/20 22:00"""
CONTACTS = """unit,order,name,phone,for
320116001001001,1,物业,000-0000-0001,property_manager
320116001001,1,社区,000-0000-0002,
320116,1,燃气,000-0000-0003,utility_gas;PS01"""


def test_a_list_imported_twice_changes_nothing(session: Session) -> None:
    settle(session)
    again = bring(session, "people", PEOPLE)
    assert (again.added, again.changed, again.ended, again.unchanged) == (0, 0, 0, 7)


def test_a_person_with_two_rows_has_two_roles(session: Session) -> None:
    settle(session)
    bring(session, "people", PEOPLE + "\nw1,甲一,leader,320116001001,,")
    held = {(each.role, each.unit) for each in roles_of(session, who(session, "w1"))}
    assert held == {("worker", GRID), ("leader", COMMUNITY)}


def test_who_is_not_in_the_file_is_left_alone(session: Session) -> None:
    settle(session)
    outcome = bring(session, "people", "id,name,role,unit\nw1,甲一新,worker,320116001001001")
    assert (outcome.changed, outcome.ended) == (1, 0)
    assert who(session, "w1").name == "甲一新"
    assert all(roles_of(session, each) for each in everyone(session))


def test_a_role_that_the_file_no_longer_gives_ends_and_leaves_a_trace(session: Session) -> None:
    settle(session)
    code = enrolment.invite(session, None, DISTRICT, who(session, "w1").id, NOW)
    outcome = bring(session, "people", "id,name,role,unit\nw1,甲一,,320116001001001")
    assert outcome.ended == 1
    assert roles_of(session, who(session, "w1")) == ()
    row = session.exec(select(Role).where(Role.person == who(session, "w1").id)).one()
    assert row.revoked_at == NOW
    trace = session.exec(select(Audit).where(Audit.act == "role_ended")).one()
    assert trace.facts["role"] == "worker"
    refused = enrolment.enrol(session, code, account("5"), LATER)
    assert getattr(refused, "code", None) == "code_unknown"


def test_a_language_that_the_person_chose_stays(session: Session) -> None:
    settle(session)
    people.set_language(session, who(session, "a1"), "zh-Hant")
    bring(session, "people", PEOPLE)
    assert who(session, "a1").language == "zh-Hant"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("x,,worker,320116001001001,,", (2, "name", "missing")),
        ("x,天,boss,320116001001001,,", (2, "role", "not_a_choice")),
        ("x,天,worker,320116001009009,,", (2, "unit", "unknown_unit")),
        ("x,天,worker,3201,,", (2, "unit", "not_a_unit")),
        ("x,天,worker,320116:utility_gas,,", (2, "unit", "a_department")),
        ("x,天,department,320116,,", (2, "unit", "not_a_department")),
        ("x,天,worker,320116001001001,,fr", (2, "lang", "not_a_choice")),
    ],
)
def test_a_person_who_cannot_be_placed_is_refused(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    outcome = bring(session, "people", "id,name,role,unit,skills,lang\n" + row)
    assert codes(outcome) == [problem]
    assert len(list(everyone(session))) == 7


def test_one_id_is_one_person(session: Session) -> None:
    settle(session)
    two = "id,name,role,unit\nx,天,worker,320116001001001\nx,地,leader,320116001001"
    assert codes(bring(session, "people", two)) == [(3, "name", "two_names")]
    same = "id,name,role,unit\nx,天,worker,320116001001001\nx,天,worker,320116001001001"
    assert codes(bring(session, "people", same)) == [(3, "id", "doubled")]


def test_a_time_without_offset_is_the_territory_s(session: Session) -> None:
    settle(session)
    head = "code,parent,level,name,zone\n"
    bring(session, "divisions", head + "320116,,district,六合区,Asia/Urumqi")
    bring(session, "duty", DUTY.splitlines()[0] + "\n" + DUTY.splitlines()[1])
    shift = session.exec(select(Shift)).one()
    assert shift.start == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert zone(session, DISTRICT).utcoffset(NOW.replace(tzinfo=None)) == timedelta(hours=6)


def test_duty_is_added_corrected_and_otherwise_left(session: Session) -> None:
    settle(session)
    assert bring(session, "duty", DUTY).added == 2
    again = bring(session, "duty", DUTY.replace("22:00", "23:00"))
    assert (again.added, again.changed, again.unchanged) == (0, 1, 1)


HEAD = "person,unit,from,to\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("w1,320116001001001,2026-11-20 08:00,2026-11-20 08:00", (2, "to", "not_after")),
        ("w1,320116001001001,2026-11-20 22:00,2026-11-20 06:00", (2, "to", "not_after")),
        ("w9,320116001001001,2026-11-20 08:00,2026-11-20 09:00", (2, "person", "unknown_person")),
        ("w1,320116001001009,2026-11-20 08:00,2026-11-20 09:00", (2, "unit", "unknown_unit")),
        ("w1,320116001001001,at eight,2026-11-20 09:00", (2, "from", "not_a_time")),
        ("w1,320116001001001,,2026-11-20 09:00", (2, "from", "missing")),
        ("w1,320116001001001,2026-11-20 17:00,2026-11-20 19:00", (2, "from", "overlaps")),
    ],
)
def test_duty_that_cannot_be_is_refused(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    bring(session, "duty", "\n".join(DUTY.splitlines()[:2]))
    assert codes(bring(session, "duty", HEAD + row)) == [problem]
    assert len(session.exec(select(Shift)).all()) == 1


def test_nobody_is_twice_on_duty_in_one_unit(session: Session) -> None:
    settle(session)
    twice = """w1,320116001001001,2026-11-20 08:00,2026-11-20 12:00
w1,320116001001001,2026-11-20 11:00,2026-11-20 13:00"""
    assert codes(bring(session, "duty", HEAD + twice)) == [(3, "from", "overlaps")]


def test_one_shift_may_begin_when_another_ends(session: Session) -> None:
    settle(session)
    chain = """w1,320116001001001,2026-11-20 08:00,2026-11-20 12:00
w1,320116001001001,2026-11-20 12:00,2026-11-20 13:00"""
    assert bring(session, "duty", HEAD + chain).added == 2


def test_a_week_of_duty_is_laid_over_other_weeks() -> None:
    week = rows(HEAD + "w1,320116001001001,2026-11-16 20:00,2026-11-17 08:00")
    laid = list(weekly(week, datetime(2027, 1, 7).date(), 2))
    assert [each["from"] for each in laid] == ["2027-01-04 20:00", "2027-01-11 20:00"]
    assert [each["to"] for each in laid] == ["2027-01-05 08:00", "2027-01-12 08:00"]


def test_numbers_are_sealed_and_shown_masked(session: Session) -> None:
    settle(session)
    bring(session, "contacts", CONTACTS)
    stored = session.exec(select(Contact.phone)).all()
    assert not any("0000" in each for each in stored)
    line = contacts.sheet(session, DISTRICT, GRID)[0]
    assert (line.name, line.masked) == ("物业", "000****0001")


def test_a_sheet_lists_the_grid_s_own_lines_first_and_only_those_that_serve(
    session: Session,
) -> None:
    settle(session)
    bring(session, "contacts", CONTACTS)
    assert [each.name for each in contacts.sheet(session, DISTRICT, GRID, "PS01")] == [
        "社区",
        "燃气",
    ]
    assert [each.name for each in contacts.sheet(session, DISTRICT, GRID, "PS04")] == [
        "物业",
        "社区",
    ]


def test_revealing_a_number_leaves_a_trace(session: Session) -> None:
    settle(session)
    bring(session, "contacts", CONTACTS)
    line = contacts.sheet(session, DISTRICT, GRID)[0]
    assert contacts.reveal(session, who(session, "w1"), line, NOW) == "000-0000-0001"
    trace = session.exec(select(Audit).where(Audit.act == "phone_revealed")).one()
    assert trace.actor == who(session, "w1").id


def test_a_line_that_the_sheet_no_longer_has_loses_its_number(session: Session) -> None:
    settle(session)
    more = CONTACTS + "\n320116,2,供电,000-0000-0004,"
    bring(session, "contacts", more)
    outcome = bring(session, "contacts", CONTACTS)
    assert (outcome.ended, outcome.unchanged) == (1, 3)
    assert "供电" not in [each.name for each in contacts.sheet(session, DISTRICT, GRID)]
    assert session.get(Contact, (DISTRICT, DISTRICT, 2)) is not None


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("320116,0,燃气,1,", (2, "order", "not_an_order")),
        ("320116,1,燃气,call me,", (2, "phone", "not_a_phone")),
        ("320117,1,燃气,1,", (2, "unit", "unknown_unit")),
    ],
)
def test_a_contact_that_cannot_be_rung_is_refused(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    assert codes(bring(session, "contacts", "unit,order,name,phone,for\n" + row)) == [problem]


def test_without_a_key_no_number_is_stored(session: Session) -> None:
    settle(session)
    session.info["equipment"] = Equipment()
    assert codes(bring(session, "contacts", CONTACTS)) == [(0, "phone", "no_vault")]
    assert session.exec(select(Contact)).all() == []


UNITS = """unit,name,by,phone,ends_on,successor
320116:fire,消防救援大队,phone,000-0000-0009,,
320116:old,老单位,chat,,2026-11-01,320116:fire"""


def test_units_come_by_a_sheet_with_their_number_sealed(session: Session) -> None:
    settle(session)
    assert bring(session, "units", UNITS).added == 2
    fire = session.get_one(Unit, (DISTRICT, "320116:fire"))
    assert (fire.name, fire.by) == ("消防救援大队", "phone")
    assert "0009" not in fire.phone
    again = bring(session, "units", UNITS)
    assert (again.added, again.unchanged) == (0, 2)
    ended = bring(session, "units", UNITS.replace("0009,,", "0009,2026-11-20,"))
    assert (ended.ended, ended.unchanged) == (1, 1)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("320116,消防,chat,,,", (2, "unit", "not_a_department")),
        ("320117:fire,消防,chat,,,", (2, "unit", "unknown_unit")),
        ("320116:fire,消防,fax,,,", (2, "by", "not_a_choice")),
        ("320116:fire,消防,phone,ring us,,", (2, "phone", "not_a_phone")),
    ],
)
def test_a_unit_that_cannot_be_called_is_refused(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    header = "unit,name,by,phone,ends_on,successor\n"
    assert codes(bring(session, "units", header + row)) == [problem]


def test_the_demo_town_is_whole(session: Session) -> None:
    outcomes = [load_list(session, name, NOW, NOW.date(), weeks=1) for name in LISTS]
    assert [each.sheet for each in outcomes if each.failed] == []
    assert len(session.exec(select(Person)).all()) >= 20
    for group in town_groups():
        assert grid(session, group["grid"][:6], group["grid"], NOW)
    on = session.exec(select(Shift).where(Shift.start <= NOW, Shift.end > NOW)).all()
    assert len(on) >= 6


def test_a_sheet_may_come_row_by_row(session: Session) -> None:
    settle(session)
    outcome = import_rows(session, "people", iter(rows(PEOPLE)), NOW)
    assert outcome.unchanged == 7


WITH_BACKUP = """id,name,role,unit,skills,lang,backup
w1,甲一,worker,320116001001001,,zh-Hans,w2
w2,乙二,worker,320116001001001,,,"""


def backup_of(session: Session, ref: str) -> object:
    person = who(session, ref).id
    query = select(Role.backup).where(Role.person == person, Role.revoked_at.is_(None))  # type: ignore[union-attr]
    return session.exec(query).one()


def test_a_list_names_who_stands_in_and_a_list_without_the_column_keeps_it(
    session: Session,
) -> None:
    settle(session)
    bring(session, "people", WITH_BACKUP)
    assert backup_of(session, "w1") == who(session, "w2").id
    bring(session, "people", PEOPLE)
    assert backup_of(session, "w1") == who(session, "w2").id
    bring(session, "people", WITH_BACKUP.replace(",w2\n", ",\n"))
    assert backup_of(session, "w1") is None


@pytest.mark.parametrize(("backup", "code"), [("w1", "own_backup"), ("w9", "unknown_person")])
def test_nobody_stands_in_who_cannot(session: Session, backup: str, code: str) -> None:
    settle(session)
    text = WITH_BACKUP.replace(",w2\n", f",{backup}\n")
    assert codes(bring(session, "people", text)) == [(2, "backup", code)]


REPEATED = "person,unit,from,to,days,until\n"


def test_a_pattern_holds_on_working_days_holidays_out_and_make_up_days_in(
    session: Session,
) -> None:
    settle(session)
    # Spring Festival 2026: off from 15 to 23 February, worked on Saturdays 14 and 28
    week = "w1,320116001001001,2026-02-13 08:00,2026-02-13 12:00,work,2026-02-28"
    assert bring(session, "duty", REPEATED + week).added == 7
    days = {
        each.astimezone(zone(session, DISTRICT)).day for each in session.exec(select(Shift.start))
    }
    assert days == {13, 14, 24, 25, 26, 27, 28}


def test_split_shifts_are_two_rows_and_a_daily_one_knows_no_weekend(session: Session) -> None:
    settle(session)
    rows_ = """w1,320116001001001,2026-11-20 08:00,2026-11-20 12:00,daily,2026-11-22
w1,320116001001001,2026-11-20 14:00,2026-11-20 18:00,daily,2026-11-22"""
    outcome = bring(session, "duty", REPEATED + rows_)
    assert (outcome.added, outcome.remarks) == (6, [])
    again = bring(session, "duty", REPEATED + rows_)
    assert (again.added, again.unchanged) == (0, 6)


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        ("work,", (2, "until", "missing")),
        ("never,2026-11-22", (2, "days", "not_a_choice")),
        ("work,2026-11-19", (2, "until", "too_many_days")),
        ("work,2036-11-19", (2, "until", "too_many_days")),
    ],
)
def test_a_pattern_that_ends_nowhere_is_refused(
    session: Session, end: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    row = f"w1,320116001001001,2026-11-20 08:00,2026-11-20 12:00,{end}"
    assert codes(bring(session, "duty", REPEATED + row)) == [problem]


def test_each_gap_of_a_list_is_one_remark_and_all_of_it_comes_in(session: Session) -> None:
    settle(session)
    holed = """w1,320116001001001,2026-11-20 14:00,2026-11-20 16:00
w1,320116001001001,2026-11-23 08:00,2026-11-23 12:00"""
    outcome = bring(session, "duty", HEAD + holed)
    assert (outcome.added, outcome.failed) == (2, False)
    found = [(each.facts["start"], each.facts["end"]) for each in outcome.remarks]
    assert found == [("2026-11-20 16:00", "18:00")]
