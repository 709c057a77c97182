"""What workers and desks run into: cards that wait, buttons that are dead, old or forged."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from models import Outbox, Person, Posted, Role
from services.clock import sweep
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, WEDNESDAY, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"
GAS = "8号楼1单元602家里煤气味很大"


def delivered(street: Street) -> None:
    """Everything that may go out now has gone out, and cards stand where they were sent."""
    for row in list(street.session.exec(select(Outbox).where(Outbox.state == "pending"))):
        if row.not_before is not None and row.not_before > street.now:
            continue
        row.state = "sent"
        if row.card is None:
            continue
        key = (row.bot, row.platform, row.chat, row.card)
        posted = street.session.get(Posted, key) or Posted(
            bot=row.bot, platform=row.platform, chat=row.chat, card=row.card,
            message=str(row.id), digest="", posted_at=street.now,
        )  # fmt: skip
        street.session.add(posted)
    street.session.flush()


def newest(street: Street, name: str) -> Outbox:
    return street.rows(ADDRESSES[name])[-1]


def revoke(street: Street, name: str) -> None:
    query = select(Role).where(Role.person == street.key(name))
    for role in street.session.exec(query):
        role.revoked_at = street.now
    street.session.flush()


def waiting(street: Street, name: str) -> list[Outbox]:
    """What is held back for later."""
    return [row for row in street.rows(ADDRESSES[name]) if row.not_before is not None]


@pytest.mark.parametrize("hours", [2.5, 12], ids=["lunch", "night"])
def test_a_card_that_stands_changes_at_once_whatever_the_hour(
    session: Session, hours: float
) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    delivered(street)
    street.now += timedelta(hours=hours)
    street.press("李强", "接单", private=True)
    assert "到现场了" in street.labels(ADDRESSES["李强"])
    assert not waiting(street, "李强")


def test_what_a_worker_opens_at_night_comes_at_once(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report", files=(photo(),))
    number = street.case().number
    delivered(street)
    street.now = WEDNESDAY + timedelta(hours=12)
    street.say("李强", number, private=True, command="case")
    assert not waiting(street, "李强")


def test_photos_are_shown_once_more_as_often_as_asked(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report", files=(photo(),))
    street.press("李强", "接单", private=True)
    street.press("李强", "更多", private=True)
    before = len(street.rows(ADDRESSES["李强"]))
    street.press("李强", "照片", private=True)
    assert len(street.rows(ADDRESSES["李强"])) == before + 1


def test_a_card_on_the_desk_changes_when_somebody_takes_the_case(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("孙主任", street.case().number, private=True, command="case")
    delivered(street)
    street.press("李强", "接单", private=True)
    assert newest(street, "孙主任").card is not None
    assert "接单" not in [
        button["label"] for row in newest(street, "孙主任").payload["buttons"] for button in row
    ]


@pytest.mark.parametrize("arg", ["²", "x", "-1", "9" * 20, ""])
@pytest.mark.parametrize("verb", ["cond", "rate", "appoint", "ring", "engaged", "people", "menu"])
def test_a_forged_argument_is_refused_in_one_sentence(
    session: Session, verb: str, arg: str
) -> None:
    from services.buttons import data

    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    case = street.case()
    forged = data(verb, DISTRICT, case.id, None, arg)
    state = case.state
    for name in ("王阿姨", "李强", "孙主任"):
        street.press_data(name, forged, private=True)
    assert street.case().state == state


@pytest.mark.parametrize("verb", ["invite", "revoke", "person", "home", "take", "assign", "apart"])
def test_a_button_without_its_case_is_refused_in_one_sentence(session: Session, verb: str) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    answer = street.press_data("孙主任", f"{verb}~{DISTRICT}", private=True)
    assert answer is not None
    assert answer.alert


def test_a_case_goes_only_to_somebody_of_its_team_or_below_the_desk(session: Session) -> None:
    from services.buttons import data, key22

    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("陈叔", "你好", private=True)
    case = street.case()
    aunt = session.exec(select(Person).where(Person.address == ADDRESSES["陈叔"])).one()
    street.hire("外人", "worker", "110101001002001", "499")  # another community's
    session.flush()
    for other in (aunt.id, street.key("外人"), street.key("孙主任")):
        forged = data("assign", DISTRICT, case.id, case.version, key22(other))
        answer = street.press_data("孙主任", forged, private=True)
        assert answer is not None
        assert answer.alert
    assert street.case().owner == street.key("李强")


def test_a_reporter_reads_no_number_of_the_contact_sheet(session: Session) -> None:
    from services.buttons import data

    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    case = street.case()
    for verb, arg in (("ring", "0"), ("menu", "more"), ("photos", "")):
        forged = data(verb, DISTRICT, case.id, case.version, arg)
        answer = street.press_data("王阿姨", forged, private=True)
        assert answer is not None
        assert "60001234" not in answer.text
        assert answer.alert


def test_who_has_lost_the_role_publishes_nothing(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    publish = street.button(ADDRESSES["李强"], "发到群里")
    revoke(street, "李强")
    answer = street.press_data("李强", publish, private=True)
    assert answer is not None
    assert answer.alert
    assert not any(row.payload.get("photos") for row in street.rows(GROUP_CHAT))


def test_what_reopens_goes_on_at_once_when_its_worker_has_left(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    revoke(street, "李强")
    street.press("王阿姨", "还没有")
    case = street.case()
    assert (case.state, case.owner) == ("reopened", street.key("赵敏"))
    assert any(case.number in text for text in street.texts("赵敏"))


def test_a_reminder_that_the_worker_asked_for_comes_at_its_time(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.now = WEDNESDAY + timedelta(hours=7, minutes=30)  # 17:30
    street.press("李强", "更多", private=True)
    street.press("李强", "晚点提醒", private=True)
    street.press("李强", "一小时后", private=True)
    street.now += timedelta(minutes=61)
    sweep(session, street.now)
    told = [
        row for row in street.rows(ADDRESSES["李强"]) if "您让我" in row.payload.get("text", "")
    ]
    assert [row.not_before for row in told] == [None]


def test_who_works_here_and_reports_too_opens_the_card_with_the_next_step(
    session: Session,
) -> None:
    street = peopled(session)
    street.say("李强", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.say("李强", street.case().number, private=True, command="case")
    assert newest(street, "李强").card == f"s:{street.case().id}"


def test_nobody_is_asked_to_confirm_their_own_work(session: Session) -> None:
    street = peopled(session)
    street.say("李强", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    assert street.case().state == "done"
    assert "解决了" not in street.labels(GROUP_CHAT)
    street.now += timedelta(days=5)
    sweep(session, street.now)
    assert any(street.case().number in text for text in street.texts("孙主任"))


def test_leave_brings_no_summary(session: Session) -> None:
    from services.clock import begin

    street = peopled(session)
    begin(session, street.now)
    street.say("孙主任", private=True, command="away")
    street.press("孙主任", "今天", private=True)
    before = len(street.rows(ADDRESSES["孙主任"]))
    street.now = WEDNESDAY + timedelta(hours=8)
    sweep(session, street.now)
    assert len(street.rows(ADDRESSES["孙主任"])) == before


def test_a_list_that_comes_late_waits_for_the_next_working_hour(session: Session) -> None:
    from services.clock import begin

    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    begin(session, street.now)
    street.now = WEDNESDAY + timedelta(hours=36)  # 22:00 the next day, after a day without power
    sweep(session, street.now)
    rows = [row for row in street.rows(ADDRESSES["李强"]) if "morning" in (row.dedupe or "")]
    assert all(row.not_before is not None for row in rows)


def test_a_check_by_the_desk_is_told_as_what_it_is(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    street.say("孙主任", street.case().number, private=True, command="case")
    street.press("孙主任", "已核查：办好了", private=True)
    assert street.case().closing == "checked"
    told = [row for row in street.rows(GROUP_CHAT) if (row.card or "").startswith("q:")]
    assert "核查" in told[-1].payload["text"]
    assert "接着办" not in told[-1].payload["text"]
