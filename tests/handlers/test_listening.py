"""Who turns listening on, and what a tap below a message does."""

from typing import Any

import pytest
from sqlmodel import Session, select

from domain.reading.hearing import Heard
from handlers.turn import Answer, Overheard, Press, Quoted, Said, Sender
from handlers.wiring import handle
from models import GroupPost, Person
from services.buttons import data
from services.outbox import Address
from tests.people import ADDRESSES, BOT, DISTRICT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"
SWITCH = {"on": data("listen", DISTRICT, arg="on"), "off": data("listen", DISTRICT, arg="off")}


def press(street: Street, name: str, what: str, **more: Any) -> Answer | None:
    event = Press(
        at=Address(BOT.bot, GROUP_CHAT), message="1", sender=street.sender(name),
        private=False, data=what, **more,
    )  # fmt: skip
    answers = handle(street.session, event, BOT, street.now)
    street.session.flush()
    return answers[0] if answers else None


def turn_on(street: Street, name: str = "冯管理") -> Answer | None:
    return press(street, name, SWITCH["on"], group_admin=True)


def overhear(street: Street, name: str = "王阿姨", message: str = "55", **heard: bool) -> None:
    event = Overheard(
        at=Address(BOT.bot, GROUP_CHAT), message=message, sender=street.sender(name),
        heard=Heard(**heard),
    )  # fmt: skip
    handle(street.session, event, BOT, street.now)
    street.session.flush()


def quoted(street: Street, text: str = LAMP, writer: str = "王阿姨", **more: Any) -> Quoted:
    return Quoted("55", street.sender(writer), text, **more)


def tap(street: Street, name: str, what: Quoted | None) -> Answer | None:
    return press(street, name, data("heard", DISTRICT), reply_to=what)


def test_listen_says_what_it_means_and_has_a_button(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", command="listen", group_admin=True)
    assert "立案吗" in street.texts(GROUP_CHAT)[-1]
    assert street.button(GROUP_CHAT, "打开") == SWITCH["on"]
    session.refresh(street.group)
    assert street.group.listens_since is None


@pytest.mark.parametrize("admin", [False, None])
def test_it_refuses_who_does_not_administer_the_group(session: Session, admin: bool | None) -> None:
    street = peopled(session)
    street.say("王阿姨", command="listen", group_admin=admin)
    assert "群管理员" in street.texts(GROUP_CHAT)[-1]
    assert "打开" not in street.labels(GROUP_CHAT)
    answer = press(street, "冯管理", SWITCH["on"], group_admin=admin)
    assert answer is not None
    assert answer.alert
    session.refresh(street.group)
    assert street.group.listens_since is None


def test_off_needs_the_administrator_too(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    press(street, "王阿姨", SWITCH["off"], group_admin=False)
    session.refresh(street.group)
    assert street.group.listens_since == street.now
    press(street, "王阿姨", street.button(GROUP_CHAT, "别听了"), group_admin=True)
    session.refresh(street.group)
    assert street.group.listens_since is None
    assert any("不再听" in text for text in street.texts(GROUP_CHAT))


def test_an_administrator_may_ask_for_it_in_the_groups_name(session: Session) -> None:
    street = peopled(session)
    said = Said(
        at=Address(BOT.bot, GROUP_CHAT), message="9", private=False, command="listen",
        sender=Sender("1087968824", "快乐8号楼", is_bot=True, anonymous_admin=True),
        group_admin=True,
    )  # fmt: skip
    handle(session, said, BOT, street.now)
    assert "打开" in street.labels(GROUP_CHAT)


def test_in_private_it_says_where_listening_is_turned_on(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", private=True, command="listen")
    assert "在群里发 /listen" in street.texts("王阿姨")[-1]


def test_who_is_overheard_is_asked_and_not_made_known_by_it(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    before = len(session.exec(select(Person)).all())
    overhear(street)
    overhear(street, "Emily", "56")
    assert "Open a case?" in street.texts(GROUP_CHAT)[-1]
    assert street.rows(GROUP_CHAT)[-2].payload["reply_to"] == "55"
    assert len(session.exec(select(Person)).all()) == before


def test_a_group_that_does_not_listen_is_not_asked(session: Session) -> None:
    street = peopled(session)
    overhear(street)
    assert street.texts(GROUP_CHAT) == []


def test_the_writers_tap_files_it_as_report_in_reply_would(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    overhear(street)
    tap(street, "王阿姨", quoted(street, files=(photo(),)))
    case = street.case()
    assert (case.text, case.source_message, case.source) == (LAMP, "55", "group")
    assert any(case.number in text for text in street.texts(GROUP_CHAT))
    assert session.exec(select(GroupPost)).all() == []  # the case itself says who wrote it
    assert case.reporter is not None
    assert session.get_one(Person, (DISTRICT, case.reporter)).name == "王阿姨"


def test_a_neighbours_tap_makes_the_neighbour_the_reporter(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    tap(street, "陈叔", quoted(street))
    case = street.case()
    assert session.get_one(Person, (DISTRICT, case.reporter)).name == "陈叔"
    assert session.exec(select(GroupPost)).one().writer is None


def test_a_second_tap_opens_nothing(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    tap(street, "王阿姨", quoted(street))
    answer = tap(street, "陈叔", quoted(street))
    assert answer is not None
    assert answer.alert
    assert len(street.cases()) == 1


def test_what_was_deleted_before_the_tap_is_gone(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    answer = tap(street, "王阿姨", None)
    assert answer is not None
    assert "没有留" in answer.text
    assert street.cases() == []


def test_what_is_another_matter_after_all_is_filed_with_its_words(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    street.say("陈叔", LAMP, command="report")
    tap(street, "王阿姨", quoted(street))
    assert len(street.cases()) == 1
    street.press("王阿姨", "另")
    assert [case.text for case in street.cases()] == [LAMP, LAMP]


def test_a_cry_that_is_tapped_reaches_the_named_person_alone(session: Session) -> None:
    street = peopled(session)
    turn_on(street)
    overhear(street, danger=True, aside=True)
    question = street.texts(GROUP_CHAT)[-1]
    tap(street, "王阿姨", quoted(street, "我老公又打我了，救命"))
    case = street.case()
    assert (case.reach, case.private) == ("named", True)
    assert street.texts("吴医生")
    assert not any(street.texts(name) for name in ("李强", "赵敏", "孙主任"))
    overhear(street, message="60", danger=True)
    assert question in street.texts(GROUP_CHAT)[-1:]
    assert not any("打我" in text for text in street.texts(GROUP_CHAT))
    assert street.rows(ADDRESSES["王阿姨"]) == []
