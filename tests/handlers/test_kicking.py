"""No kicking: a unit hands a case back once, the second hand-back brings a word that binds."""

from datetime import timedelta

from sqlmodel import Session

from handlers.turn import Answer
from services.buttons import key22
from services.returning import bounces
from services.texts import plain
from tests.handlers.test_clock import run_until
from tests.people import ADDRESSES, COMMUNITY, DISTRICT, GRID, STREET, Street, peopled

PROPERTY = f"{STREET}:property"


def begin(session: Session) -> Street:
    """The street with a leader of the community and the property manager; a lamp is reported."""
    made = peopled(session)
    for name, role, unit, address in (
        ("何姐", "leader", COMMUNITY, "120"),
        ("物业小马", "department", PROPERTY, "121"),
    ):
        ADDRESSES.setdefault(name, address)
        made.hire(name, role, unit, address)
    session.flush()
    made.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    return made


def hand_back(street: Street, name: str, reason: str = "not_my_kind") -> Answer | None:
    case = street.case()
    data = f"hand_back~{DISTRICT}~{key(street)}~{case.version}~{reason}"
    return street.press_data(name, data, private=True)


def key(street: Street) -> str:
    return key22(street.case().id)


def press(street: Street, name: str, verb: str, arg: str = "") -> Answer | None:
    data = f"{verb}~{DISTRICT}~{key(street)}~{street.case().version}~{arg}"
    return street.press_data(name, data.rstrip("~"), private=True)


def assign(street: Street, by: str, whom: str, verb: str = "assign") -> Answer | None:
    return press(street, by, verb, key22(street.key(whom)))


def handed_back_twice(street: Street) -> None:
    """By the grid, and by the leader of the community whom the desk had given it to."""
    hand_back(street, "李强", "not_my_grid")
    assign(street, "孙主任", "何姐")
    hand_back(street, "何姐", "no_authority")


def test_the_first_goes_to_the_desk_that_dispatches(session: Session) -> None:
    street = begin(session)
    hand_back(street, "李强")
    case = street.case()
    assert (case.owner, case.owner_unit, case.hand_backs) == (None, COMMUNITY, 1)
    assert case.returned_by == [GRID]
    assert any(case.number in text and "退回" in text for text in street.texts("孙主任"))


def test_the_desk_that_received_it_gives_it_away_and_handles_nothing(
    session: Session,
) -> None:
    street = begin(session)
    hand_back(street, "李强")
    refused = press(street, "孙主任", "take")
    assert refused is not None
    assert refused.text == plain("refused.only_dispatch")
    assert street.case().state == "dispatched"
    assert "接单" not in newest(street, "孙主任")
    assign(street, "孙主任", "赵敏")
    assert press(street, "孙主任", "take") == Answer(plain("refused.only_dispatch"), alert=True)
    press(street, "赵敏", "take")
    case = street.case()
    assert (case.state, case.owner, case.returned_to) == ("taken", street.key("赵敏"), None)


def newest(street: Street, name: str) -> list[str]:
    row = next(each for each in reversed(street.rows(ADDRESSES[name])) if each.card)
    return [button["label"] for line in row.payload["buttons"] for button in line]


def test_it_refuses_a_second_hand_back_by_the_same_unit(session: Session) -> None:
    street = begin(session)
    hand_back(street, "李强")
    assign(street, "孙主任", "赵敏")
    refused = hand_back(street, "赵敏")
    assert refused is not None
    assert "快乐一网格" in refused.text
    assert (street.case().owner, street.case().hand_backs) == (street.key("赵敏"), 1)


def test_it_refuses_a_hand_back_without_a_reason_from_the_list(session: Session) -> None:
    street = begin(session)
    refused = hand_back(street, "李强", "because")
    assert refused is not None
    assert refused.text == plain("refused.reason_missing")


def test_the_second_goes_to_the_desk_above_both_units(session: Session) -> None:
    street = begin(session)
    handed_back_twice(street)
    case = street.case()
    assert (case.arbiter, case.owner, case.owner_unit) == (STREET, None, STREET)
    assert case.returned_by == [GRID, COMMUNITY]
    assert any("裁定" in text for text in street.texts("钱站长"))


def test_until_then_the_desk_below_can_only_wait(session: Session) -> None:
    street = begin(session)
    handed_back_twice(street)
    refused = assign(street, "孙主任", "赵敏")
    assert refused is not None
    assert "快乐街道" in refused.text
    assert assign(street, "孙主任", "赵敏", "decide") is not None
    assert street.case().bound_unit is None


def test_the_word_binds_and_the_refusal_names_it(session: Session) -> None:
    street = begin(session)
    handed_back_twice(street)
    press(street, "钱站长", "decide", PROPERTY)
    case = street.case()
    assert (case.owner, case.bound_unit) == (street.key("物业小马"), PROPERTY)
    assert case.bound_by == street.key("钱站长")
    refused = hand_back(street, "物业小马")
    assert refused is not None
    assert "钱站长" in refused.text
    assert "裁定" in refused.text
    assert street.case().owner == street.key("物业小马")


def test_the_word_is_shown_to_the_units_concerned(session: Session) -> None:
    street = begin(session)
    handed_back_twice(street)
    press(street, "钱站长", "decide", PROPERTY)
    for name in ("李强", "何姐", "物业小马"):
        assert any("钱站长" in text and "裁定" in text for text in street.texts(name)), name


def test_a_desk_below_moves_it_within_the_bound_unit_only(session: Session) -> None:
    street = begin(session)
    handed_back_twice(street)
    assign(street, "钱站长", "赵敏", "decide")
    assert (street.case().owner, street.case().bound_unit) == (street.key("赵敏"), GRID)
    assert assign(street, "孙主任", "何姐") is not None
    assert street.case().owner == street.key("赵敏")
    assign(street, "孙主任", "李强")
    assert street.case().owner == street.key("李强")


def test_what_nobody_of_the_bound_unit_takes_comes_back_to_who_decided(session: Session) -> None:
    street = begin(session)
    handed_back_twice(street)
    press(street, "钱站长", "decide", PROPERTY)
    run_until(street, minutes=40)
    case = street.case()
    assert (case.owner, case.owner_unit, case.state) == (None, STREET, "dispatched")
    run_until(street, days=4)
    assert street.case().owner_unit == STREET


def test_what_was_handed_back_waits_at_the_desk_and_goes_round_no_more(session: Session) -> None:
    street = begin(session)
    hand_back(street, "李强")
    run_until(street, days=1)
    case = street.case()
    assert (case.owner, case.owner_unit, case.state) == (None, COMMUNITY, "dispatched")
    assert case.next_at is not None


def test_what_endangers_somebody_waits_for_no_desk(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "8号楼1单元家里煤气味很大", command="report")
    first = street.case().owner
    name = next(name for name, person in street.staff.items() if person.id == first)
    hand_back(street, name)
    press(street, "孙主任", "take")
    assert (street.case().state, street.case().owner) == ("taken", street.key("孙主任"))


def test_bounces_are_counted_by_unit_from_history_and_shown_to_the_desk(
    session: Session,
) -> None:
    street = begin(session)
    handed_back_twice(street)
    day = timedelta(days=1)
    counted = bounces(street.session, DISTRICT, street.now - day, street.now + day)
    assert counted == {GRID: 1, COMMUNITY: 1}
    assert bounces(street.session, DISTRICT, street.now - day, street.now + day, GRID) == {GRID: 1}
    assert bounces(street.session, DISTRICT, street.now + day, street.now + 2 * day) == {}
    shown = [text for text in street.texts("孙主任") if "快乐一网格退回" in text]
    assert shown
    assert not [text for text in street.texts("何姐") if "快乐一网格退回" in text]
