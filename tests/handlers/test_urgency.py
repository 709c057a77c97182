"""Is it urgent? What a reporter answers to danger that their words alone told of."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from handlers.turn import Answer
from models import Case, Outbox, Person
from services import merging, reporting
from services.buttons import data
from services.cases import events_of
from services.catalogue import catalogue
from services.clock import sweep
from services.texts import plain
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled

FIRE = "8号楼2单元着火了，快来人"
BURNING = "现在还在烧，或还在冒烟吗？"
YES, NO, AGAIN = "是，很急", "不，不急", "还是很急"
TEAM = ("李强", "赵敏", "周姐")
LANDSLIDE = "8号楼旁边地陷了，有人掉下去了，救命"


def told(session: Session, text: str = FIRE, name: str = "王阿姨") -> Street:
    """Somebody who has the bot in private reports in the group."""
    street = peopled(session)
    street.say(name, private=True, command="start")
    street.say(name, text, command="report")
    return street


def danger(street: Street, word: str, case: Case | None = None) -> str:
    """The data of a button that may have gone from the card."""
    found = case or street.case()
    return data("danger", DISTRICT, found.id, found.version, word)


def answer(street: Street, word: str, name: str = "王阿姨", case: Case | None = None) -> Answer:
    found = street.press_data(name, danger(street, word, case), private=True)
    assert found is not None
    return found


def own(street: Street, name: str = "王阿姨") -> str:
    """The newest state of the person's own card."""
    rows = [row for row in street.rows(ADDRESSES[name]) if (row.card or "")[:2] == "r:"]
    return "\n".join([rows[-1].payload["text"], *labels(rows[-1])])


def labels(row: Outbox) -> list[str]:
    return [each["label"] for line in row.payload.get("buttons", []) for each in line]


def verbs(street: Street) -> list[str]:
    return [event.verb for event in events_of(street.session, street.case())]


def test_the_urgent_way_begins_before_anybody_answers(session: Session) -> None:
    street = told(session)
    case = street.case()
    assert (case.urgency, case.alarm) == ("now", "asked")
    for name in TEAM:
        assert any(case.number in text for text in street.texts(name)), name
    assert all(row.priority == 0 for row in street.rows(ADDRESSES["李强"]))


def test_the_reporters_own_card_asks_and_the_groups_never_does(session: Session) -> None:
    street = told(session)
    said = own(street)
    assert said.index("119") < said.index(BURNING)  # whom to call comes first
    assert {YES, NO} <= set(street.labels(ADDRESSES["王阿姨"]))
    group = " ".join(street.texts(GROUP_CHAT))
    assert BURNING not in group
    assert not {YES, NO} & set(street.labels(GROUP_CHAT))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("8号楼电梯困人了，里面有人出不来", "电梯里现在有人吗？"),
        ("8号楼楼道里有很浓的燃气味", "现在还闻得到煤气味吗？"),
    ],
)
def test_the_question_fits_the_kind(session: Session, text: str, question: str) -> None:
    street = told(session, text)
    assert question in own(street)


def test_who_reads_english_is_asked_in_english(session: Session) -> None:
    street = told(session, "Building 8 is on fire, there is smoke in the stairwell", "Emily")
    assert street.case().alarm == "asked"
    assert "Is it still burning or smoking?" in own(street, "Emily")


@pytest.mark.parametrize("text", ["我老公又打我了，救命", "我不想活了"])
def test_nobody_is_asked_in_a_matter_for_one_named_person(session: Session, text: str) -> None:
    street = told(session, text)
    assert (street.case().reach, street.case().alarm) == ("named", None)
    assert not {YES, NO} & set(street.labels(ADDRESSES["王阿姨"]))


def test_what_the_kind_alone_calls_urgent_is_not_asked_about(session: Session) -> None:
    street = told(session)
    case, person = street.case(), session.get_one(Person, (DISTRICT, street.case().reporter))
    reporting.correct_kind(session, person, case, "UM02", street.now)
    assert (case.urgency, case.alarm) == ("now", "asked")  # the words stand
    reporting.correct_kind(session, person, case, "PS01", street.now)
    assert (case.urgency, case.alarm) == ("now", None)  # the reporter said what it is


def test_who_works_here_is_not_asked(session: Session) -> None:
    street = peopled(session)
    street.say("李强", FIRE, command="report")
    assert (street.case().urgency, street.case().alarm) == ("now", None)


# --- yes ---


def test_yes_stands_on_the_workers_card(session: Session) -> None:
    street = told(session)
    assert answer(street, "yes").text == plain("danger.confirmed")
    assert (street.case().urgency, street.case().alarm) == ("now", "confirmed")
    for name in TEAM:
        assert "报事人确认：有危险" in street.texts(name)[-1], name
    assert BURNING not in own(street)
    assert verbs(street)[-1] == "danger"


def test_yes_twice_is_one_line_of_history(session: Session) -> None:
    street = told(session)
    answer(street, "yes")
    assert answer(street, "yes").text == plain("danger.already")
    assert verbs(street).count("danger") == 1


def test_no_after_yes_withdraws_nothing(session: Session) -> None:
    street = told(session)
    answer(street, "yes")
    assert answer(street, "no").text == plain("refused.danger_stands")
    assert (street.case().urgency, street.case().alarm) == ("now", "confirmed")


# --- no ---


def test_no_withdraws_the_urgency_and_nothing_else(session: Session) -> None:
    street = told(session)
    before = street.case().due_at
    street.now += timedelta(minutes=2)
    assert answer(street, "no").text == plain("danger.calmed")
    case = street.case()
    assert (case.urgency, case.alarm, case.state) == ("soon", "calmed", "dispatched")
    assert case.due_at > before
    assert case.owner is not None
    event = events_of(session, case)[-1]
    assert (event.verb, event.standing, event.actor) == ("no_danger", "reporter", case.reporter)


def test_everybody_who_was_alarmed_reads_one_line(session: Session) -> None:
    street = told(session)
    street.now = street.now.replace(hour=15)  # eleven at night
    answer(street, "no")
    for name in TEAM:
        lines = [
            row for row in street.rows(ADDRESSES[name]) if "报事人说不急" in row.payload["text"]
        ]
        assert len(lines) == 1, name
        assert lines[0].not_before is None or lines[0].not_before <= street.now
    for name in ("孙主任", "郑工", "吴医生", "陈叔"):
        assert not any("不急" in text for text in street.texts(name)), name


def test_no_twice_is_said_once(session: Session) -> None:
    street = told(session)
    answer(street, "no")
    heard = len(street.rows(ADDRESSES["李强"]))
    assert answer(street, "no").text == plain("danger.already")
    assert len(street.rows(ADDRESSES["李强"])) == heard
    assert verbs(street).count("no_danger") == 1


def test_what_was_taken_stays_theirs(session: Session) -> None:
    street = told(session)
    street.press("赵敏", "接单", private=True)
    answer(street, "no")
    case = street.case()
    assert (case.owner, case.state, case.urgency) == (street.key("赵敏"), "taken", "soon")
    assert any("还是由您处理" in text for text in street.texts("赵敏"))


def test_a_calmed_case_still_finds_somebody(session: Session) -> None:
    """Nobody takes it: it goes along the line as any other does, and reaches the desk."""
    street = told(session)
    answer(street, "no")
    for _ in range(12):
        street.now += timedelta(hours=3)
        sweep(session, street.now)
    assert street.case().state in ("dispatched", "filed")
    assert any(street.case().number in text for text in street.texts("孙主任"))


def test_the_colleagues_who_were_alarmed_are_asked_in_turn_before_the_desk(
    session: Session,
) -> None:
    street = told(session)
    first = street.case().owner
    answer(street, "no")
    assert street.case().passed == [str(first)]
    owners = []
    for _ in range(8):
        street.now += timedelta(minutes=30)
        sweep(session, street.now)
        owners.append(street.case().owner)
    assert {street.key("李强"), street.key("赵敏")} <= {first, *owners}


def test_an_answer_after_the_urgent_limit_leaves_nothing_late(session: Session) -> None:
    street = told(session)
    street.now = street.case().due_at + timedelta(minutes=1)
    sweep(session, street.now)
    assert street.case().overdue_at is not None
    answer(street, "no")
    assert street.case().overdue_at is None
    assert street.case().due_at > street.now


def test_which_condition_it_is_alarms_again_only_if_that_is_urgent(session: Session) -> None:
    street = told(session)
    answer(street, "no")
    case, person = street.case(), session.get_one(Person, (DISTRICT, street.case().reporter))
    limits = catalogue(session, DISTRICT).conditions(case.kind)
    fast = min(range(len(limits)), key=lambda each: limits[each].limit_value)
    slow = next(each for each in range(len(limits)) if limits[each].limit_unit != "wall_hours")
    reporting.correct_kind(session, person, case, case.kind, street.now, condition=slow)
    assert (case.urgency, case.alarm) == ("soon", "calmed")
    reporting.correct_kind(session, person, case, case.kind, street.now, condition=fast)
    assert (case.urgency, case.alarm) == ("now", None)


def test_what_is_a_larger_circles_goes_to_its_desk_once_it_is_calm(session: Session) -> None:
    street = told(session, LANDSLIDE)
    case = street.case()
    assert (case.circle, case.alarm, case.state) == ("small", "asked", "dispatched")
    answer(street, "no")
    assert street.case().state == "filed"
    assert any(case.number in text for text in street.texts("钱站长"))
    assert answer(street, "yes").text == plain("danger.again")
    assert (street.case().state, street.case().urgency) == ("dispatched", "now")


def test_no_that_was_a_slip_is_taken_back_with_a_tap(session: Session) -> None:
    street = told(session)
    due = street.case().due_at
    answer(street, "no")
    found = street.press("王阿姨", AGAIN, private=True)
    assert found is not None
    assert found.text == plain("danger.again")
    case = street.case()
    assert (case.urgency, case.alarm, case.due_at) == ("now", "confirmed", due)
    for name in TEAM:
        assert any("又急了" in text for text in street.texts(name)), name
        waiting = [row for row in street.rows(ADDRESSES[name]) if row.state == "pending"]
        assert not any("说不急" in row.payload["text"] for row in waiting), name


def test_whoever_took_it_hears_that_it_is_urgent_after_all(session: Session) -> None:
    street = told(session)
    street.press("赵敏", "接单", private=True)
    answer(street, "no")
    answer(street, "yes")
    assert any("报事人说又急了" in text for text in street.texts("赵敏"))
    assert street.case().owner == street.key("赵敏")


def test_the_kind_put_right_later_brings_no_alarm_back(session: Session) -> None:
    street = told(session)
    answer(street, "no")
    worker = session.get_one(Person, (DISTRICT, street.key("李强")))
    reporting.correct_kind(session, worker, street.case(), "EN10", street.now)
    assert (street.case().urgency, street.case().alarm) == ("soon", "calmed")


def test_another_cry_in_the_same_words_opens_a_case_of_its_own(session: Session) -> None:
    street = told(session)
    answer(street, "no")
    street.say("陈叔", FIRE, command="report")
    assert len(street.cases()) == 2
    assert street.case().urgency == "now"


def test_edited_words_alarm_again_only_by_what_they_add(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", private=True, command="start")
    street.say("王阿姨", FIRE, command="report")
    answer(street, "no")
    case, person = street.case(), session.get_one(Person, (DISTRICT, street.case().reporter))
    reporting.edit(session, person, case, FIRE + "。", street.now)
    assert (case.urgency, case.alarm) == ("soon", "calmed")
    reporting.edit(session, person, case, "8号楼有人困在电梯里出不来，救命", street.now)
    assert (case.urgency, case.alarm) == ("now", "asked")


def test_edited_words_that_only_sound_like_danger_are_asked_about_anew(session: Session) -> None:
    street = told(session, "8号楼门口的树倒了压到人了")
    answer(street, "no")
    case, person = street.case(), session.get_one(Person, (DISTRICT, street.case().reporter))
    reporting.edit(session, person, case, case.text + "，又压到一个孩子", street.now)
    assert (case.urgency, case.alarm) == ("now", "asked")


# --- whose word it is ---


def test_silence_keeps_it_urgent(session: Session) -> None:
    street = told(session)
    for _ in range(6):
        street.now += timedelta(minutes=15)
        sweep(session, street.now)
    assert (street.case().urgency, street.case().alarm) == ("now", "asked")


@pytest.mark.parametrize("name", ["李强", "孙主任"])
def test_a_workers_or_desks_word_that_it_is_urgent_stands(session: Session, name: str) -> None:
    street = told(session)
    staff = session.get_one(Person, (DISTRICT, street.key(name)))
    reporting.correct_kind(session, staff, street.case(), "PS01", street.now)
    assert street.case().alarm == "staff"
    assert YES not in own(street)
    assert answer(street, "no").text == plain("refused.danger_stands")
    assert street.case().urgency == "now"


@pytest.mark.parametrize("name", ["陈叔", "李强", "孙主任", "吴医生"])
@pytest.mark.parametrize("word", ["yes", "no"])
def test_nobody_elses_tap_counts(session: Session, name: str, word: str) -> None:
    street = told(session)
    found = street.press_data(name, danger(street, word), private=False)
    assert found is not None
    assert found.text == plain("refused.not_yours")
    assert (street.case().urgency, street.case().alarm) == ("now", "asked")


def test_others_who_joined_are_not_one_persons_to_overrule(session: Session) -> None:
    street = told(session)
    street.say("陈叔", FIRE, command="report")
    assert street.case().voices == 2
    assert NO not in own(street)
    assert answer(street, "no").text == plain("refused.danger_stands")
    assert answer(street, "yes").text == plain("danger.confirmed")


# --- where the case is by then ---


def test_in_a_merged_case_yes_counts_for_the_one_that_goes_on(session: Session) -> None:
    street = told(session)
    first = street.case()
    street.say("陈叔", private=True, command="start")
    street.now += timedelta(minutes=1)
    street.say("陈叔", "8号楼2单元起火了，浓烟滚滚", command="report")
    second = street.case()
    desk = session.get_one(Person, (DISTRICT, street.key("孙主任")))
    found = merging.pair(session, desk, first, second, street.now)
    merging.merge(session, desk, replace(found, stays=first, goes=second), street.now)
    assert answer(street, "no", "陈叔", second).text == plain("refused.danger_stands")
    assert first.alarm == "asked"
    assert answer(street, "yes", "陈叔", second).text == plain("danger.confirmed")
    assert first.alarm == "confirmed"


def test_a_private_case_is_answered_as_any_other(session: Session) -> None:
    street = told(session)
    case, person = street.case(), session.get_one(Person, (DISTRICT, street.case().reporter))
    reporting.set_private(session, person, case, True, street.now)
    assert BURNING in own(street)
    answer(street, "no")
    assert street.case().urgency == "soon"
    assert not any("不急" in text for text in street.texts(GROUP_CHAT))


def test_once_it_is_done_yes_sends_to_the_number_and_no_changes_nothing(session: Session) -> None:
    street = told(session)
    case = street.case()
    for state in ("done", "checking", "closed", "withdrawn", "voided"):
        case.state = state
        session.flush()
        assert "110、119" in answer(street, "yes").text, state
        answer(street, "no")
        assert (street.case().urgency, street.case().state) == ("now", state)


def test_what_became_one_named_persons_matter_is_touched_by_no_answer(session: Session) -> None:
    street = told(session)
    worker = session.get_one(Person, (DISTRICT, street.key("李强")))
    reporting.correct_kind(session, worker, street.case(), "PO03", street.now)
    count = len(list(session.exec(select(Outbox))))
    for word in ("yes", "no"):
        assert answer(street, word).text == plain("danger.already")
    assert len(list(session.exec(select(Outbox)))) == count
    assert street.case().urgency == "now"


def test_a_kind_without_a_question_asks_the_general_one(session: Session) -> None:
    kinds = catalogue(session, DISTRICT).kinds
    assert not kinds["PO06"].danger("en")  # it has none of its own
    assert catalogue(session, DISTRICT).danger("PO06", "en") == kinds["LS99"].danger("en")


def test_every_question_is_there_in_three_languages(session: Session) -> None:
    for kind in catalogue(session, DISTRICT).kinds.values():
        said = {kind.danger(each) for each in ("zh-Hans", "zh-Hant", "en")}
        assert "" not in said or said == {""}, kind.code
        assert kind.reach != "named" or said == {""}, kind.code
        assert all(re.search("[?？]$", each) for each in said if each)
