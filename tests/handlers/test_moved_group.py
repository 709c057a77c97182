"""A group becomes a supergroup: everything follows, and nothing that was said is lost."""

from sqlmodel import Session

from models import StrangeGroup
from services import binding
from services.outbox import About, Address, act
from tests.people import BOT, GROUP_CHAT, peopled


def test_what_was_said_before_a_group_moved_is_still_understood(session: Session) -> None:
    """Updates of the old chat may wait in the inbox while it becomes a supergroup."""
    street = peopled(session)
    street.say("王阿姨", "3号楼灯坏了", command="report")
    old, new = Address(BOT.bot, GROUP_CHAT), Address(BOT.bot, "-1009")
    binding.strange_group(session, new, street.now)
    act(session, old, "delete", {"message": "5"}, street.now, About())
    for _ in range(2):  # told by the platform, and by the first message that can't be sent
        binding.migrate(session, old, "-1009", street.now)
    session.expire_all()
    cards = [row for row in street.rows("-1009") if row.card == binding.CARD]
    assert len(cards) == 1
    deletions = [row.state for row in street.rows("-1009") if row.act == "delete"]
    assert deletions == ["dropped"]
    assert street.case().source_chat == "-1009"
    assert all(row.state != "pending" for row in street.rows(GROUP_CHAT))
    street.say("陈叔", "水管漏水", command="report")
    assert len(street.cases()) == 2
    assert street.case().group == street.group.id
    for chat in (GROUP_CHAT, "-1009"):
        assert session.get(StrangeGroup, (BOT.bot, "telegram", chat)) is None
    assert street.case().source_chat == "-1009"
    assert any(row.card == f"g:{street.case().id}" for row in street.rows("-1009"))
