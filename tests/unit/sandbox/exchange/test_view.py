"""What the exchange shows: markets, books, contexts, candles, accounts."""

from decimal import Decimal as D

from fadearena.model.units import MINUTE_MS
from fadearena.sandbox.exchange.shown import Spot
from fadearena.sandbox.listing import ASSETS, BY_ID, DEXS
from fadearena.sandbox.nouns import Trade
from tests.support.box import ANN, BOB, BUY, SELL, Box


def test_coins_have_their_real_indices() -> None:
    """The place in a dex makes the asset id; a delisted coin keeps its own."""
    known = {
        "BTC": 0,
        "ETH": 1,
        "MATIC": 3,
        "SOL": 5,
        "BNB": 7,
        "DOGE": 12,
        "kPEPE": 15,
        "XRP": 25,
        "xyz:NVDA": 110_002,
    }
    assert {coin: ASSETS[coin].asset_id for coin in known} == known
    assert all(BY_ID[asset.asset_id] is asset for asset in ASSETS.values())
    assert ASSETS["MATIC"].is_delisted
    for dex in DEXS:
        first = dex.assets[0].asset_id
        assert [asset.asset_id for asset in dex.assets] == list(range(first, first + len(dex.assets)))
        assert {asset.dex for asset in dex.assets} == {dex.name}
    traded = [asset for asset in ASSETS.values() if not asset.is_delisted]
    assert len([asset for asset in traded if asset.dex == ""]) >= 8
    assert len([asset for asset in traded if asset.dex == "xyz"]) == 3


def test_a_book_has_twenty_levels_that_do_not_cross() -> None:
    """Best price first on both sides; orders that rest are in it and counted."""
    box = Box()
    for coin, asset in ASSETS.items():
        book = box.exchange.view.book(coin)
        if asset.is_delisted:
            assert (book.bids, book.asks) == ((), ())
            continue
        bids, asks = [level.price for level in book.bids], [level.price for level in book.asks]
        assert bids == sorted(set(bids), reverse=True)
        assert asks == sorted(set(asks))
        assert bids[0] < box.mark(coin) < asks[0]
        assert 10 < len(bids) <= 20
    best = box.exchange.view.book("BTC").bids[0]
    box.rest(ANN, "BTC", BUY, "0.01", best.price)
    after = box.exchange.view.book("BTC").bids[0]
    assert (after.quantity, after.count) == (best.quantity + D("0.01"), best.count + 1)
    assert box.exchange.view.best("BTC")[0] == after


def test_the_middle_is_the_books_or_the_last_trades() -> None:
    """Half way between bid and ask; with an empty side the last trade; nothing for what does not trade."""
    box = Box(cash="100000000").still()
    bid, ask = box.exchange.view.best("DOGE")
    assert bid is not None
    assert ask is not None
    assert box.exchange.view.mid("DOGE") == (bid.price + ask.price) / 2
    assert box.exchange.view.mid("MATIC") is None
    box.fill(ANN, "DOGE", BUY, "100000000")
    assert box.exchange.view.book("DOGE").asks == ()
    last = next(news for news in reversed(box.news) if isinstance(news, Trade))
    assert box.exchange.view.mid("DOGE") == last.price
    context = box.exchange.view.context("DOGE")
    assert (context.mid, context.impact) == (last.price, None)


def test_a_context_tells_of_the_last_day() -> None:
    """Volume and open interest are what was traded and is held; a delisted coin has none."""
    box = Box().still()
    status = box.fill(ANN, "BTC", BUY, "0.1")
    box.fill(BOB, "BTC", SELL, "0.03")
    context = box.exchange.view.context("BTC")
    assert (context.day_volume, context.open_interest) == (D("0.13"), D("0.1"))
    assert context.day_volume_usd > status.average_price * D("0.1")
    assert context.mark == context.oracle == box.mark("BTC")
    assert context.prev_day == D(109_850)
    assert box.exchange.view.context("MATIC").mark == 0


def test_candles_are_the_trades_of_a_minute() -> None:
    """First, highest, lowest and last price, quantity, count."""
    box = Box()
    prices = []
    for _ in range(3):
        prices.append(box.fill(ANN, "BTC", BUY, "0.001").average_price)
        box.wait(5_000)
    box.wait(MINUTE_MS)
    prices.append(box.fill(ANN, "BTC", SELL, "0.003").average_price)
    first, second = box.exchange.view.candles("BTC")
    assert (first.open, first.close, first.high, first.low) == (prices[0], prices[2], max(prices[:3]), min(prices[:3]))
    assert (first.quantity, first.count, second.count) == (D("0.003"), 3, 1)
    assert second.time - first.time == MINUTE_MS
    trades = box.exchange.view.trades("BTC")
    assert [trade.quantity for trade in trades] == [D("0.001")] * 3 + [D("0.003")]


def test_an_address_that_nobody_knows_has_nothing() -> None:
    """Questions about it are answered, with nothing."""
    view, stranger = Box().exchange.view, "0x" + "9" * 40
    assert view.account(stranger) is None
    account = view.dex_account(stranger, "")
    assert not account.positions
    assert account.all.account_value == account.withdrawable == 0
    assert view.spot(stranger) == Spot()
    assert not any(view.limits(stranger, ASSETS["BTC"]).sizes)
    assert view.requests(stranger).cap == 10_000
    assert view.fees(stranger).taker == D("0.00045")
    assert {ANN, BOB} <= set(view.users())


def test_limits_count_what_a_turn_gives_back() -> None:
    """Whoever is long can sell the position and as much again as its margin allows."""
    box = Box().still()
    box.fill(ANN, "BTC", BUY, "0.1")
    limits = box.exchange.view.limits(ANN, ASSETS["BTC"])
    back = D("0.1") * box.mark("BTC") / 20 * 2
    assert limits.available[1] - limits.available[0] == back
    box.exchange.set_leverage(BOB, 0, 10, is_cross=False)
    box.fill(BOB, "BTC", SELL, "0.1")
    limits = box.exchange.view.limits(BOB, ASSETS["BTC"])
    assert limits.available[0] > limits.available[1]
    assert limits.raw_usd == box.held(BOB, "BTC").raw_usd


def test_the_volume_of_a_day_is_that_of_its_last_24_hours() -> None:
    """Minute by minute, and after any absence: what was traded before that counts no more."""
    box = Box()
    steps = (0, 1, 59, 300, 1_380, 2, 1_439, 1, 3_000, 1)
    view, sizes = box.exchange.view, dict[int, D]()
    for number, minutes in enumerate(steps):
        box.wait(minutes * MINUTE_MS)
        box.fill(ANN, "BTC", BUY, "0.01")
        minute = box.exchange.now // MINUTE_MS
        sizes[minute] = sizes.get(minute, D(0)) + D("0.01")
        expected = sum((size for time, size in sizes.items() if time >= minute - 1_440), start=D(0))
        assert view.context("BTC").day_volume == expected, number
