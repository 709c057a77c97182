"""Honest closing: who looks first, who is asked, and which endings are counted apart."""

import random
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from domain.policy import Policy
from handlers.turn import Answer
from models import Attachment, CaseEvent, Voice
from services.buttons import key22
from services.equipment import Equipment
from services.texts import plain
from services.vault import Vault
from tests.handlers.test_clock import finish, report, run_until
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, GROUP_CHAT, Street, peopled, photo

LAMP = "3号楼2单元楼道灯坏了"
EXIT = "8号楼消防通道被堵了"
BILLS = "楼上楼下为公摊电费吵起来了，请来调解"


def with_draws(session: Session, draws: random.Random, **policy: object) -> Street:
    """The street, with a chance whose numbers are known."""
    session.info["equipment"] = Equipment(
        Policy(**policy), vault=Vault(Vault.new_key()), usernames={"777": "linli_bot"},
        draw=draws.random,
    )  # fmt: skip
    return peopled(session)


def press(street: Street, name: str, verb: str, arg: str = "") -> Answer | None:
    case = street.case()
    data = f"{verb}~{DISTRICT}~{key22(case.id)}~{case.version}~{arg}"
    return street.press_data(name, data.rstrip("~"), private=True)


def last_event(street: Street, verb: str) -> CaseEvent:
    query = select(CaseEvent).where(CaseEvent.case == street.case().id, CaseEvent.verb == verb)
    return street.session.exec(query.order_by(CaseEvent.seq.desc())).first()  # type: ignore[attr-defined, return-value]


# --- the check that comes first ---


def test_by_kind_somebody_else_of_the_community_looks_before_the_reporter_is_asked(
    session: Session,
) -> None:
    street = peopled(session)
    ADDRESSES.setdefault("核查员老高", "130")
    street.hire("核查员老高", "verifier", COMMUNITY, "130")
    report(street, EXIT)
    finish(street)
    case = street.case()
    assert (case.state, case.owner) == ("checking", street.key("核查员老高"))
    assert case.next_at is not None
    assert "解决了" not in street.labels(GROUP_CHAT)
    street.press("核查员老高", "已核查：办好了", private=True)
    case = street.case()
    assert (case.state, case.checked_by) == ("done", street.key("核查员老高"))
    assert case.owner == street.key("李强")
    street.press("王阿姨", "解决了")
    assert street.case().closing == "settled"


def test_nobody_checks_what_they_handled_or_filed(session: Session) -> None:
    street = peopled(session)
    report(street, EXIT)
    finish(street)
    assert street.case().owner not in (None, street.key("李强"))
    refused = press(street, "李强", "check")
    assert refused is not None
    assert refused.text == plain("refused.own_work")
    assert "已核查：办好了" not in newest(street, "李强")
    assert street.case().state == "checking"


def newest(street: Street, name: str) -> list[str]:
    row = next(each for each in reversed(street.rows(ADDRESSES[name])) if each.card)
    return [button["label"] for line in row.payload.get("buttons", []) for button in line]


def test_a_check_that_nobody_makes_goes_on_to_the_next_and_ends_at_the_desk(
    session: Session,
) -> None:
    street = peopled(session)
    report(street, EXIT)
    finish(street)
    asked = []
    for _ in range(8):
        asked.append(street.case().owner)
        run_until(street, minutes=31)
        if street.case().owner is None:
            break
    assert len(asked) == len(set(asked)) > 1
    case = street.case()
    assert (case.state, case.owner, case.owner_unit) == ("checking", None, COMMUNITY)
    assert "已核查：办好了" in street.labels(ADDRESSES["孙主任"])


def test_a_check_that_fails_reopens_to_the_same_unit_as_rework(session: Session) -> None:
    street = peopled(session)
    report(street, EXIT)
    finish(street)
    press(street, "赵敏", "check_failed")
    case = street.case()
    assert (case.state, case.owner) == ("reopened", street.key("李强"))
    assert (case.reworks, case.hand_backs) == (1, 0)
    assert not [text for text in street.texts(GROUP_CHAT) if "记下了" in text]


def test_by_lot_the_draw_decides_and_the_history_keeps_it(session: Session) -> None:
    expected = random.Random(11)
    street = with_draws(session, random.Random(11), check_share=0.5)
    for number in range(6):
        street.now += timedelta(minutes=5)
        report(street, f"{number + 1}号楼楼道灯坏了第{number}盏")
        assert street.case().verify == "sample"
        street.press("李强", "接单", private=True)
        street.press("李强", "办好了", private=True)
        street.say("李强", private=True, files=(photo(f"after{number}"),))
        _, drawn = expected.random(), expected.random()  # the first try had no photo
        assert street.case().state == ("checking" if drawn < 0.5 else "done"), number
        assert last_event(street, "done").facts == {"draw": round(drawn, 6), "share": 0.5}


def test_the_share_is_the_districts_own(session: Session) -> None:
    chance = random.Random(11)
    street = with_draws(session, chance, check_share=0.0, check_shares=(f"{DISTRICT}=1",))
    report(street)
    finish(street)
    assert street.case().state == "checking"


# --- photos ---


def test_a_worker_says_what_a_photo_shows_and_photos_stay_apart(session: Session) -> None:
    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    for unique, label in (("n", "近景"), ("f", "远景"), ("b", "处置前"), ("a", None)):
        street.say("李强", private=True, files=(photo(unique),))
        street.press("李强", street.case().number, private=True)
        if label:
            street.press("李强", label, private=True)
    roles = {each.unique_id: each.role for each in session.exec(select(Attachment))}
    assert roles == {"n": "near", "f": "far", "b": "before", "a": "after"}
    press(street, "李强", "photos")
    labels = ["近景", "远景", "处置前", "处置后"]
    captions = [f"{street.case().number} {label}" for label in labels]
    assert [each for each in street.texts("李强") if each in captions] == captions


def test_a_photo_from_before_is_no_evidence_and_the_last_one_from_after_stays_it(
    session: Session,
) -> None:
    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    street.say("李强", private=True, files=(photo("b"),))
    street.press("李强", street.case().number, private=True)
    street.press("李强", "处置前", private=True)
    street.press("李强", "办好了", private=True)
    assert street.case().state == "taken"
    street.say("李强", private=True, files=(photo("a"),))
    assert street.case().state == "done"
    refused = street.press("李强", "处置前", private=True)
    assert refused is not None
    assert refused.text == plain("refused.last_after")


# --- on the spot ---


def test_what_a_patrol_settles_is_closed_as_such_in_two_taps(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "楼道里有小广告，已经清掉了", private=True, files=(photo("clean"),))
    answer = street.press("李强", "当场解决", private=True)
    case = street.case()
    assert (case.state, case.closing, case.on_the_spot) == ("closed", "on_the_spot", True)
    assert case.done_by == street.key("李强")
    assert answer is not None
    assert case.number in answer.text


def test_what_was_settled_on_the_spot_is_sampled_for_a_look(session: Session) -> None:
    street = with_draws(session, random.Random(1), check_share=1.0)
    street.say("李强", "楼道里有小广告，已经清掉了", private=True, files=(photo("clean"),))
    street.press("李强", "当场解决", private=True)
    assert street.case().state == "checking"
    assert last_event(street, "on_the_spot").facts["share"] == 1.0
    assert press(street, "李强", "check") == Answer(plain("refused.own_work"), alert=True)
    press(street, "赵敏", "check")
    assert (street.case().state, street.case().closing) == ("closed", "on_the_spot")


def test_words_alone_are_looked_at_where_the_kind_asks_for_a_photo(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "楼道里有小广告，已经清掉了", private=True)
    street.press("李强", "当场解决", private=True)
    assert street.case().evidence == "photo"
    assert street.case().state == "checking"


# --- ends that are a supervisor's ---


def test_a_forced_end_needs_a_reason_and_words_and_is_told_to_the_reporter(
    session: Session,
) -> None:
    street = peopled(session)
    report(street)
    street.press("李强", "接单", private=True)
    assert press(street, "李强", "force", "at_court") == Answer(
        plain("refused.not_yours"), alert=True
    )
    assert press(street, "孙主任", "force", "because") == Answer(
        plain("refused.reason_missing"), alert=True
    )
    press(street, "孙主任", "force", "at_court")
    assert street.case().state == "taken"
    street.say("孙主任", "物业已经起诉，等判决。", private=True)
    case = street.case()
    assert (case.state, case.closing, case.end_reason) == ("closed", "forced", "at_court")
    told = street.texts(GROUP_CHAT)[-1]
    assert "法律程序" in told
    assert "等判决" in told
    assert "等判决" not in str(last_event(street, "force").facts)


def test_a_forced_end_is_not_the_handlers(session: Session) -> None:
    street = peopled(session)
    street.hire("兼职主任", "supervisor", COMMUNITY, "131")
    ADDRESSES.setdefault("兼职主任", "131")
    report(street)
    press(street, "兼职主任", "take")
    press(street, "兼职主任", "force", "no_contact")
    street.say("兼职主任", "联系不上", private=True)
    assert street.case().state == "taken"


def test_the_desk_voids_with_a_reason_that_the_reporter_reads(session: Session) -> None:
    street = peopled(session)
    report(street)
    assert press(street, "李强", "void", "a_trial") == Answer(
        plain("refused.not_yours"), alert=True
    )
    assert press(street, "孙主任", "void", "because") is not None
    assert street.case().state == "dispatched"
    press(street, "孙主任", "void", "same_as_another")
    case = street.case()
    assert (case.state, case.end_reason, case.closing) == ("voided", "same_as_another", None)
    assert any("作废" in text and "重复" in text for text in street.texts(GROUP_CHAT))


# --- asked again ---


def test_the_reporter_is_asked_again_after_each_reopening(session: Session) -> None:
    street = peopled(session)
    report(street)
    for times in (1, 2):
        finish(street)
        assert street.case().asked_at == street.now
        street.now += timedelta(hours=1)
        street.press("王阿姨", "还没有")
        case = street.case()
        assert (case.reworks, case.hand_backs, case.owner) == (times, 0, street.key("李强"))


# --- both sides of a quarrel ---


def quarrel(session: Session) -> Street:
    """Two neighbours, the second by the worker's link; the worker says that it is done."""
    street = with_draws(session, random.Random(3), check_share=0.0)
    street.say("王阿姨", "你好", private=True)
    street.say("王阿姨", BILLS, command="report")
    assert street.case().kind in ("PO01", "PO02")
    street.press("李强", "接单", private=True)
    press(street, "李强", "side")
    link = street.texts("李强")[-1].partition("start=")[2].split()[0]
    street.say("陈叔", link, private=True, command="start")
    part = session.exec(select(Voice.part).where(Voice.case == street.case().id))
    assert sorted(part) == ["other_side", "reporter"]
    street.press("李强", "办好了", private=True)
    street.say("李强", "谈好了，按面积分摊", private=True)
    assert street.case().state == "done"
    return street


@pytest.mark.parametrize(("first", "second"), [("王阿姨", "陈叔"), ("陈叔", "王阿姨")])
def test_both_sides_are_asked_and_neither_is_told_the_others_answer(
    session: Session, first: str, second: str
) -> None:
    street = quarrel(session)
    before = len(street.rows(ADDRESSES[second]))
    street.press(first, "解决了", private=True)
    assert street.case().state == "done"
    assert len(street.rows(ADDRESSES[second])) == before
    street.press(second, "解决了", private=True)
    assert (street.case().state, street.case().closing) == ("closed", "settled")


def test_one_side_that_says_no_reopens_it_and_the_other_reads_nothing_of_that(
    session: Session,
) -> None:
    street = quarrel(session)
    street.press("王阿姨", "解决了", private=True)
    before = len(street.rows(ADDRESSES["王阿姨"]))
    street.press("陈叔", "还没有", private=True)
    assert street.case().state == "reopened"
    new = [row.payload.get("text", "") for row in street.rows(ADDRESSES["王阿姨"])[before:]]
    assert not [text for text in new if "陈叔" in text or "另一方" in text or "没解决" in text]
    assert street.case().agreed == []


def test_a_link_for_the_other_side_works_once_and_for_nobody_who_is_in_it(
    session: Session,
) -> None:
    street = quarrel(session)
    press(street, "李强", "side")
    link = street.texts("李强")[-1].partition("start=")[2].split()[0]
    street.say("王阿姨", link, private=True, command="start")
    assert plain("refused.own_side") in street.texts("王阿姨")[-1]
    street.say("Emily", link, private=True, command="start")
    street.say("陈叔", link, private=True, command="start")
    assert plain("refused.side_code_old") in street.texts("陈叔")[-1]


def test_the_other_side_of_what_is_no_quarrel_is_not_invited(session: Session) -> None:
    street = with_draws(session, random.Random(3))
    report(street)
    street.press("李强", "接单", private=True)
    assert press(street, "李强", "side") == Answer(plain("refused.no_quarrel"), alert=True)


# --- the numbers ---


def test_a_supervisor_reads_the_month_and_opens_the_cases_behind_a_number(
    session: Session,
) -> None:
    street = peopled(session)
    report(street)
    number = street.case().number
    press(street, "孙主任", "void", "a_trial")
    report(street, "5号楼楼道灯坏了")
    finish(street)
    street.press("王阿姨", "解决了")
    street.say("孙主任", private=True, command="numbers")
    text = street.texts("孙主任")[-1]
    assert "结案率 100.00 %" in text
    assert "作废 1" in text
    street.press("孙主任", "作废 1", private=True)
    assert number in street.texts("孙主任")[-1]
    assert street.case().number not in street.texts("孙主任")[-1]


def test_the_numbers_are_for_those_who_answer_for_the_unit(session: Session) -> None:
    street = peopled(session)
    street.say("李强", private=True, command="numbers")
    assert plain("refused.day_not_yours") in street.texts("李强")[-1]
    forged = f"behind~{DISTRICT}~~~filed:2611:{COMMUNITY}"
    refused = street.press_data("李强", forged, private=True)
    assert refused == Answer(plain("refused.day_not_yours"), alert=True)
