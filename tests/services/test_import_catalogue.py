"""A district edits the catalogue; what would leave a case without its kind is refused."""

from sqlmodel import Session

from models import Case
from services.catalogue import catalogue, lexicon, shipped_rows
from services.data import Name
from services.imports import Outcome, import_rows, import_tables
from services.reporting import kind_columns
from tests.services.lists import COMMUNITY, DISTRICT, GRID, LATER, NOW, codes

Rows = list[dict[str, str]]
SHEETS: tuple[Name, ...] = ("kinds", "conditions", "not_admitted", "lexicon")


def without(sheet: Name, code: str) -> Rows:
    return [row for row in shipped_rows(sheet) if row["code"].partition("/")[0] != code]


def bring_all(session: Session, kinds: Rows, conditions: Rows) -> list[Outcome]:
    return import_tables(session, [("kinds", kinds), ("conditions", conditions)], NOW)


def for_district(rows: Rows) -> Rows:
    return [{**row, "district": DISTRICT} for row in rows]


def test_without_an_import_the_shipped_catalogue_holds(session: Session) -> None:
    found = catalogue(session, DISTRICT)
    assert len(found.kinds) == 72
    assert found.kind("PS01").lead == "utility_gas"
    assert catalogue(session, DISTRICT) is found


def test_the_shipped_sheets_can_be_imported_as_they_are(session: Session) -> None:
    tables = [(str(sheet), shipped_rows(sheet)) for sheet in SHEETS]
    for outcome in import_tables(session, tables, NOW):
        assert not outcome.failed, outcome.problems[:3]
    again = import_tables(session, tables, NOW)
    assert [(each.added, each.changed, each.ended) for each in again] == [(0, 0, 0)] * 4
    assert len(catalogue(session, DISTRICT).kinds) == 72
    assert lexicon(session, DISTRICT).entries


def test_a_changed_row_counts_from_the_next_look(session: Session) -> None:
    bring_all(session, shipped_rows("kinds"), shipped_rows("conditions"))
    rows = [{**row, "circle": "big"} for row in shipped_rows("kinds")]
    outcome = import_rows(session, "kinds", rows, NOW)
    assert outcome.changed > 0
    assert catalogue(session, DISTRICT).kind("PS01").circle == "big"


def test_a_kind_that_is_dropped_takes_no_reports_and_keeps_its_name(session: Session) -> None:
    bring_all(session, without("kinds", "CV02"), without("conditions", "CV02"))
    found = catalogue(session, DISTRICT)
    assert not found.admits("CV02")
    assert "CV02" not in list(found.kinds)
    assert found.kind("CV02").name("en")
    assert found.name("CV02", "en")
    assert all(entry.code != "CV02" for entry in lexicon(session, DISTRICT).entries)


def test_a_kind_that_an_import_ends_keeps_its_name_too(session: Session) -> None:
    own = {**shipped_rows("kinds")[0], "code": "XX01", "name_en": "Ours"}
    own_condition = {**shipped_rows("conditions")[0], "code": "XX01"}
    first = bring_all(
        session, [*shipped_rows("kinds"), own], [*shipped_rows("conditions"), own_condition]
    )
    assert not first[0].failed, first[0].problems
    ended = bring_all(session, shipped_rows("kinds"), shipped_rows("conditions"))
    assert [each.ended for each in ended] == [1, 1]
    found = catalogue(session, DISTRICT)
    assert (found.admits("XX01"), found.kind("XX01").name_en) == (False, "Ours")


def test_a_district_s_own_sheet_is_its_own(session: Session) -> None:
    rows = [{**row, "circle": "big"} for row in for_district(shipped_rows("kinds"))]
    assert not import_rows(session, "kinds", rows, NOW).failed
    assert catalogue(session, DISTRICT).kind("PS01").circle == "big"
    assert catalogue(session, "110101").kind("PS01").circle != "big"


def test_a_kind_needs_its_conditions(session: Session) -> None:
    outcomes = bring_all(session, shipped_rows("kinds"), without("conditions", "PS01"))
    assert [(each.code, each.value) for each in outcomes[0].problems] == [("no_condition", "PS01")]
    assert len(catalogue(session, DISTRICT).conditions("PS01")) > 0


def test_a_condition_needs_its_kind(session: Session) -> None:
    outcomes = bring_all(session, without("kinds", "PS01"), shipped_rows("conditions"))
    assert {each.code for each in outcomes[0].problems} == {"unknown_kind"}


def test_a_kind_with_open_cases_stays(session: Session) -> None:
    session.add(
        Case(
            district=DISTRICT,
            number="KL-2611-001",
            grid=GRID,
            community=COMMUNITY,
            state="filed",
            kind="CV02",
            owner_unit=COMMUNITY,
            due_at=LATER,
            opened_at=NOW,
        )
    )
    session.flush()
    outcomes = bring_all(session, without("kinds", "CV02"), without("conditions", "CV02"))
    assert [(each.code, each.value) for each in outcomes[0].problems] == [("kind_in_use", "CV02")]


def test_a_wrong_cell_is_named_with_its_row_and_choices(session: Session) -> None:
    rows = shipped_rows("kinds")
    blank = dict.fromkeys(rows[0], "")
    rows[1] = {**rows[1], "circle": "huge"}
    outcome = import_rows(session, "kinds", [blank, *rows], NOW)
    assert codes(outcome) == [(4, "circle", "not_a_choice")]
    assert "micro" in outcome.problems[0].facts["choices"]


def test_words_speak_for_kinds_that_there_are(session: Session) -> None:
    word = {"code": "ZZ99", "language": "zh-Hans", "word": "灯", "weight": "2"}
    outcome = import_rows(session, "lexicon", [word], NOW)
    assert codes(outcome) == [(2, "code", "unknown_kind")]
    good = import_rows(session, "lexicon", [{**word, "code": "UM02"}], NOW)
    assert (good.added, len(lexicon(session, DISTRICT).entries)) == (1, 1)
    heavy = import_rows(session, "lexicon", [{**word, "code": "UM02", "weight": "-1"}], NOW)
    assert codes(heavy) == [(2, "weight", "not_a_weight")]


QUARRELS = {"PO01", "PO02", "EN06", "LS04"}


def two_sided(session: Session) -> set[str]:
    return {code for code, kind in catalogue(session, DISTRICT).kinds.items() if kind.two_sides}


def test_a_file_from_before_the_column_leaves_the_quarrels_as_they_are(session: Session) -> None:
    assert two_sided(session) == QUARRELS
    older = [{k: v for k, v in row.items() if k != "sides"} for row in shipped_rows("kinds")]
    import_rows(session, "kinds", older, NOW)
    assert two_sided(session) == QUARRELS


def test_a_district_says_which_of_its_kinds_are_quarrels(session: Session) -> None:
    rows = [
        {**row, "sides": "two" if row["code"] == "CV01" else ""} for row in shipped_rows("kinds")
    ]
    assert not import_rows(session, "kinds", rows, NOW).failed
    assert two_sided(session) == {"CV01"}
    assert kind_columns(catalogue(session, DISTRICT), "CV01", 1.0)["two_sides"]


def test_it_refuses_a_quarrel_of_three(session: Session) -> None:
    rows = [{**row, "sides": "three"} for row in shipped_rows("kinds")]
    outcome = import_rows(session, "kinds", rows, NOW)
    assert (outcome.problems[0].column, outcome.problems[0].code) == ("sides", "not_a_choice")
