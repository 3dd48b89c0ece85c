"""Matching walks a book level by level, and takes no more than is there."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fadearena.adapters.sim.matching import match_ioc, without
from fadearena.model.market import BookLevel, OrderBook
from fadearena.model.units import Side

quantities = st.decimals("0.0001", "1000", places=4)
prices = st.decimals("1", "200", places=2)


def levels(*pairs: tuple[str, str]) -> tuple[BookLevel, ...]:
    """Make levels from texts."""
    return tuple(BookLevel(Decimal(price), Decimal(quantity)) for price, quantity in pairs)


BOOK = OrderBook(
    coin="ETH",
    time=1,
    bids=levels(("99", "1"), ("98", "2"), ("97", "3")),
    asks=levels(("101", "1"), ("102", "2"), ("103", "3")),
)


@st.composite
def books(draw: st.DrawFn) -> OrderBook:
    """Draw a book that is not crossed."""
    drawn = sorted(draw(st.lists(prices, unique=True, max_size=8)))
    cut = draw(st.integers(0, len(drawn)))
    return OrderBook(
        coin="ETH",
        time=1,
        bids=tuple(BookLevel(price, draw(quantities)) for price in reversed(drawn[:cut])),
        asks=tuple(BookLevel(price, draw(quantities)) for price in drawn[cut:]),
    )


def test_buy_walks_the_asks_up_to_its_limit() -> None:
    """A buy of four with limit 102 takes one at 101 and two at 102, and one is left."""
    matched = match_ioc(BOOK, Side.BUY, Decimal(4), Decimal(102))
    assert matched.fills == levels(("101", "1"), ("102", "2"))
    assert matched.rest == 1
    assert matched.quantity == 3


def test_sell_walks_the_bids_down_and_stops_when_it_is_full() -> None:
    """A sell of two takes one at 99 and one of the two at 98."""
    matched = match_ioc(BOOK, Side.SELL, Decimal(2), Decimal(1))
    assert matched.fills == levels(("99", "1"), ("98", "1"))
    assert matched.rest == 0


def test_nothing_trades_beyond_the_limit() -> None:
    """An order whose limit does not reach the touch trades nothing."""
    assert match_ioc(BOOK, Side.BUY, Decimal(1), Decimal("100.99")).fills == ()


def test_what_was_taken_is_missing_from_the_book() -> None:
    """The book after an order lacks what it took, on that side only."""
    matched = match_ioc(BOOK, Side.BUY, Decimal(2), Decimal(103))
    left = without(BOOK, Side.BUY, matched.fills)
    assert left.asks == levels(("102", "1"), ("103", "3"))
    assert left.bids == BOOK.bids


@given(book=books(), side=st.sampled_from(Side), quantity=quantities, limit=prices)
def test_matching_never_takes_more_than_the_book_or_the_order(
    book: OrderBook, side: Side, quantity: Decimal, limit: Decimal
) -> None:
    """What trades is a prefix of the book within the limit; with the rest it is the order; the rest stays."""
    matched = match_ioc(book, side, quantity, limit)
    assert matched.quantity + matched.rest == quantity
    assert matched.rest >= 0
    for taken, level in zip(matched.fills, book.levels(side), strict=False):
        assert taken.price == level.price
        assert 0 < taken.quantity <= level.quantity
        assert (limit - taken.price) * side.sign >= 0
    left = without(book, side, matched.fills)
    before = sum(level.quantity for level in book.levels(side))
    assert sum(level.quantity for level in left.levels(side)) == before - matched.quantity
    again = match_ioc(left, side, matched.rest, limit) if matched.rest else None
    assert again is None or again.fills == ()
