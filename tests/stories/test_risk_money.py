"""Margin, liquidation and loss limits: what an account can bear."""

import pytest

from fadearena.model.account import AccountMode, DexState
from fadearena.model.event import (
    AccountRead,
    CashMoved,
    SetPolicy,
)
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import Direction
from tests.support.world import OTHER, WALLET, D, World, bot, settings


def two_accounts(**more: object) -> Policy:
    """Two accounts with a bot each."""
    accounts = tuple(
        AccountPolicy(id=name, address="0x" + digit * 40, signer="0x" + digit * 39 + "9", max_leverage=20)
        for name, digit in (("main", "1"), ("second", "2"))
    )
    bots = (bot("one", WALLET), bot("two", OTHER, account="second"))
    return settings(*bots, accounts=accounts, **more)


@pytest.mark.parametrize(("equity", "passes"), [("1334", True), ("250", False)])
def test_margin_must_be_available(equity: str, passes: bool) -> None:
    """$5,000 at 20x need $250, and a distance to liquidation of 15 % needs more than that."""
    world = World(equity=equity).started().source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert world.check("margin_available").passed
    assert world.check("liquidation_distance").passed is passes
    world = World(equity="249.99").started().source("BTC", "1", "100000")
    assert world.refused("margin_available")


def test_margin_counts_increases_in_flight_in_other_books() -> None:
    """Two growths in a row cannot use the same collateral."""
    for first, passes in (("2", False), ("0.9", True)):
        world = World(settings(bot(max_leverage=1)), equity="15000").started().leverage("BTC", 1).leverage("ETH", 1)
        world.source("BTC", first, "100000").source("ETH", "100", "2000")
        assert bool(world.orders) is passes
        assert passes or world.refused("margin_available")


def test_margin_is_counted_for_the_worst_un_netting() -> None:
    """A second bot against the first nets the book to nothing, but either may leave."""
    policy = settings(bot("one", WALLET), bot("two", OTHER, direction=Direction.COPY, leverage_multiplier=D("0.2")))
    world = World(policy, equity="1500").started().holding("BTC", "1", "100000")
    world.source("BTC", "0.5", "100000", wallet=OTHER)
    assert world.refused("liquidation_distance")


def test_the_distance_to_liquidation_is_at_least_15_percent() -> None:
    """A short of $5,000 with $799 spare of maintenance: 799 / 5000 / 1.01 is 15.8 %."""
    for equity, passes in (("808", True), ("807", False)):
        world = World(equity=equity).started().source("BTC", "1", "100000")
        assert bool(world.orders) is passes


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (settings(daily_loss_limit=D(100)), "daily_loss_limit"),
        (settings(max_drawdown=D("0.01")), "max_drawdown"),
        (settings(bot(loss_limit=D(100))), "bot_loss_limit"),
    ],
)
def test_losses_stop_increases_at_the_limit(policy: Policy, name: str) -> None:
    """One dollar short of the limit increases go on; at the limit they stop, reduces do not."""
    world = World(policy).started().holding("BTC", "1", "100000").mark("BTC", "101980")
    world.source("ETH", "10", "2000")
    assert len(world.orders) == 1
    world.fill().mark("BTC", "102000").source("BTC", "1", "102000")
    assert world.orders == []
    assert not world.check(name).passed
    world.source("BTC", "-2", "102000")
    assert world.order.terms.quantity == D("0.05")


def test_a_deposit_is_no_profit() -> None:
    """Money that came in does not make up for a loss."""
    world = World(settings(daily_loss_limit=D(100))).started().holding("BTC", "1", "100000")
    world.wait(1).send(CashMoved(time=world.now, received=world.now, key="d", account="main", usd=D(1000)))
    world.mark("BTC", "102000").source("ETH", "10", "2000")
    assert world.orders == []


@pytest.mark.parametrize(
    ("name", "limits"),
    [("daily_loss_limit", {"daily_loss_limit": D(100)}), ("max_drawdown", {"max_drawdown": D("0.1")})],
)
def test_a_loss_that_cannot_be_computed_stops_increases(name: str, limits: dict[str, D]) -> None:
    """While the equity of one account is unknown the losses of all are: increases fail, reduces pass."""
    world = World(two_accounts(**limits)).started().holding("BTC", "1", "100000")
    unknown = AccountRead(
        time=world.now + 1, received=world.now + 1, account="second", mode=AccountMode.UNKNOWN, dexs=(), spot=None
    )
    world.wait(1).send(unknown)
    assert world.source("BTC", "1", "100000").refused(name)
    assert world.check(name).value == "unknown"
    world.source("BTC", "-2", "100000")
    assert world.order.terms.quantity == D("0.05")


def test_in_standard_mode_each_dex_needs_collateral_of_its_own() -> None:
    """Money on the exchange's own dex does not carry a position on another one; pooled, it does."""
    for mode, passes in ((AccountMode.STANDARD, False), (AccountMode.UNIFIED, True)):
        world = World().started().snapshot(dex="xyz").wait(2_500).snapshot(dex="xyz")
        dexs = (DexState(dex="", value=D(10000)), DexState(dex="xyz", value=D(0)))
        for _ in range(2):
            world.wait(2_500).send(
                AccountRead(time=world.now, received=world.now, account="main", mode=mode, dexs=dexs, spot=D(10000))
            )
        world.source("xyz:NVDA", "10", "200")
        assert bool(world.orders) is passes
        assert passes or world.refused("no_collateral")
        world.source("BTC", "1", "100000")
        assert len(world.orders) == 1


def test_a_new_mode_moves_positions_to_the_pools_that_carry_them() -> None:
    """An account that becomes unified with positions open is counted in its new pool."""
    world = World().started()
    dexs = (DexState(dex="", value=D(10000)),)
    for _ in range(2):
        world.wait(2_500).send(
            AccountRead(
                time=world.now, received=world.now, account="main", mode=AccountMode.STANDARD, dexs=dexs, spot=None
            )
        )
    world.snapshot().holding("BTC", "1", "100000").wait(2_500)
    purse = world.state.accounts["main"].purse
    assert purse.pool("dex:").holdings == -5000
    world.read_account(equity="10000")
    assert (purse.pool("dex:").holdings, purse.pool("token:0").holdings) == (D(0), D(-5000))


def test_a_bots_loss_counts_its_own_coins_only() -> None:
    """A coin in which the bot never held anything adds nothing."""
    world = World(settings(bot(loss_limit=D(100)))).started().source("ETH", "0.001", "2000")
    world.holding("BTC", "1", "100000").source("BTC", "1", "101000")
    assert world.check("bot_loss_limit").value == "50"


def test_margin_of_an_account_whose_mode_is_unknown_is_unknown() -> None:
    """Unknown is not the last value: nothing is increased on it, and exits go on."""
    world = World().started().holding("BTC", "1", "100000").wait(1)
    unknown = AccountRead(
        time=world.now, received=world.now, account="main", mode=AccountMode.UNKNOWN, dexs=(), spot=None
    )
    world.send(unknown).source("ETH", "10", "2000")
    assert world.refused("no_collateral")
    assert world.check("margin_available").value == "unknown"
    world.source("BTC", "-1", "100000")
    assert len(world.orders) == 1


def test_sums_of_a_bot_follow_its_limits_and_its_sleeves_only() -> None:
    """What a bot holds and earned is summed once it has a limit, also in books where others trade and it does not."""
    one, two = bot("one", WALLET), bot("two", OTHER, exposure_cap=D("0.1"), loss_limit=D(500))
    world = World(settings(one, two)).started().holding("BTC", "1", "100000")
    world.source("BTC", "1", "100000", wallet=OTHER)
    assert world.reasons == ["skip:bot_exposure_cap"]
    world.mark("BTC", "101000")
    assert (world.state.bots["one"].gross, world.state.bots["two"].gross) == (D(0), D(0))
    world.order_by(SetPolicy(policy=settings(bot("one", WALLET, loss_limit=D(500)), two)))
    assert (world.state.bots["one"].gross, world.state.bots["one"].profit) == (D(5050), D(-50))
