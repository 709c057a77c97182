"""What a group, a screen at home or a neighbour might learn, and must not."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from services.clock import sweep
from services.texts import plain
from tests.handlers.test_attack_hands import delivered, revoke
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"
BLOWS = "我老公又打我了，救命"
OTHERS = ("李强", "赵敏", "周姐", "孙主任", "钱站长", "冯管理", "郑工")


def edit(street: Street, name: str, message: str, text: str) -> None:
    street.said = int(message) - 1001
    street.say(name, text, edited=True)


def shown(street: Street, name: str) -> str:
    """What stands on somebody's card now, or waits to stand there."""
    rows = [row for row in street.rows(ADDRESSES[name]) if row.state in ("pending", "sent")]
    cards = [row for row in rows if row.card is not None]
    return str(cards[-1].payload) if cards else ""


def pending(street: Street, name: str) -> str:
    return " ".join(
        str(row.payload) for row in street.rows(ADDRESSES[name]) if row.state == "pending"
    )


@pytest.mark.parametrize("sent", [True, False], ids=["seen", "still waiting"])
def test_words_edited_into_violence_go_to_the_named_person_alone(
    session: Session, sent: bool
) -> None:
    street = peopled(session)
    message = street.say("王阿姨", LAMP, command="report", files=(photo(),))
    if sent:
        delivered(street)
    edit(street, "王阿姨", message, BLOWS)
    case = street.case()
    assert (case.kind, case.owner) == ("PO03", street.key("吴医生"))
    assert "打我" in shown(street, "吴医生")
    for name in OTHERS:
        assert not any(word in pending(street, name) for word in ("打我", "家暴", "家庭")), name
        assert "接单" not in shown(street, name), name
    said = street.texts(GROUP_CHAT)[-1].replace(plain("card.private_danger"), "")
    assert not any(word in said for word in ("家暴", "吴医生", "110"))


@pytest.mark.parametrize("taken", [True, False])
def test_a_kind_corrected_to_violence_leaves_the_team(session: Session, taken: bool) -> None:
    from services.buttons import data

    street = peopled(session)
    street.say("王阿姨", "3号楼2单元有人很大声在吵，灯也坏了", command="report")
    if taken:
        street.press("李强", "接单", private=True)
    delivered(street)
    case = street.case()
    street.press_data("王阿姨", data("kind", DISTRICT, case.id, case.version, "PO03"))
    case = street.case()
    assert (case.reach, case.owner, case.private) == ("named", street.key("吴医生"), True)
    assert case.state == "dispatched"
    assert str(street.key("李强")) not in case.passed
    for name in OTHERS:
        assert "家暴" not in pending(street, name), name
    take = data("take", DISTRICT, case.id, case.version)
    answer = street.press_data("李强", take, private=True)
    assert answer is not None
    assert answer.alert
    street.press("吴医生", "接单", private=True)
    assert street.case().owner == street.key("吴医生")


def test_a_named_person_who_lost_the_role_reads_nothing_more(session: Session) -> None:
    from services.buttons import data

    street = peopled(session)
    street.say("王阿姨", BLOWS, command="report")
    case = street.case()
    revoke(street, "吴医生")
    answer = street.press_data(
        "吴医生", data("take", DISTRICT, case.id, case.version), private=True
    )
    assert answer is not None
    assert answer.alert
    assert street.case().taken_by is None


@pytest.mark.parametrize("command", ["list", "day", "people", "code", "away"])
def test_what_staff_ask_for_in_the_group_is_answered_in_private(
    session: Session, command: str
) -> None:
    street = peopled(session)
    street.say("王阿姨", "楼上602天天半夜吵架砸东西", command="report")
    for name in ("李强", "孙主任", "冯管理"):
        before = street.texts(GROUP_CHAT)
        street.say(name, command=command)
        new = " ".join(street.texts(GROUP_CHAT)[len(before) :])
        assert not any(word in new for word in ("602", "吵", "/code", "李强", "✓", "KL1"))


def test_withdrawing_in_the_group_names_no_private_matter(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "楼上602天天半夜吵架砸东西", private=True)
    street.press("王阿姨", "快乐8号楼", private=True)
    number = street.case().number
    street.say("王阿姨", command="withdraw")
    assert number not in str([row.payload for row in street.rows(GROUP_CHAT)])


def test_an_old_button_tells_a_neighbour_nothing_of_a_private_matter(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    fix = street.button(GROUP_CHAT, "更正")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "转为私下")
    street.press("李强", "接单", private=True)
    for data in (fix, fix.replace("fix~", "settle~")):
        answer = street.press_data("陈叔", data)
        assert answer is not None
        assert "李强" not in answer.text


def test_a_worker_makes_no_private_matter_public(session: Session) -> None:
    from services.buttons import data

    street = peopled(session)
    street.say("王阿姨", "楼上602天天半夜吵架砸东西", command="report")
    case = street.case()
    assert case.private
    assert case.kind != "LS99"
    street.press_data("李强", data("kind", DISTRICT, case.id, case.version, "LS02"), private=True)
    assert street.case().kind == "LS02"
    assert street.case().private


def test_who_joined_has_no_dead_button_in_their_list(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("陈叔", "我也遇到")
    street.say("陈叔", private=True, command="start")
    street.say("陈叔", private=True, command="mine")
    assert street.case().number in street.texts("陈叔")[-1]
    assert street.case().number not in street.labels(ADDRESSES["陈叔"])


def test_a_deleted_person_is_gone_from_the_cards_that_others_hold(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    delivered(street)
    street.say("王阿姨", private=True, command="delete")
    street.press("王阿姨", "删除", private=True)
    assert "王阿姨" not in shown(street, "李强")
    assert LAMP not in shown(street, "李强")
    street.now += timedelta(minutes=31)
    sweep(session, street.now)
    assert street.case().owner == street.key("赵敏")


def test_who_stepped_out_is_no_longer_named_on_the_card(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("陈叔", "我也遇到")
    delivered(street)
    street.press("王阿姨", "更正")
    street.press("王阿姨", "撤回")
    assert "王阿姨" not in shown(street, "李强")
    assert "陈叔" in shown(street, "李强")


@pytest.mark.parametrize(
    ("words", "personal"),
    [
        ("3号楼2单元702漏水，找王小明 13812345678", ("702", "王小明", "13812345678")),
        ("身份证110101199001011237的人堵了消防通道", ("110101199001011237",)),
        ("京A12345堵了8号楼门口，我住8-1-602", ("602",)),
        (
            "Stairwell light out at building 3, room 1204, call +8613812345678",
            ("1204", "13812345678"),
        ),
    ],
)
def test_the_group_reads_no_personal_data_whatever_was_written(
    session: Session, words: str, personal: tuple[str, ...]
) -> None:
    street = peopled(session)
    street.say("王阿姨", words, command="report", files=(photo(),))
    for label in ("接单", "到现场了"):
        street.press("李强", label, private=True)
    if "我也遇到" in str(street.labels(GROUP_CHAT)):
        street.press("陈叔", "我也遇到")
    shown = str([row.payload for row in street.rows(GROUP_CHAT)])
    assert street.case().number in shown
    assert not [each for each in (*personal, "王阿姨", "陈叔") if each in shown]


def test_who_wants_to_be_forgotten_is_asked_in_private_only(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", command="delete")
    assert street.labels(GROUP_CHAT) == []
    street.say("王阿姨", command="delete", private=True)
    assert street.labels(ADDRESSES["王阿姨"]) == [plain("btn.delete_all", "zh-Hans")]


def test_the_file_of_one_s_data_comes_once_an_hour_and_the_words_each_time(
    session: Session,
) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    for _ in range(5):
        street.say("王阿姨", private=True, command="mydata")
    rows = street.rows(ADDRESSES["王阿姨"])
    assert len([row for row in rows if row.payload.get("document")]) == 1
    assert len([row for row in rows if LAMP in row.payload.get("text", "")]) == 5
    street.now += timedelta(hours=1)
    street.say("王阿姨", private=True, command="mydata")
    rows = street.rows(ADDRESSES["王阿姨"])
    assert len([row for row in rows if row.payload.get("document")]) == 2


def test_nobody_joins_what_has_become_private(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    join = street.button(GROUP_CHAT, "我也遇到")
    street.case().private = True
    answer = street.press_data("陈叔", join)
    assert street.case().voices == 1
    assert answer is not None
    assert street.case().number not in answer.text
