"""Several cases under one cause: chosen from a list, a search or a card, told once, ended once,
each resident asked, and each case by itself all the while."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from handlers.turn import Said
from handlers.wiring import handle
from models import Case, Cause, Due, Group, Outbox
from services import causes, clock
from services.buttons import data, key22
from services.outbox import Address
from tests.handlers.test_desk import (
    ABOVE,
    DESK,
    card,
    data_of,
    labels,
    last,
    listing,
    on_card,
    opened,
)
from tests.people import (
    ADDRESSES,
    BOT,
    COMMUNITY,
    DISTRICT,
    GRID,
    GROUP_CHAT,
    NEXT_GRID,
    STREET,
    Street,
    peopled,
    photo,
)

DARK = ("整栋楼停电了", "停电了，电梯也不走", "我们这一片都停电")
SECOND_CHAT = "-1009"
WORDS = "变压器坏了，正在抢修，18点前来电"


def power_cut(street: Street) -> list[Case]:
    """Three of building 8's group and one of another grid's group report the same cut."""
    for name, words in zip(("王阿姨", "陈叔", "Emily"), DARK, strict=True):
        street.say(name, words, command="report")
        street.now += timedelta(minutes=2)
    street.session.add(
        Group(
            district=DISTRICT,
            grid=NEXT_GRID,
            bot=BOT.bot,
            chat=SECOND_CHAT,
            title="快乐9号楼",
            place="9号楼",
            bound_at=street.now,
        )
    )
    street.session.flush()
    in_chat(street, "陈叔", "9号楼停电了，没有通知", SECOND_CHAT)
    found = [each for each in street.cases() if each.kind == "LS01"]
    assert len(found) == 4, [(each.kind, each.text) for each in street.cases()]
    return sorted(found, key=lambda case: case.opened_at)


def in_chat(street: Street, name: str, words: str, chat: str) -> None:
    street.said += 1
    said = Said(
        at=Address(BOT.bot, chat), message=str(2000 + street.said), sender=street.sender(name),
        private=False, text=words, command="report",
    )  # fmt: skip
    handle(street.session, said, BOT, street.now)
    street.session.flush()


def shown(street: Street) -> dict:  # type: ignore[type-arg]
    query = select(Outbox).where(Outbox.chat == ADDRESSES[DESK], Outbox.card == "cause")
    return street.session.exec(query).all()[-1].payload


def tap(street: Street, label: str) -> object:
    return street.press_data(DESK, data_of(shown(street), label), private=True)


def listed(street: Street) -> None:
    street.say(DESK, private=True, command="cases")
    street.press_data(DESK, data_of(listing(street), "全部在办"), private=True)
    street.press_data(DESK, data_of(listing(street), "同一个原因"), private=True)


def under_one(street: Street) -> tuple[Cause, list[Case]]:
    cases = power_cut(street)
    listed(street)
    tap(street, "停电")
    tap(street, "归到一起")
    street.session.expire_all()
    return street.session.exec(select(Cause)).one(), cases


def sweep(street: Street) -> None:
    """The clock takes every portion there is."""
    for _ in range(20):
        if not clock.sweep(street.session, street.now):
            break
    street.session.flush()
    street.session.expire_all()


def said_in(street: Street, chat: str, words: str) -> list[str]:
    return [each for each in street.texts(chat) if words in each]


def test_a_desk_chooses_the_cases_of_a_kind_and_reads_what_that_means(session: Session) -> None:
    street = peopled(session)
    cases = power_cut(street)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    listed(street)
    assert "停电、跳闸 4" in labels(shown(street))
    tap(street, "停电、跳闸 4")
    assert "<b>4</b> 件归到一个原因：<b>停电、跳闸</b>" in shown(street)["text"]
    assert not any(each.cause for each in street.cases())
    street.say(DESK, "变压器停电", private=True)
    assert "变压器停电" in shown(street)["text"]
    tap(street, "归到一起")
    session.expire_all()
    cause = session.exec(select(Cause)).one()
    assert (cause.name, cause.kind, cause.unit) == ("变压器停电", "LS01", COMMUNITY)
    assert {each.cause for each in cases} == {cause.id}
    assert "在办 <b>4</b> 件" in shown(street)["text"]
    assert any("变压器停电" in each for each in street.texts(GROUP_CHAT))


def test_each_case_keeps_its_number_owner_deadline_and_next_moment(session: Session) -> None:
    street = peopled(session)
    before = {
        each.id: (each.number, each.owner, each.due_at, each.next_at, each.state)
        for each in power_cut(street)
    }
    listed(street)
    tap(street, "停电")
    tap(street, "归到一起")
    session.expire_all()
    for key, stood in before.items():
        case = session.get_one(Case, (DISTRICT, key))
        assert (case.number, case.owner, case.due_at, case.next_at, case.state) == stood


def test_what_a_search_found_goes_under_one_cause(session: Session) -> None:
    street = peopled(session)
    power_cut(street)
    street.say(DESK, "停电", private=True, command="cases")
    street.press_data(DESK, data_of(last(street, DESK), "归到一个原因"), private=True)
    assert "<b>4</b> 件" in shown(street)["text"]


def test_one_notice_reaches_each_group_once(session: Session) -> None:
    street = peopled(session)
    _, cases = under_one(street)
    tap(street, "通知所有人")
    street.say(DESK, WORDS, private=True)
    assert "2 个群" in shown(street)["text"]
    assert not said_in(street, GROUP_CHAT, WORDS)
    tap(street, "发出")
    sweep(street)
    [said] = said_in(street, GROUP_CHAT, WORDS)
    assert all(each.number in said for each in cases[:3])
    assert cases[3].number not in said
    assert len(said_in(street, SECOND_CHAT, WORDS)) == 1
    tap(street, "通知所有人")
    street.say(DESK, "还要两小时", private=True)
    tap(street, "发出")
    sweep(street)
    assert len(said_in(street, GROUP_CHAT, "还要两小时")) == 1
    assert "已通知 2 次" in shown(street)["text"]


def test_who_reported_in_private_is_told_in_private(session: Session) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    cases[0].private = True
    session.add(cases[0])
    reporter = street.session.get_one(type(street.staff[DESK]), (DISTRICT, cases[0].reporter))
    reporter.reachable, reporter.bot = True, BOT.bot
    session.add(reporter)
    session.flush()
    tap(street, "通知所有人")
    street.say(DESK, WORDS, private=True)
    tap(street, "发出")
    sweep(street)
    assert len(said_in(street, "王阿姨", WORDS)) == 1
    [said] = said_in(street, GROUP_CHAT, WORDS)
    assert cases[0].number not in said
    assert cause.notices == 1


def gone(street: Street, words: str = "电力公司换了变压器，已来电") -> None:
    tap(street, "原因已消除")
    street.say(DESK, words, private=True)
    tap(street, "都算办好")
    sweep(street)


def test_one_word_ends_it_and_each_resident_is_asked_in_their_own_case(session: Session) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    street.press("李强", "接单", private=True)
    gone(street)
    assert f"归到一个原因（{cause.name}）" in opened(street, cases[0])["text"]
    assert [each.state for each in cases] == ["done"] * 4
    assert {each.done_by for each in cases} == {street.key(DESK)}
    assert len(said_in(street, GROUP_CHAT, "换了变压器")) == 1
    for each in cases[:3]:
        assert [each for text in street.texts(GROUP_CHAT) if each.number in text and "解决" in text]
    assert len(said_in(street, DESK, "4 件算办好")) == 1
    assert len(said_in(street, GROUP_CHAT, "原因已消除。您那里解决了吗")) == 2
    assert len(said_in(street, GROUP_CHAT, "the cause is gone. Is it settled for you?")) == 1
    assert not said_in(street, GROUP_CHAT, "李强 说办好了")
    assert cause.ended_at is not None
    assert len(said_in(street, "李强", "您不用再办")) == 1


def test_not_settled_reopens_that_case_only_and_goes_to_a_worker(session: Session) -> None:
    street = peopled(session)
    _, cases = under_one(street)
    nobodys = cases[1]
    nobodys.owner, nobodys.taken_by = None, None
    session.add(nobodys)
    session.flush()
    gone(street)
    forged = data("refuse", DISTRICT, nobodys.id, nobodys.version)
    street.press_data("陈叔", forged)
    session.expire_all()
    states = [each.state for each in cases]
    assert states == ["done", "reopened", "done", "done"]
    assert nobodys.owner in {street.key("李强"), street.key("赵敏")}
    assert nobodys.next_at is not None
    street.press_data("王阿姨", data("settle", DISTRICT, cases[0].id, cases[0].version))
    session.expire_all()
    assert cases[0].closing == "settled"


def test_what_a_kind_asks_for_is_asked_here_as_well(session: Session) -> None:
    street = peopled(session)
    _, cases = under_one(street)
    cases[0].evidence = "photo"
    cases[1].verify = "onsite"
    session.add_all(cases)
    session.flush()
    gone(street)
    assert [each.state for each in cases] == ["dispatched", "checking", "done", "done"]
    [told] = said_in(street, DESK, "算办好")
    assert "1 件的类别要照片" in told


def test_a_photo_with_the_words_is_the_proof_of_each(session: Session) -> None:
    street = peopled(session)
    _, cases = under_one(street)
    cases[0].evidence = "photo"
    session.add(cases[0])
    session.flush()
    tap(street, "原因已消除")
    street.say(DESK, "已来电", private=True, files=(photo("light"),))
    tap(street, "都算办好")
    sweep(street)
    assert [each.state for each in cases] == ["done"] * 4


def test_the_desk_cannot_confirm_what_it_called_done(session: Session) -> None:
    street = peopled(session)
    _, cases = under_one(street)
    gone(street)
    said = street.press_data(
        DESK, data("check", DISTRICT, cases[0].id, cases[0].version), private=True
    )
    assert said is not None
    assert said.alert
    session.expire_all()
    assert cases[0].state == "done"


def test_a_case_is_taken_out_again_and_put_under_an_open_cause_from_its_card(
    session: Session,
) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    opened(street, cases[0])
    on_card(street, cases[0], "值班台")
    on_card(street, cases[0], "移出共同原因")
    session.expire_all()
    assert cases[0].cause is None
    assert cause.name not in card(street, DESK, cases[0])["text"].partition("共同原因")[2]
    opened(street, cases[0])
    on_card(street, cases[0], "值班台")
    on_card(street, cases[0], "同一个原因")
    on_card(street, cases[0], cause.name)
    session.expire_all()
    assert cases[0].cause == cause.id


def test_a_new_report_of_the_kind_is_offered_to_the_desk(session: Session) -> None:
    street = peopled(session)
    cause, _ = under_one(street)
    street.now += timedelta(minutes=5)
    street.say("Emily", "8号楼3单元没电了，停电一小时了", command="report")
    fresh = street.case()
    assert fresh.kind == "LS01"
    [offer] = said_in(street, DESK, fresh.number + "，和")
    assert cause.name in offer
    street.press(DESK, "归进去", private=True)
    session.expire_all()
    assert fresh.cause == cause.id
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    assert not said_in(street, DESK, street.case().number + "，和")


def test_all_new_ones_go_under_it_with_a_tap(session: Session) -> None:
    street = peopled(session)
    cause, _ = under_one(street)
    for number in range(3):
        street.now += timedelta(minutes=5)
        street.say("Emily", f"8号楼{number + 2}单元停电一小时了", command="report")
    street.press_data(DESK, data("cause", DISTRICT, cause.id), private=True)
    assert "又报了 3 件" in shown(street)["text"]
    tap(street, "新报的也归进来")
    assert "在办 <b>7</b> 件" in shown(street)["text"]


def test_many_cases_are_taken_in_portions(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "PORTION", 2)
    street = peopled(session)
    power_cut(street)
    listed(street)
    tap(street, "停电")
    tap(street, "归到一起")
    session.expire_all()
    assert sum(each.cause is not None for each in street.cases()) == 2
    sweep(street)
    assert sum(each.cause is not None for each in street.cases()) == 4
    gone(street)
    assert {each.state for each in street.cases()} == {"done"}
    assert len(said_in(street, DESK, "4 件算办好")) == 1
    rows = session.exec(select(Due).where(Due.name == causes.OVER)).all()
    assert {each.state for each in rows} == {"fired"}


@pytest.mark.parametrize("name", ["李强", "王阿姨", "冯管理"])
def test_only_its_desk_speaks_for_a_cause(session: Session, name: str) -> None:
    street = peopled(session)
    cause, cases = under_one(street)
    for verb in ("cause", "cause_cases", "cause_tell", "cause_over", "cause_more"):
        said = street.press_data(name, data(verb, DISTRICT, cause.id), private=True)
        assert said is not None, verb
        assert said.alert, verb
    arg = key22(cause.id)
    for verb in ("under", "not_under"):
        forged = data(verb, DISTRICT, cases[0].id, cases[0].version, arg)
        said = street.press_data(name, forged, private=True)
        assert said is not None
        assert said.alert
    session.expire_all()
    assert cases[0].cause == cause.id


def test_a_cause_that_is_over_takes_nothing_more(session: Session) -> None:
    street = peopled(session)
    cause, _ = under_one(street)
    gone(street)
    street.now += timedelta(minutes=5)
    street.say("Emily", "8号楼又停电了，黑得很", command="report")
    fresh = street.case()
    assert not said_in(street, DESK, fresh.number + "，和")
    forged = data("under", DISTRICT, fresh.id, fresh.version, key22(cause.id))
    said = street.press_data(DESK, forged, private=True)
    assert said is not None
    assert "已经结束" in said.text
    assert fresh.grid == GRID


def test_a_street_has_one_cause_for_what_its_communities_put_under_it(session: Session) -> None:
    street = peopled(session)
    cases = power_cut(street)
    cause = Cause(
        district=DISTRICT, unit=STREET, name="变电站停电", kind="LS01", made_at=street.now
    )
    session.add(cause)
    session.flush()
    opened(street, cases[0])
    on_card(street, cases[0], "值班台")
    on_card(street, cases[0], "同一个原因")
    on_card(street, cases[0], "变电站停电")
    session.expire_all()
    assert cases[0].cause == cause.id
    said = street.press_data(DESK, data("cause_over", DISTRICT, cause.id), private=True)
    assert said is not None
    assert said.alert
    street.say(ABOVE, private=True, command="day")
    assert "变电站停电" in last(street, ABOVE)["text"]
