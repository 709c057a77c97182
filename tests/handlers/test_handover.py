"""A worker leaves: one action moves everything to the next."""

from datetime import timedelta

from sqlmodel import Session, select

from models import CaseEvent, Role, Shift
from services import handover
from tests.handlers.test_clock import finish
from tests.handlers.test_roster import run, shift, whose
from tests.people import DISTRICT, GRID, Street, peopled
from tests.services.test_routing import backed_by

LAMP = "3号楼2单元楼道灯坏了"


def report(street: Street, text: str = LAMP) -> None:
    street.say("王阿姨", text, command="report")


def hand_over(street: Street, to: str = "赵敏") -> None:
    street.say("孙主任", private=True, command="people")
    street.press("孙主任", "李强", private=True)
    street.press("孙主任", "交接给别人", private=True)
    street.press("孙主任", to, private=True)
    street.press("孙主任", "确认交接", private=True)
    run(street, seconds=5)


def test_open_cases_keep_state_and_promise_and_history_says_who_has_them(
    session: Session,
) -> None:
    street = peopled(session)
    report(street)
    due = street.case().due_at
    street.press("李强", "接单", private=True)
    hand_over(street)
    case = street.case()
    assert (case.state, case.due_at) == ("taken", due)
    assert (case.owner, case.taken_by) == (street.key("赵敏"), street.key("赵敏"))
    query = select(CaseEvent).where(CaseEvent.verb == "hand_over")
    event = session.exec(query).one()
    assert (event.actor, event.standing) == (street.key("孙主任"), "desk")
    assert event.facts["from"] == str(street.key("李强"))
    assert event.facts["to"] == str(street.key("赵敏"))


def test_the_preview_counts_and_changes_nothing(session: Session) -> None:
    street = peopled(session)
    report(street)
    shift(street, "李强")
    street.say("孙主任", private=True, command="people")
    street.press("孙主任", "李强", private=True)
    street.press("孙主任", "交接给别人", private=True)
    street.press("孙主任", "赵敏", private=True)
    assert "1 件在办，0 个回访，1 班" in street.texts("孙主任")[-1]
    run(street, seconds=5)
    assert street.case().owner == street.key("李强")


def test_both_and_the_desk_hear_and_the_next_gets_the_list(session: Session) -> None:
    street = peopled(session)
    report(street)
    number = street.case().number
    hand_over(street)
    assert any("交给 赵敏" in text for text in street.texts("李强"))
    assert any("由您（赵敏）接手" in text for text in street.texts("赵敏"))
    assert any(number in text for text in street.texts("赵敏"))
    assert any("交接完成" in text for text in street.texts("孙主任"))


def test_revisits_of_closed_cases_come_to_the_next(session: Session) -> None:
    street = peopled(session)
    report(street, "8号楼消防通道被堵了")
    finish(street)
    street.press("赵敏", "已核查：办好了", private=True)
    street.press("王阿姨", "解决了")
    hand_over(street)
    run(street, days=5)
    assert any("该回访" in text for text in street.texts("赵敏"))
    assert not any("该回访" in text for text in street.texts("李强"))
    case = street.case()
    assert (case.owner, case.done_by) == (street.key("赵敏"), street.key("李强"))


def test_shifts_to_come_change_hands_and_a_running_one_is_cut(session: Session) -> None:
    street = peopled(session)
    running = shift(street, "李强", timedelta(hours=-1))
    later = shift(street, "李强")
    at = street.now
    hand_over(street)
    session.refresh(running)
    assert (whose(street, running), running.end) == ("李强", at)
    query = select(Shift).where(Shift.person == street.key("赵敏")).order_by(Shift.start)  # type: ignore[arg-type]
    assert [each.start for each in session.exec(query)] == [at, later.start]


def test_a_shift_that_the_next_has_already_is_not_doubled(session: Session) -> None:
    street = peopled(session)
    shift(street, "李强")
    shift(street, "赵敏", hours=2)
    hand_over(street)
    rows = session.exec(select(Shift)).all()
    assert [(each.person, each.end - each.start) for each in rows] == [
        (street.key("赵敏"), timedelta(hours=4))
    ]


def test_the_next_stands_in_for_whom_the_last_stood_in(session: Session) -> None:
    street = peopled(session)
    backed_by(street, "周姐", "李强")
    backed_by(street, "赵敏", "李强")
    hand_over(street)
    rows = session.exec(select(Role).where(Role.unit == GRID)).all()
    backups = {each.person: each.backup for each in rows}
    assert backups[street.key("周姐")] == street.key("赵敏")
    assert backups[street.key("赵敏")] is None  # nobody stands in for themselves


def test_a_long_list_goes_in_portions_and_whole(session: Session) -> None:
    street = peopled(session)
    for number in range(handover.PORTION + 3):
        report(street, f"{number}号楼楼道灯坏了")
        case = street.case()
        case.owner = street.key("李强")
        session.add(case)
        session.flush()
        street.now += timedelta(minutes=11)
    hand_over(street)
    assert {case.owner for case in street.cases()} == {street.key("赵敏")}
    assert sum("交接完成" in text for text in street.texts("孙主任")) == 1


def test_a_matter_for_one_named_person_goes_along_its_own_line(session: Session) -> None:
    street = peopled(session)
    report(street)
    case = street.case()
    case.reach, case.owner = "named", street.key("李强")
    case.passed = [str(street.key("李强"))]
    session.add(case)
    session.flush()
    hand_over(street)
    assert street.case().owner == street.key("吴医生")


def test_only_who_administers_them_may_hand_over(session: Session) -> None:
    from services.buttons import data, key22

    street = peopled(session)
    report(street)
    forged = data("handgo", DISTRICT, street.key("李强"), arg=key22(street.key("赵敏")))
    for name in ("赵敏", "周姐", "李强"):
        answer = street.press_data(name, forged, private=True)
        assert answer is not None
        assert answer.alert
    run(street, seconds=5)
    assert street.case().owner == street.key("李强")
