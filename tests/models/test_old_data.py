"""A database with people's cases in it, as releases before left it, is upgraded whole."""

from alembic import command
from sqlalchemy import Connection, text
from sqlmodel import Session, select

from models import Case, CaseEvent, Due, Voice
from models.database import open_database
from models.migrate import config_for, migrate
from services import auditing
from services.equipment import Equipment
from services.vault import Vault
from tests.handlers.test_merging import handled, two
from tests.models.test_migrations import on
from tests.people import DISTRICT, Street, peopled

# before cases were merged, names hidden in the group, overruns counted, kinds had two sides
BEFORE = "0016"
QUARREL = "楼上602天天半夜吵架砸东西，我们两家吵起来了"


def lived(session: Session) -> None:
    street: Street = peopled(session)
    first, second = two(street)
    street.say("王阿姨", QUARREL, command="report")
    second.hide_name = True
    session.add(second)
    handled(street, first)


def facts(session: Session) -> list[tuple[object, ...]]:
    cases = session.exec(select(Case).order_by(Case.number))  # type: ignore[arg-type]
    return [
        (each.number, each.state, each.text, each.due_at, each.hide_name, each.two_sides)
        for each in cases
    ]


def rows(session: Session) -> list[int]:
    return [len(session.exec(select(table)).all()) for table in (CaseEvent, Due, Voice)]


async def test_cases_of_an_older_release_are_whole_after_upgrading(database_url: str) -> None:
    tools = Equipment(vault=Vault(Vault.new_key()))
    opened = open_database(database_url, tools)
    await opened.write(lived)
    before = await opened.read(lambda session: (facts(session), rows(session)))
    await opened.close()

    def back(connection: Connection) -> None:
        command.downgrade(config_for(connection), BEFORE)
        connection.execute(text("UPDATE case_file SET stars = stars"))
        if connection.dialect.name == "sqlite":
            connection.commit()

    await on(database_url, back)
    await migrate(database_url)
    opened = open_database(database_url, tools)
    after = await opened.read(lambda session: (facts(session), rows(session)))
    assert after == before
    assert {each[5] for each in after[0]} == {True, False}

    def check(session: Session) -> None:
        for case in session.exec(select(Case)):
            assert case.hide_group == case.hide_name
            assert (case.merged_into, case.absorbed, case.cause) == (None, 0, None)
            assert (case.over_micro, case.over_small, case.over_big) == (0, 0, 0)
        numbers = list(session.exec(select(Case.number)))
        assert auditing.cases(session, DISTRICT, numbers) == []

    await opened.read(check)
    await opened.close()
