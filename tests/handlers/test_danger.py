"""What is urgent now, and what only one named person may know."""

import re
from datetime import timedelta
from itertools import product

from sqlmodel import Session

from services.buttons import data
from services.cards import group_card, look_at
from services.catalogue import catalogue
from services.clock import sweep
from services.texts import plain
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled

GAS = "8号楼1单元602家里煤气味很大"
BLOWS = "我老公又打我了，救命"


def tick(street: Street, minutes: float) -> int:
    street.now += timedelta(minutes=minutes)
    return sweep(street.session, street.now)


def test_the_group_reads_number_and_first_steps_before_anything_else(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    card = street.texts(GROUP_CHAT)[-1]
    assert "119" in card
    assert "别开关电器" in card
    assert "还没有人确认接单" in card
    assert "602" not in card


def test_a_private_matter_reads_the_numbers_in_the_group_and_nothing_of_it_differs(
    session: Session,
) -> None:
    """Who never opened the private chat reads nothing else; neighbours learn nothing from it, nor
    from how urgent it is, whose, and how far."""
    street = peopled(session)
    street.say("王阿姨", BLOWS, command="report")
    case = street.case()
    look = look_at(session, case, "zh-Hans", street.now)
    card = group_card(look)
    assert all(number in card.text for number in ("报警 110", "火警 119", "急救 120"))
    assert "🚨" not in card.text  # most of these are wages and noise
    kinds = [
        each for each in catalogue(session, DISTRICT).kinds.values() if each.privacy == "private"
    ]
    assert len(kinds) > 5
    for kind, urgency, state in product(kinds, ("now", "normal"), ("dispatched", "taken", "done")):
        case.kind, case.reach, case.urgency, case.state = kind.code, kind.reach, urgency, state
        assert group_card(look) == card, (kind.code, urgency, state)


def test_the_whole_team_is_told_at_once_and_others_are_not(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    for name in ("李强", "赵敏", "周姐"):
        assert any("燃气泄漏" in text for text in street.texts(name)), name
    for name in ("郑工", "孙主任"):
        assert not street.texts(name), name
    assert all(row.priority == 0 for row in street.rows(ADDRESSES["李强"]))


def test_engaged_is_seen_by_the_team(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    street.press("李强", "占线", private=True)
    assert any("占线" in text for text in street.texts("赵敏"))


def test_a_number_is_masked_until_somebody_taps_and_that_is_kept(session: Session) -> None:
    from sqlmodel import select

    from models import Audit

    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    assert not any("60001234" in text for text in street.texts("李强"))
    answer = street.press("李强", "📞 燃气抢修", private=True)
    assert answer is not None
    assert "60001234" in answer.text
    assert session.exec(select(Audit)).all()


def test_it_stays_loud_until_a_person_takes_it(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    for minutes in (5, 15, 15):  # longer steps once everybody was asked
        assert tick(street, minutes) >= 1
    assert any("燃气泄漏" in text for text in street.texts("孙主任"))
    street.press("赵敏", "接单", private=True)
    assert "还没有人确认接单" not in street.texts(GROUP_CHAT)[-1]
    assert tick(street, 5) == 0


def test_the_second_to_take_it_reads_who_has_it(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", GAS, command="report")
    take = street.button(ADDRESSES["李强"], "接单")
    street.press("赵敏", "接单", private=True)
    answer = street.press_data("李强", take, private=True)
    assert answer is not None
    assert "赵敏" in answer.text
    assert street.case().owner == street.key("赵敏")


def test_violence_at_home_reaches_the_named_person_and_nobody_else(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", BLOWS, command="report")
    assert street.case().kind == "PO03"
    assert any("家暴" in text for text in street.texts("吴医生"))
    for name in ("李强", "赵敏", "周姐", "孙主任", "钱站长", "冯管理"):
        assert not street.texts(name), name
    group = " ".join(street.texts(GROUP_CHAT))
    said = group.replace(plain("card.private_danger"), "")
    assert not any(word in said for word in ("家暴", "打我", "110", "8号楼", "王阿姨"))


def test_nothing_lights_up_at_home_after_the_first_answer(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "你好", private=True)
    street.say("王阿姨", BLOWS, private=True)
    street.press("王阿姨", "快乐8号楼", private=True) if not street.cases() else None
    seen = len(street.texts("王阿姨"))
    assert any("110" in text for text in street.texts("王阿姨"))
    street.press("吴医生", "接单", private=True)
    street.press("吴医生", "办好了", private=True)
    street.press("吴医生", "当面说通了", private=True)
    case = street.case()
    assert (case.state, case.closing) == ("closed", "entrusted")
    for _ in range(40):
        tick(street, 24 * 60)
    assert len(street.texts("王阿姨")) == seen


def test_the_named_matter_is_in_nobodys_day_but_as_a_number(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", BLOWS, command="report")
    street.say("孙主任", private=True, command="day")
    day = street.texts("孙主任")[-1]
    assert "1" in day
    assert "家暴" not in day


def test_a_supervisor_cannot_open_a_named_matter(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", BLOWS, command="report")
    street.say("孙主任", street.case().number, private=True, command="case")
    assert "家暴" not in " ".join(street.texts("孙主任"))


def test_untaken_danger_stands_at_the_top_of_everybodys_list_in_the_team_until_taken(
    session: Session,
) -> None:
    street = peopled(session)
    street.say("王阿姨", "8号楼楼道灯坏了", command="report")
    lamp = street.case()
    street.say("陈叔", GAS, command="report")
    gas = street.case()
    for name in ("李强", "赵敏", "周姐"):
        numbers = listed(street, name)
        assert numbers[0] == gas.number, name
        assert "有危险，还没人接" in street.texts(name)[-1].splitlines()[2], name
    assert lamp.number in listed(street, "李强")
    assert gas.number not in listed(street, "郑工")  # of another grid
    street.press_data("赵敏", data("take", DISTRICT, gas.id, gas.version), private=True)
    assert listed(street, "赵敏") == [gas.number]
    for name in ("李强", "周姐"):
        assert gas.number not in listed(street, name), name


def test_danger_that_a_desk_has_yet_to_dispatch_is_in_no_workers_list(session: Session) -> None:
    """They couldn't take it."""
    street = peopled(session)
    street.say("陈叔", GAS, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "更多 ›", private=True)
    street.press("李强", "🔼 上报上一级", private=True)
    street.press("李强", "要多家单位一起", private=True)
    assert street.case().state == "filed"
    assert street.case().number not in listed(street, "赵敏")


def listed(street: Street, name: str) -> list[str]:
    """The numbers in somebody's `/list`, from the top."""
    street.say(name, command="list", private=True)
    return re.findall(r"KL1-\d{4}-\d{3}", street.texts(name)[-1])
