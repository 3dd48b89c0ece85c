"""
A paper exchange: the venue of simulation and backtest.

1. It fills IOC orders against the book as it stands, charges the taker fee, pays funding every full hour,
   liquidates, and refuses what the real exchange refuses, in its words.
2. Time comes from a clock; `advance` brings it up to the present, and so does every command.
3. It stores nothing: `restore` rebuilds the accounts from journaled fills, funding, deposits and leverage. An
   order without a journaled result never happened.

Simplifications: one pool of margin for all dexs and both margin modes; a liquidation closes everything at the
mark at once; nothing ever rests.
"""

from collections.abc import Iterable, Mapping, Sequence

from fadearena.adapters.sim.desk import Desk
from fadearena.adapters.sim.markets import BookOf, SimMarkets
from fadearena.adapters.sim.paper import Ledger, Leverage, PaperAccount
from fadearena.adapters.sim.reads import answer, pay_funding
from fadearena.adapters.sim.rules import is_liquidated
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    PlaceOrder,
    QueryOrder,
    ReadAccount,
    ReadBook,
    ReadLeverage,
    ReadOwnFills,
    SetLeverage,
)
from fadearena.model.error import InvalidInput, VenueRefused
from fadearena.model.event import (
    CashMoved,
    Event,
    FundingPaid,
    LeverageRead,
    OwnFills,
)
from fadearena.model.funding import next_hour
from fadearena.model.ids import AccountId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import HOUR_MS, EpochMs, Usd
from fadearena.ports.venue import VenueCommand


class SimExchange:
    """
    Paper accounts on an exchange of our own: a `Venue`; `read` answers as a `MarketFeed` does.

    Args:
        clock: Tells the present; events bear its time.
        accounts: The accounts that exist, with what they start with.
        instruments: The markets that exist; `on_instruments` adds and replaces.
        depth_usd: What rests at each price of a quote; None is without end.
        mode: What accounts are reported as. `STANDARD` reports all cash on the first dex; `UNIFIED` reports
            the equity as the one balance behind all dexs, too.
        book_of: Is asked for the book behind a quote; None where a quote is all that is known.
    """

    def __init__(
        self,
        clock: Clock,
        accounts: Iterable[PaperAccount],
        instruments: Iterable[Instrument] = (),
        *,
        depth_usd: Usd | None = None,
        mode: AccountMode = AccountMode.STANDARD,
        book_of: BookOf | None = None,
    ) -> None:
        self._clock = clock
        self._mode = mode
        self._instruments = {instrument.coin: instrument for instrument in instruments}
        self._ledgers = {account.id: Ledger(account, account.start_usd) for account in accounts}
        self.markets = SimMarkets(self._instruments, depth_usd, book_of)
        self._desk = Desk(self._ledgers, self._instruments, self.markets)
        self._settled_to = clock.now_ms()

    @property
    def held(self) -> frozenset[Coin]:
        """The coins in which some account holds a position."""
        return frozenset(coin for ledger in self._ledgers.values() for coin in ledger.holdings)

    def on_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take markets as they are listed now; those not named stay as they were."""
        self._instruments.update((instrument.coin, instrument) for instrument in instruments)

    def on_quote(self, quote: Quote) -> None:
        """Take a quote; it is the book from now on, one price a side."""
        self.markets.on_quote(quote)

    def on_book(self, book: OrderBook) -> None:
        """Take a book; orders walk its levels."""
        self.markets.on_book(book)

    def on_funding(self, funding: FundingRate) -> None:
        """Take the rate at which the coming full hours are paid."""
        self.markets.on_funding(funding)

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """
        Bring the exchange up to the present, then do one command: a venue's answer as events.

        Raises:
            VenueRefused: A read of an account that does not exist.
        """
        now = self._clock.now_ms()
        with exact_arithmetic():
            return (*self._settle(now), *self._do(command, now))

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices as they stand."""
        return self.markets.read_book(command.coin, self._clock.now_ms())

    def advance(self, now: EpochMs) -> list[Event]:
        """Let time pass up to `now`: funding of every full hour since last time, and liquidations."""
        with exact_arithmetic():
            return self._settle(now)

    def restore(self, events: Iterable[Event]) -> None:
        """
        Rebuild the accounts from a journal's events, in its order; each fill and payment counts once.

        Raises:
            InvalidInput: An event names an account or a coin that does not exist here.
        """
        paid: set[str] = set()
        with exact_arithmetic():
            for event in events:
                match event:
                    case OwnFills(account=account, fills=fills):
                        for fill in fills:
                            _check_listed(fill.coin, self._instruments)
                            _of(self._ledgers, account).book(fill)
                            self._desk.go_on_after(fill.order_id or 0)
                    case FundingPaid() | CashMoved() if event.key not in paid:
                        paid.add(event.key)
                        _of(self._ledgers, event.account).cash += event.usd
                    case LeverageRead(account=account, coin=coin, leverage=value, is_cross=is_cross):
                        _check_listed(coin, self._instruments)
                        _of(self._ledgers, account).set_leverage(coin, Leverage(value, is_cross))
                    case _:
                        pass

    def equity(self, account: AccountId) -> Usd:
        """Return cash and unrealised PnL of an account, at the marks."""
        with exact_arithmetic():
            return normalise(_of(self._ledgers, account).equity(self.markets.mark))

    def _do(self, command: VenueCommand, now: EpochMs) -> Sequence[Event]:
        match command:
            case PlaceOrder():
                return self._desk.place(command, now)
            case CancelOrder():
                return (self._desk.cancel(command, now),)
            case BurnNonce():
                return (self._desk.burn(command, now),)
            case SetLeverage():
                return (self._desk.set_leverage(command, now),)
            case QueryOrder() | ReadAccount() | ReadOwnFills() | ReadLeverage():
                ledger = self._ledgers.get(command.account)
                if ledger is None:
                    raise VenueRefused("signer", f"account {command.account} does not exist")
                return (answer(command, ledger, self._instruments, self.markets, self._mode, now),)

    def _settle(self, now: EpochMs) -> list[Event]:
        hours = range(next_hour(self._settled_to), now + 1, HOUR_MS)
        self._settled_to = max(self._settled_to, now)
        events: list[Event] = []
        holders = [ledger for ledger in self._ledgers.values() if ledger.holdings]
        for hour in hours if holders else ():
            for ledger in holders:
                events += pay_funding(ledger, self.markets, hour, now)
        for account, ledger in self._ledgers.items():
            if is_liquidated(ledger, self._instruments, self.markets.mark):
                events += self._desk.liquidate(account, now)
        return events


def _of(ledgers: dict[AccountId, Ledger], account: AccountId) -> Ledger:
    ledger = ledgers.get(account)
    if ledger is None:
        raise InvalidInput(f"the journal holds account {account}, which is not set up here")
    return ledger


def _check_listed(coin: Coin, instruments: Mapping[Coin, Instrument]) -> None:
    if coin not in instruments:
        raise InvalidInput(f"the journal holds {coin}, which is not listed here")
