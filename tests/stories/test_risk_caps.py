"""Caps on exposure and order size: they clamp to their room and count what is in flight."""

from collections.abc import Callable

import pytest

from fadearena.model.account import AccountMode, DexState, OwnPosition
from fadearena.model.event import (
    AccountRead,
    OwnFills,
    SetPolicy,
)
from fadearena.model.order import OwnFill
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.record import Effect
from fadearena.model.units import Direction, Side
from tests.support.world import OTHER, WALLET, D, World, bot, settings


def two_accounts(**more: object) -> Policy:
    """Two accounts with a bot each."""
    accounts = tuple(
        AccountPolicy(id=name, address="0x" + digit * 40, signer="0x" + digit * 39 + "9", max_leverage=20)
        for name, digit in (("main", "1"), ("second", "2"))
    )
    bots = (bot("one", WALLET), bot("two", OTHER, account="second"))
    return settings(*bots, accounts=accounts, **more)


CAPS: list[tuple[str, Callable[[D], Policy]]] = [
    ("global_exposure_cap", lambda usd: settings(global_exposure_cap=usd)),
    ("asset_exposure_cap", lambda usd: settings(asset_exposure_caps={"BTC": usd})),
    ("bot_exposure_cap", lambda usd: settings(bot(exposure_cap=usd))),
    ("max_order_notional", lambda usd: settings(max_order_notional=usd)),
]


@pytest.mark.parametrize(("name", "policy"), CAPS)
def test_caps_clamp_to_their_room(name: str, policy: Callable[[D], Policy]) -> None:
    """At the cap all goes, above it as much as there is room for, and below the minimum nothing."""
    world = World(policy(D(5000))).started().source("BTC", "1", "100000")
    assert (world.order.terms.quantity, world.check(name).effect) == (D("0.05"), Effect.NONE)
    world = World(policy(D(4999))).started().source("BTC", "1", "100000")
    assert (world.order.terms.quantity, world.check(name).effect) == (D("0.04999"), Effect.CLAMP)
    world = World(policy(D(10))).started().source("BTC", "1", "100000")
    assert (world.orders, world.decision.reason) == ([], "below_minimum")
    world = World(policy(D("0.5"))).started().source("BTC", "1", "100000")
    assert world.refused(name)


@pytest.mark.parametrize(("name", "policy"), CAPS[:3])
def test_caps_count_orders_in_flight_as_filled(name: str, policy: Callable[[D], Policy]) -> None:
    """Two growths in a row cannot use the same room, although nothing was filled yet."""
    world = World(policy(D(6000))).started(leverage=True).source("BTC", "1", "100000")
    coin, size, price = ("BTC", "1", "100000") if name == "asset_exposure_cap" else ("ETH", "50", "2000")
    if name == "asset_exposure_cap":
        first = world.order
        world.fill(first, quantity="0.05").source(coin, size, price)
    else:
        world.source(coin, size, price)
    assert world.order.terms.quantity * D(price) <= 1000
    assert world.check(name).effect is Effect.CLAMP


def test_caps_count_what_is_unknown_as_filled() -> None:
    """An order whose outcome nobody knows still uses its room."""
    world = World(settings(bot(exposure_cap=D(6000)))).started().source("BTC", "1", "100000")
    world.no_answer().source("ETH", "50", "2000")
    assert world.order.terms.quantity * 2000 <= 1000


def test_exposure_is_not_netted() -> None:
    """Two bots against each other use the room of both."""
    policy = settings(bot("one", WALLET), bot("two", OTHER, direction=Direction.COPY), global_exposure_cap=D(8000))
    world = World(policy).started().holding("BTC", "1", "100000").source("BTC", "1", "100000", wallet=OTHER)
    assert world.order.terms.quantity == D("0.03")


def test_exposure_counts_what_is_not_ours() -> None:
    """Positions that the account held before use room too."""
    world = World(settings(global_exposure_cap=D(8000))).started().mark("ETH", "2000")
    fill = OwnFill(
        key="manual",
        account="main",
        coin="ETH",
        time=world.now,
        side=Side.BUY,
        price=D(2000),
        quantity=D(2),
        fee=D(0),
        closed_pnl=D(0),
    )
    world.send(OwnFills(time=world.now, received=world.now, account="main", fills=(fill,)))
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.04")


def test_reduces_pass_where_increases_are_capped() -> None:
    """A cap that is exceeded by far does not hold a reduce back, and the reduce is not clamped."""
    world = World(settings(global_exposure_cap=D(5000))).started().holding("BTC", "1", "100000")
    world.source("BTC", "-1", "200000")
    assert world.order.terms.quantity == D("0.05")


def test_a_coins_cap_counts_all_accounts() -> None:
    """What another account holds in the coin uses the same room; accounts without it use none."""
    policy = two_accounts(asset_exposure_caps={"BTC": D(6000), "ETH": D(500)})
    world = World(policy).started(leverage=False)
    for account, coin in (("main", "BTC"), ("second", "BTC"), ("second", "ETH")):
        world.leverage(coin, account=account)
    world.holding("BTC", "1", "100000").source("BTC", "1", "100000", wallet=OTHER)
    assert (world.order.terms.account, world.order.terms.quantity) == ("second", D("0.01"))
    world.source("ETH", "10", "2000", wallet=OTHER)
    assert world.order.terms.quantity == D("0.25")


def test_positions_in_unlisted_markets_count_too() -> None:
    """An account may hold what we cannot trade: it uses exposure at its mark."""
    world = World(settings(global_exposure_cap=D(4000)))
    world.order_by(SetPolicy(policy=world.policy)).mark("DOGE", "2")
    world.send(
        AccountRead(
            time=world.now,
            received=world.now,
            account="main",
            mode=AccountMode.UNIFIED,
            dexs=(DexState(dex="", value=D(0), positions=(OwnPosition(coin="DOGE", size=D(500)),)),),
            spot=D(10000),
        )
    )
    assert world.state.exposure == 1000


def test_orders_in_flight_count_at_the_mark_of_now() -> None:
    """A sale in flight while its coin rises uses more room than when it was sent."""
    world = World(settings(global_exposure_cap=D(8000))).started().source("BTC", "1", "100000").mark("BTC", "120000")
    world.source("ETH", "50", "2000")
    assert world.order.terms.quantity == 1
