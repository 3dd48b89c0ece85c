"""
The desk: takes orders and cancels, and matches by price, then time.

1. What the market maker quotes stands for one second and is then made anew; what was taken of it is missing until then.
2. An order that rests keeps its place. It is checked again for margin when it is hit, as prices have moved since.
3. Nobody trades with itself: then the order that rests is cancelled.
4. An order with a trigger waits beside the book until the mark is there, and is then an order as any other.
"""

from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from fadearena.model.ids import Coin
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Side, Usd
from fadearena.sandbox.exchange.money import check_margin
from fadearena.sandbox.exchange.resting import Ladder
from fadearena.sandbox.exchange.rules import (
    GONE,
    NO_MATCH,
    OPEN_ORDERS_MAX,
    Rejection,
    check_minimum,
    check_post_only,
    check_static,
    check_trigger,
    shrunk,
    worded,
)
from fadearena.sandbox.exchange.shown import Level
from fadearena.sandbox.exchange.state import Account, Hit
from fadearena.sandbox.exchange.trading import MAKER, ZERO_HASH, Deal, Floor, Party
from fadearena.sandbox.listing import Asset
from fadearena.sandbox.nouns import Filled, Liquidation, Order, Refused, Request, Resting, Status, Tif


class Offer(NamedTuple):
    """One quote of the market maker, with what is left of it."""

    key: str
    price: Price
    quantity: Quantity


class Taking(NamedTuple):
    """An order that takes: what its trades have in common."""

    account: Account
    asset: Asset
    order: Order
    hash: str
    twap_id: int | None = None
    forced: Liquidation | None = None


class Desk:
    """Executes orders on the floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._ladders: dict[tuple[Coin, Side], Ladder] = {}

    def place(self, account: Account, request: Request) -> Status:
        """Take one order."""
        floor, asset = self._floor, self._floor.listed.by_id.get(request.asset_id)
        mark = floor.mark(asset.coin) if asset is not None else None
        refused = check_static(request, asset, mark or None)
        if refused is not None or asset is None:
            return refused or Refused(worded("Unknown asset.", request.asset_id))
        order = self._record(account, asset, request)
        rejection = self._admit(account, asset, request, order)
        if rejection is not None:
            return self._reject(order, asset, rejection)
        if request.trigger is not None:
            return self._wait(account, order)
        return self._execute(account, order, request.twap_id)

    def fire(self) -> None:
        """Turn the orders whose mark has come into what they wanted to be."""
        floor = self._floor
        for order in list(floor.waiting.values()):
            trigger = order.trigger
            if trigger is None or order.order_id not in floor.waiting:
                continue
            if trigger.is_due(order.side, floor.mark(order.coin)):
                account = floor.account(order.user)
                del floor.waiting[order.order_id], account.open[order.order_id]
                order.status, order.status_time = "triggered", floor.books.time
                floor.tell(order)
                self._execute(account, order)

    def cancel(self, account: Account, asset_id: int, order_id: int | str) -> str | None:
        """Cancel an order by its id or its client's; None is success."""
        order = account.named(order_id) if isinstance(order_id, str) else account.open.get(order_id)
        asset = self._floor.listed.by_id.get(asset_id)
        if order is None or order.order_id not in account.open or asset is None or order.coin != asset.coin:
            return worded(GONE, asset_id)
        self._floor.end(order, "canceled")
        return None

    def match(self, taking: Taking) -> tuple[Quantity, Usd]:
        """Trade an order as far as its limit goes; return what traded and what that was worth."""
        order, account = taking.order, taking.account
        queue = self._floor.resting.side(order.coin, order.side.opposite)
        offers = self.offers(order.coin, order.side)
        offer, traded, value = next(offers, None), ZERO, Usd(0)
        while order.rest:
            first = queue[0] if queue else None
            if first is not None and (offer is None or self._is_first(first, offer)):
                counter: Order | Offer = first
            elif offer is not None:
                counter = offer
            else:
                break
            price = counter.price if isinstance(counter, Offer) else counter.limit
            if (price - order.limit) * order.side.sign > 0:
                break
            if isinstance(counter, Offer):
                quantity, offer = self._take(taking, counter), next(offers, None)
            else:
                quantity = self._meet(taking, counter)
            traded += quantity
            value += quantity * price
        if traded:
            self._floor.fit_reduces(account, order.coin)
        return traded, value

    def offers(self, coin: Coin, side: Side) -> Iterator[Offer]:
        """Yield what is left of the market maker's quotes for an order of this side, best price first, one a price."""
        hits = self._floor.books.hits
        ladder = self._ladders.get((coin, side))
        if ladder is None:
            ladder = self._ladders[coin, side] = Ladder(self._floor.market.offers(coin, side))
        for level in ladder:
            key = f"{coin} {side} {level.price}"
            hit = hits.get(key)
            left = level.quantity if hit is None else level.quantity - hit.quantity
            if left > 0:
                yield Offer(key, level.price, left)

    def best(self, coin: Coin, side: Side) -> Price | None:
        """Return the best price that an order of this side would meet."""
        level = next(self.levels(coin, side), None)
        return None if level is None else level.price

    def levels(self, coin: Coin, side: Side) -> Iterator[Level]:
        """Yield the book that an order of this side meets, best price first; as much of it as somebody asks for."""
        queue = self._floor.resting.side(coin, side.opposite)
        if not queue:
            yield from (Level(offer.price, offer.quantity, 1) for offer in self.offers(coin, side))
            return
        offers = ((offer.price, offer.quantity) for offer in self.offers(coin, side))
        rested = ((order.limit, order.rest) for order in queue)
        rows = merge(offers, rested, key=lambda row: row[0] * side.sign)
        for price, same in groupby(rows, itemgetter(0)):
            quantities = [quantity for _, quantity in same]
            yield Level(price, sum(quantities, start=ZERO), len(quantities))

    def quote_anew(self) -> None:
        """Let the market maker quote the prices as they are now, and take what rests on the wrong side of them."""
        floor = self._floor
        floor.books.hits.clear()
        self._ladders.clear()
        for coin, side in list(floor.resting.sides()):
            quoted, queue = floor.market.quote(coin).touch(side), floor.resting.side(coin, side)
            while quoted is not None and queue and (queue[0].limit - quoted) * side.sign >= 0:
                self._sweep(queue[0], coin)

    def _sweep(self, order: Order, coin: Coin) -> None:
        """Fill an order that rests with one of the market maker's; it is gone then, one way or the other."""
        maker, asset = self._floor.account(MAKER), self._floor.asset(coin)
        limit, quantity, side = order.limit, order.rest, order.side.opposite
        sweeping = self._new(maker, asset, side, limit, quantity)
        self._meet(Taking(maker, asset, sweeping, self._floor.new_hash()), order)
        self._floor.end(sweeping, "filled" if not sweeping.rest else "canceled")

    def _record(self, account: Account, asset: Asset, request: Request) -> Order:
        order = self._new(account, asset, request.side, request.limit, request.quantity)
        order.reduce_only, order.tif, order.cloid = request.reduce_only, request.tif, request.cloid
        order.trigger = request.trigger
        if request.cloid is not None:
            account.cloids[request.cloid] = order.order_id
        return order

    def _new(self, account: Account, asset: Asset, side: Side, limit: Price, quantity: Quantity) -> Order:
        now: EpochMs = self._floor.books.time
        return Order(
            order_id=self._floor.books.take_order_id(),
            user=account.address,
            coin=asset.coin,
            side=side,
            limit=limit,
            quantity=quantity,
            rest=quantity,
            reduce_only=False,
            tif=Tif.IOC,
            cloid=None,
            time=now,
            status="open",
            status_time=now,
        )

    def _admit(self, account: Account, asset: Asset, request: Request, order: Order) -> Rejection | None:
        position = account.size(asset.coin)
        stays = request.tif is not Tif.IOC or request.trigger is not None
        if stays and len(account.open) >= OPEN_ORDERS_MAX:
            return Rejection("tooManyOpenOrdersRejected", "Too many open orders")
        quantity = shrunk(request, position)
        if isinstance(quantity, Rejection):
            return quantity
        order.rest = quantity
        bid, ask = self.best(asset.coin, Side.SELL), self.best(asset.coin, Side.BUY)
        prices = [request.limit, self._floor.mark(asset.coin)]
        if bid is not None and ask is not None:
            prices.append((bid + ask) / 2)
        return (
            check_minimum(request, quantity, position, min(prices))
            or check_margin(account, asset, request.side.signed(quantity), self._floor)
            or check_post_only(request, bid, ask)
            or check_trigger(request, self._floor.mark(asset.coin))
        )

    def _execute(self, account: Account, order: Order, twap_id: int | None = None) -> Status:
        """Trade an order that may; what is left of it rests, or ends."""
        floor, asset = self._floor, self._floor.asset(order.coin)
        hash_ = ZERO_HASH if twap_id is not None else floor.new_hash()
        traded, value = self.match(Taking(account, asset, order, hash_, twap_id))
        if order.tif is not Tif.IOC and order.rest:
            return self._rest(account, order)
        if not traded:
            return self._reject(order, asset, Rejection("iocCancelRejected", NO_MATCH))
        floor.end(order, "canceled" if order.rest else "filled")
        return Filled(order.order_id, traded, value / traded, order.cloid)

    def _reject(self, order: Order, asset: Asset, rejection: Rejection) -> Refused:
        self._floor.end(order, rejection.status)
        return Refused(worded(rejection.text, asset.asset_id), order.order_id)

    def _wait(self, account: Account, order: Order) -> Status:
        account.open[order.order_id] = order
        self._floor.waiting[order.order_id] = order
        self._floor.tell(order)
        return Resting(order.order_id, order.cloid)

    def _rest(self, account: Account, order: Order) -> Status:
        account.open[order.order_id] = order
        self._floor.resting.add(order)
        self._floor.tell(order)
        if order.reduce_only:
            self._floor.fit_reduces(account, order.coin)
        return Resting(order.order_id, order.cloid)

    def _is_first(self, order: Order, offer: Offer) -> bool:
        """Tell whether an order that rests comes before a quote: by price, then time."""
        better = (order.limit - offer.price) * order.side.sign
        return better > 0 or (better == 0 and order.time <= self._floor.market.time)

    def _meet(self, taking: Taking, rested: Order) -> Quantity:
        """Trade with an order that rests; return how much, 0 where it ended instead."""
        floor, order = self._floor, taking.order
        other = floor.account(rested.user)
        quantity = min(order.rest, rested.rest)
        if rested.user == order.user:
            floor.end(rested, "selfTradeCanceled")
            return ZERO
        change = rested.side.signed(quantity)
        if not rested.reduce_only and check_margin(other, taking.asset, change, self._floor) is not None:
            floor.end(rested, "marginCanceled")
            return ZERO
        rested.rest -= quantity
        self._trade(taking, rested.limit, quantity, Party(other, rested.order_id, rested.cloid))
        if not rested.rest:
            floor.end(rested, "filled")
        floor.fit_reduces(other, rested.coin)
        return quantity

    def _take(self, taking: Taking, offer: Offer) -> Quantity:
        """Trade with a quote of the market maker."""
        books, quantity = self._floor.books, min(taking.order.rest, offer.quantity)
        hit = books.hits.get(offer.key)
        if hit is None:
            hit = books.hits[offer.key] = Hit(books.take_order_id(), ZERO)
        hit.quantity += quantity
        self._trade(taking, offer.price, quantity, Party(self._floor.account(MAKER), hit.order_id))
        return quantity

    def _trade(self, taking: Taking, price: Price, quantity: Quantity, maker: Party) -> None:
        order = taking.order
        order.rest -= quantity
        deal = Deal(taking.asset, order.side, price, quantity, taking.hash, taking.twap_id, taking.forced)
        self._floor.trade(deal, Party(taking.account, order.order_id, order.cloid), maker)
