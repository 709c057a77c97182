"""Divisions, grids and outlines: what comes in, what is refused, and that nothing is half done."""

import json

import pytest
from sqlmodel import Session, func, select

from models import Division
from services import territory
from services.imports import MOST_PROBLEMS, import_rows
from tests.services.lists import (
    COMMUNITY,
    DISTRICT,
    DIVISIONS,
    GRID,
    GRIDS,
    MALL,
    NOW,
    STREET,
    bring,
    codes,
    rows,
    settle,
)

SQUARE = [[[118.70, 32.20], [118.80, 32.20], [118.80, 32.30], [118.70, 32.30], [118.70, 32.20]]]


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Division)).one()


def test_a_grid_knows_what_lies_above_it(session: Session) -> None:
    settle(session)
    above = [each.code for each in territory.chain(session, DISTRICT, GRID)]
    assert above == [GRID, COMMUNITY, STREET, DISTRICT] == territory.codes_above(GRID)
    assert [each.code for each in territory.children(session, DISTRICT, COMMUNITY, NOW)] == [
        GRID,
        MALL,
    ]
    assert territory.short(session, DISTRICT, GRID) == "KL"


def test_importing_the_same_again_changes_nothing(session: Session) -> None:
    settle(session)
    for sheet, text in (("divisions", DIVISIONS), ("grids", GRIDS)):
        again = bring(session, sheet, text)
        assert (again.added, again.changed, again.ended) == (0, 0, 0)
        assert again.unchanged == len(rows(text))


def test_only_what_differs_is_changed(session: Session) -> None:
    settle(session)
    again = bring(session, "divisions", DIVISIONS.replace("晓山社区居委会", "晓山社区"))
    assert (again.changed, again.unchanged) == (1, 3)
    assert territory.name(session, DISTRICT, "320116001002") == "晓山社区"


def test_a_column_that_the_file_lacks_is_not_emptied(session: Session) -> None:
    settle(session)
    bring(session, "grids", f"code,parent,name,kind,short\n{GRID},{COMMUNITY},新名,,KL")
    row = territory.grid(session, DISTRICT, GRID, NOW)
    assert (row.name, row.lon) == ("新名", 118.75)


def test_a_unit_ends_on_a_date_and_names_its_successors(session: Session) -> None:
    settle(session)
    head = "code,parent,name,kind,short,ends_on,successors"
    outcome = bring(session, "grids", f"{head}\n{GRID},{COMMUNITY},快乐苑,,KL,2026-11-01,{MALL}")
    assert (outcome.ended, count(session)) == (1, 6)
    row = territory.division(session, DISTRICT, GRID)
    assert row.successors == [MALL]
    assert [each.code for each in territory.grids(session, DISTRICT, COMMUNITY, NOW)] == [MALL]


def test_rows_may_come_in_any_order(session: Session) -> None:
    outcome = import_rows(session, "divisions", reversed(rows(DIVISIONS)), NOW)
    assert (outcome.added, outcome.problems) == (4, [])


HEAD = "code,parent,level,name\n320116,,district,六合区\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("320116001,320117,street,大厂", (3, "parent", "not_above")),
        ("320116001,320116001,street,大厂", (3, "parent", "cycle")),
        ("320116,320116001,district,六合区", (3, "code", "doubled")),
        ("32011600,320116,street,大厂", (3, "code", "wrong_length")),
        ("320116001,320116,town,大厂", (3, "level", "not_a_choice")),
        ("320116001001,320116001,community,化建", (3, "parent", "unknown_parent")),
        ("320116001,,street,大厂", (3, "parent", "missing")),
        ("320116001,320116,street,", (3, "name", "missing")),
        ("３20116001,320116,street,大厂", (3, "code", "not_digits")),
        ("320117,320116,district,浦口", (3, "parent", "parent_of_district")),
    ],
)
def test_a_row_that_does_not_fit_the_tree_is_refused_and_nothing_is_written(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    outcome = bring(session, "divisions", HEAD + row)
    assert problem in codes(outcome)
    assert (count(session), outcome.added) == (0, 0)


def test_two_units_that_are_each_other_s_parent_are_a_circle(session: Session) -> None:
    circle = "320116001,320116001001,street,大厂\n320116001001,320116001,community,化建"
    outcome = bring(session, "divisions", HEAD + circle)
    assert (3, "parent", "cycle") in codes(outcome)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("320116001001003,320116001001,三,comprehensive,", (2, "short", "missing")),
        ("320116001001003,320116001001,三,comprehensive,K", (2, "short", "not_short")),
        ("320116001001003,320116001001,三,comprehensive,快乐", (2, "short", "not_short")),
        ("320116001001003,320116001001,三,comprehensive,kl", (2, "short", "short_taken")),
        ("320116001001003,320116001001,三,big,AB", (2, "kind", "not_a_choice")),
        ("320116001009001,320116001009,三,,AB", (2, "parent", "unknown_parent")),
        ("320116001001,320116001,三,,AB", (2, "code", "wrong_length")),
    ],
)
def test_a_grid_needs_a_community_and_letters_of_its_own(
    session: Session, row: str, problem: tuple[int, str, str]
) -> None:
    settle(session)
    outcome = bring(session, "grids", "code,parent,name,kind,short\n" + row)
    assert codes(outcome) == [problem]
    assert count(session) == 6


def test_two_grids_of_one_file_may_not_share_letters(session: Session) -> None:
    bring(session, "divisions", DIVISIONS)
    outcome = bring(session, "grids", GRIDS.replace("GC", "kl"))
    assert codes(outcome) == [(3, "short", "short_taken")]


def test_fifty_problems_are_listed_and_all_are_counted(session: Session) -> None:
    bad = "\n".join(f"{number},320116,street,名" for number in range(80))
    outcome = bring(session, "divisions", HEAD + bad)
    assert (len(outcome.problems), outcome.problem_count) == (MOST_PROBLEMS, 80)


def test_coordinates_and_zones_are_checked(session: Session) -> None:
    head = "code,parent,level,name,lon,lat,zone,ends_on\n"
    outcome = bring(session, "divisions", head + "320116,,district,六合,181,x,Asia/Nowhere,soon")
    assert [each[1:] for each in codes(outcome)] == [
        ("lon", "not_degrees"),
        ("lat", "not_degrees"),
        ("ends_on", "not_a_day"),
        ("zone", "not_a_zone"),
    ]


def shape(session: Session, code: str, geometry: object) -> list[tuple[int, str, str]]:
    row = {"code": code, "geometry": json.dumps(geometry)}
    return codes(import_rows(session, "shapes", [row], NOW))


def test_a_point_is_found_in_the_grid_that_holds_it(session: Session) -> None:
    settle(session)
    assert not shape(session, GRID, {"type": "Polygon", "coordinates": SQUARE})
    found = territory.grid_at(session, DISTRICT, 32.25, 118.75, NOW)
    assert found is not None
    assert (found.grid, found.beside) == (GRID, ())
    assert territory.grid_at(session, DISTRICT, 118.75, 32.25, NOW) is None


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "not_a_shape"),
        ({"type": "Polygon"}, "not_a_shape"),
        ({"type": "Point", "coordinates": [118, 32]}, "not_an_area"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
            "bad_area",
        ),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [400, 0], [0, 90], [0, 0]]]},
            "outside_world",
        ),
    ],
)
def test_an_outline_that_is_no_area_is_refused(
    session: Session, geometry: object, code: str
) -> None:
    settle(session)
    assert shape(session, GRID, geometry) == [(2, "geometry", code)]
    assert territory.grid(session, DISTRICT, GRID, NOW).polygon is None


def test_an_outline_of_an_unknown_grid_is_refused(session: Session) -> None:
    outcome = shape(session, GRID, {"type": "Polygon", "coordinates": SQUARE})
    assert outcome == [(2, "code", "unknown_unit")]
