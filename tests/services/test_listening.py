"""A group listens because its administrator wants it, and is asked little and once."""

from datetime import timedelta

from sqlmodel import Session, select

from domain.policy import Policy
from domain.reading.hearing import Heard
from models import Audit, Case, Group, GroupAsked, Outbox, Person
from services import binding, listening, people
from services.equipment import KEY, Equipment, vault
from tests.services.lists import BOT, DISTRICT, LATER, account, bound, settle, who

GAS, LAMP = "3号楼2单元楼道里好大的煤气味", "3号楼2单元楼道灯坏了三天了，没人修"
DESPAIR, CHAT = "我真的不想活了，今晚就从楼顶跳下去", "今晚吃什么"


def listens(session: Session) -> Group:
    """A bound group whose administrator has turned listening on."""
    settle(session)
    group = bound(session)
    listening.switch(session, group, who(session, "a1"), True, LATER)
    return group


def with_policy(session: Session, **numbers: object) -> None:
    session.info[KEY] = Equipment(Policy(**numbers), vault=vault(session))  # type: ignore[arg-type]


def ask(
    session: Session, group: Group, message: str, *, writer: Person | None = None, **heard: bool
) -> None:
    listening.ask(session, group, message, writer, Heard(**heard), "zh-Hans", LATER)


def questions(session: Session) -> list[Outbox]:
    found = session.exec(select(Outbox).order_by(Outbox.id)).all()  # type: ignore[arg-type]
    return [each for each in found if (each.dedupe or "").startswith("heard:")]


def hear(session: Session, text: str) -> Heard | None:
    return listening.ears(session, BOT, "telegram", ["-1"])["-1"].hear(text)


# --- on and off ---


def test_no_group_listens_by_itself(session: Session) -> None:
    settle(session)
    assert bound(session).listens_since is None
    assert listening.chats(session, BOT, "telegram") == frozenset()
    assert listening.ears(session, BOT, "telegram", ["-1"]) == {}


def test_the_group_reads_what_it_means_and_who_turned_it_on_is_in_the_trace(
    session: Session,
) -> None:
    group = listens(session)
    assert listening.chats(session, BOT, "telegram") == {"-1"}
    texts = [row.payload.get("text", "") for row in session.exec(select(Outbox))]
    assert any("从现在起我听着" in text for text in texts)
    assert any("听着" in text and "快乐苑" in text for text in texts)  # the card
    audit = session.exec(select(Audit).where(Audit.act == "group_listens")).one()
    assert (audit.actor, audit.object) == (who(session, "a1").id, f"group:{group.id}")


def test_it_is_off_again_as_easily_and_at_once(session: Session) -> None:
    group = listens(session)
    assert listening.switch(session, group, who(session, "a1"), False, LATER)
    assert listening.chats(session, BOT, "telegram") == frozenset()
    assert listening.ears(session, BOT, "telegram", ["-1"]) == {}
    assert not listening.switch(session, group, who(session, "a1"), False, LATER)


def test_it_ends_with_the_service_in_the_group_and_a_new_one_begins_without(
    session: Session,
) -> None:
    group = listens(session)
    binding.unbind(session, who(session, "s1"), group, LATER)
    assert listening.ears(session, BOT, "telegram", ["-1"]) == {}
    assert bound(session).listens_since is None


# --- what is asked about ---


def test_chatter_is_nothing_and_a_report_is_heard(session: Session) -> None:
    listens(session)
    assert hear(session, CHAT) is None
    assert hear(session, LAMP) == Heard()
    assert hear(session, GAS) == Heard(danger=True)
    assert hear(session, DESPAIR) == Heard(danger=True, aside=True)


def test_a_group_has_a_threshold_of_its_own(session: Session) -> None:
    listens(session)
    with_policy(session, listen_from_in=("-1=1.1",))
    assert hear(session, LAMP) is None
    assert hear(session, GAS) is not None


# --- once, and not often ---


def test_it_asks_once_about_a_message(session: Session) -> None:
    group = listens(session)
    ask(session, group, "5")
    ask(session, group, "5")
    (row,) = questions(session)
    assert row.payload["reply_to"] == "5"
    assert row.payload["silent"]
    assert len(row.payload["buttons"]) == 1


def test_what_has_a_case_is_not_asked_about(session: Session) -> None:
    group = listens(session)
    case = Case(
        district=DISTRICT, number="KL-2611-001", grid=group.grid, community=group.grid[:12],
        state="dispatched", kind="LS99", text="", language="zh-Hans", source="group",
        channel="group", bot=BOT, source_chat="-1", source_message="5",
        owner_unit=group.grid[:12], due_at=LATER, opened_at=LATER,
    )  # fmt: skip
    session.add(case)
    session.flush()
    ask(session, group, "5")
    assert questions(session) == []


def test_a_group_is_asked_so_often_a_day_but_about_danger_always(session: Session) -> None:
    group = listens(session)
    with_policy(session, listen_asks=2)
    for message in ("1", "2", "3"):
        ask(session, group, message)
    ask(session, group, "4", danger=True)
    assert [row.payload["reply_to"] for row in questions(session)] == ["1", "2", "4"]
    danger = questions(session)[-1]
    assert "119" in danger.payload["text"]
    assert "silent" not in danger.payload
    listening.ask(session, group, "9", None, Heard(), "zh-Hans", LATER + timedelta(days=1))
    assert questions(session)[-1].payload["reply_to"] == "9"
    assert session.exec(select(GroupAsked)).one().times == 1


def test_a_group_has_a_number_of_its_own(session: Session) -> None:
    group = listens(session)
    with_policy(session, listen_asks_in=("-1=0",))
    ask(session, group, "1")
    assert questions(session) == []


def test_the_question_names_nothing(session: Session) -> None:
    group = listens(session)
    ask(session, group, "1", danger=True)
    ask(session, group, "2", danger=True, aside=True)
    one, other = (row.payload for row in questions(session))
    assert (one["text"], one["buttons"]) == (other["text"], other["buttons"])


# --- for one named person ---


def reachable(session: Session) -> Person:
    made = people.resident(session, DISTRICT, account("77"), "某某", "zh-hans", LATER)
    people.mark_reachable(session, made, BOT)
    return made


def test_a_cry_is_answered_in_private_silently_once_a_day_and_the_group_reads_nothing(
    session: Session,
) -> None:
    group = listens(session)
    writer = reachable(session)
    for message in ("1", "2"):
        ask(session, group, message, writer=writer, danger=True, aside=True)
    assert questions(session) == []
    (row,) = session.exec(select(Outbox).where(Outbox.chat == "77")).all()
    assert row.payload["silent"]
    assert "buttons" not in row.payload
    assert "110" in row.payload["text"]
    assert not {"死", "活", "家", "听"} & set(row.payload["text"])


def test_a_cry_opens_no_case_and_tells_nobody(session: Session) -> None:
    group = listens(session)
    writer = reachable(session)
    before = {row.chat for row in session.exec(select(Outbox))}
    ask(session, group, "1", writer=writer, danger=True, aside=True)
    assert {row.chat for row in session.exec(select(Outbox))} - before == {"77"}
    assert session.exec(select(Case)).all() == []
