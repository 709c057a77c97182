"""`linli doctor` beside a running service, with --json, and where nothing works."""

import json
from pathlib import Path

import pytest

from bot.assembly import assemble
from bot.clock import Clock
from bot.config import Settings
from bot.doctor.examine import examine
from bot.doctor.finding import Finding, Mark
from models.database import open_database
from tests.bot import toy
from tests.bot.conftest import Town
from tests.bot.test_cli import here, linli, one_sentence


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {each.about: each for each in found}


async def test_it_looks_while_the_service_runs_and_changes_nothing(settings: Settings):
    async with assemble(settings, clock=Clock(), doors=toy.DOORS) as service:
        settings.web.port = int(service.address.rpartition(":")[2])
        found = by_name(await examine(settings, 10))
        assert found["running"].mark is Mark.GOOD
        assert (await service.ready())["database"]
    bad = {each.about for each in found.values() if each.mark is Mark.BAD}
    # the tests' PostgreSQL runs without fsync; else all is well
    assert bad <= {"durability"}
    assert bad == set() or not settings.database.url.startswith("sqlite")
    for name in ("token", "clock", "migrations", "inbox", "outbox"):
        assert found[name].mark is Mark.GOOD


async def test_for_programs_it_is_json_and_1_when_something_is_wrong(town: Town, tmp_path: Path):
    there = {"TELEGRAM__TOKEN": town.bot["token"], "TELEGRAM__BASE_URL": f"{town.url}/bot"}
    status, out, err = await linli(tmp_path, "doctor", "--json", **there)
    assert (status, err) == (1, "")
    report = json.loads(out)
    assert report["well"] is False
    found = {each["about"]: each for each in report["findings"]}
    assert found["token"]["mark"] == "good"
    assert "linli migrate" in found["database"]["cure"]
    for each in report["findings"]:
        assert bool(each["cure"]) == (each["mark"] != "good")
        assert not each["cure"] or (each["cure"][0].isupper() or each["cure"][0] == "@")
        assert not each["cure"] or each["cure"].endswith(".")
    assert list(tmp_path.iterdir()) == []


def test_without_network_token_or_server_it_still_ends_in_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    url = "postgresql://127.0.0.1:1/x"
    assert here(monkeypatch, tmp_path, "doctor", DATABASE__URL=url) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "✗ token" in out
    assert "✗ database" in out


@pytest.mark.parametrize(
    ("content", "word"), [(b"nothing that SQLite knows" * 99, "is no database"), (None, "in use")]
)
def test_a_file_that_is_none_or_taken_is_one_sentence_at_start(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes | None,
    word: str,
):
    path = tmp_path / "linli.db"
    held = None if content else open_database(f"sqlite:///{path}")
    if content:
        path.write_bytes(content)
    assert here(monkeypatch, tmp_path, "run", TELEGRAM__TOKEN="1:x") == 1
    err = capsys.readouterr().err
    assert held is None or held.alone
    assert word in err
    assert one_sentence(err)
