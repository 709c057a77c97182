"""The way of a matter from the first word to the stars, through the chat door."""

from datetime import timedelta

from sqlmodel import Session

from tests.people import ADDRESSES, GROUP_CHAT, Street, peopled, photo


def test_one_message_behind_the_button_becomes_a_numbered_case(session: Session) -> None:
    street = peopled(session)
    street.press_data("王阿姨", "report")
    street.say("王阿姨", "灯坏了")
    case = street.case()
    assert case.number == "KL1-2611-001"
    assert case.place_building == "8号楼"
    assert case.owner == street.key("李强")
    assert any("KL1-2611-001" in text for text in street.texts(GROUP_CHAT))
    assert any("KL1-2611-001" in text for text in street.texts("李强"))


def test_a_worker_closes_it_in_three_taps_and_a_photo(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    assert street.case().kind == "LS02"
    street.press("李强", "接单", private=True)
    street.press("李强", "到现场了", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    case = street.case()
    assert case.state == "done"
    street.press("王阿姨", "解决了")
    street.press("王阿姨", "★★★★")
    case = street.case()
    assert (case.state, case.closing, case.stars) == ("closed", "settled", 4)


def test_not_settled_reopens_the_same_case_to_the_same_hands(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    due = street.case().due_at
    for label in ("接单", "办好了"):
        street.press("李强", label, private=True)
    street.say("李强", private=True, files=(photo("after"),))
    street.now += timedelta(hours=1)
    street.press("王阿姨", "还没有")
    case = street.case()
    assert (case.state, case.reopenings, case.owner) == ("reopened", 1, street.key("李强"))
    assert case.due_at == due


def test_a_press_by_somebody_else_changes_nothing_and_says_why(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    take = street.button(ADDRESSES["李强"], "接单")
    answer = street.press_data("陈叔", take, private=True)
    assert answer is not None
    assert answer.alert
    assert street.case().state == "dispatched"


def asked(street: Street, *labels: str) -> None:
    """王阿姨's lamp is taken, and its worker asks her something."""
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    for label in ("接单", "更多", *labels):
        street.press("李强", label, private=True)


def test_an_answer_ready_made_is_told_to_the_worker_once(session: Session) -> None:
    street = peopled(session)
    asked(street, "问报事人", "现在还是这样")
    before = len(street.texts("李强"))
    street.press("王阿姨", "是的")
    told = [text for text in street.texts("李强")[before:] if "报事人" in text]
    assert len(told) == 1, told
    assert "是的" in told[0]


def test_whom_no_proposed_time_suits_says_so_in_their_own_words(session: Session) -> None:
    street = peopled(session)
    asked(street, "约上门时间", "今晚到明天")
    street.press("王阿姨", "用自己的话回复")
    street.say("王阿姨", "周一上午行吗")
    assert any("周一上午行吗" in text for text in street.texts("李强"))
