"""Notes on places: on the cards of their building, kept by somebody, handed on with the rest."""

from sqlmodel import Session, select

from models import PlaceNote
from tests.handlers.test_handover import hand_over
from tests.handlers.test_regrid import EAST, WEST, split
from tests.handlers.test_roster import run
from tests.people import peopled

LAMP = "3号楼2单元楼道灯坏了"
NOTE = "3号楼 电表箱钥匙在门卫"


def test_a_note_stands_on_the_cards_of_its_building_only(session: Session) -> None:
    street = peopled(session)
    street.say("李强", NOTE, private=True, command="note")
    assert "电表箱钥匙在门卫" in street.texts("李强")[-1]
    street.say("王阿姨", LAMP, command="report")
    assert "📎 电表箱钥匙在门卫" in street.texts("李强")[-1]
    street.say("王阿姨", "9号楼楼道灯坏了", command="report")
    assert street.case().place_building == "9号楼"
    assert not any("📎" in text and "9号楼" in text for text in street.texts("李强"))


def test_the_same_building_is_known_however_it_is_written(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "三栋 电表箱钥匙在门卫", private=True, command="note")
    street.say("王阿姨", LAMP, command="report")
    assert any("📎 电表箱钥匙在门卫" in text for text in street.texts("李强"))


def test_the_group_and_the_reporter_never_read_a_note(session: Session) -> None:
    from tests.people import GROUP_CHAT

    street = peopled(session)
    street.say("李强", NOTE, private=True, command="note")
    street.say("王阿姨", LAMP, command="report")
    street.say("王阿姨", NOTE, private=True, command="note")
    assert not any("钥匙" in text for text in street.texts(GROUP_CHAT) + street.texts("王阿姨"))
    assert len(session.exec(select(PlaceNote)).all()) == 1


def test_numbers_in_a_note_are_blacked_out(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "3号楼 门卫电话13812345678", private=True, command="note")
    assert "13812345678" not in session.exec(select(PlaceNote.text)).one()


def test_without_a_building_it_is_refused(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "钥匙在门卫", private=True, command="note")
    assert session.exec(select(PlaceNote)).all() == []


def test_its_keeper_removes_it_with_a_tap_and_nobody_else(session: Session) -> None:
    from tests.people import ADDRESSES

    street = peopled(session)
    street.say("李强", NOTE, private=True, command="note")
    street.say("李强", private=True, command="note")
    forged = street.button(ADDRESSES["李强"], "删：3号楼")
    answer = street.press_data("赵敏", forged, private=True)
    assert answer is not None
    assert answer.alert
    street.press_data("李强", forged, private=True)
    street.say("王阿姨", LAMP, command="report")
    assert not any("📎" in text for text in street.texts("李强"))


def test_a_handover_takes_notes_along(session: Session) -> None:
    street = peopled(session)
    street.say("李强", NOTE, private=True, command="note")
    hand_over(street)
    assert session.exec(select(PlaceNote.keeper)).one() == street.key("赵敏")
    assert any("1 条地点备注" in text for text in street.texts("赵敏"))


def test_a_grids_change_takes_notes_along(session: Session) -> None:
    street = peopled(session)
    street.say("李强", NOTE, private=True, command="note")
    street.say("李强", "5号楼 楼顶门锁着", private=True, command="note")
    split(street)
    run(street, hours=15)
    found = {(note.building, note.grid) for note in session.exec(select(PlaceNote)).all()}
    assert found == {("3号楼", EAST), ("5号楼", EAST), ("5号楼", WEST)}


def test_whoever_deletes_their_data_leaves_no_note_and_no_swap(session: Session) -> None:
    from models import Role, Swap
    from services import privacy
    from tests.handlers.test_roster import ask, shift
    from tests.services.test_routing import backed_by

    street = peopled(session)
    street.say("李强", NOTE, private=True, command="note")
    backed_by(street, "周姐", "李强")
    shift(street, "李强")
    ask(street, "请替我上")
    stored = privacy.everything(session, street.staff["李强"], [])
    assert (len(stored["notes"]), len(stored["shifts"])) == (1, 1)
    for role in session.exec(select(Role).where(Role.person == street.key("李强"))):
        role.revoked_at = street.now
        session.add(role)
    session.flush()
    privacy.delete(session, street.staff["李强"], street.now)
    assert session.exec(select(PlaceNote)).all() == []
    assert session.exec(select(Swap)).all() == []
    assert set(session.exec(select(Role.backup))) == {None}
