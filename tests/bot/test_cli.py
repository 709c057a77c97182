"""The command line: exit status 0 done, 1 refused with one sentence, 2 wrong usage."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from bot import cli
from models import Outbox
from models.database import open_database
from models.migrate import migrate
from tests.bot.conftest import Town

HOUSE = Path(__file__).parents[2]


async def start(folder: Path, *args: str, **settings: str) -> Process:
    environment = {key: value for key, value in os.environ.items() if "LINLI_" not in key}
    environment |= {f"LINLI_{key}": value for key, value in settings.items()}
    environment["PYTHONPATH"] = str(HOUSE)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        *args,
        cwd=folder,
        env=environment,
        stdout=PIPE,
        stderr=PIPE,
    )


async def linli(folder: Path, *args: str, **settings: str) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error."""
    process = await start(folder, *args, **settings)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


def one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith(".\n")


def here(monkeypatch: pytest.MonkeyPatch, folder: Path, *args: str, **settings: str) -> int:
    """The exit status of a command run in this process."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["linli", *args])
    for key, value in settings.items():
        monkeypatch.setenv(f"LINLI_{key}", value)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


async def test_a_service_loads_nothing_that_it_does_not_use(tmp_path: Path):
    never = {
        "rich", "click", "pygments", "alembic", "matplotlib", "sklearn", "openpyxl", "shapely",
        # on SQLite, before the first photo, QR code and backup
        "asyncpg", "PIL", "segno", "pyrage",
    }  # fmt: skip
    code = (
        "import sys; sys.argv[1:] = ['run']\nfrom bot import cli\ntry: cli.main()\n"
        "finally: print(*(name for name, found in sys.modules.items() if found))"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=tmp_path, env=environment, stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert "telegram.token" in err.decode()
    loaded = set(out.decode().split())
    assert "bot.assembly" in loaded
    assert loaded & never == set()


async def test_wrong_usage_of_a_service_is_one_sentence(tmp_path: Path):
    call = [sys.executable, "-m", "bot.cli", "run", "--nonsense"]
    process = await asyncio.create_subprocess_exec(
        *call, cwd=tmp_path, env={"PYTHONPATH": str(HOUSE)}, stdout=PIPE, stderr=PIPE
    )
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert "--nonsense" in err.decode()
    assert "Traceback" not in err.decode()


def test_wrong_usage_is_2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert here(monkeypatch, tmp_path, "nonsense") == 2


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, "telegram.token"),
        ({"TELEGRAM__TOKEN": "nonsense"}, "telegram.token"),
        ({"TELEGRAM__TOKN": "1:x"}, "LINLI_TELEGRAM__TOKN"),
        ({"WEB__PORT": "many"}, "web.port"),
        ({"TELEGRAM__TOKEN": "1:x", "DATABASE__URL": "mysql://x/y"}, "database.url"),
        ({"TELEGRAM__TOKEN": "1:x", "DATABASE__URL": "nonsense"}, "database.url"),
        ({"TELEGRAM__TOKEN": "1:x", "DATABASE__URL": "postgresql://127.0.0.1:1/x"}, "reached"),
        ({"TELEGRAM__TOKEN": "1:x", "VAULT__KEY": "short"}, "vault.key"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_1(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    settings: dict[str, str],
    names: str,
):
    assert here(monkeypatch, tmp_path, "run", **settings) == 1
    err = capsys.readouterr().err
    assert names in err
    assert one_sentence(err)


def test_migrate_makes_the_tables_and_replay_says_how_many(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    for _ in range(2):
        assert here(monkeypatch, tmp_path, "migrate") == 0
    assert (tmp_path / "linli.db").exists()
    assert here(monkeypatch, tmp_path, "replay") == 0
    out, err = capsys.readouterr()
    assert "tables" in out
    assert out.endswith("0 back in line\n")
    assert err == ""


async def test_a_token_that_telegram_refuses_is_one_sentence_and_1(town: Town, tmp_path: Path):
    settings = {"TELEGRAM__TOKEN": "99:wrong", "TELEGRAM__BASE_URL": f"{town.url}/bot"}
    status, _, err = await linli(tmp_path, "run", **settings)
    assert status == 1
    assert one_sentence(err)
    assert "99:wrong" not in err


async def test_it_says_when_it_is_ready_keeps_others_out_and_stops_when_told(
    town: Town, tmp_path: Path
):
    settings = {
        "TELEGRAM__TOKEN": town.bot["token"],
        "TELEGRAM__BASE_URL": f"{town.url}/bot",
        "WEB__PORT": "0",
    }
    process = await start(tmp_path, "run", **settings)
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
    assert line.startswith("@linli_bot is ready (polling); health at http://127.0.0.1:")
    status, _, err = await linli(tmp_path, "run", **settings)
    assert status == 1
    assert "in use" in err
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert town.bot["token"] not in errors.decode()


async def test_the_sandbox_prints_its_address(tmp_path: Path):
    process = await start(tmp_path, "sandbox", "--port", "0")
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
    assert line.startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), 30)
    assert process.returncode == 0


def test_what_never_arrived_is_listed_and_settled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert here(monkeypatch, tmp_path, "dead") == 1
    assert one_sentence(capsys.readouterr().err)
    url = f"sqlite:///{tmp_path}/linli.db"
    asyncio.run(migrate(url))
    keys = [asyncio.run(a_dead_row(url)) for _ in range(2)]
    assert here(monkeypatch, tmp_path, "dead") == 0
    shown = capsys.readouterr().out
    assert all(str(key) in shown for key in keys)
    assert "BadRequest: odd" in shown
    assert "words" not in shown
    settle = ("dead", "--again", str(keys[0]), "--drop", str(keys[1]))
    assert here(monkeypatch, tmp_path, *settle) == 0
    assert "2 settled" in capsys.readouterr().out
    assert here(monkeypatch, tmp_path, *settle) == 1
    assert one_sentence(capsys.readouterr().err)
    assert here(monkeypatch, tmp_path, "dead") == 0
    assert capsys.readouterr().out == ""


async def a_dead_row(url: str) -> UUID:
    row = Outbox(
        bot="777", chat="7", made_at=datetime.now(UTC), state="dead", error="BadRequest: odd",
        payload={"text": "words"},
    )  # fmt: skip
    key = row.id
    database = open_database(url)
    await database.write(lambda session: session.add(row))
    await database.close()
    return key


async def test_a_second_signal_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch):
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    over = asyncio.Event()

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await over.wait()

    task = asyncio.create_task(hangs())
    await asyncio.sleep(0)
    cli._stop(task)
    assert ended == []
    cli._stop(task)
    assert ended == [1]
    over.set()
    await asyncio.gather(task, return_exceptions=True)
