"""What never arrived is told to who answers for it, and they can do something about it."""

from dataclasses import fields
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from domain.refused import Refused
from models import Inbox, Lane, Outbox, inbox, outgoing
from models.inbox import Arrived
from models.outgoing import Outcome, Parcel
from services import binding, enrolment, people, trouble
from services.equipment import equipment
from services.outbox import Address, addressed
from services.texts import plain
from tests.people import ADDRESSES, BOT, DISTRICT, GRID, GROUP_CHAT, WEDNESDAY, Street, peopled

AGAIN, LET_BE = plain("btn.send_again"), plain("btn.let_be")


def row_of(street: Street, chat: str, act: str = "card") -> Outbox:
    rows = [row for row in street.rows(chat) if row.act == act]
    return rows[-1]


def dies(street: Street, row: Outbox, error: str) -> None:
    """What bot/deliver does with a row that can't be delivered."""
    street.session.flush()
    names = (each.name for each in fields(Parcel) if each.name in type(row).model_fields)
    parcel = Parcel(**{name: getattr(row, name) for name in names})
    outgoing.settle(street.session, row.bot, [Outcome(parcel, "dead", error=error)], street.now)
    street.session.expire_all()
    trouble.tell_dead(street.session, row.bot, [row.id], street.now)


def reported(street: Street) -> str:
    street.say("王阿姨", "3号楼灯坏了", command="report")
    return street.case().number


def desk_says(street: Street) -> list[str]:
    return [text for text in street.texts("孙主任") if "📭" in text]


def test_the_desk_learns_to_whom_about_what_and_why(session: Session):
    street = peopled(session)
    number = reported(street)
    dies(street, row_of(street, ADDRESSES["李强"]), "BadRequest: something odd")
    (said,) = desk_says(street)
    assert number in said
    assert "李强" in said
    assert "something odd" in said
    assert "灯坏了" not in said


def test_a_resident_stays_nameless(session: Session):
    street = peopled(session)
    number = reported(street)
    dies(street, row_of(street, GROUP_CHAT), "BadRequest: not enough rights to send text messages")
    (said,) = desk_says(street)
    assert number in said
    assert street.group.title in said
    assert plain("trouble.why_rights") in said
    assert "王阿姨" not in said


def test_send_again_shows_the_case_as_it_stands_now(session: Session):
    street = peopled(session)
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    dies(street, row, "BadRequest: x")
    street.press("孙主任", AGAIN, private=True)
    street.session.expire_all()
    assert row.state == "dropped"
    fresh = row_of(street, ADDRESSES["李强"])
    assert (fresh.state, fresh.card) == ("pending", row.card)
    (said,) = desk_says(street)
    assert "孙主任" in said.splitlines()[-1]
    assert AGAIN not in street.labels(ADDRESSES["孙主任"])


def test_a_sentence_is_sent_again_as_it_was(session: Session):
    street = peopled(session)
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    row.card = None
    dies(street, row, "BadRequest: x")
    street.press("孙主任", AGAIN, private=True)
    street.session.expire_all()
    assert (row.state, row.tries, row.error) == ("pending", 0, None)
    assert row.bot in addressed(session)


def test_let_be_ends_it_and_a_second_press_is_told_so(session: Session):
    street = peopled(session)
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    dies(street, row, "BadRequest: x")
    data = street.button(ADDRESSES["孙主任"], LET_BE)
    street.press_data("孙主任", data, private=True)
    street.session.expire_all()
    assert row.state == "dropped"
    answer = street.press_data("孙主任", data, private=True)
    assert answer is not None
    assert answer.text == plain("refused.dead_gone")


@pytest.mark.parametrize("name", ["李强", "王阿姨", "郑工"])
def test_only_the_desk_may_settle_it(session: Session, name: str):
    street = peopled(session)
    reported(street)
    dies(street, row_of(street, ADDRESSES["李强"]), "BadRequest: x")
    data = street.button(ADDRESSES["孙主任"], AGAIN)
    answer = street.press_data(name, data, private=True)
    assert answer is not None
    assert answer.text == plain("refused.not_yours_to_administer")


def test_what_went_to_the_next_in_line_is_not_told_twice(session: Session):
    street = peopled(session)
    reported(street)
    dies(street, row_of(street, ADDRESSES["李强"]), "Forbidden: bot was blocked by the user")
    assert desk_says(street) == []


def test_nobody_at_the_desk_hears_of_a_named_matter(session: Session):
    street = peopled(session)
    street.say("王阿姨", "我老公又打我了，救命", command="report")
    case = street.case()
    assert case.reach == "named"
    for row in [each for each in street.rows(ADDRESSES["吴医生"]) if each.case == case.id]:
        dies(street, row, "BadRequest: x")
    for name in ("孙主任", "钱站长", "冯管理", "李强"):
        assert not any("📭" in text for text in street.texts(name))


def test_a_notice_that_dies_makes_no_notice(session: Session):
    street = peopled(session)
    reported(street)
    dies(street, row_of(street, ADDRESSES["李强"]), "BadRequest: x")
    dies(street, row_of(street, ADDRESSES["孙主任"]), "BadRequest: x")
    assert len(desk_says(street)) == 1
    assert not any("📭" in text for text in street.texts("冯管理"))


def test_many_at_once_become_one_line_and_a_list(session: Session):
    street = peopled(session)
    reported(street)
    first = row_of(street, ADDRESSES["李强"])
    values = first.model_dump(exclude={"id", "card", "dedupe"})
    for n in range(trouble.MOST_AN_HOUR + 5):
        row = Outbox(**values | {"dedupe": f"x{n}"})
        street.session.add(row)
        street.session.flush()
        dies(street, row, "BadRequest: x")
    said = desk_says(street)
    assert len(said) == trouble.MOST_AN_HOUR + 1
    assert "/undelivered" in said[-1]
    street.say("孙主任", command="undelivered", private=True)
    listed = street.texts("孙主任")[-1].splitlines()
    assert len(listed) == trouble.LISTED + 1
    street.say("李强", command="undelivered", private=True)
    assert street.texts("李强")[-1] == plain("trouble.none")


def test_who_cannot_be_reached_yet_is_said(session: Session):
    street = peopled(session)
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    dies(street, row, "BadRequest: x")
    street.staff["李强"].reachable = False
    with pytest.raises(Refused, match="dead_unreachable"):
        trouble.send_again(street.session, street.staff["孙主任"], row.bot, row.id, street.now)


def test_who_uses_another_bot_now_is_sent_it_there(session: Session):
    street = peopled(session)
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    row.card = None
    dies(street, row, "BadRequest: x")
    street.staff["李强"].bot = "888"
    trouble.send_again(street.session, street.staff["孙主任"], row.bot, row.id, street.now)
    moved = [each for each in street.rows(ADDRESSES["李强"]) if each.bot == "888"]
    assert [each.state for each in moved] == ["pending"]
    assert row.state == "dropped"


def failed_update(session: Session) -> Inbox:
    inbox.store(session, BOT.bot, [Arrived(1, GROUP_CHAT, {})], WEDNESDAY, WEDNESDAY)
    row = session.exec(select(Inbox)).one()
    for _ in range(inbox.TRIES):
        inbox.fail(session, BOT.bot, row.id, "Boom", WEDNESDAY)
    session.exec(select(Lane)).one()
    session.expire_all()
    return row


def test_an_administrator_hears_once_an_hour_of_an_error_and_can_have_it_tried_again(
    session: Session,
):
    street = peopled(session)
    row = failed_update(street.session)
    at = Address(BOT.bot, GROUP_CHAT)
    for _ in range(3):
        trouble.tell_given_up(street.session, at, row.id, "Boom", street.now)
    (said,) = street.texts("冯管理")
    assert "Boom" in said
    assert inbox.number_of(row.id) in said
    later = street.now + timedelta(hours=1)
    trouble.tell_given_up(street.session, at, row.id, "Boom", later)
    assert len(street.texts("冯管理")) == 2
    data = street.button(ADDRESSES["冯管理"], plain("btn.retry"))
    refused = street.press_data("李强", data, private=True)
    assert refused is not None
    assert refused.text == plain("refused.not_yours_to_administer")
    street.press_data("冯管理", data, private=True)
    street.session.expire_all()
    assert (row.state, row.tries) == ("new", 0)


def test_the_desk_hears_that_a_group_has_put_the_bot_out(session: Session):
    street = peopled(session)
    at = Address(BOT.bot, GROUP_CHAT)
    for _ in range(2):
        binding.bot_removed(street.session, at, street.now)
    told = [text for text in street.texts("孙主任") if street.group.title in text]
    assert len(told) == 1
    assert street.group.ended_at == street.now
    assert street.group.district == DISTRICT


def test_a_bot_of_another_district_knows_nobody_and_takes_no_code(session: Session):
    street = peopled(session)
    equipment(session).districts["888"] = "320106"
    here, there = street.staff["李强"], Address("888", ADDRESSES["李强"])
    found = people.person_by_address(session, "telegram", ADDRESSES["李强"], "777")
    assert [each.id for each in found] == [here.id]
    assert people.person_by_address(session, "telegram", ADDRESSES["李强"], "888") == []
    code = enrolment.invite(session, None, DISTRICT, here.id, street.now)
    refused = enrolment.enrol(session, code, there, street.now)
    assert isinstance(refused, Refused)
    assert refused.code == "bot_elsewhere"
    code = binding.make_code(session, None, GRID, "", street.now)
    group, by = Address("888", "-5"), Address("888", "5")
    bound = binding.bind(session, group, "群", code, by, street.now, group_admin=True)
    assert isinstance(bound, Refused)
    assert bound.code == "bot_elsewhere"
