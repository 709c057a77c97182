"""A cause that is ended twice, by another, while its cases move; buttons in the wrong hands."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from models import Audit, Case, CaseEvent, Cause, Due, Role
from services import auditing, causes, clock, retention
from services.buttons import data, key22
from tests.handlers.test_attack_hidden import NAME, gives_away
from tests.handlers.test_attack_under_way import together
from tests.handlers.test_causes import (
    gone,
    said_in,
    shown,
    sweep,
    tap,
    under_one,
)
from tests.handlers.test_desk import ABOVE, DESK, data_of, last
from tests.handlers.test_merging import two
from tests.handlers.test_privacy_in_public import delivered, started
from tests.handlers.test_privacy_in_public import shown as all_shown
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled

STAFF = ("李强", "赵敏", "周姐", "孙主任", "钱站长")
MERGING = ("merge", "same_number", "merge_swap", "merge_yes", "unmerge", "split")
CAUSES = (
    "cause_all", "cause_kind", "cause_found", "cause_new", "cause_yes", "under", "not_under",
    "cause", "cause_cases", "cause_more", "cause_tell", "cause_over", "cause_go",
)  # fmt: skip
OTHERS = ("unsay", "name", "hush", "veil", "whois")


def stands(street: Street) -> list[object]:
    street.session.flush()
    street.session.expire_all()
    cases = [each.model_dump() for each in street.cases()]
    made = [each.model_dump() for each in street.session.exec(select(Cause))]
    events = street.session.exec(select(CaseEvent.id)).all()
    looks = street.session.exec(select(Audit.id).where(Audit.act == "reporter_revealed")).all()
    return [sorted(map(str, each)) for each in (cases, made, events, looks)]


@pytest.mark.parametrize("name", ["李强", "郑工", "冯管理", "Emily"])
def test_no_button_in_the_wrong_hands_changes_anything(session: Session, name: str) -> None:
    street = peopled(session)
    first, second = two(street)
    cause, cases = under_one(street)
    keys = (first.id, second.id, cases[0].id, cause.id, uuid4(), None)
    args = ("", key22(second.id), key22(cause.id), key22(cases[0].reporter), "x", "110101:all:LS01")
    before = stands(street)
    for verb in (*MERGING, *CAUSES, "whois"):
        for district in (DISTRICT, "110102", ""):
            for key in keys:
                for arg in args:
                    if len(data(verb, district, key, 2).encode()) + len(arg) > 60:
                        continue
                    street.press_data(name, data(verb, district, key, None, arg), private=True)
    assert stands(street) == before


@pytest.mark.parametrize("name", ["李强", DESK, ABOVE, "陈叔"])
def test_nobody_speaks_for_a_reporter(session: Session, name: str) -> None:
    street = peopled(session)
    first, second = two(street)
    together(street, first, second)
    before = stands(street)
    for case in (first, second):
        if name == "陈叔" and case is second:
            continue
        for verb in OTHERS[:-1]:
            for arg in ("", "b", "n", "back"):
                press = data(verb, DISTRICT, case.id, case.version, arg)
                street.press_data(name, press, private=True)
    assert stands(street) == before


def test_what_is_closed_by_hand_between_the_portions_stays_as_it_was_closed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "PORTION", 1)
    street = peopled(session)
    _, cases = under_one(street)
    sweep(street)
    tap(street, "原因已消除")
    street.say(DESK, "已来电", private=True)
    tap(street, "都算办好")
    clock.sweep(session, street.now, limit=2)
    session.expire_all()
    waiting = [each for each in cases if each.state == "dispatched"]
    assert waiting
    void = data("void", DISTRICT, waiting[-1].id, waiting[-1].version, "a_trial")
    street.press_data(DESK, void, private=True)
    sweep(street)
    assert waiting[-1].state == "voided"
    assert {each.state for each in cases if each is not waiting[-1]} == {"done"}
    assert len(said_in(street, DESK, "件算办好")) == 1


def test_a_second_word_for_its_end_is_refused(session: Session) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    street.press_data(ABOVE, data("cause_over", DISTRICT, cause.id), private=True)
    street.say(ABOVE, "上面说好了", private=True)
    rows = [row for row in street.rows(ADDRESSES[ABOVE]) if row.card == "cause"]
    late = data_of(rows[-1].payload, "都算办好")
    tap(street, "原因已消除")
    street.say(DESK, "已来电", private=True)
    go = data_of(shown(street), "都算办好")
    street.press_data(DESK, go, private=True)
    for name, press in ((DESK, go), (ABOVE, late)):
        said = street.press_data(name, press, private=True)
        assert said is not None
        assert said.alert
    sweep(street)
    assert cause.words == "已来电"
    assert {each.done_by for each in cases} == {street.key(DESK)}
    assert len(said_in(street, GROUP_CHAT, "已来电")) == 1
    assert not said_in(street, GROUP_CHAT, "上面说好了")


def test_who_is_no_desk_any_more_when_its_end_is_carried_out_calls_nothing_done(
    session: Session,
) -> None:
    street = peopled(session)
    _, cases = under_one(street)
    tap(street, "原因已消除")
    street.say(DESK, "已来电", private=True)
    tap(street, "都算办好")
    query = select(Role).where(Role.person == street.key(DESK))
    for role in session.exec(query):
        role.revoked_at = street.now
        session.add(role)
    session.flush()
    sweep(street)
    assert {each.state for each in cases} == {"dispatched"}
    traces = [row.trace for row in session.exec(select(Due)) if (row.trace or "").startswith("f")]
    assert traces == []


def test_a_cause_gives_nobody_away(session: Session) -> None:
    street = peopled(session)
    ADDRESSES[NAME] = "8675309"
    started(street, NAME)
    street.say(NAME, "我是欧阳秀英，8号楼停电", command="report")
    case = street.case()
    delivered(street)
    street.press_data(NAME, data("name", DISTRICT, case.id, case.version, "b"))
    street.now += timedelta(minutes=1)
    cause = Cause(
        district=DISTRICT, unit=case.community, name="停电", kind=case.kind, made_at=street.now
    )
    session.add(cause)
    case.cause = cause.id
    session.add(case)
    session.flush()
    street.press_data(DESK, data("cause", DISTRICT, cause.id), private=True)
    street.press_data(DESK, data("cause_cases", DISTRICT, cause.id), private=True)
    street.press_data(DESK, data("cause_tell", DISTRICT, cause.id), private=True)
    street.say(DESK, "正在抢修", private=True)
    tap(street, "发出")
    sweep(street)
    street.press_data(DESK, data("cause", DISTRICT, cause.id), private=True)
    gone(street)
    street.say(DESK, private=True, command="day")
    for place in (*STAFF, GROUP_CHAT):
        assert gives_away(all_shown(street, place)) == [], place


@pytest.mark.parametrize("words", ["<b>断&电</i>" * 60, "🔌" * 600, "<" * 600])
def test_any_words_of_a_desk_fit_into_a_message_and_are_only_words(
    session: Session, words: str
) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    street.press_data(DESK, data("cause_tell", DISTRICT, cause.id), private=True)
    street.say(DESK, words, private=True)
    tap(street, "发出")
    sweep(street)
    gone(street, words)
    assert cases[0].state == "done"
    for place in (GROUP_CHAT, DESK, "李强"):
        for text in street.texts(place):
            assert len(text) <= 4096 * 4
            assert "<b>断" not in text
            assert "<<" not in text


def test_a_desks_words_are_kept_nowhere_but_with_the_cause_and_its_cases(
    session: Session,
) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    tap(street, "通知所有人")
    street.say(DESK, "变压器坏了，找张三", private=True)
    tap(street, "发出")
    sweep(street)
    gone(street, "张三修好了")
    for case in cases:
        press = data("settle", DISTRICT, case.id, case.version)
        street.press_data({0: "王阿姨", 1: "陈叔", 2: "Emily", 3: "陈叔"}[cases.index(case)], press)
        session.expire_all()
        retention.archive(session, case, street.now)
    later = street.now + timedelta(days=400)
    assert retention.purge_causes(session, DISTRICT, later, 10) == 1
    session.flush()
    session.expire_all()
    assert (cause.name, cause.words) == ("", "")
    kept = [str(row.data) for row in session.exec(select(Due))]
    kept += [str(event.personal) for event in session.exec(select(CaseEvent))]
    assert not [each for each in kept if "张三" in each]


def test_more_cases_than_a_portion_are_ended_and_each_is_well(session: Session) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    whole = {name: getattr(cases[0], name) for name in type(cases[0]).model_fields}
    for number in range(60):
        made = Case(**whole | {"id": uuid4(), "number": f"KL1-2611-{500 + number}"})
        session.add(made)
    session.flush()
    gone(street)
    for _ in range(30):
        sweep(street)
    assert {each.state for each in street.cases() if each.cause == cause.id} == {"done"}
    numbers = [each.number for each in street.cases()]
    assert auditing.cases(session, DISTRICT, numbers) == []
    assert last(street, DESK)["text"].count("64")
