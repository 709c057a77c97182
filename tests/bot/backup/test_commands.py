"""`linli backup` and `linli restore` at a terminal."""

from pathlib import Path

import pytest

from bot.backup.take import backups
from bot.backup.tape import Key
from tests.bot.test_cli import here, one_sentence

KEY = Key.new()


def test_there_and_back_in_two_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert here(monkeypatch, tmp_path, "migrate", BACKUP__KEY=KEY, BACKUP__FOLDER="kept") == 0
    assert here(monkeypatch, tmp_path, "backup") == 0
    (made,) = backups(tmp_path / "kept")
    (tmp_path / "linli.db").unlink()
    assert here(monkeypatch, tmp_path, "restore", str(made)) == 0
    out, err = capsys.readouterr()
    assert "sealed and read back" in out
    assert "Restored" in out
    assert err == ""
    assert here(monkeypatch, tmp_path, "run") == 1


@pytest.mark.parametrize(
    ("args", "settings", "words"),
    [
        (["backup"], {"BACKUP__KEY": KEY}, "backup.folder"),
        (["backup", "kept"], {}, "linli key --backup"),
        (["backup", "kept"], {"BACKUP__KEY": "nonsense"}, "no key"),
        (["backup", "kept"], {"BACKUP__KEY": KEY}, "not there"),
        (["restore", "none.age"], {"BACKUP__KEY": KEY}, "not a file"),
        (["restore", "half.age", "--without-erasures"], {"BACKUP__KEY": KEY}, "damaged"),
    ],
)
def test_what_can_t_be_done_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    args: list[str],
    settings: dict[str, str],
    words: str,
):
    (tmp_path / "half.age").write_bytes(b"age-encryption.org/v1\n")
    assert here(monkeypatch, tmp_path, *args, **settings) == 1
    err = capsys.readouterr().err
    assert words in err
    assert one_sentence(err)
    assert "AGE-SECRET" not in err


def test_a_backup_onto_a_full_disk_is_one_sentence_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    from tests.bot.doctor.test_cures import full_disk

    assert here(monkeypatch, tmp_path, "migrate", BACKUP__KEY=KEY) == 0
    with full_disk(4096):
        assert here(monkeypatch, tmp_path, "backup", "kept") == 1
    assert one_sentence(capsys.readouterr().err)
    assert backups(tmp_path / "kept") == []
    assert not list(tmp_path.glob("*copying*"))


def test_a_key_for_backups_can_be_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert here(monkeypatch, tmp_path, "key", "--backup") == 0
    assert capsys.readouterr().out.startswith("AGE-SECRET-KEY-1")
