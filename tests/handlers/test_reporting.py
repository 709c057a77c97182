"""How a matter comes in, and what its reporter may put right."""

import pytest
from sqlmodel import Session

from domain.policy import Policy
from handlers.turn import Quoted, Sender
from services.equipment import Equipment
from services.vault import Vault
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"


def last(street: Street, name: str) -> str:
    return street.texts(name)[-1]


def test_a_mention_that_reads_like_a_report_opens_a_case(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP)
    assert (street.case().place_building, street.case().place_unit) == ("3号楼", "2单元")


def test_a_mention_that_does_not_is_asked_about_once_and_kindly(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "今天天气真好呀大家吃了吗")
    assert not street.cases()
    street.press("王阿姨", "是，请立案")
    assert street.case().text == "今天天气真好呀大家吃了吗"


def test_a_photo_with_a_caption_belongs_to_its_case_and_reaches_the_worker(
    session: Session,
) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, files=(photo(),))
    sent = [row.payload.get("photos") for row in street.rows(ADDRESSES["李强"])]
    assert [{"file_id": "file-p1"}] in sent


def test_an_album_is_one_case(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, files=(photo("a"),), album="7")
    street.say("王阿姨", files=(photo("b"),), album="7")
    street.say("王阿姨", files=(photo("c"),), album="7")
    assert len(street.cases()) == 1
    sent = [str(row.payload.get("photos")) for row in street.rows(ADDRESSES["李强"])]
    assert all(any(each in row for row in sent) for each in ("file-a", "file-b", "file-c"))


def test_a_voice_note_opens_a_case_that_somebody_completes(session: Session) -> None:
    from handlers.turn import File

    street = peopled(session)
    street.press_data("王阿姨", "report")
    street.say("王阿姨", files=(File("voice", "file-v", "v", "audio/ogg", 9_000),))
    assert street.case().kind == "LS99"
    assert any(row.payload.get("voice") == "file-v" for row in street.rows(ADDRESSES["李强"]))


def test_a_reply_with_report_makes_the_replier_the_reporter(session: Session) -> None:
    street = peopled(session)
    writer = Sender(ADDRESSES["陈叔"], "陈叔")
    street.say("王阿姨", command="report", reply_to=Quoted("55", writer, LAMP))
    case = street.case()
    assert (case.text, case.source_message) == (LAMP, "55")
    street.press("陈叔", "我也遇到")
    assert street.case().voices == 2


def test_who_wrote_the_words_changes_nothing_in_anothers_report(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", command="report", reply_to=Quoted("55", street.sender("陈叔"), LAMP))
    said = len(street.rows(GROUP_CHAT))
    street.said = 55 - 1001
    assert street.say("陈叔", "5号楼电梯坏了", edited=True) == "55"
    assert street.case().text == LAMP
    assert len(street.rows(GROUP_CHAT)) == said


def test_the_same_words_again_join_the_open_case(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("陈叔", LAMP + "!!", command="report")
    assert len(street.cases()) == 1
    assert street.case().voices == 2
    street.press("陈叔", "不是同一件")
    assert len(street.cases()) == 2
    assert {case.voices for case in street.cases()} == {1}


def test_the_same_words_join_nothing_that_was_told_in_private(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", command="who")
    street.say("王阿姨", LAMP, private=True)
    street.say("陈叔", LAMP, command="report")
    assert [case.voices for case in street.cases()] == [1, 1]


def test_the_same_person_saying_it_twice_is_one_voice(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("王阿姨", LAMP, command="report")
    assert [case.voices for case in street.cases()] == [1]


def test_the_kind_is_corrected_with_one_tap_and_the_promise_follows(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    before = street.case()
    due, opened = before.due_at, before.opened_at
    street.press("王阿姨", "更正")
    street.press("王阿姨", "改类别")
    street.press("王阿姨", "城市管理")
    street.press("王阿姨", "路灯不亮")
    case = street.case()
    assert (case.kind, case.kind_p, case.opened_at) == ("UM02", 1.0, opened)
    assert case.due_at != due


def test_only_the_reporter_and_who_handles_it_correct_a_case(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    fix = street.button(GROUP_CHAT, "更正")
    answer = street.press_data("陈叔", fix)
    assert answer is not None
    assert answer.alert
    street.press_data("王阿姨", fix)
    kind = street.button(GROUP_CHAT, "改类别")
    assert street.press_data("陈叔", kind.replace("classes", "main")).alert  # type: ignore[union-attr]


def test_a_kind_with_several_conditions_asks_which_and_takes_one_tap(session: Session) -> None:
    street = peopled(session)
    street.say("Emily", "smoke from somebody burning leaves behind blk 5", command="report")
    case = street.case()
    assert case.condition is None
    due = case.due_at
    street.press("Emily", "有人烧垃圾")
    assert street.case().condition == 0
    assert street.case().due_at < due


def test_a_matter_that_belongs_elsewhere_gets_a_number_and_where_to_go(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "公积金提取不了怎么办", command="report")
    case = street.case()
    assert (case.state, case.not_admitted) == ("not_admitted", "NA13")
    assert any("12329" in text and case.number in text for text in street.texts(GROUP_CHAT))
    street.press("王阿姨", "请立案")
    assert street.case().state == "dispatched"
    assert street.case().number == case.number


def test_the_place_is_corrected_by_an_answer(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "改地点")
    street.say("王阿姨", "5号楼1单元")
    assert (street.case().place_building, street.case().place_unit) == ("5号楼", "1单元")


def test_a_hidden_name_is_shown_to_nobody(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "谁看得到我的名字")
    street.press("王阿姨", "群里和网格员都不告诉")
    assert "王阿姨" not in last(street, "李强")


def test_a_hidden_name_is_not_called_in_the_group_either(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "谁看得到我的名字")
    street.press("王阿姨", "群里不提我的名字")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    assert any("解决了吗" in text for text in street.texts(GROUP_CHAT))
    assert not any("王阿姨" in text for text in street.texts(GROUP_CHAT))


def test_withdrawing_is_one_tap_and_the_worker_hears(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "撤回")
    assert street.case().state == "withdrawn"
    assert any("撤回" in text for text in street.texts("李强"))


def test_the_command_asks_before_it_takes_back_the_only_one(session: Session) -> None:
    """`/withdraw` stands as a link in the privacy notice: to tap it takes nothing back."""
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("王阿姨", command="withdraw", private=True)
    case = street.case()
    assert case.state == "dispatched"
    street.press("王阿姨", case.number, private=True)
    assert street.case().state == "withdrawn"


def test_the_command_with_a_number_takes_that_one_back(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("王阿姨", street.case().number, command="withdraw", private=True)
    assert street.case().state == "withdrawn"


def test_what_others_joined_goes_on_without_its_reporter(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("陈叔", "我也遇到")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "撤回")
    case = street.case()
    assert (case.state, case.voices) == ("dispatched", 1)
    assert case.reporter is not None


def test_an_edited_message_updates_its_case_until_somebody_takes_it(session: Session) -> None:
    street = peopled(session)
    message = street.say("王阿姨", "楼道有点问题灯坏了", command="report")
    street.said = int(message) - 1001
    street.say("王阿姨", "5号楼电梯坏了", edited=True)
    assert (street.case().kind, street.case().place_building) == ("LS03", "5号楼")
    street.press("李强", "接单", private=True)
    street.said = int(message) - 1001
    street.say("王阿姨", "7号楼电梯坏了", edited=True)
    assert street.case().place_building == "5号楼"


def test_a_private_matter_shows_the_group_a_number_and_nothing_else(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "楼上602天天半夜吵架砸东西", command="report")
    assert street.case().private
    seen = " ".join(street.texts(GROUP_CHAT))
    assert street.case().number in seen
    assert not any(word in seen for word in ("邻居", "噪音", "602", "吵", "王阿姨"))


def test_a_worker_reports_for_somebody_and_cannot_confirm_it(session: Session) -> None:
    street = peopled(session)
    street.say("李强", LAMP, private=True)
    street.press("李强", "居民来电", private=True)
    case = street.case()
    assert (case.reporter, case.filed_by, case.source) == (None, street.key("李强"), "phone")
    street.press("李强", "接单", private=True)
    settle = street.button(ADDRESSES["李强"], "办好了").replace("done~", "settle~")
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("x"),))
    assert street.case().state == "done"
    forged = settle.replace("~2", f"~{street.case().version}")
    assert street.press_data("李强", forged, private=True).alert  # type: ignore[union-attr]
    assert street.case().state == "done"


def test_an_urgent_report_in_english_carries_a_chinese_sentence_to_show(session: Session) -> None:
    street = peopled(session)
    street.say("Emily", "strong smell of gas in the stairwell of building 8", command="report")
    assert street.case().urgency == "now"
    seen = " ".join(street.texts(GROUP_CHAT))
    assert "请帮我打电话求助" in seen
    assert "call first" in seen


@pytest.mark.parametrize("text", ["", "😀😀", "  ", "。。。"])
def test_a_report_without_words_gets_one_sentence_and_opens_nothing(
    session: Session, text: str
) -> None:
    street = peopled(session)
    street.press_data("王阿姨", "report")
    street.say("王阿姨", text)
    assert not street.cases()
    assert street.texts(GROUP_CHAT)


def test_four_thousand_characters_are_one_case_and_a_card_that_fits(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "灯坏了" + "啊" * 4093, command="report")
    assert len(street.case().text) == 4096
    assert all(len(text) < 4096 for text in street.texts("李强"))


def test_a_forwarded_message_is_asked_about_before_it_becomes_a_case(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, private=True, forwarded=True)
    assert not street.cases()


def test_nobody_may_flood_the_desk(session: Session) -> None:
    street = peopled(session)
    for number in range(13):
        street.say("王阿姨", f"{number}号楼楼道灯坏了", command="report")
    assert len(street.cases()) == 12
    assert "110" in street.texts(GROUP_CHAT)[-1]


def test_a_word_from_a_bot_is_nothing(session: Session) -> None:
    from dataclasses import replace

    street = peopled(session)
    sender = street.sender
    street.sender = lambda name: replace(sender(name), is_bot=True)  # type: ignore[method-assign]
    street.say("王阿姨", LAMP, command="report")
    assert not street.cases()


def test_somebody_unknown_in_private_is_asked_where_they_live(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", LAMP, private=True)
    assert not street.cases()
    street.press("陈叔", "快乐8号楼", private=True)
    case = street.case()
    assert (case.text, case.channel, case.district) == (LAMP, "private", DISTRICT)
    assert not street.texts(GROUP_CHAT)


def test_a_group_may_have_a_threshold_of_its_own_for_telling_a_kind_as_known(
    session: Session,
) -> None:
    own = Policy(kind_from_in=(f"{GROUP_CHAT}=0.999",))
    session.info["equipment"] = Equipment(
        own, vault=Vault(Vault.new_key()), usernames={"777": "linli_bot"}
    )
    street = peopled(session)
    street.say("Emily", "the drain outside blk 5 stinks", command="report")
    assert "下水道堵、污水外溢" in street.labels(GROUP_CHAT)
