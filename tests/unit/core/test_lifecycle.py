"""The life of an order: a table in which nothing moves that is not written there."""

from decimal import Decimal as D

import pytest

from fadearena.core.lifecycle import TABLE, News, Order, after, filled_news
from fadearena.model.error import InvariantBroken
from fadearena.model.order import OrderIdentity, OrderStatus, OrderTerms, Purpose
from fadearena.model.units import Side

S = OrderStatus


def order(status: OrderStatus = S.PENDING, booked: str = "0", purpose: Purpose = Purpose.INCREASE) -> Order:
    """Return an order of 1 BTC of which `booked` was booked at 50,000."""
    return Order(
        terms=OrderTerms(
            account="main",
            coin="BTC",
            asset_id=0,
            side=Side.BUY,
            quantity=D(1),
            limit=D(50_000),
            reduce_only=False,
            purpose=purpose,
            bot="a",
            residue_quantity=D(0),
        ),
        identity=OrderIdentity(cloid="0x1", label="one", signer="0x2", nonce=1, expires_after=6_000),
        status=status,
        created=1_000,
        booked=D(booked),
        booked_notional=D(booked) * 50_000,
    )


@pytest.mark.parametrize(
    ("status", "news", "then"),
    [
        (S.PENDING, News.SENT, S.SUBMITTED),
        (S.PENDING, News.DROPPED, S.EXPIRED),
        (S.SUBMITTED, News.FILLED_ALL, S.FILLED),
        (S.SUBMITTED, News.FILLED_PART, S.PARTIALLY_FILLED),
        (S.SUBMITTED, News.REFUSED, S.REJECTED),
        (S.PENDING, News.NO_ANSWER, S.UNKNOWN),
        (S.SUBMITTED, News.NO_ANSWER, S.UNKNOWN),
        (S.UNKNOWN, News.NO_ANSWER, S.UNKNOWN),
        (S.UNKNOWN, News.NONCE_BURNT, S.EXPIRED),
        (S.UNKNOWN, News.NEVER_SEEN, S.REJECTED),
        (S.UNKNOWN, News.CANCELLED, S.CANCELLED),
        (S.UNKNOWN, News.FILLED_ALL, S.FILLED),
    ],
)
def test_an_order_moves_by_its_table(status: OrderStatus, news: News, then: OrderStatus) -> None:
    """Each piece of news brings an order to the state that the rules name."""
    assert after(status, news) is then


@pytest.mark.parametrize("news", News)
@pytest.mark.parametrize("status", [status for status in S if status.is_settled])
def test_terminal_states_never_change(status: OrderStatus, news: News) -> None:
    """Nothing moves a settled order any more."""
    with pytest.raises(InvariantBroken, match=status):
        after(status, news)


def test_a_sent_order_is_never_taken_for_dropped() -> None:
    """Only what is known never to have left expires without proof: a submitted or unknown order does not."""
    assert {status for status, news in TABLE if news is News.DROPPED} == {S.PENDING}
    assert {status for status, news in TABLE if news is News.NEVER_SEEN} == {S.UNKNOWN}


def test_every_unsettled_state_can_end() -> None:
    """From every unsettled state all ends can be reached, and unknown is left only by an end."""
    for status in (S.PENDING, S.SUBMITTED, S.UNKNOWN):
        assert {S.FILLED, S.PARTIALLY_FILLED, S.REJECTED, S.EXPIRED} <= {
            then for (now, _), then in TABLE.items() if now is status
        }
    assert {then for (now, _), then in TABLE.items() if now is S.UNKNOWN and not then.is_settled} == {S.UNKNOWN}


@pytest.mark.parametrize(
    ("status", "booked", "left"),
    [
        (S.PENDING, "0", "1"),
        (S.UNKNOWN, "0.25", "0.75"),
        (S.SUBMITTED, "1.5", "0"),
        (S.PARTIALLY_FILLED, "0.25", "0"),
        (S.EXPIRED, "0", "0"),
    ],
)
def test_what_remains_counts_as_filled_until_an_order_is_settled(status: OrderStatus, booked: str, left: str) -> None:
    """An order in flight or unknown may still execute all of its rest, a settled one nothing."""
    assert order(status, booked).remaining == D(left)


@pytest.mark.parametrize(
    ("booked", "news"), [("1", News.FILLED_ALL), ("1.5", News.FILLED_ALL), ("0.99", News.FILLED_PART)]
)
def test_an_order_is_filled_when_all_of_it_was_booked(booked: str, news: News) -> None:
    """Less than what was asked for is a partial fill."""
    assert filled_news(order(booked=booked)) is news


def test_the_average_price_is_of_what_was_booked() -> None:
    """An order has an average price once something was booked, and none before."""
    assert order(booked="0.5").average_price == D(50_000)
    assert order().average_price is None


def test_a_verdict_is_possible_five_seconds_after_its_deadline() -> None:
    """Look-ups lag: what became of an order is proven 5 s past `expiresAfter`."""
    assert order().verdict_from == 11_000


@pytest.mark.parametrize("purpose", Purpose)
def test_only_an_increase_takes_its_sleeve_away_from_zero(purpose: Purpose) -> None:
    """Every other purpose reduces."""
    assert order(purpose=purpose).is_increase is (purpose is Purpose.INCREASE)
    assert order().book == ("main", "BTC")
