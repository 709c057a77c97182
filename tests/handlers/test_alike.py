"""Is it this one? A new report's card asks about an earlier case; the reporter's tap decides."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from models import Case, CaseEvent, Person, Voice
from services import privacy, reporting
from services.buttons import data
from services.retention import archive
from tests.handlers.test_merging import started
from tests.people import DISTRICT, GROUP_CHAT, Street, peopled, photo

LIFT = "3号楼电梯坏了，老人下不来"
SAME = "三幢的电梯怎么还没修好"
OTHER = "5号楼电梯坏了"


def told(street: Street, name: str, text: str, **more: Any) -> Case:
    street.say(name, text, command="report", **more)
    return street.case()


def two(street: Street) -> tuple[Case, Case]:
    """王阿姨 reports the lift, 陈叔 the same one in other words."""
    started(street, "王阿姨", "陈叔", "Emily")
    first = told(street, "王阿姨", LIFT)
    street.now += timedelta(hours=2)
    second = told(street, "陈叔", SAME)
    assert first.id != second.id
    return first, second


def shown(street: Street, case: Case) -> str:
    return next(text for text in reversed(street.texts(GROUP_CHAT)) if case.number in text)


def yes(street: Street, name: str, case: Case) -> Any:
    return street.press_data(name, data("alike", DISTRICT, case.id, case.version, "yes"))


def no(street: Street, name: str, case: Case) -> Any:
    return street.press_data(name, data("alike", DISTRICT, case.id, case.version, "no"))


def test_the_same_matter_in_other_words_is_filed_at_once_and_its_card_asks(
    session: Session,
) -> None:
    street = peopled(session)
    first, second = two(street)
    assert second.state == "dispatched"
    assert second.alike == first.id
    text = shown(street, second)
    assert f"像是 {first.number}" in text
    assert "老人" not in text
    assert "王阿姨" not in text


def test_another_building_is_not_asked_about(session: Session) -> None:
    street = peopled(session)
    told(street, "王阿姨", LIFT)
    assert told(street, "陈叔", OTHER).alike is None


def test_what_is_private_is_neither_compared_nor_asked_about(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨", "陈叔")
    street.say("王阿姨", LIFT, private=True, command="report")
    first = street.case()
    assert first.private
    assert (first.near, first.trace) == (None, "")
    assert told(street, "陈叔", SAME).alike is None


def test_a_case_that_goes_private_is_compared_with_nothing_any_more(session: Session) -> None:
    street = peopled(session)
    first = told(street, "王阿姨", LIFT)
    street.press_data("王阿姨", data("hush", DISTRICT, first.id, first.version))
    session.expire_all()
    assert (first.near, first.trace) == (None, "")
    assert told(street, "陈叔", SAME).alike is None


def test_yes_makes_it_one_more_voice_and_keeps_words_and_photos(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨", "陈叔")
    first = told(street, "王阿姨", LIFT)
    second = told(street, "陈叔", SAME, files=(photo("lift"),))
    yes(street, "陈叔", second)
    session.expire_all()
    assert (second.state, second.merged_into) == ("merged", first.id)
    assert second.text == SAME
    assert (first.voices, first.absorbed) == (2, 1)
    voice = session.get_one(Voice, (DISTRICT, first.id, second.reporter))
    assert voice.via == second.id
    assert first.number in street.texts(GROUP_CHAT)[-1]


def test_no_takes_the_question_away_and_the_case_goes_on(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    no(street, "陈叔", second)
    session.expire_all()
    assert (second.alike, second.state, first.voices) == (None, "dispatched", 1)
    assert "像是" not in shown(street, second)


def test_it_refuses_a_tap_by_anybody_but_the_reporter(session: Session) -> None:
    street = peopled(session)
    _, second = two(street)
    for press in (yes, no):
        press(street, "Emily", second)
    session.expire_all()
    assert second.state == "dispatched"
    assert second.alike is not None


def test_a_second_tap_changes_nothing(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    yes(street, "陈叔", second)
    yes(street, "陈叔", second)
    session.expire_all()
    assert first.voices == 2


def test_the_same_place_after_it_was_called_settled_reopens_the_old_case(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨", "陈叔")
    first = told(street, "王阿姨", LIFT)
    first.state, first.closed_at, first.closing = "closed", street.now, "settled"
    session.add(first)
    session.flush()
    street.now += timedelta(days=2)
    second = told(street, "陈叔", "3号楼电梯又坏了")
    assert second.alike == first.id
    assert "又出问题了吗" in shown(street, second)
    yes(street, "陈叔", second)
    session.expire_all()
    assert (first.state, first.reopenings, first.voices) == ("reopened", 1, 2)
    assert (second.state, second.merged_into) == ("merged", first.id)
    verbs = session.exec(select(CaseEvent.verb).where(CaseEvent.case == first.id)).all()
    assert "refuse" in verbs


def test_what_was_settled_long_ago_is_a_new_case(session: Session) -> None:
    street = peopled(session)
    first = told(street, "王阿姨", LIFT)
    first.state, first.closed_at = "closed", street.now
    session.add(first)
    session.flush()
    street.now += timedelta(days=40)
    assert told(street, "陈叔", SAME).alike is None


def test_danger_never_becomes_one_with_something_calmer(session: Session) -> None:
    street = peopled(session)
    told(street, "王阿姨", LIFT)
    urgent = told(street, "陈叔", "3号楼电梯困人了，快来人")
    assert urgent.urgency == "now"
    assert urgent.alike is None


def test_what_others_joined_meanwhile_is_no_longer_one_persons_to_move(session: Session) -> None:
    street = peopled(session)
    _, second = two(street)
    street.press_data("Emily", data("join", DISTRICT, second.id, second.version))
    yes(street, "陈叔", second)
    session.expire_all()
    assert second.state == "dispatched"
    assert "像是" not in shown(street, second)


def test_archiving_and_deleting_erase_what_is_compared(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    assert first.near == second.near == f"{first.grid[12:]}:3"
    first.state, first.closed_at = "closed", street.now
    archive(session, first, street.now)
    assert (first.near, first.trace, first.alike) == (None, "", None)
    privacy.delete(session, session.get_one(Person, (DISTRICT, second.reporter)), street.now)
    session.expire_all()
    assert (second.near, second.trace, second.alike) == (None, "", None)


def test_a_case_whose_place_is_corrected_is_found_where_it_is(session: Session) -> None:
    street = peopled(session)
    first = told(street, "王阿姨", LIFT)
    aunt = session.get_one(Person, (DISTRICT, first.reporter))
    reporting.correct_place(session, aunt, first, "是5号楼", street.now)
    assert first.near == f"{first.grid[12:]}:5"
    assert told(street, "陈叔", SAME).alike is None
    assert told(street, "Emily", OTHER).alike == first.id


def test_a_case_whose_kind_is_corrected_is_compared_by_it(session: Session) -> None:
    street = peopled(session)
    first = told(street, "王阿姨", "3号楼那个东西又不行了")
    street.press_data("王阿姨", data("kind", DISTRICT, first.id, first.version, "LS03"))
    session.expire_all()
    assert "|LS03:1.0000|" in first.trace
