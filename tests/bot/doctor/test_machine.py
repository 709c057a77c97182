"""Clock, disk and files of the machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.config import load
from bot.doctor import machine
from bot.doctor.finding import Mark
from bot.doctor.machine import WRITTEN, clock, disk, secrets

NOW = WRITTEN + timedelta(days=1)
NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("now", "elsewhere", "newest", "mark"),
    [
        (NOW, NOW + timedelta(seconds=2), NOW, Mark.GOOD),
        (NOW, NOW + timedelta(seconds=20), NOW, Mark.MIND),
        (NOW, NOW + timedelta(hours=8), NOW, Mark.BAD),
        (NOW, None, NOW, Mark.MIND),
        (NOW, None, NOW + timedelta(minutes=5), Mark.BAD),
        (WRITTEN - timedelta(days=9000), None, None, Mark.BAD),
    ],
)
def test_a_wrong_clock_is_said(
    now: datetime, elsewhere: datetime | None, newest: datetime | None, mark: Mark
):
    assert clock(now, elsewhere, newest).mark is mark


def test_a_folder_that_can_t_be_written_to_is_said():
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with as_nobody():
            assert disk("disk", Path(folder) / "not" / "yet", 0).mark is Mark.BAD


def test_a_disk_that_is_nearly_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "ENOUGH_BYTES", 1 << 60)
    assert disk("disk", tmp_path, 1).mark is Mark.MIND
    assert disk("disk", tmp_path, 1 << 60).mark is Mark.BAD


def test_secrets_that_others_may_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "config.toml"
    file.write_text('[telegram]\ntoken = "1:x"\n')
    file.chmod(0o644)
    monkeypatch.setenv("LINLI_CONFIG", str(file))
    settings = load(database={"url": f"sqlite:///{tmp_path}/linli.db"})
    assert [each.mark for each in secrets(settings)] == [Mark.BAD]
    file.chmod(0o600)
    assert [each.mark for each in secrets(settings)] == [Mark.GOOD]
    (tmp_path / "linli.db").touch(mode=0o644)
    assert [each.mark for each in secrets(settings)] == [Mark.GOOD, Mark.MIND]


def test_a_backup_that_is_old_or_missing_is_said(tmp_path: Path):
    now = datetime.now(UTC)
    assert machine.backup(load(), now).mark is Mark.MIND
    settings = load(backup={"folder": tmp_path})
    assert machine.backup(settings, now).mark is Mark.BAD
    (tmp_path / "linli-20261120T000000Z.tar.gz.age").touch()
    ages = (timedelta(hours=1), timedelta(hours=40), timedelta(days=8))
    marks = [machine.backup(settings, now + age).mark for age in ages]
    assert marks == [Mark.GOOD, Mark.MIND, Mark.BAD]
