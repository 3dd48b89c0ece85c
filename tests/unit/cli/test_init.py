"""`fadearena init`: what it writes, what it refuses, and that it asks again where an answer makes no sense."""

import re
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.bootstrap.setup import Choices, followed_bots, policy_of, write_env
from fadearena.cli.exit_codes import ExitCode
from fadearena.config import Network, load
from fadearena.model.error import InvalidInput
from tests.support.command import Ended, fadearena, nowhere
from tests.support.terminal import Watched


def begun(directory: Path, *arguments: object) -> tuple[Ended, str]:
    """Run it where nobody can answer, and return the file that it wrote, too."""
    ended = fadearena("init", "--data-dir", directory, *arguments, inside=directory.parent)
    file = directory.parent / ".env"
    return ended, file.read_text() if file.exists() else ""


def settings(directory: Path) -> dict[str, Any]:
    """Return the settings in force."""
    found: dict[str, Any] = fadearena("settings", "show", "--data-dir", directory, "--json").report
    return found


def test_without_a_terminal_it_takes_the_defaults(tmp_path: Path) -> None:
    """It writes a file that only we can read, and the default settings; both are valid, and what is next is said."""
    ended, text = begun(tmp_path / "d", "--network", "testnet")
    assert ended.code == ExitCode.OK, ended.err
    assert "`fadearena up`" in ended.out
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    with nowhere():
        config = load(tmp_path / ".env")
    assert (config.network, config.data_dir) == (Network.TESTNET, tmp_path / "d")
    assert "FADEARENA_DATABASE_URL" not in text
    bots = fadearena("bots", "list", "--data-dir", tmp_path / "d", "--json").report["bots"]
    assert [bot["id"] for bot in bots if bot["enabled"]] == list(followed_bots())


@pytest.mark.parametrize(
    ("network", "sentence"),
    [("mainnet", "silent since December 2025"), ("testnet", "never traded on the testnet"), ("arena", "")],
)
def test_bots_that_do_nothing_are_named_as_such(tmp_path: Path, network: str, sentence: str) -> None:
    """Where nothing will happen because of the bots that it offers, it says so, and what else there is."""
    ended, _ = begun(tmp_path / "d", "--network", network)
    assert sentence in ended.out
    assert ("`fadearena bots discover`" in ended.out) is (network == "mainnet")


def test_options_are_taken_over(tmp_path: Path) -> None:
    """Network, money, bots and limits go where they belong."""
    given = ("--bots", "grok-4,qwen3-max", "--multiplier", "0.1", "--exposure-cap", "5000", "--daily-loss", "100")
    ended, text = begun(tmp_path / "d", "--network", "sandbox", "--equity", "2500", *given, "--json")
    assert ended.report == {"envFile": str(tmp_path / ".env"), "dataDir": str(tmp_path / "d"), "settingsSet": True}
    assert "FADEARENA_PAPER_EQUITY_USD=2500\n" in text
    shown = settings(tmp_path / "d")
    assert (shown["globalExposureCap"], shown["dailyLossLimit"]) == ("5000", "100")
    bots = fadearena("bots", "list", "--data-dir", tmp_path / "d", "--json").report["bots"]
    assert {bot["id"] for bot in bots if bot["enabled"]} == {"grok-4", "qwen3-max"}
    assert {bot["leverageMultiplier"] for bot in bots} == {"0.1"}


def test_a_key_of_its_own_is_made_for_an_account(tmp_path: Path) -> None:
    """It is in a file of ours alone and nowhere else; where it has to be approved is said, and on a sandbox it is."""
    account = "0x" + "a" * 40
    ended, text = begun(tmp_path / "d", "--network", "testnet", "--account", account.upper().replace("X", "x"))
    assert ended.code == ExitCode.OK, ended.err
    (agent,) = re.findall(r": (0x[0-9a-f]{40}) shall sign for", ended.out)
    assert "https://app.hyperliquid-testnet.xyz/API" in ended.out
    key = (tmp_path / "d" / "keys").read_text().splitlines()[-1]
    assert Signer(key).address == agent
    assert key[2:] not in ended.out + ended.err + text
    accounts = fadearena("accounts", "list", "--data-dir", tmp_path / "d", "--json").report["accounts"]
    assert [(each["address"], each["signer"]) for each in accounts] == [(account, agent)]
    arguments = ("init", "--data-dir", tmp_path / "e", "--network", "sandbox", "--account", account)
    ended = fadearena(*arguments, settings={"FADEARENA_SANDBOX_URL": "http://127.0.0.1:9"})
    assert "it is not approved yet" in ended.out
    ended, _ = begun(tmp_path / "f", "--network", "testnet", "--account", "me", "--force")
    assert (ended.code, "is not an address" in ended.err) == (ExitCode.UNUSABLE_INPUT, True)


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    """It is replaced only where somebody says so; settings that are there stay anyway."""
    (tmp_path / ".env").write_text("FADEARENA_LOG_LEVEL=debug\n")
    ended, text = begun(tmp_path / "d")
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "--force" in ended.err
    assert text == "FADEARENA_LOG_LEVEL=debug\n"
    assert not (tmp_path / "d").exists()
    assert begun(tmp_path / "d", "--force")[0].code == ExitCode.OK
    again, _ = begun(tmp_path / "d", "--force", "--bots", "grok-4", "--json")
    assert again.report["settingsSet"] is False


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--bots", "grok-5"), "no bot is called grok-5: choose from"),
        (("--database-url", "mysql://x"), "must begin with postgresql://"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    """The sentence says what would."""
    ended, text = begun(tmp_path / "d", *arguments)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert sentence in ended.err
    assert text == ""
    assert not (tmp_path / "d").exists()


def test_first_settings_are_judged_as_all_settings_are() -> None:
    """A number out of its range is a sentence of the settings."""
    assert policy_of(Choices(bots=(), multiplier=Decimal(1))).problems() == []
    with pytest.raises(InvalidInput, match="leverageMultiplier"):
        policy_of(Choices(bots=(), multiplier=Decimal(1_000)))


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Nothing is left behind."""
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_env(tmp_path / "away" / ".env", {})


@pytest.mark.slow
def test_on_a_terminal_it_asks_and_asks_again(tmp_path: Path) -> None:
    """An answer that makes no sense is said to be so, and the question comes again."""
    answers = ["moon", "sandbox", str(tmp_path / "d"), "none", "5000", "grok-4", "20", "0.2", "none", "none", "none"]
    with Watched("init", "--json", directory=tmp_path, answers=answers) as asked:
        code, _ = asked.end()
    assert code == ExitCode.OK, asked.drawn
    assert "no network" in asked.drawn
    assert "at most 10" in asked.drawn
    assert "FADEARENA_NETWORK=sandbox" in (tmp_path / ".env").read_text()
