"""What the doctor finds at the exchange, check by check, on a sandbox in the same process."""

import asyncio
from collections.abc import Sequence

import msgspec

from fadearena.bootstrap.exchange_doctor import ExchangeDoctor, examine_exchange
from fadearena.bootstrap.seed import SEASON_1_5, default_policy
from fadearena.config import Network, load
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Policy
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.faults import Answer, Fault, Refuse, Silence
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from tests.support.command import nowhere
from tests.support.room_doors import Ahead
from tests.support.world import D

START_MS = 1_795_000_000_000
AGENT = "0x" + "a" * 40
WALLETS = {bot: wallet for bot, _, wallet in SEASON_1_5}


def examined(policy: Policy | None = None, *faults: Fault, ahead_ms: int = 0) -> dict[str, Finding]:
    """Return what is found with these settings and faults, and a clock that is so much ahead, by check."""
    clock = ManualClock(START_MS)

    async def main() -> Sequence[Finding]:
        exchange = Exchange(clock, 1, wallets=WALLETS, history_ms=0)
        exchange.approve_agent(WALLETS["grok-4"], AGENT, "bot", None)
        gateway = Gateway(exchange, clock, wall=clock)
        for fault in faults:
            gateway.inflict(fault)
        doctor = ExchangeDoctor(Loopback(gateway), Ahead(clock, ahead_ms), 1_200, Network.MAINNET)
        return await doctor.examine(policy or default_policy())

    return {finding.check: finding for finding in run_jumping(main(), clock)}


def with_wallets(*wallets: str) -> Policy:
    """Return settings in which the first bots have these wallets, and only they are followed."""
    policy = default_policy()
    bots = tuple(msgspec.structs.replace(bot, wallet=wallet) for bot, wallet in zip(policy.bots, wallets, strict=False))
    return msgspec.structs.replace(policy, bots=bots)


def test_all_is_well() -> None:
    """It answers, a socket opens, markets are listed, the bots are users, and only part of the minute was used."""
    found = examined()
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert list(found)[:3] == ["exchange", "stream", "markets"]
    assert "2 dexs" in found["markets"].text
    assert found["wallet of grok-4"].text == "it is a user"
    assert "of 1200 a minute" in found["rate limit"].text


def test_beside_a_worker_only_what_costs_nearly_nothing_is_asked() -> None:
    """Both share one rate limit, and the worker needs it more."""
    clock = ManualClock(START_MS)

    async def main() -> None:
        gateway = Gateway(Exchange(clock, 1, wallets=WALLETS, history_ms=0), clock, wall=clock)
        doctor = ExchangeDoctor(Loopback(gateway), clock, 1_200, Network.MAINNET)
        found = [(finding.check, finding.level) for finding in await doctor.examine(None)]
        assert found == [("exchange", Level.OK), ("stream", Level.OK), ("markets, wallets", Level.OK)]
        assert gateway.weight_used == 2

    run_jumping(main(), clock)


def test_wallets_that_cannot_be_followed_are_told() -> None:
    """An address that only signs is a failure, one that is not known a warning; both say what to do."""
    found = examined(with_wallets(AGENT, "0x" + "b" * 40))
    first, second = (bot.id for bot in default_policy().bots[:2])
    signer, stranger = found[f"wallet of {first}"], found[f"wallet of {second}"]
    assert (signer.level, stranger.level) == (Level.FAIL, Level.WARN)
    assert f"fadearena bots set {first} walletAddress=" in signer.advice
    assert f"fadearena bots disable {second}" in stranger.advice


def test_of_many_wallets_only_the_first_are_asked() -> None:
    """The question is heavy, and thousands of them would take hours; how many were left out is said."""
    policy = default_policy()
    bot = next(bot for bot in policy.bots if bot.enabled)
    many = tuple(msgspec.structs.replace(bot, id=f"bot-{number}", wallet=f"0x{number:040x}") for number in range(1, 41))
    found = examined(msgspec.structs.replace(policy, bots=many))
    assert len([check for check in found if check.startswith("wallet of ")]) == 6
    assert found["other wallets"].text.startswith("34 more were not asked")


def test_a_coin_that_is_not_listed_is_told() -> None:
    """Names are exact: what the settings name has to be there."""
    policy = msgspec.structs.replace(default_policy(), asset_exposure_caps={"BTC": D(1), "btc": D(1)})
    found = examined(policy)["markets"]
    assert (found.level, "not listed: btc" in found.text) == (Level.WARN, True)


def test_a_clock_that_is_far_off_is_told() -> None:
    """In either direction; half a minute is allowed, since it is measured and made up for."""
    assert examined(ahead_ms=20_000)["exchange"].level is Level.OK
    for ahead_ms, word in ((40_000, "ahead of"), (-40_000, "behind")):
        found = examined(ahead_ms=ahead_ms)["exchange"]
        assert (found.level, word in found.text, "time service" in found.advice) == (Level.WARN, True, True)


def test_an_exchange_that_is_away_is_one_failure() -> None:
    """Nothing else can be looked at then."""
    (found,) = examined(None, Refuse()).values()
    assert (found.check, found.level, "network connection" in found.advice) == ("exchange", Level.FAIL, True)


def test_a_socket_that_is_silent_is_told() -> None:
    """Requests go through, and no WebSocket does: something in between does not let it."""
    found = examined(None, Silence())
    assert (found["exchange"].level, found["stream"].level) == (Level.OK, Level.FAIL)
    assert "firewall" in found["stream"].advice


def test_others_that_use_the_rate_limit_are_told() -> None:
    """A request that was refused as one too many means that somebody else asks, too."""
    found = examined(None, Answer(status=429))["rate limit"]
    assert (found.level, "FADEARENA_WEIGHT_PER_MINUTE" in found.advice) == (Level.WARN, True)


def test_there_is_nothing_to_ask_in_the_arena_and_a_sandbox_that_is_away_is_told() -> None:
    """The arena is inside of the worker; a sandbox has to be started."""
    with nowhere({"FADEARENA_SANDBOX_URL": "http://127.0.0.1:9"}):
        config = load()
    assert asyncio.run(examine_exchange(config, Network.ARENA, default_policy())) == ()
    (found,) = asyncio.run(examine_exchange(config, Network.SANDBOX, default_policy()))
    assert (found.level, "no sandbox answers" in found.text) == (Level.FAIL, True)
    assert "fadearena sandbox" in found.advice
