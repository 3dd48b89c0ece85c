"""
Trades: both sides are booked at once, and the public hears of it.

The market maker is an account as any other: every fill has two sides, so positions sum up to zero.
"""

from collections import defaultdict
from collections.abc import Callable
from copy import copy
from decimal import Decimal
from hashlib import blake2b
from sys import intern
from typing import NamedTuple

from fadearena.adapters.sim.arena.market import Market
from fadearena.adapters.sim.arena.traders import wallet_of
from fadearena.model.units import DAY_MS, ZERO, Price, Quantity, Side, Size, sign
from fadearena.sandbox.exchange.money import book
from fadearena.sandbox.exchange.resting import Resting
from fadearena.sandbox.exchange.rules import base_rates, fee, rates
from fadearena.sandbox.exchange.state import Account, Books
from fadearena.sandbox.listing import Asset, Listed
from fadearena.sandbox.nouns import ActionRefused, Fill, Liquidation, News, Order, Positions, Trade

MAKER = wallet_of("sandbox/market maker")
BACKSTOP = wallet_of("sandbox/liquidator")
HOUSE = frozenset({MAKER, BACKSTOP})
"""The sandbox's own accounts."""
ZERO_HASH = "0x" + 64 * "0"
_TRADE_ID_BITS = 50
_GROWTH_COUNTS = 10


class Party(NamedTuple):
    """One side of a trade."""

    account: Account
    order_id: int
    cloid: str | None = None


class Deal(NamedTuple):
    """What both sides of a trade share; `side` is the taker's."""

    asset: Asset
    side: Side
    price: Price
    quantity: Quantity
    hash: str
    twap_id: int | None = None
    forced: Liquidation | None = None


class Floor:
    """
    Where trades happen: the books, the prices, the orders that rest, and who listens.

    Args:
        books: What the exchange remembers.
        market: The prices; what the market maker quotes follows from them.
        listed: The coins.
    """

    def __init__(self, books: Books, market: Market, listed: Listed) -> None:
        self.books = books
        self.market = market
        self.listed = listed
        self.asset = listed.assets.__getitem__
        """Return what is listed as a coin."""
        self._long = defaultdict[str, Size](Decimal)
        for account in books.accounts.values():
            for coin, held in account.positions.items():
                self._long[coin] += max(held.size, ZERO)
        live = [order for account in books.accounts.values() for order in account.open.values()]
        self.waiting = {order.order_id: order for order in live if is_waiting(order)}
        """The orders that wait for a mark."""
        self.resting = Resting(order for order in live if not is_waiting(order))
        self.listeners: list[Callable[[News], None]] = []

    def tell(self, news: News) -> None:
        """Tell all who listen; of an order a copy, as it goes on changing."""
        if self.listeners:
            told = copy(news) if isinstance(news, Order) else news
            for listen in self.listeners:
                listen(told)

    def account(self, address: str) -> Account:
        """Return an account; it is opened when it is first spoken of."""
        account = self.books.accounts.get(address)
        if account is None:
            account = self.books.accounts[address] = Account(address=address)
        return account

    def acting(self, user: str) -> Account:
        """
        Return the account of somebody who acts.

        Raises:
            ActionRefused: There is none yet.
        """
        account = self.books.accounts.get(user)
        if account is None:
            raise ActionRefused(f"Must deposit before performing actions. User: {user}")
        return account

    def new_hash(self) -> str:
        """Return the hash of a transaction."""
        self.books.transactions += 1
        name = f"{self.books.seed}/{self.books.transactions}"
        return "0x" + blake2b(name.encode(), digest_size=32).hexdigest()

    def trade(self, deal: Deal, taker: Party, maker: Party) -> None:
        """Book a trade on both sides and print it."""
        is_buy = deal.side is Side.BUY
        buyer, seller = (taker, maker) if is_buy else (maker, taker)
        trade_id = trade_id_of(buyer.order_id, seller.order_id)
        trade = Trade(
            coin=deal.asset.coin,
            time=self.books.time,
            side=deal.side,
            price=deal.price,
            quantity=deal.quantity,
            trade_id=trade_id,
            hash=deal.hash,
            buyer=buyer.account.address,
            seller=seller.account.address,
        )
        fills = (self._fill(deal, taker, trade_id, is_taker=True), self._fill(deal, maker, trade_id, is_taker=False))
        self.books.tape(deal.asset.coin).print(trade)
        if self.listeners:
            self.tell(trade)
            for fill in fills:
                self.tell(fill)
                self.tell(Positions(fill.user))

    def _fill(self, deal: Deal, party: Party, trade_id: int, *, is_taker: bool) -> Fill:
        asset, account, now = deal.asset, party.account, self.books.time
        side = deal.side if is_taker else deal.side.opposite
        label = _forced_label(deal.forced, account, asset) if is_taker and deal.forced is not None else None
        signed = side.signed(deal.quantity)
        change = book(account, asset, signed, deal.price)
        self._long[asset.coin] += max(change.start + signed, ZERO) - max(change.start, ZERO)
        paid = ZERO if is_deleveraging(deal) else self._charge(account, deal, is_taker=is_taker)
        fill = Fill(
            user=account.address,
            coin=asset.coin,
            time=now,
            side=side,
            price=deal.price,
            quantity=deal.quantity,
            start=change.start,
            direction=label or direction(change.start, signed),
            closed_pnl=change.realised,
            fee=paid,
            order_id=party.order_id,
            trade_id=trade_id,
            hash=deal.hash,
            is_taker=is_taker,
            cloid=party.cloid,
            twap_id=deal.twap_id if is_taker else None,
            liquidation=deal.forced,
        )
        account.note(fill)
        return fill

    def _charge(self, account: Account, deal: Deal, *, is_taker: bool) -> Quantity:
        """Take the fee of a side, and count its volume."""
        now, asset, notional = self.books.time, deal.asset, deal.price * deal.quantity
        payer = self.account(account.master) if account.master is not None else account
        charged = rates(base_rates(payer.fortnight(now)), asset)
        paid = fee(notional, charged.taker if is_taker else charged.maker)
        account.credit(account.pool(asset.dex), -paid)
        account.fees += paid
        self.books.fees += paid
        counted = notional / _GROWTH_COUNTS if asset.growth_mode else notional
        account.traded(now // DAY_MS, notional, counted, is_taker=is_taker)
        return paid

    def mark(self, coin: str) -> Price:
        """Return a coin's mark price; of one that nobody makes prices for it is 0."""
        return self.market.mark(coin) if coin in self.market.instruments else ZERO

    def end(self, order: Order, status: str) -> None:
        """End an order's life and tell of it."""
        order.status, order.status_time = status, self.books.time
        account = self.account(order.user)
        if self.waiting.pop(order.order_id, None) is None and order.order_id in account.open:
            self.resting.remove(order)
        account.finish(order)
        self.tell(order)

    def fit_reduces(self, account: Account, coin: str) -> None:
        """
        Fit reduce-only orders to the position: of those that rest the newest shrinks, older ones without room end.

        Each that waits for a mark has the whole position to itself.
        """
        if not account.open:
            return
        size, is_newest = account.size(coin), True
        left = abs(size)
        for order in reversed([one for one in account.open.values() if one.reduce_only and one.coin == coin]):
            if sign(size) == -order.side.sign and order.order_id in self.waiting:
                order.rest = min(order.rest, abs(size))
                continue
            rest = min(order.rest, left) if is_newest else order.rest
            if sign(size) != -order.side.sign or not left or rest > left:
                self.end(order, "reduceOnlyCanceled")
            else:
                order.rest, is_newest = rest, False
                left -= rest

    def holders(self, coin: str) -> Size:
        """Return the open interest of a coin."""
        return self._long[coin]


def trade_id_of(buyer_order_id: int, seller_order_id: int) -> int:
    """Return the 50-bit hash of the orders that met: the same on both sides."""
    digest = blake2b(f"{buyer_order_id}/{seller_order_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _TRADE_ID_BITS)


def is_waiting(order: Order) -> bool:
    """Tell whether an order that is open waits for a mark."""
    return order.trigger is not None and order.status == "open"


def is_deleveraging(deal: Deal) -> bool:
    """Tell whether a deal takes a position from somebody else than who is liquidated; it costs no fee."""
    return deal.forced is not None and deal.forced.user == BACKSTOP


def direction(start: Size, change: Size) -> str:
    """Return the label of a fill; there are few, and each is there once."""
    before, after = _word(start), _word(start + change)
    if not start or sign(start) == sign(change):
        return intern(f"Open {_word(change)}")
    return intern(f"Close {before}" if not start + change or before == after else f"{before} > {after}")


def _forced_label(forced: Liquidation, account: Account, asset: Asset) -> str:
    """Return the label of a fill that its owner did not ask for."""
    if forced.user != account.address:
        return "Auto-Deleveraging"
    kind = "Cross" if account.leverage(asset).is_cross else "Isolated"
    return f"Liquidated {kind} {_word(account.size(asset.coin))}"


def _word(size: Size) -> str:
    return "Long" if size > 0 else "Short"
