"""Whose matter was merged takes it back as anybody does who joined: under their own number."""

from sqlmodel import Session, select

from models import Case, Due, Person
from services import merging
from services.buttons import data
from tests.handlers.test_attack_merged import hides
from tests.handlers.test_attack_under_way import is_well
from tests.handlers.test_desk import DESK, card, labels, opened
from tests.handlers.test_merging import DARK, handled, merged, two, voices
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled


def takes_back(street: Street, name: str, case: Case) -> str:
    street.say(name, case.number, private=True, command="withdraw")
    street.session.expire_all()
    return street.texts(name)[-1]


def pair(session: Session) -> tuple[Street, Case, Case]:
    """陈叔's second case has gone into 王阿姨's first, which 李强 has in hand."""
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    assert second.state == "merged"
    return street, first, second


def test_who_takes_back_what_was_merged_is_out_of_both_and_reads_what_goes_on(
    session: Session,
) -> None:
    street, first, second = pair(session)
    before = len(street.texts("李强"))
    said = takes_back(street, "陈叔", second)
    assert f"{second.number} 已撤回" in said
    assert f"{first.number} 别人也报了，会继续办" in said
    assert (second.state, second.merged_into, second.voices) == ("withdrawn", first.id, 1)
    assert (first.state, first.voices, first.absorbed) == ("taken", 1, 1)
    assert list(voices(street, first)) == [first.reporter]
    assert len(street.texts("李强")) == before  # nobody is sent home: it goes on
    is_well(street, first)


def test_who_took_it_back_hears_nothing_more_of_the_one_that_goes_on(session: Session) -> None:
    street, first, second = pair(session)
    takes_back(street, "陈叔", second)
    before = street.texts("陈叔")
    handled(street, first)
    street.press("王阿姨", "解决了")
    session.expire_all()
    assert first.state == "closed"
    assert street.texts("陈叔") == before
    street.say("陈叔", private=True, command="mine")
    assert f"{second.number} →" not in street.texts("陈叔")[-1]


def test_a_list_of_what_may_be_taken_back_names_the_merged_one_until_it_is_over(
    session: Session,
) -> None:
    street, first, second = pair(session)

    def offered() -> list[str]:
        street.say("陈叔", private=True, command="withdraw")
        return labels({"buttons": []} | street.rows(ADDRESSES["陈叔"])[-1].payload)

    assert offered() == [second.number]
    handled(street, first)
    assert offered() == [second.number]
    street.press("王阿姨", "解决了")
    assert offered() == []
    said = street.press_data("陈叔", data("withdraw", DISTRICT, second.id), private=True)
    assert said is not None
    assert said.alert
    session.expire_all()
    assert second.state == "merged"


def test_it_refuses_whoever_did_not_report_the_merged_one(session: Session) -> None:
    street, first, second = pair(session)
    for name in ("王阿姨", "Emily", "李强", DESK):
        said = street.press_data(name, data("withdraw", DISTRICT, second.id), private=True)
        assert said is not None
        assert said.alert, name
    session.expire_all()
    assert (second.state, first.voices) == ("merged", 2)


def test_what_others_joined_goes_on_in_both_without_its_reporter(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    street.press("Emily", "我也遇到")
    merged(street, first, second)
    said = takes_back(street, "陈叔", second)
    assert f"{second.number} 里不再有您" in said
    assert second.state == "merged"
    assert session.get_one(Person, (DISTRICT, second.reporter)).name == "Emily"
    for case in (first, second):
        assert case.voices == len(voices(street, case))
    assert first.voices == 2


def test_who_had_come_to_speak_for_both_and_is_the_last_ends_both(session: Session) -> None:
    street, first, second = pair(session)
    takes_back(street, "王阿姨", first)
    assert (first.state, first.reporter) == ("taken", second.reporter)
    assert takes_back(street, "陈叔", second) == f"{second.number} 已撤回。"
    assert (first.state, second.state) == ("withdrawn", "withdrawn")
    assert any("撤回" in each for each in street.texts("李强"))
    is_well(street, first, second)


def test_what_went_on_twice_is_left_to_the_end_of_its_line(session: Session) -> None:
    street, first, second = pair(session)
    street.say("Emily", "3号楼2单元楼道灯坏了好几天", command="report")
    third = street.case()
    above = street.staff[DESK]
    found = merging.pair(session, above, first, third, street.now)
    if found.stays is first:
        found = merging.swapped(session, above, found, street.now)
    merging.merge(session, above, found, street.now)
    assert takes_back(street, "陈叔", second).startswith(f"{second.number} 已撤回；{third.number}")
    assert (second.state, first.state, first.voices, third.voices) == ("withdrawn", "merged", 1, 2)
    for case in (first, third):
        assert case.voices == len(voices(street, case))


def test_what_was_taken_back_is_not_taken_apart_any_more(session: Session) -> None:
    street, _, second = pair(session)
    takes_back(street, "陈叔", second)
    opened(street, second)
    assert "拆开" not in str(card(street, DESK, second).get("buttons"))
    forged = data("unmerge", DISTRICT, second.id, second.version)
    said = street.press_data(DESK, forged, private=True)
    assert said is not None
    assert said.alert
    session.expire_all()
    assert second.state == "withdrawn"


def test_a_number_that_has_become_private_is_not_named_to_who_takes_theirs_back(
    session: Session,
) -> None:
    street, first, second = pair(session)
    hushed = data("hush", DISTRICT, first.id, first.version)
    street.press_data("王阿姨", hushed, private=True)
    session.expire_all()
    assert first.private
    assert takes_back(street, "陈叔", second) == f"{second.number} 已撤回。"


def test_who_hid_and_took_it_back_stays_hidden(session: Session) -> None:
    street, first, second = pair(session)
    hides(street, second, "陈叔")
    takes_back(street, "陈叔", second)
    assert second.hide_name
    shown = opened(street, first)["text"]
    assert DARK in shown
    assert "陈叔" not in shown + "".join(street.texts(GROUP_CHAT)[-1:])


def test_the_desk_is_asked_once_nobody_is_left_who_could_say_whether_it_is_settled(
    session: Session,
) -> None:
    street, first, second = pair(session)
    first.voices += 1  # one more, for whom it was filed without a chat
    session.add(first)
    session.flush()
    takes_back(street, "王阿姨", first)
    assert first.reporter == second.reporter
    handled(street, first)
    takes_back(street, "陈叔", second)
    assert (first.state, first.reporter, first.voices) == ("done", None, 1)
    assert first.next_at == street.now
    assert "case.desk" in pending(street, first)


def pending(street: Street, case: Case) -> set[str]:
    query = select(Due.name).where(Due.case == case.id, Due.state == "pending")
    return set(street.session.exec(query))
