"""Hidden from the group, from the worker, from both; private by kind; out of the group again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from domain.reading import mask
from handlers.turn import Membership, Quoted, Sender
from handlers.wiring import handle
from models import Attachment, Audit, GroupPost, Outbox, Posted
from services import reporting, trouble
from services.buttons import data
from services.catalogue import catalogue
from services.outbox import About, Address, Message, put
from services.texts import plain
from tests.people import ADDRESSES, BOT, DISTRICT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"
QUARREL = "楼上602天天半夜吵架砸东西，我们两家吵起来了"
NUMBERS = "3号楼2单元楼道灯坏了，请打13812345678"


def started(street: Street, *names: str) -> None:
    """They have written to the bot in private once."""
    for name in names:
        street.say(name, private=True, command="start")


def delivered(street: Street) -> None:
    """Everything that waits is sent: a card where it stands already, else as a new message."""
    street.session.flush()
    for row in street.session.exec(select(Outbox).where(Outbox.state == "pending")):
        row.state, row.sent_at = "sent", street.now
        if row.act not in ("send", "card"):
            continue
        key = (row.bot, row.platform, row.chat, row.card or "")
        posted = street.session.get(Posted, key)
        row.message = posted.message if posted else f"{uuid4().int % 10**9}"
        if row.card and posted is None:
            where = dict(zip(("bot", "platform", "chat", "card"), key, strict=True))
            street.session.add(Posted(**where, message=row.message, posted_at=street.now))
        street.session.add(row)
    street.session.flush()


def choose(street: Street, letter: str, name: str = "王阿姨") -> Any:
    case = street.case()
    return street.press_data(name, data("name", DISTRICT, case.id, case.version, letter))


def acts(street: Street, what: str, chat: str = GROUP_CHAT) -> list[str]:
    return [row.payload["message"] for row in street.rows(chat) if row.act == what]


def standing(street: Street, chat: str) -> list[Outbox]:
    """What is to be seen in a chat: the last state of each card, and every sentence, without what
    was deleted."""
    rows = [row for row in street.rows(chat) if row.act in ("send", "card")]
    rows = [row for row in rows if row.state in ("pending", "sent")]
    gone = {row.payload["message"] for row in street.rows(chat) if row.act == "delete"}
    last: dict[str, Outbox] = {row.card or str(row.id): row for row in rows}
    return [row for row in last.values() if row.message not in gone or row.message is None]


def shown(street: Street, name: str) -> str:
    chat = ADDRESSES.get(name, name)
    return "\n".join(str(row.payload) for row in standing(street, chat))


# --- the four choices ---


@pytest.mark.parametrize(
    ("letter", "from_worker", "from_group"),
    [("g", False, True), ("w", True, False), ("b", True, True), ("n", False, False)],
)
def test_each_choice_hides_the_name_from_whom_it_says(
    session: Session, letter: str, from_worker: bool, from_group: bool
) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    answer = choose(street, letter)
    assert answer.alert
    assert (street.case().hide_name, street.case().hide_group) == (from_worker, from_group)
    assert ("王阿姨" not in street.texts("李强")[-1]) is from_worker


def test_a_choice_can_be_taken_back(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    choose(street, "b")
    assert "王阿姨" not in street.texts("李强")[-1]
    choose(street, "n")
    assert "王阿姨" in street.texts("李强")[-1]


def test_the_choices_are_worded_as_what_they_are(session: Session) -> None:
    for language in ("zh-Hans", "zh-Hant", "en"):
        for letter in "gwb":
            said = plain(f"fix.name_{letter}", language)
            assert any(word in said for word in ("看见", "看見", "seen"))
            assert len(said) <= 200
            assert not any(word in said.lower() for word in ("匿名", "anonym"))


def test_nobody_but_the_reporter_chooses(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    for name in ("陈叔", "李强", "孙主任"):
        assert choose(street, "b", name).alert
        assert not street.case().hide_name


def test_it_can_be_chosen_after_it_was_closed(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    street.press("王阿姨", "解决了")
    assert street.case().state == "closed"
    choose(street, "w")
    assert street.case().hide_name
    assert "王阿姨" not in street.texts("李强")[-1]


def test_before_a_private_report_one_tap_hides_the_name_and_another_shows_it(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", private=True, command="report")
    street.press("王阿姨", "不告诉网格员我的名字", private=True)
    street.press("王阿姨", "✓ 不告诉网格员我的名字", private=True)
    street.press("王阿姨", "不告诉网格员我的名字", private=True)
    street.say("王阿姨", LAMP, private=True)
    street.press("王阿姨", "快乐8号楼", private=True)
    assert street.case().hide_name
    assert all("王阿姨" not in text for text in street.texts("李强"))


def test_it_can_be_chosen_where_the_house_is_asked_for(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, private=True)
    street.press("王阿姨", "不告诉网格员我的名字", private=True)
    street.press("王阿姨", "快乐8号楼", private=True)
    assert street.case().hide_name


def test_a_plain_report_is_asked_nothing_more(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, private=True)
    street.press("王阿姨", "快乐8号楼", private=True)
    before = len(street.rows(ADDRESSES["王阿姨"]))
    street.say("王阿姨", "8号楼1单元垃圾没人清", private=True)
    new = street.rows(ADDRESSES["王阿姨"])[before:]
    assert [row.card and row.card[:2] for row in new] == ["r:"]


# --- questions go through the bot ---


def test_a_hidden_reporter_is_asked_and_appointed_in_private(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    choose(street, "w")
    delivered(street)
    group = len(street.rows(GROUP_CHAT))
    street.press("李强", "接单", private=True)
    street.press("李强", "更多", private=True)
    street.press("李强", "问报事人", private=True)
    street.press_data(
        "李强",
        data("ask", DISTRICT, street.case().id, street.case().version, "when_home"),
        private=True,
    )
    asked = [row for row in street.rows(ADDRESSES["王阿姨"]) if "问" in str(row.payload)]
    assert asked
    answer = data("answer", DISTRICT, street.case().id, street.case().version, "evening")
    street.press_data("王阿姨", answer, private=True)
    case = street.case()
    street.press_data("李强", data("slots", DISTRICT, case.id, case.version, "soon"), private=True)
    case = street.case()
    street.press_data("王阿姨", data("appoint", DISTRICT, case.id, case.version, "0"), private=True)
    assert street.case().appointment_at is not None
    assert "王阿姨" not in shown(street, "李强")
    later = street.rows(GROUP_CHAT)[group:]
    assert all(row.payload.get("reply_to") is None for row in later if row.act != "delete")
    assert "王阿姨" not in str([row.payload for row in later])


def test_who_has_no_private_chat_is_asked_in_the_group_without_a_name(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    choose(street, "w")
    street.press("李强", "接单", private=True)
    case = street.case()
    ask = data("ask", DISTRICT, case.id, case.version, "when_home")
    street.press_data("李强", ask, private=True)
    asked = street.rows(GROUP_CHAT)[-1].payload
    assert plain("ask.when_home") in asked["text"]
    assert "王阿姨" not in str(asked)
    assert "reply_to" not in asked
    street.press("王阿姨", plain("answer.evening"))
    assert any(plain("answer.evening") in text for text in street.texts("李强"))


def test_what_was_asked_in_the_group_is_asked_again_in_private_once_hidden(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    case = street.case()
    ask = data("ask", DISTRICT, case.id, case.version, "still")
    street.press_data("李强", ask, private=True)
    assert "王阿姨" in street.texts(GROUP_CHAT)[-1]
    delivered(street)
    street.now += timedelta(minutes=1)
    choose(street, "b")
    assert "王阿姨" not in shown(street, GROUP_CHAT)
    assert any(plain("ask.still") in text for text in street.texts("王阿姨"))


def test_a_question_that_reaches_nobody_is_refused_and_nothing_waits(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", QUARREL, command="report")
    street.press("李强", "接单", private=True)
    case = street.case()
    ask = data("ask", DISTRICT, case.id, case.version, "still")
    answer = street.press_data("李强", ask, private=True)
    assert answer is not None
    assert answer.alert
    assert street.case().state == "taken"


def test_nothing_of_ours_in_the_group_answers_a_hidden_reporters_message(
    session: Session,
) -> None:
    street = peopled(session)
    message = street.say("王阿姨", LAMP, command="report")
    assert standing(street, GROUP_CHAT)[-1].payload["reply_to"] == message
    delivered(street)
    card = standing(street, GROUP_CHAT)[-1].message
    choose(street, "w")
    assert card in acts(street, "delete")
    assert all("reply_to" not in row.payload for row in standing(street, GROUP_CHAT))
    assert street.case().number in shown(street, GROUP_CHAT)


def test_the_workers_older_cards_go_once_a_name_is_hidden(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    delivered(street)
    old = next(row.message for row in street.rows(ADDRESSES["李强"]) if row.card)
    street.say("李强", street.case().number, private=True, command="case")
    delivered(street)
    choose(street, "w")
    assert old in acts(street, "delete", ADDRESSES["李强"])


def test_choosing_once_more_asks_nothing_twice(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    case = street.case()
    choose(street, "w")
    ask = data("ask", DISTRICT, case.id, street.case().version, "still")
    street.press_data("李强", ask, private=True)
    delivered(street)
    before = len(street.rows(ADDRESSES["王阿姨"]))
    street.now += timedelta(minutes=1)
    for letter in "bgwb":
        choose(street, letter)
    new = street.rows(ADDRESSES["王阿姨"])[before:]
    assert not any(plain("ask.still") in row.payload.get("text", "") for row in new)


def test_a_question_whether_it_is_settled_moves_into_private_with_the_matter(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    assert "解决了吗" in shown(street, GROUP_CHAT)
    delivered(street)
    case = street.case()
    street.press_data("王阿姨", data("hush", DISTRICT, case.id, case.version))
    assert "解决了吗" not in shown(street, GROUP_CHAT)
    assert "解决了吗" in shown(street, "王阿姨")


def test_words_in_the_group_of_who_is_hidden_are_asked_for_in_private(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    choose(street, "g")
    case = street.case()
    for verb in ("add", "place"):
        answer = street.press_data("王阿姨", data(verb, DISTRICT, case.id, case.version))
        assert answer is not None
        assert (answer.url or "").startswith("https://t.me/")


def test_the_choice_stands_on_the_reporters_own_card_and_ticks_what_holds(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", private=True, text=LAMP)
    street.press("王阿姨", "快乐8号楼", private=True)
    street.press("王阿姨", "谁看得到我的名字", private=True)
    street.press("王阿姨", "不告诉网格员我的名字", private=True)
    street.press("王阿姨", "谁看得到我的名字", private=True)
    assert "✓ 不告诉网格员我的名字" in street.labels(ADDRESSES["王阿姨"])


def test_what_is_said_to_the_whole_group_stays_when_a_name_is_hidden(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    number = street.case().number
    to = Address(BOT.bot, GROUP_CHAT)
    put(session, to, Message(f"{number}、KL1-2611-099：来电了"), street.now, About())
    put(session, to, Message(f"已记到 {number} 里", reply_to="1002"), street.now, About())
    delivered(street)
    rows = {row.payload["text"]: row.message for row in street.rows(GROUP_CHAT)}
    choose(street, "g")
    gone = acts(street, "delete")
    assert rows[f"{number}、KL1-2611-099：来电了"] not in gone
    assert rows[f"已记到 {number} 里"] in gone


def test_a_documents_own_name_is_not_passed_on(session: Session) -> None:
    from handlers.turn import File

    street = peopled(session)
    paper = File("document", "file-d", "d", "application/pdf", 1_000)
    started(street, "王阿姨")
    street.say("王阿姨", private=True, command="report")
    street.press("王阿姨", "不告诉网格员我的名字", private=True)
    street.say("王阿姨", LAMP, private=True, files=(paper,))
    street.press("王阿姨", "快乐8号楼", private=True)
    rows = street.rows(ADDRESSES["李强"])
    assert not any("document" in row.payload for row in rows)
    kept = session.exec(select(Attachment)).one()
    kept.path = "ab/cd.pdf"
    session.add(kept)
    session.flush()
    case = street.case()
    street.press_data("李强", data("photos", DISTRICT, case.id, case.version), private=True)
    last = street.rows(ADDRESSES["李强"])[-1]
    assert last.payload["document"] == {"path": "ab/cd.pdf", "name": f"{case.number}.pdf"}


def test_words_of_a_hidden_reporter_name_nobody(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", f"我是王阿姨，姓名：王秀英，{NUMBERS}", command="report")
    choose(street, "w")
    text = street.texts("李强")[-1]
    assert "楼道灯" in text
    assert not any(word in text for word in ("王阿姨", "王秀英", "13812345678"))


def test_masking_names_keeps_the_place(session: Session) -> None:
    peopled(session)
    text = "我叫王秀英，3号楼2单元灯坏了"
    masked = mask(text, reporting.read_report(session, DISTRICT, text), "unnamed")
    assert "王秀英" not in masked
    assert "3号楼2单元" in masked


# --- private by kind ---


@pytest.mark.parametrize(
    "kind",
    [
        "PO01", "PO02", "PO03", "PO04", "PO05", "PO06", "PO07",  # quarrels, people, crime
        "EN06", "CV03",  # a neighbour's noise, somebody's manners
        "LS04",  # whose flat it comes from
        "LS14", "LS16", "LS17", "LS18", "LS19", "LS20",  # wages, health, help at home
    ],
)  # fmt: skip
def test_quarrels_health_family_and_complaints_about_a_person_are_private_by_kind(
    session: Session, kind: str
) -> None:
    peopled(session)
    assert catalogue(session, DISTRICT).kind(kind).privacy == "private"


@pytest.mark.parametrize("text", ["医院看病出了医疗事故", "我要举报有人赌博吸毒"])
def test_what_is_not_for_us_and_nobodys_business_is_not_named_in_the_group(
    session: Session, text: str
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", text, command="report")
    case = street.case()
    assert case.not_admitted in reporting.PRIVATE_MATTERS
    name = catalogue(session, DISTRICT).name(case.not_admitted or "", "zh-Hans")
    assert name not in shown(street, GROUP_CHAT)
    assert name in shown(street, "王阿姨")


def test_a_kind_corrected_to_a_private_one_leaves_the_group(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press_data(
        "李强",
        data("ask", DISTRICT, street.case().id, street.case().version, "still"),
        private=True,
    )
    delivered(street)
    case = street.case()
    street.press_data("李强", data("kind", DISTRICT, case.id, case.version, "PO01"), private=True)
    assert street.case().private
    text = shown(street, GROUP_CHAT)
    assert not any(word in text for word in ("灯", "3号楼", "纠纷", "李强", "王阿姨"))
    assert any("删掉吗" in each for each in street.texts("王阿姨"))


def test_what_nobody_could_name_is_offered_to_go_once_it_is_known_to_be_private(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", "那个东西又不行了", command="report")
    case = street.case()
    assert (case.kind, case.private) == ("LS99", True)
    assert not any("删掉吗" in each for each in street.texts("王阿姨"))
    street.press_data("李强", data("kind", DISTRICT, case.id, case.version, "PO01"), private=True)
    assert any("删掉吗" in each for each in street.texts("王阿姨"))


def test_an_edit_that_makes_it_private_offers_to_delete_the_message(session: Session) -> None:
    from tests.handlers.test_attack_privacy import edit

    street = peopled(session)
    started(street, "王阿姨")
    message = street.say("王阿姨", LAMP, command="report")
    edit(street, "王阿姨", message, QUARREL)
    assert street.case().private
    assert any("删掉吗" in each for each in street.texts("王阿姨"))
    assert "灯" not in shown(street, GROUP_CHAT)


@pytest.mark.parametrize("name", ["李强", "王阿姨"])
def test_a_kind_corrected_to_a_public_one_publishes_nothing_by_itself(
    session: Session, name: str
) -> None:
    street = peopled(session)
    street.say("王阿姨", QUARREL, command="report")
    case = street.case()
    assert case.private
    private = name == "李强"
    street.press_data(name, data("kind", DISTRICT, case.id, case.version, "LS02"), private=private)
    assert street.case().kind == "LS02"
    assert street.case().private
    assert "灯" not in shown(street, GROUP_CHAT)


def test_the_reporters_own_tap_shows_it_in_the_group_again(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    case = street.case()
    street.press_data("王阿姨", data("hush", DISTRICT, case.id, case.version))
    assert street.case().private
    assert "灯" not in shown(street, GROUP_CHAT)
    back = data("hush", DISTRICT, case.id, street.case().version, "back")
    assert street.press_data("陈叔", back).alert
    assert street.case().private
    street.press_data("王阿姨", back)
    assert not street.case().private
    assert "灯" in shown(street, GROUP_CHAT)


def test_a_private_kind_is_not_shown_by_a_tap(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", QUARREL, command="report")
    case = street.case()
    back = data("hush", DISTRICT, case.id, case.version, "back")
    assert street.press_data("王阿姨", back).alert
    assert street.case().private


def test_what_was_told_in_private_is_not_shown_by_a_tap(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, private=True)
    street.press("王阿姨", "快乐8号楼", private=True)
    case = street.case()
    back = data("hush", DISTRICT, case.id, case.version, "back")
    assert street.press_data("王阿姨", back, private=True).alert
    assert street.case().private


# --- taken out of the group ---


def unsay(street: Street, name: str = "王阿姨", private: bool = True) -> Any:
    case = street.case()
    return street.press_data(name, data("unsay", DISTRICT, case.id), private=private)


def test_a_private_matter_written_in_the_group_is_deleted_on_its_writers_tap(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    message = street.say("王阿姨", QUARREL, command="report")
    delivered(street)
    offered = street.texts("王阿姨")[-1]
    assert "删掉吗" in offered
    assert "吵" not in offered
    street.press("王阿姨", "删掉我写的那条", private=True)
    assert message in acts(street, "delete")
    assert standing(street, GROUP_CHAT) == []
    street.press("李强", "接单", private=True)  # nothing comes back into the group
    assert street.case().number not in shown(street, GROUP_CHAT)
    assert session.exec(select(Audit).where(Audit.act == "message_unsaid")).one()


@pytest.mark.parametrize("name", ["陈叔", "李强", "孙主任", "冯管理"])
def test_nobody_else_has_a_message_deleted(session: Session, name: str) -> None:
    street = peopled(session)
    street.say("王阿姨", QUARREL, command="report")
    for private in (True, False):
        if private and name == "陈叔":
            continue
        assert unsay(street, name, private).alert
    assert acts(street, "delete") == []


def test_without_a_private_chat_the_button_stands_in_the_group_and_says_nothing_of_it(
    session: Session,
) -> None:
    street = peopled(session)
    message = street.say("王阿姨", QUARREL, command="report")
    assert not any(word in shown(street, GROUP_CHAT) for word in ("吵", "602", "纠纷"))
    street.press("王阿姨", "删掉我写的那条")
    assert message in acts(street, "delete")
    assert "删掉我写的那条" not in shown(street, GROUP_CHAT)
    assert street.case().number in shown(street, GROUP_CHAT)


def test_a_whole_album_and_what_was_added_goes(session: Session) -> None:
    street = peopled(session)
    first = street.say("王阿姨", QUARREL, command="report", files=(photo("a"),), album="x")
    second = street.say("王阿姨", files=(photo("b"),), album="x")
    unsay(street, private=False)
    assert {first, second} <= set(acts(street, "delete"))


def test_who_points_at_a_message_cant_have_it_deleted(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", "在吗", command="help")  # so that he is known
    quoted = Quoted("55", Sender(ADDRESSES["陈叔"], "陈叔", "zh-hans"), QUARREL, False, ())
    own = street.say("王阿姨", "管管", command="report", reply_to=quoted)
    unsay(street, private=False)
    assert "55" not in acts(street, "delete")
    assert own in acts(street, "delete")
    unsay(street, "陈叔", private=False)
    assert "55" in acts(street, "delete")


def test_who_speaks_for_a_case_later_didnt_write_its_message(session: Session) -> None:
    street = peopled(session)
    message = street.say("王阿姨", LAMP, command="report")
    street.press("陈叔", "我也遇到")
    case = street.case()
    street.press_data("王阿姨", data("withdraw", DISTRICT, case.id, case.version))
    assert street.case().reporter is not None
    unsay(street, "陈叔", private=False)
    assert acts(street, "delete") == []
    unsay(street, private=False)
    assert acts(street, "delete") == [message]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (NUMBERS, True),
        ("苏A12345的车堵了3号楼消防通道", True),
        ("3号楼2单元楼道灯坏了，住户是110101199003071233", True),
        ("3号楼2单元502漏水，楼道灯也坏了", False),
        (LAMP, False),
    ],
)
def test_a_number_of_somebodys_in_a_public_report_is_offered_to_go(
    session: Session, text: str, offered: bool
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", text, command="report")
    assert not street.case().private
    assert any("删掉吗" in each for each in street.texts("王阿姨")) is offered


def test_a_public_case_stays_in_the_group_when_its_message_goes(session: Session) -> None:
    street = peopled(session)
    message = street.say("王阿姨", NUMBERS, command="report")
    delivered(street)
    offered = street.texts(GROUP_CHAT)[-1]
    assert "138" not in offered
    street.press("王阿姨", "删掉我写的那条")
    assert message in acts(street, "delete")
    assert "楼道灯" in shown(street, GROUP_CHAT)
    assert "删掉我写的那条" not in shown(street, GROUP_CHAT)


def fail(street: Street, error: str) -> None:
    rows = [row for row in street.rows(GROUP_CHAT) if row.payload.get("asked")]
    for row in rows:
        row.state, row.error = "dead", f"BadRequest: {error}"
        street.session.add(row)
    street.session.flush()
    trouble.tell_dead(street.session, BOT.bot, [row.id for row in rows], street.now)


@pytest.mark.parametrize("reachable", [True, False])
def test_where_the_bot_may_not_delete_the_writer_reads_how_to(
    session: Session, reachable: bool
) -> None:
    street = peopled(session)
    if reachable:
        started(street, "王阿姨")
    street.say("王阿姨", QUARREL, command="report")
    delivered(street)
    unsay(street, private=reachable)
    fail(street, "message can't be deleted")
    place = "王阿姨" if reachable else GROUP_CHAT
    assert "长按" in shown(street, place)
    assert street.case().unsaid_at is None
    assert street.texts("孙主任") == [t for t in street.texts("孙主任") if "送" not in t]
    # the next is told at once, without a button that does nothing
    street.say("陈叔", "楼上302天天半夜吵架，我们吵起来了", command="report")
    assert "长按" in street.texts(GROUP_CHAT)[-1]
    assert "删掉我写的那条" not in str(standing(street, GROUP_CHAT)[-1].payload)


def test_a_message_that_is_too_old_is_no_missing_right(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", QUARREL, command="report")
    unsay(street)
    fail(street, "message can't be deleted for everyone")
    assert "太久" in shown(street, "王阿姨")
    session.refresh(street.group)
    assert street.group.may_delete is None


@pytest.mark.parametrize("may", [True, False])
def test_the_bots_right_is_learned_from_the_platform(session: Session, may: bool) -> None:
    street = peopled(session)
    event = Membership(
        at=Address(BOT.bot, GROUP_CHAT),
        sender=street.sender("王阿姨"),
        private=False,
        present=True,
        administrator=True,
        may_delete=may,
    )
    handle(session, event, BOT, street.now)
    street.say("王阿姨", QUARREL, command="report")
    assert ("删掉我写的那条" in shown(street, GROUP_CHAT)) is may
    assert ("长按" in shown(street, GROUP_CHAT)) is not may


def test_blows_at_home_are_taken_out_of_the_group_without_a_word_at_home(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    message = street.say("王阿姨", "我老公又打我了，救命", command="report")
    before = len(street.rows(ADDRESSES["王阿姨"]))
    street.press("王阿姨", "删掉我写的那条")
    assert message in acts(street, "delete")
    assert len(street.rows(ADDRESSES["王阿姨"])) == before


def test_who_wrote_what_in_the_group_goes_with_the_person(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", QUARREL, command="report", files=(photo("a"),), album="x")
    street.say("王阿姨", files=(photo("b"),), album="x")
    street.say("王阿姨", private=True, command="mydata")
    kept = str([row.payload for row in street.rows(ADDRESSES["王阿姨"])])
    assert "your_messages_in_the_group" in kept
    street.press_data("王阿姨", data("forget", DISTRICT), private=True)
    assert all(row.writer is None for row in session.exec(select(GroupPost)))
