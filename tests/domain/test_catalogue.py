"""The catalogue's rows, and what is said about rows that can't be used."""

from __future__ import annotations

import pytest

from domain.catalogue import (
    Catalogue,
    CatalogueError,
    parse_conditions,
    parse_kinds,
    parse_not_admitted,
)
from services.data import default_rows

KINDS = default_rows("kinds")
CONDITIONS = default_rows("conditions")


def catalogue() -> Catalogue:
    kinds = parse_kinds(KINDS).required()
    conditions = parse_conditions(CONDITIONS, kinds).required()
    return Catalogue.build(
        kinds, conditions, parse_not_admitted(default_rows("not_admitted")).required()
    )


def test_the_shipped_catalogue_is_whole():
    shipped = catalogue()
    assert (len(shipped.kinds), len(shipped.matters)) == (72, 26)
    assert sum(len(shipped.conditions(code)) for code in shipped.kinds) == 187
    assert all(shipped.conditions(code) for code in shipped.kinds)


def test_a_kind_knows_who_must_hear_and_what_to_do_first():
    gas = catalogue().kind("PS01")
    assert (gas.reach, gas.default_urgency, gas.emergency_number) == ("team", "now", ("gas",))
    assert gas.revisit_days == (1, 7)
    assert gas.name("zh-Hant") == "燃氣洩漏"
    assert gas.first_steps("en").startswith("Touch no switch")


def test_every_text_of_the_shipped_catalogue_is_there_in_traditional_characters():
    shipped = catalogue()
    texts = [kind.first_steps_zh_hant for kind in shipped.kinds.values() if kind.first_steps("en")]
    texts += [
        text
        for code in shipped.kinds
        for each in shipped.conditions(code)
        for text in (each.text_zh_hant, each.closing_zh_hant)
    ]
    texts += [matter.where_to_go_zh_hant for matter in shipped.matters.values()]
    assert all(texts)
    assert not any(set(text) & set("这说为开关门电们楼没车处") for text in texts)
    assert shipped.kind("PS01").first_steps("zh-Hant").startswith("別開關電器")


def test_a_list_without_traditional_texts_is_read_in_simplified_ones():
    rows = [{k: v for k, v in row.items() if k != "first_steps_zh_hant"} for row in KINDS]
    gas = next(kind for kind in parse_kinds(rows).required() if kind.code == "PS01")
    assert gas.first_steps("zh-Hant") == gas.first_steps("zh-Hans")


def test_a_limit_belongs_to_the_condition():
    missing, worn, _ = catalogue().conditions("PS11")
    assert (missing.limit_value, missing.limit_unit) == (2, "wall_hours")
    assert (worn.limit_value, worn.limit_unit) == (4, "work_hours")
    assert missing.text("en").startswith("Cover gone")


def test_despair_and_family_violence_reach_one_named_person():
    shipped = catalogue()
    assert {k.code for k in shipped.kinds.values() if k.reach == "named"} == {"PO03", "LS18"}


def test_a_matter_not_admitted_names_the_office():
    shipped = catalogue()
    assert "12333" in shipped.matter("NA02").where_to_go("zh-Hans")
    assert not shipped.admits("NA02")
    assert shipped.name("NA02", "en").startswith("Social insurance")


def wrong(column: str, value: str | None, rows=KINDS) -> list[CatalogueError]:
    changed = [dict(row) for row in rows]
    if value is None:
        del changed[2][column]
    else:
        changed[2][column] = value
    parse = parse_kinds if rows is KINDS else parse_conditions
    return list(parse(changed).errors)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("code", "ps3", "not_a_code"),
        ("code", "PO01", "duplicate"),
        ("name_zh_hans", " ", "missing"),
        ("name_zh_hans", None, "no_column"),
        ("reach", "everybody", "not_a_choice"),
        ("revisit_days", "30;7", "not_days"),
        ("revisit_days", "a week", "not_days"),
    ],
)
def test_it_names_row_column_and_cure(column, value, code):
    (error,) = wrong(column, value)
    assert (error.row, error.column, error.code) == (4, column, code)
    assert error.cure
    assert error.cure in str(error)


@pytest.mark.parametrize("value", ["0", "-2", "2.5", "two", "１", "1001"])
def test_it_refuses_a_limit_that_is_no_whole_number(value):
    (error,) = wrong("limit_value", value, CONDITIONS)
    assert (error.row, error.code, error.value) == (4, "not_a_limit", value)


def test_the_choices_are_in_the_cure():
    (error,) = wrong("limit_unit", "hours", CONDITIONS)
    assert "work_days" in error.cure


def test_it_collects_every_error_and_keeps_the_good_rows():
    rows = [dict(row) for row in KINDS]
    rows[0]["reach"] = rows[1]["circle"] = "?"
    parsed = parse_kinds(rows)
    assert [error.row for error in parsed.errors] == [2, 3]
    assert len(parsed.items) == 70
    with pytest.raises(ExceptionGroup):
        parsed.required()


def test_a_condition_needs_its_kind_and_a_kind_its_condition():
    kinds = parse_kinds(KINDS).required()
    codes = [e.code for e in parse_conditions(CONDITIONS[:-2], kinds).errors]
    assert codes == ["no_condition"]
    rows = [*CONDITIONS, {**CONDITIONS[0], "code": "XX01"}]
    (error,) = parse_conditions(rows, kinds).errors
    assert (error.row, error.code) == (len(CONDITIONS) + 2, "unknown_kind")


def test_the_kind_other_cannot_be_left_out():
    (error,) = parse_kinds([row for row in KINDS if row["code"] != "LS99"]).errors
    assert error.code == "no_other"
