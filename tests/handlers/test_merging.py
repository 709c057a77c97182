"""The same matter told twice: a desk puts two cases together, takes them apart, gives one voice a
case of its own; and everybody concerned hears once."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from models import Attachment, Case, CaseEvent, Outbox, Person, Voice
from services import privacy
from services.buttons import data, key22
from tests.handlers.test_desk import ABOVE, DESK, card, data_of, labels, last, on_card, opened
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"
DARK = "3号楼二单元晚上黑得很，楼道灯不亮"


def two(street: Street) -> tuple[Case, Case]:
    """王阿姨 and 陈叔 report the same lamp in different words; 李强 has the first."""
    started(street, "王阿姨", "陈叔", "Emily")
    street.say("王阿姨", LAMP, command="report")
    first = street.case()
    street.press("李强", "接单", private=True)
    street.now += timedelta(minutes=20)
    street.say("陈叔", DARK, command="report", files=(photo("dark"),))
    second = street.case()
    assert first.id != second.id
    return first, second


def started(street: Street, *names: str) -> None:
    """They have opened a chat with the bot."""
    for name in names:
        street.say(name, "你好", command="who")
    for person in street.session.exec(select(Person)):
        person.reachable, person.bot = True, "777"
        street.session.add(person)
    street.session.flush()


def propose(street: Street, one: Case, other: Case, name: str = DESK) -> None:
    opened(street, one, name)
    on_card(street, one, "值班台", name)
    on_card(street, one, "同一件事", name)
    on_card(street, one, other.number, name)


def preview(street: Street, name: str = DESK) -> dict:  # type: ignore[type-arg]
    query = select(Outbox).where(Outbox.chat == ADDRESSES[name], Outbox.card == "merge")
    return street.session.exec(query).all()[-1].payload


def merged(street: Street, one: Case, other: Case, name: str = DESK) -> None:
    propose(street, one, other, name)
    street.press_data(name, data_of(preview(street, name), "并案"), private=True)
    street.session.expire_all()


def voices(street: Street, case: Case) -> dict[UUID, tuple[str, UUID | None]]:
    query = select(Voice).where(Voice.case == case.id)
    return {each.person: (each.part, each.via) for each in street.session.exec(query)}


def once(street: Street, name: str, words: str) -> str:
    found = [each for each in street.texts(name) if words in each]
    assert len(found) == 1, found
    return found[0]


def test_who_looks_only_goes_back_and_nothing_is_merged(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    propose(street, first, second)
    street.press_data(DESK, data_of(preview(street), "返回"), private=True)
    assert {each.state for each in street.cases()} == {"taken", "dispatched"}


def test_a_desk_is_offered_what_may_be_the_same_and_reads_what_will_happen(
    session: Session,
) -> None:
    street = peopled(session)
    first, second = two(street)
    street.say("Emily", "9号楼门口垃圾没人收", command="report")
    propose(street, second, first)
    shown = preview(street)
    assert f"留 <b>{first.number}</b>，<b>{second.number}</b> 并进去" in shown["text"]
    assert "1 人" in shown["text"]
    rubbish = street.case()
    assert rubbish.number not in " ".join(labels(card(street, DESK, second)))
    assert session.get_one(Case, (DISTRICT, second.id)).state == "dispatched"


def test_one_press_puts_two_cases_together_and_each_hears_once(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    owner = second.owner
    merged(street, first, second)
    assert (second.state, second.merged_into, second.closing) == ("merged", first.id, None)
    assert (first.state, first.voices, first.absorbed) == ("taken", 2, 1)
    assert voices(street, first)[second.reporter] == ("joined", second.id)  # type: ignore[index]
    said = once(street, GROUP_CHAT, "是同一件事，并在一起办。您的编号照样能查")
    assert first.number in said
    assert f"您的 {second.number}" in said
    assert "并进来了" in once(street, "李强", "并进来了")
    if owner != street.key("李强"):
        name = next(each for each in street.staff if street.key(each) == owner)
        assert first.number in once(street, name, "您不用再办")
        assert not card(street, name, second).get("buttons")
    files = [row.payload for row in street.rows(ADDRESSES["李强"]) if row.payload.get("photos")]
    assert any(each["photos"][0]["file_id"] == "file-dark" for each in files)


def test_the_old_number_leads_to_the_story_of_the_one_that_stays(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    street.say("陈叔", second.number, private=True, command="case")
    own = street.rows(ADDRESSES["陈叔"])[-1].payload["text"]
    assert first.number in own
    assert "李强" in own
    assert DARK in own
    assert LAMP not in own
    street.say("陈叔", first.number, private=True, command="case")
    card_of_own = street.rows(ADDRESSES["陈叔"])[-1].payload["text"]
    assert second.number in card_of_own
    assert LAMP not in card_of_own
    street.say("陈叔", private=True, command="mine")
    assert f"{second.number} → {first.number}" in street.texts("陈叔")[-1]
    whole = opened(street, first)
    assert second.number in whole["text"]
    assert "黑得很" in whole["text"]


def test_more_voices_join_the_one_that_goes_on(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    old = data("join", DISTRICT, second.id, 1)
    street.press_data("Emily", old)
    session.expire_all()
    assert first.voices == 3


@pytest.mark.parametrize("earlier", [True, False])
def test_nobodys_promise_becomes_later(session: Session, earlier: bool) -> None:
    street = peopled(session)
    first, second = two(street)
    own = second.due_at = first.due_at + timedelta(hours=-3 if earlier else 3)
    session.add(second)
    session.flush()
    before = first.due_at
    merged(street, first, second)
    assert first.due_at == min(before, own)
    assert second.due_at == own
    said = [each for each in street.texts(GROUP_CHAT) if "更早办好" in each]
    assert bool(said) is earlier


def test_everybody_hears_of_the_end_and_may_say_that_it_is_not_settled(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    street.press("Emily", "我也遇到")
    merged(street, first, second)
    handled(street, first)
    assert not any("已结案" in each for each in street.texts("Emily"))
    street.press("王阿姨", "解决了")
    session.expire_all()
    assert first.state == "closed"
    assert f"{second.number} → {first.number}" in once(street, "陈叔", "已结案")
    once(street, "Emily", "closed")
    street.press("陈叔", "还没有", private=True)
    session.expire_all()
    assert (first.state, first.reworks) == ("reopened", 1)
    once(street, "Emily", "isn't settled yet")
    assert "也遇到这事的居民说没解决" in " ".join(street.texts(DESK))


@pytest.mark.parametrize(
    ("verb", "words"), [("void", "已作废：试用、误发"), ("force", "由管理员结案，还没有解决")]
)
def test_who_joined_hears_why_it_ended_otherwise(session: Session, verb: str, words: str) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    reason = {"void": "a_trial", "force": "beyond_reach"}[verb]
    street.press_data(DESK, data(verb, DISTRICT, first.id, first.version, reason), private=True)
    if verb == "force":
        street.say(DESK, "要等大修", private=True)
    session.expire_all()
    assert first.state == {"void": "voided", "force": "closed"}[verb]
    assert words in once(street, "陈叔", f"{second.number} → {first.number}")


def test_mydata_says_which_case_goes_on_for_ones_own(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    person = session.get_one(Person, (DISTRICT, second.reporter))
    stored = privacy.everything(session, person, [first, second])["cases"]
    found = {each["number"]: each for each in stored}
    assert found[second.number]["goes_on_as"] == first.number
    assert found[first.number]["goes_on_as"] is None
    assert "words" not in found[first.number]


def test_what_a_deleted_person_had_reported_is_gone_from_the_case_that_stays(
    session: Session,
) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    street.say("陈叔", private=True, command="delete")
    street.press_data("陈叔", data("forget", DISTRICT), private=True)
    session.expire_all()
    assert (first.voices, second.text, second.reporter) == (1, "", None)
    assert "黑得很" not in opened(street, first)["text"]


def handled(street: Street, case: Case) -> None:
    opened(street, case, "李强")
    on_card(street, case, "办好了", "李强")
    street.say("李强", "换了灯泡", private=True, files=(photo("after"),))
    street.session.expire_all()
    assert case.state == "done", case.state


def test_a_desk_takes_apart_what_it_has_put_together(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    due = first.due_at
    own = second.due_at = first.due_at - timedelta(hours=3)
    session.add(second)
    session.flush()
    merged(street, first, second)
    opened(street, second)
    on_card(street, second, "拆开")
    session.expire_all()
    assert (second.state, second.due_at, second.merged_into) == ("dispatched", own, None)
    assert second.owner is not None
    assert second.next_at is not None
    assert (first.voices, first.absorbed, first.due_at) == (1, 0, due)
    assert list(voices(street, first)) == [first.reporter]
    assert list(voices(street, second)) == [second.reporter]
    once(street, GROUP_CHAT, "不是同一件事，现在单独办")
    merged(street, first, second)
    assert second.state == "merged"


def test_what_is_over_is_not_taken_apart(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    handled(street, first)
    opened(street, second)
    said = on_card(street, second, "拆开")
    assert said.alert
    assert "拆不开了" in said.text
    session.expire_all()
    assert second.state == "merged"


def test_who_came_to_speak_for_a_case_leaves_it_when_it_is_taken_apart(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    street.press("Emily", "我也遇到")  # the newest card in the group: the second's
    merged(street, first, second)
    assert first.voices == 3
    street.say("王阿姨", private=True, command="delete")
    street.press_data("王阿姨", data("forget", DISTRICT), private=True)
    session.expire_all()
    assert first.reporter in {second.reporter, *voices(street, second)}
    opened(street, second)
    on_card(street, second, "拆开")
    session.expire_all()
    assert (first.reporter, len(voices(street, first))) == (None, 0)
    assert len(voices(street, second)) == 2


def test_one_who_joined_gets_a_case_of_their_own(session: Session) -> None:
    street = peopled(session)
    started(street, "Emily")
    street.say("王阿姨", LAMP, command="report")
    case = street.case()
    street.press("Emily", "我也遇到")
    street.say("Emily", "also on floor 5", private=True, command="who")
    opened(street, case)
    on_card(street, case, "值班台")
    on_card(street, case, "还有谁遇到")
    street.now += timedelta(hours=1)
    said = on_card(street, case, "另立一件")
    made = street.case()
    assert made.number in said.text
    assert made.id != case.id
    assert (made.kind, made.place_building, made.due_at) == (
        case.kind, case.place_building, case.due_at,
    )  # fmt: skip
    assert (made.state, made.text, made.voices) == ("dispatched", "", 1)
    assert case.voices == 1
    assert len(voices(street, case)) == 1
    verbs = [row.verb for row in session.exec(select(CaseEvent).where(CaseEvent.case == case.id))]
    assert "split_off" in verbs


def test_the_same_words_and_photos_go_with_who_sent_them(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", LAMP, command="report")
    case = street.case()
    street.say("陈叔", LAMP, command="report", files=(photo("own"),))
    assert case.voices == 2
    opened(street, case)
    on_card(street, case, "值班台")
    on_card(street, case, "还有谁遇到")
    street.now += timedelta(minutes=1)
    on_card(street, case, "另立一件")
    made = street.case()
    assert made.text == LAMP
    rows = session.exec(select(Attachment).where(Attachment.case == made.id))
    assert [each.unique_id for each in rows] == ["own"]


def test_a_number_may_be_typed_and_what_never_fits_is_said(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    second.private = True
    session.add(second)
    session.flush()
    for said, why in ((second.number, "一件是私下的"), (first.number, "同一个编号")):
        opened(street, first)
        on_card(street, first, "值班台")
        on_card(street, first, "同一件事")
        on_card(street, first, "输入编号")
        street.say(DESK, said, private=True)
        assert why in last(street, DESK)["text"]


def test_a_private_kind_joins_only_what_the_same_person_reported(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    for case in (first, second):
        case.private, case.kind = True, "LS16"
        session.add(case)
    session.flush()
    opened(street, first)
    on_card(street, first, "值班台")
    on_card(street, first, "同一件事")
    assert second.number not in " ".join(labels(card(street, DESK, first)))
    arg = key22(second.id)
    forged = data("merge", DISTRICT, first.id, first.version, arg)
    said = street.press_data(DESK, forged, private=True)
    assert said is not None
    assert "各家是各家的" in said.text


def test_an_old_preview_does_nothing(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    propose(street, first, second)
    yes = data_of(preview(street), "并案")
    opened(street, first, "李强")
    on_card(street, first, "到现场了", "李强")
    said = street.press_data(DESK, yes, private=True)
    assert said is not None
    assert said.alert
    session.expire_all()
    assert second.state == "dispatched"


def test_the_other_number_stays_if_the_desk_wants(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    propose(street, first, second)
    street.press_data(DESK, data_of(preview(street), "留另一个"), private=True)
    assert f"留 <b>{second.number}</b>" in preview(street)["text"]
    street.press_data(DESK, data_of(preview(street), "并案"), private=True)
    session.expire_all()
    assert (first.state, first.merged_into) == ("merged", second.id)


@pytest.mark.parametrize("name", ["李强", "王阿姨", "陈叔"])
def test_only_a_desk_puts_together_takes_apart_or_splits(session: Session, name: str) -> None:
    street = peopled(session)
    first, second = two(street)
    third = key22(second.id)
    for verb, case, arg in (
        ("merge", first, third), ("same_number", first, ""), ("split", first, third),
    ):  # fmt: skip
        said = street.press_data(name, data(verb, DISTRICT, case.id, case.version, arg))
        assert said is not None, verb
        assert said.alert, verb
    merged(street, first, second)
    street.press_data(name, data("unmerge", DISTRICT, second.id, second.version))
    session.expire_all()
    assert second.state == "merged"


def test_a_case_that_has_taken_in_others_may_go_into_a_third(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second)
    street.say("Emily", "3号楼2单元楼道灯坏了好几天", command="report")
    third = street.case()
    propose(street, first, third)
    street.press_data(DESK, data_of(preview(street), "留另一个"), private=True)
    street.press_data(DESK, data_of(preview(street), "并案"), private=True)
    session.expire_all()
    gone, kept = first, third
    street.say("陈叔", second.number, private=True, command="case")
    assert kept.number in street.rows(ADDRESSES["陈叔"])[-1].payload["text"]
    assert gone.merged_into == kept.id
    assert kept.voices == len(voices(street, kept)) == 3
    street.say("陈叔", third.number, private=True, command="case")
    assert second.number in street.rows(ADDRESSES["陈叔"])[-1].payload["text"]
    opened(street, second)
    said = on_card(street, second, "拆开")
    assert "拆不开了" in said.text
    opened(street, gone)
    on_card(street, gone, "拆开")
    session.expire_all()
    assert kept.voices == len(voices(street, kept)) == 1
    assert gone.voices == len(voices(street, gone)) == 2
    opened(street, second)
    on_card(street, second, "拆开")
    session.expire_all()
    assert (second.state, gone.voices) == ("dispatched", 1)


def test_above_and_below_are_desks_as_well(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    merged(street, first, second, ABOVE)
    assert second.state == "merged"
    assert first.community == COMMUNITY
