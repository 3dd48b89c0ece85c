"""From simulation to live and back: what is asked, what goes along, and in which order it is written."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap import switching
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.starting import check_mode
from fadearena.bootstrap.upkeep import alone, put_policy
from fadearena.config import Config, Network, load
from fadearena.model.error import InvalidInput, LeaseLost
from fadearena.model.event import LeaveMode, Pause
from fadearena.model.policy import Mode, Policy
from tests.support.command import nowhere
from tests.support.edge import policy_of
from tests.support.installation import Installation
from tests.support.world import D


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return the configuration of a data directory on a network that is not there."""
    with nowhere({"FADEARENA_SANDBOX_URL": "http://127.0.0.1:9"}):
        return load(data_dir=tmp_path / "d", network=Network.SANDBOX)


@pytest.fixture
def simulation(config: Config) -> Places:
    """Return the places of a simulation with settings, in which nothing is open."""
    places = places_of(config)
    asyncio.run(put_policy(places, msgspec.structs.replace(policy_of(), mode=Mode.SIMULATION), "test"))
    return places


def in_force(config: Config, mode: Mode) -> Policy:
    """Return the settings of a mode."""
    return asyncio.run(switching.policy_in_force(places_of(config, mode)))


def test_the_settings_go_along_and_the_mode_is_named_last(config: Config, simulation: Places) -> None:
    """Live has the settings that were confirmed, and is the active mode from then on."""
    wanted = switching.with_limits(policy_of(), D(1_000))
    live = asyncio.run(switching.go(config, simulation, wanted, "ann"))
    assert (places_of(config), live.mode) == (live, Mode.LIVE)
    assert in_force(config, Mode.LIVE) == wanted
    assert in_force(config, Mode.SIMULATION).mode is Mode.SIMULATION


def test_what_is_broken_off_leaves_the_mode_as_it_was(config: Config, simulation: Places) -> None:
    """The other database is in use, or has the settings and nothing more: the simulation starts as before."""
    wanted = policy_of()

    async def beside_somebody() -> None:
        other = places_of(config, Mode.LIVE)
        await put_policy(other, wanted, "ann")
        async with alone(other):
            await switching.go(config, simulation, policy_of(daily_loss_limit=D(1)), "ann")

    with pytest.raises(LeaseLost):
        asyncio.run(beside_somebody())
    assert places_of(config) == simulation
    asyncio.run(check_mode(config, simulation))
    asyncio.run(switching.go(config, simulation, wanted, "ann"))
    assert in_force(config, Mode.LIVE).version == 2


def test_settings_that_changed_meanwhile_are_not_overruled(config: Config, simulation: Places) -> None:
    """Whoever looked at others, for up to a minute, has to look again: a limit that is new is never lost."""
    seen = msgspec.structs.replace(in_force(config, Mode.SIMULATION), mode=Mode.LIVE)
    tighter = msgspec.structs.replace(policy_of(daily_loss_limit=D(1)), mode=Mode.SIMULATION)
    asyncio.run(put_policy(simulation, tighter, "ann"))
    with pytest.raises(switching.CannotLeave, match="changed meanwhile"):
        asyncio.run(switching.go(config, simulation, seen, "bob"))
    assert places_of(config) == simulation


def test_settings_that_are_not_possible_are_refused_with_their_reasons(simulation: Places) -> None:
    """What is there stays as it is."""
    wrong = msgspec.structs.replace(policy_of(), mode=Mode.SIMULATION, max_signal_age_ms=0)
    with pytest.raises(InvalidInput, match="maxSignalAgeMs must be positive"):
        asyncio.run(put_policy(simulation, wrong, "ann"))
    with pytest.raises(InvalidInput, match="`fadearena mode` changes the mode"):
        asyncio.run(put_policy(simulation, policy_of(), "ann"))


def test_limits_are_proposed_where_there_are_none() -> None:
    """Two times our equity in all, half of it for each bot, five percent a day; what is set stays as it is."""
    policy = policy_of(global_exposure_cap=None, daily_loss_limit=D(7))
    limited = switching.with_limits(policy, D(1_000))
    assert (limited.global_exposure_cap, limited.daily_loss_limit) == (D(2_000), D(7))
    assert {bot.exposure_cap for bot in limited.bots} == {D(500)}
    assert limited.gaps_for_real_money() == []
    assert switching.with_limits(policy, D(0)) == policy


def test_nothing_is_proposed_without_an_exchange_or_in_the_arena(config: Config, simulation: Places) -> None:
    """Whatever cannot be looked at has failed."""
    proposal = asyncio.run(switching.propose(config, simulation))
    failed = {found.check for found in proposal.findings if found.level == "fail"}
    assert failed == {"armed", "accounts", "limits"}
    arena = msgspec.structs.replace(simulation, network=Network.ARENA)
    with pytest.raises(InvalidInput, match="the arena is made up"):
        asyncio.run(switching.propose(config, arena))


@pytest.mark.parametrize(
    ("mode", "accepted", "sentence"),
    [
        (Mode.SIMULATION, True, None),
        (Mode.LIVE, True, None),
        (Mode.LIVE, False, "live cannot be left: main BTC: 1. Nothing is opened any more"),
        (Mode.SIMULATION, False, "simulation cannot be left: main BTC: 1. Close what is held on paper"),
    ],
)
def test_the_worker_has_to_agree(config: Config, mode: Mode, accepted: bool, sentence: str | None) -> None:
    """A live one opens nothing more from the question on; what is open is named."""
    installation = Installation(config.data_dir)
    places = places_of(config, mode)

    async def main() -> None:
        working = asyncio.create_task(installation.work(accepted=accepted, reasons=("main BTC: 1",)))
        await installation.beat()
        try:
            await switching.leave(config, installation.client, places, "ann")
        finally:
            working.cancel()

    if sentence is not None:
        with pytest.raises(InvalidInput) as raised:
            installation.play(main())
        assert sentence in str(raised.value)
    else:
        installation.play(main())
    ordered = [type(entry.action) for entry in installation.control._entries.values()]
    assert ordered == ([Pause, LeaveMode] if mode is Mode.LIVE else [LeaveMode])
