"""Settings of a process: where they come from, what is refused, and the two documents that list them."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.config import Config, LogFormat, Network, default_text, example, load, variable
from fadearena.model.error import InvalidInput
from tests.support.command import nowhere

ROOT = Path(__file__).parents[2]
PASSWORD = "hunter2"


def loaded(directory: Path, text: str = "", **options: str | Path | None) -> Config:
    """Return the settings that an env file of this text gives."""
    file = directory / "settings.env"
    file.write_text(text)
    with nowhere():
        return load(file, **options)


def test_everything_has_a_default(tmp_path: Path) -> None:
    """Nothing has to be set: the defaults are a simulation on mainnet's data in the user's own data directory."""
    config = loaded(tmp_path)
    assert config.data_dir.name == "fadearena"
    assert config.data_dir.is_absolute()
    assert config.database is None
    assert config.network is Network.MAINNET
    assert config.arena_speed == Decimal(1)
    assert config.log_format is LogFormat.AUTO


def test_options_go_before_the_file(tmp_path: Path) -> None:
    """What the command line says wins; what it leaves open comes from the file; other programs' lines are nothing."""
    text = f"OTHER=1\nFADEARENA_DATA_DIR={tmp_path}/a\nFADEARENA_ARENA_SEED=7\nFADEARENA_KEEP_SEGMENTS=\n"
    config = loaded(tmp_path, text, data_dir=tmp_path / "b", log_level=None)
    assert config.data_dir == tmp_path / "b"
    assert config.arena_seed == 7
    assert config.keep_segments is None
    assert loaded(tmp_path, text).data_dir == tmp_path / "a"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """A variable of the environment wins over `.env` in the working directory; XDG_DATA_HOME moves the default."""
    (tmp_path / ".env").write_text("FADEARENA_ARENA_SEED=7\nFADEARENA_INBOX_LIMIT=200\n")
    code = "from fadearena.config import load; c = load(); print(c.arena_seed, c.inbox_limit, c.data_dir)"
    environment = {"FADEARENA_ARENA_SEED": "8", "XDG_DATA_HOME": "/somewhere", "PATH": "/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["8", "200", "/somewhere/fadearena"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("FADEARENA_DATA_DR=x", "FADEARENA_DATA_DR is no setting: the nearest is FADEARENA_DATA_DIR"),
        ("FADEARENA_INBOX_LIMIT=many", "FADEARENA_INBOX_LIMIT: Input should be a valid integer"),
        ("FADEARENA_KEEP_SEGMENTS=1", "FADEARENA_KEEP_SEGMENTS: Input should be greater than or equal to 2"),
        ("FADEARENA_PAPER_EQUITY_USD=NaN", "FADEARENA_PAPER_EQUITY_USD: Input should be a finite number"),
        ("FADEARENA_ARENA_SPEED=0", "FADEARENA_ARENA_SPEED: Input should be greater than 0"),
        ("FADEARENA_NETWORK=moon", "FADEARENA_NETWORK: Input should be 'mainnet', 'testnet', 'sandbox' or 'arena'"),
        ("FADEARENA_SANDBOX_URL=127.0.0.1:4810", "FADEARENA_SANDBOX_URL: must begin with http:// or https://"),
        ("FADEARENA_KEYS=pocket", "FADEARENA_KEYS: Input should be 'file', 'keyring' or 'environment'"),
        ("FADEARENA_LOG_LEVEL=loud", "FADEARENA_LOG_LEVEL: Input should be"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    """An unknown variable names the nearest known one; a bad value says what it should be."""
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        loaded(tmp_path, text)


def test_a_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """Every process reads the file, and only one may know a key; in the environment it is no setting of anybody."""
    with pytest.raises(InvalidInput, match="`fadearena keys add`") as raised:
        loaded(tmp_path, f"FADEARENA_AGENT_KEYS={PASSWORD}")
    assert PASSWORD not in str(raised.value)
    with nowhere({"FADEARENA_AGENT_KEYS": PASSWORD}):
        assert PASSWORD not in repr(load(tmp_path / "no-file"))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Two bad values make two sentences in one error."""
    with pytest.raises(InvalidInput) as raised:
        loaded(tmp_path, "FADEARENA_INBOX_LIMIT=x\nFADEARENA_RESTART_LIMIT=0\n")
    assert [part.partition(":")[0] for part in str(raised.value).split("; ")] == [
        "FADEARENA_INBOX_LIMIT",
        "FADEARENA_RESTART_LIMIT",
    ]


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    """The database's URL is shown neither with the settings nor in an error about it."""
    url = f"postgresql://me:{PASSWORD}@db/fade"
    config = loaded(tmp_path, f"FADEARENA_DATABASE_URL={url}")
    assert config.database == url
    assert PASSWORD not in repr(config) + str(config)
    with pytest.raises(InvalidInput, match="must begin with postgresql://") as raised:
        loaded(tmp_path, f"FADEARENA_DATABASE_URL=mysql://me:{PASSWORD}@db/fade")
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "PostgreSQL+asyncpg"])
def test_a_url_may_name_a_driver(tmp_path: Path, scheme: str) -> None:
    """As other programs write it; ours is the one that is used."""
    assert loaded(tmp_path, f"FADEARENA_DATABASE_URL={scheme}://me@db/fade").database == "postgresql://me@db/fade"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PUBLIC_URL", "fade.example"),
        ("PUBLIC_URL", "https://fade.example/path"),
        ("PUBLIC_URL", "https://ann:pw@fade.example"),
        ("PUBLIC_URL", "https://"),
        ("ORIGINS", "https://a.example,*"),
        ("PROXIES", "10.0.0.1,proxy"),
        ("PROXIES", "*"),
        ("PORT", "70000"),
    ],
)
def test_addresses_of_the_api_are_checked(tmp_path: Path, name: str, text: str) -> None:
    """A URL is an origin and nothing more; proxies have addresses; a wildcard is none of them."""
    with pytest.raises(InvalidInput, match=f"FADEARENA_{name}"):
        loaded(tmp_path, f"FADEARENA_{name}={text}")


def test_lists_are_read_item_by_item(tmp_path: Path) -> None:
    """Separated by commas, with or without blanks."""
    config = loaded(tmp_path, "FADEARENA_ORIGINS=https://a.example/ ,http://b:1\nFADEARENA_PROXIES=10.0.0.0/8, ::1\n")
    assert config.allowed_origins == ("https://a.example", "http://b:1")
    assert config.trusted_proxies == ("10.0.0.0/8", "::1")
    assert (loaded(tmp_path).allowed_origins, loaded(tmp_path).trusted_proxies) == ((), ())


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A file that is no text is named."""
    (tmp_path / ".env").write_bytes(b"\xff\xfe\xfa")
    with nowhere(), pytest.raises(InvalidInput, match=r"\.env cannot be read"):
        load(tmp_path / ".env")


def test_the_example_file_is_complete_and_current(tmp_path: Path) -> None:
    """`.env.example` is what the program prints, names every setting, and is valid when uncommented."""
    shown = (ROOT / ".env.example").read_text()
    assert shown == example()
    assert re.findall(r"^# (FADEARENA_\w+)=", shown, flags=re.MULTILINE) == [variable(f) for f in Config.model_fields]
    uncommented = re.sub(r"^# (FADEARENA_)", r"\1", shown, flags=re.MULTILINE)
    assert loaded(tmp_path, uncommented) == loaded(tmp_path)


def test_the_page_lists_every_setting() -> None:
    """docs/configuration.md has a row for each setting, with its default and what it says of itself."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    rows = re.findall(r"^\| `(FADEARENA_\w+)` \| (.*?) \| (.*?) \|$", page, flags=re.MULTILINE)
    assert rows == [
        (variable(field), f"`{default_text(info)}`" if default_text(info) else "", info.description)
        for field, info in Config.model_fields.items()
    ]
