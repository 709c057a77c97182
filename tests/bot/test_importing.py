"""`linli import`, `invite`, `bindcode` and `key` as somebody at a terminal meets them."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, func, select

from bot import cli
from models import Person
from models.database import Database, open_database
from services.vault import Vault

TOWN = Path(__file__).parents[2] / "services" / "data" / "town"


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def linli(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs the command in a folder of its own, in English, on a migrated database."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LINLI_DATABASE__URL", database_url)
    monkeypatch.setenv("LINLI_VAULT__KEY", Vault.new_key())
    monkeypatch.chdir(tmp_path)

    def run(*words: object, lang: str = "en_US.UTF-8") -> Ended:
        monkeypatch.setenv("LANG", lang)
        monkeypatch.setattr(sys, "argv", ["linli", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return run


def town() -> list[Path]:
    return sorted([*TOWN.glob("*.csv"), *TOWN.glob("*.geojson")], reverse=True)


def people_in(url: str) -> int:
    async def count() -> int:
        database: Database = open_database(url)

        def job(session: Session) -> int:
            return session.exec(select(func.count()).select_from(Person)).one()

        try:
            return await database.read(job)
        finally:
            await database.close()

    return asyncio.run(count())


def test_the_town_is_imported_in_any_order_of_files_and_twice(linli: Run) -> None:
    first = linli("import", *town())
    assert (first.returncode, first.stderr) == (0, "")
    assert "people.csv (people): 24 added" in first.stdout
    again = linli("import", *town())
    assert "0 added, 0 changed, 24 unchanged, 0 ended" in again.stdout


def test_a_dry_run_says_what_would_be_and_writes_nothing(linli: Run, database_url: str) -> None:
    tried = linli("import", "--dry-run", *town())
    assert tried.returncode == 0
    assert "people.csv (people): would be 24 added" in tried.stdout
    assert people_in(database_url) == 0


def test_a_broken_file_is_listed_by_row_column_and_cure(
    linli: Run, tmp_path: Path, database_url: str
) -> None:
    bad = tmp_path / "staff.csv"
    bad.write_text("id,name,role,unit\nx,\x1b[31m天,boss,320116\ny,,worker,320116009\n", "utf-8")
    found = linli("import", bad, TOWN / "divisions.csv", TOWN / "duty.csv")
    assert found.returncode == 1
    assert "divisions.csv (divisions): 40 added" in found.stdout
    lines = found.stderr.splitlines()
    assert lines[0].startswith('staff.csv, row 2, column role: "boss" won\'t do. Write one of: w')
    assert lines[1] == "staff.csv, row 3, column name: This may not be empty. Fill it in."
    assert lines[2].startswith('staff.csv, row 3, column unit: The unit "320116009" is unknown')
    assert lines[-2] == "Not tried: duty.csv, because they lean on what comes before."
    assert lines[-1].startswith("Not imported: staff.csv.")
    assert "\x1b" not in found.stderr
    assert people_in(database_url) == 0


def test_gbk_is_one_sentence_with_the_cure_in_the_reader_s_language(
    linli: Run, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_bytes(
        "code,parent,level,name\n320116,,district,六合区".encode("gbk")
    )
    english = linli("import", "d.csv")
    assert (english.returncode, len(english.stderr.splitlines())) == (1, 2)
    assert "CSV UTF-8" in english.stderr
    chinese = linli("import", "d.csv", lang="zh_CN.UTF-8")
    assert "另存为" in chinese.stderr


def test_a_missing_file_and_a_missing_argument_have_their_status(linli: Run) -> None:
    assert linli("import", "nowhere.csv").returncode == 1
    assert linli("import").returncode == 2


def test_the_first_codes_come_from_the_command_line(linli: Run, tmp_path: Path) -> None:
    linli("import", *town())
    invited = linli("invite", "a01", "--bot", "linli_bot", "--qr", tmp_path / "a01.png")
    assert "https://t.me/linli_bot?start=e-" in invited.stdout
    assert (tmp_path / "a01.png").read_bytes().startswith(b"\x89PNG")
    code = linli("bindcode", "320116001010001", "--place", "快乐8号楼", "--bot", "linli_bot")
    assert "https://t.me/linli_bot?startgroup=b-" in code.stdout
    nobody = linli("invite", "nobody", "--bot", "linli_bot")
    assert (nobody.returncode, len(nobody.stderr.splitlines())) == (1, 1)


def test_a_key_is_printed(linli: Run) -> None:
    assert Vault(linli("key").stdout.strip())


def test_a_list_too_long_for_the_service_s_two_seconds_is_brought_in(
    linli: Run, tmp_path: Path
) -> None:
    rows = ["code,parent,level,name", "320116,,district,六合区"]
    for street in range(1, 60):
        rows.append(f"320116{street:03d},320116,street,街道{street}")
        rows += [
            f"320116{street:03d}{each:03d},320116{street:03d},community,社区{each}"
            for each in range(1, 900)
        ]
    (tmp_path / "many.csv").write_text("\n".join(rows), "utf-8")
    found = linli("import", "many.csv")
    assert f"{len(rows) - 1} added" in found.stdout, found.stderr


SPLIT = """code,parent,name,kind,short,starts_on,ends_on,successors,places
320116001010001,320116001010,East,,KL8,,2099-12-01,320116001010011;320116001010012,
320116001010011,320116001010,E1,,KE1,2099-12-01,,,1号楼
320116001010012,320116001010,E2,,KE2,2099-12-01,,,2号楼
"""
HOLED = """person,unit,from,to
w01,320116001010001,2099-12-01 08:00,2099-12-01 12:00
w01,320116001010001,2099-12-01 16:00,2099-12-01 18:00
"""


def test_a_change_of_grids_is_previewed_and_a_gap_of_duty_remarked_on(
    linli: Run, tmp_path: Path
) -> None:
    linli("import", TOWN / "divisions.csv", TOWN / "grids.csv", TOWN / "people.csv")
    (tmp_path / "split.csv").write_text(SPLIT, encoding="utf-8")
    (tmp_path / "holed.csv").write_text(HOLED, encoding="utf-8")
    tried = linli("import", "--dry-run", "split.csv")
    assert "2099-12-01 East → E1、E2: open cases: 0" in tried.stdout
    assert "nobody works there yet" not in tried.stdout  # its people come on the day
    assert tried.returncode == 0
    said = linli("import", "holed.csv").stdout
    assert "from 2099-12-01 14:00 to 16:00" in said
