"""Grids change on a date: counted before, moved by itself, placed with a tap if nothing tells."""

import json
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from models import Case, CaseEvent, Contact, Division, Due, Group, Role, Shift
from services import regrid, territory
from services.access import roles_of
from services.imports import Outcome, import_rows
from tests.handlers.test_clock import finish
from tests.handlers.test_roster import run, shift
from tests.people import (
    ADDRESSES,
    COMMUNITY,
    DISTRICT,
    GRID,
    NEXT_GRID,
    WEDNESDAY,
    Street,
    peopled,
)

EAST, WEST = COMMUNITY + "003", COMMUNITY + "004"
# peopled() begins on Wednesday the 18th at ten; the change is at the midnight after
ON = "2026-11-19"
# from ten in the morning: nobody is asked anew before the next morning
EVENING = timedelta(hours=10)
HEAD = ("code", "parent", "name", "kind", "short", "starts_on", "ends_on", "successors", "places")
LAMP = "3号楼2单元楼道灯坏了"


def bring(street: Street, *rows: tuple[str, ...]) -> Outcome:
    table = [dict(zip(HEAD, row, strict=True)) for row in rows]
    return import_rows(street.session, "grids", table, street.now)


def split(street: Street, east: str = "3号楼", west: str = "8栋;9号楼", on: str = ON) -> Outcome:
    return bring(
        street,
        (GRID, COMMUNITY, "快乐一网格", "", "KL1", "", on, f"{EAST};{WEST}", ""),
        (EAST, COMMUNITY, "快乐东网格", "", "KE", on, "", "", east),
        (WEST, COMMUNITY, "快乐西网格", "", "KW", on, "", "", west),
    )


def report(street: Street, text: str = LAMP, **more: object) -> Case:
    street.say("王阿姨", text, command="report", **more)  # type: ignore[arg-type]
    return street.case()


def grid_of(street: Street, case: Case) -> str:
    street.session.refresh(case)
    return case.grid


def square(west: float, east: float, code: str, session: Session) -> None:
    ring = [[west, 39.9], [east, 39.9], [east, 39.91], [west, 39.91], [west, 39.9]]
    geometry = json.dumps({"type": "Polygon", "coordinates": [ring]})
    import_rows(session, "shapes", [{"code": code, "geometry": geometry}], WEDNESDAY)


def test_the_preview_counts_what_moves_and_changes_nothing(session: Session) -> None:
    street = peopled(session)
    report(street)
    report(street, "楼道灯不亮")
    shift(street, "李强", timedelta(days=2))
    outcome = split(street)
    facts = outcome.remarks[0].facts
    assert outcome.remarks[0].code == "regrid"
    assert facts["into"] == "快乐东网格、快乐西网格"
    found = [facts[name] for name in ("cases", "undecided", "groups", "people", "shifts")]
    assert found == [2, 0, 1, 3, 1]
    assert facts["due"] >= 4
    assert {case.grid for case in street.cases()} == {GRID}


def test_on_its_date_cases_groups_people_and_shifts_move_by_themselves(session: Session) -> None:
    street = peopled(session)
    street.now += EVENING
    in_three, in_eight = report(street), report(street, "楼道灯不亮")
    street.press("李强", "接单", private=True)
    due = in_eight.due_at
    later = shift(street, "李强", timedelta(days=2))
    session.add(
        Contact(district=DISTRICT, unit=GRID, order=1, name="物业", phone="sealed", serves="")
    )
    split(street)
    run(street, hours=3)
    assert {grid_of(street, in_three), grid_of(street, in_eight)} == {GRID}
    run(street, hours=2)
    assert grid_of(street, in_three) == EAST
    assert (grid_of(street, in_eight), in_eight.due_at) == (WEST, due)
    assert {in_three.owner, in_eight.owner} <= {street.key("李强"), street.key("赵敏")}
    assert session.get_one(Group, (DISTRICT, street.group.id)).grid == WEST
    units = {role.unit for role in roles_of(session, street.staff["李强"])}
    assert units == {EAST, WEST}
    session.refresh(later)
    assert later.unit in (EAST, WEST)
    assert len(session.exec(select(Shift)).all()) == 2
    lines = session.exec(select(Contact.unit).where(Contact.name == "物业")).all()
    assert sorted(lines) == [GRID, EAST, WEST]
    assert any("已划到 快乐东网格、快乐西网格" in text for text in street.texts("孙主任"))


def test_who_the_list_placed_already_goes_only_there(session: Session) -> None:
    street = peopled(session)
    street.now += EVENING
    split(street)
    person = street.key("李强")
    session.add(Role(district=DISTRICT, person=person, role="worker", unit=EAST, since=street.now))
    session.flush()
    case = report(street, "楼道灯不亮")  # building 8: the western one
    assert case.owner == person
    run(street, hours=5)
    assert {role.unit for role in roles_of(session, street.staff["李强"])} == {EAST}
    assert grid_of(street, case) == WEST
    assert case.owner == street.key("赵敏")  # who works there


def test_history_stays_with_the_place_and_says_where_it_went(session: Session) -> None:
    street = peopled(session)
    closed = report(street)
    finish(street)
    street.press("王阿姨", "解决了")
    going = report(street, "9号楼楼道灯不亮")
    split(street)
    run(street, hours=15)
    assert grid_of(street, closed) == GRID
    assert grid_of(street, going) == WEST
    event = session.exec(select(CaseEvent).where(CaseEvent.verb == "move")).one()
    assert (event.facts, event.standing) == ({"from": GRID, "grid": WEST}, "clock")


def test_a_location_tells_the_successor_before_any_building(session: Session) -> None:
    street = peopled(session)
    split(street)
    square(116.40, 116.41, EAST, session)
    square(116.41, 116.42, WEST, session)
    case = report(street)  # building 3: the eastern one by its words
    case.lat, case.lon = 39.905, 116.415
    session.add(case)
    session.flush()
    run(street, hours=15)
    assert grid_of(street, case) == WEST


def test_what_nothing_tells_the_desk_decides_with_a_tap(session: Session) -> None:
    street = peopled(session)
    case = report(street)
    split(street, east="", west="")
    run(street, hours=23)
    assert grid_of(street, case) == GRID
    assert case.next_at is not None
    assert any(case.number in text and "哪个网格" in text for text in street.texts("孙主任"))
    data_of = [
        button["data"]
        for row in street.rows(ADDRESSES["孙主任"])
        for line in row.payload.get("buttons", [])
        for button in line
        if button["label"] == "快乐东网格"
    ]
    of_case = next(each for each in data_of if each.startswith("movecase"))
    street.press_data("孙主任", of_case, private=True)
    assert grid_of(street, case) == EAST
    again = street.press_data("孙主任", of_case, private=True)
    assert again is not None
    assert again.alert
    of_group = next(each for each in data_of if each.startswith("movegroup"))
    street.press_data("孙主任", of_group, private=True)
    assert session.get_one(Group, (DISTRICT, street.group.id)).grid == EAST


def test_a_groups_tap_takes_its_undecided_cases_along(session: Session) -> None:
    street = peopled(session)
    case = report(street)
    split(street, east="", west="")
    run(street, hours=23)
    from services.buttons import data

    street.press_data(
        "孙主任", data("movegroup", DISTRICT, street.group.id, arg=WEST), private=True
    )
    assert grid_of(street, case) == WEST


@pytest.mark.parametrize("name", ["李强", "郑工", "王阿姨"])
def test_only_a_desk_above_places_a_case(session: Session, name: str) -> None:
    from services.buttons import data

    street = peopled(session)
    case = report(street)
    split(street, east="", west="")
    run(street, hours=23)
    for verb, key in (("movecase", case.id), ("movegroup", street.group.id)):
        answer = street.press_data(name, data(verb, DISTRICT, key, arg=EAST), private=True)
        assert answer is not None
        assert answer.alert
    assert grid_of(street, case) == GRID


@pytest.mark.parametrize(
    ("text", "grid"), [("3号楼2单元灯坏了", EAST), ("灯坏了", WEST), ("九号楼灯坏了", WEST)]
)
def test_a_case_reported_to_a_grid_that_was_split_yesterday_reaches_the_successor(
    session: Session, text: str, grid: str
) -> None:
    street = peopled(session)
    split(street)
    run(street, hours=38)
    row = session.get_one(Group, (DISTRICT, street.group.id))
    row.grid = GRID  # a group that nobody placed
    session.add(row)
    session.flush()
    case = report(street, text)
    assert case.grid == grid
    assert case.number.startswith({EAST: "KE", WEST: "KW"}[grid])
    assert case.owner in (street.key("李强"), street.key("赵敏"))


def test_nothing_tells_where_yesterdays_grid_is_now_so_the_desk_is_asked(
    session: Session,
) -> None:
    street = peopled(session)
    split(street, east="", west="")
    run(street, hours=38)
    case = report(street, "灯坏了")
    assert case.grid == GRID
    assert case.number
    asked = [text for text in street.texts("孙主任") if case.number in text and "哪个网格" in text]
    assert len(asked) == 1


def test_grids_are_merged(session: Session) -> None:
    street = peopled(session)
    case = report(street)
    bring(
        street,
        (GRID, COMMUNITY, "快乐一网格", "", "KL1", "", ON, EAST, ""),
        (NEXT_GRID, COMMUNITY, "快乐二网格", "", "KL2", "", ON, EAST, ""),
        (EAST, COMMUNITY, "快乐大网格", "", "KE", ON, "", "", ""),
    )
    run(street, hours=15)
    assert grid_of(street, case) == EAST
    for name in ("李强", "郑工"):
        assert {role.unit for role in roles_of(session, street.staff[name])} == {EAST}
    assert [each.code for each in territory.grids(session, DISTRICT, COMMUNITY, street.now)] == [
        EAST
    ]


def test_a_grid_that_ends_without_successor_leaves_its_cases_to_the_desks_tap(
    session: Session,
) -> None:
    street = peopled(session)
    case = report(street)
    outcome = bring(street, (GRID, COMMUNITY, "快乐一网格", "", "KL1", "", ON, "", ""))
    assert outcome.remarks[0].code == "regrid_ends"
    run(street, hours=23)
    assert grid_of(street, case) == GRID
    street.press("孙主任", "快乐二网格", private=True)
    moved = grid_of(street, case) == NEXT_GRID
    assert moved or session.get_one(Group, (DISTRICT, street.group.id)).grid == NEXT_GRID


def test_a_new_estate_begins_on_its_date_and_says_that_nobody_works_there(
    session: Session,
) -> None:
    street = peopled(session)
    outcome = bring(street, (EAST, COMMUNITY, "新苑网格", "", "XY", ON, "", "", ""))
    assert [each.code for each in outcome.remarks] == ["grid_begins_empty"]
    here = territory.grids(session, DISTRICT, COMMUNITY, street.now)
    assert EAST not in [each.code for each in here]
    tomorrow = territory.grids(session, DISTRICT, COMMUNITY, street.now + timedelta(days=1))
    assert EAST in [each.code for each in tomorrow]


def test_a_change_is_listed_and_called_off_in_chat(session: Session) -> None:
    street = peopled(session)
    case = report(street)
    split(street)
    street.say("孙主任", private=True, command="grids")
    assert "快乐一网格 → 快乐东网格、快乐西网格" in street.texts("孙主任")[-1]
    street.press("孙主任", "撤销", private=True)
    run(street, hours=15)
    assert grid_of(street, case) == GRID
    assert session.get_one(Division, (DISTRICT, GRID)).ends_on is None


def test_a_change_put_off_happens_on_its_new_date_only(session: Session) -> None:
    street = peopled(session)
    case = report(street)
    split(street)
    split(street, on="2026-11-21")
    run(street, hours=15)
    assert grid_of(street, case) == GRID
    run(street, days=2)
    assert grid_of(street, case) == EAST


def test_a_long_list_goes_in_portions_and_whole(session: Session) -> None:
    street = peopled(session)
    for number in range(regrid.PORTION + 3):
        report(street, f"{number}单元楼道灯坏了")
        street.now += timedelta(minutes=11)
    split(street)
    run(street, hours=15)
    assert {case.grid for case in street.cases()} == {WEST}
    assert sum("已划到" in text for text in street.texts("孙主任")) == 1


@pytest.mark.parametrize("successor", [GRID, COMMUNITY, "110102001001001", COMMUNITY + "009"])
def test_a_successor_that_cannot_be_is_refused_in_one_sentence(
    session: Session, successor: str
) -> None:
    street = peopled(session)
    outcome = bring(street, (GRID, COMMUNITY, "快乐一网格", "", "KL1", "", ON, successor, ""))
    assert {each.code for each in outcome.problems} <= {"not_a_successor", "unknown_unit"}
    assert outcome.failed
    assert not session.exec(select(Due).where(Due.name == regrid.REGRID)).all()


def test_what_reopens_in_a_grid_that_is_no_more_comes_to_its_successor(session: Session) -> None:
    street = peopled(session)
    case = report(street)
    finish(street)
    street.press("王阿姨", "解决了")
    split(street)
    run(street, hours=15)
    assert grid_of(street, case) == GRID
    street.press_data("王阿姨", street_again(case))
    run(street, minutes=1)
    session.refresh(case)
    assert (case.state, case.grid) == ("reopened", EAST)


def street_again(case: Case) -> str:
    from services.buttons import data

    return data("refuse", case.district, case.id, case.version)


def test_a_dated_end_counts_from_its_day(session: Session) -> None:
    street = peopled(session)
    row = session.get_one(Division, (DISTRICT, GRID))
    row.ends_on = date(2026, 11, 19)
    session.add(row)
    session.flush()
    assert not territory.has_ended(session, DISTRICT, GRID, street.now)
    assert territory.has_ended(session, DISTRICT, GRID, street.now + timedelta(hours=14))


# --- on the boundary ---


def outlined(session: Session) -> None:
    """The first grid to the west of 116.41, the second to its east."""
    square(116.40, 116.41, GRID, session)
    square(116.41, 116.42, NEXT_GRID, session)


@pytest.mark.parametrize(
    ("lon", "grid", "beside"),
    [
        (116.405, GRID, ()),
        (116.415, NEXT_GRID, ()),
        (116.40995, GRID, (NEXT_GRID,)),  # some 4 m inside
        (116.41005, NEXT_GRID, (GRID,)),
        (116.41, GRID, (NEXT_GRID,)),  # on the edge itself: the lower code
        (116.39995, GRID, ()),  # a few metres outside of all
    ],
)
def test_a_point_belongs_to_one_grid_and_names_those_so_near(
    session: Session, lon: float, grid: str, beside: tuple[str, ...]
) -> None:
    street = peopled(session)
    outlined(session)
    found = territory.grid_at(session, DISTRICT, 39.905, lon, street.now)
    assert found == territory.Found(grid, beside)


def test_on_the_edge_it_stays_with_the_groups_own_grid(session: Session) -> None:
    street = peopled(session)
    outlined(session)
    found = territory.grid_at(session, DISTRICT, 39.905, 116.41, street.now, NEXT_GRID)
    assert found == territory.Found(NEXT_GRID, (GRID,))


def test_an_exclusive_grid_goes_before_the_one_around_it(session: Session) -> None:
    street = peopled(session)
    square(116.40, 116.42, GRID, session)
    square(116.409, 116.411, NEXT_GRID, session)
    row = session.get_one(Division, (DISTRICT, NEXT_GRID))
    row.kind = "exclusive"
    session.add(row)
    session.flush()
    found = territory.grid_at(session, DISTRICT, 39.905, 116.41, street.now)
    assert found == territory.Found(NEXT_GRID, (GRID,))


def test_a_case_on_the_boundary_goes_to_one_grid_and_the_other_hears(session: Session) -> None:
    street = peopled(session)
    outlined(session)
    case = report(street, "路面塌了一块", location=(39.905, 116.41005))
    assert (case.grid, case.owner) == (NEXT_GRID, street.key("郑工"))
    for name in ("李强", "孙主任"):
        assert any("边上" in text and case.number in text for text in street.texts(name)), name
    street.press("孙主任", "→ 快乐一网格", private=True)
    assert grid_of(street, case) == GRID
    assert case.owner == street.key("李强")


def test_a_private_matter_on_the_boundary_is_told_to_nobody_else(session: Session) -> None:
    street = peopled(session)
    outlined(session)
    case = report(street, "邻居吵架打起来了", location=(39.905, 116.41005))
    assert case.private
    assert not any("边上" in text for text in street.texts("李强"))
