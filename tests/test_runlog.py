"""The search of the run's log finds what must not stand there, and fails the run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import HOUSE
from tests.runlog import Kept

HEAD = """
import subprocess, sys, structlog
from pydantic import SecretStr
from handlers.turn import Said, Sender
from services.outbox import Address
from services.vault import Vault
log = structlog.get_logger("bot.x")

def said(text):
    by = Sender("4", "陈叔叔家")
    return Said(at=Address("1", "2"), message="3", sender=by, private=True, text=text)
"""
LEAKS = {
    "text": 'log.warning("said", words=said("三号楼的灯坏了").text)',
    "name": 'log.info("said", by=said("x").sender.name)',
    "secret": 'log.info("in", url="x" + SecretStr("the-secret-of-a-bot").get_secret_value())',
    "phone": 'Vault(Vault.new_key()).seal("13812345678"); log.info("rang", who="13812345678")',
    "text of a child": 'subprocess.run([sys.executable, "-c", '
    '"import sys; sys.stderr.write(sys.argv[1])", said("a child wrote this").text])',
    "text that is read": 'subprocess.run([sys.executable, "-c", '
    '"import sys; sys.stderr.write(sys.argv[1])", said("read by the test").text], '
    "capture_output=True)",
}


def run(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """A run of its own, in a second process, with this repository's conftest."""
    (folder / "conftest.py").write_text("from tests.conftest import pytest_configure")
    (folder / "test_it.py").write_text(HEAD + body)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider"]
    command += ["-c", str(HOUSE / "pyproject.toml"), f"--rootdir={folder}", str(folder)]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)


def test_each_sort_of_leak_fails_the_run(tmp_path: Path) -> None:
    tests = [f"def test_{n}():\n    {line}\n" for n, line in enumerate(LEAKS.values())]
    done = run(tmp_path, "\n".join(tests))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "." * len(LEAKS) in done.stdout, "each test by itself passes"
    for kind, expected in (("text", 3), ("name", 1), ("secret", 1), ("phone", 1)):
        assert done.stdout.count(f"the log of the run holds a {kind} in") == expected, done.stdout


def test_a_word_that_any_log_may_hold_is_not_searched_for() -> None:
    kept = Kept()
    kept.write("warning: quiet 0000000000 sqlite:///x.db\n")
    for text in ("quiet", "0000000000", "", "灯坏"):
        kept.use("text", text)
    kept.use("secret", "sqlite:///x.db")
    assert kept.leaks() == []


def test_letters_written_as_numbers_are_found_too() -> None:
    kept = Kept()
    kept.use("text", "三号楼的灯坏了")
    kept.write('{"words": "\\u4e09\\u53f7\\u697c\\u7684\\u706f\\u574f\\u4e86"}')
    assert len(kept.leaks()) == 1
