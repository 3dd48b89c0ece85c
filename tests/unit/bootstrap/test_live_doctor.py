"""What the doctor finds of live trading on this machine; the accounts are the preflight's."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap.doctor import examine
from fadearena.bootstrap.live_doctor import armed, examine_live, key_place
from fadearena.bootstrap.places import places_of
from fadearena.config import Config, Network, load
from fadearena.model.finding import Level
from fadearena.model.policy import Mode
from tests.support.command import nowhere
from tests.support.edge import policy_of

AWAY = {"FADEARENA_SANDBOX_URL": "http://127.0.0.1:9", "FADEARENA_NETWORK": "sandbox"}


def configured(directory: Path, **variables: str) -> Config:
    """Return a configuration by variables of the environment."""
    with nowhere({**AWAY, **variables}):
        return load(data_dir=directory)


def test_a_process_is_armed_or_not(tmp_path: Path) -> None:
    """The advice names the variable."""
    assert armed(configured(tmp_path, FADEARENA_LIVE="1")).level is Level.OK
    assert (armed(configured(tmp_path)).level, "FADEARENA_LIVE=1" in armed(configured(tmp_path)).advice) == (
        Level.FAIL,
        True,
    )


@pytest.mark.parametrize(("mode", "level"), [(None, Level.FAIL), (0o600, Level.OK), (0o640, Level.FAIL)])
def test_the_file_of_keys_is_looked_at_from_outside(tmp_path: Path, mode: int | None, level: Level) -> None:
    """It is there and ours alone, or the advice is what to run; what is in it is not looked at."""
    if mode is not None:
        (tmp_path / "keys").write_text("not even a key")
        (tmp_path / "keys").chmod(mode)
    found = key_place(configured(tmp_path))
    assert (found.level, bool(found.advice)) == (level, level is not Level.OK)


@pytest.mark.parametrize("source", ["keyring", "environment"])
def test_other_places_of_keys_are_the_workers(tmp_path: Path, source: str) -> None:
    """Nobody else looks there."""
    assert key_place(configured(tmp_path, FADEARENA_KEYS=source)).level is Level.OK


def test_what_cannot_be_looked_at_has_failed(tmp_path: Path) -> None:
    """An exchange that is away, and the arena, which has no accounts."""
    config = configured(tmp_path)
    places = places_of(config)
    found = {each.check: each for each in asyncio.run(examine_live(config, places, policy_of()))}
    assert {check: each.level for check, each in found.items()} == {
        "armed": Level.FAIL,
        "keys": Level.FAIL,
        "limits": Level.WARN,  # going live proposes them
        "accounts": Level.FAIL,
    }
    assert "they cannot be looked at" in found["accounts"].text
    arena = msgspec.structs.replace(places, network=Network.ARENA)
    assert asyncio.run(examine_live(config, arena, policy_of()))[-1].text == "the arena has none"


def test_the_doctor_looks_at_live_trading_in_its_mode_or_when_asked(tmp_path: Path) -> None:
    """A simulation alone does not need it."""
    config = configured(tmp_path / "d")
    for mode, live, is_looked_at in (
        (Mode.SIMULATION, False, False),
        (Mode.SIMULATION, True, True),
        (Mode.LIVE, False, True),
    ):
        found = asyncio.run(examine(config, places_of(config, mode), live=live))
        assert ("armed" in {each.check for each in found}) is is_looked_at
