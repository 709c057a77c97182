"""Shifts in chat: mine, swapped by two people's word, gaps that the desk hears of and fills."""

from datetime import timedelta

from sqlmodel import Session, select

from models import Due, Leave, Shift, Swap
from services import roster
from services.clock import sweep
from services.due import next_at
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, GRID, NEXT_GRID, Street, peopled

# ten in the morning; these begin at 14:00 on the next day
TOMORROW = timedelta(days=1, hours=4)


def shift(
    street: Street,
    name: str,
    after: timedelta = TOMORROW,
    hours: float = 4,
    unit: str = GRID,
) -> Shift:
    start = street.now + after
    row = Shift(
        district=DISTRICT, person=street.key(name), unit=unit, start=start,
        end=start + timedelta(hours=hours),
    )  # fmt: skip
    street.session.add(row)
    street.session.flush()
    return row


def whose(street: Street, row: Shift) -> str:
    street.session.refresh(row)
    return next(name for name, each in street.staff.items() if each.id == row.person)


def run(street: Street, **after: float) -> None:
    end = street.now + timedelta(**after)
    while (found := next_at(street.session)) is not None and found <= end:
        street.now = max(found, street.now)
        sweep(street.session, street.now)
        street.session.flush()
    street.now = end


def ask(street: Street, how: str) -> None:
    street.say("李强", private=True, command="shifts")
    street.press("李强", "换", private=True)
    street.press("李强", "赵敏", private=True)
    street.press("李强", how, private=True)


def test_my_shifts_are_listed_with_a_button_each(session: Session) -> None:
    street = peopled(session)
    shift(street, "李强", timedelta(hours=-1))
    shift(street, "李强")
    shift(street, "赵敏")
    street.say("李强", private=True, command="shifts")
    text = street.texts("李强")[-1]
    assert text.count("快乐一网格") == 2
    assert "正在值班" in text
    assert len([each for each in street.labels(ADDRESSES["李强"]) if each.startswith("换")]) == 1


def test_residents_have_no_shifts(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", private=True, command="shifts")
    assert not street.labels(ADDRESSES["王阿姨"])


def test_a_colleague_takes_a_shift_both_and_the_desk_hear(session: Session) -> None:
    street = peopled(session)
    row = shift(street, "李强")
    ask(street, "请替我上")
    assert whose(street, row) == "李强"  # until the other has agreed
    street.press("赵敏", "同意", private=True)
    assert whose(street, row) == "赵敏"
    for name in ("李强", "赵敏", "孙主任"):
        assert any("换班说定" in text for text in street.texts(name)), name


def test_two_shifts_are_exchanged(session: Session) -> None:
    street = peopled(session)
    mine, theirs = shift(street, "李强"), shift(street, "赵敏", timedelta(days=2))
    ask(street, "11月20日")
    assert "11月20日" in street.texts("赵敏")[-1]
    street.press("赵敏", "同意", private=True)
    assert (whose(street, mine), whose(street, theirs)) == ("赵敏", "李强")


def test_no_leaves_everything_and_the_asker_hears(session: Session) -> None:
    street = peopled(session)
    row = shift(street, "李强")
    ask(street, "请替我上")
    street.press("赵敏", "不行", private=True)
    assert whose(street, row) == "李强"
    assert "赵敏 那时不行" in street.texts("李强")[-1]
    answer = street.press("赵敏", "同意", private=True)
    assert answer is not None
    assert answer.alert
    assert whose(street, row) == "李强"


def test_without_an_answer_nothing_changes_and_both_hear(session: Session) -> None:
    street = peopled(session)
    row = shift(street, "李强")
    ask(street, "请替我上")
    run(street, hours=25)
    assert whose(street, row) == "李强"
    for name in ("李强", "赵敏"):
        assert any("没有回音" in text for text in street.texts(name)), name
    street.press("赵敏", "同意", private=True)
    assert whose(street, row) == "李强"


def test_only_who_was_asked_may_agree(session: Session) -> None:
    street = peopled(session)
    row = shift(street, "李强")
    ask(street, "请替我上")
    yes = street.button(ADDRESSES["赵敏"], "同意")
    for name in ("李强", "郑工", "孙主任"):
        street.press_data(name, yes, private=True)
    assert whose(street, row) == "李强"


def test_a_shift_that_changed_hands_meanwhile_is_swapped_no_more(session: Session) -> None:
    street = peopled(session)
    row = shift(street, "李强")
    ask(street, "请替我上")
    row.person = street.key("周姐")
    session.add(row)
    session.flush()
    answer = street.press("赵敏", "同意", private=True)
    assert answer is not None
    assert answer.alert
    assert whose(street, row) == "周姐"


def test_who_agrees_first_has_it_and_the_other_question_is_over(session: Session) -> None:
    street = peopled(session)
    row = shift(street, "李强")
    ask(street, "请替我上")
    street.press("李强", "周姐", private=True)
    street.press("李强", "请替我上", private=True)
    street.press("周姐", "同意", private=True)
    street.press("赵敏", "同意", private=True)
    assert whose(street, row) == "周姐"
    assert sorted(session.exec(select(Swap.state))) == ["agreed", "gone"]


def test_who_is_busy_then_is_not_asked(session: Session) -> None:
    street = peopled(session)
    shift(street, "李强")
    shift(street, "赵敏", unit=NEXT_GRID)
    ask(street, "请替我上")
    assert session.exec(select(Swap)).all() == []
    assert not street.texts("赵敏")


def test_a_forged_press_gives_away_nobody_elses_shift(session: Session) -> None:
    from services.buttons import data, key22

    street = peopled(session)
    row = shift(street, "李强")
    forged = data("cover", DISTRICT, row.id, arg=key22(street.key("赵敏")))
    answer = street.press_data("郑工", forged, private=True)
    assert answer is not None
    assert answer.alert
    assert session.exec(select(Swap)).all() == []


# --- nobody on duty ---


def week(street: Street, name: str, unit: str = GRID) -> None:
    """Morning and afternoon of today and of every day for a week."""
    for day in range(7):
        shift(street, name, timedelta(days=day, hours=-2), 4, unit)
        shift(street, name, timedelta(days=day, hours=4), 4, unit)


def gap_texts(street: Street) -> list[str]:
    return [text for text in street.texts("孙主任") if "没人值班" in text]


def test_the_desk_hears_ahead_and_once_of_a_shift_with_nobody_in_it(session: Session) -> None:
    street = peopled(session)
    week(street, "李强")
    friday = street.now + TOMORROW + timedelta(days=1)
    row = session.exec(select(Shift).where(Shift.start == friday)).one()
    row.start += timedelta(hours=2)
    session.add(row)
    session.flush()
    roster.plan(session, DISTRICT, street.now)
    run(street, hours=9)
    assert len(gap_texts(street)) == 1
    assert "11月20日 14:00–16:00" in gap_texts(street)[0]
    run(street, hours=24)  # the next day's look finds it again
    assert len(gap_texts(street)) == 1


def test_a_grid_without_a_roster_has_no_gaps(session: Session) -> None:
    street = peopled(session)
    week(street, "孙主任", COMMUNITY)
    roster.plan(session, DISTRICT, street.now)
    run(street, days=3)
    assert not gap_texts(street)


def test_days_off_need_nobody_and_make_up_days_do(session: Session) -> None:
    street = peopled(session)
    week(street, "李强")
    saturday = street.now + timedelta(days=3)
    found = roster.gaps(session, DISTRICT, GRID, saturday, saturday + timedelta(days=2))
    assert found == []
    rows = session.exec(select(Shift).where(Shift.start > saturday - timedelta(hours=12))).all()
    for each in rows:
        each.start -= timedelta(days=300)
        each.end -= timedelta(days=300)
        session.add(each)
    session.flush()
    # 2026-02-14 is a Saturday on which China works, 2026-02-15 a Sunday on which it doesn't
    make_up = street.now.replace(month=2, day=14, hour=0)
    found = roster.gaps(session, DISTRICT, GRID, make_up, make_up + timedelta(days=2))
    assert {each.start.date() for each in found} == {make_up.date()}


def test_leave_raises_the_alarm_at_once_and_a_tap_fills_it(session: Session) -> None:
    street = peopled(session)
    week(street, "李强")
    street.say("李强", private=True, command="away")
    street.press("李强", "今天", private=True)
    run(street, minutes=1)
    assert len(gap_texts(street)) == 2  # this morning and this afternoon
    street.press("孙主任", "赵敏", private=True)
    filled = session.exec(select(Shift).where(Shift.person == street.key("赵敏"))).one()
    assert filled.unit == GRID
    assert any("顶班" in text for text in street.texts("赵敏"))
    again = street.press("孙主任", "赵敏", private=True)
    assert again is not None
    assert again.alert


def test_a_backup_leaves_no_gap_and_hears_of_the_leave(session: Session) -> None:
    from tests.services.test_routing import backed_by

    street = peopled(session)
    week(street, "李强")
    backed_by(street, "李强", "赵敏")
    street.say("李强", private=True, command="away")
    street.press("李强", "今天", private=True)
    run(street, minutes=1)
    assert not gap_texts(street)
    assert any("顶岗" in text for text in street.texts("赵敏"))


def test_a_gap_that_was_filled_before_the_alarm_is_dropped_with_a_trace(session: Session) -> None:
    street = peopled(session)
    week(street, "李强")
    day = street.now + timedelta(hours=14)
    leave = Leave(
        district=DISTRICT, person=street.key("李强"), start=day, end=day + timedelta(hours=20)
    )
    session.add(leave)
    session.flush()
    roster.look(session, DISTRICT, street.now)
    leave.end = leave.start
    session.add(leave)
    session.flush()
    run(street, minutes=1)
    traces = session.exec(select(Due.trace).where(Due.name == roster.GAP)).all()
    assert set(traces) == {"moved_on"}
    assert not gap_texts(street)


def test_only_a_desk_above_fills_a_gap(session: Session) -> None:
    street = peopled(session)
    week(street, "李强")
    street.say("李强", private=True, command="away")
    street.press("李强", "今天", private=True)
    run(street, minutes=1)
    forged = street.button(ADDRESSES["孙主任"], "赵敏")
    answer = street.press_data("郑工", forged, private=True)
    assert answer is not None
    assert answer.alert
    assert not session.exec(select(Shift).where(Shift.person == street.key("赵敏"))).all()


def test_the_desk_says_in_chat_who_stands_in_for_whom(session: Session) -> None:
    street = peopled(session)
    street.say("孙主任", private=True, command="people")
    street.press("孙主任", "李强", private=True)
    street.press("孙主任", "B 岗", private=True)
    street.press("孙主任", "郑工", private=True)
    for name in ("李强", "郑工"):
        assert any("B 岗" in text for text in street.texts(name)), name
    week(street, "李强")
    street.say("李强", private=True, command="away")
    street.press("李强", "今天", private=True)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    assert street.case().owner == street.key("郑工")


def test_only_who_administers_them_says_who_stands_in(session: Session) -> None:
    from models import Role
    from services.buttons import data, key22

    street = peopled(session)
    forged = data("backset", DISTRICT, street.key("李强"), arg=key22(street.key("赵敏")))
    for name in ("赵敏", "李强", "王阿姨"):
        answer = street.press_data(name, forged, private=True)
        assert answer is not None
        assert answer.alert
    assert set(session.exec(select(Role.backup))) == {None}
