"""The service examines itself: each thing that is wrong stops the heart, is told once, and ends."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event, insert, or_, text, update
from sqlmodel import Session, col, select

from models import (
    Audit,
    Budget,
    Case,
    CaseEvent,
    Due,
    Finding,
    Inbox,
    Lane,
    Outbox,
    Person,
)
from models.database import Database
from scheduler import audit
from scheduler.audit import WRONG as WRONG_NOW
from scheduler.audit import Auditor
from scheduler.seal import Sealer
from services import auditing, merging, sealing, trouble
from services.auditing import CODES, Found
from services.equipment import Equipment
from services.outbox import Address
from services.texts import say
from services.vault import Vault
from tests.docs import pages
from tests.handlers.test_attack_races import street_in
from tests.people import ADDRESSES, BOT, DISTRICT, GRID, GROUP_CHAT, WEDNESDAY, peopled

NOW = WEDNESDAY + timedelta(seconds=1)
CHAT = "9"
Job = Callable[[Session], Any]


@dataclass
class House:
    """An auditor over a database, its clocks, and how often it found all well."""

    database: Database
    later: timedelta = timedelta()
    own: list[Found] = field(default_factory=list)
    beats: int = 0

    def __post_init__(self) -> None:
        self.auditor = Auditor(
            self.database, lambda: NOW, self.wall, lambda: self.own, self._beat, lambda: None
        )

    def wall(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def _beat(self) -> None:
        self.beats += 1

    async def codes(self) -> set[str]:
        """What two looks find that nobody knows of; the heart beats with the second or not."""
        await self.auditor.look()
        before = self.beats
        found = {each.code for each in await self.auditor.look()}
        assert (self.beats > before) is not bool(found)
        return found

    async def do(self, *jobs: Job) -> None:
        for job in jobs:
            await self.database.write(job)

    async def findings(self) -> Sequence[Finding]:
        return await self.database.read(lambda session: session.exec(select(Finding)).all())


@pytest.fixture
async def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    """The street with one open case, everything sent and sealed; round after round."""
    monkeypatch.setattr(audit, "ROUND", timedelta())

    def fill(session: Session) -> None:
        session.info["equipment"] = Equipment(vault=Vault(Vault.new_key()))
        street = peopled(session)
        street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
        session.execute(update(Outbox).values(state="sent", sent_at=NOW))

    await database.write(fill)
    made = House(database)
    await Sealer(database, made.wall).seal()
    return made


def on_case(**values: Any) -> Job:
    return lambda session: session.execute(update(Case).values(**values))


def on_dues(**values: Any) -> Job:
    where = col(Due.case).is_not(None)
    return lambda session: session.execute(update(Due).where(where).values(**values))


def put_in(table: Any, **values: Any) -> Job:
    return lambda session: session.add(table(**values))


def take_out(table: Any, *where: Any) -> Job:
    return lambda session: session.execute(delete(table).where(*where))


def a_due(at: datetime, trace: str | None = None) -> Job:
    return put_in(Due, district=DISTRICT, key="x", name="x", at=at, trace=trace)


def an_update(state: str) -> Job:
    return put_in(
        Inbox, bot=BOT.bot, update_id=1, lane=CHAT, received_at=NOW, payload={}, state=state
    )


def a_message(**values: Any) -> Job:
    values = {"made_at": NOW - timedelta(minutes=6)} | values
    return put_in(Outbox, bot=BOT.bot, chat=CHAT, district=DISTRICT, **values)


def a_lane(since: timedelta, **values: Any) -> Job:
    return lambda session: session.add(
        Lane(bot=BOT.bot, lane=CHAT, since=datetime.now(UTC) - since, **values)
    )


def an_old_audit(session: Session) -> None:
    """Made ten seconds ago, as its key says, and not sealed."""
    ago = int((datetime.now(UTC) - timedelta(seconds=10)).timestamp() * 1000)
    key = UUID(int=(ago << 80) | (7 << 76) | (2 << 62) | 5)
    session.execute(
        insert(Audit).values(district=DISTRICT, id=key, at=NOW, act="x", object="", facts={})
    )


def sealed(session: Session) -> None:
    sealing.seal(session, DISTRICT, NOW)


def unprotected(session: Session) -> None:
    on = "" if session.get_bind().dialect.name == "sqlite" else " ON case_event"
    session.execute(text(f"DROP TRIGGER case_event_fixed{on}"))


def verb(new: str, old: str) -> Job:
    return lambda session: session.execute(
        text(f"UPDATE case_event SET verb = '{new}' WHERE verb = '{old}'")
    )


gone = (take_out(Due, col(Due.key) == "x"),)
no_update = (take_out(Inbox), take_out(Lane))
no_message = (take_out(Outbox, col(Outbox.chat) == CHAT), take_out(Budget))

# what is wrong, how it comes to be, and how it becomes well again
REASONS: list[tuple[str, Sequence[Job], Sequence[Job]]] = [
    ("due_late", [a_due(NOW - timedelta(seconds=61))], gone),
    ("due_failing", [a_due(NOW + timedelta(hours=1), "failed: Boom")], gone),
    ("update_late", [an_update("new"), a_lane(timedelta(seconds=61))], no_update),
    (
        "update_late",
        [an_update("new"), a_lane(timedelta(minutes=11), holder="x")],
        no_update,
    ),
    ("update_lost", [an_update("new")], no_update),
    ("update_failed", [an_update("failed")], no_update),
    ("message_late", [a_message()], no_message),
    ("message_late", [a_message(not_before=NOW - timedelta(minutes=6))], no_message),
    ("message_dead", [a_message(state="dead")], no_message),
    ("history_unsealed", [an_old_audit], [sealed]),
    ("history_broken", [unprotected, verb("forged", "file")], [verb("file", "forged")]),
]
FINE: list[tuple[str, Sequence[Job], Sequence[Job]]] = [
    ("a reminder is a minute late", [a_due(NOW - timedelta(seconds=59))], gone),
    ("a chat is served", [an_update("new"), a_lane(timedelta(minutes=9), holder="x")], no_update),
    ("it was held back", [a_message(not_before=NOW - timedelta(minutes=4))], no_message),
    ("it is young", [a_message(made_at=NOW - timedelta(minutes=4))], no_message),
    (
        "telegram said wait",
        [
            a_message(),
            put_in(Budget, bot=BOT.bot, chat=CHAT, until=datetime.now(UTC) + timedelta(hours=1)),
        ],
        no_message,
    ),
    (
        "the queue moves",
        [
            a_message(),
            a_message(state="sent", sent_at=NOW - timedelta(seconds=9)),
        ],
        no_message,
    ),
]


async def no_other_sent(house: House) -> None:
    """What was sent long ago doesn't make a queue that moves."""
    ago = NOW - timedelta(hours=2)
    await house.do(lambda session: session.execute(update(Outbox).values(sent_at=ago)))


async def test_each_thing_that_is_wrong_stops_the_heart_until_it_is_well(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit, "CHAIN_EVERY", 1)
    await no_other_sent(house)
    assert await house.codes() == set()
    for code, breaks, mends in REASONS:
        await house.do(*breaks)
        looks = 3 if code == "history_broken" else 1  # a link each, round and round
        assert {code} in [await house.codes() for _ in range(looks)], code
        await house.do(*mends)
        assert await house.codes() == set(), code
    await house.do(*REASONS[0][1])
    house.own = [Found("tick_unfinished", "", "deliver")]
    assert await house.codes() == {"due_late", "tick_unfinished"}


async def test_an_open_case_has_an_owner_a_next_moment_and_its_historys_state(house: House):
    case = await house.database.read(lambda session: session.exec(select(Case)).one())
    for code, values in (
        ("case_without_owner", {"owner_unit": ""}),
        ("case_without_owner", {"owner": uuid4()}),
        ("case_without_next", {"next_at": None}),
        ("case_next_differs", {"next_at": NOW + timedelta(days=9)}),
        ("case_state_differs", {"state": "taken"}),
    ):
        await house.do(on_case(**values))
        assert await house.codes() == {code}, values
        await house.do(on_case(**{name: getattr(case, name) for name in values}))
        assert await house.codes() == set(), values
    await house.do(on_dues(state="dropped"))
    assert await house.codes() == {"case_without_next"}
    await house.do(on_case(state="closed"))
    assert await house.codes() == set()


def merged(session: Session) -> None:
    """陈叔's case goes into 王阿姨's; all is sent and sealed."""
    street = street_in(session)
    street.say("陈叔", "3号楼二单元晚上黑得很，楼道灯不亮", command="report")
    desk = session.exec(select(Person).where(Person.name == "孙主任")).one()
    found = merging.pair(session, desk, *street.cases(), street.now)
    merging.merge(session, desk, found, street.now)
    session.execute(update(Outbox).values(state="sent", sent_at=NOW))


async def test_a_merged_case_and_the_one_it_leads_to_agree(house: House):
    await house.do(merged)
    await Sealer(house.database, house.wall).seal()
    await no_other_sent(house)
    kept, gone = await house.database.read(
        lambda session: sorted(session.exec(select(Case)), key=lambda each: -each.absorbed)
    )
    assert await house.codes() == set()
    for case, values in (
        (kept, {"absorbed": 0}),
        (kept, {"absorbed": 2}),
        (kept, {"absorbed": 0, "state": "archived"}),
        (kept, {"absorbed": 2, "state": "archived"}),
        (gone, {"merged_into": uuid4()}),
        (gone, {"merged_into": None}),
        (gone, {"absorbed": 1}),
        (gone, {"state": "taken", "next_at": NOW}),
    ):
        await house.do(one_case(case, **values))
        assert "case_merged_differs" in await house.codes(), values
        await house.do(one_case(case, **{name: getattr(case, name) for name in values}))
        assert await house.codes() == set(), values


def one_case(case: Case, **values: Any) -> Job:
    return lambda session: session.execute(
        update(Case).where(col(Case.id) == case.id).values(**values)
    )


async def test_a_merged_case_leads_to_one_that_is_there(house: House):
    await house.do(lone(1, 0), lambda session: session.execute(leads_nowhere))
    (found,) = await house.auditor.look()
    assert (found.code, found.ref) == ("case_merged_differs", "KL1-2611-101")


leads_nowhere = (
    update(Case)
    .where(col(Case.number) == "KL1-2611-101")
    .values(state="merged", merged_into=uuid4())
)


async def test_what_was_found_stays_found_while_the_round_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit, "PAIRS", 1)
    await house.do(*[lone(number, 1) for number in (1, 2, 3)])
    for _ in range(4):
        await house.auditor.look()
    (finding,) = await house.findings()
    assert (finding.code, finding.count) == ("case_merged_differs", 3)


async def test_cases_that_others_went_into_are_looked_at_a_share_at_a_time(house: House):
    await house.do(*[lone(number, count) for number, count in enumerate((0, 1, 0, 2, 1))])

    def shares(session: Session) -> list[list[str]]:
        found, place = auditing.pairs(session, None, 1)
        seen = [found]
        while place is not None:
            found, place = auditing.pairs(session, place, 1)
            seen.append(found)
        return [[each.ref for each in some] for some in seen]

    seen = await house.database.read(shares)
    assert seen == [["KL1-2611-101"], ["KL1-2611-103"], ["KL1-2611-104"], []]


def lone(number: int, absorbed: int) -> Job:
    return put_in(
        Case, district=DISTRICT, number=f"KL1-2611-{100 + number}", grid=GRID, community=GRID[:12],
        state="closed", kind="PS01", owner_unit=GRID, due_at=NOW, opened_at=NOW, absorbed=absorbed,
    )  # fmt: skip


async def test_what_has_a_reason_is_nothing_wrong(house: House):
    await no_other_sent(house)
    for reason, jobs, mends in FINE:
        await house.do(*jobs)
        assert await house.codes() == set(), reason
        await house.do(*mends)


async def test_administrators_are_told_once_in_their_language_when_it_lasts(house: House):
    english = update(Person).where(col(Person.name) == "冯管理").values(language="en")
    await house.do(lambda session: session.execute(english), a_due(NOW - timedelta(seconds=61)))
    told = select(Outbox).where(Outbox.chat == ADDRESSES["冯管理"])

    async def messages() -> list[str]:
        rows = await house.database.read(lambda session: session.exec(told).all())
        return [row.payload["text"] for row in rows]

    assert await house.codes() == {"due_late"}
    assert await messages() == []
    house.later = timedelta(seconds=61)
    for _ in range(2):
        assert await house.codes() == {"due_late"}
    (message,) = await messages()
    assert message.startswith(say("alarm.due_late", "en", n=1))
    assert "docs/alarms.md" in message
    await house.do(*gone)
    assert await house.codes() == set()
    (finding,) = await house.findings()
    assert finding.told_at is not None
    assert finding.ended_at is not None
    # the next one that ends after a season takes the record of this one with it
    house.later = timedelta(days=91)
    await house.do(a_due(NOW - timedelta(seconds=61)))
    await house.codes()
    await house.do(*gone)
    await house.codes()
    assert [each.id == finding.id for each in await house.findings()] == [False]


async def test_what_must_be_dealt_with_by_hand_stops_the_heart_until_somebody_knows(house: House):
    await no_other_sent(house)
    await house.do(a_message(state="dead"))
    assert await house.codes() == {"message_dead"}
    house.later = timedelta(seconds=61)
    assert await house.codes() == set()
    await house.do(a_message(state="dead"))
    assert await house.codes() == set()  # told at once, since it has lasted
    told = await house.findings()
    assert [(each.count, each.told_count) for each in told] == [(2, 2)]


async def test_what_has_a_notice_of_its_own_shows_and_is_told_again_only_if_that_dies(
    house: House,
):
    await no_other_sent(house)
    await house.do(dies_and_is_told, fails_and_is_told)
    both = {"message_dead", "update_failed"}
    assert await house.codes() == both  # for the first minute nobody is taken to know
    house.later = timedelta(seconds=61)
    assert await house.codes() == set()
    assert await house.database.read(told_by_the_auditor) == []
    # whoever looks sees it all the same
    assert {each.code for each in await house.findings() if each.ended_at is None} == both
    assert [WRONG_NOW.labels(code)._value.get() for code in sorted(both)] == [1, 1]
    notices = or_(col(Outbox.card).startswith("dead:"), col(Outbox.dedupe).startswith("given_up:"))
    await house.do(
        lambda session: session.execute(update(Outbox).where(notices).values(state="dead"))
    )
    for _ in range(2):
        assert await house.codes() == set()
        told = await house.database.read(told_by_the_auditor)
        assert sorted(told) == [ADDRESSES["冯管理"]] * 2


def dies_and_is_told(session: Session) -> None:
    row = session.exec(select(Outbox).where(Outbox.chat == ADDRESSES["李强"])).first()
    assert row is not None
    row.state, row.error = "dead", "BadRequest: x"
    session.flush()
    trouble.tell_dead(session, row.bot, [row.id], NOW)


def fails_and_is_told(session: Session) -> None:
    row = Inbox(
        bot=BOT.bot, update_id=1, lane=GROUP_CHAT, received_at=NOW, payload={}, state="failed",
        error="Boom", done_at=NOW,
    )  # fmt: skip
    session.add(row)
    trouble.tell_given_up(session, Address(BOT.bot, GROUP_CHAT), row.id, "Boom", NOW)


def told_by_the_auditor(session: Session) -> list[str]:
    query = select(Outbox.chat).where(col(Outbox.dedupe).startswith("finding:"))
    return list(session.exec(query))


async def test_what_concerns_the_deployment_is_told_in_its_districts(house: House):
    house.own = [Found("tick_unfinished", "", "deliver")]
    await house.codes()
    house.later = timedelta(seconds=61)
    await house.codes()
    (finding,) = await house.findings()
    assert (finding.district, finding.told_count) == ("", 1)
    # another process neither ends it nor has it; when this one has died, anybody may
    other = House(house.database, later=house.later)
    assert await other.codes() == set()
    assert [each.ended_at for each in await house.findings()] == [None]
    other.later += timedelta(minutes=6)
    await other.codes()
    assert [each.ended_at is None for each in await house.findings()] == [False]


async def test_the_round_through_open_cases_comes_to_each_grid(house: House, monkeypatch: Any):
    monkeypatch.setattr(audit, "SHARE", 1)

    def more(session: Session) -> None:
        case = session.exec(select(Case)).one()
        for n, grid in enumerate(("110101001001002", "110101001001003"), 2):
            values = case.model_dump() | {"id": uuid4(), "grid": grid, "number": f"KL{n}-2611-001"}
            session.add(Case(**values))

    await house.do(more)
    found: set[Found] = set()
    for _ in range(4):
        found |= set(await house.auditor.look())
    assert {each.ref for each in found} == {"KL2-2611-001", "KL3-2611-001"}


def test_a_round_through_100_000_open_cases_takes_no_more_than_ten_minutes():
    assert math.ceil(100_000 / audit.SHARE) * audit.EVERY <= audit.ROUND


async def test_a_look_asks_the_same_few_questions_however_many_cases_are_its_share(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit, "SHARE", 20)
    await house.do(many_open(99))  # with the one of the street
    asked: list[int] = []
    found: set[str] = set()
    for _ in range(100 // audit.SHARE):
        seen, statements = await house.database.read(counted(house.auditor._go_round))
        found |= {each.ref for each in seen}
        asked.append(statements)
    assert found == {f"KL8-2611-{n}" for n in WRONG}
    # where the share ends and who is suspected; for whom is, four more: not one for each case
    assert max(asked) <= 6
    assert min(asked) == 2


WRONG = (205, 250, 299)


def many_open(count: int) -> Job:
    """Open cases in one grid as they should be, and some that nothing agrees with."""

    def job(session: Session) -> None:
        like = session.exec(select(Case)).one()
        last = session.exec(select(CaseEvent).order_by(col(CaseEvent.seq).desc())).first()
        due = session.exec(select(Due).where(col(Due.case) == like.id)).first()
        assert last is not None
        assert due is not None
        assert like.next_at is not None
        for n in range(201, 201 + count):
            new = {"id": uuid4(), "number": f"KL8-2611-{n}", "words_key": f"{n}"}
            case = Case(**like.model_dump() | new)
            session.add(case)
            session.flush()
            of = {"id": uuid4(), "case": case.id}
            session.add(CaseEvent(**last.model_dump() | of))
            at = like.next_at + timedelta(days=n in WRONG)
            session.add(Due(**due.model_dump() | of | {"key": f"case:{n}", "at": at}))

    return job


def counted(job: Callable[[Session], Any]) -> Callable[[Session], tuple[Any, int]]:
    """The job's result, and how many statements it took."""

    def counting(session: Session) -> tuple[Any, int]:
        connection, count = session.connection(), []
        event.listen(connection, "before_cursor_execute", lambda *_: count.append(1))
        return job(session), len(count)

    return counting


async def test_a_round_begins_ten_minutes_after_the_last_one(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit, "ROUND", timedelta(minutes=10))
    assert await house.codes() == set()
    await house.do(on_case(next_at=NOW + timedelta(days=9)))
    assert await house.codes() == set()
    house.later = timedelta(minutes=10)
    assert await house.codes() == {"case_next_differs"}


def test_each_alarm_has_its_section_and_no_other_has():
    page = pages.read("docs/alarms.md")
    assert [line[4:] for line in page.splitlines() if line.startswith("### ")] == list(CODES)
