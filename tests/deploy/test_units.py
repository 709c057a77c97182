"""The units for systemd name what exists and give the service no more than it needs."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.assembly import STOP_SECONDS
from bot.config import Settings
from tests.docs.pages import HOUSE
from tests.docs.test_readme import _commands

UNITS = sorted((HOUSE / "deploy").glob("*.service"))
HARDENED = {
    "NoNewPrivileges": "true",
    "ProtectSystem": "strict",
    "ProtectHome": "true",
    "PrivateTmp": "true",
    "PrivateDevices": "true",
    "CapabilityBoundingSet": "",
    "RestrictSUIDSGID": "true",
    "UMask": "0077",
}


def read(path: Path) -> dict[str, list[str]]:
    """The keys of [Service], each with all its values."""
    found: dict[str, list[str]] = {}
    inside = False
    for line in path.read_text().splitlines():
        inside = line == "[Service]" if line.startswith("[") else inside
        key, equals, value = line.partition("=")
        if inside and equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_hardened_and_has_its_own_user(path: Path):
    unit = read(path)
    assert unit["User"] == ["linli"]
    assert {key: unit[key][0] for key in HARDENED} == HARDENED


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists_with_settings_that_exist(path: Path):
    unit = read(path)
    (start,) = unit["ExecStart"]
    program, command = start.split()
    assert program == "/opt/linli/.venv/bin/linli"
    assert command in _commands()
    for each in unit["Environment"]:
        name = each.partition("=")[0]
        if name != "LINLI_CONFIG":
            section, key = name.removeprefix("LINLI_").lower().split("__")
            assert key in Settings.model_fields[section].default_factory.model_fields


def test_the_service_gets_more_time_to_stop_than_it_takes():
    (given,) = read(HOUSE / "deploy" / "linli.service")["TimeoutStopSec"]
    assert int(given) > STOP_SECONDS + 10


def test_the_timer_starts_the_backup_each_night():
    timer = configparser.ConfigParser()
    timer.read(HOUSE / "deploy" / "linli-backup.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert (HOUSE / "deploy" / "linli-backup.service").exists()


def test_systemd_takes_them():
    """Where systemd is: it knows every key. (That /opt/linli isn't there is all it may miss.)"""
    program = shutil.which("systemd-analyze")
    if program is None:
        return
    paths = [str(each) for each in [*UNITS, HOUSE / "deploy" / "linli-backup.timer"]]
    done = subprocess.run([program, "verify", *paths], capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if "/opt/linli" not in line]
    assert said == []


def test_the_wrapper_is_a_script_that_runs_the_service_s_program_as_its_user():
    path = HOUSE / "deploy" / "linli.sh"
    assert subprocess.run(["sh", "-n", path]).returncode == 0
    text = path.read_text()
    unit = read(HOUSE / "deploy" / "linli.service")
    assert unit["ExecStart"][0].split()[0] in text
    assert f"--reuid={unit['User'][0]} " in text
    for each in [*unit["EnvironmentFile"], unit["WorkingDirectory"][0]]:
        assert each in text
