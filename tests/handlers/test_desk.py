"""What a desk does in chat: its list, search, a case's story, urging, reporting upwards, many
cases at once, phrases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from models import Audit, Case, CaseEvent, Outbox, Phrase, Role
from services.buttons import data, key22
from services.caselist import FILTERS, LONGEST_WORDS, TOGETHER
from tests.handlers.test_danger import BLOWS
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, NEXT_GRID, STREET, Street, peopled

DESK, ABOVE = "孙主任", "钱站长"
LAMP = "3号楼2单元楼道灯坏了"


def lamps(street: Street, count: int) -> list[Case]:
    """So many cases of building 3 and the following, 李强's."""
    for number in range(count):
        street.say("王阿姨", f"{number + 3}号楼2单元楼道灯坏了，黑得很{number}", command="report")
        street.now += timedelta(minutes=1)
    for case in street.cases():
        case.owner = street.key("李强")
        street.session.add(case)
    street.session.flush()
    return sorted(street.cases(), key=lambda case: case.number)


def last(street: Street, name: str) -> dict[str, Any]:
    """The newest message to somebody, as it stands now."""
    return street.rows(ADDRESSES[name])[-1].payload


def listing(street: Street, name: str = DESK) -> dict[str, Any]:
    """The desk's list, which changes in place."""
    query = select(Outbox).where(Outbox.chat == ADDRESSES[name], Outbox.card == "cases")
    rows = sorted(street.session.exec(query), key=lambda row: (row.made_at, row.id))
    return rows[-1].payload


def labels(payload: dict[str, Any]) -> list[str]:
    return [each["label"] for row in payload["buttons"] for each in row]


def data_of(payload: dict[str, Any], label: str) -> str:
    found = [b["data"] for row in payload["buttons"] for b in row if label in b["label"]]
    assert found, (label, labels(payload))
    return str(found[0])


def tap(street: Street, label: str, name: str = DESK) -> Any:
    """A button of the list."""
    return street.press_data(name, data_of(listing(street, name), label), private=True)


def card(street: Street, name: str, case: Case) -> dict[str, Any]:
    query = select(Outbox).where(Outbox.chat == ADDRESSES[name], Outbox.card == f"s:{case.id}")
    rows = sorted(street.session.exec(query), key=lambda row: (row.made_at, row.id))
    return rows[-1].payload


def opened(street: Street, case: Case, name: str = DESK) -> dict[str, Any]:
    street.say(name, case.number, private=True, command="case")
    return card(street, name, case)


def on_card(street: Street, case: Case, label: str, name: str = DESK) -> Any:
    return street.press_data(name, data_of(card(street, name, case), label), private=True)


# --- the list ---


def test_the_overview_counts_each_filter_and_opens_it(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 3)
    street.press("李强", "接单", private=True)
    street.say(DESK, private=True, command="cases")
    text = listing(street)["text"]
    assert "<b>快乐社区</b> 还开着 <b>3</b> 件" in text
    assert "待接单 2" in labels(listing(street))
    assert "超期" not in " ".join(labels(listing(street)))
    tap(street, "待接单 2")
    shown = labels(listing(street))
    assert cases[0].number in shown
    assert len([each for each in shown if each.startswith("KL1-")]) == 2
    tap(street, cases[0].number)
    assert cases[0].number in card(street, DESK, cases[0])["text"]


def test_a_list_has_ten_to_a_page_and_turns(session: Session) -> None:
    street = peopled(session)
    lamps(street, 5)
    for number in range(7):
        street.say("陈叔", f"{number + 20}号楼门口垃圾没人收{number}", command="report")
    street.say(DESK, private=True, command="cases")
    tap(street, "全部在办 12")
    assert "第 1/2 页" in listing(street)["text"]
    first = [each for each in labels(listing(street)) if each.startswith("KL1-")]
    assert len(first) == 10
    tap(street, "下一页")
    second = [each for each in labels(listing(street)) if each.startswith("KL1-")]
    assert len(second) == 2
    assert not set(first) & set(second)
    tap(street, "上一页")
    assert [each for each in labels(listing(street)) if each.startswith("KL1-")] == first


def test_a_matter_for_one_named_person_is_a_number_and_in_no_list(session: Session) -> None:
    street = peopled(session)
    lamps(street, 1)
    street.say("陈叔", BLOWS, command="report")
    named = street.case()
    assert named.reach == "named"
    street.say(DESK, private=True, command="cases")
    assert "另有 1 件" in listing(street)["text"]
    tap(street, "全部在办 1")
    assert "共 1 件" in listing(street)["text"]
    assert named.number not in str(listing(street))
    street.say(DESK, named.number, private=True, command="cases")
    assert "没找到" in last(street, DESK)["text"]
    street.say(DESK, BLOWS[:6], private=True, command="cases")
    assert "没找到" in last(street, DESK)["text"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (f"filter~{DISTRICT}~~~{COMMUNITY}:open:9", "这一页没有了"),
        (f"filter~{DISTRICT}~~~{COMMUNITY}:everything", "没有这个清单"),
        (f"filter~{DISTRICT}~~~{COMMUNITY}:open:1e3", "没有这个清单"),
        (f"filter~{DISTRICT}~~~{COMMUNITY}:open:99999999", "没有这个清单"),
        (f"filter~{DISTRICT}~~~", "没有这个清单"),
        (f"filter~{DISTRICT}~~~{STREET}:open", "这是值班台用的"),
        (f"filter~{DISTRICT}~~~110101001002:open", "这是值班台用的"),
        (f"overview~{DISTRICT}~~~{STREET}", "这是值班台用的"),
        (f"overview~{DISTRICT}~~~x", "没有这个清单"),
        (f"urgeall~{DISTRICT}~~~{STREET}:open", "这是值班台用的"),
        (f"urgeall~{DISTRICT}~~~{COMMUNITY}:done", "没有这个清单"),
        (f"whoall~{DISTRICT}~~~{COMMUNITY}:done", "没有这个清单"),
        (f"toall~{DISTRICT}~AAAAAAAAAAAAAAAAAAAAAA~~{COMMUNITY}:open", "派不了"),
        (f"doall~{DISTRICT}~AAAAAAAAAAAAAAAAAAAAAA", "预览用过或过期了"),
        (f"phrases~{DISTRICT}~~~{STREET}", "这是值班台用的"),
        (f"newphrase~{DISTRICT}~~~{STREET}", "这是值班台用的"),
        (f"unphrase~{DISTRICT}~AAAAAAAAAAAAAAAAAAAAAA", "已经删掉了"),
    ],
)
def test_it_refuses_a_forged_or_old_button_with_one_sentence(
    session: Session, data: str, code: str
) -> None:
    street = peopled(session)
    lamps(street, 1)
    answer = street.press_data(DESK, data, private=True)
    assert answer is not None
    assert answer.alert
    assert code in answer.text


@pytest.mark.parametrize("name", ["李强", "周姐", "冯管理", "王阿姨"])
@pytest.mark.parametrize("command", ["cases", "phrases"])
def test_it_refuses_whoever_is_no_desk(session: Session, name: str, command: str) -> None:
    street = peopled(session)
    lamps(street, 1)
    street.say(name, private=True, command=command)
    assert "这是值班台用的" in last(street, name)["text"]


def test_the_list_of_a_desk_is_never_shown_in_a_group(session: Session) -> None:
    street = peopled(session)
    lamps(street, 1)
    before = len(street.rows(street.group.chat))
    street.say(DESK, command="cases")
    assert len(street.rows(street.group.chat)) == before
    assert "还开着" in listing(street)["text"]


# --- search ---


@pytest.mark.parametrize(
    "words",
    ["KL1-2611-002", "kl1－2611－００２", "2611-002", "002", "2", "4号楼", "4号楼 灯", "黑得很1"],
)
def test_it_finds_by_number_place_and_words(session: Session, words: str) -> None:
    street = peopled(session)
    cases = lamps(street, 3)
    street.say(DESK, words, private=True, command="cases")
    text = last(street, DESK)["text"]
    assert cases[1].number in text, text


def test_open_ones_come_first_and_the_newest_first(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 3)
    street.press_data("王阿姨", f"withdraw~{DISTRICT}~{_key(cases[2])}")
    assert street.cases()
    street.say(DESK, "楼道灯", private=True, command="cases")
    text = last(street, DESK)["text"]
    places = [text.index(cases[n].number) for n in (1, 0, 2)]
    assert places == sorted(places)


def test_what_was_found_is_turned_ten_to_a_page(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 12)
    street.say(DESK, "楼道灯", private=True, command="cases")
    text = last(street, DESK)["text"]
    assert "找到 12 件" in text
    assert "第 1/2 页" in text
    assert text.count("KL1-") == 10
    assert cases[11].number in text
    tap(street, "下一页")
    text = listing(street)["text"]
    assert "第 2/2 页" in text
    assert text.count("KL1-") == 2
    assert cases[0].number in text
    assert "下一页 ›" not in labels(listing(street))
    gone = street.press_data(DESK, data("found", DISTRICT, arg="2:楼道灯"), private=True)
    assert gone is not None
    assert "这一页没有了" in gone.text


@pytest.mark.parametrize("arg", ["", "x:灯", "1", "1:", "-1:灯", "９:灯", "9999:灯"])
def test_a_forged_page_of_a_search_is_refused(session: Session, arg: str) -> None:
    street = peopled(session)
    lamps(street, 1)
    answer = street.press_data(DESK, data("found", DISTRICT, arg=arg), private=True)
    assert answer is not None
    assert answer.alert


def test_who_is_no_desk_turns_no_page_of_a_search(session: Session) -> None:
    street = peopled(session)
    lamps(street, 1)
    answer = street.press_data("李强", data("found", DISTRICT, arg="0:楼道灯"), private=True)
    assert answer is not None
    assert answer.alert
    assert not any("找到" in text for text in street.texts("李强"))


def test_it_searches_in_its_own_unit_only(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    case.grid, case.community = "110101001002001", "110101001002"
    session.add(case)
    for words in (case.number, "楼道灯"):
        street.say(DESK, words, private=True, command="cases")
        assert "没找到" in last(street, DESK)["text"]
    street.say(ABOVE, "楼道灯", private=True, command="cases")
    assert case.number in last(street, ABOVE)["text"]


@pytest.mark.parametrize(
    "words", ["灯" * 4000, "灯 " * 6, "灯" * (LONGEST_WORDS + 1)], ids=["4000", "six", "one more"]
)
def test_it_refuses_to_search_for_a_page_of_words(session: Session, words: str) -> None:
    street = peopled(session)
    street.say(DESK, words, private=True, command="cases")
    assert "太长了" in last(street, DESK)["text"]


@pytest.mark.parametrize("words", ["%", "_", "\\", "' OR 1=1", "<b>x</b>"])
def test_odd_words_find_nothing_and_break_nothing(session: Session, words: str) -> None:
    street = peopled(session)
    lamps(street, 1)
    street.say(DESK, words, private=True, command="cases")
    assert "没找到" in last(street, DESK)["text"]


# --- one case ---


def test_a_case_tells_its_whole_story_in_order(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    street.press("李强", "接单", private=True)
    street.press("李强", "到现场了", private=True)
    text = opened(street, case)["text"]
    told = text[text.index("经过") :]
    places = [told.index(each) for each in ("报事人 立案", "李强 接单", "李强 到现场")]
    assert places == sorted(places)
    assert "王阿姨" not in text


def test_the_desk_reads_who_reported_by_a_tap_that_is_kept(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    assert "留记录" in opened(street, case)["text"]
    assert "王阿姨" not in str(card(street, DESK, case))
    answer = on_card(street, case, "谁报的")
    assert "王阿姨" in answer.text
    kept = session.exec(select(Audit).where(Audit.act == "reporter_revealed")).one()
    assert (kept.actor, kept.object) == (street.key(DESK), f"case:{case.number}")


@pytest.mark.parametrize("name", ["李强", "周姐", "郑工", "陈叔"])
def test_it_refuses_to_say_who_reported_to_all_but_the_desk(session: Session, name: str) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    answer = street.press_data(name, f"whois~{DISTRICT}~{_key(case)}", private=True)
    assert answer is not None
    assert answer.alert
    assert "王阿姨" not in answer.text
    assert session.exec(select(Audit)).first() is None


# --- urging and reporting upwards ---


def test_urging_reaches_the_owner_is_counted_and_waits_an_hour(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    opened(street, case)
    answer = on_card(street, case, "催办")
    assert answer.text == "已催办：李强"
    assert any("值班台第 1 次催办" in text for text in street.texts("李强"))
    street.now += timedelta(minutes=20)
    answer = on_card(street, case, "催办")
    assert answer.alert
    assert "40 分钟后" in answer.text
    street.now += timedelta(minutes=40)
    assert not on_card(street, case, "催办").alert
    assert street.case().urged == 2
    assert "已催办 2 次" in card(street, "李强", case)["text"]
    assert "孙主任 催办 ×2" in opened(street, case)["text"]


def test_what_is_reported_upwards_is_watched_there_to_its_end(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    opened(street, case)
    on_card(street, case, "值班台")
    assert on_card(street, case, "督办").text == "已报快乐街道督办"
    assert "已报快乐街道督办" in card(street, ABOVE, case)["text"]
    again = street.press_data(DESK, f"supervise~{DISTRICT}~{_key(case)}", private=True)
    assert again is not None
    assert "已经报过了" in again.text
    street.say(ABOVE, private=True, command="day")
    day = last(street, ABOVE)
    assert "报来督办、还没办结 1 件" in day["text"]
    street.press_data(ABOVE, data_of(day, "督办 1"), private=True)
    assert case.number in last(street, ABOVE)["text"]
    street.press_data("王阿姨", f"withdraw~{DISTRICT}~{_key(case)}")
    assert any("报上来督办的事有结果了" in text for text in street.texts(ABOVE))
    street.say(DESK, private=True, command="day")
    assert "督办" not in last(street, DESK)["text"]


# --- many at once ---


def test_urging_all_is_previewed_and_each_owner_hears_once(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 4)
    opened(street, cases[0])
    on_card(street, cases[0], "催办")
    street.say(DESK, private=True, command="cases")
    tap(street, "全部在办 4")
    tap(street, "全部催办")
    text = listing(street)["text"]
    assert "将催办 <b>3</b> 件，有 1 人会收到" in text
    assert "一小时内催过 1 件" in text
    assert [case.urged for case in cases] == [1, 0, 0, 0]
    before = len(street.rows(ADDRESSES["李强"]))
    tap(street, "确定催办这 3 件")
    assert "已催办 3 件" in listing(street)["text"]
    told = [each.payload["text"] for each in street.rows(ADDRESSES["李强"])[before:]]
    assert len(told) == 1
    assert "您手上有 3 件" in told[0]
    assert [each.urged for each in _fresh(session, cases)] == [1, 1, 1, 1]


def test_what_has_moved_on_since_the_preview_is_left_alone(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 3)
    street.say(DESK, private=True, command="cases")
    tap(street, "全部在办 3")
    tap(street, "全部催办")
    sure = data_of(listing(street), "确定催办这 3 件")
    street.press_data("李强", f"take~{DISTRICT}~{_key(cases[1])}", private=True)
    street.press_data(DESK, sure, private=True)
    text = listing(street)["text"]
    assert "已催办 2 件" in text
    assert f"1 件看过之后有变化，没有动：{cases[1].number}" in text
    assert [each.urged for each in _fresh(session, cases)] == [1, 0, 1]
    again = street.press_data(DESK, sure, private=True)
    assert again is not None
    assert "预览用过或过期了" in again.text


def test_a_newer_preview_is_never_confirmed_by_an_older_button(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 2)
    street.say(DESK, private=True, command="cases")
    tap(street, "全部在办 2")
    back = data_of(listing(street), "全部催办")
    tap(street, "全部催办")
    old = data_of(listing(street), "确定催办这 2 件")
    street.press_data(DESK, back, private=True)
    answer = street.press_data(DESK, old, private=True)
    assert answer is not None
    assert "预览用过或过期了" in answer.text
    assert [each.urged for each in _fresh(session, cases)] == [0, 0]


def test_assigning_all_says_who_can_take_which_and_gives_one_list(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 3)
    cases[2].grid = NEXT_GRID
    session.add(cases[2])
    session.flush()
    street.say(DESK, private=True, command="cases")
    tap(street, "全部在办 3")
    tap(street, "全部派给")
    assert "赵敏 2" in labels(listing(street))
    tap(street, "赵敏 2")
    text = listing(street)["text"]
    assert "将把 <b>2</b> 件派给 赵敏" in text
    assert "不在这位的网格或班次 1 件" in text
    tap(street, "确定派这 2 件")
    assert "已把 2 件派给 赵敏" in listing(street)["text"]
    owners = [each.owner for each in _fresh(session, cases)]
    assert owners == [street.key("赵敏"), street.key("赵敏"), street.key("李强")]
    assert "值班台派给您 2 件" in last(street, "赵敏")["text"]
    tap(street, "回到清单")
    assert "全部在办" in listing(street)["text"]


def test_a_desk_that_lost_its_role_confirms_nothing(session: Session) -> None:
    street = peopled(session)
    cases = lamps(street, 2)
    street.say(DESK, private=True, command="cases")
    tap(street, "全部在办 2")
    tap(street, "全部催办")
    sure = data_of(listing(street), "确定催办")
    role = session.exec(select(Role).where(Role.person == street.key(DESK))).one()
    role.revoked_at = street.now
    session.add(role)
    session.flush()
    answer = street.press_data(DESK, sure, private=True)
    assert answer is not None
    assert "这是值班台用的" in answer.text
    assert [each.urged for each in _fresh(session, cases)] == [0, 0]


@pytest.mark.parametrize("which", TOGETHER)
def test_every_filter_offers_what_its_buttons_then_accept(session: Session, which: str) -> None:
    street = peopled(session)
    lamps(street, 2)
    answer = street.press_data(DESK, f"urgeall~{DISTRICT}~~~{COMMUNITY}:{which}", private=True)
    assert answer is None or not answer.alert


# --- phrases ---


def test_a_phrase_is_kept_in_few_taps_and_said_in_two(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    street.say(DESK, private=True, command="phrases")
    street.press(DESK, "加一句", private=True)
    street.say(DESK, "师傅下午上门，请留人", private=True)
    assert "师傅下午上门" in last(street, DESK)["text"]
    opened(street, case)
    on_card(street, case, "对报事人说")
    assert on_card(street, case, "师傅下午上门").text == "已告诉报事人"
    group = [row.payload.get("text", "") for row in street.rows(street.group.chat)]
    assert any("值班台说：师傅下午上门，请留人" in text for text in group)
    opened(street, case)
    on_card(street, case, "对办理人说")
    on_card(street, case, "师傅下午上门")
    assert any("值班台说：师傅下午上门" in text for text in street.texts("李强"))
    assert "孙主任 说（办理人：师傅下午上门，请留人）" in opened(street, case)["text"]
    street.say(DESK, private=True, command="phrases")
    street.press(DESK, "🗑", private=True)
    assert session.exec(select(Phrase)).first() is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("好" * 121, "最多 120 个字"), ("", "最多 120 个字"), ("来了", "已经有了")],
)
def test_it_refuses_a_phrase_that_is_too_long_empty_or_known(
    session: Session, words: str, sentence: str
) -> None:
    street = peopled(session)
    for said in ("来了", words):
        street.say(DESK, private=True, command="phrases")
        street.press(DESK, "加一句", private=True)
        street.say(DESK, said, private=True)
    assert sentence in last(street, DESK)["text"]
    assert len(list(session.exec(select(Phrase)))) == 1


def test_it_refuses_to_say_another_desks_phrase(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    other = Phrase(district=DISTRICT, unit="110101001002", text="x", made_at=street.now)
    session.add(other)
    session.flush()
    data = f"tell~{DISTRICT}~{_key(case)}~{case.version}~r{key22(other.id)}"
    answer = street.press_data(DESK, data, private=True)
    assert answer is not None
    assert "这是值班台用的" in answer.text
    events = session.exec(select(CaseEvent).where(CaseEvent.verb == "tell"))
    assert list(events) == []


def test_every_filter_has_a_name() -> None:
    assert set(TOGETHER) < set(FILTERS)


def _key(case: Case) -> str:
    return key22(case.id)


def _fresh(session: Session, cases: list[Case]) -> list[Case]:
    for case in cases:
        session.refresh(case)
    return cases


def test_the_story_names_the_units_that_were_called_and_no_resident(session: Session) -> None:
    street = peopled(session)
    case = lamps(street, 1)[0]
    unit = f"{STREET}:fire"
    for seq, (verb, standing, facts) in enumerate(
        [
            ("task_call", "desk", {"unit": unit}),
            ("task_not_ours", "unit", {"unit": unit, "reason": "not_my_kind"}),
            ("other_side", "other_side", {}),
            ("a_step_of_old", "desk", {"reason": "a_reason_of_old"}),
        ]
    ):
        actor = case.reporter if standing == "other_side" else street.key(DESK)
        event = CaseEvent(
            district=DISTRICT, case=case.id, seq=50 + seq, at=street.now, verb=verb, actor=actor,
            standing=standing, before=case.state, after=case.state, facts=facts,
        )  # fmt: skip
        session.add(event)
    session.flush()
    text = opened(street, case)["text"]
    assert "孙主任 吹哨（快乐街道" in text
    assert "· 不是我管的事）" in text
    assert "孙主任 办理" in text
    assert "王阿姨" not in text
