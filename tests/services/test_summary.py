"""The day's numbers are a recount of the day, and every number opens exactly its cases."""

from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from domain.refused import Refused
from domain.roles import RoleName
from models import Case, CaseEvent, Division, Person, Role
from models.database import Database
from services.buttons import parse
from services.outbox import Message
from services.summary import (
    ALL_FLOWS,
    KIND,
    STOCKS,
    Behind,
    Day,
    behind_of,
    cases_behind,
    check_reader,
    day,
    day_asked,
)
from services.summary_message import LONGEST, cases_message, day_message
from services.texts import LANGUAGES
from tests.services import histories as h

SEEDS = range(6)
UNTIL = h.NOW.replace(microsecond=0) + timedelta(seconds=1)
Written = tuple[list[Case], list[CaseEvent]]


async def on(database: Database, seed: int, unit: str) -> tuple[Written, Day]:
    """A random district, and the day of one of its units."""

    def job(session: Session) -> tuple[Written, Day]:
        written = h.write(session, seed)
        return written, day(session, h.DISTRICT, unit, h.TODAY, h.NOW)

    return await database.write(job)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_flows_equal_a_recount_of_the_history(database: Database, seed: int) -> None:
    unit = h.UNITS[seed % len(h.UNITS)]
    (cases, events), found = await on(database, seed, unit)
    for what in ALL_FLOWS:
        wanted = h.happened(cases, events, unit, h.TODAY, UNTIL, what)
        assert found.flows[what] == len(wanted), what


@pytest.mark.parametrize("seed", SEEDS)
async def test_yesterday_is_counted_up_to_the_same_time(database: Database, seed: int) -> None:
    (cases, events), found = await on(database, seed, h.DISTRICT)
    yesterday, until = h.TODAY - timedelta(days=1), UNTIL - timedelta(days=1)
    for what in ALL_FLOWS:
        wanted = h.happened(cases, events, h.DISTRICT, yesterday, until, what)
        assert found.before[what] == len(wanted), what


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_open_case_is_in_exactly_one_stock(database: Database, seed: int) -> None:
    unit = h.UNITS[seed % len(h.UNITS)]
    (cases, _), found = await on(database, seed, unit)
    mine = [each for each in cases if each.grid.startswith(unit) and not h.hidden(each)]
    wanted = Counter(filter(None, (h.stock(each, h.NOW) for each in mine)))
    assert dict(found.stocks) == {each: wanted[each] for each in STOCKS}
    by_grid = {line.code: dict(line.stocks) for line in found.grids}
    for grid in h.GRIDS:
        counted = Counter(filter(None, (h.stock(c, h.NOW) for c in mine if c.grid == grid)))
        assert by_grid.get(grid, {}) == dict(counted)


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_number_opens_exactly_its_cases(database: Database, seed: int) -> None:
    unit = h.UNITS[seed % len(h.UNITS)]
    (cases, events), found = await on(database, seed, unit)
    counted = dict(found.flows) | dict(found.stocks)
    counted |= {KIND + line.code: line.opened for line in found.kinds}

    def listed(session: Session) -> dict[str, list[UUID]]:
        return {what: _keys(session, what, unit) for what in counted}

    lists = await database.read(listed)
    assert {what: len(each) for what, each in lists.items()} == counted
    for what in ALL_FLOWS:
        assert set(lists[what]) == h.happened(cases, events, unit, h.TODAY, UNTIL, what)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_worst_grid_stands_first(database: Database, seed: int) -> None:
    _, found = await on(database, seed, h.DISTRICT)
    worst = [
        (-each.stocks.get("overdue", 0) - each.stocks.get("danger", 0), -each.at_work, each.oldest)
        for each in found.grids
    ]
    assert worst == sorted(worst)


async def test_a_number_opens_what_it_was_when_it_was_counted(database: Database) -> None:
    (cases, _), found = await on(database, 3, h.DISTRICT)
    later = h.NOW + timedelta(hours=2)

    def job(session: Session) -> tuple[int, int]:
        one = next(each for each in cases if not h.hidden(each))
        session.add(_event(one, later - timedelta(minutes=5), "take"))
        session.flush()
        behind = Behind("taken", h.TODAY, h.DISTRICT, found.until)
        again = day(session, h.DISTRICT, h.DISTRICT, h.TODAY, later)
        return len(cases_behind(session, h.DISTRICT, behind, later)), again.flows["taken"]

    listed, counted_later = await database.write(job)
    assert listed == found.flows["taken"]
    assert counted_later >= listed


async def test_a_past_day_is_counted_to_its_midnight(database: Database) -> None:
    (cases, events), _ = await on(database, 4, h.DISTRICT)
    yesterday = h.TODAY - timedelta(days=1)
    found = await database.read(
        lambda session: day(session, h.DISTRICT, h.DISTRICT, yesterday, h.NOW)
    )
    until = datetime(2026, 11, 20, tzinfo=h.ZONE)
    assert not found.today
    assert found.flows["opened"] == len(
        h.happened(cases, events, h.DISTRICT, yesterday, until, "opened")
    )


async def test_a_day_to_come_is_empty(database: Database) -> None:
    await on(database, 5, h.DISTRICT)
    found = await database.read(
        lambda session: day(session, h.DISTRICT, h.DISTRICT, date(2026, 12, 1), h.NOW)
    )
    assert not any(found.flows.values())


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_matter_for_one_named_person_is_a_number_and_nothing_else(
    database: Database, seed: int
) -> None:
    (cases, events), found = await on(database, seed, h.DISTRICT)
    secret = {each.id for each in cases if h.hidden(each)}
    filed = {e.case for e in events if e.verb == "file" and e.case in secret and _today(e.at)}
    assert found.private == len(filed)
    assert not {line.code for line in found.kinds} & {"PO03", "LS18"}

    def listed(session: Session) -> set[UUID]:
        wanted = [*ALL_FLOWS, *STOCKS, KIND + "PO03", KIND + "LS18"]
        return {key for what in wanted for key in _keys(session, what, h.DISTRICT)}

    assert not await database.read(listed) & secret


async def test_a_grid_s_day_does_not_even_count_private_matters(database: Database) -> None:
    _, found = await on(database, 1, h.GRIDS[0])
    assert found.private is None


# --- the message -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_day_is_one_message_with_one_picture(database: Database, language: str) -> None:
    _, found = await on(database, 2, h.DISTRICT)
    message = day_message(found, language)
    assert message.picture is not None
    assert message.picture["kind"] == "day"
    assert len(message.text) < LONGEST * 2
    assert found.name in message.text
    assert all(row for row in message.buttons)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_phone_shows_each_label_of_the_day_whole(database: Database, language: str) -> None:
    _, found = await on(database, 6, h.STREET)
    crowded = [row for row in day_message(found, language).buttons if len(row) > 2]
    labels = [each.label for row in crowded for each in row]
    assert bool(labels) == (language != "en")
    assert all(len(each) <= 8 for each in labels)


async def test_every_button_of_the_day_opens_as_many_cases_as_it_says(database: Database) -> None:
    _, found = await on(database, 6, h.STREET)
    message = day_message(found, "zh-Hans")

    def counts(session: Session) -> list[tuple[int, int]]:
        return [(_said(label), len(_opened(session, data))) for label, data in _numbers(message)]

    pairs = await database.read(counts)
    assert len(pairs) > 8
    assert all(said == opened for said, opened in pairs)


async def test_the_text_fits_a_caption_however_long_the_names_are(database: Database) -> None:
    def job(session: Session) -> Day:
        h.write(session, 7)
        for code in h.GRIDS:
            row = session.get(Division, (h.DISTRICT, code))
            assert row is not None
            row.name = "很长的网格名字<&>" * 40
            session.add(row)
        session.flush()
        return day(session, h.DISTRICT, h.DISTRICT, h.TODAY, h.NOW)

    message = day_message(await database.write(job), "en")
    assert len(message.text) <= LONGEST + 200  # tags and entities don't count


async def test_an_empty_day_is_a_warm_word_without_a_picture(database: Database) -> None:
    def job(session: Session) -> Day:
        session.add_all(h.territory_rows())
        session.flush()
        return day(session, h.DISTRICT, h.GRIDS[0], h.TODAY, h.NOW)

    message = day_message(await database.write(job), "zh-Hans")
    assert message.picture is None
    assert not message.buttons
    assert "平平安安" in message.text


def test_a_list_is_turned_page_by_page_and_shows_each_case_once(session: Session) -> None:
    h.write(session, 8, cases=300)
    behind = Behind("in_time", h.TODAY, h.DISTRICT)
    cases = cases_behind(session, h.DISTRICT, behind, h.NOW)
    assert len(cases) > 16  # a page that is neither the first nor the last
    shown: list[Message] = []
    for page in range(-(-len(cases) // 8)):
        here = Behind(behind.what, behind.date, behind.unit, None, page)
        shown.append(cases_message(session, cases, here, "zh-Hans", h.NOW))
    numbers = [b.label for m in shown for row in m.buttons for b in row if "KL8" in b.label]
    assert numbers == [case.number for case in cases]
    assert all("3号楼" in message.text for message in shown)


def test_what_a_button_asks_for_survives_the_way_there_and_back() -> None:
    whole = Behind("kind.PS01", h.TODAY, h.GRIDS[0], 64_801, 3)
    assert behind_of(whole.arg()) == whole
    assert behind_of(Behind("overdue", h.TODAY, h.DISTRICT).arg()) == Behind(
        "overdue", h.TODAY, h.DISTRICT
    )


def test_a_grid_s_button_names_its_day_and_nothing_forged_does() -> None:
    assert day_asked(f"261120:{h.GRIDS[0]}") == (h.TODAY, h.GRIDS[0])
    assert [day_asked(each) for each in ("", "261120", "261332:320102", "261120:x")] == [None] * 4


@pytest.mark.parametrize(
    "forged", ["", "opened", "opened:999999:320102", "secrets:261120:320102", "opened:261120:32x"]
)
def test_a_forged_button_asks_for_nothing(forged: str) -> None:
    assert behind_of(forged) is None


async def test_only_who_answers_for_a_unit_reads_its_day(database: Database) -> None:
    def job(session: Session) -> None:
        session.add_all(h.territory_rows())
        reader = h.worker_row()
        session.add(reader)
        session.add(_role(reader, RoleName.SUPERVISOR, h.COMMUNITY))
        session.add(_role(reader, RoleName.WORKER, h.DISTRICT))
        session.flush()
        check_reader(session, reader, h.COMMUNITY)
        check_reader(session, reader, h.GRIDS[0])
        for unit in (h.STREET, h.GRIDS[-1]):
            with pytest.raises(Refused, match="day_not_yours"):
                check_reader(session, reader, unit)

    await database.write(job)


def _role(person: Person, role: RoleName, unit: str) -> Role:
    return Role(district=person.district, person=person.id, role=str(role), unit=unit, since=h.NOW)


def _today(at: datetime) -> bool:
    return at.astimezone(h.ZONE).date() == h.TODAY and at < UNTIL


def _event(case: Case, at: datetime, verb: str) -> CaseEvent:
    before, after = h.VERBS[verb]
    return CaseEvent(
        district=case.district, case=case.id, seq=99, at=at, verb=verb, before=before, after=after
    )


def _numbers(message: Message) -> list[tuple[str, str]]:
    """The buttons that open lists: label and data."""
    every = [button for row in message.buttons for button in row]
    return [(b.label, b.data) for b in every if b.data and b.data.startswith("cases~")]


def _said(label: str) -> int:
    return int(label.rsplit(" ", 1)[1])


def _opened(session: Session, data: str) -> list[Case]:
    pressed = parse(data)
    assert pressed is not None
    behind = behind_of(pressed.arg)
    assert behind is not None
    return cases_behind(session, pressed.district, behind, h.NOW)


def _keys(session: Session, what: str, unit: str) -> list[UUID]:
    behind = Behind(what, h.TODAY, unit)
    return [case.id for case in cases_behind(session, h.DISTRICT, behind, h.NOW)]
