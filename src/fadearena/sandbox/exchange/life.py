"""
The life of the exchange: what happens from one moment to another, in the order of time.

1. Every second prices move and the market maker quotes anew; in between each trader looks when its moment has come.
2. A long gap is got over in coarse steps: everything is paid and checked, but traders trade once a step at most.
3. A trader that has lost half of its money gets it back, as a deposit: they do not win against the fees for ever.
4. The crowd meets when it is let, a few at a time, all at one moment; funding is paid bit by bit where there is one.
   So nothing takes long at once.
"""

from decimal import Decimal

from fadearena.adapters.sim.arena.traders import START_USD, Holding, Trader
from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.ids import Coin
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, EpochMs, Usd
from fadearena.sandbox.exchange.crowd import Crowd
from fadearena.sandbox.exchange.desk import Desk
from fadearena.sandbox.exchange.funds import Funds
from fadearena.sandbox.exchange.state import Account, Hold
from fadearena.sandbox.exchange.trading import Floor
from fadearena.sandbox.exchange.upkeep import Upkeep
from fadearena.sandbox.listing import dex_of
from fadearena.sandbox.nouns import Prices
from fadearena.sandbox.traders import Regulars, Seen

LEAP_MS = 10 * MINUTE_MS
_LEAPS = 1_000
_LIQUIDATE_EVERY_MS = 3 * SECOND_MS
_MEET_AT_ONCE = 150
_NEVER: EpochMs = 1 << 62


class Life:
    """Lets time pass."""

    def __init__(self, floor: Floor, desk: Desk, funds: Funds, regulars: Regulars, crowd: Crowd) -> None:
        self._floor = floor
        self._desk = desk
        self._funds = funds
        self._regulars = regulars
        self.crowd = crowd
        self.upkeep = Upkeep(floor, desk, frozenset(member.account.address for member in crowd.members))

    def go_to(self, now: EpochMs) -> None:
        """Live up to a moment; one that is over already changes nothing."""
        books, market = self._floor.books, self._floor.market
        if now <= books.time:
            return
        with exact_arithmetic():
            self._leap(now)
            while True:
                tick, looks = market.time + SECOND_MS, self._due(self._regulars.next_due)
                if looks < min(tick, now + 1):
                    books.time = max(looks, books.time)
                    self._let_trade()
                elif tick <= now:
                    self._tick()
                else:
                    break
            books.time = now

    def stride(self, now: EpochMs) -> None:
        """
        Get to a moment in one step, and let the trader that waits longest trade there.

        It is for a past that nobody was there to see. A stride lasts seconds or minutes, and the crowd rests.
        """
        market = self._floor.market
        seconds = (now - market.time) // SECOND_MS
        if seconds <= 0:
            return
        with exact_arithmetic():
            market.step(seconds)
            self._hold_prices()
            self._settle()
            if self._due(self._regulars.next_due) <= market.time:
                self._let_trade()

    def meet(self) -> None:
        """Let those of the crowd meet whose time has come, as many as may at once, and look after one now and then."""
        now = self._floor.books.time
        self.crowd.catch_up(now)
        for _ in range(_MEET_AT_ONCE):
            if self._due(self.crowd.next_due) > now:
                return
            self.crowd.meet()
            if (member := self.crowd.in_turn()) is not None:
                self.crowd.refill(member)
                self.upkeep.check(member.account)

    def pace(self, trades_per_second: Decimal) -> None:
        """
        Let the crowd trade so often; 0 lets everybody rest, and takes what traders left resting off the book.

        Raises:
            InvalidInput: It is no number of trades.
        """
        self.crowd.pace(trades_per_second)
        self._floor.books.is_quiet = not trades_per_second
        if self._floor.books.is_quiet:
            for trader in self._regulars.traders:
                self._cancel(self._floor.account(trader.wallet))

    def open_account(self, trader: Trader) -> None:
        """Give a trader its account and its first money."""
        self._funds.deposit(trader.wallet, START_USD, self._balance(trader))
        self._floor.account(trader.wallet).name = trader.bot

    def push(self, coin: Coin, hold: Hold) -> None:
        """Put a price elsewhere and hold it there; who rests or waits there hears of it at once."""
        self._floor.books.held_prices[coin] = hold
        self._floor.market.push(coin, hold.price)
        self._quote_anew()
        self._floor.tell(Prices(self._floor.books.time))

    def _hold_prices(self) -> None:
        held, market = self._floor.books.held_prices, self._floor.market
        for coin, hold in list(held.items()):
            if hold.until < market.time:
                del held[coin]
            else:
                market.push(coin, hold.price)

    def _leap(self, now: EpochMs) -> None:
        """Get over a long gap in at most a thousand steps of a minute or more."""
        market, books = self._floor.market, self._floor.books
        step = max(MINUTE_MS, (now - market.time) // _LEAPS)
        while not books.is_still and now - market.time > LEAP_MS + step:
            market.step(step // SECOND_MS)
            self._hold_prices()
            self._settle()
            while self._due(self._regulars.next_due) <= market.time:
                self._let_trade()

    def _tick(self) -> None:
        if self._floor.books.is_still:
            self._floor.market.stand()
        else:
            self._floor.market.step()
            self._hold_prices()
        self._settle()
        self._floor.tell(Prices(self._floor.books.time))

    def _settle(self) -> None:
        """Do what a new second brings: new quotes, what they cross and trigger, funding, liquidations."""
        books, market = self._floor.books, self._floor.market
        books.time = market.time
        self.upkeep.fire_cancels(books.time)
        self._quote_anew()
        self.upkeep.pay_funding(books.time)
        if market.time >= books.checked_at + _LIQUIDATE_EVERY_MS:
            books.checked_at = market.time
            self.upkeep.liquidate()

    def _quote_anew(self) -> None:
        self._desk.quote_anew()
        self._desk.fire()

    def _let_trade(self) -> None:
        """Let the next trader look and trade; what it left resting is replaced."""
        market = self._floor.market
        trader = self._regulars.next_trader(market, self._floor.books.time)
        account = self._floor.account(trader.wallet)
        if _cash(account) < START_USD / 2:
            self._funds.deposit(trader.wallet, START_USD / 2, self._balance(trader))
        holdings = {coin: Holding(one.size, one.cost) for coin, one in account.positions.items()}
        requests = self._regulars.wants(trader, market, Seen(_cash(account), holdings))
        self._cancel(account)
        for request in requests:
            self._desk.place(account, request)

    def _cancel(self, account: Account) -> None:
        for order in list(account.open.values()):
            self._floor.end(order, "canceled")

    def _due(self, time: EpochMs | None) -> EpochMs:
        """Return when somebody's turn is; never, for nobody's and while all stand still or rest."""
        books = self._floor.books
        return _NEVER if time is None or books.is_still or books.is_quiet else time

    def _balance(self, trader: Trader) -> str:
        """Return where a trader needs its money: on the dex of its coins."""
        return dex_of(trader.coins(self._floor.market)[0])


def _cash(account: Account) -> Usd:
    """Return all that an account owns besides its open PnL."""
    return sum((*account.cash.values(), *(held.margin for held in account.positions.values())), start=ZERO)
