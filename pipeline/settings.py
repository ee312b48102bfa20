"""The settings of one installation: one frozen tree, read once from moksori.yaml and MOKSORI_… variables."""

import difflib
import os
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pipeline.errors import SettingsError
from pipeline.yaml_config import Lines, describe, read_yaml

DEFAULT_FILE: Final = Path("config/moksori.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BrandSettings(_Part):
    name: str = Field("My brand", min_length=1, description="The brand, as people call it")
    timezone: str = Field("Asia/Seoul", description="Days of a trend are days of this time zone")
    language: str = Field(
        "ko", pattern="^(ko|en)$", description="Language of mails where a recipient has none: ko or en"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError("no such time zone. Write for example: Asia/Seoul") from None
        return name


class ConsoleSettings(_Part):
    host: str = Field("127.0.0.1", description="Address the console listens on")
    port: int = Field(8600, ge=1, le=65535, description="Port of the console")
    url: str = Field("", description="Address that people reach the console by, used in mails; default: host and port")
    secret_key: SecretStr | None = Field(
        None, description="Signs sessions; made and kept in the state folder when absent"
    )
    secure_cookies: bool = Field(False, description="Set to true when the console is reached over https")

    @model_validator(mode="before")
    @classmethod
    def _address_by_default(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("url"):
            host = values.get("host", "127.0.0.1")
            shown = "localhost" if host == "0.0.0.0" else host  # noqa: S104
            return {**values, "url": f"http://{shown}:{values.get('port', 8600)}"}
        return values


class MailSettings(_Part):
    url: str = Field(
        "file", description="file (…/mail/*.eml), or smtp://[user@]host:port, smtps://… or smtp+starttls://…"
    )
    password: SecretStr | None = Field(None, description="SMTP password")
    sender: str = Field("moksori <moksori@localhost>", description="From: of all mails")
    recipients: list[str] = Field(["team@localhost"], description="Who gets alert mails")


class KibanaSettings(_Part):
    url: str = Field("", description="Address that people reach Kibana by, for links from alerts; none when empty")

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("is no address. Write for example: http://localhost:5601")
        return url


class WorkerSettings(_Part):
    batch: int = Field(256, ge=1, le=5000, description="Records per batch")
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Prometheus metrics on this port; `moksori run` counts up from it; none when absent",
    )


class Settings(BaseSettings):
    """All settings. A variable MOKSORI_INDEX or MOKSORI_CONSOLE__PORT wins over the file."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="MOKSORI_", env_nested_delimiter="__", env_ignore_empty=True
    )

    state_dir: Path = Field(Path("var"), description="Folder of everything that moksori writes")
    config_dir: Path = Field(Path("config"), description="Folder of sources.yaml, themes.yaml, names.yaml and kibana/")
    stream: str = Field("", description="sqlite:///var/stream.db, or kafka://host:9092[/prefix]; default: in state_dir")
    index: str = Field("", description="sqlite:///var/index.db, or http(s)://host:9200[/name]; default: in state_dir")
    database: str = Field(
        "", description="sqlite:///var/desk.db, or postgresql://user@host/name; default: in state_dir"
    )
    database_password: SecretStr | None = Field(None, description="PostgreSQL password")
    index_password: SecretStr | None = Field(None, description="Elasticsearch password")
    brand: BrandSettings = BrandSettings()
    console: ConsoleSettings = ConsoleSettings()
    mail: MailSettings = MailSettings()
    kibana: KibanaSettings = KibanaSettings()
    worker: WorkerSettings = WorkerSettings()

    @property
    def stream_url(self) -> str:
        return self.stream or f"sqlite:///{self.state_dir}/stream.db"

    @property
    def index_url(self) -> str:
        url = self.index or f"sqlite:///{self.state_dir}/index.db"
        if self.index_password and "@" in url:
            scheme, rest = url.split("://", 1)
            user, host = rest.split("@", 1)
            return f"{scheme}://{user.split(':')[0]}:{self.index_password.get_secret_value()}@{host}"
        return url

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.state_dir}/desk.db"

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        return env_settings, init_settings  # the file's values come in as init arguments


def load_settings(file: Path | None = None) -> Settings:
    """The settings from `file`, else $MOKSORI_CONFIG, else config/moksori.yaml, else defaults.

    A variable ending in _FILE names a file that holds the value, for secrets. Raises SettingsError.
    """
    named = file or (Path(os.environ["MOKSORI_CONFIG"]) if os.environ.get("MOKSORI_CONFIG") else None)
    path = named or DEFAULT_FILE
    data: dict[str, Any]
    data, lines = read_yaml(path) if named or path.exists() else ({}, {})
    _read_secret_files()
    _refuse_misspelled_variables()
    try:
        return Settings(**data)
    except ValidationError as error:
        raise _explain(error, path, lines) from None


def _refuse_misspelled_variables() -> None:
    """A variable that is nearly a setting's name is a mistake that nobody would notice otherwise."""
    known = ["MOKSORI_CONFIG"]
    for name, info in Settings.model_fields.items():
        part = info.annotation
        inner = list(part.model_fields) if isinstance(part, type) and issubclass(part, BaseModel) else []
        known += [f"MOKSORI_{name}".upper(), *(f"MOKSORI_{name}__{each}".upper() for each in inner)]
    for variable in os.environ:
        name = variable.removesuffix("_FILE")
        if not name.startswith("MOKSORI_") or name in known:
            continue
        if meant := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
            raise SettingsError(f"{variable}: no such setting. Did you mean {meant[0]}?")


def _explain(error: ValidationError, path: Path, lines: Lines) -> SettingsError:
    """As describe(), but a value that came from the environment is named by its variable."""
    for fault in error.errors():
        variable = "MOKSORI_" + "__".join(str(part) for part in fault["loc"]).upper()
        if variable in os.environ:
            return SettingsError(f"{variable}: {fault['msg'].removeprefix('Value error, ')}")
    return describe(error, path, lines, Settings)


def _read_secret_files() -> None:
    for name, file in list(os.environ.items()):
        if name.startswith("MOKSORI_") and name.endswith("_FILE"):
            try:
                os.environ[name.removesuffix("_FILE")] = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{name}: {file}: cannot be read: {error.strerror}") from None


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
