"""The paper exchange fills, charges and refuses orders as the real one does."""

from decimal import Decimal

import pytest

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.model.account import DexState, OwnPosition
from fadearena.model.event import (
    OrderAnswered,
    OwnFills,
)
from fadearena.model.market import BookLevel, OrderBook
from fadearena.model.order import Filled, Refused, RejectCode
from tests.support.paper import (
    ETH,
    Paper,
    answer_of,
    read_account,
)


def test_order_fills_at_the_touch_and_pays_the_taker_fee() -> None:
    """A buy fills at the ask; answer and fill agree, and the fee is cut to six decimals."""
    paper = Paper()
    paper.quote("ETH", "4307.3", "4307.4")
    order = paper.order("0.0025", "4310")
    answered, filled = paper.do(order)
    assert isinstance(answered, OrderAnswered)
    assert answered.answer == Filled(quantity=Decimal("0.0025"), average_price=Decimal("4307.4"), order_id=1)
    assert isinstance(filled, OwnFills)
    (fill,) = filled.fills
    assert (fill.price, fill.quantity, fill.start_position) == (
        Decimal("4307.4"),
        Decimal("0.0025"),
        Decimal(0),
    )
    assert fill.fee == Decimal("0.004845")
    assert fill.cloid == order.identity.cloid
    assert paper.exchange.equity("main") == Decimal(1000) - Decimal("0.004845") - Decimal("0.000125")


def test_close_realises_gross_of_fees() -> None:
    """A round trip realises size times difference of prices; the fees stand beside it."""
    paper = Paper()
    paper.quote("ETH", "2000", "2001")
    paper.trade("0.1", "2001")
    paper.quote("ETH", "2011", "2012")
    _, filled = paper.do(paper.order("-0.1", "2011", reduce_only=True))
    assert isinstance(filled, OwnFills)
    assert filled.fills[0].closed_pnl == 1
    fees = Decimal("0.090045") + Decimal("0.090495")
    assert read_account(paper).dexs == (DexState(dex="", value=Decimal(1001) - fees),)


def test_order_walks_a_book_and_may_fill_in_part() -> None:
    """An order larger than the book within its limit fills what there is, one fill a level."""
    paper = Paper()
    paper.quote("ETH", "1999", "2000")
    asks = (BookLevel(Decimal(2000), Decimal("0.1")), BookLevel(Decimal(2002), Decimal("0.1")))
    paper.exchange.on_book(OrderBook(coin="ETH", time=paper.clock.now_ms(), bids=(), asks=asks))
    answered, filled = paper.do(paper.order("0.3", "2002"))
    assert answer_of([answered]) == Filled(quantity=Decimal("0.2"), average_price=Decimal(2001), order_id=1)
    assert isinstance(filled, OwnFills)
    assert [fill.price for fill in filled.fills] == [2000, 2002]
    assert len({fill.key for fill in filled.fills}) == 2


def read_touch(paper: Paper) -> tuple[str, str]:
    """Return bid and ask of ETH as the venue has them now, as texts."""
    quote = paper.exchange.markets.quote("ETH", paper.clock.now_ms())
    assert quote is not None
    return str(quote.bid), str(quote.ask)


def test_book_behind_a_quote_is_asked_for_when_an_order_needs_it() -> None:
    """A quote's touch stands for its book until an order walks it, and what the order took is missing then."""
    asked: list[str] = []
    bids = (BookLevel(Decimal(1999), Decimal(1)),)
    asks = (BookLevel(Decimal(2000), Decimal("0.1")), BookLevel(Decimal(2002), Decimal("0.1")))

    def book_of(coin: str) -> OrderBook:
        asked.append(coin)
        return OrderBook(coin=coin, time=paper.clock.now_ms(), bids=bids, asks=asks)

    paper = Paper()
    paper.exchange = SimExchange(
        paper.clock, [PaperAccount(id="main", start_usd=Decimal(1_000))], [ETH], book_of=book_of
    )
    paper.quote("ETH", "1999", "2000")
    assert read_touch(paper) == ("1999", "2000")
    assert not asked
    assert paper.trade("0.1", "2002") == Filled(quantity=Decimal("0.1"), average_price=Decimal(2000), order_id=1)
    assert read_touch(paper) == ("1999", "2002")
    assert paper.trade("0.2", "2002") == Filled(quantity=Decimal("0.1"), average_price=Decimal(2002), order_id=2)
    assert asked == ["ETH"]
    paper.quote("ETH", "1999", "2000")
    assert read_touch(paper) == ("1999", "2000")
    assert paper.trade("0.2", "2002") == Filled(quantity=Decimal("0.2"), average_price=Decimal(2001), order_id=3)
    assert asked == ["ETH", "ETH"]


def test_what_we_took_is_gone_for_a_second() -> None:
    """A second order finds the book empty; after a second, or with a new quote, it is full again."""
    paper = Paper("10000", depth_usd="200")
    paper.quote("ETH", "1999", "2000")
    first = paper.trade("0.2", "2000")
    assert isinstance(first, Filled)
    assert first.quantity == Decimal("0.1")
    second = paper.trade("0.1", "2000")
    assert isinstance(second, Refused)
    assert second.code is RejectCode.NO_MATCH
    paper.clock.move_by(1_000)
    assert isinstance(paper.trade("0.1", "2000"), Filled)


def test_flip_in_one_order_realises_the_old_and_opens_the_new_side() -> None:
    """An order beyond zero closes at a profit and opens the rest at its own price."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("0.1", "2000")
    paper.quote("ETH", "2100", "2100")
    paper.trade("-0.3", "2100")
    (state,) = read_account(paper).dexs
    assert state.positions == (OwnPosition(coin="ETH", size=Decimal("-0.2"), entry=Decimal(2100)),)
    assert state.value == Decimal(1010) - Decimal("0.09") - Decimal("0.2835")


@pytest.mark.parametrize(
    ("position", "change", "limit", "reduce_only", "coin", "code", "text"),
    [
        ("0", "0.1", "2000.55", False, "ETH", "tick", "Price must be divisible by tick size."),
        ("0", "0.1", "1.2345", False, "ETH", "tick", "Order has invalid price."),
        ("0", "0.10001", "2000", False, "ETH", "lot", "Order has invalid size."),
        ("0", "0.0049", "2000", False, "ETH", "minimum_notional", "Order must have minimum value of $10."),
        ("0.1", "-0.0049", "1999", True, "ETH", "minimum_notional", "Order must have minimum value of $10."),
        ("0.1", "-0.1", "1.5", False, "MATIC", "halted", "Trading is halted."),
        ("0", "0.1", "2000", True, "ETH", "reduce_only", "Reduce only order would increase position."),
        ("0.1", "0.1", "2000", True, "ETH", "reduce_only", "Reduce only order would increase position."),
        ("0", "0.1", "400", False, "ETH", "price_band", "Order price cannot be more than 80% away"),
        ("0", "-0.1", "10001", False, "ETH", "price_band", "Order price cannot be more than 80% away"),
        ("0", "0.1", "1999", False, "ETH", "no_match", "Order could not immediately match"),
        ("0", "11", "2000", False, "ETH", "margin", "Insufficient margin to place order."),
        ("0", "0.1", "2000", False, "DOGE", "other", "Unknown asset for DOGE."),
    ],
)
def test_the_exchange_refuses(
    position: str, change: str, limit: str, reduce_only: bool, coin: str, code: str, text: str
) -> None:
    """Each of the exchange's rules refuses with its code and its text, and nothing trades."""
    paper = Paper()
    paper.quote("ETH", "1999", "2000", mark="2000")
    if position != "0":
        paper.trade(position, "2000")
    before = paper.exchange.equity("main")
    answer = paper.trade(change, limit, reduce_only=reduce_only, coin=coin)
    assert isinstance(answer, Refused)
    assert answer.code.value == code
    assert answer.text.startswith(text)
    assert f" asset={paper.order(change, limit, coin=coin).terms.asset_id}" in answer.text
    assert paper.exchange.equity("main") == before


@pytest.mark.parametrize(("change", "reduce_only"), [("-0.005", False), ("-0.005", True), ("-7", True)])
def test_an_order_that_closes_everything_needs_no_minimum(change: str, reduce_only: bool) -> None:
    """A close of a whole position worth less than $10 is taken, plain, reduce-only, or shrunk to it."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("0.005", "2000")
    paper.quote("ETH", "1000", "1000")
    answer = paper.trade(change, "1000", reduce_only=reduce_only)
    assert isinstance(answer, Filled)
    assert answer.quantity == Decimal("0.005")
    assert read_account(paper).dexs[0].positions == ()


def test_minimum_counts_the_lowest_of_limit_mark_and_mid() -> None:
    """An order worth more than $10 at its limit but less at the mark is refused."""
    paper = Paper()
    paper.quote("ETH", "1990", "1990", mark="1990")
    answer = paper.trade("0.005", "2100")
    assert isinstance(answer, Refused)
    assert answer.code is RejectCode.MINIMUM_NOTIONAL


def test_reducing_needs_no_margin() -> None:
    """With all margin in use an order that reduces is taken, one that adds is not."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("9.9", "2000")
    assert isinstance(paper.trade("0.2", "2000"), Refused)
    assert isinstance(paper.trade("-0.2", "2000"), Filled)


def test_unrealised_profit_is_margin() -> None:
    """A profit that is not realised yet allows a larger position."""
    paper = Paper("110")
    paper.quote("ETH", "2000", "2000")
    paper.trade("1", "2000")
    assert isinstance(paper.trade("1", "2000"), Refused)
    paper.quote("ETH", "2200", "2200")
    assert isinstance(paper.trade("0.4", "2200"), Filled)


def test_margin_tier_limits_size_at_the_leverage_set() -> None:
    """At leverage 20 a position in the tier of at most 10 is refused."""
    paper = Paper("1000000")
    paper.quote("ETH", "2000", "2000")
    answer = paper.trade("500", "2000")
    assert isinstance(answer, Refused)
    assert answer.code is RejectCode.MARGIN_TIER
