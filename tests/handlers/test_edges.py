"""Rules at the edges: the night, hidden administrators, nobody there, a cry for help."""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import Session

from services import privacy
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, WEDNESDAY, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"


def test_a_residents_phone_makes_no_sound_at_night(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.now = WEDNESDAY + timedelta(hours=16)  # midnight
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("x"),))
    asked = [row for row in street.rows(GROUP_CHAT) if "解决了吗" in row.payload["text"]]
    assert [row.payload.get("silent") for row in asked] == [True]


def test_who_hides_behind_the_groups_name_is_asked_to_write_as_themself(session: Session) -> None:
    street = peopled(session)
    sender = street.sender
    street.sender = lambda name: replace(  # type: ignore[method-assign]
        sender(name), is_bot=True, anonymous_admin=True
    )
    street.say("王阿姨", LAMP, command="report")
    assert not street.cases()
    assert "自己的名字" in street.texts(GROUP_CHAT)[-1]


def test_a_danger_that_nobody_can_be_told_of_reaches_the_administrators(session: Session) -> None:
    street = peopled(session)
    for name, person in street.staff.items():
        person.reachable = name == "冯管理"
    session.flush()
    street.say("王阿姨", "8号楼1单元煤气味很大", command="report")
    assert any("燃气泄漏" in text for text in street.texts("冯管理"))


def test_a_cry_for_help_stays_urgent_whatever_kind_it_is_called(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "8号楼电梯里困了人，救命", command="report")
    assert street.case().urgency == "now"
    street.press("王阿姨", "更正")
    street.press("王阿姨", "改类别")
    street.press("王阿姨", "民生服务")
    street.press("王阿姨", "电梯故障")
    assert (street.case().kind, street.case().urgency) == ("LS03", "now")


def test_who_is_forgotten_leaves_the_case_to_the_next_voice(session: Session) -> None:
    from models import Person
    from services.outbox import Address
    from services.people import person_of
    from tests.people import BOT

    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("陈叔", "我也遇到")
    case = street.case()
    found: list[Person | None] = [
        person_of(session, DISTRICT, Address(BOT.bot, ADDRESSES[name]))
        for name in ("王阿姨", "陈叔")
    ]
    first, second = found
    assert first is not None
    assert second is not None
    privacy.delete(session, first, street.now)
    session.flush()
    session.expire_all()
    case = street.case()
    assert (case.reporter, case.voices, case.text) == (second.id, 1, "")


def test_danger_is_answered_before_the_question_where_somebody_lives(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", "楼道里煤气味很大", private=True)
    told = street.texts("陈叔")
    assert "119" in told[0]
    assert not street.cases()
    street.press("陈叔", "快乐8号楼", private=True)
    assert street.case().kind == "PS01"
    assert any(street.case().number in text for text in street.texts("李强"))


def test_a_quick_finger_may_outrun_its_own_card(session: Session) -> None:
    from services.buttons import data

    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    case = street.case()
    shown = case.version
    for verb in ("take", "arrive"):
        pressed = data(verb, DISTRICT, case.id, shown)
        street.press_data("李强", pressed, private=True)
    case = street.case()
    assert case.state == "in_hand"
    late = street.press_data("赵敏", data("take", DISTRICT, case.id, shown), private=True)
    assert late is not None
    assert "李强" in late.text
