"""Checks of states, markets, sources and prices, each driven to its edge: just inside it passes, just outside not."""

import msgspec
import pytest

from fadearena.model.command import SetLeverage
from fadearena.model.event import (
    Kill,
    Marks,
    Pause,
    RoleRead,
    SourceFills,
    SourceRepair,
)
from fadearena.model.event import RepairStage as Stage
from fadearena.model.policy import CoinRules, Policy, Tuning
from fadearena.model.record import Effect
from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.model.wallet import Feed, WalletRole
from tests.support.cases import TABLE
from tests.support.world import MARKETS, OTHER, WALLET, D, World, bot, market, settings


def roomy(**more: object) -> Policy:
    """Settings under which a snapshot stays fresh for ten minutes."""
    tuning = more.pop("tuning", Tuning(snapshot_round_ms=10 * MINUTE_MS))
    return settings(bot(**more.pop("bot", {})), tuning=tuning, **more)  # type: ignore[arg-type]


def test_every_decision_records_every_check() -> None:
    """What was sent and what was refused both show all checks, each once, with what it looked at."""
    sent = World().started().source("BTC", "1", "100000")
    skipped = World().started().source("BTC", "1", "100000", fresh=False)
    reduced = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    for world in (sent, skipped, reduced):
        assert sorted(check.name for check in world.decision.checks) == sorted(TABLE)
    assert all(check.passed and check.effect is Effect.NONE for check in sent.decision.checks)


@pytest.mark.parametrize("stop", [Pause(), Pause(bot="bot"), Kill(), Kill(bot="bot")])
def test_states_stop_increases(stop: Pause | Kill) -> None:
    """The stricter of the account's and the bot's state counts, and says who is behind it."""
    world = World().started().order_by(stop).source("BTC", "1", "100000")
    assert world.refused("bot_state" if stop.bot else "trading_state")
    assert ("kill" if isinstance(stop, Kill) else "pause") in world.check(world.decision.reason).value


def test_denied_coins_are_not_increased_and_no_leverage_is_set_for_them() -> None:
    """Allow and deny are per bot; deny wins."""
    for rules, passes in (
        (CoinRules(deny=("BTC",)), False),
        (CoinRules(allow=("BTC",), deny=("BTC",)), False),
        (CoinRules(allow=("ETH",)), False),
        (CoinRules(allow=("BTC",)), True),
    ):
        world = World(settings(bot(coins=rules))).started(leverage=passes).source("BTC", "1", "100000")
        assert bool(world.orders) is passes
        assert passes or world.refused("coin_allowed")
        assert not world.all(SetLeverage)


def test_markets_that_are_not_listed_or_gone_are_not_traded() -> None:
    """An unknown asset id and a delisted market stop everything, by the exact name of the market."""
    world = World().started().source("DOGE", "1000", "1")
    assert world.refused("market_tradable")
    gone = msgspec.structs.replace(MARKETS[1], is_delisted=True)
    world = World(markets=(MARKETS[0], gone)).started().source("ETH", "10", "2000")
    assert world.refused("market_tradable")
    world = World().started().snapshot(dex="xyz").wait(2500).snapshot(dex="xyz").source("xyz:NVDA", "10", "200")
    assert world.order.terms.asset_id == 110002
    world = World().started().snapshot(dex="abc").wait(2500).snapshot(dex="abc").source("abc:NVDA", "10", "200")
    assert world.refused("market_tradable")


def test_without_collateral_of_its_dex_nothing_is_increased() -> None:
    """A market with a collateral that the account does not hold is refused as `no_collateral`."""
    other = market("ETH", 1, 4, collateral_token=7)
    world = World(markets=(MARKETS[0], other)).started().source("ETH", "10", "2000")
    assert world.refused("no_collateral")


def test_a_source_of_which_nothing_is_known_is_not_increased_upon() -> None:
    """A failed repair leaves the position unknown until snapshots agree."""
    world = World().started().holding("BTC", "1", "100000")
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.FAILED))
    world.wait(3 * SECOND_MS)
    follow = world.state.follows["bot", "BTC"]
    assert follow.confidence == "unknown"
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.FAILED))
    world.snapshot()
    assert follow.confidence == "confirmed"


@pytest.mark.parametrize("role", [WalletRole.AGENT, WalletRole.MISSING])
def test_agents_and_missing_accounts_are_not_followed(role: WalletRole) -> None:
    """A wallet must be a user, a vault or a sub-account."""
    world = World().started()
    world.send(RoleRead(time=world.now, received=world.now, wallet=WALLET, role=role))
    assert world.alerts == ["bot"]
    assert world.source("BTC", "1", "100000").refused("source_known")
    for good in (WalletRole.VAULT, WalletRole.SUB_ACCOUNT, WalletRole.USER):
        world.send(RoleRead(time=world.now, received=world.now, wallet=WALLET, role=good))
        assert len(world.source("BTC", "1", "100000").orders) == 1
        world.fill()


def test_while_missed_fills_are_fetched_increases_wait() -> None:
    """A repair in progress holds a growth; when it is done the growth is decided."""
    world = World().started()
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.STARTED))
    world.source("BTC", "1", "100000")
    assert world.reasons == ["hold:source_known"]
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.DONE))
    assert world.order.terms.quantity == D("0.05")


def test_a_socket_that_is_silent_stops_increases() -> None:
    """The feed's socket must have been heard within 30 s; a read that succeeds is no proof of it."""
    for silent, passes in ((30_000, True), (30_001, False)):
        world = World(roomy()).started()
        heard = world.now
        world.wait(silent)
        fill = world.fill_of("BTC", "1", "100000", "0")
        quotes = (world.quote("BTC", "100000"),)
        world.send(
            SourceFills(
                time=world.now,
                received=world.now,
                heard=heard,
                quotes=quotes,
                wallet=WALLET,
                feed=Feed.USER,
                fills=(fill,),
            )
        )
        assert bool(world.orders) is passes
        assert passes or world.refused("feed_fresh")


def test_a_snapshot_of_an_earlier_round_is_fetched_before_an_increase() -> None:
    """Within the round nothing is fetched; beyond it a snapshot on demand comes first and the growth is held."""
    world = World().started().wait(60_000).source("BTC", "1", "100000")
    assert (len(world.orders), world.reads()) == (1, [])
    world = World().started().wait(60_001).source("BTC", "1", "100000")
    assert (world.orders, world.reasons, len(world.reads())) == ([], ["hold:feed_fresh"], 1)
    world.snapshot()
    assert world.order.terms.quantity == D("0.05")


def test_snapshots_on_demand_are_limited_a_minute() -> None:
    """Beyond N a minute the growth is skipped instead."""
    policy = settings(bot("one", WALLET), bot("two", OTHER), tuning=Tuning(snapshots_per_minute=1))
    world = World(policy).started().wait(60_001)
    assert len(world.source("BTC", "1", "100000").reads()) == 1
    world.source("ETH", "10", "2000", wallet=OTHER)
    assert world.reads() == []
    assert world.refused("feed_fresh")


def test_a_snapshot_on_demand_that_fails_ends_the_growth() -> None:
    """A failed read is unknown: the growth is skipped."""
    world = World().started().wait(60_001).source("BTC", "1", "100000").unreadable()
    assert world.refused("feed_fresh")


def test_a_snapshot_on_demand_that_never_comes_is_asked_for_again() -> None:
    """After five seconds it is asked for anew, while the growth is young enough."""
    world = World().started().wait(60_001).source("BTC", "1", "100000").wait(5 * SECOND_MS + 1)
    assert len(world.reads()) == 1
    assert world.orders == []


@pytest.mark.parametrize(("age", "passes"), [(10_000, True), (10_001, False)])
def test_prices_must_be_fresh(age: int, passes: bool) -> None:
    """The coin's touch and mark may be 10 s old."""
    world = World().started().mark("BTC", "100000").wait(age).source("BTC", "1", "100000", fresh=False)
    assert bool(world.orders) is passes
    assert passes or world.refused("price_fresh")


@pytest.mark.parametrize(("age", "passes"), [(30_000, True), (30_001, False)])
def test_marks_of_other_coins_that_are_held_may_be_a_little_older(age: int, passes: bool) -> None:
    """What exposure and margin are computed from may be 30 s old."""
    world = World(roomy()).started().holding("ETH", "10", "2000").wait(age).source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert passes or world.refused("price_fresh")


def test_a_price_without_a_touch_or_a_mark_is_not_fresh() -> None:
    """Both sides must be known: an increase is not priced from a mark alone."""
    for hole in ({"bid": None, "ask": None}, {"mark": None}):
        world = World().started()
        quote = msgspec.structs.replace(world.quote("BTC", "100000"), **hole)
        world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
        assert world.source("BTC", "1", "100000", fresh=False).refused("price_fresh")
