"""More time, suspension, stage clocks, appeals: what people tap and what everybody reads."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from domain.worktime import Calendar, work_between
from models import CaseEvent
from services.clock import sweep
from tests.handlers.test_clock import report, run_until
from tests.people import ADDRESSES, GROUP_CHAT, Street, peopled, photo


def taken(session: Session) -> Street:
    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    return street


def ask_time(street: Street, amount: str = "1 个工作日", reason: str = "等材料") -> None:
    for label in ("更多", "申请延期", amount, reason):
        street.press("李强", label, private=True)


def suspend(street: Street, days: str = "30 天") -> None:
    street.say("孙主任", street.case().number, private=True, command="case")
    for label in ("挂账", "等经费", days):
        street.press("孙主任", label, private=True)


def verbs(street: Street) -> list[str]:
    query = select(CaseEvent).where(CaseEvent.case == street.case().id)
    return [row.verb for row in street.session.exec(query.order_by(CaseEvent.seq))]  # type: ignore[arg-type]


def test_more_time_is_asked_one_level_up_and_the_reporter_hears_the_new_promise(
    session: Session,
) -> None:
    street = taken(session)
    promised = street.case().due_at
    ask_time(street)
    assert "申请延期 1 个工作日：等材料、配件" in street.texts("孙主任")[-1]
    assert street.case().due_at == promised
    street.press("孙主任", "同意延期", private=True)
    case = street.case()
    assert (case.first_due_at, case.due_at) == (promised, promised + timedelta(days=1))
    texts = street.texts(GROUP_CHAT)
    card, told = (next(text for text in texts if each in text) for each in ("改期原因", "现在要到"))
    assert "11月20日 10:00 前办好\n原定 明天 10:00，改期原因：等材料、配件" in card
    assert "原定 明天 10:00 前办好，现在要到 11月20日 10:00 前。原因：等材料、配件" in told
    assert "王阿姨" in told
    assert any("延期批了" in text for text in street.texts("李强"))
    granted = next(row for row in session.exec(select(CaseEvent)) if row.verb == "grant_time")
    assert granted.facts["due_from"] == promised.isoformat()


def test_what_is_refused_changes_no_promise_and_tells_the_reporter_nothing(
    session: Session,
) -> None:
    street = taken(session)
    before, promised = len(street.texts(GROUP_CHAT)), street.case().due_at
    ask_time(street)
    street.press("孙主任", "不同意延期", private=True)
    assert street.case().due_at == promised
    assert any("延期没有批" in text for text in street.texts("李强"))
    assert not any("原定" in text for text in street.texts(GROUP_CHAT)[before:])
    ask_time(street)  # refusals don't count
    assert street.case().extension_asked == 1


def test_an_old_request_card_decides_nothing_twice(session: Session) -> None:
    street = taken(session)
    ask_time(street)
    grant = street.button(ADDRESSES["孙主任"], "同意延期")
    street.press_data("孙主任", grant, private=True)
    again = street.press_data("孙主任", grant, private=True)
    assert again is not None
    assert "可能已经批过了" in again.text
    assert street.case().extensions == 1


@pytest.mark.parametrize("name", ["李强", "赵敏", "王阿姨"])
def test_a_forged_grant_is_refused(session: Session, name: str) -> None:
    street = taken(session)
    ask_time(street)
    street.press_data(name, street.button(ADDRESSES["孙主任"], "同意延期"), private=True)
    assert street.case().extensions == 0


def test_a_forged_amount_is_refused_with_a_sentence(session: Session) -> None:
    street = taken(session)
    for label in ("更多", "申请延期", "1 个工作日"):
        street.press("李强", label, private=True)
    good = street.button(ADDRESSES["李强"], "等材料")
    for amount in ("99", "-1", "x", "１"):
        answer = street.press_data("李强", good.replace("1.parts", f"{amount}.parts"), private=True)
        assert answer is not None
        assert answer.alert or amount == "１"
    assert street.case().extension_asked in (None, 1)


def test_a_suspension_is_public_stands_still_and_ends_by_itself(session: Session) -> None:
    street = taken(session)
    suspend(street)
    case = street.case()
    assert (case.state, case.waits_for) == ("waiting", "suspended")
    assert any("⏸ 暂停到" in text and "等经费" in text for text in street.texts(GROUP_CHAT))
    assert any("先停到" in text and "等经费" in text for text in street.texts(GROUP_CHAT))
    run_until(street, days=29)
    assert street.case().overdue_at is None
    assert "remind" not in verbs(street)
    run_until(street, days=2)
    case = street.case()
    assert (case.state, case.waits_for) == ("taken", None)
    hours = work_between(Calendar(), street.now, case.due_at)
    assert timedelta() < hours <= timedelta(hours=8)  # one work day was left
    assert any("接着办了" in text for text in street.texts(GROUP_CHAT))
    assert any("恢复办理" in text for text in street.texts("李强"))


def test_the_desk_takes_up_earlier_and_cannot_suspend_twice(session: Session) -> None:
    street = taken(session)
    promised = street.case().due_at
    suspend(street)
    street.press("孙主任", "恢复办理", private=True)
    assert (street.case().due_at, street.case().state) == (promised, "taken")
    assert "挂账" not in street.labels(ADDRESSES["孙主任"])[-2:]


def test_the_reporters_words_do_not_end_a_suspension(session: Session) -> None:
    street = taken(session)
    suspend(street)
    street.say("王阿姨", "还没好吗", private=True)
    assert street.case().waits_for == "suspended"


def test_waiting_for_the_reporter_is_not_held_against_the_worker(session: Session) -> None:
    street = taken(session)
    for label in ("更多", "问报事人", "具体在哪"):
        street.press("李强", label, private=True)
    assert street.case().waits_for == "reporter"
    promised = street.case().due_at
    run_until(street, days=2)
    case = street.case()
    assert case.overdue_at is not None  # the promise went on
    assert any("等待不计入您的时间" in text for text in street.texts("李强"))
    assert not any("已超过时限" in text for text in street.texts("李强"))
    street.press("李强", "已有答复", private=True)
    case = street.case()
    assert case.due_at == promised
    assert case.handle_by is not None
    assert case.handle_by > street.now
    assert case.waited_seconds == 2 * 8 * 3600
    street.say("孙主任", case.number, private=True, command="case")
    assert "超期是因为等待 16 个工作时，不计入考核" in street.texts("孙主任")[-1]


def test_a_stage_that_runs_over_is_a_fact_that_the_desk_sees(session: Session) -> None:
    street = peopled(session)
    report(street)
    promised = street.case().due_at
    run_until(street, minutes=16)
    case = street.case()
    assert (case.stages_late, case.due_at, case.owner) == (["accept"], promised, street.key("李强"))
    run_until(street, minutes=90)  # the next two let it lie as well; then the desk
    assert street.case().stages_late == ["accept", "accept", "accept", "dispatch"]
    street.say("孙主任", case.number, private=True, command="case")
    assert "环节超时：接单 ×3 · 派遣" in street.texts("孙主任")[-1]
    street.say("李强", case.number, private=True, command="case")
    assert "环节超时" not in street.texts("李强")[-1]
    late = [row.facts for row in session.exec(select(CaseEvent)) if row.verb == "stage_late"]
    assert [facts["stage"] for facts in late].count("accept") == 3


def test_after_an_outage_a_stage_is_noted_and_the_next_is_asked_in_one_sweep(
    session: Session,
) -> None:
    street = peopled(session)
    report(street)
    street.now += timedelta(minutes=45)
    assert sweep(session, street.now) == 1
    assert street.case().owner == street.key("赵敏")
    assert street.case().stages_late == ["accept"]


def test_a_supervisor_above_exempts_what_was_late_and_the_fact_stays(session: Session) -> None:
    street = taken(session)
    run_until(street, days=1.5)
    late = street.case().overdue_at
    assert late is not None
    for label in ("更多", "申诉", "停电"):
        street.press("李强", label, private=True)
    assert "已申诉：停电、天气等不可控" in street.texts("孙主任")[-1]
    street.press("孙主任", "不计入考核", private=True)
    assert (street.case().appeal, street.case().overdue_at) == ("exempt", late)
    assert any("申诉成立" in text for text in street.texts("李强"))


def test_an_appeal_may_come_after_the_end(session: Session) -> None:
    street = taken(session)
    run_until(street, days=1.5)
    finish_taken(street)
    street.press("王阿姨", "解决了")
    street.say("李强", street.case().number, private=True, command="case")
    street.press("李强", "申诉", private=True)
    street.press("李强", "联系不上", private=True)
    street.press("孙主任", "维持", private=True)
    assert (street.case().state, street.case().appeal) == ("closed", "upheld")


def finish_taken(street: Street) -> None:
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo(str(street.now)),))


def test_an_unpublished_year_is_marked_on_the_card_as_provisional(session: Session) -> None:
    street = peopled(session)
    street.now = street.now.replace(year=2062)
    report(street)
    assert street.case().due_provisional
    assert "可能调整" in street.texts(GROUP_CHAT)[-1]
