"""The paper exchange knows nonces, look-ups and leverage as the real one does."""

from decimal import Decimal

import pytest

from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    QueryOrder,
    ReadLeverage,
)
from fadearena.model.event import (
    ActionAnswered,
    LeverageRead,
    OrderFound,
)
from fadearena.model.order import ActionOutcome, Filled, Found, Refused, RejectCode
from tests.support.paper import (
    SIGNER,
    Paper,
    answer_of,
    read_account,
    set_leverage,
)


def test_order_that_comes_too_late_is_expired() -> None:
    """An order after its `expires_after` is refused, and its nonce is used up."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    order = paper.order("0.1", "2000")
    paper.clock.move_by(6_000)
    late = answer_of(paper.do(order))
    assert isinstance(late, Refused)
    assert late.code is RejectCode.EXPIRED
    again = answer_of(paper.do(order))
    assert isinstance(again, Refused)
    assert again.code is RejectCode.NONCE


def test_one_envelope_executes_at_most_once() -> None:
    """The same order sent again is a duplicate nonce and trades nothing."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    order = paper.order("0.1", "2000")
    assert isinstance(answer_of(paper.do(order)), Filled)
    again = answer_of(paper.do(order))
    assert isinstance(again, Refused)
    assert again.text.startswith("Invalid nonce: duplicate nonce")
    assert read_account(paper).dexs[0].positions[0].size == Decimal("0.1")


def test_burnt_nonce_keeps_its_order_out() -> None:
    """A noop with an order's nonce is accepted once, and then the order never runs."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    order = paper.order("0.1", "2000")
    burn = BurnNonce(account="main", signer=SIGNER, cloid=order.identity.cloid, nonce=order.identity.nonce)
    first, second = paper.do(burn)[0], paper.do(burn)[0]
    assert isinstance(first, ActionAnswered)
    assert isinstance(second, ActionAnswered)
    assert (first.outcome, second.outcome) == (ActionOutcome.ACCEPTED, ActionOutcome.DUPLICATE_NONCE)
    assert first.subject == order.identity.cloid
    assert isinstance(answer_of(paper.do(order)), Refused)


def test_burning_the_nonce_of_an_order_that_ran_is_a_duplicate() -> None:
    """A noop after the order proves that the order was processed."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    order = paper.order("0.1", "2000")
    paper.do(order)
    (event,) = paper.do(
        BurnNonce(account="main", signer=SIGNER, cloid=order.identity.cloid, nonce=order.identity.nonce)
    )
    assert isinstance(event, ActionAnswered)
    assert event.outcome is ActionOutcome.DUPLICATE_NONCE


def test_look_up_finds_orders_by_cloid() -> None:
    """A filled order is found with its size, a refused one as rejected, an unknown one not at all."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    filled, refused = paper.order("0.1", "2000"), paper.order("0.1", "1999")
    paper.do(filled)
    paper.do(refused)
    found = [
        paper.do(QueryOrder(account="main", cloid=cloid))[0]
        for cloid in (filled.identity.cloid, refused.identity.cloid, "0x0")
    ]
    assert [event.found for event in found if isinstance(event, OrderFound)] == [
        Found.FILLED,
        Found.REJECTED,
        Found.NOT_FOUND,
    ]
    assert isinstance(found[0], OrderFound)
    assert found[0].quantity == Decimal("0.1")


def test_cancel_finds_nothing_to_cancel() -> None:
    """Nothing rests here, so a cancel is refused in the exchange's words."""
    paper = Paper()
    now = paper.clock.now_ms()
    (event,) = paper.do(
        CancelOrder(account="main", signer=SIGNER, cloid="0x1", asset_id=1, nonce=now, expires_after=now + 1)
    )
    assert isinstance(event, ActionAnswered)
    assert event.outcome is ActionOutcome.REFUSED
    assert event.text == "Order was never placed, already canceled, or filled. asset=1"


def test_leverage_is_set_and_read_back() -> None:
    """Leverage starts at 20 cross (isolated where cross is not allowed), is set, and read back."""
    paper = Paper()
    before = [paper.do(ReadLeverage(account="main", coin=coin))[0] for coin in ("ETH", "xyz:GOLD")]
    assert [(e.leverage, e.is_cross) for e in before if isinstance(e, LeverageRead)] == [
        (20, True),
        (20, False),
    ]
    assert set_leverage(paper, 5, is_cross=False).outcome is ActionOutcome.ACCEPTED
    (after,) = paper.do(ReadLeverage(account="main", coin="ETH"))
    assert isinstance(after, LeverageRead)
    assert (after.leverage, after.is_cross) == (5, False)


@pytest.mark.parametrize(
    ("leverage", "is_cross", "coin", "text"),
    [
        (26, True, "ETH", "Invalid leverage value"),
        (0, True, "ETH", "Invalid leverage value"),
        (5, True, "xyz:GOLD", "Cross margin is not allowed for this asset."),
        (5, False, "ETH", "Cannot switch leverage type with open position."),
        (1, True, "ETH", "Cross position does not have sufficient margin available"),
    ],
)
def test_leverage_is_refused(leverage: int, is_cross: bool, coin: str, text: str) -> None:
    """Leverage above the market's, a forbidden mode, a switch or a cut under a position are refused."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("1", "2000")
    answered = set_leverage(paper, leverage, is_cross=is_cross, coin=coin)
    assert answered.outcome is ActionOutcome.REFUSED
    assert answered.text.startswith(text)
