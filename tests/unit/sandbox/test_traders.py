"""The traders: what each temperament does, and that all of them trade by the rules."""

from collections import Counter
from decimal import Decimal as D

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.model.units import HOUR_MS
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.nouns import Fill, News, Order, Positions
from fadearena.sandbox.traders import KINDS, LEAST_TRADERS
from tests.support.box import NOON, Box

WALLET = "0x" + "d4" * 20


@pytest.fixture(scope="module")
def traded() -> tuple[Exchange, list[News]]:
    """An exchange, and what happened in a bit more than an hour."""
    clock, news = ManualClock(NOON), list[News]()
    exchange = Exchange(clock, 1, wallets={"grok-4": WALLET}, history_ms=0)
    exchange.listen(lambda one: None if isinstance(one, Positions) else news.append(one))
    for _ in range(13):
        clock.move_by(HOUR_MS // 12)
        exchange.advance()
    return exchange, news


def test_all_of_them_trade(traded: tuple[Exchange, list[News]]) -> None:
    """In an hour each of twelve traders fills orders, hardly one is refused, and nobody is ruined."""
    exchange, news = traded
    fills = Counter(one.user for one in news if isinstance(one, Fill))
    assert len(exchange.traders) == LEAST_TRADERS
    assert len({trader.temperament for trader in exchange.traders}) == len(KINDS)
    wallets = {trader.wallet for trader in exchange.traders}
    assert WALLET in wallets
    assert wallets <= set(fills)
    orders = Counter(one.status for one in news if isinstance(one, Order) and one.user in wallets)
    refused = sum(count for status, count in orders.items() if status.endswith("Rejected"))
    assert refused * 20 < orders.total()
    assert not any(one.liquidation for one in news if isinstance(one, Fill))


def test_temperaments_show(traded: tuple[Exchange, list[News]]) -> None:
    """One slices, one trades a builder's dex, one makes, one flips, one is flat when the hour is full."""
    exchange, news = traded
    fills: dict[str, list[Fill]] = {trader.temperament: [] for trader in exchange.traders}
    names = {trader.wallet: trader for trader in exchange.traders}
    for one in news:
        if isinstance(one, Fill) and one.user in names:
            fills[names[one.user].temperament].append(one)
    assert all(fill.twap_id is not None for fill in fills["twap slicer"])
    assert len({fill.twap_id for fill in fills["twap slicer"]}) > 3
    assert any(fill.coin.startswith("xyz:") for fill in fills["flipper"])
    assert any("> " in fill.direction for fill in fills["flipper"])
    assert any(not fill.is_taker for fill in fills["grid maker"])
    after: dict[str, Fill] = {}
    for fill in fills["hour closer"]:
        if fill.time < NOON + HOUR_MS:
            after[fill.coin] = fill
    assert all(fill.start + fill.side.signed(fill.quantity) == 0 for fill in after.values())


def test_more_traders_can_be_had() -> None:
    """Beyond the roster they have made-up names and the temperaments in turn."""
    clock = ManualClock(NOON)
    exchange = Exchange(clock, 1, traders=25, history_ms=0)
    assert [trader.bot for trader in exchange.traders][-1] == "bot-00024"
    assert len({trader.wallet for trader in exchange.traders}) == 25
    clock.move_by(60_000)
    exchange.advance()


def test_a_trader_that_has_lost_half_gets_it_back() -> None:
    """As a deposit, of which its ledger tells: so a sandbox can run for weeks."""
    box = Box(traders=2)
    trader = box.exchange.traders[0]
    box.exchange.withdraw(trader.wallet, D(6_000))
    box.wait(120_000)
    moved = [int(row.usd) for row in box.account(trader.wallet).transfers]
    assert moved == [10_000, -6_000, 5_000]
    box.check()
