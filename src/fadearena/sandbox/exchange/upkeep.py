"""
What the exchange does by itself: funding at every full hour, liquidations, and cancels that were scheduled.

1. Funding is paid at the oracle price. It sums up to zero: what rounding leaves over goes to the market maker.
2. Who has less than the maintenance margin is closed on the book: of a large position a fifth, and the whole where
   that was too little within half a minute. What the book cannot take goes to the liquidator at the mark.
3. Who has less than two thirds of it loses everything to the liquidator, which bears what is missing, too.
"""

from typing import NamedTuple

from fadearena.model.ids import Address, Coin
from fadearena.model.units import DAY_MS, HOUR_MS, SECOND_MS, ZERO, EpochMs, Quantity, Usd, side_of
from fadearena.sandbox.exchange.desk import Desk, Taking
from fadearena.sandbox.exchange.money import Margins, isolated_worth, margins
from fadearena.sandbox.exchange.state import CENT, Account, Position, Rate
from fadearena.sandbox.exchange.trading import BACKSTOP, HOUSE, MAKER, ZERO_HASH, Deal, Floor, Party
from fadearena.sandbox.listing import FIRST_DEX, Asset, dex_of, maintenance
from fadearena.sandbox.nouns import ActionRefused, Liquidation, Order, Payment, Positions, Tif, Transfer

FUNDING_LAG_MS = 68
_LARGE_USD = Usd(100_000)
_WAIT_MS = 30 * SECOND_MS
_HOURS_KEPT = 24
_DAYS_KEPT = 32
_RATES_KEPT = 500
_FAR = 5
_COINS_AT_ONCE = 2


class Forced(NamedTuple):
    """A position that is closed by force."""

    account: Account
    coin: Coin
    position: Position
    is_whole: bool
    is_lost: bool


class Upkeep:
    """
    Does what time brings with it.

    Args:
        floor: Where it happens.
        desk: Where positions are closed.
        crowd: Who is checked when its turn comes, by `check`; where there are any, funding takes its time.
    """

    def __init__(self, floor: Floor, desk: Desk, crowd: frozenset[Address] = frozenset()) -> None:
        self._floor = floor
        self._desk = desk
        self._crowd = crowd
        self._coins_at_once = _COINS_AT_ONCE if crowd else None
        self._unpaid: list[Coin] = []

    def pay_funding(self, now: EpochMs) -> None:
        """Pay funding of all full hours that are over and were not paid: all coins at once, or a few."""
        books = self._floor.books
        while self._unpaid or books.funded_to + HOUR_MS < now:
            if not self._unpaid:
                books.funded_to += HOUR_MS
                self._unpaid = list(self._floor.market.coins)
            for coin in self._unpaid[: self._coins_at_once]:
                self._pay(coin, books.funded_to)
            del self._unpaid[: self._coins_at_once]
            if self._coins_at_once is not None:
                return

    def _pay(self, coin: Coin, hour: EpochMs) -> None:
        market, tape = self._floor.market, self._floor.books.tape(coin)
        mark, premium, rate = market.mark(coin), market.premium(coin), market.funding(coin).rate
        tape.marks = [*tape.marks[-_HOURS_KEPT:], (hour, mark)]
        tape.rates = [*tape.rates[-_RATES_KEPT:], Rate(hour + FUNDING_LAG_MS, rate, premium)]
        paid, maker = ZERO, self._floor.account(MAKER)
        for account in self._floor.books.accounts.values():
            if account is not maker and coin in account.positions:
                usd = (-account.size(coin) * mark * rate).quantize(CENT)
                self._credit(account, coin, usd, Rate(hour + FUNDING_LAG_MS, rate, premium))
                paid += usd
        if coin in maker.positions:
            self._credit(maker, coin, -paid, Rate(hour + FUNDING_LAG_MS, rate, premium))
        else:
            maker.credit(maker.pool(dex_of(coin)), -paid)
            maker.funding -= paid

    def _credit(self, account: Account, coin: Coin, usd: Usd, rate: Rate) -> None:
        position, asset = account.positions[coin], self._floor.asset(coin)
        if account.leverage(asset).is_cross:
            account.credit(account.pool(asset.dex), usd)
        else:
            position.margin += usd
        position.funding_all_time -= usd
        position.funding_since_open -= usd
        position.funding_since_change -= usd
        size = position.size
        payment = Payment(user=account.address, coin=coin, time=rate.time, usd=usd, size=size, rate=rate.rate)
        account.funding += usd
        account.note(payment)
        self._floor.tell(payment)
        self._floor.tell(Positions(account.address))

    def fire_cancels(self, now: EpochMs) -> None:
        """Cancel all orders of the accounts whose deadline is over."""
        for account in self._floor.books.accounts.values():
            if account.cancel_at is not None and account.cancel_at <= now:
                account.cancel_at = None
                if account.open:
                    day = now // DAY_MS
                    account.cancels_fired = {day: account.cancels_fired.get(day, 0) + 1}
                    self._cancel_all(account, "scheduledCancel")

    def liquidate(self) -> None:
        """Close by force what has too little margin."""
        for account in list(self._floor.books.accounts.values()):
            if account.address not in HOUSE and account.address not in self._crowd:
                self.check(account)
        self._work_off()

    def note_day(self, account: Account) -> None:
        """Remember what an account had made when the day began, or when it was looked at first on it."""
        day, known = self._floor.books.time // DAY_MS, account.pnl_on
        if day not in known:
            known[day] = account.worth(self._floor.mark) - account.came_in
            if len(known) > _DAYS_KEPT:
                del known[next(iter(known))]

    def check(self, account: Account) -> None:
        """Close by force what has too little margin of one account."""
        self.note_day(account)
        for pool in {account.pool(dex_of(coin)): None for coin in account.positions}:
            self._check_cross(account, pool)
        for coin in [coin for coin in account.positions if not self._is_cross(account, coin)]:
            self._check_isolated(account, coin)

    def deleverage(self, account: Account, coin: Coin, quantity: Quantity) -> None:
        """
        Take a position, or a part of it, from an account at the mark; the liquidator is on the other side.

        Raises:
            ActionRefused: It holds less.
        """
        floor, asset, size = self._floor, self._floor.asset(coin), account.size(coin)
        if not 0 < quantity <= abs(size) or quantity % Quantity(1).scaleb(-asset.size_decimals):
            raise ActionRefused(f"{account.address} holds {size} {coin}: name whole lots of it.")
        mark, ids = floor.mark(coin), floor.books.take_order_id
        marked = Liquidation(user=BACKSTOP, mark=mark, method="backstop")
        deal = Deal(asset, side_of(-size), mark, quantity, floor.new_hash(), forced=marked)
        floor.trade(deal, Party(account, ids()), Party(floor.account(BACKSTOP), ids()))
        floor.fit_reduces(account, coin)

    def _check_cross(self, account: Account, pool: str) -> None:
        state = margins(account, pool, self._floor)
        if state.equity >= state.maintenance or not state.notional:
            return
        self._cancel_all(account, "liquidatedCanceled")
        is_lost = state.equity * 3 < state.maintenance * 2
        worth = {
            coin: abs(held.size) * self._floor.mark(coin)
            for coin, held in account.held(pool)
            if self._is_cross(account, coin)
        }
        closed = {}
        for coin in sorted(worth, key=lambda coin: (-worth[coin], coin)):
            before = account.size(coin)
            self._close(self._forced(account, coin, worth[coin], pool, is_lost=is_lost))
            closed[coin] = account.size(coin) - before
            now_left = margins(account, pool, self._floor)
            if not is_lost and now_left.equity >= now_left.maintenance:
                break
        self._tell_closed(account, closed, state, is_cross=True)
        cash, holds = account.cash.get(pool, ZERO), any(self._is_cross(account, coin) for coin, _ in account.held(pool))
        if not holds and (is_lost or cash < 0):
            self._take_over(account, pool, cash)

    def _check_isolated(self, account: Account, coin: Coin) -> None:
        asset, position, mark = self._floor.asset(coin), account.positions[coin], self._floor.mark(coin)
        worth, notional = isolated_worth(position, mark), abs(position.size) * mark
        needed = maintenance(notional, asset)
        if worth >= needed:
            return
        for order in [one for one in account.open.values() if one.coin == coin]:
            self._floor.end(order, "liquidatedCanceled")
        pool, before = account.pool(asset.dex), position.size
        cash = account.cash.get(pool, ZERO)
        is_lost = worth * 3 < needed * 2
        self._close(self._forced(account, coin, notional, coin, is_lost=is_lost))
        closed = {coin: account.size(coin) - before}
        self._tell_closed(account, closed, Margins(worth, notional, ZERO, needed), is_cross=False)
        gained = account.cash.get(pool, ZERO) - cash
        if is_lost or gained < 0:
            self._take_over(account, pool, gained)

    def _is_cross(self, account: Account, coin: Coin) -> bool:
        return account.is_cross(self._floor.asset(coin))

    def _forced(self, account: Account, coin: Coin, notional: Usd, scope: str, *, is_lost: bool) -> Forced:
        whole_until, now = self._floor.books.whole_until, self._floor.books.time
        key = f"{account.address} {scope}"
        is_whole = is_lost or notional <= _LARGE_USD or whole_until.get(key, 0) > now
        if not is_whole:
            whole_until[key] = now + _WAIT_MS
        return Forced(account, coin, account.positions[coin], is_whole, is_lost)

    def _close(self, forced: Forced) -> None:
        """Close a position, or a fifth of it, on the book; the liquidator takes what the book does not."""
        floor, account, asset = self._floor, forced.account, self._floor.asset(forced.coin)
        mark, size = floor.mark(forced.coin), forced.position.size
        lots = abs(size).scaleb(asset.size_decimals)
        quantity = abs(size) if forced.is_whole else max(lots // _FAR, Usd(1)).scaleb(-asset.size_decimals)
        order = self._order(account, asset, -size, quantity)
        if not forced.is_lost:
            on_book = Liquidation(user=account.address, mark=mark, method="market")
            self._desk.match(Taking(account, asset, order, floor.new_hash(), forced=on_book))
        if order.rest:
            taken_over = Liquidation(user=account.address, mark=mark, method="backstop")
            deal = Deal(asset, order.side, mark, order.rest, ZERO_HASH, forced=taken_over)
            other = Party(floor.account(BACKSTOP), floor.books.take_order_id())
            floor.trade(deal, Party(account, order.order_id), other)
            order.rest = ZERO
        floor.end(order, "filled")

    def _order(self, account: Account, asset: Asset, change: Quantity, quantity: Quantity) -> Order:
        """Return an order at any price."""
        now, mark, side = self._floor.books.time, self._floor.mark(asset.coin), side_of(change)
        return Order(
            order_id=self._floor.books.take_order_id(),
            user=account.address,
            coin=asset.coin,
            side=side,
            limit=mark * _FAR if side.sign > 0 else mark / _FAR,
            quantity=quantity,
            rest=quantity,
            reduce_only=True,
            tif=Tif.IOC,
            cloid=None,
            time=now,
            status="open",
            status_time=now,
        )

    def _work_off(self) -> None:
        """Let the liquidator sell what it took over, as far as the book goes."""
        account = self._floor.account(BACKSTOP)
        for coin, position in list(account.positions.items()):
            asset = self._floor.asset(coin)
            order = self._order(account, asset, -position.size, abs(position.size))
            self._desk.match(Taking(account, asset, order, self._floor.new_hash()))
            self._floor.end(order, "canceled" if order.rest else "filled")

    def _cancel_all(self, account: Account, status: str) -> None:
        for order in list(account.open.values()):
            self._floor.end(order, status)

    def _take_over(self, account: Account, pool: str, usd: Usd) -> None:
        """Give what is left of an account's margin to the liquidator, or (< 0) let it bear what is missing."""
        liquidator = self._floor.account(BACKSTOP)
        account.credit(pool, -usd)
        account.came_in -= usd
        liquidator.credit(FIRST_DEX, usd)
        liquidator.came_in += usd
        self._floor.tell(Positions(account.address))

    def _tell_closed(self, account: Account, closed: dict[Coin, Usd], state: Margins, *, is_cross: bool) -> None:
        transfer = Transfer(
            user=account.address,
            time=self._floor.books.time,
            hash=self._floor.new_hash(),
            kind="liquidation",
            usd=sum((abs(size) * self._floor.mark(coin) for coin, size in closed.items()), start=ZERO),
            value=state.equity,
            is_cross=is_cross,
            closed=tuple(closed.items()),
        )
        account.note(transfer)
        self._floor.tell(transfer)
