"""What residents might lose on the way: photos, places, a matter said twice, a moved group."""

from sqlmodel import Session

from handlers.turn import Migrated
from handlers.wiring import handle
from services import attachments
from services.outbox import Address
from tests.handlers.test_attack_hands import delivered
from tests.people import ADDRESSES, BOT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"


def files_of(street: Street) -> list[str]:
    return [each.file_id for each in attachments.of(street.session, street.case())]


def test_a_photo_waits_until_its_sender_has_said_where_they_live(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", private=True, files=(photo("a"),))
    street.press("陈叔", "快乐8号楼", private=True)
    assert files_of(street) == ["file-a"]


def test_a_shared_place_waits_as_well(session: Session) -> None:
    street = peopled(session)
    street.say("陈叔", LAMP, private=True, location=(39.9, 116.4))
    street.press("陈叔", "快乐8号楼", private=True)
    assert (street.case().lat, street.case().lon) == (39.9, 116.4)


def test_a_forwarded_photo_belongs_to_the_case_that_was_asked_about(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, forwarded=True, files=(photo("a"),))
    street.press("王阿姨", "是，请立案")
    assert files_of(street) == ["file-a"]


def test_a_forwarded_photo_without_words_is_asked_about_too(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", forwarded=True, files=(photo("a"),))
    street.press("王阿姨", "是，请立案")
    assert files_of(street) == ["file-a"]


def test_a_photo_that_comes_with_the_same_words_reaches_the_worker(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("陈叔", LAMP, command="report", files=(photo("b"),))
    assert len(street.cases()) == 1
    assert files_of(street) == ["file-b"]
    assert "file-b" in str([row.payload.get("photos") for row in street.rows(ADDRESSES["李强"])])


def test_a_matter_of_its_own_after_all_keeps_its_photo(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.say("陈叔", LAMP, command="report", files=(photo("b"),))
    street.press("陈叔", "不是同一件")
    assert len(street.cases()) == 2
    newest = max(street.cases(), key=lambda case: case.number)
    assert [each.file_id for each in attachments.of(session, newest)] == ["file-b"]


def test_said_again_after_it_was_done_is_a_matter_of_its_own(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("after"),))
    street.say("陈叔", LAMP, command="report")
    assert len(street.cases()) == 2


def test_another_building_does_not_keep_the_old_flat(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼2单元602门口灯坏了", command="report")
    street.press("王阿姨", "更正")
    street.press("王阿姨", "改地点")
    street.say("王阿姨", "5号楼1单元")
    case = street.case()
    assert (case.place_building, case.place_unit, case.place_room) == ("5号楼", "1单元", None)


def test_cards_go_on_in_the_supergroup_that_a_group_became(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    handle(session, Migrated(at=Address(BOT.bot, GROUP_CHAT), new_chat="-1001"), BOT, street.now)
    street.press("李强", "接单", private=True)
    delivered(street)
    street.press("李强", "到现场了", private=True)
    cards = [row for row in street.rows("-1001") if row.card == f"g:{street.case().id}"]
    assert len(cards) == 2
    assert "reply_to" not in cards[-1].payload


def test_names_and_words_are_shown_as_they_are(session: Session) -> None:
    street = peopled(session)
    ADDRESSES["<b>&"] = "299"
    try:
        street.say("<b>&", LAMP + "<i>", command="report")
        street.press_data("<b>&", "report")
        street.press("李强", "接单", private=True)
    finally:
        del ADDRESSES["<b>&"]
    everything = " ".join(street.texts(GROUP_CHAT) + street.texts("李强"))
    assert "<i>" not in everything
    assert "<b>&<" not in everything
    assert "&lt;b&gt;&amp;" in everything
