"""A matter goes up for want of authority or time and comes down with words, through the chat."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from models import CaseEvent
from services.clock import sweep
from services.due import next_at
from tests.people import ADDRESSES, DISTRICT, STREET, Street, peopled

LAMP = "3号楼2单元楼道灯坏了"
PIT = "门前路面有个大坑"

ADDRESSES["何区长"] = "109"


def with_district(session: Session) -> Street:
    street = peopled(session)
    street.hire("何区长", "supervisor", DISTRICT, "109")
    session.flush()
    return street


def history(street: Street) -> list[str]:
    query = select(CaseEvent.verb).where(CaseEvent.case == street.case().id)
    return list(street.session.exec(query.order_by(CaseEvent.seq)))  # type: ignore[arg-type]


def run_until(street: Street, check: object, days: int = 30) -> None:
    """Step through what is due until `check` holds."""
    end = street.now + timedelta(days=days)
    while not check():  # type: ignore[operator]
        at = next_at(street.session)
        assert at is not None
        assert at <= end
        street.now = max(at, street.now)
        sweep(street.session, street.now)
        street.session.flush()


def test_a_kind_of_the_street_starts_at_the_streets_desk(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", PIT, command="report")
    case = street.case()
    assert (case.circle, case.state, case.owner, case.owner_unit) == (
        "small",
        "filed",
        None,
        STREET,
    )
    assert any(case.number in text for text in street.texts("钱站长"))
    assert not any(case.number in text for text in street.texts("李强"))
    street.press("钱站长", "派给…", private=True)
    street.press("钱站长", "李强", private=True)
    assert (street.case().state, street.case().owner) == ("dispatched", street.key("李强"))


def test_danger_goes_to_the_team_whatever_circle_it_is(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "我家小孩走丢了，找不到人", command="report")
    case = street.case()
    assert (case.circle, case.urgency) == ("small", "now")
    assert case.state == "dispatched"


def test_where_nobody_sits_at_a_larger_desk_those_who_are_there_begin(session: Session) -> None:
    street = peopled(session)
    for name in ("钱站长", "吴医生"):
        street.staff[name].reachable = False
    session.flush()
    street.say("王阿姨", PIT, command="report")
    case = street.case()
    assert (case.circle, case.state) == ("micro", "dispatched")
    assert case.owner == street.key("李强")


def test_the_owner_sends_it_up_with_a_reason_and_it_comes_down_with_words(
    session: Session,
) -> None:
    street = with_district(session)
    street.say("王阿姨", LAMP, command="report")
    due = street.case().due_at
    street.press("李强", "接单", private=True)
    street.press("李强", "更多 ›", private=True)
    street.press("李强", "🔼 上报上一级", private=True)
    street.press("李强", "需要经费", private=True)
    case = street.case()
    assert (case.circle, case.state, case.owner, case.owner_unit) == (
        "small",
        "filed",
        None,
        STREET,
    )
    assert case.due_at == due
    assert any("已到街道" in text for text in street.texts("孙主任"))
    street.press("钱站长", "🔽 交办下一级", private=True)
    street.say("钱站长", "先换一盏临时灯，经费街道出", private=True)
    case = street.case()
    assert (case.circle, case.state) == ("micro", "filed")
    assert any("📌 先换一盏临时灯" in text for text in street.texts("孙主任"))
    assert case.due_at == due
    assert history(street)[-2:] == ["rise", "descend"]


def test_a_late_matter_rises_by_itself_and_stays_with_the_largest_circle(
    session: Session,
) -> None:
    street = with_district(session)
    street.say("王阿姨", LAMP, command="report")
    due = street.case().due_at
    street.press("李强", "接单", private=True)
    run_until(street, lambda: street.case().circle == "small")
    assert street.now >= due
    assert street.case().circle_since == street.now
    run_until(street, lambda: street.case().circle == "big")
    run_until(street, lambda: street.case().circle_overdue_at is not None)
    case = street.case()
    assert (case.circle, case.owner_unit, case.due_at) == ("big", DISTRICT, due)
    assert any("上面没有更高一级" in text for text in street.texts("何区长"))
    assert history(street).count("rise") == 2
    assert case.next_at is not None


@pytest.mark.parametrize("label", ["派给…", "接单"])
def test_the_desk_below_reads_that_the_desk_above_has_it(session: Session, label: str) -> None:
    street = with_district(session)
    street.say("王阿姨", LAMP, command="report")
    run_until(street, lambda: street.case().owner is None)
    button = street.button(ADDRESSES["孙主任"], label)
    street.press("孙主任", "🔼 上报上一级", private=True)
    street.press("孙主任", "需要用地、规划", private=True)
    answer = street.press_data("孙主任", button, private=True)
    assert answer is not None
    assert street.case().owner is None
    assert street.case().circle == "small"


def test_a_kind_put_right_goes_to_those_whose_authority_covers_it(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", PIT, command="report")
    assert street.case().state == "filed"
    case = street.case()
    from services.buttons import data

    street.press_data("王阿姨", data("kind", DISTRICT, case.id, case.version, "LS02"))
    case = street.case()
    assert (case.circle, case.state, case.owner) == ("micro", "dispatched", street.key("李强"))
    street.press_data("王阿姨", data("kind", DISTRICT, case.id, case.version, "UM01"))
    case = street.case()
    assert (case.circle, case.state, case.owner, case.owner_unit) == (
        "small",
        "filed",
        None,
        STREET,
    )


def test_the_story_says_by_how_much_a_circle_was_over_its_own_time(session: Session) -> None:
    street = peopled(session)  # nobody sits above the street
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "更多 ›", private=True)
    street.press("李强", "🔼 上报上一级", private=True)
    street.press("李强", "需要经费", private=True)
    run_until(street, lambda: street.case().circle_overdue_at is not None)
    street.now += timedelta(minutes=90)
    street.press("钱站长", "🔽 交办下一级", private=True)
    street.say("钱站长", "先换一盏临时灯", private=True)
    case = street.case()
    assert (case.circle, case.over_micro, case.over_small) == ("micro", 0, 90 * 60)
    street.say("钱站长", case.number, private=True, command="case")
    assert "街道超出本级时限 1.5 个工作时" in " ".join(street.texts("钱站长"))
    street.say("钱站长", "", private=True, command="numbers")
    assert "街道 超出本级时限：1 件，共 1.5 个工作时" in " ".join(street.texts("钱站长"))
