"""
Stage 6: the order state table.

1. A pair without a row is an error: nothing moves an order that is not written here.
2. Terminal states do not change. What still arrives for a terminal order (a late fill) counts in the ledger and
   alarms; it is no transition.
3. What was executed is the larger of what the answer says and what our own fills sum up to.
"""

from enum import StrEnum

import msgspec

from fadearena.model.error import InvariantBroken
from fadearena.model.ids import BookKey
from fadearena.model.order import Found, OrderIdentity, OrderStatus, OrderTerms, Purpose
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Price, Quantity, Usd

S = OrderStatus
LOOKUP_LAG_MS = 5 * SECOND_MS


class News(StrEnum):
    """What can happen to an order."""

    SENT = "sent"
    DROPPED = "dropped"
    FILLED_ALL = "filled-all"
    FILLED_PART = "filled-part"
    REFUSED = "refused"
    NO_ANSWER = "no-answer"
    NONCE_BURNT = "nonce-burnt"
    CANCELLED = "cancelled"
    NEVER_SEEN = "never-seen"


TABLE: dict[tuple[OrderStatus, News], OrderStatus] = {
    (S.PENDING, News.SENT): S.SUBMITTED,
    (S.PENDING, News.DROPPED): S.EXPIRED,
    (S.PENDING, News.FILLED_ALL): S.FILLED,
    (S.PENDING, News.FILLED_PART): S.PARTIALLY_FILLED,
    (S.PENDING, News.REFUSED): S.REJECTED,
    (S.PENDING, News.NO_ANSWER): S.UNKNOWN,
    (S.PENDING, News.NONCE_BURNT): S.EXPIRED,
    (S.SUBMITTED, News.FILLED_ALL): S.FILLED,
    (S.SUBMITTED, News.FILLED_PART): S.PARTIALLY_FILLED,
    (S.SUBMITTED, News.REFUSED): S.REJECTED,
    (S.SUBMITTED, News.NO_ANSWER): S.UNKNOWN,
    (S.SUBMITTED, News.NONCE_BURNT): S.EXPIRED,
    (S.UNKNOWN, News.NO_ANSWER): S.UNKNOWN,
    (S.UNKNOWN, News.FILLED_ALL): S.FILLED,
    (S.UNKNOWN, News.FILLED_PART): S.PARTIALLY_FILLED,
    (S.UNKNOWN, News.REFUSED): S.REJECTED,
    (S.UNKNOWN, News.CANCELLED): S.CANCELLED,
    (S.UNKNOWN, News.NONCE_BURNT): S.EXPIRED,
    (S.UNKNOWN, News.NEVER_SEEN): S.REJECTED,
}


def after(status: OrderStatus, news: News) -> OrderStatus:
    """
    Return the state of an order after some news.

    Raises:
        InvariantBroken: the table has no row for the pair.
    """
    try:
        return TABLE[status, news]
    except KeyError:
        raise InvariantBroken(f"an order that is {status} cannot take the news {news!r}") from None


class Order(msgspec.Struct, kw_only=True):
    """
    What is remembered of one order of ours.

    `answered` is the quantity by the venue's answer, `filled` the sum of its own fills, `booked` what the ledger
    has taken (the larger of the two); `booked_notional`, `booked_fee` are what the ledger took for it so far.
    """

    terms: OrderTerms
    identity: OrderIdentity
    status: OrderStatus = OrderStatus.PENDING
    created: EpochMs
    answered: Quantity = ZERO
    filled: Quantity = ZERO
    booked: Quantity = ZERO
    booked_notional: Usd = ZERO
    guessed: Quantity = ZERO
    guessed_price: Price | None = None
    order_id: int | None = None
    is_burnt: bool = False
    found: Found | None = None
    found_quantity: Quantity | None = None
    reserve_price: Price = ZERO
    reserved: Usd = ZERO
    last_poll: EpochMs = 0
    polls: int = 0
    reason: str = ""
    source_price: Price | None = None
    source_time: EpochMs = 0
    is_shadowed: bool = False

    @property
    def book(self) -> BookKey:
        """The book in which it trades."""
        return (self.terms.account, self.terms.coin)

    @property
    def average_price(self) -> Price | None:
        """Average price of what was booked."""
        return self.booked_notional / self.booked if self.booked else None

    @property
    def is_increase(self) -> bool:
        """Whether it takes its sleeve away from zero."""
        return self.terms.purpose is Purpose.INCREASE

    @property
    def remaining(self) -> Quantity:
        """What could still be executed; zero once settled."""
        return ZERO if self.status.is_settled else max(self.terms.quantity - self.booked, ZERO)

    @property
    def verdict_from(self) -> EpochMs:
        """From when on a complete reading proves what became of it: look-ups lag, so 5 s past `expiresAfter`."""
        return self.identity.expires_after + LOOKUP_LAG_MS


def filled_news(order: Order) -> News:
    """Return the news of an order that was executed to what was booked."""
    return News.FILLED_ALL if order.booked >= order.terms.quantity else News.FILLED_PART
