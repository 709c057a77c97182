"""Settings: config.toml, each key overridable by LINLI_<SECTION>__<KEY>.

docs/settings.md says the same; a test compares.
"""

import hmac
import os
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.cannot import Cannot
from domain.policy import Policy

PREFIX = "LINLI_"
CONFIG = "LINLI_CONFIG"
FILE = "config.toml"
# set for the programs around the service, not for the service itself
NOT_SETTINGS = ("LINLI_CONFIG", "LINLI_TEST_")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
DISTRICT = r"^([0-9]{6})?$"
LETTERS = (
    "is missing or has other letters than A-Z a-z 0-9 _ -: a webhook needs one of 1-256 letters."
)


class Section(BaseModel):
    """Unknown keys are errors: a mistyped one would silently do nothing."""

    model_config = ConfigDict(extra="forbid")


class AnotherBot(Section):
    """One more bot of the same service."""

    token: SecretStr
    webhook_secret: SecretStr = SecretStr("")
    district: str = Field(default="", pattern=DISTRICT)


class Telegram(Section):
    """The bot's account, and those of more bots."""

    token: SecretStr = Field(default=SecretStr(""), description="the bot's token, from @BotFather")
    district: str = Field(
        default="",
        pattern=DISTRICT,
        description="the district (6 digits) that the bot serves; empty: all of the deployment",
    )
    bots: list[AnotherBot] = Field(
        default_factory=list,
        description="more bots: a list of tables with `token`, `district`, `webhook_secret`",
    )
    base_url: str = Field(
        default="https://api.telegram.org/bot",
        description="the Bot API server, up to and including /bot",
    )
    webhook_url: str = Field(default="", description="where Telegram sends updates; empty: polling")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="1-256 of A-Z a-z 0-9 _ -; needed with webhook_url"
    )
    limits: bool = Field(
        default=True, description="keep to Telegram's rates; false for a server of one's own"
    )


class Database(Section):
    """Where the data is."""

    # addresses may hold a password, which no printed settings may show
    url: str = Field(
        default="sqlite:///linli.db", repr=False, description="sqlite:///file or postgresql://…"
    )
    floor_megabytes: int = Field(
        default=200,
        ge=0,
        description="free disk space below which nothing new is accepted; 0: no floor",
    )
    pool: int = Field(
        default=10,
        ge=2,
        le=200,
        description="PostgreSQL: connections each process keeps; twice as many at most",
    )
    pgbouncer: bool = Field(
        default=False,
        description="PostgreSQL: true if database.url leads to pgbouncer in transaction mode",
    )
    listen_url: str = Field(
        default="",
        repr=False,
        description="PostgreSQL past pgbouncer, for waking other processes; empty: database.url",
    )
    migration_url: str = Field(
        default="",
        repr=False,
        description="PostgreSQL as the role that may change tables, for `linli migrate`; "
        "empty: database.url",
    )


class Web(Section):
    """The HTTP server: health, metrics, webhook."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(
        default=8080, ge=0, le=65535, description="port to listen on; 0: any free one"
    )
    reuse_port: bool = Field(
        default=False,
        description="share the port with other Linli processes (PostgreSQL only)",
    )


class Files(Section):
    """Photos and voice notes of cases."""

    folder: Path = Field(default=Path("files"), description="folder of our own copies")


class Backup(Section):
    """Where `linli backup` writes, and what seals it."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="AGE-SECRET-KEY-1… of `linli key --backup`; age1… only seals",
    )
    folder: Path | None = Field(
        default=None, description="where backups and the list of erasures go; empty: none are made"
    )
    keep: int = Field(default=14, ge=1, description="backups that stay; older ones are deleted")


class Vault(Section):
    """The seal on phone numbers."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="32 bytes in base64url; empty: phone numbers are not kept",
    )


class Log(Section):
    """What is logged (to standard error, as JSON)."""

    level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR",
    )


class Heart(Section):
    """Where the heart beats as long as the auditor finds nothing wrong."""

    file: Path | None = Field(default=None, description="file that is written at each beat")
    url: SecretStr = Field(
        default=SecretStr(""), description="address that is called (GET) once a minute"
    )


class Trial(Section):
    """The trial resident, who shows that a report gets through."""

    on: bool = Field(default=False, description="every five minutes a report goes the whole way")
    within_seconds: float = Field(
        default=20.0, ge=1.0, le=25.0, description="an alarm if it takes longer"
    )


def _policy_section() -> type[Section]:
    """The fields of domain/policy.Policy as a section: one list of numbers, not two."""
    hints = get_type_hints(Policy)
    defaults: dict[str, Any] = {
        each.name: (hints[each.name], each.default) for each in fields(Policy)
    }
    return create_model("PolicySection", __base__=Section, **defaults)


PolicySection: Any = _policy_section()


class Settings(BaseSettings):
    """Everything a deployment sets."""

    model_config = SettingsConfigDict(
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    telegram: Telegram = Field(default_factory=Telegram)
    database: Database = Field(default_factory=Database)
    web: Web = Field(default_factory=Web)
    files: Files = Field(default_factory=Files)
    vault: Vault = Field(default_factory=Vault)
    backup: Backup = Field(default_factory=Backup)
    log: Log = Field(default_factory=Log)
    heart: Heart = Field(default_factory=Heart)
    trial: Trial = Field(default_factory=Trial)
    policy: PolicySection = Field(default_factory=PolicySection)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, toml

    def rules(self) -> Policy:
        """The policy section as the domain knows it."""
        return Policy(**self.policy.model_dump())


def config_file() -> Path:
    """The file named by LINLI_CONFIG, else ./config.toml (which need not exist)."""
    return Path(os.environ.get(CONFIG) or FILE)


def load(**given: Any) -> Settings:
    """The settings. Raises Cannot with one sentence about the first thing that is wrong."""
    path = config_file()
    if os.environ.get(CONFIG) and not path.is_file():
        raise Cannot(f"{CONFIG} names {path}, which is not a file.")
    _refuse_unknown_sections()
    try:
        return Settings(**given)
    except tomllib.TOMLDecodeError as error:
        raise Cannot(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise Cannot(_sentence(error, path)) from None


@dataclass(frozen=True, slots=True)
class BotAccount:
    """A token and its webhook's secret; `place` is added to the webhook's address and path.

    `district`: the one that the bot serves, or "".
    """

    token: str
    secret: str
    place: str
    district: str


def accounts_of(settings: Settings) -> list[BotAccount]:
    """The service's bots, the first one first. Raises Cannot for what can't be used."""
    first = BotAccount(token_of(settings), secret_of(settings), "", settings.telegram.district)
    found = [first, *(_another(each, first.secret) for each in settings.telegram.bots)]
    if len({_id(each.token) for each in found}) < len(found):
        raise Cannot("telegram.bots names a bot twice: each has one token.")
    server = not settings.database.url.startswith("sqlite")
    if server and len(found) > 1 and not all(each.district for each in found):
        raise Cannot(
            "telegram.bots: on PostgreSQL each of several bots serves one district: give each, and "
            "telegram, its `district`."
        )
    return found


def _another(bot: AnotherBot, secret: str) -> BotAccount:
    """The secret of a further bot follows from the first one's, unless it has one of its own."""
    token = _checked(bot.token.get_secret_value(), "telegram.bots: token")
    own = bot.webhook_secret.get_secret_value()
    if own and not SECRET.fullmatch(own):
        raise Cannot(f"telegram.bots: webhook_secret {LETTERS}")
    made = hmac.digest(secret.encode(), _id(token).encode(), "sha256").hex()
    return BotAccount(token, own or made, f"/{_id(token)}", bot.district)


def _id(token: str) -> str:
    return token.partition(":")[0]


def token_of(settings: Settings) -> str:
    """The first bot's token. Raises Cannot if there is none or it can't be one."""
    token = settings.telegram.token.get_secret_value()
    if not token:
        raise Cannot(
            "telegram.token is missing: get one from @BotFather and put it into config.toml "
            "or LINLI_TELEGRAM__TOKEN."
        )
    return _checked(token, "telegram.token")


def _checked(token: str, name: str) -> str:
    if not _id(token).isdigit():
        raise Cannot(f"{name} is not a bot token: one looks like '123456789:AAE…'.")
    return token


def secret_of(settings: Settings) -> str:
    """The webhook's secret. Raises Cannot if a webhook is set and the secret can't be used."""
    secret = settings.telegram.webhook_secret.get_secret_value()
    if settings.telegram.webhook_url and not SECRET.fullmatch(secret):
        raise Cannot(f"telegram.webhook_secret {LETTERS}")
    return secret


def _refuse_unknown_sections() -> None:
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name.startswith(NOT_SETTINGS):
            continue
        section, joint, _ = name.removeprefix(PREFIX).partition("__")
        if section.lower() not in Settings.model_fields:
            raise Cannot(f"{name} is no setting: docs/settings.md lists them all.")
        if not joint:
            raise Cannot(f"{name} is a whole section: give each key by itself, {name}__<KEY>.")


def _sentence(error: ValidationError, path: Path) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    names = f"{path.name} or {PREFIX}{key.upper().replace('.', '__')}"
    if first["type"] == "extra_forbidden":
        return f"{key} ({names}) is no setting: docs/settings.md lists them all."
    return f"{key} ({names}) is wrong: {first['msg']}."
