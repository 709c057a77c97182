"""Settings: a file, an environment that wins, and one sentence for each mistake."""

from datetime import time
from pathlib import Path

import pytest

from bot.account import Account, Client
from bot.cannot import Cannot
from bot.config import Settings, load, secret_of, token_of
from bot.transport import Transport
from domain.policy import Policy
from handlers.updates import Me

HOUSE = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory without settings."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_file_the_defaults_hold():
    assert load().rules() == Policy()
    assert load().database.url == "sqlite:///linli.db"


def test_the_environment_wins_over_the_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    (elsewhere / "config.toml").write_text(
        "[web]\nport = 1\nhost = 'h'\n[policy]\nmorning = 07:00:00\n"
    )
    monkeypatch.setenv("LINLI_WEB__PORT", "2")
    settings = load()
    assert (settings.web.host, settings.web.port) == ("h", 2)
    assert settings.rules().morning == time(7)


def test_linli_config_names_another_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    (elsewhere / "other.toml").write_text("[web]\nport = 3")
    monkeypatch.setenv("LINLI_CONFIG", "other.toml")
    assert load().web.port == 3
    monkeypatch.setenv("LINLI_CONFIG", "missing.toml")
    with pytest.raises(Cannot, match=r"missing\.toml"):
        load()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[web]\nprot = 1", "web.prot"),
        ("[wbe]\nport = 1", "wbe"),
        ("[web]\nport = 'x'", "web.port"),
        ("[web\n", "not valid TOML"),
        ("[policy]\nevenings = 18:00:00", "policy.evenings"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(elsewhere: Path, text: str, sentence: str):
    (elsewhere / "config.toml").write_text(text)
    with pytest.raises(Cannot) as caught:
        load()
    said = str(caught.value)
    assert sentence in said
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize("name", ["LINLI_WEB__PROT", "LINLI_WBE__PORT", "LINLI_PORT"])
def test_an_unknown_key_in_the_environment_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, "1")
    with pytest.raises(Cannot, match=name):
        load()


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LINLI_TELEGRAM__TOKEN", "123:secret")
    monkeypatch.setenv("LINLI_VAULT__KEY", "secret")
    assert "secret" not in repr(load()).replace("webhook_secret", "")


def test_a_password_in_the_database_s_address_is_never_shown():
    address = "postgresql://linli:swordfish@db/linli"
    urls = {"url": address, "listen_url": address, "migration_url": address}
    settings = load(database=urls)
    assert "swordfish" not in f"{settings!r} {settings} {settings.database}"


def test_a_whole_section_in_one_variable_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LINLI_TELEGRAM", "123:abc")
    with pytest.raises(Cannot, match="LINLI_TELEGRAM__<KEY>") as refused:
        load()
    assert "123:abc" not in str(refused.value)


@pytest.mark.parametrize("token", ["", "secret", "bot:secret"])
def test_a_missing_or_impossible_token_is_said_without_showing_it(token: str):
    with pytest.raises(Cannot, match=r"telegram\.token") as caught:
        token_of(load(telegram={"token": token}))
    assert "secret" not in str(caught.value)


def test_a_webhook_needs_a_secret_of_the_right_letters():
    for secret in ("", "ü", "a b"):
        with pytest.raises(Cannot, match="webhook_secret"):
            secret_of(load(telegram={"webhook_url": "https://x", "webhook_secret": secret}))


def test_every_key_is_in_the_docs_with_its_default():
    page = (HOUSE / "docs" / "settings.md").read_text()
    listed = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    known = {
        f"{section}.{key}"
        for section, field in Settings.model_fields.items()
        for key in field.default_factory.model_fields
    }
    assert listed == known


def test_the_shipped_file_is_valid(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LINLI_CONFIG", str(HOUSE / "config.toml"))
    assert load().rules() == Policy()


def test_who_we_are_is_shown_without_the_token():
    token = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
    transport = Transport()
    client = Client(token, request=transport, get_updates_request=transport)
    shown = f"{client!r} {client} {Account(Me('123456789', 'linli_bot'), client)!r}"
    assert "123456789" in shown
    assert "AAEh" not in shown
