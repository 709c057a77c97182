"""A sealed file: whole and ours, or refused."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.backup import tape
from bot.backup.tape import CONTENTS, HEAD, Damaged, Key, WrongKey, key_of, opening, sealing

KEY = key_of(Key.new())
BODY = os.urandom(300_000)


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "a.age"
    with sealing(path, KEY) as tape:
        tape.put(HEAD, b"{}")
        tape.put("tables/lane/000001", BODY)
        tape.put(CONTENTS, b"{}")
    return path


def contents(path: Path, key: Key = KEY) -> dict[str, bytes]:
    with opening(path, key) as members:
        return {name: content.read() for name, content in members}


def test_what_was_sealed_comes_back_and_only_its_owner_can_read_the_file(sealed: Path):
    assert contents(sealed) == {HEAD: b"{}", "tables/lane/000001": BODY, CONTENTS: b"{}"}
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert BODY[:40] not in sealed.read_bytes()


def test_another_key_is_refused(sealed: Path):
    with pytest.raises(WrongKey):
        contents(sealed, key_of(Key.new()))
    with pytest.raises(WrongKey):
        contents(sealed, key_of(str(KEY.seals)))
    with pytest.raises(WrongKey):
        key_of("nonsense")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.7, 0.9999])
def test_a_file_cut_short_anywhere_is_refused(sealed: Path, share: float):
    whole = sealed.read_bytes()
    sealed.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(Damaged):
        contents(sealed)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_a_file_changed_anywhere_is_refused(sealed: Path, share: float):
    whole = bytearray(sealed.read_bytes())
    whole[int(len(whole) * share)] ^= 1
    sealed.write_bytes(whole)
    with pytest.raises((Damaged, WrongKey)):
        contents(sealed)


@pytest.mark.parametrize("name", ["../evil", "files/../../x.jpg", "linli.db/x", "tables/a"])
def test_a_name_that_no_backup_holds_is_refused(tmp_path: Path, name: str):
    path = tmp_path / "a.age"
    with sealing(path, KEY) as tape:
        tape.put(name, b"x")
    with pytest.raises(Damaged):
        contents(path)


def fails(_pipe: object) -> None:
    raise OSError(28, "no room")


def _begin(path: Path) -> None:
    with sealing(path, KEY) as opened:
        opened.put(HEAD, b"x" * 2_000_000)
        opened.put(CONTENTS, os.urandom(2_000_000))
        raise KeyError


@pytest.mark.parametrize("break_it", [None, fails])
def test_what_does_not_end_well_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[object], None] | None
):
    if break_it:
        monkeypatch.setattr(tape, "encrypt_io", lambda pipe, *_: break_it(pipe))
    with pytest.raises((KeyError, OSError)):
        _begin(tmp_path / "a.age")
    assert list(tmp_path.iterdir()) == []
