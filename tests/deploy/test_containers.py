"""Dockerfile and compose file: no image can be built here, so what can be checked still is."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import load
from tests.docs.pages import HOUSE, read

DEPLOY = HOUSE / "deploy"
DOCKERFILE = read("deploy/Dockerfile")
COMPOSE: dict[str, Any] = yaml.safe_load(read("deploy/compose.yaml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "linli:local"}


def test_the_dockerfile_passes_its_linter():
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, str(DEPLOY / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_fits_its_schema():
    from check_jsonschema import main

    given = ["--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")]
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 0


def test_the_image_holds_every_room_by_hash_and_runs_as_nobody():
    copied = set(re.findall(r"^COPY (\w+) \./", DOCKERFILE, re.MULTILINE))
    rooms = set(re.search(r"^ROOMS := (.+)$", read("Makefile"), re.MULTILINE)[1].split())  # type: ignore[index]
    assert copied == rooms
    kept = {
        line[1:] for line in read("deploy/Dockerfile.dockerignore").splitlines() if line[:1] == "!"
    }
    assert rooms <= kept
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert not re.search(r"^ADD |curl|wget|:latest", DOCKERFILE, re.MULTILINE)


def test_there_are_two_replicas_on_one_database_and_a_job_that_migrates_first():
    assert OURS["linli-a"] == OURS["linli-b"]
    waits = OURS["linli-a"]["depends_on"]
    assert waits["migrate"]["condition"] == "service_completed_successfully"
    assert waits["postgres"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["command"] == ["migrate"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_container_of_ours_may_do_nothing_but_its_work(name: str):
    each = OURS[name]
    assert each["read_only"] is True
    assert each["cap_drop"] == ["ALL"]
    assert each["user"] == "10001:10001"
    assert "ports" not in each


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_come_by_file_and_never_by_environment(name: str):
    each = SERVICES[name]
    said = json.dumps(each.get("environment", {}))
    assert not re.search(r"TOKEN|VAULT|SECRET__|KEY|PASSWORD(?!_FILE)", said)
    assert set(each.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert all(entry["file"].startswith("./secrets/") for entry in COMPOSE["secrets"].values())
    assert (DEPLOY / "secrets" / ".gitignore").read_text().splitlines()[1] == "*"


def test_every_file_that_is_mounted_exists():
    mounts = [each for service in SERVICES.values() for each in service.get("volumes", [])]
    files = [each.partition(":")[0] for each in mounts if each.startswith("./")]
    assert files
    assert all((DEPLOY / each).is_file() for each in files)


@pytest.mark.parametrize("name", ["linli", "owner"])
def test_the_example_settings_are_settings(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LINLI_CONFIG", str(DEPLOY / f"{name}.example.toml"))
    settings = load()
    assert "@postgres/linli" in settings.database.url
    assert settings.backup.folder == Path("/var/backups/linli")


def test_the_world_reaches_the_webhook_and_nothing_else():
    from bot.assembly import WEBHOOK_PATH

    lines = read("deploy/Caddyfile").splitlines()
    (path,) = [line.split()[1] for line in lines if line.strip().startswith("handle /")]
    assert WEBHOOK_PATH.startswith(path.rstrip("*"))
    assert "respond 404" in read("deploy/Caddyfile")


def test_the_roles_are_those_of_the_examples():
    made = set(re.findall(r"CREATE ROLE (\w+)", read("deploy/roles.sql")))
    named = set(re.findall(r"//(\w+):", read("deploy/owner.example.toml")))
    assert made == named
