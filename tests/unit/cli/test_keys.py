"""`fadearena keys`, `accounts` and `mode` where no worker runs: what they say and refuse, and that no key is shown."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.bootstrap.agents import name_of
from fadearena.cli.exit_codes import ExitCode
from fadearena.model.policy import AccountPolicy
from tests.support.command import Ended, fadearena
from tests.support.edge import policy_of
from tests.support.live_home import set_policy

KEY = "0x" + "7b" * 32
ADDRESS = Signer(KEY).address
SETTINGS = {"FADEARENA_NETWORK": "testnet"}


@contextmanager
def typed(text: str) -> Iterator[None]:
    """Put a text into standard input."""
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def run(directory: Path, *arguments: str, **more: str) -> Ended:
    """Run a command on a data directory."""
    return fadearena(*arguments, "--data-dir", directory, settings={**SETTINGS, **more})


def test_a_key_is_made_listed_and_forgotten(tmp_path: Path) -> None:
    """What is printed is its address, and how to have it approved."""
    made = run(tmp_path / "d", "keys", "new")
    (key,) = [line for line in (tmp_path / "d" / "keys").read_text().splitlines() if line.startswith("0x")]
    agent = Signer(key).address
    assert (agent in made.out, name_of(agent) in made.out, "180 days" in made.out) == (True, True, True)
    assert run(tmp_path / "d", "keys", "list", "--json").report == {"keys": [{"address": agent, "accounts": []}]}
    assert agent in run(tmp_path / "d", "keys", "list").out
    assert run(tmp_path / "d", "keys", "remove", agent, "--json").report == {"address": agent}
    gone = run(tmp_path / "d", "keys", "remove", agent)
    assert (gone.code, "there is no key of" in gone.err) == (ExitCode.UNUSABLE_INPUT, True)
    assert "`fadearena keys new`" in run(tmp_path / "d", "keys", "list").out
    assert key[2:] not in made.out + made.err + gone.err


def test_a_key_that_was_made_elsewhere_comes_by_standard_input(tmp_path: Path) -> None:
    """It is no argument, which others could see, and what is no key is not repeated."""
    with typed(f"{KEY}\n"):
        added = run(tmp_path / "d", "keys", "add", "--json")
    assert added.report == {"address": ADDRESS}
    with typed("0xbeef\n"):
        refused = run(tmp_path / "d", "keys", "add")
    assert (refused.code, "beef" in refused.err) == (ExitCode.UNUSABLE_INPUT, False)


def test_the_key_of_an_accounts_signer_stays(tmp_path: Path) -> None:
    """It is listed with what it signs for."""
    policy = policy_of(accounts=(AccountPolicy(id="main", address="0x" + "a" * 40, signer=ADDRESS),))
    set_policy(tmp_path / "d", policy, SETTINGS)
    with typed(KEY):
        run(tmp_path / "d", "keys", "add")
    keys = run(tmp_path / "d", "keys", "list", "--json").report["keys"]
    assert keys == [{"address": ADDRESS, "accounts": ["main"]}]
    refused = run(tmp_path / "d", "keys", "remove", ADDRESS)
    assert (refused.code, "`fadearena keys rotate main`" in refused.err) == (ExitCode.UNUSABLE_INPUT, True)
    listed = run(tmp_path / "d", "accounts", "list")
    assert (listed.code, ADDRESS in listed.out) == (ExitCode.OK, True)
    for command in (("set", "other", "maxLeverage=3"), ("set", "main"), ("remove", "other")):
        assert run(tmp_path / "d", "accounts", *command).code == ExitCode.UNUSABLE_INPUT
    assert run(tmp_path / "d", "accounts", "set", "main", "maxLeverage=3").code == ExitCode.NO_WORKER
    taken = run(tmp_path / "d", "accounts", "add", "main", "--address", "0x" + "b" * 40)
    assert "fadearena accounts set main" in taken.err


def test_keys_in_the_environment_are_not_ours_to_change(tmp_path: Path) -> None:
    """They are set where the worker is started."""
    refused = run(tmp_path / "d", "keys", "new", FADEARENA_KEYS="environment")
    assert (refused.code, "set it where this process is started" in refused.err) == (ExitCode.UNUSABLE_INPUT, True)


def test_the_mode_is_shown_and_not_changed_by_halves(tmp_path: Path) -> None:
    """Before anything was set up there is none to leave; a word that is no mode is named; the present one stays."""
    home = tmp_path / "d"
    assert "begin with `fadearena init`" in run(home, "mode", "live").err
    assert run(home, "mode", "--json").report["mode"] == "simulation"
    assert "not armed for live trading" in run(home, "mode").out
    set_policy(home, policy_of(), SETTINGS)
    assert "is no mode" in run(home, "mode", "alive").err
    assert run(home, "mode", "simulation", "--json").report == {"mode": "simulation", "changed": False}
    assert "already" in run(home, "mode", "simulation").out


@pytest.mark.parametrize("confirm", [(), ("--confirm", "yes")])
def test_going_live_is_refused_while_anything_fails(tmp_path: Path, confirm: tuple[str, ...]) -> None:
    """All findings are said, whether it was confirmed or not, and nothing is changed."""
    home, sandbox = tmp_path / "d", {"FADEARENA_NETWORK": "sandbox", "FADEARENA_SANDBOX_URL": "http://127.0.0.1:9"}
    set_policy(home, policy_of(), sandbox)
    refused = run(home, "mode", "live", *confirm, **sandbox)
    assert refused.code == ExitCode.FAILED
    assert "fail  armed: no process may trade live" in refused.err
    assert run(home, "mode", "--json", **sandbox).report["mode"] == "simulation"
