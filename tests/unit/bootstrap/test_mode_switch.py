"""The switch of the mode in a process of its own: what it says, and that it never holds anybody up."""

import asyncio
from pathlib import Path

import pytest

from fadearena.bootstrap.mode_switch import ModeSwitch
from fadearena.bootstrap.places import Places, places_of
from fadearena.config import Network, load
from fadearena.kit.clock import SystemClock
from fadearena.model.error import VenueUnavailable
from fadearena.model.policy import Mode
from tests.support.command import nowhere

pytestmark = pytest.mark.slow


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return the data directory of an arena."""
    with nowhere():
        made = places_of(load(data_dir=tmp_path / "d", network=Network.ARENA))
    made.prepare()
    return made


def test_what_the_process_says_is_told(places: Places) -> None:
    """A command that ends without a report ends with a sentence, and nobody saw any checks."""
    switch = ModeSwitch(places, SystemClock())
    with pytest.raises(VenueUnavailable, match="the arena is made up: choose another network"):
        asyncio.run(switch.preflight())
    assert switch.last_preflight() is None


def test_a_process_that_does_not_end_is_ended(places: Places) -> None:
    """Whoever asked is told so."""
    switch = ModeSwitch(places, SystemClock(), patience_s=0.01)
    with pytest.raises(VenueUnavailable, match="did not end within 0 s"):
        asyncio.run(switch.switch(Mode.LIVE, "api:ops"))


def test_the_mode_that_is_active_already_is_no_change(places: Places) -> None:
    """It is as asked for, and nothing was looked at."""
    switch = ModeSwitch(places, SystemClock())
    answer = asyncio.run(switch.switch(Mode.SIMULATION, "api:ops"))
    assert (answer.switched, answer.reasons, switch.last_preflight()) == (True, (), None)
