"""Despair and violence at home go to the named person and nobody else, however they are worded."""

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from domain.policy import Policy
from handlers.turn import Said
from handlers.wiring import handle
from models import Case, Role
from services.buttons import data
from services.cards import group_card, look_at, reporter_card
from services.catalogue import catalogue
from services.equipment import KEY, equipment
from services.outbox import Address
from services.texts import plain
from tests.people import ADDRESSES, BOT, DISTRICT, GROUP_CHAT, Street, peopled

WORDS = {
    "LS18": (
        "我不想活了",
        "真的好想死啊",
        "撐不下去了",
        "I can't go on",
        "吃了一瓶安眠药",
    ),
    "PO03": (
        "我老公又打我了，救命",
        "他昨晚又动手了，我不敢回家",
        "my husband hits me",
        "my dad hits my mum",
        "老公又喝酒了，孩子吓得躲在厕所里",
    ),
}
ALL = [(kind, text) for kind, texts in WORDS.items() for text in texts]
NUMBERS = {"LS18": ("12356", "110", "120"), "PO03": ("110",)}
OTHERS = ("李强", "赵敏", "周姐", "孙主任", "钱站长", "郑工", "冯管理", "陈叔")


def started(session: Session, name: str = "王阿姨") -> Street:
    """Somebody who has the bot in private and lives in building 8."""
    street = peopled(session)
    street.say(name, "大家好", command="report")
    for case in street.cases():  # what the greeting opened is no part of the story
        case.state = "withdrawn"
    street.say(name, private=True, command="start")
    session.flush()
    return street


def heard_of(street: Street, case: Case) -> set[str]:
    names = {address: name for name, address in ADDRESSES.items()}
    return {names[chat] for chat in names if any(row.case == case.id for row in street.rows(chat))}


@pytest.mark.parametrize(("kind", "text"), ALL)
def test_told_to_the_bot_alone(session: Session, kind: str, text: str) -> None:
    street = started(session)
    street.say("王阿姨", text, private=True)
    case = street.case()
    assert (case.kind, case.reach, case.private) == (kind, "named", True)
    assert heard_of(street, case) == {"吴医生", "王阿姨"}
    own = street.texts("王阿姨")[-1]
    assert all(number in own for number in NUMBERS[kind])
    assert not any(row.case == case.id for row in street.rows(GROUP_CHAT))


@pytest.mark.parametrize(("kind", "text"), ALL)
def test_addressed_in_the_group(session: Session, kind: str, text: str) -> None:
    street = peopled(session)
    street.say("王阿姨", text)
    case = street.case()
    assert (case.kind, case.reach) == (kind, "named")
    assert heard_of(street, case) == {"吴医生"}
    said = " ".join(street.texts(GROUP_CHAT))
    assert plain("card.private_danger") in said
    assert catalogue(session, DISTRICT).name(kind, "zh-Hans") not in said


def test_a_cry_is_filed_unasked_however_little_it_reads_like_a_report(session: Session) -> None:
    session.info[KEY] = replace(equipment(session), policy=Policy(report_from=0.99))
    street = started(session)
    street.say("王阿姨", "my husband hits me", private=True)
    assert street.case().kind == "PO03"


def test_what_may_be_a_cry_is_asked_about_with_the_numbers(session: Session) -> None:
    street = started(session)
    words = "有人要跳下来了"
    street.say("王阿姨", words, private=True, forwarded=True)
    assert "12356" in street.texts("王阿姨")[-1]
    street.say("陈叔", words, forwarded=True)
    assert plain("card.private_danger") in street.texts(GROUP_CHAT)[-1]


@pytest.mark.parametrize("words", ["今天天气真好呀大家吃了吗", "Good morning everybody"])
def test_a_greeting_is_no_cry_and_names_no_number(session: Session, words: str) -> None:
    street = peopled(session)
    street.say("王阿姨", words)
    assert street.cases() == []
    assert "12356" not in street.texts(GROUP_CHAT)[-1]


def test_a_question_about_a_lamp_names_no_number(session: Session) -> None:
    street = started(session)
    street.say("王阿姨", "楼道的灯又坏了", private=True, forwarded=True)
    assert "12356" not in street.texts("王阿姨")[-1]


def test_the_groups_card_never_offers_it_as_another_guess(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "8号楼楼道灯坏了", command="report")
    case = street.case()
    case.kind_p, case.alternatives = 0.3, ["LS18", "PO03", "EN04"]
    session.flush()
    look = look_at(session, case, "zh-Hans", street.now)
    names = [name_of(session, each) for each in ("LS18", "PO03")]
    for card in (group_card(look), reporter_card(look)):
        labels = [button.label for row in card.buttons for button in row]
        assert not set(names) & set(labels)
        assert name_of(session, "EN04") in labels


def name_of(session: Session, kind: str) -> str:
    return catalogue(session, DISTRICT).name(kind, "zh-Hans")


@pytest.mark.parametrize("verb", ["add", "place"])
def test_said_below_another_matter_it_becomes_one_of_its_own(session: Session, verb: str) -> None:
    street = started(session)
    street.say("王阿姨", "8号楼楼道灯坏了", private=True)
    lamp = street.case()
    street.press_data("王阿姨", data(verb, DISTRICT, lamp.id, lamp.version), private=True)
    street.say("王阿姨", "我不想活了", private=True)
    cry = street.case()
    assert (cry.kind, cry.text) == ("LS18", "我不想活了")
    assert heard_of(street, cry) == {"吴医生", "王阿姨"}
    assert not any("不想活" in text for name in OTHERS for text in street.texts(name))


def test_edited_into_a_matter_that_somebody_has_it_becomes_one_of_its_own(session: Session) -> None:
    street = peopled(session)
    message = street.say("王阿姨", "8号楼楼道灯坏了", command="report")
    street.press("李强", "接单", private=True)
    said = Said(
        at=Address(BOT.bot, GROUP_CHAT), message=message, sender=street.sender("王阿姨"),
        private=False, text="我不想活了", edited=True,
    )  # fmt: skip
    handle(session, said, BOT, street.now)
    session.flush()
    assert street.case().kind == "LS18"
    assert heard_of(street, street.case()) == {"吴医生"}


def test_where_nobody_is_named_and_no_desk_is_manned_one_administrator_hears(
    session: Session,
) -> None:
    street = peopled(session)
    desks = select(Role).where(Role.district == DISTRICT, Role.role == "supervisor")
    for role in session.exec(desks):
        role.revoked_at = street.now
    session.flush()
    street.say("王阿姨", "我不想活了")
    assert heard_of(street, street.case()) == {"冯管理"}


@pytest.mark.parametrize(("kind", "text"), ALL)
def test_who_never_said_where_they_live_is_heard_all_the_same(
    session: Session, kind: str, text: str
) -> None:
    street = peopled(session)
    street.say("陈叔", private=True, command="start")
    street.say("陈叔", text, private=True)
    case = street.case()
    assert (case.kind, case.group) == (kind, None)
    assert heard_of(street, case) == {"吴医生", "陈叔"}
    assert any("还不知道住在哪里" in said for said in street.texts("吴医生"))
    assert any(NUMBERS[kind][0] in said for said in street.texts("陈叔"))


def test_a_lamp_waits_until_they_say_where_they_live(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", private=True, command="start")
    street.say("陈叔", "楼道灯坏了", private=True)
    assert street.cases() == []
