"""
What can be asked of the exchange: accounts as they are worth now, books, contexts, orders.

Nothing here changes anything; amounts are exact, and rounding them is up to who shows them.
"""

from decimal import Decimal
from itertools import islice

from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.units import DAY_MS, MINUTE_MS, ZERO, EpochMs, Price, Quantity, Side, Size, Usd
from fadearena.sandbox.exchange.desk import Desk
from fadearena.sandbox.exchange.money import Margins, isolated_worth, liquidation_price, margins
from fadearena.sandbox.exchange.rules import Rates, base_rates
from fadearena.sandbox.exchange.shown import (
    NOTHING,
    AccountTruth,
    Book,
    Context,
    DexAccount,
    Held,
    Level,
    Limits,
    Requests,
    Role,
    Spot,
    Standing,
    Truth,
    summed,
)
from fadearena.sandbox.exchange.state import SPOT, Account, Books, Candle, Position, Rate
from fadearena.sandbox.exchange.trading import HOUSE, Floor
from fadearena.sandbox.listing import Asset, PerpDex, dex_of, maintenance
from fadearena.sandbox.nouns import Trade

_REQUESTS = 10_000
_WINDOWS = (("day", 1), ("week", 7), ("month", 30))


class View:
    """Answers questions about the exchange as it stands."""

    def __init__(self, floor: Floor, desk: Desk) -> None:
        self._floor = floor
        self._desk = desk
        self._days: dict[Coin, tuple[EpochMs, Usd, Quantity]] = {}

    @property
    def dexs(self) -> tuple[PerpDex, ...]:
        """The dexs in the order of `perpDexs`."""
        return self._floor.listed.dexs

    def has(self, coin: Coin) -> bool:
        """Tell whether there is such a coin."""
        return coin in self._floor.listed.assets

    def asset(self, coin: Coin) -> Asset:
        """Return what is listed as a coin that there is."""
        return self._floor.asset(coin)

    @property
    def _books(self) -> Books:
        return self._floor.books

    def account(self, user: Address) -> Account | None:
        """Return an account with its orders, fills, payments, transfers, agents; None where there is none."""
        return self._books.accounts.get(user)

    def mark(self, coin: Coin) -> Price:
        """Return a coin's mark; 0 for one that does not trade."""
        return self._floor.mark(coin)

    def best(self, coin: Coin) -> tuple[Level | None, Level | None]:
        """Return the best bid and the best ask."""
        book = self.book(coin, depth=1)
        return next(iter(book.bids), None), next(iter(book.asks), None)

    def mid(self, coin: Coin) -> Price | None:
        """Return the middle of the book, else the last trade's price; None for a coin that does not trade."""
        if not self._trades(coin):
            return None
        return self._middle(coin, *self.best(coin))

    def book(self, coin: Coin, depth: int = 20) -> Book:
        """Return the book of a coin; empty where nothing trades."""
        if not self._trades(coin):
            return Book(coin, self._books.time, (), ())
        with exact_arithmetic():
            bids, asks = (tuple(islice(self._desk.levels(coin, side), depth)) for side in (Side.SELL, Side.BUY))
        return Book(coin, self._books.time, bids, asks)

    def context(self, coin: Coin) -> Context:
        """Return what is known of a market."""
        if not self._trades(coin):
            return NOTHING
        market, tape = self._floor.market, self._books.tape(coin)
        bid, ask = self.best(coin)
        mark, (usd, quantity) = market.mark(coin), self._day(coin)
        return Context(
            funding=market.funding(coin).rate,
            open_interest=self._floor.holders(coin),
            prev_day=tape.marks[0][1] if tape.marks else self._floor.asset(coin).price or mark,
            day_volume_usd=usd,
            day_volume=quantity,
            premium=market.premium(coin),
            oracle=mark,
            mark=mark,
            mid=self._middle(coin, bid, ask),
            impact=None if bid is None or ask is None else (bid.price, ask.price),
        )

    def trades(self, coin: Coin) -> tuple[Trade, ...]:
        """Return the last trades of a coin, oldest first."""
        return tuple(self._books.tape(coin).trades)

    def users(self) -> tuple[Address, ...]:
        """Return all accounts."""
        return tuple(self._books.accounts)

    def candles(self, coin: Coin) -> tuple[Candle, ...]:
        """Return the minutes in which a coin traded, oldest first."""
        return tuple(self._books.tape(coin).candles.values())

    def rates(self, coin: Coin) -> tuple[Rate, ...]:
        """Return past funding, oldest first."""
        return tuple(self._books.tape(coin).rates)

    def dex_account(self, user: Address, dex: Dex) -> DexAccount:
        """Return an account on one dex; one that does not exist is empty."""
        account = self.account(user) or Account(address=user)
        with exact_arithmetic():
            pool = account.pool(dex)
            state = margins(account, pool, self._floor)
            held = tuple(
                self._held(position, self._floor.asset(coin), account, state)
                for coin, position in account.positions.items()
                if dex_of(coin) == dex
            )
            cash = account.cash.get(pool, ZERO)
            cross = summed([one for one in held if one.leverage.is_cross], cash)
            return DexAccount(
                all=summed(held, cash),
                cross=cross,
                cross_maintenance=state.maintenance,
                withdrawable=state.withdrawable,
                positions=held,
            )

    def spot(self, user: Address) -> Spot:
        """Return an account's spot balance; of a pooled account, all that it has."""
        account = self.account(user)
        if account is None:
            return Spot()
        with exact_arithmetic():
            state = margins(account, SPOT, self._floor)
            isolated = sum(
                (
                    isolated_worth(held, self._floor.mark(coin))
                    for coin, held in account.held(SPOT)
                    if not account.is_cross(self._floor.asset(coin))
                ),
                start=ZERO,
            )
            return Spot(
                total=state.equity + isolated,
                hold=max(ZERO, state.equity - state.withdrawable) + isolated,
                maintenance=state.maintenance + isolated,
                has_portfolio_margin=account.mode == "portfolioMargin",
            )

    def limits(self, user: Address, asset: Asset) -> Limits:
        """Return what an account can trade of a coin."""
        account = self.account(user) or Account(address=user)
        leverage, mark = account.leverage(asset), self._floor.mark(asset.coin)
        with exact_arithmetic():
            free = max(ZERO, margins(account, account.pool(asset.dex), self._floor).free)
            position = account.positions.get(asset.coin)
            size = ZERO if position is None else position.size
            back = abs(size) * mark * 2 / leverage.value
            available = (free + (back if size < 0 else ZERO), free + (back if size > 0 else ZERO))
            step = Decimal(1).scaleb(-asset.size_decimals)
            sizes = [usd * leverage.value / mark // step * step if mark else ZERO for usd in available]
            raw = None if position is None or leverage.is_cross else position.margin - position.cost
            return Limits(leverage, raw, (sizes[0], sizes[1]), available, mark)

    def role(self, address: Address) -> Role:
        """Return what an address is to the exchange."""
        owner = self._books.master_of(address)
        if owner is not None:
            return Role("agent", owner)
        account = self.account(address)
        if account is None:
            return Role("missing")
        return Role("user") if account.master is None else Role("subAccount", account.master)

    def requests(self, user: Address) -> Requests:
        """Return how many requests an account has used and may use."""
        account = self.account(user) or Account(address=user)
        return Requests(account.volume, account.requests, _REQUESTS + int(account.counted_volume))

    def fees(self, user: Address) -> Rates:
        """Return an account's own rates, before a market's factors."""
        account = self.account(user)
        return base_rates(ZERO if account is None else account.fortnight(self._books.time))

    def ranked(self) -> tuple[Address, ...]:
        """Return everybody who is on the leaderboard: all but the sandbox's own accounts."""
        return tuple(user for user in self._books.accounts if user not in HOUSE)

    def standing(self, user: Address) -> Standing:
        """Return how an account that there is stands: the windows are today and so many whole days before it."""
        account, today = self._floor.account(user), self._books.time // DAY_MS
        with exact_arithmetic():
            worth = account.worth(self._floor.mark)
            windows = {}
            for name, days in _WINDOWS:
                first = today - days
                before = next((pnl for day, pnl in reversed(account.pnl_on.items()) if day <= first), ZERO)
                windows[name] = (worth - account.came_in - before, account.volume_since(first))
            windows["allTime"] = (worth - account.came_in, account.volume)
        return Standing(user, account.name, worth, max(account.came_in, ZERO), windows)

    def positions(self) -> dict[Address, dict[Coin, Size]]:
        """Return what everybody holds."""
        return {
            user: {coin: held.size for coin, held in account.positions.items()}
            for user, account in self._books.accounts.items()
            if account.positions
        }

    def fill_counts(self) -> dict[Address, int]:
        """Return how many fills everybody had who had any."""
        return {user: account.fills_count for user, account in self._books.accounts.items() if account.fills_count}

    def truth(self) -> Truth:
        """Return everything that everybody owns."""
        accounts = {
            user: AccountTruth(one.cash, one.positions, one.came_in, one.realised, one.funding, one.fees)
            for user, one in self._books.accounts.items()
        }
        return Truth(self._books.time, accounts, self._books.deposits, self._books.fees)

    def _trades(self, coin: Coin) -> bool:
        return coin in self._floor.market.instruments

    def _middle(self, coin: Coin, bid: Level | None, ask: Level | None) -> Price | None:
        if bid is None or ask is None:
            return self._books.tape(coin).last
        with exact_arithmetic():
            return (bid.price + ask.price) / 2

    def _day(self, coin: Coin) -> tuple[Usd, Quantity]:
        """Return what was traded in the last 24 hours; each minute that is over is added once and taken off once."""
        candles = self._books.tape(coin).candles
        minute = self._books.time - self._books.time % MINUTE_MS
        first = minute - DAY_MS
        time, usd, quantity = self._days.get(coin, (0, ZERO, ZERO))
        if time != minute:
            over = range(time - DAY_MS, first, MINUTE_MS)
            if time < first:
                time, usd, quantity, over = first, ZERO, ZERO, range(0)
            for sign, times in ((1, range(time, minute, MINUTE_MS)), (-1, over)):
                for candle in filter(None, map(candles.get, times)):
                    usd, quantity = usd + sign * candle.usd, quantity + sign * candle.quantity
            self._days[coin] = (minute, usd, quantity)
        now = candles.get(minute)
        return (usd, quantity) if now is None else (usd + now.usd, quantity + now.quantity)

    def _held(self, position: Position, asset: Asset, account: Account, state: Margins) -> Held:
        leverage, mark = account.leverage(asset), self._floor.mark(asset.coin)
        value, unrealised = abs(position.size) * mark, position.unrealised(mark)
        worth = isolated_worth(position, mark)
        spare = state.equity - state.maintenance if leverage.is_cross else worth - maintenance(value, asset)
        return Held(
            coin=asset.coin,
            size_decimals=asset.size_decimals,
            size=position.size,
            entry=position.cost / position.size,
            leverage=leverage,
            raw_usd=None if leverage.is_cross else position.margin - position.cost,
            value=value,
            unrealised=unrealised,
            return_on_equity=unrealised / (abs(position.cost) / leverage.value),
            liquidation=liquidation_price(position, asset, mark, spare),
            margin_used=value / leverage.value if leverage.is_cross else worth,
            max_leverage=asset.max_leverage,
            funding_all_time=position.funding_all_time,
            funding_since_open=position.funding_since_open,
            funding_since_change=position.funding_since_change,
        )
