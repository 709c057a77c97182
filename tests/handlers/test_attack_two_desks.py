"""Two desks in the same second put together, take apart and end the same things."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session, select

from models import Case, CaseEvent, Cause, Due, Voice
from models.database import Database, open_database
from services import causes, clock
from services.buttons import data
from services.equipment import Equipment
from services.vault import Vault
from tests.handlers.test_attack_merged import hides
from tests.handlers.test_attack_races import all_at_once, street_in
from tests.handlers.test_desk import ABOVE, DESK, data_of
from tests.handlers.test_merging import DARK, preview, propose, two
from tests.people import ADDRESSES, DISTRICT, GRID, WEDNESDAY, Street, peopled


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url, Equipment(vault=Vault(Vault.new_key())))
    await opened.write(lambda session: two(peopled(session)) and None)
    yield opened
    await opened.close()


def hired(session: Session) -> Street:
    street = street_in(session)
    street.now = WEDNESDAY.replace(hour=3)
    return street


def pair(session: Session) -> tuple[Case, Case]:
    first, second = session.exec(select(Case).order_by(Case.number)).all()  # type: ignore[arg-type]
    return first, second


def presses(name: str, what: str, said: list[str]) -> Callable[[Session], None]:
    def job(session: Session) -> None:
        answer = hired(session).press_data(name, what, private=True)
        said.append(answer.text if answer and answer.alert else "")

    return job


async def previews(database: Database) -> list[str]:
    def job(session: Session) -> list[str]:
        street = hired(session)
        first, second = pair(session)
        for name in (DESK, ABOVE):
            propose(street, first, second, name)
        return [data_of(preview(street, name), "并案") for name in (DESK, ABOVE)]

    return await database.write(job)


async def test_two_desks_put_the_same_two_cases_together_once(database: Database) -> None:
    said: list[str] = []
    one, other = await previews(database)
    await all_at_once(database, presses(DESK, one, said), presses(ABOVE, other, said))

    def check(session: Session) -> None:
        first, second = pair(session)
        assert (first.absorbed, first.voices, second.state) == (1, 2, "merged")
        verbs = list(session.exec(select(CaseEvent.verb).where(CaseEvent.case == first.id)))
        assert verbs.count("absorb") == 1

    await database.read(check)
    assert sum(bool(each) for each in said) == 1


async def test_taking_apart_and_putting_together_at_once_leaves_one_of_both(
    database: Database,
) -> None:
    said: list[str] = []
    one, other = await previews(database)
    await database.write(presses(DESK, one, said))
    _, second = await database.read(pair)
    apart = data("unmerge", DISTRICT, second.id, second.version)
    joined = data("join", DISTRICT, second.id, second.version)
    await all_at_once(
        database,
        presses(DESK, apart, said),
        presses(ABOVE, apart, said),
        presses(ABOVE, other, said),
        presses("Emily", joined, said),
    )

    def check(session: Session) -> None:
        first, second = pair(session)
        assert (first.absorbed, second.state) == (0, "dispatched")
        for case in (first, second):
            rows = list(session.exec(select(Voice).where(Voice.case == case.id)))
            assert case.voices == len(rows)

    await database.read(check)


async def test_a_cause_that_two_desks_end_at_once_ends_by_the_word_of_one(
    database: Database,
) -> None:
    said: list[str] = []

    def prepare(session: Session) -> list[str]:
        street = hired(session)
        cause = Cause(
            district=DISTRICT, unit=GRID[:12], name="停电", kind="LS02", made_at=street.now
        )
        session.add(cause)
        for case in pair(session):
            case.cause, case.evidence = cause.id, "note"
            session.add(case)
        session.flush()
        found = []
        for name in (DESK, ABOVE):
            over = data("cause_over", DISTRICT, cause.id)
            street.press_data(name, over, private=True)
            street.say(name, f"{name}说好了", private=True)
            rows = [row for row in street.rows(ADDRESSES[name]) if row.card == "cause"]
            found.append(data_of(rows[-1].payload, "都算办好"))
        return found

    one, other = await database.write(prepare)
    await all_at_once(database, presses(DESK, one, said), presses(ABOVE, other, said))
    assert sum(bool(each) for each in said) == 1

    def swept(session: Session) -> None:
        street = hired(session)
        for _ in range(10):
            if not clock.sweep(session, street.now):
                break

    await database.write(swept)

    def check(session: Session) -> None:
        cause = session.exec(select(Cause)).one()
        assert {each.done_by for each in pair(session)} == {cause.ended_by}
        rows = session.exec(select(Due).where(Due.name == causes.OVER)).all()
        assert len(rows) == 1

    await database.read(check)


@contextmanager
def held(session: Session) -> Iterator[list[UUID]]:
    """The keys of the cases that are held, in the order in which each was first."""
    keys: list[UUID] = []

    def note(asked: ORMExecuteState) -> None:
        if getattr(asked.statement, "_for_update_arg", None) is not None:
            values = asked.statement.compile().params.values()
            keys.extend(each for each in values if isinstance(each, UUID) and each not in keys)

    event.listen(session, "do_orm_execute", note)
    yield keys
    event.remove(session, "do_orm_execute", note)


def joins(street: Street, gone: Case) -> None:
    street.press_data("Emily", data("join", DISTRICT, gone.id, gone.version))


def comes_apart(street: Street, gone: Case) -> None:
    street.press_data(DESK, data("unmerge", DISTRICT, gone.id, gone.version), private=True)


def hides_in_the_old_one(street: Street, gone: Case) -> None:
    name = "陈叔" if gone.text == DARK else "王阿姨"
    hides(street, gone, name)


def becomes_a_quarrel(street: Street, gone: Case) -> None:
    kept = street.session.get_one(Case, (DISTRICT, gone.merged_into))
    forged = data("kind", DISTRICT, kept.id, kept.version, "PO01")
    street.press_data(DESK, forged, private=True)


@pytest.mark.parametrize("step", [joins, comes_apart, hides_in_the_old_one, becomes_a_quarrel])
@pytest.mark.parametrize("older_stays", [True, False])
def test_who_holds_several_cases_holds_them_in_one_order(
    session: Session, step: Callable[[Street, Case], None], older_stays: bool
) -> None:
    street = peopled(session)
    first, second = two(street)
    propose(street, first, second)
    if not older_stays:
        street.press_data(DESK, data_of(preview(street), "留另一个"), private=True)
    with held(session) as keys:
        street.press_data(DESK, data_of(preview(street), "并案"), private=True)
    assert keys == sorted((first.id, second.id))
    session.expire_all()
    gone = second if older_stays else first
    assert gone.state == "merged"
    with held(session) as keys:
        step(street, gone)
    assert keys
    assert keys == sorted(keys)
