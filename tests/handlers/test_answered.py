"""A question that was answered, by a button or by words, keeps its words and loses its buttons."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from handlers.turn import Press
from handlers.wiring import handle
from services.buttons import data
from services.outbox import Address
from tests.handlers.test_privacy_in_public import delivered, started
from tests.handlers.test_whistle import blow, risen_case, town
from tests.people import ADDRESSES, BOT, DISTRICT, GROUP_CHAT, Street, peopled

LAMP = "3号楼2单元楼道灯坏了"


def keyboards(street: Street, chat: str) -> dict[str, dict[str, str]]:
    """The buttons that stand under each message of a chat, label to data."""
    delivered(street)
    found: dict[str, dict[str, str]] = {}
    for row in street.rows(chat):
        if row.act == "strip":
            found[row.payload["message"]] = {}
        elif row.act in ("send", "card") and row.message is not None:
            lines = row.payload.get("buttons", [])
            found[row.message] = {each["label"]: each["data"] for line in lines for each in line}
    return found


def buttons(street: Street, chat: str) -> list[str]:
    return [label for each in keyboards(street, chat).values() for label in each]


def tap(street: Street, name: str, label: str, *, private: bool = True) -> None:
    """Press the newest button of this label, on the message under which it stands."""
    chat = ADDRESSES[name] if private else GROUP_CHAT
    found = [(m, each[label]) for m, each in keyboards(street, chat).items() if label in each]
    message, pressed = found[-1]
    press = Press(
        at=Address(BOT.bot, chat), message=message, sender=street.sender(name), private=private,
        data=pressed,
    )  # fmt: skip
    handle(street.session, press, BOT, street.now)
    street.session.flush()


def asked(session: Session, *, private: bool, times: bool = False) -> Street:
    """The worker has asked the reporter something, or has proposed times."""
    street = peopled(session)
    if private:
        started(street, "王阿姨")
    street.say("王阿姨", LAMP, private=private, command="report")
    if private:
        street.press("王阿姨", "快乐8号楼", private=True)
    case = street.case()
    tap(street, "李强", "接单")
    verb, arg = ("slots", "soon") if times else ("ask", "when_home")
    pressed = data(verb, DISTRICT, case.id, street.case().version, arg)
    street.press_data("李强", pressed, private=True)
    assert "✍️ 用自己的话回复" in buttons(street, chat_of(private))
    return street


def chat_of(private: bool) -> str:
    return ADDRESSES["王阿姨"] if private else GROUP_CHAT


Way = Callable[[Street, bool], None]


def by_button(street: Street, private: bool) -> None:
    tap(street, "王阿姨", "晚上在", private=private)


def by_words(street: Street, private: bool) -> None:
    tap(street, "王阿姨", "✍️ 用自己的话回复", private=private)
    street.say("王阿姨", "周日都在", private=private)


def otherwise(street: Street, private: bool) -> None:
    """The worker has met them on the stairs."""
    tap(street, "李强", "已有答复，继续")


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("way", [by_button, by_words, otherwise])
def test_what_a_worker_asked_is_asked_no_more_once_it_is_answered(
    session: Session, way: Way, private: bool
) -> None:
    street = asked(session, private=private)
    way(street, private)
    assert street.case().state == "taken"
    left = buttons(street, chat_of(private))
    assert not {"白天都在", "晚上在", "✍️ 用自己的话回复"} & set(left)
    assert left  # the case's own card has its buttons


def by_time(street: Street, private: bool) -> None:
    (first, *_) = [each for each in buttons(street, chat_of(private)) if ":" in each]
    tap(street, "王阿姨", first, private=private)
    assert street.case().appointment_at is not None


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("way", [by_time, by_words])
def test_times_for_a_visit_are_offered_no_more_once_one_is_chosen_or_none_suits(
    session: Session, way: Way, private: bool
) -> None:
    street = asked(session, private=private, times=True)
    way(street, private)
    left = buttons(street, chat_of(private))
    assert not [each for each in left if ":" in each or each == "✍️ 用自己的话回复"]


def test_further_words_are_no_answer_to_times_for_a_visit(session: Session) -> None:
    street = asked(session, private=True, times=True)
    tap(street, "王阿姨", "➕ 补充")
    street.say("王阿姨", "灯罩也掉了", private=True)
    assert [each for each in buttons(street, ADDRESSES["王阿姨"]) if ":" in each]


@pytest.mark.parametrize("by_tap", [True, False])
def test_how_it_was_done_is_asked_until_it_is_told(session: Session, by_tap: bool) -> None:
    street = peopled(session)
    street.say("王阿姨", "8号楼有人在楼道里堆了很多纸箱", command="report")
    case = street.case()
    case.evidence = "note"
    tap(street, "李强", "接单")
    tap(street, "李强", "办好了")
    assert "当面说通了" in buttons(street, ADDRESSES["李强"])
    if by_tap:
        tap(street, "李强", "当面说通了")
    else:
        street.say("李强", "都搬走了", private=True)
    assert street.case().done_at is not None
    assert "当面说通了" not in buttons(street, ADDRESSES["李强"])


@pytest.mark.parametrize("private", [False, True])
def test_whether_it_is_a_report_is_asked_until_somebody_says_so(
    session: Session, private: bool
) -> None:
    street = peopled(session)
    street.say("陈叔", LAMP, command="report")
    started(street, "陈叔")
    street.say("陈叔", "大家晚上吃什么", private=private)
    chat = ADDRESSES["陈叔"] if private else GROUP_CHAT
    assert "是，请立案" in buttons(street, chat)
    tap(street, "陈叔", "是，请立案", private=private)
    assert len(street.cases()) == 2
    assert "是，请立案" not in buttons(street, chat)


def test_who_says_what_it_is_instead_isnt_asked_whether_that_was_it(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", LAMP, command="report")
    started(street, "陈叔")
    street.say("陈叔", "大家晚上吃什么", private=True)
    street.say("陈叔", "8号楼水管爆了", private=True)
    assert len(street.cases()) == 2
    assert "是，请立案" not in buttons(street, ADDRESSES["陈叔"])


def test_how_a_report_came_in_is_one_question_that_goes_with_the_answer(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "8号楼门口有个坑", private=True, command="report")
    tap(street, "李强", "居民来电")
    assert street.case().source == "phone"
    assert "居民来电" not in buttons(street, ADDRESSES["李强"])


def test_a_desks_answer_in_a_notice_takes_its_buttons_and_leaves_the_cards(
    session: Session,
) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    street.press("城管小韩", "要时间", private=True)
    street.press("城管小韩", "延 1 个工作日", private=True)
    assert "同意" in buttons(street, ADDRESSES["钱站长"])
    tap(street, "钱站长", "同意")
    left = buttons(street, ADDRESSES["钱站长"])
    assert "同意" not in left
    assert "城管中队" in left  # on the case's card


def test_a_press_that_was_refused_leaves_the_question_to_who_may_answer(session: Session) -> None:
    street = asked(session, private=False)
    tap(street, "陈叔", "晚上在", private=False)
    assert street.case().state == "waiting"
    assert "晚上在" in buttons(street, GROUP_CHAT)
