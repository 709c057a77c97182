"""Where one matter meets a hidden name, a private one, another group, a second thought."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from handlers.turn import File, Press, Said
from handlers.wiring import handle
from models import Case, Cause, Group, Person, Voice
from services import (
    attachments,
    binding,
    cards,
    causes,
    merging,
    notices,
    people,
    reporting,
    retention,
)
from services.buttons import data
from services.cards import look_at
from services.outbox import Address
from tests.handlers.test_alike import LIFT, told, yes
from tests.handlers.test_alike import two as alike_two
from tests.handlers.test_attack_hidden import NAME, gives_away
from tests.handlers.test_desk import DESK, opened
from tests.handlers.test_merging import DARK, LAMP, handled, merged, started, two, voices
from tests.handlers.test_privacy_in_public import delivered, shown, standing
from tests.people import ADDRESSES, BOT, DISTRICT, GRID, GROUP_CHAT, Street, peopled, photo

NAMED = "PO03"
STAFF = ("李强", "赵敏", "周姐", "孙主任", "钱站长")


def hides(street: Street, case: Case, name: str, letter: str = "b") -> None:
    street.session.expire_all()
    said = street.press_data(name, data("name", DISTRICT, case.id, case.version, letter))
    assert said is not None
    street.session.expire_all()


def hidden_pair(session: Session) -> tuple[Street, Case, Case]:
    """王阿姨 reports openly, 欧阳秀英 the same without her name; 李强 has the first."""
    street = peopled(session)
    ADDRESSES[NAME] = "8675309"
    started(street, "王阿姨", "Emily", NAME)
    street.say("王阿姨", LAMP, command="report")
    first = street.case()
    street.press("李强", "接单", private=True)
    street.now += timedelta(minutes=20)
    street.say(NAME, "欧阳秀英家门口：" + DARK, command="report", files=(photo("dark"),))
    second = street.case()
    assert first.id != second.id
    delivered(street)
    hides(street, second, NAME)
    delivered(street)
    return street, first, second


def leaves(street: Street, name: str) -> None:
    street.say(name, private=True, command="delete")
    street.press_data(name, data("forget", DISTRICT), private=True)
    street.session.expire_all()


def unreachable(street: Street, case: Case) -> None:
    person = people.person(street.session, DISTRICT, case.reporter)
    person.reachable = False
    street.session.add(person)
    street.session.flush()


def screens(street: Street, case: Case) -> str:
    found = []
    for name in STAFF:
        look = look_at(street.session, case, "zh-Hans", street.now)
        for menu in ("", "more", "desk", "story", "same", "voices", "whois"):
            found.append(cards.staff_card(look, street.staff[name], menu))
    look = look_at(street.session, case, "zh-Hans", street.now)
    found.append(cards.group_card(look))
    return "\n".join(str(each.as_json()) for each in found)


def everywhere(street: Street, *cases: Case) -> list[str]:
    street.session.expire_all()
    said = [shown(street, place) for place in (*STAFF, GROUP_CHAT)]
    text = "\n".join([*said, *(screens(street, each) for each in cases)])
    # a link to somebody who hides nothing is none of theirs
    return [each for each in gives_away(text) if each != "tg://user"]


# --- a hidden name ---


def _settled(street: Street, first: Case, second: Case) -> None:
    handled(street, first)
    delivered(street)
    street.press_data("王阿姨", data("settle", DISTRICT, first.id, first.version))


def _apart(street: Street, first: Case, second: Case) -> None:
    merging.unmerge(street.session, street.staff[DESK], second.id, None, street.now)


def _alone(street: Street, first: Case, second: Case) -> None:
    leaves(street, "王阿姨")
    assert first.reporter == second.reporter
    handled(street, first)


@pytest.mark.parametrize("then", [_settled, _apart, _alone])
def test_no_screen_or_message_of_a_merged_case_gives_a_hidden_reporter_away(
    session: Session, then: Callable[[Street, Case, Case], None]
) -> None:
    street, first, second = hidden_pair(session)
    merged(street, first, second)
    assert everywhere(street, first, second) == []
    delivered(street)
    then(street, first, second)
    assert everywhere(street, first, second) == []
    street.say(DESK, first.number, private=True, command="case")
    assert everywhere(street, first, second) == []


def test_who_hid_in_a_case_that_went_on_twice_stays_hidden_when_they_speak(
    session: Session,
) -> None:
    street, first, second = hidden_pair(session)
    merged(street, first, second)
    street.say("Emily", "3号楼2单元楼道灯坏了好几天", command="report")
    third = street.case()
    third.urgency = "soon"
    session.add(third)
    session.flush()
    merged(street, first, third)
    assert first.merged_into == third.id
    leaves(street, "Emily")
    leaves(street, "王阿姨")
    assert third.reporter == second.reporter
    assert third.hide_name
    assert third.hide_group
    assert everywhere(street, first, second, third) == []


def test_the_words_of_who_is_deleted_leave_the_card_of_the_case_that_stays(
    session: Session,
) -> None:
    street, first, second = hidden_pair(session)
    hides(street, second, NAME, "n")
    merged(street, first, second)
    opened(street, first, "李强")
    delivered(street)
    assert "黑得很" in shown(street, "李强")
    leaves(street, NAME)
    # what was sent is blanked in our own rows; the card that stands in the chat must be edited
    waiting = [row for row in street.rows(ADDRESSES["李强"]) if row.state == "pending"]
    [card] = [row.payload["text"] for row in waiting if row.card == f"s:{first.id}"]
    assert "黑得很" not in card
    assert gives_away(card) == []


def test_a_wish_outlives_the_case_in_which_it_was_said(session: Session) -> None:
    street, first, second = hidden_pair(session)
    merged(street, first, second)
    retention.archive(session, second, street.now)
    session.flush()
    leaves(street, "王阿姨")
    assert first.reporter is not None
    assert (first.hide_name, first.hide_group) == (True, True)
    assert everywhere(street, first, second) == []


@pytest.mark.parametrize("joined", [True, False])
def test_what_a_hidden_voice_adds_is_read_without_the_name(session: Session, joined: bool) -> None:
    street, first, second = hidden_pair(session)
    if joined:  # to the one that stays as well, before they were one
        street.press_data(NAME, data("join", DISTRICT, first.id, first.version))
    street.press_data(NAME, data("add", DISTRICT, second.id, second.version), private=True)
    merged(street, first, second)
    delivered(street)
    street.say(NAME, "欧阳秀英说现在更暗了", private=True, files=(photo("more"),))
    assert any("更暗" in each for each in street.texts("李强"))
    assert everywhere(street, first, second) == []


def test_a_photo_of_a_hidden_voice_comes_without_its_file_name(session: Session) -> None:
    street, first, second = hidden_pair(session)
    merged(street, first, second)
    street.say("Emily", "3号楼2单元楼道灯坏了好几天", command="report")
    third = street.case()
    third.urgency = "soon"
    session.add(third)
    session.flush()
    merged(street, first, third)
    person = people.person(session, DISTRICT, street.key("赵敏"))
    file = File("document", "doc", "doc", "application/pdf", 5_000)
    added = attachments.add(session, third, file, "report", second.reporter, street.now)
    before = len(street.rows(ADDRESSES["赵敏"]))
    notices.send_files(session, third, person, [added], street.now, at_once=True)
    sent = [row.payload for row in street.rows(ADDRESSES["赵敏"])[before:]]
    assert not any("file_id" in str(each.get("document")) for each in sent)


@pytest.mark.parametrize("end", ["settle", "void"])
def test_nothing_in_the_group_answers_a_hidden_reporters_message_at_the_end(
    session: Session, end: str
) -> None:
    street, first, second = hidden_pair(session)
    merged(street, first, second)
    delivered(street)
    unreachable(street, second)
    if end == "settle":
        _settled(street, first, second)
    else:
        void = data("void", DISTRICT, first.id, first.version, "a_trial")
        street.press_data(DESK, void, private=True)
    said = [row.payload for row in standing(street, GROUP_CHAT) if row.state == "pending"]
    assert any(second.number in each.get("text", "") for each in said)
    assert second.source_message not in [each.get("reply_to") for each in said]


def test_who_reported_both_and_hid_in_one_is_named_in_neither(session: Session) -> None:
    street = peopled(session)
    ADDRESSES[NAME] = "8675309"
    started(street, NAME)
    street.say(NAME, LAMP, command="report")
    first = street.case()
    street.press("李强", "接单", private=True)
    street.now += timedelta(minutes=20)
    street.say(NAME, DARK, command="report")
    second = street.case()
    assert first.id != second.id
    delivered(street)
    hides(street, second, NAME)
    delivered(street)
    merged(street, first, second)
    delivered(street)
    assert (first.state, second.state) == ("taken", "merged")
    assert gives_away(screens(street, first) + screens(street, second)) == []


def test_a_wish_said_in_the_old_case_holds_where_they_speak_now(session: Session) -> None:
    street, first, second = hidden_pair(session)
    hides(street, second, NAME, "n")
    merged(street, first, second)
    delivered(street)
    leaves(street, "王阿姨")
    delivered(street)
    assert first.reporter == second.reporter
    hides(street, second, NAME, "b")
    assert first.hide_name
    assert first.hide_group
    assert everywhere(street, first, second) == []


def test_who_hides_later_is_hidden_where_their_words_stand(session: Session) -> None:
    street, first, second = hidden_pair(session)
    hides(street, second, NAME, "n")
    merged(street, first, second)
    delivered(street)
    opened(street, first, "李强")
    delivered(street)
    assert "欧阳秀英" in shown(street, "李强")
    hides(street, second, NAME, "b")
    delivered(street)
    assert everywhere(street, first, second) == []


def test_who_hides_where_they_speak_now_is_hidden_in_their_old_case(session: Session) -> None:
    street, first, second = hidden_pair(session)
    hides(street, second, NAME, "n")
    merged(street, first, second)
    delivered(street)
    leaves(street, "王阿姨")
    delivered(street)
    hides(street, first, NAME, "b")
    delivered(street)
    assert (second.hide_name, second.hide_group) == (True, True)
    assert everywhere(street, first, second) == []


def test_who_was_called_by_name_at_the_end_and_hides_then_is_called_no_more(
    session: Session,
) -> None:
    street, first, second = hidden_pair(session)
    hides(street, second, NAME, "n")
    merged(street, first, second)
    delivered(street)
    unreachable(street, second)
    _settled(street, first, second)
    delivered(street)
    assert NAME in shown(street, GROUP_CHAT)
    hides(street, second, NAME, "g")
    delivered(street)
    assert NAME not in shown(street, GROUP_CHAT)


def test_who_says_that_theirs_is_another_matter_leaves_the_merged_one_too(
    session: Session,
) -> None:
    street = peopled(session)
    first, second = two(street)
    street.say("Emily", DARK, command="report")
    session.expire_all()
    assert second.voices == 2
    merged(street, first, second)
    assert first.voices == 3
    street.press_data("Emily", data("apart", DISTRICT, second.id))
    session.expire_all()
    assert (first.voices, second.voices) == (2, 1)
    assert len(voices(street, first)) == 2


def test_who_hid_and_stepped_out_is_not_named_by_their_own_words(session: Session) -> None:
    street = peopled(session)
    ADDRESSES[NAME] = "8675309"
    started(street, NAME, "陈叔")
    street.say(NAME, "欧阳秀英家门口：" + DARK, command="report")
    case = street.case()
    street.press("李强", "接单", private=True)
    hides(street, case, NAME)
    delivered(street)
    street.press("陈叔", "我也遇到")
    session.expire_all()
    street.press_data(NAME, data("withdraw", DISTRICT, case.id, case.version))
    session.expire_all()
    assert case.reporter is not None
    assert case.voices == 1
    assert gives_away(screens(street, case)) == []


def a_cause(street: Street, case: Case) -> Cause:
    cause = Cause(
        district=DISTRICT, unit=GRID[:12], name="线路老化", kind=case.kind, made_at=street.now
    )
    street.session.add(cause)
    case.cause = cause.id
    street.session.add(case)
    street.session.flush()
    return cause


# --- what became private or one person's ---


def test_the_groups_card_says_no_more_of_what_became_private(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    delivered(street)
    street.press_data("王阿姨", data("hush", DISTRICT, first.id, first.version))
    session.expire_all()
    assert first.private
    card = cards.group_card(look_at(session, second, "zh-Hans", street.now))
    assert "李强" not in card.text
    assert not card.buttons
    delivered(street)
    rows = [row.payload.get("text", "") for row in standing(street, GROUP_CHAT)]
    assert not [each for each in rows if second.number in each and "已接单" in each]


def test_the_end_of_what_became_private_is_not_told_in_the_group(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    street.press_data("王阿姨", data("hush", DISTRICT, first.id, first.version))
    unreachable(street, second)
    session.expire_all()
    before = len(street.rows(GROUP_CHAT))
    _settled(street, first, second)
    said = [row.payload.get("text", "") for row in street.rows(GROUP_CHAT)[before:]]
    assert any(second.number in each for each in said)
    # the card of the private one stands there with its number, for its reporter to go on
    assert not [each for each in said if first.number in each and "结案" in each]


# a kind for one named person, a quarrel, a household's own
ALONE = (NAMED, "PO01", "LS16")


@pytest.mark.parametrize("kind", ALONE)
def test_what_becomes_a_matter_of_its_own_lets_go_of_what_went_into_it(
    session: Session, kind: str
) -> None:
    street = peopled(session)
    first, second = two(street)
    own = second.due_at
    merged(street, first, second)
    person = people.person(session, DISTRICT, first.reporter)
    reporting.correct_kind(session, person, first, kind, street.now)
    session.expire_all()
    assert (first.absorbed, first.voices, list(voices(street, first))) == (0, 1, [first.reporter])
    assert (second.state, second.merged_into, second.due_at) == ("dispatched", None, own)
    assert second.owner is not None
    assert second.next_at is not None
    assert any("现在单独办" in each for each in street.texts(GROUP_CHAT))


def test_what_is_for_one_named_person_leaves_its_cause(session: Session) -> None:
    street = peopled(session)
    first, _ = two(street)
    cause = a_cause(street, first)
    person = people.person(session, DISTRICT, first.reporter)
    reporting.correct_kind(session, person, first, NAMED, street.now)
    session.expire_all()
    assert (first.reach, first.cause) == ("named", None)
    assert causes.cases_of(session, cause, None, 10) == []


# --- another's message ---


def second_group(street: Street, chat: str = "-1010") -> Group:
    group = Group(
        district=DISTRICT, grid=GRID, bot=BOT.bot, chat=chat, title="快乐8号楼业主",
        place="8号楼", bound_at=street.now,
    )  # fmt: skip
    street.session.add(group)
    street.session.flush()
    return group


def in_chat(street: Street, name: str, words: str, chat: str) -> str:
    street.said += 1
    message = str(2000 + street.said)
    said = Said(
        at=Address(BOT.bot, chat), message=message, sender=street.sender(name),
        private=False, text=words, command="report",
    )  # fmt: skip
    handle(street.session, said, BOT, street.now)
    street.session.flush()
    return message


def test_no_message_of_another_group_is_ever_deleted(session: Session) -> None:
    street = peopled(session)
    started(street, "陈叔")
    second_group(street)
    words = "3号楼2单元楼道灯坏了，请打13812345678"
    street.say("王阿姨", words, command="report")
    case = street.case()
    written = in_chat(street, "陈叔", words, "-1010")
    session.expire_all()
    assert case.voices == 2
    street.press_data("陈叔", data("unsay", DISTRICT, case.id), private=True)
    deleted = [
        (row.chat, row.payload["message"])
        for chat in (GROUP_CHAT, "-1010")
        for row in street.rows(chat)
        if row.act == "delete"
    ]
    assert (GROUP_CHAT, written) not in deleted


def test_words_added_in_another_group_after_merging_are_not_taken_for_one_of_this(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "王阿姨", "陈叔")
    second_group(street)
    street.say("王阿姨", LAMP, command="report")
    first = street.case()
    street.press("李强", "接单", private=True)
    street.now += timedelta(minutes=20)
    in_chat(street, "陈叔", DARK, "-1010")
    second = street.case()
    press = data("add", DISTRICT, second.id, second.version)
    handle(
        session,
        Press(
            at=Address(BOT.bot, "-1010"),
            message="1",
            sender=street.sender("陈叔"),
            private=False,
            data=press,
        ),
        BOT,
        street.now,
    )
    merged(street, first, second)
    street.said += 1
    said = Said(
        at=Address(BOT.bot, "-1010"), message="77", sender=street.sender("陈叔"), private=False,
        text="更暗了",
    )  # fmt: skip
    handle(session, said, BOT, street.now)
    session.flush()
    street.press_data("陈叔", data("unsay", DISTRICT, first.id))
    deleted = [row.payload["message"] for row in street.rows(GROUP_CHAT) if row.act == "delete"]
    assert "77" not in deleted


def test_after_a_group_has_moved_no_old_number_is_deleted(session: Session) -> None:
    """Also of what was told to a case whose reporter has left: it says only its group."""
    street = peopled(session)
    started(street, "王阿姨", "陈叔")
    street.say("王阿姨", LAMP, command="report")
    case = street.case()
    street.say("陈叔", LAMP, command="report")
    session.expire_all()
    assert case.voices == 2
    leaves(street, "王阿姨")
    for _ in range(2):
        binding.migrate(session, Address(BOT.bot, GROUP_CHAT), "-1009", street.now)
    session.expire_all()
    said = street.press_data("陈叔", data("unsay", DISTRICT, case.id), private=True)
    assert said is not None
    assert said.alert
    assert [row for row in street.rows("-1009") if row.act == "delete"] == []


# --- the reporter's own word that theirs is another's ---


@pytest.mark.parametrize("then", ["hush", NAMED, "PO01"])
def test_a_yes_to_what_has_become_private_meanwhile_joins_nothing(
    session: Session, then: str
) -> None:
    street = peopled(session)
    first, second = alike_two(street)
    person = people.person(session, DISTRICT, first.reporter)
    if then == "hush":
        street.press_data("王阿姨", data("hush", DISTRICT, first.id, first.version))
    else:
        reporting.correct_kind(session, person, first, then, street.now)
    session.expire_all()
    said = yes(street, "陈叔", second)
    assert said.alert
    session.expire_all()
    assert (second.state, second.merged_into, first.absorbed) == ("dispatched", None, 0)
    assert (
        first.number not in cards.group_card(look_at(session, second, "zh-Hans", street.now)).text
    )


def test_who_is_hidden_and_says_yes_stays_hidden(session: Session) -> None:
    street = peopled(session)
    ADDRESSES[NAME] = "8675309"
    started(street, "王阿姨", NAME)
    first = told(street, "王阿姨", LIFT)
    street.press("李强", "接单", private=True)
    street.now += timedelta(hours=2)
    second = told(street, NAME, "三幢的电梯怎么还没修好，欧阳秀英")
    delivered(street)
    hides(street, second, NAME)
    delivered(street)
    yes(street, NAME, second)
    session.expire_all()
    assert second.merged_into == first.id
    assert everywhere(street, first, second) == []
    opened(street, first, "李强")
    assert everywhere(street, first, second) == []


# --- a desk's second thought ---


def test_a_cause_that_came_with_the_other_case_goes_with_it(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    cause = a_cause(street, second)
    merged(street, first, second)
    assert first.cause == cause.id
    _apart(street, first, second)
    session.expire_all()
    assert (first.cause, second.cause) == (None, cause.id)


def over(street: Street, cause: Cause) -> None:
    causes.end(street.session, street.staff[DESK], cause, "线路换好了", street.now)


def test_a_case_never_comes_back_under_a_cause_that_has_ended(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    cause = a_cause(street, second)
    merged(street, first, second)
    over(street, cause)
    _apart(street, first, second)
    assert (second.state, second.cause) == ("dispatched", None)


def test_a_case_comes_back_under_a_cause_that_goes_on(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    cause = a_cause(street, second)
    merged(street, first, second)
    _apart(street, first, second)
    assert second.cause == cause.id


def test_a_cause_that_has_ended_does_not_come_along(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    over(street, a_cause(street, second))
    merged(street, first, second)
    assert (second.state, first.cause) == ("merged", None)


def test_time_that_was_granted_is_there_again_after_taking_apart(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    granted = first.handle_by = first.due_at + timedelta(days=3)
    second.due_at = first.due_at + timedelta(days=1)
    session.add_all([first, second])
    session.flush()
    merged(street, first, second)
    _apart(street, first, second)
    session.expire_all()
    assert first.handle_by == granted


def test_what_asks_for_a_photo_or_a_look_does_so_in_the_case_that_stays(
    session: Session,
) -> None:
    street = peopled(session)
    first, second = two(street)
    first.evidence, first.verify = "note", "reporter"
    second.evidence, second.verify = "photo", "onsite"
    session.add_all([first, second])
    session.flush()
    merged(street, first, second)
    assert (first.evidence, first.verify) == ("photo", "onsite")
    _apart(street, first, second)
    session.expire_all()
    assert (first.evidence, first.verify) == ("note", "reporter")


def test_voices_are_those_of_the_rows_after_every_step(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    street.press("Emily", "我也遇到")
    merged(street, first, second)
    leaves(street, "陈叔")
    for case in (first, second):
        assert case.voices == len(voices(street, case))
    _apart(street, first, second)
    session.expire_all()
    for case in (first, second):
        assert case.voices == len(voices(street, case))
    assert second.reporter is not None
    query = select(Voice).where(Voice.case == first.id)
    assert [each.via for each in session.exec(query)] == [None]
    assert session.get_one(Person, (DISTRICT, second.reporter)).name == "Emily"
