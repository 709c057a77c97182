"""A group belongs to a grid by its administrator's one-time code; a strange one is left."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.refused import Refused
from models import Audit, BindCode, Group, Outbox, Posted, StrangeGroup
from services import binding, territory
from services.buttons import parse
from services.equipment import policy
from services.outbox import Address
from services.texts import LANGUAGES
from tests.services.lists import (
    BOT,
    COMMUNITY,
    DISTRICT,
    GRID,
    GRIDS,
    LATER,
    MALL,
    NOW,
    account,
    bound,
    bring,
    settle,
    who,
)

CHAT = Address(BOT, "-1")


def code_for(session: Session, grid: str = GRID, by: str = "a1", place: str = "") -> str:
    return binding.make_code(session, who(session, by), grid, place, NOW)


def bind(session: Session, code: str, admin: bool = True, user: str = "77") -> Group | Refused:
    return binding.bind(session, CHAT, "群", code, account(user), LATER, group_admin=admin)


def refused(found: Group | Refused) -> str:
    assert isinstance(found, Refused)
    return found.code


def queued(session: Session, act: str | None = None) -> list[Outbox]:
    found = session.exec(select(Outbox).order_by(Outbox.id)).all()  # type: ignore[arg-type]
    return [each for each in found if act in (None, each.act)]


def test_the_code_binds_the_group_to_its_grid_and_place(session: Session) -> None:
    settle(session)
    group = bound(session, place="快乐8号楼")
    assert (group.district, group.grid, group.place) == (DISTRICT, GRID, "快乐8号楼")
    found = territory.group_of(session, BOT, "-1")
    assert found is not None
    assert found.id == group.id
    assert territory.groups_of_grid(session, DISTRICT, GRID) == [group]


def test_the_card_is_posted_and_pinned_with_three_buttons_and_the_notice(session: Session) -> None:
    settle(session)
    bound(session)
    card, pin = queued(session)
    assert (card.act, card.card, pin.act, pin.payload["card"]) == ("card", "group", "pin", "group")
    assert "置顶" in pin.payload["otherwise"]
    data = [button["data"] for row in card.payload["buttons"] for button in row]
    assert [each.verb for each in map(parse, data) if each is not None] == ["report", "mine", "who"]
    assert "/privacy" in card.payload["text"]
    assert "快乐8号楼" in card.payload["text"]


def test_a_code_binds_once(session: Session) -> None:
    settle(session)
    code = code_for(session)
    assert isinstance(bind(session, code), Group)
    assert refused(bind(session, code)) == "code_used"


def test_a_code_is_kept_as_its_hash_and_ends_after_three_days(session: Session) -> None:
    settle(session)
    code = code_for(session)
    row = session.exec(select(BindCode)).one()
    assert code not in row.model_dump_json()
    late = NOW + timedelta(hours=policy(session).invite_hours)
    found = binding.bind(session, CHAT, "群", code, account("77"), late, group_admin=True)
    assert refused(found) == "code_expired"


def test_only_an_administrator_of_the_group_binds_it(session: Session) -> None:
    settle(session)
    code = code_for(session)
    assert refused(bind(session, code, admin=False)) == "not_group_admin"
    assert isinstance(bind(session, code), Group)


def test_wrong_codes_are_counted(session: Session) -> None:
    settle(session)
    code = code_for(session)
    for _ in range(policy(session).tries_per_hour):
        assert refused(bind(session, "b-guess")) == "code_unknown"
    assert refused(bind(session, code)) == "too_many_tries"
    assert isinstance(bind(session, code, user="78"), Group)


@pytest.mark.parametrize("actor", ["w1", "l1", "d1"])
def test_only_a_desk_or_admin_above_makes_codes(session: Session, actor: str) -> None:
    settle(session)
    with pytest.raises(Refused, match="not_yours_to_administer"):
        code_for(session, by=actor)


@pytest.mark.parametrize("actor", ["s1", "s2", "a1"])
def test_every_desk_above_makes_codes(session: Session, actor: str) -> None:
    settle(session)
    assert code_for(session, by=actor).startswith("b-")


def test_there_are_no_codes_for_what_is_no_grid_in_use(session: Session) -> None:
    settle(session)
    for unit in (COMMUNITY, "320116001001999", "nothing"):
        with pytest.raises(Refused, match="grid_unknown"):
            code_for(session, unit)


def test_a_code_for_a_grid_that_has_ended_binds_nothing(session: Session) -> None:
    settle(session)
    code = code_for(session)
    ended = GRIDS.replace("lon,lat", "ends_on,successors").replace("118.75,32.21", "2026-11-19,")
    bring(session, "grids", ended.replace("118.76,32.22", ","))
    assert refused(bind(session, code)) == "grid_unknown"


def test_a_group_may_move_to_another_grid(session: Session) -> None:
    settle(session)
    first = bound(session)
    second = bind(session, code_for(session, MALL))
    assert isinstance(second, Group)
    assert (second.id, second.grid) == (first.id, MALL)


def test_a_group_of_another_district_is_not_taken(session: Session) -> None:
    settle(session)
    elsewhere = Group(district="110101", grid="1", bot=BOT, chat="-1", bound_at=NOW)
    session.add(elsewhere)
    session.flush()
    code = code_for(session)
    assert refused(bind(session, code)) == "bound_elsewhere"
    assert session.exec(select(BindCode)).one().used_at is None


def test_the_card_is_edited_where_it_stands(session: Session) -> None:
    settle(session)
    group = bound(session)
    session.add(Posted(bot=BOT, chat="-1", card="group", message="9", posted_at=NOW))
    for row in queued(session):
        row.state = "sent"
    session.flush()
    binding.choose_language(session, group, "en", LATER)
    pending = [each for each in queued(session) if each.state == "pending"]
    assert [(each.act, each.card) for each in pending] == [("card", "group")]
    assert "Report" in pending[0].payload["buttons"][0][0]["label"]
    with pytest.raises(Refused, match="language_unknown"):
        binding.choose_language(session, group, "fr", LATER)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_fits_in_every_language(session: Session, language: str) -> None:
    settle(session)
    group = bound(session)
    group.language = language
    text = binding.card(session, group).text
    assert "{" not in text
    assert len(text) < 1024


def test_a_group_that_is_let_go_says_so_and_is_left(session: Session) -> None:
    settle(session)
    group = bound(session)
    binding.unbind(session, who(session, "s1"), group, LATER)
    assert territory.group_of(session, BOT, "-1") is None
    assert group.ended_at == LATER
    assert session.get(StrangeGroup, (BOT, "telegram", "-1")) is not None
    acts = session.exec(select(Audit.act)).all()
    assert "group_ended" in acts


def test_a_worker_cannot_let_a_group_go(session: Session) -> None:
    settle(session)
    group = bound(session)
    with pytest.raises(Refused, match="not_yours_to_administer"):
        binding.unbind(session, who(session, "w1"), group, LATER)


def test_when_the_bot_is_put_out_the_group_ends_and_may_be_bound_anew(session: Session) -> None:
    settle(session)
    group = bound(session)
    session.add(Posted(bot=BOT, chat="-1", card="group", message="9", posted_at=NOW))
    session.flush()
    binding.bot_removed(session, CHAT, LATER)
    assert group.ended_at == LATER
    assert session.exec(select(Posted)).all() == []
    again = bind(session, code_for(session))
    assert isinstance(again, Group)
    assert (again.id, again.ended_at) == (group.id, None)


def test_a_strange_group_is_told_once_and_only_its_number_is_kept(session: Session) -> None:
    binding.strange_group(session, CHAT, NOW)
    binding.strange_group(session, CHAT, LATER)
    assert [each.act for each in queued(session)] == ["send"]
    row = session.exec(select(StrangeGroup)).one()
    kept: dict[str, Any] = row.model_dump()
    assert set(kept) == {"bot", "platform", "chat", "leave_at", "may_delete"}


def test_a_strange_group_is_left_after_ten_minutes(session: Session) -> None:
    binding.strange_group(session, CHAT, NOW)
    assert binding.leave_due(session, NOW + timedelta(minutes=9)) == 0
    assert binding.leave_due(session, NOW + timedelta(minutes=10)) == 1
    assert [each.chat for each in queued(session, "leave")] == ["-1"]
    assert session.exec(select(StrangeGroup)).all() == []


def test_a_strange_group_that_is_bound_is_not_left(session: Session) -> None:
    settle(session)
    binding.strange_group(session, CHAT, NOW)
    bound(session)
    assert binding.leave_due(session, NOW + timedelta(hours=1)) == 0


def test_a_group_that_becomes_a_supergroup_keeps_its_grid_and_gets_its_card(
    session: Session,
) -> None:
    settle(session)
    group = bound(session)
    session.add(Posted(bot=BOT, chat="-1", card="group", message="9", posted_at=NOW))
    session.flush()
    binding.migrate(session, CHAT, "-1001", LATER)
    found = territory.group_of(session, BOT, "-1001")
    assert found is not None
    assert found.id == group.id
    assert {each.chat for each in queued(session)} == {"-1001"}
    assert session.exec(select(Posted)).all() == []


def test_a_strange_supergroup_is_left_all_the_same(session: Session) -> None:
    binding.strange_group(session, CHAT, NOW)
    binding.migrate(session, CHAT, "-1001", LATER)
    binding.leave_due(session, NOW + timedelta(minutes=10))
    assert [each.chat for each in queued(session, "leave")] == ["-1001"]
