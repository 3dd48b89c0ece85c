"""What has to be so before a worker starts, in either mode."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.bootstrap.keys import Signers, address_of
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.seed import default_policy
from fadearena.bootstrap.starting import StartGuard, check_mode, what_is_open
from fadearena.bootstrap.way import Plan, Way
from fadearena.config import Config, Network, load
from fadearena.core.state import BookMemory, State
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvalidInput, VenueUnavailable
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode, Policy
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.faults import Refuse
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from tests.support.command import nowhere
from tests.support.edge import AGENT, AGENT_KEY, MASTER, START_MS, policy_of
from tests.support.live_play import LivePlay, play_live
from tests.support.world import D


@pytest.fixture(scope="module")
def left_open(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory whose live worker ended with positions open."""
    directory = tmp_path_factory.mktemp("live")
    assert play_live(LivePlay(data_dir=directory, lasts_ms=25_000))
    return directory


def configured(directory: Path, *, network: Network = Network.SANDBOX, **variables: str) -> Config:
    """Return a configuration by variables of the environment."""
    with nowhere(variables):
        return load(data_dir=directory, network=network)


def checked(config: Config, mode: Mode) -> None:
    """Look whether a worker may start in a mode."""
    asyncio.run(check_mode(config, places_of(config, mode)))


def capped(**changed: Any) -> Policy:
    """Return live settings with all limits."""
    policy = policy_of(**changed)
    bots = tuple(msgspec.structs.replace(bot, exposure_cap=D(1_000)) for bot in policy.bots)
    return msgspec.structs.replace(policy, bots=bots)


def guarded(
    policy: Policy, *, keys: Sequence[str] = (AGENT_KEY,), started: bool = False, held: str = "0", away: bool = False
) -> tuple[Sequence[Finding], int]:
    """Return what a guard tells, and how many questions it asked."""
    clock = ManualClock(START_MS)
    exchange = Exchange(clock, 1, history_ms=0)
    exchange.deposit(MASTER.address, D(10_000))
    exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
    gateway = Gateway(exchange, clock, wall=clock)
    if away:
        gateway.inflict(Refuse())
    state = State(started=started)
    state.set_policy(policy)
    if D(held):
        memory = state.books["main", "BTC"] = BookMemory()
        memory.watch.theirs = D(held)

    async def main() -> Sequence[Finding]:
        way = Way(Plan(shares_time=True), Loopback(gateway), clock, Random(1))
        signers = Signers(MemoryKeys(address_of, [SecretStr(key) for key in keys]))
        return await StartGuard(configured(Path("/nowhere")), signers)(way, state)

    return run_jumping(main(), clock), sum(gateway.requests.values())


def test_a_simulation_does_not_start_while_live_positions_are_open(left_open: Path) -> None:
    """They are named, with what can be done; without them it starts, and so it does where nothing ever was live."""
    held = asyncio.run(what_is_open(places_of(configured(left_open), Mode.LIVE)))
    assert held
    with pytest.raises(InvalidInput, match="nobody would look after them") as raised:
        checked(configured(left_open), Mode.SIMULATION)
    assert all(line in str(raised.value) for line in held)
    checked(configured(left_open / "another"), Mode.SIMULATION)


def test_live_does_not_start_unarmed_and_says_what_is_open(left_open: Path, tmp_path: Path) -> None:
    """Neither does it in the arena, where nothing is real; armed it goes on to the other checks."""
    with pytest.raises(InvalidInput, match="FADEARENA_LIVE=1") as raised:
        checked(configured(left_open), Mode.LIVE)
    assert "main " in str(raised.value)
    with pytest.raises(InvalidInput, match="Nothing is open"):
        checked(configured(tmp_path), Mode.LIVE)
    checked(configured(left_open, FADEARENA_LIVE="1"), Mode.LIVE)
    with pytest.raises(InvalidInput, match="the arena is made up"):
        checked(configured(tmp_path, network=Network.ARENA, FADEARENA_LIVE="1"), Mode.LIVE)


def test_all_is_well() -> None:
    """Nothing is to be told."""
    found, asked = guarded(capped())
    assert ([each for each in found if each.check != "collateral of main"], asked > 5) == ([], True)


@pytest.mark.parametrize(
    ("policy", "keys", "sentence"),
    [
        (Policy(), [AGENT_KEY], "there are no settings for live trading here"),
        (default_policy(), [AGENT_KEY], "there are no settings for live trading here"),
        (capped(), [], f"there is no key of {AGENT.address} in /nowhere/keys"),
        (capped(daily_loss_limit=None), [AGENT_KEY], "no limit is set: dailyLossLimit (`fadearena mode live`"),
        (policy_of(), [AGENT_KEY], "exposureCap of ann, bob, cat"),
        (capped(accounts=()), [AGENT_KEY], "accounts: there is none"),
    ],
)
def test_a_start_is_refused(policy: Policy, keys: list[str], sentence: str) -> None:
    """Settings of the simulation or none, a key that is missing, a limit that is null."""
    with pytest.raises(InvalidInput) as raised:
        guarded(policy, keys=keys)
    assert sentence in str(raised.value)


def test_with_open_books_a_start_is_a_rescue() -> None:
    """What only the exchange can tell does not hold it up, nor does a limit that went; a missing key still does."""
    (limits,), asked = guarded(capped(global_exposure_cap=None), held="0.1", away=True)
    assert (limits.level, "globalExposureCap" in limits.text, asked) == (Level.WARN, True, 0)
    assert guarded(capped(), held="0.1", away=True) == ([], 0)
    with pytest.raises(InvalidInput, match="there is no key"):
        guarded(capped(), keys=[], held="0.1")


def test_an_exchange_that_is_away_holds_up_the_first_start_only() -> None:
    """The first time nobody knows whether all is well; later the worker starts, and waits for it."""
    with pytest.raises(VenueUnavailable, match="before a first live start"):
        guarded(capped(), away=True)
    found, _ = guarded(capped(), away=True, started=True)
    assert found == []
