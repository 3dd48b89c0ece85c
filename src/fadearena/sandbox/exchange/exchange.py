"""
The exchange itself: time that passes, actions that are taken, and questions that are answered.

Every action first brings the exchange up to the clock's moment; so does `advance`.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

import msgspec

from fadearena.adapters.sim.arena.traders import Trader
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.instrument import Instrument
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs, Price, Quantity, Ratio, Side, Usd
from fadearena.sandbox.exchange.crowd import Crowd, CrowdOptions, Member
from fadearena.sandbox.exchange.desk import Desk
from fadearena.sandbox.exchange.funds import Funds
from fadearena.sandbox.exchange.life import Life
from fadearena.sandbox.exchange.people import People
from fadearena.sandbox.exchange.shown import Truth
from fadearena.sandbox.exchange.state import Account, Books, Hold, Leverage, Pooling
from fadearena.sandbox.exchange.trading import BACKSTOP, MAKER, Floor
from fadearena.sandbox.exchange.view import View
from fadearena.sandbox.listing import FIRST_DEX, Listed, dex_of
from fadearena.sandbox.market import Prices as Path
from fadearena.sandbox.market import dumped, loaded, made_market
from fadearena.sandbox.nouns import ActionRefused, News, Request, Status, Tif
from fadearena.sandbox.traders import LEAST_TRADERS, Memory, Regulars

HISTORY_MS = 30 * MINUTE_MS
_SLIPPAGE = Ratio("0.05")
_HOUSE_USD = Usd(1_000_000_000)
_CROWD_PACE_MS = 50
_NOBODY = CrowdOptions()
_NO_WALLETS: Mapping[str, Address] = MappingProxyType({})


class Dump(msgspec.Struct):
    """The whole exchange as it is written to a file."""

    books: Books
    path: Path
    regulars: list[Memory] = msgspec.field(name="crowd")
    wallets: dict[str, Address]
    needs_volume: bool
    listed: list[Coin] = []


class Exchange:
    """
    The exchange, its market and its traders.

    Args:
        clock: The time; the exchange never runs ahead of it.
        seed: Prices and traders follow from it.
        traders: How many trade by themselves.
        wallets: The wallets of some of them by name; the others have made-up ones.
        history_ms: How long they have traded already when it begins.
        needs_volume: Whether sub-accounts and scheduled cancels ask for traded volume, as on the exchange.
        coins: How many coins trade at least: made-up ones are listed where there are fewer.
        crowd: How many more trade with one another; they cannot be dumped.
    """

    def __init__(
        self,
        clock: Clock,
        seed: int,
        *,
        traders: int = LEAST_TRADERS,
        wallets: Mapping[str, Address] = _NO_WALLETS,
        history_ms: int = HISTORY_MS,
        needs_volume: bool = True,
        coins: int = 0,
        crowd: CrowdOptions = _NOBODY,
    ) -> None:
        now = clock.now_ms()
        start = now - now % SECOND_MS - history_ms
        books = Books(seed=seed, time=start, begun=start, funded_to=start - start % HOUR_MS)
        listed = Listed()
        listed.fill_up(coins)
        regulars = Regulars(seed, traders, start, wallets)
        floor = Floor(books, made_market(seed, start, listed), listed)
        self._set_up(clock, floor, regulars, crowd, needs_volume=needs_volume)
        self._wallets = dict(wallets)
        for dex in listed.dexs:
            self._fund_houses(dex.name)
        for trader in regulars.traders:
            self._life.open_account(trader)
        self._life.go_to(now)

    def _set_up(
        self, clock: Clock, floor: Floor, regulars: Regulars, crowd: CrowdOptions, *, needs_volume: bool
    ) -> None:
        self._clock = clock
        self._floor = floor
        self._desk = Desk(floor)
        self._regulars = regulars
        self._needs_volume = needs_volume
        self.view = View(floor, self._desk)
        self._funds = Funds(floor)
        with exact_arithmetic():
            many = Crowd(floor, self._funds, crowd)
        self._life = Life(floor, self._desk, self._funds, regulars, many)
        self.people = People(floor, needs_volume=needs_volume)

    @property
    def now(self) -> EpochMs:
        """The moment up to which everything has happened."""
        return self._floor.books.time

    @property
    def traders(self) -> tuple[Trader, ...]:
        """Who trades by itself: `bot` is its name, `wallet` its account, `temperament` how it trades."""
        return self._regulars.traders

    @property
    def crowd(self) -> Sequence[Member]:
        """Who trades besides those: `name`, and its `account`."""
        return self._life.crowd.members

    @property
    def pace_ms(self) -> EpochMs:
        """How often it should be brought up to the present for nothing to be told late."""
        return SECOND_MS if self._life.crowd.next_due is None else _CROWD_PACE_MS

    def set_pace(self, trades_per_second: Decimal) -> None:
        """Let the crowd trade so often; see `Life.pace`."""
        self.advance()
        self._life.pace(trades_per_second)

    def listen(self, listener: Callable[[News], None]) -> None:
        """Tell `listener` all that happens from now on, in order."""
        self._floor.listeners.append(listener)

    def stand_still(self) -> None:
        """Let prices stand and traders wait, while time goes on."""
        self.advance()
        self._floor.books.is_still = True

    def go_on(self) -> None:
        """Let prices move and traders trade again."""
        self.advance()
        self._floor.books.is_still = False

    def advance(self) -> None:
        """Bring everything up to the clock's moment; a long gap in coarse steps."""
        self._life.go_to(self._clock.now_ms())

    def stride(self) -> None:
        """Bring everything up to the clock's moment in one step, and let one trader trade there; see `Life.stride`."""
        self._life.stride(self._clock.now_ms())

    def meet(self) -> None:
        """Bring everything up to the clock's moment, and let the crowd trade there: many a second, at `pace_ms`."""
        self.advance()
        with exact_arithmetic():
            self._life.meet()

    def place(self, user: Address, requests: Sequence[Request]) -> list[Status]:
        """
        Take a batch of orders: one answer for each.

        Raises:
            ActionRefused: There are none, or the account does not exist.
        """
        account = self._acting(user)
        if not requests:
            raise ActionRefused("Orders are empty.")
        with exact_arithmetic():
            return [self._desk.place(account, request) for request in requests]

    def cancel(self, user: Address, asset_id: int, order_id: int | str) -> str | None:
        """
        Cancel an order by its id, or by the client's; return what is wrong, None is success.

        Raises:
            ActionRefused: The account does not exist.
        """
        return self._desk.cancel(self._acting(user), asset_id, order_id)

    def set_leverage(self, user: Address, asset_id: int, leverage: int, *, is_cross: bool) -> None:
        """Set leverage and margin mode of a coin; see `Funds.set_leverage`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.set_leverage(user, asset_id, Leverage(leverage, is_cross))

    def add_isolated_margin(self, user: Address, asset_id: int, usd: Usd) -> None:
        """Move money to or from an isolated position; see `Funds.add_isolated_margin`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.add_isolated_margin(user, asset_id, usd)

    def schedule_cancel(self, user: Address, time: EpochMs | None) -> None:
        """Set or forget the moment at which all orders are cancelled; see `People.schedule_cancel`."""
        self._acting(user)
        self.people.schedule_cancel(user, time)

    def create_sub_account(self, user: Address, name: str) -> Address:
        """Open a sub-account; see `People.create_sub_account`."""
        self._acting(user)
        return self.people.create_sub_account(user, name)

    def sub_account_transfer(self, user: Address, sub: Address, usd: Usd, *, is_deposit: bool) -> None:
        """Move money to or from a sub-account; see `Funds.sub_account_transfer`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.sub_account_transfer(user, sub, usd, is_deposit=is_deposit)

    def send_asset(self, user: Address, source: str, other: Address, destination: str, usd: Usd) -> None:
        """Move money between balances; see `Funds.send`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.send(user, source, other, destination, usd)

    def class_transfer(self, user: Address, usd: Usd, *, to_perp: bool) -> None:
        """Move money between spot and the first dex; see `Funds.class_transfer`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.class_transfer(user, usd, to_perp=to_perp)

    def approve_agent(self, user: Address, agent: Address, name: str, valid_until: EpochMs | None) -> None:
        """Let a wallet act for a user; see `People.approve_agent`."""
        self._acting(user)
        self.people.approve_agent(user, agent, name, valid_until)

    def set_mode(self, user: Address, mode: Pooling) -> None:
        """Change how balances are pooled; see `Funds.set_mode`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.set_mode(user, mode)

    def deposit(self, user: Address, usd: Usd, balance: str = FIRST_DEX) -> None:
        """Bring money to the exchange; the account is opened by it."""
        self.advance()
        with exact_arithmetic():
            self._funds.deposit(user, usd, balance)

    def withdraw(self, user: Address, usd: Usd, balance: str = FIRST_DEX) -> None:
        """Take money away; see `Funds.withdraw`."""
        self._acting(user)
        with exact_arithmetic():
            self._funds.withdraw(user, usd, balance)

    def trade(self, user: Address, coin: Coin, side: Side, quantity: Quantity) -> Status:
        """
        Trade at the market, as a user does by hand.

        Raises:
            ActionRefused: The account does not exist, or the coin does not trade.
        """
        account, rules = self._acting(user), self._traded(coin)
        limit = rules.price_outwards(side, self._floor.mark(coin) * (1 + side.sign * _SLIPPAGE))
        request = Request(asset_id=rules.asset_id, side=side, quantity=quantity, limit=limit, tif=Tif.IOC)
        with exact_arithmetic():
            return self._desk.place(account, request)

    def push_price(self, coin: Coin, price: Price, hold_ms: EpochMs) -> None:
        """
        Put a coin's price elsewhere, and hold it there for so long.

        Raises:
            ActionRefused: The coin does not trade.
        """
        self.advance()
        self._traded(coin)
        with exact_arithmetic():
            self._life.push(coin, Hold(price, self.now + hold_ms))

    def deleverage(self, user: Address, coin: Coin, quantity: Quantity) -> None:
        """Take a position from an account at the mark; see `Upkeep.deleverage`."""
        account = self._acting(user)
        self._traded(coin)
        with exact_arithmetic():
            self._life.upkeep.deleverage(account, coin, quantity)

    def count_volume(self, user: Address, usd: Usd) -> None:
        """Let an account have traded more than it did; see `People.count_volume`."""
        self._acting(user)
        self.people.count_volume(user, usd)

    def list_coin(self, coin: Coin) -> None:
        """
        List a new coin, with prices from now on; see `Listed.add`.

        Raises:
            InvalidInput: It is no name, or there is such a coin.
        """
        self.advance()
        floor = self._floor
        known = {dex.name for dex in floor.listed.dexs}
        market = floor.listed.add(coin).market
        if market is not None:
            floor.market.list(market)
        if dex_of(coin) not in known:
            self._fund_houses(dex_of(coin))
        with exact_arithmetic():
            self._life.crowd.welcome(coin)

    def truth(self) -> Truth:
        """Return everything that everybody owns."""
        return self.view.truth()

    def dump(self) -> bytes:
        """
        Return all of it as JSON.

        Raises:
            InvalidInput: There is a crowd: of that nothing can be kept.
        """
        if self.crowd:
            raise InvalidInput("a crowd cannot be kept: run it without --state, or keep a sandbox without a crowd")
        regulars = self._regulars.dump()
        floor = self._floor
        path, more = dumped(floor.market), floor.listed.more
        return msgspec.json.encode(Dump(floor.books, path, regulars, self._wallets, self._needs_volume, more))

    @classmethod
    def load(cls, clock: Clock, state: bytes) -> "Exchange":
        """
        Return the exchange that was dumped; it goes on as it would have.

        Raises:
            msgspec.ValidationError: It is no dump.
        """
        whole = msgspec.json.decode(state, type=Dump)
        listed = Listed(whole.listed)
        regulars = Regulars(whole.books.seed, len(whole.regulars), whole.books.begun, whole.wallets)
        regulars.load(whole.regulars)
        exchange = cls.__new__(cls)
        exchange._wallets = whole.wallets  # noqa: SLF001 - its own
        floor = Floor(whole.books, loaded(whole.path, listed), listed)
        exchange._set_up(clock, floor, regulars, _NOBODY, needs_volume=whole.needs_volume)  # noqa: SLF001
        return exchange

    def _fund_houses(self, dex: Dex) -> None:
        with exact_arithmetic():
            for house in (MAKER, BACKSTOP):
                self._funds.deposit(house, _HOUSE_USD, dex)

    def _traded(self, coin: Coin) -> Instrument:
        instrument = self._floor.market.instruments.get(coin)
        if instrument is None:
            raise ActionRefused(f"{coin} does not trade here.")
        return instrument

    def _acting(self, user: Address) -> Account:
        self.advance()
        return self._floor.acting(user)
