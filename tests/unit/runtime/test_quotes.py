"""The board keeps the newest prices of each coin, each with its own age."""

from decimal import Decimal

from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.runtime.quotes import QuoteBoard

D = Decimal


def mark(price: int, at: int) -> Quote:
    """Return a quote that tells a mark only."""
    return Quote(coin="ETH", mark=D(price), mark_time=at)


def touch(bid: int, ask: int, at: int) -> Quote:
    """Return a quote that tells a touch only."""
    return Quote(coin="ETH", bid=D(bid), ask=D(ask), touch_time=at)


def shown(board: QuoteBoard) -> tuple[object, ...]:
    """Return mark and touch of ETH with their times."""
    quote = board.quote("ETH", 99)
    assert quote is not None
    return (quote.mark, quote.mark_time, quote.bid, quote.ask, quote.touch_time)


def test_nothing_is_known_before_it_was_told() -> None:
    """Unknown is not zero."""
    board = QuoteBoard()
    assert board.quote("ETH", 1) is None
    assert len(board) == 0


def test_what_a_quote_does_not_tell_stays_with_its_age() -> None:
    """Mark and touch come by different ways."""
    board = QuoteBoard()
    board.take(mark(2_000, 10))
    board.take(touch(1_999, 2_001, 20))
    assert shown(board) == (2_000, 10, 1_999, 2_001, 20)
    board.take(mark(2_010, 30))
    assert shown(board) == (2_010, 30, 1_999, 2_001, 20)
    assert len(board) == 1


def test_older_prices_do_not_replace_newer_ones() -> None:
    """Two ways may bring them out of order."""
    board = QuoteBoard()
    whole = Quote(coin="ETH", mark=D(5), mark_time=20, bid=D(5), ask=D(5), touch_time=20, oracle=D(5))
    board.take(whole)
    board.take(mark(4, 19))
    board.take(touch(4, 4, 19))
    assert shown(board) == (5, 20, 5, 5, 20)
    assert board.quote("ETH", 1) == whole
    newer = Quote(coin="ETH", mark=D(6), mark_time=20, bid=D(6), ask=D(6), touch_time=21, oracle=D(6))
    board.take(newer)
    assert board.quote("ETH", 1) == newer


def test_book_tells_a_touch() -> None:
    """One with an empty side tells nothing; a funding rate tells no price."""
    board = QuoteBoard()
    board.take(mark(2_000, 10))
    bids, asks = (BookLevel(D(1_998), D(1)), BookLevel(D(1_997), D(1))), (BookLevel(D(2_002), D(1)),)
    board.take(OrderBook(coin="ETH", time=20, bids=bids, asks=asks))
    board.take(OrderBook(coin="ETH", time=30, bids=(), asks=asks))
    board.take(FundingRate(coin="ETH", rate=D("0.0001"), oracle=D(1)))
    assert shown(board) == (2_000, 10, 1_998, 2_002, 20)
