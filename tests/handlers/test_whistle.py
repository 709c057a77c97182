"""A desk blows the whistle, and units answer in their own chats or by telephone."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from domain.tasks import task_colour
from models import Case, CaseEvent, Person, Task, Unit
from services import tasks, units
from services.buttons import data
from services.clock import sweep
from services.due import next_at
from services.equipment import vault
from tests.handlers.test_circles import history
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, GROUP_CHAT, STREET, Street, peopled, photo

ADDRESSES |= {
    "何区长": "109", "城管小韩": "301", "民警老秦": "302", "物业陈工": "303", "商务局小叶": "304",
}  # fmt: skip
URBAN, POLICE = f"{STREET}:urban_management", f"{STREET}:police"
PROPERTY = f"{COMMUNITY}:property_manager"
COMMERCE, LAND, FIRE = f"{DISTRICT}:商务局", f"{DISTRICT}:自然资源和规划局", f"{DISTRICT}:fire"
CABLES = "3号楼好多人从窗户拉线给电动车充电，太危险了"


def town(session: Session) -> Street:
    """The street with its units: four on the platform, one bureau that only answers the telephone,
    and a fire service that never opened the chat."""
    street = peopled(session)
    street.hire("何区长", "supervisor", DISTRICT, "109")
    for name, unit in (
        ("城管小韩", URBAN), ("民警老秦", POLICE), ("物业陈工", PROPERTY), ("商务局小叶", COMMERCE),
    ):  # fmt: skip
        street.hire(name, "department", unit, ADDRESSES[name])
    for code, name, by in (
        (URBAN, "城管中队", "chat"), (POLICE, "派出所", "chat"), (PROPERTY, "快乐物业", "chat"),
        (COMMERCE, "区商务局", "chat"), (LAND, "市规划资源局", "phone"), (FIRE, "消防救援", "chat"),
    ):  # fmt: skip
        phone = vault(session).seal("02512345678") if by == "phone" else ""
        session.add(Unit(district=DISTRICT, code=code, name=name, by=by, phone=phone))
    session.flush()
    return street


def risen_case(street: Street, text: str = CABLES) -> Case:
    """Cables that the community can't settle: they are with the street's desk."""
    street.say("王阿姨", text, command="report")
    street.press("李强", "接单", private=True)
    street.press("李强", "更多 ›", private=True)
    street.press("李强", "🔼 上报上一级", private=True)
    street.press("李强", "要多家单位一起", private=True)
    return street.case()


def blow(street: Street, who: str, lead: str, *assist: str, words: str, due: str) -> None:
    """The whole whistle in taps, and one sentence."""
    street.press(who, "📣 吹哨", private=True)
    street.press(who, lead, private=True)
    for each in assist:
        street.press(who, each, private=True)
    street.press(who, "够了，往下 ›", private=True)
    street.say(who, words, private=True)
    street.press(who, due, private=True)
    street.press(who, "📣 发出", private=True)


def task_of(street: Street, unit: str) -> Task:
    query = select(Task).where(Task.unit == unit).order_by(Task.called_at.desc())  # type: ignore[attr-defined]
    found = street.session.exec(query).first()
    assert found is not None
    street.session.refresh(found)
    return found


def run_for(street: Street, **amount: float) -> None:
    end = street.now + timedelta(**amount)
    while (at := next_at(street.session)) is not None and at <= end:
        street.now = max(at, street.now)
        sweep(street.session, street.now)
        street.session.flush()
    street.now = end


def look_on_the_spot(street: Street) -> None:
    """Somebody else of the community looks, as the kind demands, before the reporter is asked."""
    case = street.case()
    assert case.state == "checking"
    assert case.owner is not None
    data_ = data("check", DISTRICT, case.id, case.version)
    name = next(name for name, each in street.staff.items() if each.id == case.owner)
    street.press_data(name, data_, private=True)
    assert street.case().state == "done"


def last(street: Street, name: str) -> str:
    return street.texts(name)[-1]


def test_the_charging_shed(session: Session) -> None:
    """DOMAIN's story: five units, one of them by telephone, three circles, up and down again."""
    street = town(session)
    # workers see cables hung from windows; the community can't settle it
    case = risen_case(street)
    promised = case.due_at
    assert (case.circle, case.state, case.kind) == ("small", "filed", "PS05")
    # the street leads, with urban management, police and the property manager
    blow(
        street,
        "钱站长",
        "城管中队",
        "派出所",
        "快乐物业",
        words="周五前一起上门劝拆飞线",
        due="3 个工作日",
    )
    case = street.case()
    assert (case.state, case.waits_for, case.owner, case.owner_unit) == (
        "waiting", "task", None, STREET,
    )  # fmt: skip
    for name in ("城管小韩", "民警老秦", "物业陈工"):
        assert "周五前一起上门劝拆飞线" in last(street, name)
        assert "王阿姨" not in " ".join(street.texts(name))
        street.press(name, "接下", private=True)
    assert "几家单位一起办" in street.texts(GROUP_CHAT)[-1]
    for name, words in (
        ("民警老秦", "上门 12 户，都劝拆了"),
        ("物业陈工", "楼道插座断电"),
        ("城管小韩", "没地方充电，拆了还会拉"),
    ):
        street.press(name, "办好了", private=True)
        if name != "城管小韩":
            street.say(name, words, private=True)
    street.say("城管小韩", "没地方充电，拆了还会拉，得建棚子", private=True)  # no photo: not done
    assert task_of(street, URBAN).state == "accepted"
    # a shed needs land and a contractor: up to the district
    street.press("钱站长", "🔼 上报上一级", private=True)
    street.press("钱站长", "需要用地、规划", private=True)
    case = street.case()
    assert (case.circle, case.state, case.owner_unit) == ("big", "filed", DISTRICT)
    # the commerce bureau and the city's natural-resources bureau are called in
    blow(
        street, "何区长", "区商务局", "市规划资源局", words="建一个停两百辆车的充电棚", due="30 天"
    )
    assert {task.unit for task in units.tasks_of(session, street.case())} == {
        URBAN, POLICE, PROPERTY, COMMERCE, LAND,
    }  # fmt: skip
    land = task_of(street, LAND)
    assert (land.state, land.keeper) == ("called", street.key("何区长"))
    assert "只能打电话" in last(street, "何区长")
    street.press("何区长", "📞 电话", private=True)
    street.press("何区长", "📝 记一笔", private=True)
    street.say("何区长", "规划局刘科：这块是绿地，可以调，先报图", private=True)
    street.press("何区长", "#️⃣ 对方编号", private=True)
    street.say("何区长", "GH-2026-118", private=True)
    assert task_of(street, LAND).reference == "GH-2026-118"
    noted = session.exec(select(CaseEvent).where(CaseEvent.verb == "task_note")).all()
    assert noted[0].personal == {"who": "规划局刘科", "text": "这块是绿地，可以调，先报图"}
    street.press_data("何区长", data("t_accept", DISTRICT, land.id, 1), private=True)
    street.press("商务局小叶", "接下", private=True)
    street.press_data("何区长", data("t_done", DISTRICT, land.id, 2), private=True)
    street.say("何区长", "规划局刘科：批了", private=True)
    assert task_of(street, LAND).state == "done"
    # the shed for 200 bikes stands; workers keep watch for new cables
    street.press("何区长", "🔽 交办下一级", private=True)
    street.say("何区长", "棚子这周建好，请十五位网格员每天看两次", private=True)
    street.press("钱站长", "🔽 交办下一级", private=True)
    street.say("钱站长", "十五位网格员每天看两次，见到飞线就劝", private=True)
    assert "📌 十五位网格员每天看两次" in " ".join(street.texts("孙主任"))
    street.press("孙主任", "派给…", private=True)
    street.press("孙主任", "李强", private=True)
    street.press("李强", "接单", private=True)
    assert "📌 十五位网格员每天看两次" in last(street, "李强")
    street.press("李强", "办好了", private=True)
    street.say("李强", private=True, files=(photo("early"),))
    assert street.case().state == "taken"  # units are still at it: nothing closes over their heads
    street.press_data(
        "商务局小叶", data("t_done", DISTRICT, task_of(street, COMMERCE).id, 2), private=True
    )
    street.say("商务局小叶", "棚子建好了，两百个车位", private=True, files=(photo("shed"),))
    urban = task_of(street, URBAN)
    street.press_data("城管小韩", data("t_done", DISTRICT, urban.id, urban.version), private=True)
    street.say("城管小韩", "都搬进棚子了", private=True, files=(photo("gone"),))
    assert {each.state for each in units.tasks_of(session, street.case())} == {"done"}
    # closed, published, revisited
    street.press_data("李强", data("done", DISTRICT, case.id, street.case().version), private=True)
    street.press("李强", "没有人脸和车牌", private=True)
    look_on_the_spot(street)
    street.press("王阿姨", "解决了")
    case = street.case()
    assert (case.state, case.closing, case.due_at) == ("closed", "settled", promised)
    verbs = history(street)
    assert (verbs.count("rise"), verbs.count("whistle"), verbs.count("descend")) == (2, 2, 2)
    assert verbs.count("task_call") == 5
    assert any(row.payload.get("photos") for row in street.rows(GROUP_CHAT))


def test_a_fire_bureau_that_never_opened_the_chat_still_has_a_dated_task_a_person_and_a_colour(
    session: Session,
) -> None:
    street = town(session)
    street.hire("消防小赵", "department", FIRE, "305")
    street.staff["消防小赵"].reachable = False
    risen_case(street)
    blow(street, "钱站长", "消防救援", words="查消防通道", due="1 个工作日")
    task = task_of(street, FIRE)
    keeper = units.keeper_of(session, task, street.case())
    assert task.due_at > street.now
    assert keeper is not None
    assert keeper.id == street.key("钱站长")
    assert task_colour(units.task_facts(task), street.now) == "green"
    assert "还没有人在这里，由钱站长电话联系" in " ".join(street.texts("钱站长"))
    run_for(street, days=2)
    task = task_of(street, FIRE)
    assert task_colour(units.task_facts(task), street.now) == "red"
    told = " ".join(street.texts("钱站长"))
    assert "请打个电话，记下谁怎么说" in told
    assert "消防救援那份超时了" in told
    # the person at the desk goes: somebody else of the desk has it
    street.staff["钱站长"].reachable = False
    session.flush()
    run_for(street, days=4)  # over a weekend
    assert task_of(street, FIRE).keeper == street.key("吴医生")


def test_the_case_is_done_when_the_lead_says_so_and_nobody_is_still_at_it(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", "派出所", words="拆飞线", due="3 个工作日")
    street.press("城管小韩", "办好了", private=True)
    street.say("城管小韩", "拆了", private=True, files=(photo("gone"),))
    assert street.case().state == "waiting"
    street.press("民警老秦", "办好了", private=True)
    street.say("民警老秦", "劝好了", private=True)
    case = street.case()
    assert (case.state, case.waits_for, case.done_by) == ("checking", None, street.key("民警老秦"))
    look_on_the_spot(street)
    street.press("王阿姨", "还没有")
    case = street.case()
    assert (case.state, case.owner, case.owner_unit) == ("reopened", None, STREET)


def test_not_ours_gives_the_case_back_to_the_desk_with_the_reason(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "派出所", words="拆飞线", due="3 个工作日")
    street.press("民警老秦", "不归我们", private=True)
    street.press("民警老秦", "该找另一家单位", private=True)
    assert task_of(street, POLICE).state == "not_ours"
    case = street.case()
    assert (case.state, case.owner, case.owner_unit) == ("filed", None, STREET)
    assert "该找另一家单位" in " ".join(street.texts("钱站长"))
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    assert street.case().lead_unit == URBAN


def test_a_unit_asks_for_time_and_the_desk_says_yes(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    due = task_of(street, URBAN).due_at
    street.press("城管小韩", "要时间", private=True)
    street.press("城管小韩", "延 1 个工作日", private=True)
    assert task_of(street, URBAN).due_at == due
    assert "城管中队想延到" in last(street, "钱站长")
    street.press("钱站长", "同意", private=True)  # in the notice itself
    assert task_of(street, URBAN).due_at > due
    assert "同意延到" in " ".join(street.texts("城管小韩"))


def test_a_desk_refuses_more_time_in_one_tap_too(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    due = task_of(street, URBAN).due_at
    street.press("城管小韩", "要时间", private=True)
    street.press("城管小韩", "延 1 个工作日", private=True)
    street.press("钱站长", "不同意", private=True)
    task = task_of(street, URBAN)
    assert (task.due_at, task.asked_until) == (due, None)
    assert "不能延" in " ".join(street.texts("城管小韩"))


def test_the_answer_to_a_units_wish_is_to_the_time_that_was_read(session: Session) -> None:
    """It may have asked for another since; that it has accepted meanwhile changes nothing."""
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    due = task_of(street, URBAN).due_at
    wishes = []
    for days in ("延 1 个工作日", "延 3 个工作日"):
        street.press("城管小韩", "要时间", private=True)
        street.press("城管小韩", days, private=True)
        wishes.append(street.button(ADDRESSES["钱站长"], "同意"))
    street.press("城管小韩", "接下", private=True)
    refused = street.press_data("钱站长", wishes[0], private=True)
    assert refused is not None
    assert "新进展" in refused.text
    assert task_of(street, URBAN).due_at == due
    street.press_data("钱站长", wishes[1], private=True)
    assert task_of(street, URBAN).due_at > due
    again = street.press_data("钱站长", wishes[1], private=True)
    assert again is not None
    assert "已经答复过" in again.text


def test_a_unit_that_was_ticked_can_be_unticked_until_the_whistle_is_blown(
    session: Session,
) -> None:
    """Also the one that leads, also after the words and the deadline, which aren't asked again."""
    street = town(session)
    risen_case(street)
    steps = ("📣 吹哨", "城管中队", "派出所", "快乐物业", "派出所", "够了，往下 ›")
    for label in (*steps, "请按职责到现场处理", "3 个工作日"):
        street.press("钱站长", label, private=True)
    assert "派出所" not in last(street, "钱站长")
    for label in ("‹ 改单位", "城管中队（牵头）", "快乐物业", "派出所", "够了，往下 ›"):
        street.press("钱站长", label, private=True)
    preview = last(street, "钱站长")
    assert "请按职责到现场处理" in preview
    assert "城管中队" not in preview
    street.press("钱站长", "📣 发出", private=True)
    called = {task.unit: task.part for task in session.exec(select(Task))}
    assert called == {PROPERTY: "lead", POLICE: "assist"}


def test_no_whistle_is_blown_with_everybody_unticked(session: Session) -> None:
    street = town(session)
    risen_case(street)
    for label in ("📣 吹哨", "城管中队", "够了，往下 ›", "请按职责到现场处理", "3 个工作日"):
        street.press("钱站长", label, private=True)
    send = street.button(ADDRESSES["钱站长"], "📣 发出")
    for label in ("‹ 改单位", "城管中队（牵头）"):
        street.press("钱站长", label, private=True)
    street.press_data("钱站长", send, private=True)
    assert session.exec(select(Task)).all() == []


def test_words_for_one_unit_are_left_without_a_word(session: Session) -> None:
    street = town(session)
    risen_case(street)
    for label in ("📣 吹哨", "城管中队", "够了，往下 ›", "请按职责到现场处理", "3 个工作日"):
        street.press("钱站长", label, private=True)
    for label in ("✏️ 城管中队", "返回", "📣 发出"):
        street.press("钱站长", label, private=True)
    assert task_of(street, URBAN).words == "请按职责到现场处理"


def test_each_unit_may_have_words_and_a_deadline_of_its_own(session: Session) -> None:
    street = town(session)
    risen_case(street)
    street.press("钱站长", "📣 吹哨", private=True)
    street.press("钱站长", "城管中队", private=True)
    street.press("钱站长", "派出所", private=True)
    street.press("钱站长", "够了，往下 ›", private=True)
    street.press("钱站长", "请按职责到现场处理", private=True)
    street.press("钱站长", "3 个工作日", private=True)
    street.press("钱站长", "✏️ 派出所", private=True)
    street.say("钱站长", "请派两位民警维持秩序", private=True)
    street.press("钱站长", "4 个工作时", private=True)
    assert session.exec(select(Task)).all() == []  # nothing is sent before the last tap
    street.press("钱站长", "📣 发出", private=True)
    urban, police = task_of(street, URBAN), task_of(street, POLICE)
    assert (urban.words, police.words) == ("请按职责到现场处理", "请派两位民警维持秩序")
    assert police.due_at < urban.due_at


def test_a_unit_that_no_longer_exists_is_said_in_a_sentence_and_loses_nothing(
    session: Session,
) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    unit = session.get_one(Unit, (DISTRICT, URBAN))
    unit.ends_on, unit.successor = street.now.date(), POLICE
    session.flush()
    assert "已撤并。现在找：派出所" in _desk_card(street, URBAN)
    assert task_of(street, URBAN).state == "called"
    with pytest.raises(Exception, match="unit_ended") as refused:
        units.unit_by_id(session, DISTRICT, unit.id, street.now)
    assert refused.value.facts == {"name": "城管中队", "next": "派出所"}  # type: ignore[attr-defined]


def _desk_card(street: Street, unit: str) -> str:
    street.press_data("钱站长", data("t_open", DISTRICT, task_of(street, unit).id), private=True)
    return last(street, "钱站长")


@pytest.mark.parametrize("name", ["李强", "孙主任", "王阿姨", "民警老秦", "商务局小叶"])
def test_who_has_no_part_in_a_task_sees_and_does_nothing(session: Session, name: str) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线的秘密", due="3 个工作日")
    task = task_of(street, URBAN)
    for verb in ("t_open", "t_accept", "t_done", "t_note", "t_off", "t_ring", "t_menu"):
        answer = street.press_data(name, data(verb, DISTRICT, task.id, 1), private=True)
        assert answer is not None
        assert "没有这份任务" in answer.text
    assert task_of(street, URBAN).state == "called"
    assert "拆飞线的秘密" not in " ".join(street.texts(name))


def test_two_presses_of_one_button_answer_once(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    accept = street.button(ADDRESSES["城管小韩"], "接下")
    street.press_data("城管小韩", accept, private=True)
    again = street.press_data("城管小韩", accept, private=True)
    assert again is not None
    assert "新进展" in again.text


def test_what_a_task_said_is_erased_with_its_case(session: Session) -> None:
    from services.retention import erase_case

    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="找王阿姨家", due="3 个工作日")
    erase_case(session, street.case(), street.now, place=True)
    session.flush()
    assert task_of(street, URBAN).words == ""
    assert "王阿姨家" not in str([each.personal for each in session.exec(select(CaseEvent))])


def test_units_stop_when_the_matter_has_ended_another_way(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    case = street.case()
    street.press_data("王阿姨", data("withdraw", DISTRICT, case.id, case.version), private=False)
    assert street.case().state == "withdrawn"
    run_for(street, minutes=1)
    assert task_of(street, URBAN).state == "called_off"
    assert "不用办了" in " ".join(street.texts("城管小韩"))


def test_a_unit_is_called_once_for_a_case(session: Session) -> None:
    street = town(session)
    case = risen_case(street)
    blow(street, "钱站长", "城管中队", words="拆飞线", due="3 个工作日")
    person = session.get_one(Person, (DISTRICT, street.key("钱站长")))
    unit = session.get_one(Unit, (DISTRICT, URBAN))
    again = tasks.Order(unit.id, "assist", "再拆", street.now + timedelta(days=1))
    with pytest.raises(Exception, match="unit_called"):
        tasks.call(session, person, case.id, [again], street.now)
