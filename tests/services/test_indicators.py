"""The indicators on real rows, against a city's published month and against each other."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from models import Case, CaseEvent, new_id
from services.indicators import COUNTS, RATES, Indicators, Period, cases_behind, indicators
from services.indicators_message import numbers_message
from tests.people import COMMUNITY, DISTRICT, GRID, NEXT_GRID, peopled

ZONE = ZoneInfo("Asia/Shanghai")
DECEMBER = Period(DISTRICT, DISTRICT, date(2016, 12, 1), date(2017, 1, 1))
AT = datetime(2016, 12, 5, 9, tzinfo=ZONE)


def rows(session: Session, count: int, **columns: object) -> list[Case]:
    """So many cases that came in during the month; closed or done ones were in time."""
    known = len(session.info.setdefault("made", []))
    given: dict[str, object] = {
        "state": "in_hand", "kind": "LS02", "grid": GRID, "community": COMMUNITY,
        "owner_unit": COMMUNITY, "opened_at": AT, "due_at": AT + timedelta(days=3),
    }  # fmt: skip
    made = [
        Case(district=DISTRICT, number=f"TM-1612-{known + n:04}", **given | columns)
        for n in range(count)
    ]
    session.info["made"] += made
    session.add_all(made)
    session.flush()
    return made


def ended(
    session: Session, count: int, closing: str, late: bool = False, **columns: object
) -> None:
    done = AT + timedelta(days=4 if late else 1)
    closed = {"state": "closed", "closing": closing, "done_at": done, "closed_at": done}
    rows(session, count, **closed | columns)


def tianmen(session: Session) -> Indicators:
    """Tianmen, December 2016 (DOMAIN.md): reported 1,054, filed 996, due to close 972,
    closed 911, on time 737."""
    peopled(session)
    rows(session, 1054 - 996, state="not_admitted", not_admitted="NA01")
    ended(session, 737, "settled")
    ended(session, 911 - 737, "settled", late=True)
    rows(session, 972 - 911, state="done", done_at=AT)
    rows(session, 996 - 972)
    return indicators(session, DECEMBER)


def test_a_published_month_gives_the_published_rates(session: Session) -> None:
    found = tianmen(session)
    counted = {name: found.counts[name] for name in ("reported", "filed", "due", "closed")}
    assert counted == {"reported": 1054, "filed": 996, "due": 972, "closed": 911}
    assert found.counts["on_time"] == 737
    assert f"{found.rate('closing'):.2%}" == "93.72%"
    assert f"{found.rate('on_time'):.2%}" == "75.82%"
    assert f"{found.rate('filing'):.2%}" == "94.50%"


def test_each_number_is_reached_from_its_cases(session: Session) -> None:
    found = tianmen(session)
    for name in COUNTS:
        behind = cases_behind(session, DECEMBER, name)
        assert len(behind) == len({each.id for each in behind}) == found.counts[name], name


def test_each_circle_answers_for_its_own_time_and_two_clocks_stay_apart(session: Session) -> None:
    peopled(session)
    rows(session, 2, over_small=3600, limit_unit="work_hours")
    rows(session, 1, over_small=7200, over_big=1800, limit_unit="wall_hours")
    rows(session, 1, over_micro=60, limit_unit="work_days", appeal="exempt")
    found = indicators(session, DECEMBER)
    assert found.overruns == {"micro": (0, 0), "small": (7200, 7200), "big": (0, 1800)}
    assert [found.counts[f"over_{each}"] for each in ("micro", "small", "big")] == [0, 3, 1]
    text = numbers_message(session, found, "zh-Hans").text
    assert "街道 超出本级时限：3 件，共 2 个工作时 + 2 小时" in text
    assert "社区 超出本级时限" not in text


def mixed(session: Session) -> Indicators:
    peopled(session)
    ended(session, 4, "settled", asked_at=AT, stars=5)
    ended(session, 1, "settled", asked_at=AT, stars=2, reworks=1, reopenings=1)
    ended(session, 3, "unconfirmed", asked_at=AT)
    ended(session, 2, "forced", end_reason="at_court")
    ended(session, 2, "on_the_spot", on_the_spot=True)
    ended(session, 1, "checked", checked_at=AT, late=True, appeal="exempt")
    rows(session, 1, state="voided", end_reason="a_trial", closed_at=AT, done_at=AT)
    rows(session, 1, state="withdrawn", closed_at=AT)
    merged = {"state": "merged", "merged_into": new_id(), "closed_at": AT}
    rows(session, 2, **merged, done_at=AT, asked_at=AT, reopenings=1)
    rows(session, 2, hand_backs=1)
    rows(session, 1, extensions=1)
    rows(session, 1, state="reopened", reopenings=1, reworks=1)
    ended(session, 1, "entrusted", reach="named")
    return indicators(session, DECEMBER)


def test_forced_unconfirmed_rework_and_satisfaction_are_numbers_of_their_own(
    session: Session,
) -> None:
    found = mixed(session)
    wanted = {
        "filed": 21, "due": 14, "closed": 11, "on_time": 11, "reworked": 2, "handed_back": 2,
        "extended": 1, "asked": 8, "confirmed": 5, "rated": 5, "unconfirmed": 3, "forced": 2,
        "on_the_spot": 2, "checked": 1, "voided": 1, "merged": 2,
    }  # fmt: skip
    assert {name: found.counts[name] for name in wanted} == wanted
    assert found.satisfaction == pytest.approx(22 / 5)
    forced = {each.id for each in cases_behind(session, DECEMBER, "forced")}
    assert not forced & {each.id for each in cases_behind(session, DECEMBER, "closed")}
    unconfirmed = {each.id for each in cases_behind(session, DECEMBER, "unconfirmed")}
    assert not unconfirmed & {each.id for each in cases_behind(session, DECEMBER, "confirmed")}


def test_what_has_been_archived_is_counted_as_it_ended(session: Session) -> None:
    before = mixed(session)
    for each in session.info["made"]:
        if each.state in ("closed", "voided", "withdrawn", "merged"):
            each.state = "archived"
    session.flush()
    assert indicators(session, DECEMBER).counts == before.counts


def test_a_period_and_a_unit_count_their_own_cases_only(session: Session) -> None:
    peopled(session)
    rows(session, 2)
    rows(session, 1, grid=NEXT_GRID)
    rows(session, 1, opened_at=datetime(2017, 1, 1, tzinfo=ZONE))
    rows(session, 1, opened_at=datetime(2016, 11, 30, 23, 59, 59, tzinfo=ZONE))
    assert indicators(session, DECEMBER).counts["filed"] == 3
    grid = Period(DISTRICT, GRID, DECEMBER.first, DECEMBER.until)
    assert indicators(session, grid).counts["filed"] == 2


def test_hand_backs_are_counted_by_unit_from_the_history(session: Session) -> None:
    peopled(session)
    one = rows(session, 1)[0]
    for seq, unit in enumerate((GRID, GRID, NEXT_GRID), 1):
        session.add(
            CaseEvent(
                district=DISTRICT, case=one.id, seq=seq, at=AT, verb="hand_back",
                after="dispatched",
                facts={"unit": unit, "reason": "not_my_grid"},
            )
        )  # fmt: skip
    session.flush()
    assert indicators(session, DECEMBER).bounces == {GRID: 2, NEXT_GRID: 1}


def test_nothing_to_divide_by_is_no_rate(session: Session) -> None:
    peopled(session)
    found = indicators(session, DECEMBER)
    assert {found.rate(name) for name in RATES} == {None}
    assert found.satisfaction is None


def _headings() -> Iterator[str]:
    from tests.docs.pages import read

    yield from (line for line in read("docs/indicators.md").splitlines() if line.startswith("| `"))


BESIDE = ("satisfaction", "overruns", "bounces")


def test_every_number_is_defined_in_the_docs() -> None:
    defined = {line.split("`")[1] for line in _headings()}
    assert defined == {*COUNTS, *(f"{name} rate" for name in RATES), *BESIDE}
