"""What happens by itself: the next in line, the colour, the nudge, silence, revisits, lists."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from models import Due
from services.clock import begin, register, sweep
from services.due import drop, next_at, plan
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, WEDNESDAY, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"


def report(street: Street, text: str = LAMP) -> None:
    street.say("王阿姨", text, command="report")


def finish(street: Street) -> None:
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo(str(street.now)),))


def run_until(street: Street, **after: float) -> None:
    """Every due instant on the way, in order."""
    end = street.now + timedelta(**after)
    for _ in range(500):
        found = next_at(street.session)
        if found is None or found > end:
            break
        street.now = max(found, street.now)
        sweep(street.session, street.now)
        street.session.flush()
    street.now = end


def test_not_taken_in_half_an_hour_of_duty_goes_to_the_next_in_line(session: Session) -> None:
    street = peopled(session)
    report(street)
    for name in ("李强", "赵敏", "周姐"):
        assert street.case().owner == street.key(name)
        run_until(street, minutes=31)
    case = street.case()
    assert (case.owner, case.owner_unit) == (None, case.community)
    assert any(case.number in text for text in street.texts("孙主任"))


def test_lunch_does_not_count_as_duty_time(session: Session) -> None:
    street = peopled(session)
    street.now = WEDNESDAY + timedelta(hours=1, minutes=50)  # 11:50
    report(street)
    run_until(street, hours=2)
    assert street.case().owner == street.key("李强")
    run_until(street, minutes=30)
    assert street.case().owner == street.key("赵敏")


def test_a_routine_card_waits_for_the_morning(session: Session) -> None:
    street = peopled(session)
    street.now = WEDNESDAY + timedelta(hours=12)  # 22:00
    report(street)
    rows = street.rows(ADDRESSES["李强"])
    assert rows[0].not_before == WEDNESDAY + timedelta(hours=22)  # 08:00 the next day


def test_leave_brings_no_case(session: Session) -> None:
    street = peopled(session)
    street.say("李强", private=True, command="away")
    street.press("李强", "今天", private=True)
    report(street)
    assert street.case().owner == street.key("赵敏")


def test_overdue_turns_red_and_leader_and_desk_hear(session: Session) -> None:
    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    run_until(street, days=4)
    assert street.case().overdue_at is not None
    for name in ("李强", "周姐", "孙主任"):
        assert any("🔴" in text for text in street.texts(name)), name
    assert "🔴" in street.texts(GROUP_CHAT)[-1]


def test_three_days_of_silence_bring_one_nudge_and_then_an_unconfirmed_end(
    session: Session,
) -> None:
    street = peopled(session)
    report(street)
    finish(street)
    run_until(street, days=7)
    case = street.case()
    assert (case.state, case.closing, case.stars) == ("closed", "unconfirmed", None)


def test_what_is_checked_on_site_never_closes_before_somebody_else_has_looked(
    session: Session,
) -> None:
    street = peopled(session)
    report(street, "8号楼消防通道被堵了")
    assert street.case().verify == "onsite"
    finish(street)
    run_until(street, days=20)
    assert (street.case().state, street.case().owner) == ("checking", None)
    street.press("孙主任", "已核查：办好了", private=True)
    assert street.case().state == "done"
    run_until(street, days=8)
    assert (street.case().state, street.case().closing) == ("closed", "unconfirmed")


def test_the_worker_is_asked_to_revisit_and_again_reopens(session: Session) -> None:
    street = peopled(session)
    report(street, "8号楼消防通道被堵了")
    finish(street)
    street.press("赵敏", "已核查：办好了", private=True)
    street.press("王阿姨", "解决了")
    run_until(street, days=5)
    assert any("回访" in text for text in street.texts("李强"))
    street.press("李强", "回访：又有了", private=True)
    assert street.case().state == "reopened"


def test_fine_is_noted_and_the_next_revisit_is_planned(session: Session) -> None:
    street = peopled(session)
    report(street, "8号楼消防通道被堵了")
    finish(street)
    street.press("赵敏", "已核查：办好了", private=True)
    street.press("王阿姨", "解决了")
    run_until(street, days=5)
    street.press("李强", "回访：都好", private=True)
    case = street.case()
    assert case.revisits_done == 1
    assert case.next_at is not None
    assert case.next_at > street.now + timedelta(days=5)


def test_the_worker_reads_the_list_at_eight_and_the_desk_the_day_at_six(session: Session) -> None:
    street = peopled(session)
    begin(session, street.now)
    report(street)
    street.press("李强", "接单", private=True)
    run_until(street, days=1)
    lists = [
        row for row in street.rows(ADDRESSES["李强"]) if row.dedupe and "morning" in row.dedupe
    ]
    days = [
        row for row in street.rows(ADDRESSES["孙主任"]) if row.dedupe and "evening" in row.dedupe
    ]
    assert (len(lists), len(days)) == (1, 1)
    assert days[0].payload["picture"]["kind"] == "day"


def test_days_off_have_neither_list_nor_summary(session: Session) -> None:
    street = peopled(session)
    street.now = WEDNESDAY + timedelta(days=3)  # a Saturday
    begin(session, street.now)
    saturday = next_at(session)
    run_until(street, hours=40)
    assert saturday is not None
    assert not [row for name in ("李强", "孙主任") for row in street.rows(ADDRESSES[name])]


def test_a_reminder_whose_case_has_moved_on_is_dropped_with_a_trace(session: Session) -> None:

    from models import Due

    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    row = session.exec(select(Due).where(Due.name == "case.accept")).one()
    assert (row.state, row.trace) == ("dropped", "take")


def test_a_sweep_twice_says_nothing_twice(session: Session) -> None:
    street = peopled(session)
    report(street)
    street.now += timedelta(minutes=31)
    assert sweep(session, street.now) == 1
    assert sweep(session, street.now) == 0


def test_later_reminds_at_the_chosen_time(session: Session) -> None:
    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    street.press("李强", "更多", private=True)
    street.press("李强", "晚点提醒", private=True)
    street.press("李强", "一小时后", private=True)
    run_until(street, minutes=61)
    assert any("您让我这时提醒" in text for text in street.texts("李强"))


def test_who_blocked_the_bot_loses_the_case_to_the_next_in_line(session: Session) -> None:
    from handlers.turn import Membership
    from handlers.wiring import handle
    from services.outbox import Address
    from tests.people import BOT

    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    at = Address(BOT.bot, ADDRESSES["李强"])
    gone = Membership(at=at, sender=street.sender("李强"), private=True, present=False)
    handle(session, gone, BOT, street.now)
    session.flush()
    assert street.case().owner == street.key("赵敏")
    assert any("李强" in text for text in street.texts("孙主任"))


def test_every_open_case_has_a_next_moment(session: Session) -> None:
    street = peopled(session)
    for text in (LAMP, "8号楼消防通道被堵了", "有人飞线充电", "公积金提取不了"):
        report(street, text)
    for _ in range(8):
        run_until(street, days=3)
        for case in street.cases():
            if case.state not in (
                "closed",
                "not_admitted",
                "withdrawn",
                "voided",
                "merged",
                "archived",
            ):
                assert case.next_at is not None
                assert case.next_at > street.now - timedelta(days=3)


def test_what_is_urgent_fires_first_and_then_the_oldest(session: Session) -> None:
    fired: list[str] = []
    register("noted", lambda _session, row, _now: fired.append(row.key))
    for key, minutes, urgent in (("newer", 1, False), ("older", 9, False), ("urgent", 0, True)):
        at = WEDNESDAY - timedelta(minutes=minutes)
        plan(session, DISTRICT, key, "noted", at, urgent=urgent)
    for _ in range(3):
        sweep(session, WEDNESDAY, limit=1)
    assert fired == ["urgent", "older", "newer"]


def test_what_an_earlier_one_of_the_batch_has_moved_or_dropped_does_not_fire(
    session: Session,
) -> None:
    fired: list[str] = []

    def fire(session: Session, row: Due, now: datetime) -> None:
        fired.append(row.key)
        plan(session, DISTRICT, "moved", "noted", now + timedelta(days=1))
        drop(session, DISTRICT, "dropped", "test")

    register("noted", fire)
    for minutes, key in enumerate(("dropped", "moved", "first"), start=1):
        plan(session, DISTRICT, key, "noted", WEDNESDAY - timedelta(minutes=minutes))
    sweep(session, WEDNESDAY)
    assert fired == ["first"]
    assert next_at(session) == WEDNESDAY + timedelta(days=1)
