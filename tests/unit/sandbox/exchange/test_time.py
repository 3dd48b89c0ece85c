"""Time: the same seed and clock lead to the same exchange, however often it is asked to advance."""

import msgspec
import pytest

from fadearena.kit.clock import ManualClock
from fadearena.model.units import DAY_MS, HOUR_MS
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.nouns import Fill, Order, Positions, Prices, Trade
from tests.support.box import ANN, BUY, NOON, Box


def lived(steps: tuple[int, ...], seed: int = 3) -> Exchange:
    """Return an exchange with its traders after some time, in steps."""
    clock = ManualClock(NOON + 123)
    exchange = Exchange(clock, seed, history_ms=60_000)
    for step in steps:
        clock.move_by(step)
        exchange.advance()
    return exchange


def test_steps_do_not_matter() -> None:
    """One step of five minutes and many small ones lead to the same."""
    assert lived((300_000,)).dump() == lived((1, 999, 250, 98_750, 17, 199_983)).dump()


def test_another_seed_is_another_world() -> None:
    """Prices and fills follow from the seed."""
    assert lived((60_000,)).dump() != lived((60_000,), seed=4).dump()


def test_traders_go_on_after_a_dump_as_they_would_have() -> None:
    """All twelve with their plans, moments and chances, the market, the orders that rest."""
    clock = ManualClock(NOON)
    one = Exchange(clock, 5, history_ms=60_000)
    clock.move_by(200_500)
    one.advance()
    other = Exchange.load(clock, one.dump())
    assert other.now == one.now
    clock.move_by(240_000)
    one.advance()
    other.advance()
    assert one.dump() == other.dump()


def test_what_is_no_dump_is_refused() -> None:
    """A file of something else does not become an exchange."""
    with pytest.raises(msgspec.DecodeError):
        Exchange.load(ManualClock(NOON), b"{}")


def test_a_long_gap_is_got_over_in_coarse_steps() -> None:
    """A week takes no longer than a thousand steps; funding is paid for each of its hours, and money sums up."""
    box = Box(traders=3)
    box.fill(ANN, "BTC", BUY, "0.01")
    before = box.mark("BTC")
    box.news.clear()
    box.wait(7 * DAY_MS)
    assert box.exchange.now == NOON + 7 * DAY_MS
    payments = [one for one in box.account(ANN).payments if one.coin == "BTC"]
    assert [payment.time // HOUR_MS - NOON // HOUR_MS for payment in payments] == list(range(1, 168))
    assert box.mark("BTC") != before
    ticks = [news for news in box.news if isinstance(news, Prices)]
    assert 590 <= len(ticks) <= 1_300
    box.check()


def test_a_still_market_lets_clients_trade() -> None:
    """Prices stand and traders wait, time goes on, orders are taken; after that all goes on without a leap back."""
    box = Box(traders=12)
    box.wait(30_000)
    box.exchange.stand_still()
    marks = [box.mark(coin) for coin in ("BTC", "ETH")]
    box.news.clear()
    box.wait(2 * HOUR_MS)
    assert [box.mark(coin) for coin in ("BTC", "ETH")] == marks
    box.fill(ANN, "BTC", BUY, "0.01")
    traders = {trader.wallet for trader in box.exchange.traders}
    assert not {news.user for news in box.news if isinstance(news, Fill) and news.is_taker} & traders
    box.exchange.go_on()
    box.news.clear()
    box.wait(60_000)
    times = [news.time for news in box.news if isinstance(news, Fill)]
    assert times == sorted(times)
    assert min(times) >= NOON + 2 * HOUR_MS
    assert [box.mark(coin) for coin in ("BTC", "ETH")] != marks


def test_news_come_in_order_and_tell_what_may_be_kept() -> None:
    """A trade, both fills, then what became of the order; an order that was told does not change afterwards."""
    box = Box()
    box.news.clear()
    order_id = box.rest(ANN, "BTC", BUY, "0.01", box.near("BTC", BUY))
    box.exchange.cancel(ANN, 0, order_id)
    told = [news for news in box.news if isinstance(news, Order)]
    assert [(news.order_id, news.status) for news in told] == [(order_id, "open"), (order_id, "canceled")]
    box.news.clear()
    box.fill(ANN, "BTC", BUY, "0.01")
    kinds = [type(news) for news in box.news]
    assert kinds == [Trade, Fill, Positions, Fill, Positions, Order]
    box.news.clear()
    box.wait(3_000)
    assert [news.time for news in box.news if isinstance(news, Prices)] == [NOON + 1_000, NOON + 2_000, NOON + 3_000]


def test_a_clock_that_stands_changes_nothing() -> None:
    """To advance twice is to advance once."""
    box = Box(traders=2)
    before = box.exchange.dump()
    box.exchange.advance()
    assert box.exchange.dump() == before
    assert box.exchange.truth().time == NOON
