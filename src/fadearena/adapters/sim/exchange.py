"""
A paper exchange: the venue of simulation and backtest.

1. It fills IOC orders against the book as it stands, charges the taker fee, pays funding for every full hour,
   liquidates, and refuses what the real exchange refuses, in its words.
2. Time comes from a clock; `advance` brings it up to the present, and so does every command.
3. It stores nothing: `restore` rebuilds the accounts from journaled fills, funding, deposits and leverage. An
   order without a journaled result never happened. Hours that were not paid before are due still.

Simplifications: one pool of margin for all dexs; the margin of an isolated position cannot be changed while it is
held; a liquidation closes everything at the mark at once; nothing rests but stops.
"""

from collections.abc import Iterable, Mapping, Sequence

from fadearena.adapters.sim.desk import Desk
from fadearena.adapters.sim.markets import BookOf, SimMarkets
from fadearena.adapters.sim.paper import Due, Ledger, Leverage, PaperAccount
from fadearena.adapters.sim.reads import answer, pay_funding
from fadearena.adapters.sim.rules import liquidated
from fadearena.adapters.sim.stops import awaited
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.account import AccountMode
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    PlaceOrder,
    PlaceStop,
    QueryOrder,
    ReadAccount,
    ReadBook,
    ReadLeverage,
    ReadOwnFills,
    ScheduleCancel,
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
from fadearena.model.ids import AccountId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import HOUR_MS, MINUTE_MS, EpochMs, Ratio, Usd
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
        waits_for_rates: Whether an hour is paid once its own rate is told by `on_hour`, instead of at once at the rate
            that was told last.
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
        waits_for_rates: bool = False,
    ) -> None:
        self._clock = clock
        self._mode = mode
        self._instruments = {instrument.coin: instrument for instrument in instruments}
        self._ledgers = {account.id: Ledger(account, account.start_usd) for account in accounts}
        self.markets = SimMarkets(self._instruments, depth_usd, book_of)
        self._desk = Desk(self._ledgers, self._instruments, self.markets)
        self._waits_for_rates = waits_for_rates
        self._rates: dict[tuple[EpochMs, Coin], FundingRate] = {}
        self._accrued_hour: int | None = None

    def add(self, account: PaperAccount) -> None:
        """Open an account, unless it exists."""
        self._ledgers.setdefault(account.id, Ledger(account, account.start_usd))

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

    def on_hour(self, hour: EpochMs, funding: FundingRate) -> None:
        """Take the rate that the exchange paid for a full hour; its price counts where none was heard then."""
        self._rates[hour, funding.coin] = funding

    def on_taker_rate(self, account: AccountId, rate: Ratio) -> None:
        """Take an account's own taker rate; it goes before the one that it began with."""
        if account in self._ledgers:
            self._ledgers[account].told_rate = rate

    @property
    def dues(self) -> tuple[Due, ...]:
        """The funding that is not paid yet."""
        return tuple(due for ledger in self._ledgers.values() for due in ledger.dues.values())

    @property
    def awaited(self) -> frozenset[Coin]:
        """The coins in which a stop is triggered, and waits for a book of the moment."""
        return awaited(self._ledgers.values(), self.markets, self._clock.now_ms())

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
        """Let time pass up to `now`: funding of every full hour since last time, stops, and liquidations."""
        with exact_arithmetic():
            return self._settle(now)

    def restore(self, events: Iterable[Event]) -> None:
        """
        Rebuild the accounts from a journal's events, in its order; each fill and payment counts once.

        Raises:
            InvalidInput: An event names an account or a coin that does not exist here.
        """
        paid: set[str] = set()
        self._accrued_hour = None
        with exact_arithmetic():
            for event in events:
                match event:
                    case OwnFills(account=account, fills=fills):
                        for fill in fills:
                            _of(self._ledgers, account).book(fill, _listed(fill.coin, self._instruments))
                            self._desk.go_on_after(fill.order_id or 0)
                    case FundingPaid() if event.key not in paid:
                        paid.add(event.key)
                        _of(self._ledgers, event.account).settle_funding(event.time, event.coin, event.usd)
                    case CashMoved() if event.key not in paid:
                        paid.add(event.key)
                        _of(self._ledgers, event.account).cash += event.usd
                    case LeverageRead(account=account, coin=coin, leverage=value, is_cross=is_cross):
                        _listed(coin, self._instruments)
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
            case PlaceStop():
                return (self._desk.place_stop(command, now),)
            case ScheduleCancel():
                return (self._desk.schedule(command, now),)
            case QueryOrder() | ReadAccount() | ReadOwnFills() | ReadLeverage():
                ledger = self._ledgers.get(command.account)
                if ledger is None:
                    raise VenueRefused("signer", f"account {command.account} does not exist")
                return (answer(command, ledger, self._instruments, self.markets, self._mode, now),)

    def _settle(self, now: EpochMs) -> list[Event]:
        if now // HOUR_MS != self._accrued_hour:
            self._accrued_hour = now // HOUR_MS
            for ledger in self._ledgers.values():
                for coin in sorted(ledger.holdings):
                    ledger.accrue(coin, now, self.markets.oracle_at(coin, now - MINUTE_MS))
        events = self._pay(now) if any(ledger.dues for ledger in self._ledgers.values()) else []
        for account, ledger in self._ledgers.items():
            events += self._desk.trigger(account, now) if ledger.stops else ()
            gone = liquidated(ledger, self._instruments, self.markets.mark)
            events += self._desk.liquidate(account, gone, now) if gone else ()
        return events

    def _pay(self, now: EpochMs) -> list[Event]:
        """Pay the hours that are due, as far as their rates are known."""
        paid: list[Event] = []
        owed = [(due, ledger) for ledger in self._ledgers.values() for due in ledger.dues.values()]
        for due, ledger in sorted(owed, key=lambda each: each[0].hour):
            told = self._rates.get(due[:2]) if self._waits_for_rates else self.markets.funding(due.coin)
            if told is not None and (told.rate or self._waits_for_rates):
                paid.append(pay_funding(ledger, due, told, now))
            elif not self._waits_for_rates:
                del ledger.dues[due.hour, due.coin]
        if not self.dues:
            self._rates.clear()
        return paid


def _of(ledgers: dict[AccountId, Ledger], account: AccountId) -> Ledger:
    ledger = ledgers.get(account)
    if ledger is None:
        raise InvalidInput(f"the journal holds account {account}, which is not set up here")
    return ledger


def _listed(coin: Coin, instruments: Mapping[Coin, Instrument]) -> Instrument:
    instrument = instruments.get(coin)
    if instrument is None:
        raise InvalidInput(f"the journal holds {coin}, which is not listed here")
    return instrument
