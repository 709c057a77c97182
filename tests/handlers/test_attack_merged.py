"""Where one matter meets a hidden name, a private one, another group, a second thought."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from handlers.turn import File, Press, Said
from handlers.wiring import handle
from models import Case, Cause, Group, Person, Voice
from services import attachments, cards, causes, merging, notices, people, reporting
from services.buttons import data
from services.cards import look_at
from services.outbox import Address
from tests.handlers.test_attack_hidden import NAME, gives_away
from tests.handlers.test_desk import DESK
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


def test_what_a_hidden_voice_adds_is_read_without_the_name(session: Session) -> None:
    street, first, second = hidden_pair(session)
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
    person = people.person(session, DISTRICT, second.reporter)
    person.reachable = False
    session.add(person)
    session.flush()
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


@pytest.mark.parametrize("how", ["hush", "named"])
def test_the_groups_card_says_no_more_of_what_became_private(session: Session, how: str) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    delivered(street)
    if how == "hush":
        street.press_data("王阿姨", data("hush", DISTRICT, first.id, first.version))
    else:
        person = people.person(session, DISTRICT, first.reporter)
        reporting.correct_kind(session, person, first, NAMED, street.now)
    session.expire_all()
    assert first.private, first.kind
    look = look_at(session, second, "zh-Hans", street.now)
    card = cards.group_card(look)
    assert "李强" not in card.text
    assert not card.buttons
    delivered(street)
    rows = [row.payload.get("text", "") for row in standing(street, GROUP_CHAT)]
    assert not [each for each in rows if second.number in each and "已接单" in each]


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
