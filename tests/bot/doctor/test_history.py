"""`linli doctor --verify` follows each chain, prints its head, and names what is broken."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from sqlmodel import Session
from typer.testing import CliRunner

from bot.cannot import Cannot
from bot.commands import doctor
from bot.config import Settings
from bot.doctor.finding import Mark
from bot.doctor.history import SAYS, parse, verify
from models import Audit
from models.database import Database
from scheduler.seal import Sealer
from services.verifying import WHATS

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


async def sealed(database: Database) -> None:
    for district in ("110101", "110102"):
        row = Audit(district=district, at=NOW, act="seen")
        await database.write(lambda session, row=row: session.add(row))
    await Sealer(database, lambda: NOW).seal()


async def test_each_district_has_a_line_with_its_head_while_the_service_runs(database: Database):
    await sealed(database)
    settings = Settings(database={"url": database.url})
    found = await verify(settings, [])
    assert [each.about for each in found] == ["history 110101", "history 110102"]
    heads = [each.said.rpartition(" ")[2] for each in found]
    assert [each.mark for each in await verify(settings, heads)] == [Mark.GOOD] * 2
    other = [heads[0][:-1] + ("0" if heads[0][-1] != "0" else "1")]
    assert [each.mark for each in await verify(settings, other)] == [Mark.BAD, Mark.GOOD]


async def test_what_is_broken_is_said_with_its_position(database: Database):
    await sealed(database)

    def forge(session: Session) -> None:
        on = "" if database.url.startswith("sqlite") else " ON audit"
        session.execute(text(f"DROP TRIGGER audit_fixed{on}"))
        session.execute(text("UPDATE audit SET act = 'forged' WHERE district = '110102'"))

    await database.write(forge)
    fine, broken = await verify(Settings(database={"url": database.url}), [])
    assert (fine.mark, broken.mark) == (Mark.GOOD, Mark.BAD)
    assert "an audit was changed (position 1, row " in broken.said


async def test_a_district_that_should_be_there_and_has_no_chain_is_broken(database: Database):
    known = [f"110101:1:{'0' * 64}"]
    assert (await verify(Settings(database={"url": database.url}), known))[0].mark is Mark.BAD


def test_everything_that_can_be_broken_has_its_words():
    assert set(SAYS) == set(WHATS)


def test_a_head_that_is_none_is_refused_in_a_sentence():
    with pytest.raises(Cannot, match="is no head"):
        parse(["110101:17"])


def test_the_command_verifies_and_nothing_else(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINLI_DATABASE__URL", f"sqlite:///{sqlite_template}")
    app = typer.Typer()
    doctor.register(app)
    answer = CliRunner().invoke(app, ["--verify"])
    assert (answer.exit_code, answer.output) == (0, "✓ history: nothing is sealed yet\n")
