"""
Settings of a process: what it has to know before it can read anything, and what needs a restart.

1. They come from `FADEARENA_*` in the environment, else from `.env` in the working directory, else they are the
   defaults below. An option of the command line goes before all of them.
2. What people change while a worker runs (bots, caps, limits) is not here: `fadearena settings`.
3. `.env.example` is this file's `example()`.
4. Private keys are no settings: they are in a file or in the keyring, or in `FADEARENA_AGENT_KEYS` of the one process
   that signs, where only that process looks for them. In `.env` they are refused.
"""

import difflib
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from fadearena.model.error import InvalidInput
from fadearena.model.units import Usd

PREFIX: Final = "FADEARENA_"
AGENT_KEYS: Final = PREFIX + "AGENT_KEYS"
"""The variable that may hold private keys, separated by commas."""
_POSTGRES = re.compile(r"postgres(ql)?(\+[a-z0-9]+)?://", re.IGNORECASE)


class LogFormat(StrEnum):
    """How log lines look: `auto` is `console` on a terminal and `json` elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on lines are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Network(StrEnum):
    """Where wallets and prices come from: Hyperliquid, its testnet, a sandbox of our own, or the synthetic arena."""

    MAINNET = "mainnet"
    TESTNET = "testnet"
    SANDBOX = "sandbox"
    ARENA = "arena"


class KeySource(StrEnum):
    """Where the keys are that sign live orders."""

    FILE = "file"
    KEYRING = "keyring"
    ENVIRONMENT = "environment"


class OrderChannel(StrEnum):
    """How live orders travel: over a socket while one is up, or over HTTP only."""

    AUTO = "auto"
    HTTP = "http"


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or ""
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share") / "fadearena"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _absolute_or_none(path: Path | None) -> Path | None:
    return None if path is None else _absolute(path)


def _is_http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


def _is_http_or_none(url: str | None) -> str | None:
    return None if url is None else _is_http(url)


def _is_origin(url: str) -> str:
    parts = urlsplit(_is_http(url))
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be as https://example.org or http://example.org:8080, with nothing behind it")
    return url.rstrip("/")


def _is_origin_or_none(url: str | None) -> str | None:
    return None if url is None else _is_origin(url)


def _are_origins(urls: str | None) -> str | None:
    return None if urls is None else ",".join(map(_is_origin, _listed(urls)))


def _are_addresses(texts: str | None) -> str | None:
    if texts is None:
        return None
    for text in _listed(texts):
        try:
            ipaddress.ip_network(text)
        except ValueError:
            raise ValueError("must be addresses or networks, as 10.0.0.2 or 10.0.0.0/8") from None
    return ",".join(_listed(texts))


def _listed(texts: str | None) -> tuple[str, ...]:
    return tuple(text.strip() for text in (texts or "").split(",") if text.strip())


def postgres_url(text: str) -> str | None:
    """Return the URL of a PostgreSQL database as libpq reads it, also where it names a driver; None for any other."""
    return _POSTGRES.sub("postgresql://", text, count=1) if _POSTGRES.match(text) else None


def _is_postgres(url: SecretStr | None) -> SecretStr | None:
    found = None if url is None else postgres_url(url.get_secret_value())
    if url is not None and found is None:
        raise ValueError("must begin with postgresql://; leave it away to use SQLite in the data directory")
    return None if found is None else SecretStr(found)


def _is_secret_http(url: SecretStr | None) -> SecretStr | None:
    return None if url is None else SecretStr(_is_http(url.get_secret_value()))


class Config(BaseSettings):
    """The settings of a process. Each has a default, and says its unit."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix=PREFIX, env_ignore_empty=True)

    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_default_data_dir,
        description="Directory of mode.json, of the kill file KILL and, with SQLite, of the databases.",
    )
    database_url: Annotated[SecretStr | None, AfterValidator(_is_postgres)] = Field(
        default=None,
        description="postgresql://USER:PASSWORD@HOST/NAME; without it SQLite files in the data directory.",
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="From which level on lines are logged.")
    log_format: LogFormat = Field(
        default=LogFormat.AUTO, description="How lines are logged: auto is console on a terminal, json elsewhere."
    )
    network: Network = Field(
        default=Network.MAINNET,
        description="Where wallets and prices come from: mainnet, testnet, sandbox or arena (made up in the worker).",
    )
    sandbox_url: Annotated[str, AfterValidator(_is_http)] = Field(
        default="http://127.0.0.1:4810", description="Where `fadearena sandbox` listens."
    )
    leaderboard_url: Annotated[str | None, AfterValidator(_is_http_or_none)] = Field(
        default=None,
        description="Where `fadearena bots discover` finds the leaderboard; by default that of mainnet or of the "
        "sandbox, the testnet has none.",
    )
    live: bool = Field(
        default=False,
        description="Arms live trading: without it a process that would trade with real money refuses to start.",
    )
    keys: KeySource = Field(
        default=KeySource.FILE,
        description=f"Where private keys are: file, keyring, or environment ({AGENT_KEYS}, for the worker alone).",
    )
    key_file: Annotated[Path | None, AfterValidator(_absolute_or_none)] = Field(
        default=None,
        description="File of private keys, one a line, readable by its owner alone; by default `keys` in the data "
        "directory.",
    )
    order_channel: OrderChannel = Field(
        default=OrderChannel.AUTO,
        description="How live orders travel: auto is a socket while one is up and else HTTP, http is HTTP only.",
    )
    weight_per_minute: int = Field(
        default=1_200,
        ge=200,
        le=1_200,
        description="Weight of requests per minute; less where other programs ask the exchange from this address.",
    )
    arena_seed: int = Field(
        default=1, ge=0, description="Another seed, another synthetic arena; keep it for the life of a data directory."
    )
    arena_speed: Decimal = Field(
        default=Decimal(1),
        gt=0,
        le=100_000,
        allow_inf_nan=False,
        description="Seconds of the synthetic arena in one second of ours.",
    )
    paper_equity_usd: Usd = Field(
        default=Usd(10_000), gt=0, allow_inf_nan=False, description="USD that a paper account starts with."
    )
    paper_latency_ms: int | None = Field(
        default=None,
        ge=0,
        le=60_000,
        description="Milliseconds from an order to its execution on paper; without it what is measured, and on mainnet "
        "and testnet 900 that the exchange adds.",
    )
    inbox_limit: int = Field(
        default=10_000, ge=100, description="Events that may wait to be decided before feeds are held back."
    )
    snapshot_every_events: int = Field(
        default=5_000, ge=1, description="Events from one snapshot of the state to the next: what a recovery steps."
    )
    segment_every_events: int = Field(
        default=500_000, ge=1, description="Events in one segment of the journal; each begins with a full snapshot."
    )
    keep_segments: int | None = Field(
        default=None, ge=2, description="Newest segments of the journal that are kept; without it all are."
    )
    alert_urls: SecretStr | None = Field(
        default=None,
        description="Where alerts go: URLs of apprise, separated by commas; without, they are only logged and shown.",
    )
    alerts_an_hour: int = Field(
        default=20,
        ge=4,
        le=1_000,
        description="Messages an hour; what is too much is summed up, stops are told always.",
    )
    alert_window_s: int = Field(
        default=600, ge=0, le=3_600, description="Seconds in which alerts that say the same are one message."
    )
    worker_silent_s: int = Field(
        default=10, ge=3, description="Seconds without a heartbeat of the worker after which people are told."
    )
    feed_silent_s: int = Field(
        default=60, ge=10, description="Seconds that a feed may be stale before people are told."
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address that the API listens at; others reach it only once there is a token or a password.",
    )
    port: int = Field(default=4_800, ge=0, le=65_535, description="Port that the API listens at; 0 is any free one.")
    public_url: Annotated[str | None, AfterValidator(_is_origin_or_none)] = Field(
        default=None, description="URL under which the API is reached where that is another, as behind a proxy."
    )
    origins: Annotated[str | None, AfterValidator(_are_origins)] = Field(
        default=None,
        description="Other origins whose pages may use the API, separated by commas, as https://example.org; by "
        "default none may.",
    )
    proxies: Annotated[str | None, AfterValidator(_are_addresses)] = Field(
        default=None,
        description="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, "
        "separated by commas; by default none is.",
    )
    traces_url: Annotated[SecretStr | None, AfterValidator(_is_secret_http)] = Field(
        default=None,
        description="Where traces go, a collector's OTLP port as http://127.0.0.1:4318; needs `fadearena[traces]`.",
    )
    restart_limit: int = Field(default=10, ge=1, description="Deaths in a row after which `up` gives a process up.")

    @property
    def database(self) -> str | None:
        """The database's URL with its password; None for SQLite."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def alert_destinations(self) -> str:
        """The URLs of alerts, with their secrets; empty for none."""
        return self.alert_urls.get_secret_value() if self.alert_urls else ""

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The other origins whose pages may use the API."""
        return _listed(self.origins)

    @property
    def trusted_proxies(self) -> tuple[str, ...]:
        """The proxies that are believed."""
        return _listed(self.proxies)

    @property
    def traces_destination(self) -> str | None:
        """The URL of traces, with its secrets; None where none are wanted."""
        return self.traces_url.get_secret_value() if self.traces_url else None

    @property
    def key_path(self) -> Path:
        """The file of private keys."""
        return self.key_file or self.data_dir / "keys"


def load(env_file: Path = Path(".env"), **options: str | int | Path | None) -> Config:
    """
    Gather the settings of this process.

    Args:
        env_file: A file of the same variables as the environment, which goes before it; it may be missing.
        options: What the command line says, by field; None where it says nothing.

    Raises:
        InvalidInput: A variable is unknown or a value is bad, one sentence for each; or the file cannot be read.
    """
    try:
        in_file = DotEnvSettingsSource(Config, env_file).env_vars
        _refuse_keys(env_file, in_file)
        _refuse_unknown({**in_file, **EnvSettingsSource(Config).env_vars})
        given: dict[str, Any] = {field: value for field, value in options.items() if value is not None}
        given["_env_file"] = env_file
        return Config(**given)
    except ValidationError as error:
        raise InvalidInput("; ".join(_sentence(problem) for problem in error.errors(include_url=False))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{env_file} cannot be read ({error}): mend or remove it") from error


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return PREFIX + field.upper()


def default_text(info: FieldInfo) -> str:
    """Return a field's default as it is written in the environment; empty for none."""
    if info.default_factory is not None or info.default is None:
        return ""
    return str(info.default)


def example() -> str:
    """Return a `.env` file that names every variable with its meaning and default, all commented out."""
    head = "# Settings of FadeArena's processes. Copy this file to .env and uncomment what you change; restart then.\n"
    return head + "".join(
        f"\n# {info.description}\n# {variable(field)}={default_text(info)}\n"
        for field, info in Config.model_fields.items()
    )


def _refuse_keys(file: Path, names: Iterable[str]) -> None:
    if AGENT_KEYS in {name.upper() for name in names}:
        raise InvalidInput(
            f"{file} holds {AGENT_KEYS}, and every process reads it: remove the line, then keep the key with "
            "`fadearena keys add`"
        )


def _refuse_unknown(names: Iterable[str]) -> None:
    known = [variable(field) for field in Config.model_fields]
    problems = [
        f"{name} is no setting: the nearest is {difflib.get_close_matches(name, known, n=1, cutoff=0)[0]}"
        for name in sorted({name.upper() for name in names} - {*known, AGENT_KEYS})
        if name.startswith(PREFIX)
    ]
    if problems:
        raise InvalidInput("; ".join(problems))


def _sentence(problem: Mapping[str, Any]) -> str:
    """Say what is wrong without the value: it may be a secret."""
    field = str(problem["loc"][0])
    return f"{variable(field)}: {str(problem['msg']).removeprefix('Value error, ')}"


if __name__ == "__main__":
    import sys

    sys.stdout.write(example())
