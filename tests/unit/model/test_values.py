"""Values that cannot be wrong, and what they tell."""

from decimal import Decimal as D

import msgspec
import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.market import BookLevel, OrderBook, Quote
from fadearena.model.order import OrderStatus, OrderTerms, OwnFill, Purpose
from fadearena.model.units import Side
from fadearena.model.wallet import WalletRole
from tests.support.following import fill, values


@pytest.mark.parametrize("field", ["mark", "bid", "ask", "oracle"])
def test_a_price_that_is_not_positive_is_no_quote(field: str) -> None:
    """Unknown is None, never zero."""
    with pytest.raises(InvalidInput, match="a price of 0"):
        msgspec.structs.replace(Quote(coin="BTC"), **{field: D(0)})


def test_a_crossed_touch_is_no_quote() -> None:
    """A bid above the ask cannot stand."""
    with pytest.raises(InvalidInput, match="above ask"):
        Quote(coin="BTC", bid=D(2), ask=D(1))


def test_the_touch_is_on_the_side_that_an_order_takes() -> None:
    """A buy takes the ask; the mid needs both."""
    quote = Quote(coin="BTC", bid=D(1), ask=D(2))
    assert values(quote.touch(Side.BUY), quote.touch(Side.SELL), quote.mid) == (2, 1, D("1.5"))
    assert Quote(coin="BTC", bid=D(1)).mid is None
    assert Quote(coin="BTC", ask=D(1)).mid is None


def test_a_book_gives_the_levels_that_an_order_takes() -> None:
    """A buy walks the asks."""
    bids, asks = (BookLevel(D(1), D(5)),), (BookLevel(D(2), D(6)),)
    book = OrderBook(coin="BTC", time=0, bids=bids, asks=asks)
    assert values(book.levels(Side.BUY), book.levels(Side.SELL)) == (asks, bids)


def test_what_is_no_execution_is_refused() -> None:
    """Neither of a source nor of ours."""
    theirs = fill(0, "1")
    ours = OwnFill(
        key="k",
        account="main",
        coin="BTC",
        time=0,
        side=Side.BUY,
        price=D(1),
        quantity=D(1),
        fee=D(0),
        closed_pnl=D(0),
    )
    for name in ("price", "quantity"):
        for number in (D(0), D(-1)):
            with pytest.raises(InvalidInput, match="fill"):
                msgspec.structs.replace(theirs, **{name: number})
            with pytest.raises(InvalidInput, match="own fill"):
                msgspec.structs.replace(ours, **{name: number})


@pytest.mark.parametrize(
    "wrong", [{"quantity": D(0)}, {"limit": D(0)}, {"residue_quantity": D(2)}, {"residue_quantity": D(-1)}]
)
def test_what_no_order_can_ask_is_refused(wrong: dict[str, object]) -> None:
    """Size and limit are positive, and the residue is a part of it."""
    terms = OrderTerms(
        account="main",
        coin="BTC",
        asset_id=0,
        side=Side.BUY,
        quantity=D(1),
        limit=D(1),
        reduce_only=False,
        purpose=Purpose.INCREASE,
        bot="bot",
        residue_quantity=D(1),
    )
    with pytest.raises(InvalidInput, match="order for BTC"):
        msgspec.structs.replace(terms, **wrong)


def test_a_fill_adds_what_its_side_says() -> None:
    """A buy adds, a sale takes away."""
    assert values(fill(0, "2").change, fill(0, "-2").change) == (2, -2)


def test_who_may_be_followed() -> None:
    """A user, a vault or a sub-account."""
    assert {role for role in WalletRole if role.may_be_followed} == {
        WalletRole.USER,
        WalletRole.VAULT,
        WalletRole.SUB_ACCOUNT,
    }


def test_which_orders_are_settled() -> None:
    """All but pending, submitted and unknown."""
    assert {status for status in OrderStatus if not status.is_settled} == {
        OrderStatus.PENDING,
        OrderStatus.SUBMITTED,
        OrderStatus.UNKNOWN,
    }
