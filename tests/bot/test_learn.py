"""`linli learn` with files: what it can learn, and what it says of files that won't do."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bot import cli

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
