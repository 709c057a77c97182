"""Of what the auditor needs to tell nobody, since somebody has a notice of just that."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from models import Outbox, Posted
from services import auditing, trouble
from services.outbox import Address
from tests.people import ADDRESSES, BOT, GROUP_CHAT, WEDNESDAY, Street, peopled
from tests.services.test_trouble import dies, failed_update, reported, row_of


def untold(street: Street) -> set[str]:
    """What nobody was told of, by its id; all that is wrong is still found."""
    street.session.flush()
    found = auditing.look(street.session, street.now, street.now)
    wrong = [each for each in found if each.code in ("message_dead", "update_failed")]
    assert wrong
    return {each.ref for each in wrong if not each.told}


def end(street: Street, state: str, *where: object) -> None:
    statement = update(Outbox).where(*where).values(state=state)
    street.session.execute(statement.execution_options(synchronize_session=False))
    street.session.expire_all()


def deliver(street: Street, card: str) -> None:
    """As bot/deliver leaves it: sent, and standing in its chat."""
    street.session.flush()
    for row in street.session.exec(select(Outbox).where(Outbox.card == card)):
        row.state = "sent"
        place = {"bot": row.bot, "chat": row.chat, "card": card}
        street.session.add(Posted(**place, message="1", posted_at=street.now))


def dead_row(street: Street, error: str = "BadRequest: x") -> Outbox:
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    dies(street, row, error)
    return row


@pytest.mark.parametrize("delivered", [False, True])
def test_a_dead_message_is_told_by_the_desks_notice_alone(session: Session, delivered: bool):
    street = peopled(session)
    row = dead_row(street)
    if delivered:
        deliver(street, f"dead:{row.id}")
    assert untold(street) == set()


def test_a_dead_message_whose_notice_died_too_was_told_to_nobody(session: Session):
    street = peopled(session)
    row = dead_row(street)
    notice = street.rows(ADDRESSES["孙主任"])[-1]
    dies(street, notice, "Forbidden: bot was blocked by the user")
    # the notice is no matter of its own
    assert untold(street) == {str(row.id)}


def test_a_dead_message_is_told_to_nobody_if_nobody_can_be_reached(session: Session):
    street = peopled(session)
    reported(street)
    for person in street.staff.values():
        person.reachable = False
    row = row_of(street, GROUP_CHAT)
    dies(street, row, "BadRequest: x")
    assert untold(street) == {str(row.id)}


def test_a_blocked_workers_card_went_to_the_next_in_line_and_needs_no_word(session: Session):
    street = peopled(session)
    dead_row(street, "Forbidden: bot was blocked by the user")
    assert untold(street) == set()


def test_a_message_that_belongs_to_no_district_has_no_notice(session: Session):
    street = peopled(session)
    street.session.add(Outbox(bot=BOT.bot, chat="5", made_at=street.now, state="dead", error="x"))
    assert len(untold(street)) == 1


def test_a_flood_is_told_by_one_line_an_hour_and_the_next_flood_by_another(session: Session):
    street = peopled(session)
    reported(street)
    values = row_of(street, ADDRESSES["李强"]).model_dump(exclude={"id", "card", "dedupe"})
    for hour in (0, 2):
        street.now = WEDNESDAY + timedelta(hours=hour)
        for n in range(trouble.MOST_AN_HOUR + 3):
            row = Outbox(**values | {"dedupe": f"x{hour}.{n}"})
            street.session.add(row)
            dies(street, row, "BadRequest: x")
        assert untold(street) == set()
    lines = [row.card for row in street.rows(ADDRESSES["孙主任"]) if "more" in (row.card or "")]
    assert len(lines) == len(set(lines)) == 2
    end(street, "dead", col(Outbox.card) == lines[0])
    assert len(untold(street)) == 3


def test_what_is_sent_again_forgets_who_was_told(session: Session):
    street = peopled(session)
    reported(street)
    row = row_of(street, ADDRESSES["李强"])
    row.card = None
    dies(street, row, "BadRequest: x")
    assert trouble.told_of(row)
    trouble.send_again(session, street.staff["孙主任"], row.bot, row.id, street.now)
    assert not trouble.told_of(row)
    assert "text" in row.payload


def given_up(street: Street) -> UUID:
    row = failed_update(street.session)
    at = Address(BOT.bot, GROUP_CHAT)
    trouble.tell_given_up(street.session, at, row.id, "Boom", WEDNESDAY)
    return row.id


@pytest.mark.parametrize("state", ["pending", "sent"])
def test_a_given_up_update_is_told_by_its_notice_alone(session: Session, state: str):
    street = peopled(session)
    given_up(street)
    street.session.flush()
    end(street, state, col(Outbox.dedupe).startswith("given_up:"))
    assert untold(street) == set()


def test_a_given_up_update_whose_notice_died_or_was_never_made_was_told_to_nobody(
    session: Session,
):
    street = peopled(session)
    key = given_up(street)
    street.session.flush()
    end(street, "dead", col(Outbox.dedupe).startswith("given_up:"))
    assert str(key) in untold(street)


def test_another_bots_notice_of_the_same_error_tells_nothing_of_this_one(session: Session):
    street = peopled(session)
    row = failed_update(street.session)
    trouble.tell_given_up(street.session, Address("888", GROUP_CHAT), row.id, "Boom", WEDNESDAY)
    assert untold(street) == {str(row.id)}
