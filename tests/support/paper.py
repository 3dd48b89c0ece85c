"""A paper exchange to play with: one account, one or two markets, and orders in one line."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import ManualClock
from fadearena.model.command import PlaceOrder, ReadAccount, SetLeverage
from fadearena.model.event import AccountRead, ActionAnswered, Event, OrderAnswered
from fadearena.model.instrument import Instrument, MarginMode
from fadearena.model.margin import MarginTier
from fadearena.model.market import Quote
from fadearena.model.order import Answer, OrderIdentity, OrderTerms, Purpose
from fadearena.model.units import Side
from fadearena.ports.venue import VenueCommand

START = 1_790_000_000_000 - 1_790_000_000_000 % 3_600_000
SIGNER = "0x" + "5" * 40
ETH = Instrument(
    coin="ETH",
    asset_id=1,
    size_decimals=4,
    max_leverage=25,
    margin_tiers=(MarginTier(Decimal(0), 25), MarginTier(Decimal(1_000_000), 10)),
)
GOLD = Instrument(
    coin="xyz:GOLD",
    asset_id=110003,
    size_decimals=3,
    max_leverage=20,
    margin_tiers=(MarginTier(Decimal(0), 20),),
    margin_mode=MarginMode.NO_CROSS,
    deployer_fee_scale=Decimal(1),
)
GONE = Instrument(
    coin="MATIC",
    asset_id=3,
    size_decimals=1,
    max_leverage=20,
    margin_tiers=(MarginTier(Decimal(0), 20),),
    is_delisted=True,
)


class Paper:
    """A paper exchange with the account `main`, and a clock that the test moves."""

    def __init__(self, start_usd: str = "1000", depth_usd: str | None = None) -> None:
        self.clock = ManualClock(START + 1)
        self.exchange = fresh_exchange(self.clock, start_usd, depth_usd)
        self._orders = 0

    def quote(self, coin: str, bid: str, ask: str, mark: str | None = None) -> None:
        """Set a coin's touch and mark (the middle, if none is given)."""
        low, high = Decimal(bid), Decimal(ask)
        now = self.clock.now_ms()
        middle = (low + high) / 2 if mark is None else Decimal(mark)
        self.exchange.on_quote(Quote(coin=coin, mark=middle, mark_time=now, bid=low, ask=high, touch_time=now))

    def do(self, command: VenueCommand) -> Sequence[Event]:
        """Execute one command."""
        return asyncio.run(self.exchange.execute(command))

    def order(self, change: str, limit: str, *, reduce_only: bool = False, coin: str = "ETH") -> PlaceOrder:
        """Make an order that would change the position by `change`."""
        self._orders += 1
        now = self.clock.now_ms()
        return make_order(Decimal(change), Decimal(limit), now + self._orders, coin, reduce_only=reduce_only)

    def trade(self, change: str, limit: str, *, reduce_only: bool = False, coin: str = "ETH") -> Answer:
        """Place such an order and return its answer."""
        return answer_of(self.do(self.order(change, limit, reduce_only=reduce_only, coin=coin)))


def fresh_exchange(clock: ManualClock, start_usd: str = "1000", depth_usd: str | None = None) -> SimExchange:
    """Return an exchange with the account `main` and three markets."""
    return SimExchange(
        clock,
        [PaperAccount(id="main", start_usd=Decimal(start_usd))],
        [ETH, GOLD, GONE],
        depth_usd=None if depth_usd is None else Decimal(depth_usd),
    )


def make_order(
    change: Decimal, limit: Decimal, nonce: int, coin: str = "ETH", *, reduce_only: bool = False
) -> PlaceOrder:
    """Make an order; its nonce makes its cloid, and it lives for five seconds from then."""
    asset_id = {"ETH": 1, "xyz:GOLD": 110003, "MATIC": 3}.get(coin, 99)
    return PlaceOrder(
        terms=OrderTerms(
            account="main",
            coin=coin,
            asset_id=asset_id,
            side=Side.BUY if change > 0 else Side.SELL,
            quantity=abs(change),
            limit=limit,
            reduce_only=reduce_only,
            purpose=Purpose.INCREASE,
            bot=None,
            residue_quantity=Decimal(0),
        ),
        identity=OrderIdentity(
            cloid=f"0x{nonce:032x}",
            label=f"test-{nonce}",
            signer=SIGNER,
            nonce=nonce,
            expires_after=nonce + 5_000,
        ),
    )


def order_at(instrument: Instrument, change: str, limit: str, now: int) -> PlaceOrder:
    """Make an order in any market; its terms are those of `make_order`."""
    order = make_order(Decimal(change), Decimal(limit), now)
    terms = msgspec.structs.replace(order.terms, coin=instrument.coin, asset_id=instrument.asset_id)
    return msgspec.structs.replace(order, terms=terms)


def answer_of(events: Sequence[Event]) -> Answer:
    """Return the one answer to an order among events."""
    (answer,) = [event.answer for event in events if isinstance(event, OrderAnswered)]
    return answer


def read_account(paper: Paper) -> AccountRead:
    """Read the account of a paper exchange."""
    (event,) = paper.do(ReadAccount(account="main"))
    assert isinstance(event, AccountRead)
    return event


def set_leverage(paper: Paper, leverage: int, *, is_cross: bool = True, coin: str = "ETH") -> ActionAnswered:
    """Set leverage with a nonce of its own."""
    paper.clock.move_by(1_000)
    now = paper.clock.now_ms()
    asset_id = 1 if coin == "ETH" else 110003
    (event,) = paper.do(
        SetLeverage(
            account="main",
            signer=SIGNER,
            coin=coin,
            asset_id=asset_id,
            leverage=leverage,
            is_cross=is_cross,
            nonce=now,
            expires_after=now + 5_000,
        )
    )
    assert isinstance(event, ActionAnswered)
    return event
