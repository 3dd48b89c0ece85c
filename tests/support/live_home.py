"""Data directories as they are before a first start, in either mode."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.upkeep import put_policy
from fadearena.config import load
from fadearena.model.policy import Mode, Policy
from tests.support.command import nowhere


def set_policy(home: Path, policy: Policy, settings: Mapping[str, str], mode: Mode = Mode.SIMULATION) -> Places:
    """Make the tables of a mode, and set its settings."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with nowhere(settings):
        config = load(data_dir=home)
    places_of(config).prepare()
    places = places_of(config, mode)
    asyncio.run(put_policy(places, msgspec.structs.replace(policy, mode=mode), "test"))
    return places


def make_live(home: Path, policy: Policy, settings: Mapping[str, str], key: str = "") -> Places:
    """Make a data directory in which the mode is live, with a key in its file."""
    places = set_policy(home, policy, settings, Mode.LIVE)
    places.activate()
    if key:
        (home / "keys").touch(0o600)
        (home / "keys").write_text(f"{key}\n")
    return places
