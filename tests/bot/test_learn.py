"""`linli learn` with files: what it can learn, and what it says of files that won't do."""

import asyncio
import json
import random
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session

from bot import cli
from models import Case, CaseEvent
from models.database import open_database

WORDS = {
    "灯": ["路灯不亮", "灯坏了", "楼道灯一直闪", "路灯黑了一个月", "晚上没有路灯"],
    "水": ["水管爆了", "家里没水", "下水道堵了", "水龙头漏水", "自来水发黄"],
    "梯": ["电梯停了", "电梯门关不上", "电梯又困人", "梯门异响", "电梯按钮坏"],
}
PLACES = ("三号楼", "5栋门口", "小区北门", "一单元", "地下车库", "二期广场")


def texts(count: int, seed: int) -> str:
    """Made-up reports, a label each."""
    chance = random.Random(seed)
    lines = []
    for _ in range(count):
        label = chance.choice(sorted(WORDS))
        words = f"{chance.choice(PLACES)}{chance.choice(WORDS[label])}"
        lines.append(json.dumps({"text": words, "label": label}, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["linli", "learn", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_last_line_is_an_object_with_the_six_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").write_text(texts(80, 1), "utf-8")
    (tmp_path / "b").write_text("\ufeff" + texts(40, 2), "utf-8")
    assert run(monkeypatch, "--texts", tmp_path / "a", "--test", tmp_path / "b") == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(found) == ["accuracy", "macro_f1", "top2", "ece", "seconds", "bytes"]
    assert found["accuracy"] > 0.95
    assert found["top2"] >= found["accuracy"]
    assert 0 <= found["ece"] < 0.1
    assert 0 < found["bytes"] < 5_000_000


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("", "is empty"),
        ('{"text": "a", "label": "x"}\n{"text": "b"}\n', "line 2: write"),
        ('{"text": "a", "label": ""}\n', "line 1: a label has"),
        ("\ud800", "line 1: write"),
        ('{"text": "a", "label": "x"}\n' * 3, "two labels are the least"),
    ],
)
def test_a_file_that_won_t_do_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: str,
    sentence: str,
) -> None:
    (tmp_path / "a").write_text(told, "utf-8", errors="surrogatepass")
    assert run(monkeypatch, "--texts", tmp_path / "a", "--test", tmp_path / "a") == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert sentence in said


def test_one_file_alone_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--texts", tmp_path / "a") == 2


@pytest.mark.parametrize("module", ["bot.running", "handlers.wiring", "bot.commands.read"])
def test_scikit_learn_is_not_loaded_by_what_doesn_t_learn(module: str) -> None:
    code = f"import {module}, sys; sys.exit('sklearn' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", code]) == 0


# --- from the database ---


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> str:
    """The demo town's lists, in a database that no service uses."""
    from services.vault import Vault

    monkeypatch.setenv("LINLI_DATABASE__URL", database_url)
    monkeypatch.setenv("LINLI_VAULT__KEY", Vault.new_key())
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = Path(cli.__file__).parents[1] / "services" / "data" / "town"
    monkeypatch.setattr(sys, "argv", ["linli", "import", *map(str, sorted(folder.glob("*.csv")))])
    with pytest.raises(SystemExit):
        cli.main()
    return database_url


def test_from_a_database_it_says_what_is_missing_and_keeps_nothing(
    town: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(monkeypatch) == 1
    assert "There are 0 texts to learn from, and below 350" in capsys.readouterr().err
    assert run(monkeypatch, "--roll-back") == 1
    assert "No version is in use" in capsys.readouterr().err
    assert run(monkeypatch, "--report") == 0
    assert capsys.readouterr().out == "0 other corrections, too few of a kind or private.\n"
    assert run(monkeypatch, "--district", "999999") == 1
    assert "Say which district by --district: 320116" in capsys.readouterr().err
    assert run(monkeypatch, "--report", "--roll-back") == 2


def full(url: str, count: int) -> None:
    """Reports in words that no lexicon has, put right by people."""
    now = datetime.now(UTC)

    def job(session: Session) -> None:
        rows, events = [], []
        for number in range(count):
            kind, word = (("LS03", "呱呱"), ("UM05", "哞哞"))[number % 2]
            rows.append(
                Case(
                    district="320116",
                    number=f"T-{number}",
                    grid="320116001002001",
                    community="320116001002",
                    owner_unit="320116001002001",
                    state="taken",
                    kind=kind,
                    text=f"那个{word}{'又还总老'[number % 4]}这样",
                    reporter=UUID(int=number % 30 + 1),
                    opened_at=now - timedelta(minutes=count - number),
                    due_at=now,
                )
            )
            facts = {"from": "LS99", "kind": kind}
            events.append(
                CaseEvent(
                    district="320116",
                    case=rows[-1].id,
                    seq=1,
                    at=now,
                    verb="correct_kind",
                    after="taken",
                    facts=facts,
                )
            )
        session.add_all(rows)
        session.flush()
        session.add_all(events)

    async def fill() -> None:
        database = open_database(url)
        try:
            await database.write(job)
        finally:
            await database.close()

    asyncio.run(fill())


def test_it_learns_shows_the_gain_reports_and_goes_back(
    town: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full(town, 360)
    capsys.readouterr()
    assert run(monkeypatch) == 0
    learnt, gain, used = capsys.readouterr().out.splitlines()
    assert learnt.startswith("Learnt from 360 texts, of which 360 were put right by people")
    assert "Right at once: 0.0% → 100.0%" in gain
    assert "version 1 reads from now on" in used
    assert run(monkeypatch, "--report") == 0
    assert "180 × LS99 Other was put right to LS03" in capsys.readouterr().out
    words = ["linli", "read", "--district", "320116", "--explain", "那个呱呱又这样"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        cli.main()
    assert re.search(r"LS03 .*\n  by what was learnt: .*呱呱", capsys.readouterr().out)
    assert run(monkeypatch, "--roll-back") == 0
    assert capsys.readouterr().out == "The rules read alone again.\n"
